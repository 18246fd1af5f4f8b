//! OTLP as borrowed records: what the two readers ([`json`], [`proto`]) make and the mapping reads.
//!
//! Text borrows from the chunk where it can and from a bump arena where it was escaped or encoded. Nothing here knows
//! OCSF. Field names and numbers follow opentelemetry-proto 1.9.

pub mod canonical;
mod check;
pub(crate) mod copy;
pub mod json;
#[cfg(test)]
pub(crate) mod model;
pub mod proto;
#[cfg(test)]
mod tests;
pub mod write_json;

use std::cell::Cell;

use bumpalo::Bump;

/// An `AnyValue`. `Empty` is the value that is set to nothing (`{}` in OTLP/JSON).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value set.
    Empty,
    /// `stringValue`.
    Str(&'a str),
    /// `boolValue`.
    Bool(bool),
    /// `intValue`.
    Int(i64),
    /// `doubleValue`.
    Double(f64),
    /// `bytesValue`.
    Bytes(&'a [u8]),
    /// `arrayValue`.
    List(&'a [Value<'a>]),
    /// `kvlistValue`.
    Map(&'a [KeyValue<'a>]),
}

/// A `KeyValue`, in attributes and key-value lists. A missing value is `Empty`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyValue<'a> {
    /// `key`
    pub key: &'a str,
    /// `value`
    pub value: Value<'a>,
}

/// Attributes in received order, repeated keys included.
pub type Attributes<'a> = &'a [KeyValue<'a>];

/// A `Resource`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Resource<'a> {
    /// `attributes`
    pub attributes: Attributes<'a>,
    /// `droppedAttributesCount`
    pub dropped_attributes_count: u32,
}

/// An `InstrumentationScope`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scope<'a> {
    /// `name`
    pub name: &'a str,
    /// `version`
    pub version: &'a str,
    /// `attributes`
    pub attributes: Attributes<'a>,
    /// `droppedAttributesCount`
    pub dropped_attributes_count: u32,
}

/// What a record breaks: it parses as OTLP, yet one of its fields has no valid value.
///
/// Such a record becomes a Translation Error event; `raw` is its text when it came as JSON with a value that no OTLP
/// field can hold, absent when the record itself can be written as canonical OTLP/JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault<'a> {
    /// One clause for the user: `timeUnixNano is not an integer`.
    pub cause: &'a str,
    /// The record's own JSON, compact.
    pub raw: Option<&'a str>,
}

/// A `LogRecord`. Ids are bytes as received (empty when absent or all zero); their length is checked by the reader,
/// which then sets `fault`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogRecord<'a> {
    /// `timeUnixNano` (1)
    pub time_unix_nano: u64,
    /// `observedTimeUnixNano` (11)
    pub observed_time_unix_nano: u64,
    /// `severityNumber` (2)
    pub severity_number: i32,
    /// `severityText` (3)
    pub severity_text: &'a str,
    /// `body` (5); absent and empty are different
    pub body: Option<Value<'a>>,
    /// `attributes` (6)
    pub attributes: Attributes<'a>,
    /// `droppedAttributesCount` (7)
    pub dropped_attributes_count: u32,
    /// `flags` (8)
    pub flags: u32,
    /// `traceId` (9)
    pub trace_id: &'a [u8],
    /// `spanId` (10)
    pub span_id: &'a [u8],
    /// `eventName` (12)
    pub event_name: &'a str,
    /// Set when the record breaks a rule of OTLP.
    pub fault: Option<Fault<'a>>,
}

