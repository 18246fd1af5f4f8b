//! The flat files: fixed columns, each a projection of the nested event.
//!
//! Which column takes what is declared in `schema/flat_*.json`; here are only the few rules that a path cannot say.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, ListBuilder};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::event::{Class, Column, ColumnKind, Event, Node, Source};
use super::group::Group;
use super::logs;
use super::metrics::is_scraped;
use super::schema::{FLAT_LOGS, FLAT_METRICS, FLAT_TRACES, Rule, event as at, metadata as meta, otel_context as otel};
use crate::cells::{Dictionary, NULL, PlainText};
use crate::columns::internal;
use crate::error::Result;
use crate::otlp::{Attributes, LogRecord, Metric, MetricKind, Number, Point, Span, Value};
use crate::parquet::is_unique;
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

/// A column under construction.
enum Cells {
    /// Text, integers or doubles that repeat
    Dictionary(ColumnKind, Dictionary),
    Text(PlainText),
    Long(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
    /// A list, and how many rows behind its last one have none
    LongList(ListBuilder<Int64Builder>, usize),
    /// The same of doubles
    DoubleList(ListBuilder<Float64Builder>, usize),
}

impl Cells {
    fn new(column: &Column) -> Self {
        let unique = is_unique(column.name);
        match column.kind {
            ColumnKind::Text if unique => Self::Text(PlainText::default()),
            ColumnKind::Long if unique => Self::Long(Int64Builder::new()),
            ColumnKind::Double if unique => Self::Double(Float64Builder::new()),
            kind @ (ColumnKind::Text | ColumnKind::Long | ColumnKind::Double) => {
                Self::Dictionary(kind, Dictionary::default())
            }
            ColumnKind::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnKind::LongList => {
                let element = Arc::new(Field::new(ELEMENT, DataType::Int64, true));
                Self::LongList(ListBuilder::new(Int64Builder::new()).with_field(element), 0)
            }
            ColumnKind::DoubleList => {
                let element = Arc::new(Field::new(ELEMENT, DataType::Float64, true));
                Self::DoubleList(ListBuilder::new(Float64Builder::new()).with_field(element), 0)
            }
        }
    }

    fn null(&mut self) {
        match self {
            Self::Dictionary(_, cells) => cells.push(None),
            Self::Text(cells) => cells.push(None),
            Self::Long(cells) => cells.append_null(),
            Self::Double(cells) => cells.append_null(),
            Self::Bool(cells) => cells.append_null(),
            Self::LongList(_, missing) | Self::DoubleList(_, missing) => *missing += 1,
        }
    }

    /// Bytes of text in the rows that were pushed, as an Arrow column would hold them.
    fn text_len(&self) -> usize {
        match self {
            Self::Dictionary(ColumnKind::Text, cells) => cells.plain_len(),
            Self::Text(cells) => cells.len(),
            _ => 0,
        }
    }

    /// A text; null where the column is of another type.
    fn text(&mut self, text: &str) {
        match self {
            Self::Dictionary(ColumnKind::Text, cells) => cells.push(Some(text.as_bytes())),
            Self::Text(cells) => cells.push(Some(text)),
            other => other.null(),
        }
    }

    fn long(&mut self, value: i64) {
        match self {
            Self::Dictionary(ColumnKind::Long, cells) => cells.push(Some(&value.to_le_bytes())),
            Self::Long(cells) => cells.append_value(value),
            other => other.null(),
        }
    }

    /// A double that is finite.
    fn double(&mut self, value: Option<f64>) {
        match (self, value.filter(|value| value.is_finite())) {
            (Self::Dictionary(ColumnKind::Double, cells), Some(value)) => cells.push(Some(&value.to_le_bytes())),
            (Self::Double(cells), Some(value)) => cells.append_value(value),
            (other, _) => other.null(),
        }
    }

