//! The messages of OTLP, field by field.

use bumpalo::Bump;

use super::memo::Recall;
use super::wire::{Field, Message, Scalar, Wire};
use crate::otlp::json::MAX_VALUE_DEPTH;
use crate::otlp::{
    Attributes, Buckets, Exemplar, Fault, KeyValue, LogRecord, Metric, MetricKind, Number, Point, Quantile, Resource,
    Scope, Span, SpanEvent, SpanLink, Value, check,
};

/// What the messages share: the arena, scratch for attribute lists, and the first fault of the record at hand.
pub(super) struct Reader<'a> {
    pub(super) arena: &'a Bump,
    memo: Option<&'a dyn Recall<'a>>,
    fault: Option<Fault<'a>>,
    entries: Vec<KeyValue<'a>>,
    /// How many of them are not the point's
    before_point: usize,
    values: Vec<Value<'a>>,
    depth: usize,
}

/// A field of a type that its number does not have.
macro_rules! wrong {
    ($message:expr) => {
        return $message.error("a field of the wrong type")
    };
}

impl<'a> Reader<'a> {
    pub(super) fn new(arena: &'a Bump, memo: Option<&'a dyn Recall<'a>>) -> Self {
        Self { arena, memo, fault: None, entries: Vec::new(), before_point: 0, values: Vec::new(), depth: 0 }
    }

