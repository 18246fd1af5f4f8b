//! What the points of a unit say in each request: the attributes of their series, byte for byte.
//!
//! A series is compared with the one that followed the last time, so that what repeats costs one comparison. Whatever is
//! not found here is read as ever: nothing depends on what is remembered.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::otlp::{Attributes, Series, SeriesPlace};

/// The most bytes that are remembered.
const MOST: usize = 1 << 20;

#[derive(Debug)]
struct Known<'u> {
    /// Its attributes' fields, one behind the other
    bytes: &'u [u8],
    series: Series<'u>,
    /// The series that stood behind this one
    follower: usize,
}

#[derive(Debug, Default)]
struct Held<'u> {
    known: Vec<Known<'u>>,
    by_bytes: HashMap<&'u [u8], usize>,
    current: usize,
    bytes: usize,
}

impl<'u> Held<'u> {
    fn go_to(&mut self, index: usize) -> Option<Series<'u>> {
        if let Some(before) = self.known.get_mut(self.current) {
            before.follower = index;
        }
        self.current = index;
        Some(self.known.get(index)?.series)
    }
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
    /// The series that is expected here, and its bytes, if a message goes on with it and then with another field than `tag`.
    fn expected(&self, rest: &[u8], tag: u8) -> Option<(Series<'a>, usize)>;
    /// The series of these bytes.
    fn find(&self, bytes: &[u8]) -> Option<Series<'a>>;
    /// Remembers a series, while there is room.
    fn learn(&self, bytes: &[u8], attributes: Attributes<'_>) -> Option<Series<'a>>;
}

impl<'a, 'u: 'a> Recall<'a> for Memo<'u> {
    fn expected(&self, rest: &[u8], tag: u8) -> Option<(Series<'a>, usize)> {
        let held = &mut *self.held.borrow_mut();
        let follower = held.known.get(held.current)?.follower;
        let bytes = held.known.get(follower)?.bytes;
        if !rest.starts_with(bytes) || rest.get(bytes.len()) == Some(&tag) {
            return None;
        }
        held.go_to(follower).map(|series| (series, bytes.len()))
    }

    fn find(&self, bytes: &[u8]) -> Option<Series<'a>> {
        let held = &mut *self.held.borrow_mut();
        let index = *held.by_bytes.get(bytes)?;
        held.go_to(index)
    }

    fn learn(&self, bytes: &[u8], attributes: Attributes<'_>) -> Option<Series<'a>> {
        let held = &mut *self.held.borrow_mut();
        let total = held.bytes + 2 * bytes.len() + size_of_val(attributes) + size_of::<Known<'_>>();
        if total > MOST {
            return None;
        }
        held.bytes = total;
        let index = held.known.len();
        let bytes = &*self.place.arena.alloc_slice_copy(bytes);
        let series = self.place.keep(attributes);
        held.known.push(Known { bytes, series, follower: index + 1 });
        held.by_bytes.insert(bytes, index);
        held.go_to(index)
    }
}
