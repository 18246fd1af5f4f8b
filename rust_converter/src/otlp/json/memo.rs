//! What the metrics of a unit say in each request: their names and the attributes of their series, byte for byte.
//!
//! A text is compared with the one that followed the last time, so that what repeats costs one comparison. Whatever is
//! not found here is read as ever: nothing depends on what is remembered.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::otlp::{Attributes, MetricKind, Series, SeriesPlace};

/// How many series are looked at behind the last one.
const TRIES: usize = 4;

/// The most series of a metric that are remembered.
const MOST_SERIES: usize = 64;

/// The most bytes that are remembered.
const MOST: usize = 1 << 20;

/// What a metric says in front of its points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub unit: &'a str,
    pub kind: MetricKind,
}

/// A metric, as far as it repeats.
#[derive(Debug)]
struct Known<'u> {
    /// Its text up to its first point
    text: &'u str,
    head: Head<'u>,
    /// Attributes of its points, and its metadata behind them
    series: Vec<(&'u str, Series<'u>)>,
    /// Which of them stands behind the last one
    next: usize,
    /// The metric that stood behind this one
    follower: usize,
}

#[derive(Debug, Default)]
struct Held<'u> {
    metrics: Vec<Known<'u>>,
    by_text: HashMap<&'u str, usize>,
    current: usize,
    bytes: usize,
}

/// Remembers what repeats, in an arena that outlives the requests.
#[derive(Debug)]
pub struct Memo<'u> {
    place: SeriesPlace<'u>,
    held: RefCell<Held<'u>>,
}

impl<'u> Memo<'u> {
    /// Nothing yet.
    pub fn new(place: SeriesPlace<'u>) -> Self {
        Self { place, held: RefCell::default() }
    }
}

/// A [`Memo`] as a request sees it, which lives shorter.
pub(super) trait Recall<'a> {
    /// The metric that the text begins with, and the bytes up to its first point.
    fn metric(&self, text: &str) -> Option<(Head<'a>, usize)>;
    /// Remembers a metric by its text up to its first point.
    fn learn_metric(&self, text: &str, head: &Head<'_>);
    /// The attributes that the text begins with, and their bytes, if they are known of the metric at hand.
    fn series(&self, text: &str) -> Option<(Series<'a>, usize)>;
    /// Remembers attributes of the metric at hand, while there is room.
    fn learn_series(&self, text: &str, attributes: Attributes<'_>) -> Option<Series<'a>>;
}

impl<'a, 'u: 'a> Recall<'a> for Memo<'u> {
    fn metric(&self, text: &str) -> Option<(Head<'a>, usize)> {
        let held = &mut *self.held.borrow_mut();
        let follower = held.metrics.get(held.current)?.follower;
        let known = held.metrics.get(follower).filter(|known| text.as_bytes().starts_with(known.text.as_bytes()))?;
        held.current = follower;
        Some((known.head, known.text.len()))
    }

    fn learn_metric(&self, text: &str, head: &Head<'_>) {
        let held = &mut *self.held.borrow_mut();
        let index = held.by_text.get(text).copied().unwrap_or(held.metrics.len());
        if index == held.metrics.len() {
            let bytes = held.bytes + 2 * text.len() + size_of::<Known<'_>>();
            if bytes > MOST {
                return;
            }
            held.bytes = bytes;
            let text = &*self.place.arena.alloc_str(text);
            let [name, description, unit] =
                [head.name, head.description, head.unit].map(|text| &*self.place.arena.alloc_str(text));
            let head = Head { name, description, unit, kind: head.kind };
            held.metrics.push(Known { text, head, series: Vec::new(), next: 0, follower: index + 1 });
            held.by_text.insert(text, index);
        }
        if let Some(before) = held.metrics.get_mut(held.current) {
            before.follower = index;
        }
        held.current = index;
    }

    fn series(&self, text: &str) -> Option<(Series<'a>, usize)> {
        let held = &mut *self.held.borrow_mut();
        let known = held.metrics.get_mut(held.current)?;
        let count = known.series.len();
        for step in 0..count.min(TRIES) {
            let index = (known.next + step) % count;
            let (held, series) = known.series[index];
            if text.as_bytes().starts_with(held.as_bytes()) {
                known.next = index + 1;
                return Some((series, held.len()));
            }
        }
        None
    }

    fn learn_series(&self, text: &str, attributes: Attributes<'_>) -> Option<Series<'a>> {
        let held = &mut *self.held.borrow_mut();
        let known = held.metrics.get_mut(held.current)?;
        if let Some(index) = known.series.iter().position(|(held, _)| *held == text) {
            known.next = index + 1;
            return Some(known.series[index].1);
        }
        let bytes = held.bytes + 2 * text.len() + size_of_val(attributes);
        if bytes > MOST || known.series.len() == MOST_SERIES {
            return None;
        }
        held.bytes = bytes;
        let series = self.place.keep(attributes);
        known.series.push((self.place.arena.alloc_str(text), series));
        known.next = 0;
        Some(series)
    }
}