    pub(super) fn take_fault(&mut self) -> Option<Fault<'a>> {
        self.fault.take()
    }

    #[cold]
    fn fail(&mut self, field: &str, why: &str) {
        if self.fault.is_none() {
            let cause = bumpalo::format!(in self.arena, "{} {}", field, why).into_bump_str();
            self.fault = Some(Fault { cause, raw: None });
        }
    }

    /// A text; one that is not UTF-8 is a fault, and kept as far as it can be.
    #[inline]
    pub(super) fn text(&mut self, field: &str, message: Message<'a>) -> &'a str {
        match std::str::from_utf8(message.bytes) {
            Ok(text) => text,
            Err(_) => {
                self.fail(field, "is not UTF-8");
                self.arena.alloc_str(&String::from_utf8_lossy(message.bytes))
            }
        }
    }

    pub(super) fn resource(&mut self, mut message: Message<'a>) -> Wire<Resource<'a>> {
        let mut resource = Resource::default();
        let base = self.entries.len();
        while let Some((number, field)) = message.next()? {
            match (number, field) {
                (1, Field::Bytes(inner)) => self.push_entry(inner)?,
                (2, Field::Varint(value)) => resource.dropped_attributes_count = value as u32,
                (1..=2, _) => wrong!(message),
                _ => {}
            }
        }
        resource.attributes = self.entries_from(base);
        Ok(resource)
    }

    pub(super) fn scope(&mut self, mut message: Message<'a>) -> Wire<Scope<'a>> {
        let mut scope = Scope::default();
        let base = self.entries.len();
        while let Some((number, field)) = message.next()? {
            match (number, field) {
                (1, Field::Bytes(inner)) => scope.name = self.text("scope.name", inner),
                (2, Field::Bytes(inner)) => scope.version = self.text("scope.version", inner),
                (3, Field::Bytes(inner)) => self.push_entry(inner)?,
                (4, Field::Varint(value)) => scope.dropped_attributes_count = value as u32,
                (1..=4, _) => wrong!(message),
                _ => {}
            }
        }
        scope.attributes = self.entries_from(base);
        Ok(scope)
    }

    fn push_entry(&mut self, mut message: Message<'a>) -> Wire<()> {
        // A value that nests too deep is told below.
        if self.depth < MAX_VALUE_DEPTH
            && let Some((key, value)) = message.usual_entry()
        {
            let key = self.text("an attribute's key", key);
            let value = match value {
                Scalar::Text(text) => Value::Str(self.text("stringValue", text)),
                Scalar::Bool(flag) => Value::Bool(flag),
                Scalar::Int(number) => Value::Int(number),
                Scalar::Double(number) => Value::Double(number),
            };
            self.entries.push(KeyValue { key, value });
            return Ok(());
        }
        let mut entry = KeyValue { key: "", value: Value::Empty };
        while let Some((number, field)) = message.next()? {
            match (number, field) {
                (1, Field::Bytes(inner)) => entry.key = self.text("an attribute's key", inner),
                (2, Field::Bytes(inner)) => entry.value = self.value(inner)?,
                (1..=2, _) => wrong!(message),
                _ => {}
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    fn entries_from(&mut self, base: usize) -> Attributes<'a> {
        if self.entries.len() == base {
            return &[];
        }
        let entries = self.arena.alloc_slice_copy(&self.entries[base..]);
        self.entries.truncate(base);
        entries
    }

    /// The next field of a point whose attributes are the fields of this tag; those that stand together are a series.
    #[inline]
    fn next_of_point(
        &mut self,
        point: &mut Point<'a>,
        message: &mut Message<'a>,
        tag: u8,
    ) -> Wire<Option<(u32, Field<'a>)>> {
        if message.bytes.first() == Some(&tag)
            && point.attributes.is_empty()
            && self.entries.len() == self.before_point
            && let Some(memo) = self.memo
        {
            self.series(memo, point, message, tag)?;
        }
        message.next()
    }

    fn series(
        &mut self,
        memo: &'a dyn Recall<'a>,
        point: &mut Point<'a>,
        message: &mut Message<'a>,
        tag: u8,
    ) -> Wire<()> {
        if let Some((series, length)) = memo.expected(message.bytes, tag) {
            message.advance(length);
            (point.attributes, point.series) = (series.attributes, series.number);
            return Ok(());
        }
        let mut behind = *message;
        while behind.bytes.first() == Some(&tag) {
            behind.next()?;
        }
        let bytes = &message.bytes[..message.bytes.len() - behind.bytes.len()];
        let mut series = memo.find(bytes);
        if series.is_none() {
            let base = self.entries.len();
            while message.bytes.len() > behind.bytes.len() {
                let Some((_, Field::Bytes(inner))) = message.next()? else { wrong!(message) };
                self.push_entry(inner)?;
            }
            point.attributes = self.entries_from(base);
            // What is wrong with them must be found again.
            if self.fault.is_none() {
                series = memo.learn(bytes, point.attributes);
            }
        }
        if let Some(series) = series {
            (point.attributes, point.series) = (series.attributes, series.number);
        }
        *message = behind;
        Ok(())
    }

    fn value(&mut self, mut message: Message<'a>) -> Wire<Value<'a>> {
        if self.depth == MAX_VALUE_DEPTH {
            self.fail("an attribute", "nests deeper than 100 values");
            return Ok(Value::Empty);
        }
        self.depth += 1;
        let mut value = Value::Empty;
        while let Some((number, field)) = message.next()? {
            value = match (number, field) {
                (1, Field::Bytes(inner)) => Value::Str(self.text("stringValue", inner)),
                (2, Field::Varint(flag)) => Value::Bool(flag != 0),
                (3, Field::Varint(number)) => Value::Int(number as i64),
                (4, Field::Fixed64(bits)) => Value::Double(f64::from_bits(bits)),
                (5, Field::Bytes(inner)) => Value::List(self.list_value(inner)?),
                (6, Field::Bytes(inner)) => Value::Map(self.map_value(inner)?),
                (7, Field::Bytes(inner)) => Value::Bytes(inner.bytes),
                (1..=7, _) => wrong!(message),
                _ => value,
            };
        }
        self.depth -= 1;
        Ok(value)
    }

    fn list_value(&mut self, mut message: Message<'a>) -> Wire<&'a [Value<'a>]> {
        let base = self.values.len();
        while let Some((number, field)) = message.next()? {
            match (number, field) {
                (1, Field::Bytes(inner)) => {
                    let value = self.value(inner)?;
                    self.values.push(value);
                }
                (1, _) => wrong!(message),
                _ => {}
            }
        }
        let values = self.arena.alloc_slice_copy(&self.values[base..]);
        self.values.truncate(base);
        Ok(values)
    }

    fn map_value(&mut self, mut message: Message<'a>) -> Wire<Attributes<'a>> {
        let base = self.entries.len();
        while let Some((number, field)) = message.next()? {
            match (number, field) {
                (1, Field::Bytes(inner)) => self.push_entry(inner)?,
                (1, _) => wrong!(message),
                _ => {}
            }
        }
        Ok(self.entries_from(base))
    }
}

/// An id; all zero at the right length is none.
fn id<'a>(message: Message<'a>, length: usize) -> &'a [u8] {
    if message.bytes.len() == length && message.bytes.iter().all(|b| *b == 0) { &[] } else { message.bytes }
}

pub(super) fn log<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<LogRecord<'a>> {
    let mut log = LogRecord::default();
    let base = reader.entries.len();
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Fixed64(value)) => log.time_unix_nano = value,
            (2, Field::Varint(value)) => log.severity_number = value as i32,
            (3, Field::Bytes(inner)) => log.severity_text = reader.text("severityText", inner),
            (5, Field::Bytes(inner)) => log.body = Some(reader.value(inner)?),
            (6, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (7, Field::Varint(value)) => log.dropped_attributes_count = value as u32,
            (8, Field::Fixed32(value)) => log.flags = value,
            (9, Field::Bytes(inner)) => log.trace_id = id(inner, 16),
            (10, Field::Bytes(inner)) => log.span_id = id(inner, 8),
            (11, Field::Fixed64(value)) => log.observed_time_unix_nano = value,
            (12, Field::Bytes(inner)) => log.event_name = reader.text("eventName", inner),
            (1..=3 | 5..=12, _) => wrong!(message),
            _ => {}
        }
    }
    log.attributes = reader.entries_from(base);
    log.fault = reader.take_fault().or_else(|| check::log(&log, reader.arena));
    Ok(log)
}

pub(super) fn span<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<Span<'a>> {
    let mut span = Span::default();
    let base = reader.entries.len();
    let (mut events, mut links) = (Vec::new(), Vec::new());
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(inner)) => span.trace_id = id(inner, 16),
            (2, Field::Bytes(inner)) => span.span_id = id(inner, 8),
            (3, Field::Bytes(inner)) => span.trace_state = reader.text("traceState", inner),
            (4, Field::Bytes(inner)) => span.parent_span_id = id(inner, 8),
            (5, Field::Bytes(inner)) => span.name = reader.text("name", inner),
            (6, Field::Varint(value)) => span.kind = value as i32,
            (7, Field::Fixed64(value)) => span.start_time_unix_nano = value,
            (8, Field::Fixed64(value)) => span.end_time_unix_nano = value,
            (9, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (10, Field::Varint(value)) => span.dropped_attributes_count = value as u32,
            (11, Field::Bytes(inner)) => events.push(event(reader, inner)?),
            (12, Field::Varint(value)) => span.dropped_events_count = value as u32,
            (13, Field::Bytes(inner)) => links.push(link(reader, inner)?),
            (14, Field::Varint(value)) => span.dropped_links_count = value as u32,
            (15, Field::Bytes(inner)) => (span.status_message, span.status_code) = status(reader, inner)?,
            (16, Field::Fixed32(value)) => span.flags = value,
            (1..=16, _) => wrong!(message),
            _ => {}
        }
    }
    span.attributes = reader.entries_from(base);
    span.events = reader.arena.alloc_slice_copy(&events);
    span.links = reader.arena.alloc_slice_copy(&links);
    span.fault = reader.take_fault().or_else(|| check::span(&span, reader.arena));
    Ok(span)
}

