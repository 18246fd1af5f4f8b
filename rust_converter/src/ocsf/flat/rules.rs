//! What a flat column takes of a row: by its sources, or by one of the few rules that a path cannot say.

use super::super::event::{Column, Event, Node, Source};
use super::super::logs;
use super::super::metrics::is_scraped;
use super::super::schema::{Rule, event as at, otel_context as otel};
use super::column::{At, Cells};
use super::{FlatRow, Record};
use crate::otlp::{Metric, MetricKind, Number, Point, Quantile, Span, Value};
use crate::semconv::{Name, SPELLINGS, find, lookup};
use crate::text::push_map;

/// Where a column looks, with names resolved once.
pub(super) enum Lookup {
    Path(&'static [usize]),
    /// In one of the [`Objects`] of the row
    Inside(Spot),
    Named(Name),
    Plain(&'static str),
    Resource(&'static str),
}

/// A place in one of the [`Objects`] of a row.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    object: usize,
    index: usize,
}

impl Spot {
    #[inline]
    pub fn node<'f>(self, found: &Found<'f>) -> Option<&'f Node<'f>> {
        found.get(self.object)?.as_ref()?.get(self.index)?.as_ref()
    }
}

/// The places, one of them twice if it is the only one; none when there are more, or others.
pub(super) fn spots(lookups: &[Lookup]) -> Option<[Spot; 2]> {
    match lookups {
        [Lookup::Inside(only)] => Some([*only; 2]),
        [Lookup::Inside(one), Lookup::Inside(other)] => Some([*one, *other]),
        _ => None,
    }
}

/// Where this column looks.
pub(super) fn lookups(column: &Column) -> Vec<Lookup> {
    let resolved = |source: &Source| match source {
        Source::Path(path) => Lookup::Path(path),
        Source::Attribute(name) => lookup(name).map_or(Lookup::Plain(name), Lookup::Named),
        Source::Resource(name) => Lookup::Resource(name),
    };
    column.sources.iter().map(resolved).collect()
}

/// Paths of the objects in an event that the columns of each row ask for: each is looked for once a row.
#[derive(Default)]
pub(super) struct Objects(Vec<&'static [usize]>);

/// As many as there may be.
const MOST_OBJECTS: usize = 24;

/// The objects of a row.
pub(super) type Found<'r> = [Option<&'r [Option<Node<'r>>]>; MOST_OBJECTS];

/// For columns that look along paths.
pub(super) const NONE_FOUND: Found<'static> = [None; MOST_OBJECTS];

impl Objects {
    /// Looks for paths in these objects from now on.
    pub fn resolve(&mut self, lookups: &mut [Lookup]) {
        for lookup in lookups {
            if let Lookup::Path([path @ .., last]) = lookup {
                let found = self.0.iter().position(|held| *held == path);
                let place = found.unwrap_or(self.0.len());
                if found.is_none() && place < MOST_OBJECTS {
                    self.0.push(path);
                }
                if place < MOST_OBJECTS {
                    *lookup = Lookup::Inside(Spot { object: place, index: *last });
                }
            }
        }
    }

    /// The objects of an event.
    pub fn find<'r>(&self, event: &Event<'r>) -> Found<'r> {
        let mut found = [None; MOST_OBJECTS];
        for (place, path) in found.iter_mut().zip(&self.0) {
            *place = match path {
                [] => Some(event.root.values),
                path => match event.root.at(path) {
                    Some(Node::Object(object)) => Some(object.values),
                    _ => None,
                },
            };
        }
        found
    }
}

/// The first value that is there.
#[inline]
pub(super) fn push_first(lookups: &[Lookup], row: &FlatRow<'_>, found: &Found<'_>, cells: &mut Cells, at: &mut At) {
    for lookup in lookups {
        match lookup {
            Lookup::Inside(spot) => {
                if let Some(node) = spot.node(found) {
                    return cells.node(at, node);
                }
            }
            Lookup::Path(path) => {
                if let Some(node) = row.event.root.at(path) {
                    return cells.node(at, node);
                }
            }
            Lookup::Named(name) => {
                if let Some(value) = named(row, *name) {
                    return cells.value(at, value);
                }
            }
            Lookup::Plain(key) => {
                if let Some(value) = find(row.attributes, key) {
                    return cells.value(at, value);
                }
            }
            Lookup::Resource(key) => {
                if let Some(value) = resource(row, key) {
                    return cells.value(at, value);
                }
            }
        }
    }
    cells.null(at);
}

/// An attribute under any of its names, new before old.
fn named<'r>(row: &FlatRow<'r>, name: Name) -> Option<Value<'r>> {
    match row.event.attrs {
        Some(attrs) => attrs.get(name),
        None => SPELLINGS[name as usize].iter().find_map(|spelling| find(row.attributes, spelling)),
    }
}

