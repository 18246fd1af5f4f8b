//! The flat files: fixed columns, each a projection of the nested event.
//!
//! Which column takes what is declared in `schema/flat_*.json`; here are only the few rules that a path cannot say.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::event::{Column, ColumnKind, Event, Node, Source};
use super::group::Group;
use super::logs;
use super::metrics::is_scraped;
use super::schema::{FLAT_LOGS, FLAT_METRICS, FLAT_TRACES, Rule, event as at, otel_context as otel};
use crate::columns::internal;
use crate::error::Result;
use crate::otlp::{Attributes, LogRecord, Metric, MetricKind, Number, Point, Span, Value};
use crate::report::Signal;
use crate::semconv::{Name, SPELLINGS, find, integer, lookup};
use crate::text::{push_double, push_map, push_plain};

/// Name of the element in the flat files' lists.
const ELEMENT: &str = "element";

fn columns(signal: Signal) -> &'static [Column] {
    match signal {
        Signal::Logs => FLAT_LOGS,
        Signal::Traces => FLAT_TRACES,
        Signal::Metrics => FLAT_METRICS,
        Signal::Unknown => &[],
    }
}

/// The Arrow schema of a flat file.
pub(crate) fn flat_schema(signal: Signal) -> SchemaRef {
    let fields: Vec<Field> =
        columns(signal).iter().map(|column| Field::new(column.name, data_type(column.kind), column.nullable)).collect();
    Arc::new(Schema::new(fields))
}

fn data_type(kind: ColumnKind) -> DataType {
    let list = |item| DataType::List(Arc::new(Field::new(ELEMENT, item, true)));
    match kind {
        ColumnKind::Long => DataType::Int64,
        ColumnKind::Double => DataType::Float64,
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Bool => DataType::Boolean,
        ColumnKind::LongList => list(DataType::Int64),
        ColumnKind::DoubleList => list(DataType::Float64),
    }
}

/// What a row is made from.
pub(crate) struct FlatRow<'r> {
    event: &'r Event<'r>,
    group: &'r Group<'r>,
    attributes: Attributes<'r>,
    record: Record<'r>,
}

enum Record<'r> {
    Log,
    Span(&'r Span<'r>),
    Exception,
    Point(&'r Metric<'r>, &'r Point<'r>),
}

impl<'r> FlatRow<'r> {
    /// Of a log record.
    pub fn log(event: &'r Event<'r>, group: &'r Group<'r>, record: &'r LogRecord<'r>) -> Self {
        Self { event, group, attributes: record.attributes, record: Record::Log }
    }

    /// Of a span.
    pub fn span(event: &'r Event<'r>, group: &'r Group<'r>, record: &'r Span<'r>) -> Self {
        Self { event, group, attributes: record.attributes, record: Record::Span(record) }
    }

    /// Of the exception inside a span that stands at `index` among its exceptions.
    pub fn exception(event: &'r Event<'r>, group: &'r Group<'r>, record: &'r Span<'r>, index: usize) -> Self {
        let held = record.events.iter().filter(|event| event.name == "exception").nth(index);
        let attributes = held.map_or(&[][..], |event| event.attributes);
        Self { event, group, attributes, record: Record::Exception }
    }

    /// Of a data point.
    pub fn point(event: &'r Event<'r>, group: &'r Group<'r>, metric: &'r Metric<'r>, point: &'r Point<'r>) -> Self {
        Self { event, group, attributes: point.attributes, record: Record::Point(metric, point) }
    }
}