fn event<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<SpanEvent<'a>> {
    let mut event = SpanEvent::default();
    let base = reader.entries.len();
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Fixed64(value)) => event.time_unix_nano = value,
            (2, Field::Bytes(inner)) => event.name = reader.text("span event name", inner),
            (3, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (4, Field::Varint(value)) => event.dropped_attributes_count = value as u32,
            (1..=4, _) => wrong!(message),
            _ => {}
        }
    }
    event.attributes = reader.entries_from(base);
    Ok(event)
}

fn link<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<SpanLink<'a>> {
    let mut link = SpanLink::default();
    let base = reader.entries.len();
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(inner)) => link.trace_id = id(inner, 16),
            (2, Field::Bytes(inner)) => link.span_id = id(inner, 8),
            (3, Field::Bytes(inner)) => link.trace_state = reader.text("link traceState", inner),
            (4, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (5, Field::Varint(value)) => link.dropped_attributes_count = value as u32,
            (6, Field::Fixed32(value)) => link.flags = value,
            (1..=6, _) => wrong!(message),
            _ => {}
        }
    }
    link.attributes = reader.entries_from(base);
    Ok(link)
}

fn status<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<(&'a str, i32)> {
    let mut status = ("", 0);
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (2, Field::Bytes(inner)) => status.0 = reader.text("status.message", inner),
            (3, Field::Varint(value)) => status.1 = value as i32,
            (2..=3, _) => wrong!(message),
            _ => {}
        }
    }
    Ok(status)
}

