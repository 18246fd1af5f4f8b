//! The flat files: fixed columns, each a projection of the nested event.
//!
//! Which column takes what is declared in `schema/flat_*.json`. Most columns are decided by less than the record: by
//! its resource and scope, its class and activity, its metric, or a point's attributes. They are touched only when
//! that changes, and when it is what it once was, their codes are known.

mod column;
mod labels;
mod rules;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};

use super::event::{Class, Column, ColumnKind, Event, Node, Source};
use super::group::Group;
use super::schema::{
    FLAT_LOGS, FLAT_METRICS, FLAT_TRACES, Rule, event as at, metadata as meta, metric_point as mp, otel_context as otel,
};
use crate::columns::{MOST_TEXT, internal};
use crate::error::Result;
use crate::otlp::{Attributes, LogRecord, Metric, Point, Span};
use crate::parquet::{is_id, is_unique};
use crate::report::Signal;
pub(crate) use column::FlatColumn;
use column::{At, Cells};
use labels::Labels;
use rules::{Found, Lookup, NONE_FOUND, Objects, Spot, lookups, push_first, push_rule, spots, was_scraped};

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
    let list = |item| DataType::List(element(item));
    match kind {
        ColumnKind::Long => DataType::Int64,
        ColumnKind::Double => DataType::Float64,
        ColumnKind::Text => DataType::Utf8,
        ColumnKind::Bool => DataType::Boolean,
        ColumnKind::LongList => list(DataType::Int64),
        ColumnKind::DoubleList => list(DataType::Float64),
    }
}

/// The element of a list column.
fn element(item: DataType) -> FieldRef {
    Arc::new(Field::new(ELEMENT, item, true))
}

/// What a row is made from.
pub(crate) struct FlatRow<'r> {
    event: &'r Event<'r>,
    group: &'r Group<'r>,
    attributes: Attributes<'r>,
    record: Record<'r>,
    /// Not the metric of the row before.
    new_metric: bool,
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
        Self { event, group, attributes: record.attributes, record: Record::Log, new_metric: false }
    }

    /// Of a span.
    pub fn span(event: &'r Event<'r>, group: &'r Group<'r>, record: &'r Span<'r>) -> Self {
        Self { event, group, attributes: record.attributes, record: Record::Span(record), new_metric: false }
    }

    /// Of the exception inside a span that stands at `index` among its exceptions.
    pub fn exception(event: &'r Event<'r>, group: &'r Group<'r>, record: &'r Span<'r>, index: usize) -> Self {
        let held = record.events.iter().filter(|event| event.name == "exception").nth(index);
        let attributes = held.map_or(&[][..], |event| event.attributes);
        Self { event, group, attributes, record: Record::Exception, new_metric: false }
    }

    /// Of a data point, the one at `index` of its metric.
    pub fn point(
        event: &'r Event<'r>,
        group: &'r Group<'r>,
        metric: &'r Metric<'r>,
        point: &'r Point<'r>,
        index: usize,
    ) -> Self {
        let record = Record::Point(metric, point);
        Self { event, group, attributes: point.attributes, record, new_metric: index == 0 }
    }
}

/// What decides a column's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Resource and scope
    Group,
    /// The event's class and activity
    Class,
    /// The metric, and the class
    Metric,
    /// The attributes of a point, and the group
    Labels,
    /// The record
    Row,
}

/// How many levels there are.
const LEVELS: usize = Level::Row as usize + 1;

impl Level {
    fn of(column: &Column, signal: Signal) -> Self {
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
            const DECIDED: [usize; 8] = [
                at::CLASS_UID,
                at::CLASS_NAME,
                at::CATEGORY_UID,
                at::CATEGORY_NAME,
                at::ACTIVITY_ID,
                at::ACTIVITY_NAME,
                at::TYPE_UID,
                at::TYPE_NAME,
            ];
            matches!(source, Source::Path([only]) if DECIDED.contains(only))
        };
        let by_metric = |source: &Source| {
            const DECIDED: [usize; 5] = [mp::NAME, mp::DESC, mp::UNIT, mp::TEMPORALITY, mp::IS_MONOTONIC];
            matches!(source, Source::Path([at::METRIC_POINT, only]) if DECIDED.contains(only))
        };
        let by_labels = |source: &Source| matches!(source, Source::Attribute(_)) || by_group(source);
        let all = |decided: &dyn Fn(&Source) -> bool| column.sources.iter().all(decided);
        match column.rule {
            Some(Rule::MetricType) => Self::Metric,
            Some(Rule::Job | Rule::PointAttributes) => Self::Labels,
            Some(_) => Self::Row,
            None if is_unique(column.name) || is_id(column.name) => Self::Row,
            None if all(&by_group) => Self::Group,
            None if all(&by_class) => Self::Class,
            None if all(&by_metric) => Self::Metric,
            None if signal == Signal::Metrics && all(&by_labels) => Self::Labels,
            None => Self::Row,
        }
    }
}