/// A `Span`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span<'a> {
    /// `traceId` (1)
    pub trace_id: &'a [u8],
    /// `spanId` (2)
    pub span_id: &'a [u8],
    /// `traceState` (3)
    pub trace_state: &'a str,
    /// `parentSpanId` (4)
    pub parent_span_id: &'a [u8],
    /// `name` (5)
    pub name: &'a str,
    /// `kind` (6)
    pub kind: i32,
    /// `startTimeUnixNano` (7)
    pub start_time_unix_nano: u64,
    /// `endTimeUnixNano` (8)
    pub end_time_unix_nano: u64,
    /// `attributes` (9)
    pub attributes: Attributes<'a>,
    /// `droppedAttributesCount` (10)
    pub dropped_attributes_count: u32,
    /// `events` (11)
    pub events: &'a [SpanEvent<'a>],
    /// `droppedEventsCount` (12)
    pub dropped_events_count: u32,
    /// `links` (13)
    pub links: &'a [SpanLink<'a>],
    /// `droppedLinksCount` (14)
    pub dropped_links_count: u32,
    /// `status.message` (15.2)
    pub status_message: &'a str,
    /// `status.code` (15.3)
    pub status_code: i32,
    /// `flags` (16)
    pub flags: u32,
    /// Set when the record breaks a rule of OTLP.
    pub fault: Option<Fault<'a>>,
}

/// A `Span.Event`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpanEvent<'a> {
    /// `timeUnixNano` (1)
    pub time_unix_nano: u64,
    /// `name` (2)
    pub name: &'a str,
    /// `attributes` (3)
    pub attributes: Attributes<'a>,
    /// `droppedAttributesCount` (4)
    pub dropped_attributes_count: u32,
}

/// A `Span.Link`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpanLink<'a> {
    /// `traceId` (1)
    pub trace_id: &'a [u8],
    /// `spanId` (2)
    pub span_id: &'a [u8],
    /// `traceState` (3)
    pub trace_state: &'a str,
    /// `attributes` (4)
    pub attributes: Attributes<'a>,
    /// `droppedAttributesCount` (5)
    pub dropped_attributes_count: u32,
    /// `flags` (6)
    pub flags: u32,
}

/// A `Metric` with its points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metric<'a> {
    /// `name` (1)
    pub name: &'a str,
    /// `description` (2)
    pub description: &'a str,
    /// `unit` (3)
    pub unit: &'a str,
    /// `metadata` (12)
    pub metadata: Attributes<'a>,
    /// The kind of its points: gauge (5), sum (7), histogram (9), exponentialHistogram (10), summary (11).
    pub kind: MetricKind,
    /// `aggregationTemporality` of sums and histograms
    pub temporality: i32,
    /// `isMonotonic` of sums
    pub is_monotonic: bool,
    /// `dataPoints`
    pub points: &'a [Point<'a>],
    /// Set when a field outside the points breaks a rule; it holds for each of them.
    pub fault: Option<Fault<'a>>,
}

/// The kinds of metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetricKind {
    /// No data set.
    #[default]
    None,
    /// `gauge`
    Gauge,
    /// `sum`
    Sum,
    /// `histogram`
    Histogram,
    /// `exponentialHistogram`
    ExponentialHistogram,
    /// `summary`
    Summary,
}

/// A number that OTLP keeps the presence of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `asInt`
    Int(i64),
    /// `asDouble`
    Double(f64),
}

/// What both readers remember of a unit's requests, in an arena that outlives them.
#[derive(Debug)]
pub struct Memo<'u> {
    /// Of those in JSON
    pub json: json::Memo<'u>,
    /// Of those in protobuf
    pub proto: proto::Memo<'u>,
}

impl<'u> Memo<'u> {
    /// Nothing yet.
    pub fn new(arena: &'u Bump) -> Self {
        let place = SeriesPlace { arena, count: arena.alloc(Cell::new(0)) };
        Self { json: json::Memo::new(place), proto: proto::Memo::new(place) }
    }
}

/// Where the series of a unit are kept, whichever reader learns them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeriesPlace<'u> {
    arena: &'u Bump,
    /// How many there are
    count: &'u Cell<u32>,
}

impl<'u> SeriesPlace<'u> {
    /// Copies attributes here and numbers them.
    fn keep(&self, attributes: Attributes<'_>) -> Series<'u> {
        self.count.update(|count| count + 1);
        Series { attributes: copy::attributes(self.arena, attributes), number: self.count.get() }
    }
}

/// Attributes that come again in a unit, and live as long.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// What each of its points says
    pub attributes: Attributes<'a>,
    /// From 1; no other attributes of the unit have it.
    pub number: u32,
}