pub(super) fn metric<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<Metric<'a>> {
    let mut metric = Metric::default();
    let base = reader.entries.len();
    let mut points = Vec::new();
    let mut fault = None;
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(inner)) => metric.name = reader.text("metric name", inner),
            (2, Field::Bytes(inner)) => metric.description = reader.text("description", inner),
            (3, Field::Bytes(inner)) => metric.unit = reader.text("unit", inner),
            (5, Field::Bytes(inner)) => data(reader, &mut metric, &mut points, MetricKind::Gauge, inner)?,
            (7, Field::Bytes(inner)) => data(reader, &mut metric, &mut points, MetricKind::Sum, inner)?,
            (9, Field::Bytes(inner)) => data(reader, &mut metric, &mut points, MetricKind::Histogram, inner)?,
            (10, Field::Bytes(inner)) => {
                data(reader, &mut metric, &mut points, MetricKind::ExponentialHistogram, inner)?
            }
            (11, Field::Bytes(inner)) => data(reader, &mut metric, &mut points, MetricKind::Summary, inner)?,
            (12, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (1..=3 | 5 | 7 | 9..=12, _) => wrong!(message),
            _ => {}
        }
        fault = fault.or(reader.take_fault());
    }
    metric.points = reader.arena.alloc_slice_copy(&points);
    metric.metadata = reader.entries_from(base);
    metric.fault = fault.or_else(|| check::metric(&metric, reader.arena));
    Ok(metric)
}

fn data<'a>(
    reader: &mut Reader<'a>,
    metric: &mut Metric<'a>,
    points: &mut Vec<Point<'a>>,
    kind: MetricKind,
    mut message: Message<'a>,
) -> Wire<()> {
    let other = metric.kind != kind && !points.is_empty();
    metric.kind = kind;
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(inner)) => points.push(point(reader, kind, inner)?),
            (2, Field::Varint(value)) if kind != MetricKind::Gauge => metric.temporality = value as i32,
            (3, Field::Varint(value)) if kind == MetricKind::Sum => metric.is_monotonic = value != 0,
            (1, _) => wrong!(message),
            _ => {}
        }
    }
    if other {
        reader.fail("metric", "has points of more than one kind");
    }
    Ok(())
}

/// First bytes of a point's attributes: field number and wire type.
const NUMBER_ATTRIBUTES: u8 = 7 << 3 | 2;
const HISTOGRAM_ATTRIBUTES: u8 = 9 << 3 | 2;
const EXPONENTIAL_ATTRIBUTES: u8 = 1 << 3 | 2;
const SUMMARY_ATTRIBUTES: u8 = 7 << 3 | 2;

fn point<'a>(reader: &mut Reader<'a>, kind: MetricKind, message: Message<'a>) -> Wire<Point<'a>> {
    let mut point = Point::default();
    let base = reader.entries.len();
    reader.before_point = base;
    match kind {
        MetricKind::Histogram => histogram(reader, &mut point, message)?,
        MetricKind::ExponentialHistogram => exponential(reader, &mut point, message)?,
        MetricKind::Summary => summary(reader, &mut point, message)?,
        MetricKind::Gauge | MetricKind::Sum | MetricKind::None => number(reader, &mut point, message)?,
    }
    if reader.entries.len() > base {
        // They did not all stand together, or there is no memory.
        reader.entries.splice(base..base, point.attributes.iter().copied());
        (point.attributes, point.series) = (reader.entries_from(base), 0);
    }
    point.fault = reader.take_fault().or_else(|| check::point(&point, reader.arena));
    Ok(point)
}