/// The rows of a flat file.
pub(crate) struct Flat {
    signal: Signal,
    /// Those of each level
    levels: [Vec<FlatCells>; LEVELS],
    /// Level and place of each column, in the order of the file.
    order: Vec<(Level, usize)>,
    objects: Objects,
    at: At,
    /// Rows times the longest text from which on the columns' text is to be counted.
    room: usize,
    /// Group, class and activity, labels of the last row.
    group: Option<u64>,
    class: Option<Kind>,
    labels: Labels,
    label: Option<u32>,
    group_codes: Codes<u64>,
    class_codes: Codes<Kind>,
    label_codes: Vec<u32>,
    scratch: String,
}

/// Class and activity.
#[derive(Clone, Copy)]
struct Kind(&'static Class, i64);

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0) && self.1 == other.1
    }
}

/// The codes of a level's columns by what decided them.
struct Codes<K> {
    keys: Vec<K>,
    codes: Vec<u32>,
}

impl<K> Default for Codes<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), codes: Vec::new() }
    }
}

impl<K: PartialEq> Codes<K> {
    /// How many are kept: as many as groups are, and more than classes have activities in use.
    const MOST: usize = 64;

    fn get(&self, key: &K, count: usize) -> Option<&[u32]> {
        let index = self.keys.iter().position(|held| held == key)?;
        self.codes.get(index * count..(index + 1) * count)
    }

    fn add(&mut self, key: K, columns: &[FlatCells]) {
        if self.keys.len() < Self::MOST {
            self.keys.push(key);
            self.codes.extend(columns.iter().map(|held| held.cells.code()));
        }
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.codes.clear();
    }
}

struct FlatCells {
    rule: Option<Rule>,
    lookups: Vec<Lookup>,
    /// Where it looks, if only in [`Objects`].
    spots: Option<[Spot; 2]>,
    /// Whether the last row has no value.
    is_null: bool,
    cells: Cells,
}

impl FlatCells {
    /// Most columns have no value in most rows, so that is found out first.
    #[inline]
    fn push_row(&mut self, row: &FlatRow<'_>, found: &Found<'_>, at: &mut At, scratch: &mut String) {
        match &self.spots {
            Some([one, other]) => match one.node(found).or_else(|| other.node(found)) {
                Some(node) => {
                    self.is_null = false;
                    self.cells.node(at, node);
                }
                None if self.is_null => {}
                None => {
                    self.is_null = true;
                    self.cells.null(at);
                }
            },
            None => self.push(row, found, at, scratch),
        }
    }

    #[inline]
    fn push(&mut self, row: &FlatRow<'_>, found: &Found<'_>, at: &mut At, scratch: &mut String) {
        match self.rule {
            Some(rule) => push_rule(rule, row, &mut self.cells, at, scratch),
            None => push_first(&self.lookups, row, found, &mut self.cells, at),
        }
    }
}

fn set_codes(columns: &mut [FlatCells], at: &At, codes: &[u32]) {
    columns.iter_mut().zip(codes).for_each(|(held, code)| held.cells.set_code(at, *code));
}

impl Flat {
    /// No rows yet.
    pub fn new(signal: Signal) -> Self {
        let mut levels: [Vec<FlatCells>; LEVELS] = Default::default();
        let mut order = Vec::new();
        let mut objects = Objects::default();
        for column in columns(signal) {
            let level = Level::of(column, signal);
            let held = &mut levels[level as usize];
            order.push((level, held.len()));
            let mut lookups = lookups(column);
            if level == Level::Row {
                objects.resolve(&mut lookups);
            }
            let cells = Cells::new(column, level != Level::Row);
            let spots = spots(&lookups).filter(|_| column.rule.is_none());
            held.push(FlatCells { rule: column.rule, lookups, spots, is_null: true, cells });
        }
        Self {
            signal,
            levels,
            order,
            objects,
            at: At::default(),
            room: MOST_TEXT,
            group: None,
            class: None,
            labels: Labels::default(),
            label: None,
            group_codes: Codes::default(),
            class_codes: Codes::default(),
            label_codes: Vec::new(),
            scratch: String::new(),
        }
    }

