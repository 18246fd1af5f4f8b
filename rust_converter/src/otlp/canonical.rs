//! The canonical binary form of a record, and its hash: what event ids are made of.
//!
//! Fields stand in protobuf field-number order, attributes in received order, and a field that equals absent is left
//! out. Each field is its number (1 byte), a type tag (1 byte) and its payload:
//!
//! | tag | type | payload |
//! |---|---|---|
//! | 1 | unsigned integer, enum | 8 bytes little-endian |
//! | 2 | signed integer | 8 bytes little-endian, two's complement |
//! | 3 | double | 8 bytes little-endian, every NaN as `0x7ff8000000000000` |
//! | 4 | boolean | 8 bytes little-endian, 0 or 1 |
//! | 5 | text | length as 8 bytes little-endian, UTF-8 |
//! | 6 | bytes | length as 8 bytes little-endian, the bytes |
//! | 7 | message, list | number of entries as 8 bytes little-endian for lists, then the content |
//! | 8 | end of a message | nothing |
//! | 9 | empty value | nothing |
//!
//! The hash is xxh3-128 over that form, so a record has the same one from JSON and from protobuf.

use xxhash_rust::xxh3::xxh3_128;

use super::{Attributes, Buckets, LogRecord, Metric, MetricKind, Number, Point, Resource, Scope, Span, Value};

mod tag {
    pub const UNSIGNED: u8 = 1;
    pub const SIGNED: u8 = 2;
    pub const DOUBLE: u8 = 3;
    pub const BOOL: u8 = 4;
    pub const TEXT: u8 = 5;
    pub const BYTES: u8 = 6;
    pub const LIST: u8 = 7;
    pub const END: u8 = 8;
    pub const EMPTY: u8 = 9;
}

/// The one bit pattern of a NaN.
const NAN: u64 = 0x7ff8_0000_0000_0000;

/// Writes canonical forms into a buffer that is used again.
#[derive(Debug, Default)]
pub struct Canonical {
    buffer: Vec<u8>,
    /// Where the metric of [`Canonical::begin_metric`] ends.
    metric_end: usize,
}

impl Canonical {
    /// Hash of a resource and its schema URL.
    pub fn resource(&mut self, resource: &Resource<'_>, schema_url: &str) -> u128 {
        self.buffer.clear();
        self.attributes(1, resource.attributes);
        self.unsigned(2, u64::from(resource.dropped_attributes_count));
        self.text_field(3, schema_url);
        xxh3_128(&self.buffer)
    }

    /// Hash of a log record.
    pub fn log(&mut self, log: &LogRecord<'_>) -> u128 {
        self.buffer.clear();
        self.unsigned(1, log.time_unix_nano);
        self.signed(2, i64::from(log.severity_number));
        self.text_field(3, log.severity_text);
        if let Some(body) = log.body.filter(|body| *body != Value::Empty) {
            self.value(5, &body);
        }
        self.attributes(6, log.attributes);
        self.unsigned(7, u64::from(log.dropped_attributes_count));
        self.unsigned(8, u64::from(log.flags));
        self.bytes(9, log.trace_id);
        self.bytes(10, log.span_id);
        self.unsigned(11, log.observed_time_unix_nano);
        self.text_field(12, log.event_name);
        xxh3_128(&self.buffer)
    }

    /// Hash of a span.
    pub fn span(&mut self, span: &Span<'_>) -> u128 {
        self.buffer.clear();
        self.bytes(1, span.trace_id);
        self.bytes(2, span.span_id);
        self.text_field(3, span.trace_state);
        self.bytes(4, span.parent_span_id);
        self.text_field(5, span.name);
        self.signed(6, i64::from(span.kind));
        self.unsigned(7, span.start_time_unix_nano);
        self.unsigned(8, span.end_time_unix_nano);
        self.attributes(9, span.attributes);
        self.unsigned(10, u64::from(span.dropped_attributes_count));
        self.list(11, span.events.len());
        for event in span.events {
            self.unsigned(1, event.time_unix_nano);
            self.text_field(2, event.name);
            self.attributes(3, event.attributes);
            self.unsigned(4, u64::from(event.dropped_attributes_count));
            self.end();
        }
        self.unsigned(12, u64::from(span.dropped_events_count));
        self.list(13, span.links.len());
        for link in span.links {
            self.bytes(1, link.trace_id);
            self.bytes(2, link.span_id);
            self.text_field(3, link.trace_state);
            self.attributes(4, link.attributes);
            self.unsigned(5, u64::from(link.dropped_attributes_count));
            self.unsigned(6, u64::from(link.flags));
            self.end();
        }
        self.unsigned(14, u64::from(span.dropped_links_count));
        self.text_field(15, span.status_message);
        self.signed(15, i64::from(span.status_code));
        self.unsigned(16, u64::from(span.flags));
        xxh3_128(&self.buffer)
    }

    /// Begins the points of a metric: they share what is written here.
    pub fn begin_metric(&mut self, scope: &Scope<'_>, schema_url: &str, metric: &Metric<'_>) {
        self.buffer.clear();
        self.text_field(1, scope.name);
        self.text_field(2, scope.version);
        self.attributes(3, scope.attributes);
        self.unsigned(4, u64::from(scope.dropped_attributes_count));
        self.end();
        self.text_field(3, schema_url);
        self.text_field(1, metric.name);
        self.text_field(2, metric.description);
        self.text_field(3, metric.unit);
        let kind = match metric.kind {
            MetricKind::None => 0,
            MetricKind::Gauge => 5,
            MetricKind::Sum => 7,
            MetricKind::Histogram => 9,
            MetricKind::ExponentialHistogram => 10,
            MetricKind::Summary => 11,
        };
        self.unsigned(kind, u64::from(kind));
        self.signed(2, i64::from(metric.temporality));
        if metric.is_monotonic {
            self.field(3, tag::BOOL, 1);
        }
        self.attributes(12, metric.metadata);
        self.end();
        self.metric_end = self.buffer.len();
    }