/// Where a column looks, with names resolved once.
enum Lookup {
    Path(&'static [usize]),
    Named(Name),
    Plain(&'static str),
    Resource(&'static str),
}

enum Cells {
    Long(Int64Builder),
    Double(Float64Builder),
    Text(StringBuilder),
    Bool(BooleanBuilder),
    LongList(ListBuilder<Int64Builder>),
    DoubleList(ListBuilder<Float64Builder>),
}

impl Cells {
    fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Long => Self::Long(Int64Builder::new()),
            ColumnKind::Double => Self::Double(Float64Builder::new()),
            ColumnKind::Text => Self::Text(StringBuilder::new()),
            ColumnKind::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnKind::LongList => Self::LongList(
                ListBuilder::new(Int64Builder::new()).with_field(Arc::new(Field::new(ELEMENT, DataType::Int64, true))),
            ),
            ColumnKind::DoubleList => {
                Self::DoubleList(ListBuilder::new(Float64Builder::new()).with_field(Arc::new(Field::new(
                    ELEMENT,
                    DataType::Float64,
                    true,
                ))))
            }
        }
    }

    /// A value that the column's type admits; anything else is null.
    fn node(&mut self, node: Option<Node<'_>>) {
        match (self, node) {
            (Self::Long(cells), Some(Node::Long(value))) => cells.append_value(value),
            (Self::Long(cells), _) => cells.append_null(),
            (Self::Double(cells), Some(Node::Long(value))) => cells.append_value(value as f64),
            (Self::Double(cells), Some(Node::Double(value))) => cells.append_value(value),
            (Self::Double(cells), _) => cells.append_null(),
            (Self::Text(cells), Some(Node::Text(text) | Node::Json(text))) => cells.append_value(text),
            (Self::Text(cells), Some(Node::Long(value))) => cells.append_value(itoa::Buffer::new().format(value)),
            (Self::Text(cells), Some(Node::Bool(value))) => cells.append_value(if value { "true" } else { "false" }),
            (Self::Text(cells), Some(Node::Double(value))) => {
                let mut out = String::new();
                push_double(&mut out, value);
                cells.append_value(out);
            }
            (Self::Text(cells), _) => cells.append_null(),
            (Self::Bool(cells), Some(Node::Bool(value))) => cells.append_value(value),
            (Self::Bool(cells), _) => cells.append_null(),
            (Self::LongList(cells), Some(Node::List(items))) => {
                for item in items {
                    cells.values().append_option(if let Node::Long(value) = item { Some(*value) } else { None });
                }
                cells.append(true);
            }
            (Self::LongList(cells), _) => cells.append(false),
            (Self::DoubleList(cells), Some(Node::List(items))) => {
                for item in items {
                    cells.values().append_option(if let Node::Double(value) = item { Some(*value) } else { None });
                }
                cells.append(true);
            }
            (Self::DoubleList(cells), _) => cells.append(false),
        }
    }

    /// An attribute's value.
    fn value(&mut self, value: Value<'_>) {
        match self {
            Self::Long(cells) => cells.append_option(integer(value)),
            Self::Double(cells) => cells.append_option(number(value)),
            Self::Text(cells) => match value {
                Value::Str(text) => cells.append_value(text),
                other => {
                    let mut out = String::new();
                    push_plain(&mut out, &other);
                    cells.append_value(out);
                }
            },
            other => other.node(None),
        }
    }

    fn text(&mut self, text: Option<&str>) {
        match self {
            Self::Text(cells) => cells.append_option(text),
            other => other.node(None),
        }
    }

    fn double(&mut self, value: Option<f64>) {
        match self {
            Self::Double(cells) => cells.append_option(value.filter(|value| value.is_finite())),
            other => other.node(None),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Long(cells) => Arc::new(cells.finish()),
            Self::Double(cells) => Arc::new(cells.finish()),
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Bool(cells) => Arc::new(cells.finish()),
            Self::LongList(cells) => Arc::new(cells.finish()),
            Self::DoubleList(cells) => Arc::new(cells.finish()),
        }
    }
}

fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Int(number) => Some(number as f64),
        Value::Double(number) => Some(number),
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// The rows of a flat file.
pub(crate) struct Flat {
    signal: Signal,
    columns: Vec<(&'static Column, Vec<Lookup>, Cells)>,
    scratch: String,
}

impl Flat {
    /// No rows yet.
    pub fn new(signal: Signal) -> Self {
        let columns = columns(signal)
            .iter()
            .map(|column| {
                let lookups = column
                    .sources
                    .iter()
                    .map(|source| match source {
                        Source::Path(path) => Lookup::Path(path),
                        Source::Attribute(name) => lookup(name).map_or(Lookup::Plain(name), Lookup::Named),
                        Source::Resource(name) => Lookup::Resource(name),
                    })
                    .collect();
                (column, lookups, Cells::new(column.kind))
            })
            .collect();
        Self { signal, columns, scratch: String::new() }
    }