    /// What a scalar is written as.
    fn kind(&self) -> ColumnKind {
        match self {
            Self::Dictionary(kind, _) => *kind,
            Self::Text(_) => ColumnKind::Text,
            Self::Long(_) => ColumnKind::Long,
            Self::Double(_) => ColumnKind::Double,
            Self::Bool(_) => ColumnKind::Bool,
            Self::LongList(..) => ColumnKind::LongList,
            Self::DoubleList(..) => ColumnKind::DoubleList,
        }
    }

    /// A value that the column's type admits; anything else is null.
    fn node(&mut self, node: &Node<'_>) {
        match (self.kind(), node) {
            (ColumnKind::Text, Node::Text(text) | Node::Json(text)) => self.text(text),
            (ColumnKind::Long, Node::Long(value)) => self.long(*value),
            (ColumnKind::Double, Node::Long(value)) => self.double(Some(*value as f64)),
            (ColumnKind::Double, Node::Double(value)) => self.double(Some(*value)),
            (ColumnKind::Text, Node::Long(value)) => self.text(itoa::Buffer::new().format(*value)),
            (ColumnKind::Text, Node::Bool(value)) => self.text(if *value { "true" } else { "false" }),
            (ColumnKind::Text, Node::Double(value)) => {
                let mut out = String::new();
                push_double(&mut out, *value);
                self.text(&out);
            }
            (_, node) => match (self, node) {
                (Self::Bool(cells), Node::Bool(value)) => cells.append_value(*value),
                (Self::LongList(cells, missing), Node::List(items)) => {
                    cells.append_nulls(std::mem::take(missing));
                    for item in *items {
                        cells.values().append_option(if let Node::Long(value) = item { Some(*value) } else { None });
                    }
                    cells.append(true);
                }
                (Self::DoubleList(cells, missing), Node::List(items)) => {
                    cells.append_nulls(std::mem::take(missing));
                    for item in *items {
                        cells.values().append_option(if let Node::Double(value) = item { Some(*value) } else { None });
                    }
                    cells.append(true);
                }
                (other, _) => other.null(),
            },
        }
    }

    /// An attribute's value.
    fn value(&mut self, value: Value<'_>) {
        match (self.kind(), value) {
            (ColumnKind::Text, Value::Str(text)) => self.text(text),
            (ColumnKind::Text, other) => {
                let mut out = String::new();
                push_plain(&mut out, &other);
                self.text(&out);
            }
            (ColumnKind::Long, value) => match integer(value) {
                Some(value) => self.long(value),
                None => self.null(),
            },
            (ColumnKind::Double, value) => self.double(number(value)),
            _ => self.null(),
        }
    }

    /// The column so far; of what is kept in Arrow's form the rows are taken out.
    fn column(&mut self) -> FlatColumn<'_> {
        match self {
            Self::Dictionary(kind, cells) => FlatColumn::Dictionary(*kind, cells),
            Self::Text(cells) => FlatColumn::Text(cells),
            Self::Long(cells) => FlatColumn::Array(Arc::new(cells.finish())),
            Self::Double(cells) => FlatColumn::Array(Arc::new(cells.finish())),
            Self::Bool(cells) => FlatColumn::Array(Arc::new(cells.finish())),
            Self::LongList(cells, missing) => {
                cells.append_nulls(std::mem::take(missing));
                FlatColumn::Array(Arc::new(cells.finish()))
            }
            Self::DoubleList(cells, missing) => {
                cells.append_nulls(std::mem::take(missing));
                FlatColumn::Array(Arc::new(cells.finish()))
            }
        }
    }

    /// Forgets what [`Self::column`] has not taken out.
    fn clear(&mut self) {
        match self {
            Self::Dictionary(_, cells) => cells.clear(),
            Self::Text(cells) => cells.clear(),
            _ => {}
        }
    }

    /// Appends rows like the last one; only columns of what a group or class says are asked, which are dictionaries.
    fn repeat(&mut self, rows: usize) {
        if let Self::Dictionary(_, cells) = self {
            cells.repeat(rows);
        }
    }
}