fn number<'a>(reader: &mut Reader<'a>, point: &mut Point<'a>, mut message: Message<'a>) -> Wire<()> {
    let mut exemplars = Vec::new();
    while let Some((number, field)) = reader.next_of_point(point, &mut message, NUMBER_ATTRIBUTES)? {
        match (number, field) {
            (2, Field::Fixed64(value)) => point.start_time_unix_nano = value,
            (3, Field::Fixed64(value)) => point.time_unix_nano = value,
            (4, Field::Fixed64(bits)) => point.value = Some(Number::Double(f64::from_bits(bits))),
            (5, Field::Bytes(inner)) => exemplars.push(exemplar(reader, inner)?),
            (6, Field::Fixed64(value)) => point.value = Some(Number::Int(value as i64)),
            (7, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (8, Field::Varint(value)) => point.flags = value as u32,
            (2..=8, _) => wrong!(message),
            _ => {}
        }
    }
    point.exemplars = reader.arena.alloc_slice_copy(&exemplars);
    Ok(())
}

fn histogram<'a>(reader: &mut Reader<'a>, point: &mut Point<'a>, mut message: Message<'a>) -> Wire<()> {
    let (mut exemplars, mut counts, mut bounds) = (Vec::new(), Vec::new(), Vec::new());
    while let Some((number, field)) = reader.next_of_point(point, &mut message, HISTOGRAM_ATTRIBUTES)? {
        match (number, field) {
            (2, Field::Fixed64(value)) => point.start_time_unix_nano = value,
            (3, Field::Fixed64(value)) => point.time_unix_nano = value,
            (4, Field::Fixed64(value)) => point.count = value,
            (5, Field::Fixed64(bits)) => point.sum = Some(f64::from_bits(bits)),
            (6, _) => push_fixed64(field, &mut counts, message)?,
            (7, _) => push_fixed64(field, &mut bounds, message)?,
            (8, Field::Bytes(inner)) => exemplars.push(exemplar(reader, inner)?),
            (9, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (10, Field::Varint(value)) => point.flags = value as u32,
            (11, Field::Fixed64(bits)) => point.min = Some(f64::from_bits(bits)),
            (12, Field::Fixed64(bits)) => point.max = Some(f64::from_bits(bits)),
            (2..=12, _) => wrong!(message),
            _ => {}
        }
    }
    point.exemplars = reader.arena.alloc_slice_copy(&exemplars);
    point.bucket_counts = reader.arena.alloc_slice_copy(&counts);
    point.explicit_bounds = reader.arena.alloc_slice_fill_iter(bounds.into_iter().map(f64::from_bits));
    Ok(())
}

/// Repeated 8-byte numbers, packed or one by one.
fn push_fixed64(field: Field<'_>, into: &mut Vec<u64>, message: Message<'_>) -> Wire<()> {
    match field {
        Field::Fixed64(value) => into.push(value),
        Field::Bytes(mut packed) => {
            into.reserve(packed.bytes.len() / 8);
            while !packed.bytes.is_empty() {
                into.push(packed.fixed64()?);
            }
        }
        _ => wrong!(message),
    }
    Ok(())
}

fn exponential<'a>(reader: &mut Reader<'a>, point: &mut Point<'a>, mut message: Message<'a>) -> Wire<()> {
    let mut exemplars = Vec::new();
    while let Some((number, field)) = reader.next_of_point(point, &mut message, EXPONENTIAL_ATTRIBUTES)? {
        match (number, field) {
            (1, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (2, Field::Fixed64(value)) => point.start_time_unix_nano = value,
            (3, Field::Fixed64(value)) => point.time_unix_nano = value,
            (4, Field::Fixed64(value)) => point.count = value,
            (5, Field::Fixed64(bits)) => point.sum = Some(f64::from_bits(bits)),
            (6, Field::Varint(value)) => point.scale = zigzag(value),
            (7, Field::Fixed64(value)) => point.zero_count = value,
            (8, Field::Bytes(inner)) => point.positive = buckets(reader, inner)?,
            (9, Field::Bytes(inner)) => point.negative = buckets(reader, inner)?,
            (10, Field::Varint(value)) => point.flags = value as u32,
            (11, Field::Bytes(inner)) => exemplars.push(exemplar(reader, inner)?),
            (12, Field::Fixed64(bits)) => point.min = Some(f64::from_bits(bits)),
            (13, Field::Fixed64(bits)) => point.max = Some(f64::from_bits(bits)),
            (14, Field::Fixed64(bits)) => point.zero_threshold = f64::from_bits(bits),
            (1..=14, _) => wrong!(message),
            _ => {}
        }
    }
    point.exemplars = reader.arena.alloc_slice_copy(&exemplars);
    Ok(())
}

/// `sint32`
fn zigzag(value: u64) -> i32 {
    let value = value as u32;
    ((value >> 1) as i32) ^ -((value & 1) as i32)
}

fn buckets<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<Buckets<'a>> {
    let mut offset = 0;
    let mut counts = Vec::new();
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Varint(value)) => offset = zigzag(value),
            (2, Field::Varint(value)) => counts.push(value),
            (2, Field::Bytes(mut packed)) => {
                counts.reserve(packed.bytes.len());
                while !packed.bytes.is_empty() {
                    counts.push(packed.varint()?);
                }
            }
            (1..=2, _) => wrong!(message),
            _ => {}
        }
    }
    Ok(Buckets { offset, bucket_counts: reader.arena.alloc_slice_copy(&counts) })
}