/// A data point of any kind; fields that its kind lacks stay at their defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point<'a> {
    /// `attributes`
    pub attributes: Attributes<'a>,
    /// The number of [`Series`] that they are; 0 when they are of none.
    pub series: u32,
    /// `startTimeUnixNano` (2)
    pub start_time_unix_nano: u64,
    /// `timeUnixNano` (3)
    pub time_unix_nano: u64,
    /// `asDouble` or `asInt` of gauges and sums
    pub value: Option<Number>,
    /// `count` of histograms and summaries
    pub count: u64,
    /// `sum`; summaries keep no presence, their zero is absent
    pub sum: Option<f64>,
    /// `min` of histograms
    pub min: Option<f64>,
    /// `max` of histograms
    pub max: Option<f64>,
    /// `bucketCounts` of histograms
    pub bucket_counts: &'a [u64],
    /// `explicitBounds` of histograms
    pub explicit_bounds: &'a [f64],
    /// `scale` of exponential histograms
    pub scale: i32,
    /// `zeroCount` of exponential histograms
    pub zero_count: u64,
    /// `zeroThreshold` of exponential histograms
    pub zero_threshold: f64,
    /// `positive` of exponential histograms
    pub positive: Buckets<'a>,
    /// `negative` of exponential histograms
    pub negative: Buckets<'a>,
    /// `quantileValues` of summaries
    pub quantile_values: &'a [Quantile],
    /// `exemplars`
    pub exemplars: &'a [Exemplar<'a>],
    /// `flags`
    pub flags: u32,
    /// Set when the point breaks a rule of OTLP.
    pub fault: Option<Fault<'a>>,
}

/// `Buckets` of an exponential histogram.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Buckets<'a> {
    /// `offset`
    pub offset: i32,
    /// `bucketCounts`
    pub bucket_counts: &'a [u64],
}

/// A `ValueAtQuantile`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantile {
    /// `quantile`
    pub quantile: f64,
    /// `value`
    pub value: f64,
}

/// An `Exemplar`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exemplar<'a> {
    /// `filteredAttributes` (7)
    pub filtered_attributes: Attributes<'a>,
    /// `timeUnixNano` (2)
    pub time_unix_nano: u64,
    /// `asDouble` (3) or `asInt` (6)
    pub value: Option<Number>,
    /// `spanId` (4)
    pub span_id: &'a [u8],
    /// `traceId` (5)
    pub trace_id: &'a [u8],
}

/// A resource with its scopes: `ResourceLogs`, `ResourceSpans` or `ResourceMetrics`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResourceGroup<'a, R> {
    /// `resource`
    pub resource: Resource<'a>,
    /// `scopeLogs`, `scopeSpans`, `scopeMetrics`
    pub scopes: &'a [ScopeGroup<'a, R>],
    /// `schemaUrl`
    pub schema_url: &'a str,
    /// Set when the resource breaks a rule of OTLP; it holds for each record below.
    pub fault: Option<Fault<'a>>,
}

/// A scope with its records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScopeGroup<'a, R> {
    /// `scope`
    pub scope: Scope<'a>,
    /// `logRecords`, `spans`, `metrics`
    pub records: &'a [R],
    /// `schemaUrl`
    pub schema_url: &'a str,
    /// Set when the scope breaks a rule of OTLP; it holds for each record below.
    pub fault: Option<Fault<'a>>,
}

/// One export request; a JSON line may hold more than one signal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Request<'a> {
    /// `resourceLogs`
    pub logs: &'a [ResourceGroup<'a, LogRecord<'a>>],
    /// `resourceSpans`
    pub spans: &'a [ResourceGroup<'a, Span<'a>>],
    /// `resourceMetrics`
    pub metrics: &'a [ResourceGroup<'a, Metric<'a>>],
}