    /// Appends a row; gives whether the rows are to be cut behind it.
    pub fn push(&mut self, row: &FlatRow<'_>) -> bool {
        let [by_group, by_class, by_metric, by_labels, by_row] = &mut self.levels;
        let (at, scratch) = (&mut self.at, &mut self.scratch);
        let group = row.group.serial;
        if self.group != Some(group) {
            self.group = Some(group);
            match self.group_codes.get(&group, by_group.len()) {
                Some(codes) => set_codes(by_group, at, codes),
                None => {
                    by_group.iter_mut().for_each(|held| held.push(row, &NONE_FOUND, at, scratch));
                    self.group_codes.add(group, by_group);
                }
            }
        }
        let activity = match row.event.root.get(at::ACTIVITY_ID) {
            Some(Node::Long(activity)) => *activity,
            _ => OTHER,
        };
        let class = Kind(row.event.class, activity);
        let same_class = self.class == Some(class);
        if !same_class || activity == OTHER {
            self.class = Some(class);
            match self.class_codes.get(&class, by_class.len()).filter(|_| activity != OTHER) {
                Some(codes) => set_codes(by_class, at, codes),
                None => {
                    by_class.iter_mut().for_each(|held| held.push(row, &NONE_FOUND, at, scratch));
                    if activity != OTHER {
                        self.class_codes.add(class, by_class);
                    }
                }
            }
        }
        if !same_class || row.new_metric {
            by_metric.iter_mut().for_each(|held| held.push(row, &NONE_FOUND, at, scratch));
        }
        if !by_labels.is_empty() {
            let series = if let Record::Point(_, point) = row.record { point.series } else { 0 };
            let label = self.labels.code(group, was_scraped(row), series, row.attributes);
            if self.label != Some(label) {
                self.label = Some(label);
                let count = by_labels.len();
                match self.label_codes.get(label as usize * count..(label as usize + 1) * count) {
                    Some(codes) => set_codes(by_labels, at, codes),
                    None => {
                        by_labels.iter_mut().for_each(|held| held.push(row, &NONE_FOUND, at, scratch));
                        self.label_codes.extend(by_labels.iter().map(|held| held.cells.code()));
                    }
                }
            }
        }
        let found = self.objects.find(row.event);
        by_row.iter_mut().for_each(|held| held.push_row(row, &found, at, scratch));
        at.row += 1;
        at.longest * at.row as usize > self.room && self.is_full()
    }

    /// Bytes of text in the column that has most of it.
    fn most_text(&self) -> usize {
        self.levels.iter().flatten().map(|held| held.cells.text_len(self.at.row)).max().unwrap_or(0)
    }

    /// Whether a column holds more text than it may.
    fn is_full(&mut self) -> bool {
        let At { row, longest } = self.at;
        let most = self.most_text();
        // No row adds more than the longest text to a column.
        self.room = longest * row as usize + MOST_TEXT.saturating_sub(most);
        most > MOST_TEXT
    }

    /// Whether the rows of another file may be appended, too.
    pub fn has_room_for(&self, other: &Self) -> bool {
        self.most_text() + other.most_text() <= MOST_TEXT
    }

    /// Appends the rows of another file of the signal.
    pub fn append(&mut self, other: &mut Self) {
        let (at, rows) = (self.at.row, other.at.row);
        let others = other.levels.iter_mut().flatten();
        for (held, other) in self.levels.iter_mut().flatten().zip(others) {
            held.cells.append(at, &mut other.cells, rows);
        }
        self.at.row += rows;
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.at.row as usize
    }

    /// The signal of the file.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// A column by its place in the file.
    pub fn column(&mut self, index: usize) -> FlatColumn<'_> {
        let (level, place) = self.order[index];
        self.levels[level as usize][place].cells.column()
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        for held in self.levels.iter_mut().flatten() {
            held.cells.clear();
            held.is_null = true;
        }
        (self.at, self.room) = (At::default(), MOST_TEXT);
        (self.group, self.class, self.label) = (None, None, None);
        self.group_codes.clear();
        self.class_codes.clear();
        self.labels.clear();
        self.label_codes.clear();
    }

    /// The rows as a batch.
    pub fn into_batch(mut self) -> Result<RecordBatch> {
        let rows = self.at.row;
        let mut array = |(level, place): &(Level, usize)| self.levels[*level as usize][*place].cells.array(rows);
        let arrays: Vec<ArrayRef> = self.order.iter().map(&mut array).collect::<Result<_>>()?;
        RecordBatch::try_new(flat_schema(self.signal), arrays).map_err(internal)
    }
}

/// `activity_id` of an activity with a name of its own.
const OTHER: i64 = 99;