/// A finished column.
pub(crate) enum FlatColumn<'c> {
    /// Text, integers or doubles that repeat
    Dictionary(ColumnKind, &'c Dictionary),
    /// Text that hardly repeats
    Text(&'c PlainText),
    /// Anything else
    Array(ArrayRef),
}

impl FlatColumn<'_> {
    /// The column as a plain array.
    fn into_array(self) -> ArrayRef {
        match self {
            Self::Array(array) => array,
            Self::Text(cells) => {
                let mut values = Vec::new();
                cells.each(|text| values.push(text));
                Arc::new(StringArray::from(values))
            }
            Self::Dictionary(kind, cells) => {
                let rows = || {
                    cells.runs().iter().flat_map(|(code, count)| {
                        std::iter::repeat_n((*code != NULL).then(|| cells.value(*code)), *count as usize)
                    })
                };
                let eight = |value: &[u8]| <[u8; 8]>::try_from(value).unwrap_or_default();
                match kind {
                    ColumnKind::Long => Arc::new(Int64Array::from_iter(
                        rows().map(|value| value.map(|value| i64::from_le_bytes(eight(value)))),
                    )),
                    ColumnKind::Double => Arc::new(Float64Array::from_iter(
                        rows().map(|value| value.map(|value| f64::from_le_bytes(eight(value)))),
                    )),
                    _ => Arc::new(StringArray::from_iter(
                        rows().map(|value| value.map(|value| std::str::from_utf8(value).unwrap_or_default())),
                    )),
                }
            }
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

/// What decides a column's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// Resource and scope
    Group,
    /// The event's class
    Class,
    /// The record
    Row,
}

impl Level {
    fn of(column: &Column) -> Self {
        let by_group = |source: &Source| {
            matches!(
                source,
                Source::Resource(_)
                    | Source::Path([at::DEVICE, ..])
                    | Source::Path([at::METADATA, meta::PRODUCT | meta::VERSION, ..])
                    | Source::Path([at::OTEL, otel::SCOPE | otel::RESOURCE_MAP, ..])
            )
        };
        let by_class = |source: &Source| {
            matches!(source, Source::Path([at::CLASS_UID | at::CLASS_NAME | at::CATEGORY_UID | at::CATEGORY_NAME]))
        };
        if column.rule.is_some() || is_unique(column.name) {
            return Self::Row;
        }
        if column.sources.iter().all(by_group) {
            return Self::Group;
        }
        if column.sources.iter().all(by_class) { Self::Class } else { Self::Row }
    }
}

/// The rows of a flat file.
pub(crate) struct Flat {
    signal: Signal,
    columns: Vec<FlatCells>,
    rows: usize,
    /// Group and class of the last row, and the rows since that their columns do not have yet.
    group: Option<u64>,
    group_rows: usize,
    /// Bytes of the longest text of the group, and of those of all rows: no column of a group has more.
    group_text: usize,
    group_bytes: usize,
    class: Option<&'static Class>,
    class_rows: usize,
    scratch: String,
}

struct FlatCells {
    column: &'static Column,
    level: Level,
    lookups: Vec<Lookup>,
    cells: Cells,
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
                FlatCells { column, level: Level::of(column), lookups, cells: Cells::new(column) }
            })
            .collect();
        Self {
            signal,
            columns,
            rows: 0,
            group: None,
            group_rows: 0,
            group_text: 0,
            group_bytes: 0,
            class: None,
            class_rows: 0,
            scratch: String::new(),
        }
    }

    /// Appends a row; gives the bytes of the longest column so far, for a bound on the batch.
    pub fn push(&mut self, row: &FlatRow<'_>) -> usize {
        self.rows += 1;
        let same_group = self.group == Some(row.group.serial);
        let same_class = self.class.is_some_and(|class| std::ptr::eq(class, row.event.class));
        if same_group {
            self.group_rows += 1;
        } else {
            self.repeat(Level::Group);
            self.group = Some(row.group.serial);
            self.group_text = 0;
        }
        if same_class {
            self.class_rows += 1;
        } else {
            self.repeat(Level::Class);
            self.class = Some(row.event.class);
        }
        let mut longest = 0;
        for FlatCells { column, level, lookups, cells } in &mut self.columns {
            if (*level == Level::Group && same_group) || (*level == Level::Class && same_class) {
                continue;
            }
            let before = cells.text_len();
            match column.rule {
                Some(rule) => push_rule(rule, row, cells, &mut self.scratch),
                None => push_first(lookups, row, cells),
            }
            longest = longest.max(cells.text_len());
            if *level == Level::Group {
                self.group_text = self.group_text.max(cells.text_len() - before);
            }
        }
        self.group_bytes += self.group_text;
        longest.max(self.group_bytes)
    }

    /// Gives the columns of a level the rows that they do not have yet.
    fn repeat(&mut self, level: Level) {
        let rows = std::mem::take(if level == Level::Group { &mut self.group_rows } else { &mut self.class_rows });
        if rows > 0 {
            self.columns.iter_mut().filter(|held| held.level == level).for_each(|held| held.cells.repeat(rows));
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in order.
    pub fn columns(&mut self) -> impl Iterator<Item = FlatColumn<'_>> {
        self.repeat(Level::Group);
        self.repeat(Level::Class);
        self.columns.iter_mut().map(|held| held.cells.column())
    }

    /// Forgets the rows, when [`Self::columns`] has given all of them.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(|held| held.cells.clear());
        (self.rows, self.group, self.class) = (0, None, None);
        (self.group_text, self.group_bytes) = (0, 0);
    }

    /// The rows as a batch.
    pub fn into_batch(mut self) -> Result<RecordBatch> {
        let signal = self.signal;
        let arrays: Vec<ArrayRef> = self.columns().map(FlatColumn::into_array).collect();
        RecordBatch::try_new(flat_schema(signal), arrays).map_err(internal)
    }
}