fn summary<'a>(reader: &mut Reader<'a>, point: &mut Point<'a>, mut message: Message<'a>) -> Wire<()> {
    let mut quantiles = Vec::new();
    while let Some((number, field)) = reader.next_of_point(point, &mut message, SUMMARY_ATTRIBUTES)? {
        match (number, field) {
            (2, Field::Fixed64(value)) => point.start_time_unix_nano = value,
            (3, Field::Fixed64(value)) => point.time_unix_nano = value,
            (4, Field::Fixed64(value)) => point.count = value,
            // A summary's sum has no presence: zero is absent.
            (5, Field::Fixed64(bits)) => point.sum = (bits != 0).then(|| f64::from_bits(bits)),
            (6, Field::Bytes(inner)) => quantiles.push(quantile(inner)?),
            (7, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (8, Field::Varint(value)) => point.flags = value as u32,
            (2..=8, _) => wrong!(message),
            _ => {}
        }
    }
    point.quantile_values = reader.arena.alloc_slice_copy(&quantiles);
    Ok(())
}

fn quantile(mut message: Message<'_>) -> Wire<Quantile> {
    let mut held = Quantile::default();
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Fixed64(bits)) => held.quantile = f64::from_bits(bits),
            (2, Field::Fixed64(bits)) => held.value = f64::from_bits(bits),
            (1..=2, _) => wrong!(message),
            _ => {}
        }
    }
    Ok(held)
}

fn exemplar<'a>(reader: &mut Reader<'a>, mut message: Message<'a>) -> Wire<Exemplar<'a>> {
    let mut held = Exemplar::default();
    let base = reader.entries.len();
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (2, Field::Fixed64(value)) => held.time_unix_nano = value,
            (3, Field::Fixed64(bits)) => held.value = Some(Number::Double(f64::from_bits(bits))),
            (4, Field::Bytes(inner)) => held.span_id = id(inner, 8),
            (5, Field::Bytes(inner)) => held.trace_id = id(inner, 16),
            (6, Field::Fixed64(value)) => held.value = Some(Number::Int(value as i64)),
            (7, Field::Bytes(inner)) => reader.push_entry(inner)?,
            (2..=7, _) => wrong!(message),
            _ => {}
        }
    }
    held.filtered_attributes = reader.entries_from(base);
    Ok(held)
}