    /// Appends a row; gives the bytes of its longest texts, for a bound on the batch.
    pub fn push(&mut self, row: &FlatRow<'_>) -> usize {
        for (column, lookups, cells) in &mut self.columns {
            match column.rule {
                Some(rule) => push_rule(rule, row, cells, &mut self.scratch),
                None => push_first(lookups, row, cells),
            }
        }
        row.attributes.iter().map(|entry| entry.key.len() + text_length(entry.value)).sum::<usize>()
            + match row.event.root.get(at::MESSAGE) {
                Some(Node::Text(text)) => text.len(),
                _ => 0,
            }
    }

    /// The rows as a batch.
    pub fn finish(mut self) -> Result<RecordBatch> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(|(_, _, cells)| cells.finish()).collect();
        RecordBatch::try_new(flat_schema(self.signal), arrays).map_err(internal)
    }
}

fn text_length(value: Value<'_>) -> usize {
    match value {
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(|item| text_length(*item)).sum(),
        Value::Map(entries) => entries.iter().map(|entry| entry.key.len() + text_length(entry.value)).sum(),
        _ => 8,
    }
}

fn push_first(lookups: &[Lookup], row: &FlatRow<'_>, cells: &mut Cells) {
    for lookup in lookups {
        match lookup {
            Lookup::Path(path) => {
                if let Some(node) = row.event.root.at(path) {
                    return cells.node(Some(node));
                }
            }
            Lookup::Named(name) => {
                if let Some(value) = named(row, *name) {
                    return cells.value(value);
                }
            }
            Lookup::Plain(key) => {
                if let Some(value) = find(row.attributes, key) {
                    return cells.value(value);
                }
            }
            Lookup::Resource(key) => {
                if let Some(value) = resource(row, key) {
                    return cells.value(value);
                }
            }
        }
    }
    cells.node(None);
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

fn push_rule(rule: Rule, row: &FlatRow<'_>, cells: &mut Cells, scratch: &mut String) {
    const NANOS_PER_MILLI: f64 = 1e6;
    let event = row.event;
    match rule {
        Rule::LogDuration => cells.double(event.attrs.and_then(logs::duration)),
        Rule::SpanDuration => match event.root.at(&[at::OTEL, otel::DURATION_NANO]) {
            Some(Node::Long(nanos)) => cells.double(Some(nanos as f64 / NANOS_PER_MILLI)),
            _ => cells.double(None),
        },
        Rule::EventsCount => cells.node(count(row, |span| span.events.len())),
        Rule::LinksCount => cells.node(count(row, |span| span.links.len())),
        Rule::RecordKind => {
            cells.text(Some(if matches!(row.record, Record::Exception) { "span_event" } else { "span" }));
        }
        Rule::MetricType => cells.text(metric(row).map(|(metric, _)| metric_type(metric))),
        Rule::MetricValue => cells.double(metric(row).and_then(|(_, point)| metric_value(point))),
        Rule::Job => {
            let job = find(row.attributes, "job");
            let scraped = metric(row).is_some_and(|(metric, _)| is_scraped(row.group, metric));
            match job.or_else(|| find(row.group.resource.attributes, "service.name").filter(|_| scraped)) {
                Some(value) => cells.value(value),
                None => cells.node(None),
            }
        }
        Rule::Quantiles => quantiles(row, cells, |held| held.quantile),
        Rule::QuantileValues => quantiles(row, cells, |held| held.value),
        Rule::PointAttributes => {
            if row.attributes.is_empty() {
                return cells.text(None);
            }
            scratch.clear();
            push_map(scratch, row.attributes);
            cells.text(Some(scratch));
        }
    }
}

/// A count of a span's own list; nothing on an exception's row.
fn count(row: &FlatRow<'_>, length: impl Fn(&Span<'_>) -> usize) -> Option<Node<'static>> {
    match row.record {
        Record::Span(span) => Some(Node::Long(length(span) as i64)),
        _ => None,
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

fn quantiles(row: &FlatRow<'_>, cells: &mut Cells, part: impl Fn(&crate::otlp::Quantile) -> f64) {
    let Cells::DoubleList(list) = cells else {
        return cells.node(None);
    };
    match metric(row) {
        Some((_, point)) if !point.quantile_values.is_empty() => {
            for held in point.quantile_values {
                let value = part(held);
                list.values().append_option(value.is_finite().then_some(value));
            }
            list.append(true);
        }
        _ => list.append(false),
    }
}