fn resource<'r>(row: &FlatRow<'r>, key: &str) -> Option<Value<'r>> {
    let attributes = row.group.resource.attributes;
    find(attributes, key).or_else(|| match key {
        "deployment.environment.name" => find(attributes, "deployment.environment"),
        _ => None,
    })
}

/// What a rule gives.
pub(super) fn push_rule(rule: Rule, row: &FlatRow<'_>, cells: &mut Cells, to: &mut At, scratch: &mut String) {
    const NANOS_PER_MILLI: f64 = 1e6;
    let event = row.event;
    match rule {
        Rule::LogDuration => cells.double(to, event.attrs.and_then(logs::duration)),
        Rule::SpanDuration => match event.root.at(&[at::OTEL, otel::DURATION_NANO]) {
            Some(Node::Long(nanos)) => cells.double(to, Some(*nanos as f64 / NANOS_PER_MILLI)),
            _ => cells.null(to),
        },
        Rule::EventsCount => count(row, cells, to, |span| span.events.len()),
        Rule::LinksCount => count(row, cells, to, |span| span.links.len()),
        Rule::RecordKind => {
            cells.text(to, if matches!(row.record, Record::Exception) { "span_event" } else { "span" });
        }
        Rule::MetricType => match metric(row) {
            Some((metric, _)) => cells.text(to, metric_type(metric)),
            None => cells.null(to),
        },
        Rule::MetricValue => cells.double(to, metric(row).and_then(|(_, point)| metric_value(point))),
        Rule::Job => {
            let job = find(row.attributes, "job");
            let scraped = || find(row.group.resource.attributes, "service.name").filter(|_| was_scraped(row));
            match job.or_else(scraped) {
                Some(value) => cells.value(to, value),
                None => cells.null(to),
            }
        }
        Rule::Quantiles => quantiles(row, cells, to, |held| held.quantile),
        Rule::QuantileValues => quantiles(row, cells, to, |held| held.value),
        Rule::PointAttributes => {
            if row.attributes.is_empty() {
                return cells.null(to);
            }
            scratch.clear();
            push_map(scratch, row.attributes);
            cells.text(to, scratch);
        }
    }
}

/// A count of a span's own list; nothing on an exception's row.
fn count(row: &FlatRow<'_>, cells: &mut Cells, to: &At, length: impl Fn(&Span<'_>) -> usize) {
    match row.record {
        Record::Span(span) => cells.long(to, length(span) as i64),
        _ => cells.null(to),
    }
}

fn metric<'r>(row: &FlatRow<'r>) -> Option<(&'r Metric<'r>, &'r Point<'r>)> {
    match row.record {
        Record::Point(metric, point) => Some((metric, point)),
        _ => None,
    }
}

fn metric_type(metric: &Metric<'_>) -> &'static str {
    match metric.kind {
        MetricKind::Gauge => "gauge",
        MetricKind::Sum if metric.is_monotonic => "counter",
        MetricKind::Sum => "up_down_counter",
        MetricKind::Histogram => "histogram",
        MetricKind::ExponentialHistogram => "exponential_histogram",
        MetricKind::Summary => "summary",
        MetricKind::None => "unknown",
    }
}

/// The number, else a distribution's sum, never its count; nothing when nothing was recorded.
fn metric_value(point: &Point<'_>) -> Option<f64> {
    const NO_RECORDED_VALUE: u32 = 1;
    if point.flags & NO_RECORDED_VALUE != 0 {
        return None;
    }
    match point.value {
        Some(Number::Int(value)) => Some(value as f64),
        Some(Number::Double(value)) => Some(value),
        None => point.sum,
    }
}

fn quantiles(row: &FlatRow<'_>, cells: &mut Cells, to: &At, part: impl Fn(&Quantile) -> f64) {
    match metric(row) {
        Some((_, point)) if !point.quantile_values.is_empty() => {
            let parts = point.quantile_values.iter().map(part);
            cells.list(to, parts.map(|value| value.is_finite().then(|| value.to_bits())));
        }
        _ => cells.null(to),
    }
}

/// Whether a scrape made the point of a row.
pub(super) fn was_scraped(row: &FlatRow<'_>) -> bool {
    metric(row).is_some_and(|(metric, _)| is_scraped(row.group, metric))
}