fn push_first(lookups: &[Lookup], row: &FlatRow<'_>, cells: &mut Cells) {
    for lookup in lookups {
        match lookup {
            Lookup::Path(path) => {
                if let Some(node) = row.event.root.at(path) {
                    return cells.node(node);
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
    cells.null();
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
            Some(Node::Long(nanos)) => cells.double(Some(*nanos as f64 / NANOS_PER_MILLI)),
            _ => cells.double(None),
        },
        Rule::EventsCount => count(row, cells, |span| span.events.len()),
        Rule::LinksCount => count(row, cells, |span| span.links.len()),
        Rule::RecordKind => {
            cells.text(if matches!(row.record, Record::Exception) { "span_event" } else { "span" });
        }
        Rule::MetricType => match metric(row) {
            Some((metric, _)) => cells.text(metric_type(metric)),
            None => cells.null(),
        },
        Rule::MetricValue => cells.double(metric(row).and_then(|(_, point)| metric_value(point))),
        Rule::Job => {
            let job = find(row.attributes, "job");
            let scraped = metric(row).is_some_and(|(metric, _)| is_scraped(row.group, metric));
            match job.or_else(|| find(row.group.resource.attributes, "service.name").filter(|_| scraped)) {
                Some(value) => cells.value(value),
                None => cells.null(),
            }
        }
        Rule::Quantiles => quantiles(row, cells, |held| held.quantile),
        Rule::QuantileValues => quantiles(row, cells, |held| held.value),
        Rule::PointAttributes => {
            if row.attributes.is_empty() {
                return cells.null();
            }
            scratch.clear();
            push_map(scratch, row.attributes);
            cells.text(scratch);
        }
    }
}

/// A count of a span's own list; nothing on an exception's row.
fn count(row: &FlatRow<'_>, cells: &mut Cells, length: impl Fn(&Span<'_>) -> usize) {
    match row.record {
        Record::Span(span) => cells.long(length(span) as i64),
        _ => cells.null(),
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
    let Cells::DoubleList(list, missing) = cells else {
        return cells.null();
    };
    match metric(row) {
        Some((_, point)) if !point.quantile_values.is_empty() => {
            list.append_nulls(std::mem::take(missing));
            for held in point.quantile_values {
                let value = part(held);
                list.values().append_option(value.is_finite().then_some(value));
            }
            list.append(true);
        }
        _ => *missing += 1,
    }
}
