//! Records as canonical OTLP/JSON: lowerCamelCase, protobuf field order, 64-bit integers as text, defaults left out.
//!
//! It is the text of a record that cannot be translated; reading it gives the record back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{
    Attributes, Buckets, Exemplar, LogRecord, Metric, MetricKind, Number, Point, Resource, Scope, Span, Value,
};
use crate::text::{non_finite_name, push_double, push_hex, push_json_string};

/// A JSON object under construction.
struct Object<'o> {
    out: &'o mut String,
    first: bool,
}

impl<'o> Object<'o> {
    fn new(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    fn key(&mut self, key: &str) -> &mut String {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        push_json_string(self.out, key);
        self.out.push(':');
        self.out
    }

    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            push_json_string(self.key(key), text);
        }
    }

    /// A 64-bit integer: text in OTLP/JSON.
    fn wide(&mut self, key: &str, value: u64) {
        if value != 0 {
            quoted(self.key(key), value);
        }
    }

    fn narrow(&mut self, key: &str, value: i64) {
        if value != 0 {
            self.key(key).push_str(itoa::Buffer::new().format(value));
        }
    }

    fn double(&mut self, key: &str, value: f64) {
        push_number(self.key(key), value);
    }

    fn hex(&mut self, key: &str, bytes: &[u8]) {
        if !bytes.is_empty() {
            let out = self.key(key);
            out.push('"');
            push_hex(out, bytes);
            out.push('"');
        }
    }

    fn attributes(&mut self, key: &str, entries: Attributes<'_>) {
        if !entries.is_empty() {
            attributes(self.key(key), entries);
        }
    }

    fn list<T>(&mut self, key: &str, items: &[T], one: impl FnMut(&mut String, &T)) {
        if !items.is_empty() {
            list(self.key(key), items, one);
        }
    }

    fn end(self) {
        self.out.push('}');
    }
}

fn quoted(out: &mut String, value: u64) {
    out.push('"');
    out.push_str(itoa::Buffer::new().format(value));
    out.push('"');
}

fn push_number(out: &mut String, value: f64) {
    if value.is_finite() {
        push_double(out, value);
    } else {
        push_json_string(out, non_finite_name(value));
    }
}

fn list<T>(out: &mut String, items: &[T], mut one: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        one(out, item);
    }
    out.push(']');
}

fn value(out: &mut String, held: &Value<'_>) {
    let mut object = Object::new(out);
    match held {
        Value::Empty => {}
        Value::Str(text) => push_json_string(object.key("stringValue"), text),
        Value::Bool(flag) => object.key("boolValue").push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => push_json_string(object.key("intValue"), itoa::Buffer::new().format(*number)),
        Value::Double(number) => object.double("doubleValue", *number),
        Value::Bytes(bytes) => push_json_string(object.key("bytesValue"), &BASE64.encode(bytes)),
        Value::List(items) => {
            let mut inner = Object::new(object.key("arrayValue"));
            inner.list("values", items, value);
            inner.end();
        }
        Value::Map(entries) => {
            let mut inner = Object::new(object.key("kvlistValue"));
            inner.attributes("values", entries);
            inner.end();
        }
    }
    object.end();
}

fn attributes(out: &mut String, entries: Attributes<'_>) {
    list(out, entries, |out, entry| {
        let mut object = Object::new(out);
        push_json_string(object.key("key"), entry.key);
        value(object.key("value"), &entry.value);
        object.end();
    });
}

fn resource(out: &mut String, held: &Resource<'_>) {
    let mut object = Object::new(out);
    object.attributes("attributes", held.attributes);
    object.narrow("droppedAttributesCount", i64::from(held.dropped_attributes_count));
    object.end();
}

fn scope(out: &mut String, held: &Scope<'_>) {
    let mut object = Object::new(out);
    object.text("name", held.name);
    object.text("version", held.version);
    object.attributes("attributes", held.attributes);
    object.narrow("droppedAttributesCount", i64::from(held.dropped_attributes_count));
    object.end();
}

/// A log record.
pub fn log(record: &LogRecord<'_>, out: &mut String) {
    let mut object = Object::new(out);
    object.wide("timeUnixNano", record.time_unix_nano);
    object.narrow("severityNumber", i64::from(record.severity_number));
    object.text("severityText", record.severity_text);
    if let Some(body) = &record.body {
        value(object.key("body"), body);
    }
    object.attributes("attributes", record.attributes);
    object.narrow("droppedAttributesCount", i64::from(record.dropped_attributes_count));
    object.narrow("flags", i64::from(record.flags));
    object.hex("traceId", record.trace_id);
    object.hex("spanId", record.span_id);
    object.wide("observedTimeUnixNano", record.observed_time_unix_nano);
    object.text("eventName", record.event_name);
    object.end();
}

/// A span.
pub fn span(record: &Span<'_>, out: &mut String) {
    let mut object = Object::new(out);
    object.hex("traceId", record.trace_id);
    object.hex("spanId", record.span_id);
    object.text("traceState", record.trace_state);
    object.hex("parentSpanId", record.parent_span_id);
    object.text("name", record.name);
    object.narrow("kind", i64::from(record.kind));
    object.wide("startTimeUnixNano", record.start_time_unix_nano);
    object.wide("endTimeUnixNano", record.end_time_unix_nano);
    object.attributes("attributes", record.attributes);
    object.narrow("droppedAttributesCount", i64::from(record.dropped_attributes_count));
    object.list("events", record.events, |out, event| {
        let mut object = Object::new(out);
        object.wide("timeUnixNano", event.time_unix_nano);
        object.text("name", event.name);
        object.attributes("attributes", event.attributes);
        object.narrow("droppedAttributesCount", i64::from(event.dropped_attributes_count));
        object.end();
    });
    object.narrow("droppedEventsCount", i64::from(record.dropped_events_count));
    object.list("links", record.links, |out, link| {
        let mut object = Object::new(out);
        object.hex("traceId", link.trace_id);
        object.hex("spanId", link.span_id);
        object.text("traceState", link.trace_state);
        object.attributes("attributes", link.attributes);
        object.narrow("droppedAttributesCount", i64::from(link.dropped_attributes_count));
        object.narrow("flags", i64::from(link.flags));
        object.end();
    });
    object.narrow("droppedLinksCount", i64::from(record.dropped_links_count));
    if record.status_code != 0 || !record.status_message.is_empty() {
        let mut status = Object::new(object.key("status"));
        status.text("message", record.status_message);
        status.narrow("code", i64::from(record.status_code));
        status.end();
    }
    object.narrow("flags", i64::from(record.flags));
    object.end();
}