    /// Hash of a point of the metric that was begun.
    pub fn point(&mut self, point: &Point<'_>) -> u128 {
        self.buffer.truncate(self.metric_end);
        self.unsigned(2, point.start_time_unix_nano);
        self.unsigned(3, point.time_unix_nano);
        self.number(4, point.value);
        self.unsigned(5, point.count);
        for (field, value) in [(6, point.sum), (7, point.min), (8, point.max)] {
            if let Some(value) = value {
                self.double(field, value);
            }
        }
        self.unsigneds(9, point.bucket_counts);
        self.list(10, point.explicit_bounds.len());
        point.explicit_bounds.iter().for_each(|bound| self.double(1, *bound));
        self.signed(11, i64::from(point.scale));
        self.unsigned(12, point.zero_count);
        if point.zero_threshold != 0.0 {
            self.double(13, point.zero_threshold);
        }
        self.buckets(14, &point.positive);
        self.buckets(15, &point.negative);
        self.list(16, point.quantile_values.len());
        for held in point.quantile_values {
            self.double(1, held.quantile);
            self.double(2, held.value);
        }
        self.list(17, point.exemplars.len());
        for exemplar in point.exemplars {
            self.unsigned(2, exemplar.time_unix_nano);
            self.number(3, exemplar.value);
            self.bytes(4, exemplar.span_id);
            self.bytes(5, exemplar.trace_id);
            self.attributes(7, exemplar.filtered_attributes);
            self.end();
        }
        self.attributes(18, point.attributes);
        self.unsigned(19, u64::from(point.flags));
        xxh3_128(&self.buffer)
    }

    /// Hash of a text.
    pub fn text(&mut self, text: &str) -> u128 {
        xxh3_128(text.as_bytes())
    }

    fn field(&mut self, number: u8, tag: u8, value: u64) {
        let mut head = [0; 10];
        let [number_at, tag_at, payload @ ..] = &mut head;
        (*number_at, *tag_at, *payload) = (number, tag, value.to_le_bytes());
        self.buffer.extend_from_slice(&head);
    }

    fn unsigned(&mut self, number: u8, value: u64) {
        if value != 0 {
            self.field(number, tag::UNSIGNED, value);
        }
    }

    fn signed(&mut self, number: u8, value: i64) {
        if value != 0 {
            self.field(number, tag::SIGNED, value as u64);
        }
    }

    fn double(&mut self, number: u8, value: f64) {
        self.field(number, tag::DOUBLE, if value.is_nan() { NAN } else { value.to_bits() });
    }

    fn number(&mut self, field: u8, value: Option<Number>) {
        match value {
            Some(Number::Int(value)) => self.field(field, tag::SIGNED, value as u64),
            Some(Number::Double(value)) => self.double(field, value),
            None => {}
        }
    }

    fn text_field(&mut self, number: u8, text: &str) {
        if !text.is_empty() {
            self.field(number, tag::TEXT, text.len() as u64);
            self.buffer.extend_from_slice(text.as_bytes());
        }
    }

    fn bytes(&mut self, number: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.field(number, tag::BYTES, bytes.len() as u64);
            self.buffer.extend_from_slice(bytes);
        }
    }

    fn list(&mut self, number: u8, length: usize) {
        if length > 0 {
            self.field(number, tag::LIST, length as u64);
        }
    }

    fn end(&mut self) {
        self.buffer.push(tag::END);
    }

    fn unsigneds(&mut self, number: u8, values: &[u64]) {
        self.list(number, values.len());
        for value in values {
            self.buffer.extend_from_slice(&value.to_le_bytes());
        }
    }

    fn buckets(&mut self, number: u8, buckets: &Buckets<'_>) {
        if buckets.offset != 0 || !buckets.bucket_counts.is_empty() {
            self.field(number, tag::SIGNED, i64::from(buckets.offset) as u64);
            self.unsigneds(number, buckets.bucket_counts);
        }
    }

    fn attributes(&mut self, number: u8, attributes: Attributes<'_>) {
        self.list(number, attributes.len());
        for entry in attributes {
            self.buffer.extend_from_slice(&(entry.key.len() as u64).to_le_bytes());
            self.buffer.extend_from_slice(entry.key.as_bytes());
            self.value(2, &entry.value);
        }
    }

    fn value(&mut self, number: u8, value: &Value<'_>) {
        match value {
            Value::Empty => self.buffer.extend_from_slice(&[number, tag::EMPTY]),
            Value::Str(text) => {
                self.field(number, tag::TEXT, text.len() as u64);
                self.buffer.extend_from_slice(text.as_bytes());
            }
            Value::Bool(flag) => self.field(number, tag::BOOL, u64::from(*flag)),
            Value::Int(value) => self.field(number, tag::SIGNED, *value as u64),
            Value::Double(value) => self.double(number, *value),
            Value::Bytes(bytes) => {
                self.field(number, tag::BYTES, bytes.len() as u64);
                self.buffer.extend_from_slice(bytes);
            }
            Value::List(items) => {
                self.field(5, tag::LIST, items.len() as u64);
                items.iter().for_each(|item| self.value(1, item));
            }
            Value::Map(entries) => {
                self.field(6, tag::LIST, entries.len() as u64);
                self.attributes(1, entries);
            }
        }
    }
}