/// A metric with one of its points.
pub fn metric_with_point(metric: &Metric<'_>, held: &Point<'_>, out: &mut String) {
    let mut object = Object::new(out);
    object.text("name", metric.name);
    object.text("description", metric.description);
    object.text("unit", metric.unit);
    let kind = match metric.kind {
        MetricKind::None => None,
        MetricKind::Gauge => Some("gauge"),
        MetricKind::Sum => Some("sum"),
        MetricKind::Histogram => Some("histogram"),
        MetricKind::ExponentialHistogram => Some("exponentialHistogram"),
        MetricKind::Summary => Some("summary"),
    };
    if let Some(kind) = kind {
        let mut data = Object::new(object.key(kind));
        list(data.key("dataPoints"), &[held], |out, held| point(out, held, metric.kind));
        data.narrow("aggregationTemporality", i64::from(metric.temporality));
        if metric.is_monotonic {
            data.key("isMonotonic").push_str("true");
        }
        data.end();
    }
    object.attributes("metadata", metric.metadata);
    object.end();
}

fn number(object: &mut Object<'_>, held: Option<Number>) {
    match held {
        Some(Number::Int(value)) => push_json_string(object.key("asInt"), itoa::Buffer::new().format(value)),
        Some(Number::Double(value)) => object.double("asDouble", value),
        None => {}
    }
}

fn point(out: &mut String, held: &Point<'_>, kind: MetricKind) {
    let mut object = Object::new(out);
    object.wide("startTimeUnixNano", held.start_time_unix_nano);
    object.wide("timeUnixNano", held.time_unix_nano);
    number(&mut object, held.value);
    object.wide("count", held.count);
    for (key, value) in [("sum", held.sum), ("min", held.min), ("max", held.max)] {
        if let Some(value) = value {
            object.double(key, value);
        }
    }
    object.list("bucketCounts", held.bucket_counts, |out, count| quoted(out, *count));
    object.list("explicitBounds", held.explicit_bounds, |out, bound| push_number(out, *bound));
    if kind == MetricKind::ExponentialHistogram {
        object.narrow("scale", i64::from(held.scale));
        object.wide("zeroCount", held.zero_count);
        buckets(&mut object, "positive", &held.positive);
        buckets(&mut object, "negative", &held.negative);
        if held.zero_threshold != 0.0 {
            object.double("zeroThreshold", held.zero_threshold);
        }
    }
    object.list("quantileValues", held.quantile_values, |out, quantile| {
        let mut object = Object::new(out);
        object.double("quantile", quantile.quantile);
        object.double("value", quantile.value);
        object.end();
    });
    object.list("exemplars", held.exemplars, exemplar);
    object.attributes("attributes", held.attributes);
    object.narrow("flags", i64::from(held.flags));
    object.end();
}

fn buckets(object: &mut Object<'_>, key: &str, held: &Buckets<'_>) {
    if held.offset != 0 || !held.bucket_counts.is_empty() {
        let mut inner = Object::new(object.key(key));
        inner.narrow("offset", i64::from(held.offset));
        inner.list("bucketCounts", held.bucket_counts, |out, count| quoted(out, *count));
        inner.end();
    }
}

fn exemplar(out: &mut String, held: &Exemplar<'_>) {
    let mut object = Object::new(out);
    object.wide("timeUnixNano", held.time_unix_nano);
    number(&mut object, held.value);
    object.hex("spanId", held.span_id);
    object.hex("traceId", held.trace_id);
    object.attributes("filteredAttributes", held.filtered_attributes);
    object.end();
}

/// A record's surroundings, for the request that holds it alone.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'s> {
    /// `resource`
    pub resource: &'s Resource<'s>,
    /// `schemaUrl` of the resource
    pub resource_schema_url: &'s str,
    /// `scope`
    pub scope: &'s Scope<'s>,
    /// `schemaUrl` of the scope
    pub schema_url: &'s str,
}

/// A whole request around one record; `names` are those of the resource list, the scope list and the record list.
pub fn request(around: Surroundings<'_>, names: [&str; 3], record: impl FnOnce(&mut String), out: &mut String) {
    let mut object = Object::new(out);
    let inner = object.key(names[0]);
    inner.push('[');
    let mut group = Object::new(inner);
    resource(group.key("resource"), around.resource);
    let scopes = group.key(names[1]);
    scopes.push('[');
    let mut held = Object::new(scopes);
    scope(held.key("scope"), around.scope);
    let records = held.key(names[2]);
    records.push('[');
    record(records);
    records.push(']');
    held.text("schemaUrl", around.schema_url);
    held.end();
    scopes_end(&mut group);
    group.text("schemaUrl", around.resource_schema_url);
    group.end();
    object.out.push(']');
    object.end();
}

fn scopes_end(group: &mut Object<'_>) {
    group.out.push(']');
}
