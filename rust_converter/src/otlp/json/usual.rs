//! Records in the exact form that the Collector writes: its order of fields, no white space, nothing that is absent.
//!
//! What is read here is what the general readers make of the same text; for any other form there is nothing, and they
//! begin anew.

use super::fields::Reader;
use super::memo::Head;
use super::metrics;
use super::numerals::{hex, quoted_u64, short_double, short_u64};
use super::scanner::Scanner;
use crate::otlp::{
    Attributes, Buckets, Exemplar, LogRecord, Metric, MetricKind, Number, Point, Quantile, Series, Span, SpanEvent,
    SpanLink, Value,
};

/// Reads an object whose fields stand in this order, each of them or not; whether it is one.
macro_rules! in_order {
    ($reader:ident, $($key:literal: $read:expr;)*) => {{
        let opened = $reader.scanner.passes(b"{");
        let mut more = opened;
        $(
            if more && $reader.scanner.passes(concat!("\"", $key, "\":").as_bytes()) {
                $read;
                more = $reader.scanner.passes(b",");
            }
        )*
        opened && !more && $reader.scanner.passes(b"}")
    }};
}

pub(super) fn log<'a>(reader: &mut Reader<'a>, log: &mut LogRecord<'a>) -> Option<()> {
    let whole = in_order!(reader,
        "timeUnixNano": log.time_unix_nano = reader.scanner.usual_u64()?;
        "observedTimeUnixNano": log.observed_time_unix_nano = reader.scanner.usual_u64()?;
        "severityNumber": log.severity_number = reader.scanner.usual_number()? as i32;
        "severityText": log.severity_text = reader.scanner.usual_text()?;
        "body": log.body = Some(reader.usual_body()?);
        "attributes": log.attributes = reader.usual_attributes("attributes")?;
        "droppedAttributesCount": log.dropped_attributes_count = reader.scanner.usual_number()?;
        "flags": log.flags = reader.scanner.usual_number()?;
        "traceId": log.trace_id = reader.scanner.usual_id::<16>()?;
        "spanId": log.span_id = reader.scanner.usual_id::<8>()?;
        "eventName": log.event_name = reader.scanner.usual_text()?;
    );
    whole.then_some(())
}

pub(super) fn span<'a>(reader: &mut Reader<'a>, span: &mut Span<'a>) -> Option<()> {
    let whole = in_order!(reader,
        "traceId": span.trace_id = reader.scanner.usual_id::<16>()?;
        "spanId": span.span_id = reader.scanner.usual_id::<8>()?;
        "traceState": span.trace_state = reader.scanner.usual_text()?;
        "parentSpanId": span.parent_span_id = reader.scanner.usual_id::<8>()?;
        "flags": span.flags = reader.scanner.usual_number()?;
        "name": span.name = reader.scanner.usual_text()?;
        "kind": span.kind = reader.scanner.usual_number()? as i32;
        "startTimeUnixNano": span.start_time_unix_nano = reader.scanner.usual_u64()?;
        "endTimeUnixNano": span.end_time_unix_nano = reader.scanner.usual_u64()?;
        "attributes": span.attributes = reader.usual_attributes("attributes")?;
        "droppedAttributesCount": span.dropped_attributes_count = reader.scanner.usual_number()?;
        "events": span.events = reader.usual_list(event)?;
        "droppedEventsCount": span.dropped_events_count = reader.scanner.usual_number()?;
        "links": span.links = reader.usual_list(link)?;
        "droppedLinksCount": span.dropped_links_count = reader.scanner.usual_number()?;
        "status": status(reader, span)?;
    );
    whole.then_some(())
}

fn status<'a>(reader: &mut Reader<'a>, span: &mut Span<'a>) -> Option<()> {
    let whole = reader.scanner.passes(b"{}")
        || in_order!(reader,
            "message": span.status_message = reader.scanner.usual_text()?;
            "code": span.status_code = reader.scanner.usual_number()? as i32;
        );
    whole.then_some(())
}

fn event<'a>(reader: &mut Reader<'a>) -> Option<SpanEvent<'a>> {
    let mut event = SpanEvent::default();
    let whole = in_order!(reader,
        "timeUnixNano": event.time_unix_nano = reader.scanner.usual_u64()?;
        "name": event.name = reader.scanner.usual_text()?;
        "attributes": event.attributes = reader.usual_attributes("span event attributes")?;
        "droppedAttributesCount": event.dropped_attributes_count = reader.scanner.usual_number()?;
    );
    whole.then_some(event)
}

fn link<'a>(reader: &mut Reader<'a>) -> Option<SpanLink<'a>> {
    let mut link = SpanLink::default();
    let whole = in_order!(reader,
        "traceId": link.trace_id = reader.scanner.usual_id::<16>()?;
        "spanId": link.span_id = reader.scanner.usual_id::<8>()?;
        "traceState": link.trace_state = reader.scanner.usual_text()?;
        "attributes": link.attributes = reader.usual_attributes("link attributes")?;
        "droppedAttributesCount": link.dropped_attributes_count = reader.scanner.usual_number()?;
        "flags": link.flags = reader.scanner.usual_number()?;
    );
    whole.then_some(link)
}

pub(super) fn metric<'a>(reader: &mut Reader<'a>, metric: &mut Metric<'a>) -> Option<()> {
    let start = reader.scanner.position();
    let head = match reader.memo.and_then(|memo| memo.metric(reader.scanner.rest_of_text())) {
        Some((head, length)) => {
            reader.scanner.pass(length);
            head
        }
        None => {
            let head = head(reader)?;
            if let Some(memo) = reader.memo {
                memo.learn_metric(reader.scanner.slice(start), &head);
            }
            head
        }
    };
    let mut points = std::mem::take(&mut reader.points);
    points.clear();
    loop {
        points.push(Point::default());
        metrics::point(reader, head.kind, false, points.last_mut()?).ok()?;
        if !reader.scanner.passes(b",") {
            break;
        }
    }
    (metric.name, metric.description, metric.unit, metric.kind) = (head.name, head.description, head.unit, head.kind);
    metric.points = reader.arena().alloc_slice_copy(&points);
    reader.points = points;
    let scanner = &mut reader.scanner;
    if !scanner.passes(b"]") {
        return None;
    }
    if scanner.passes(br#","aggregationTemporality":"#) {
        metric.temporality = scanner.usual_number()? as i32;
    }
    metric.is_monotonic = scanner.passes(br#","isMonotonic":true"#);
    if !scanner.passes(b"}") {
        return None;
    }
    if scanner.passes(br#","metadata":"#) {
        metric.metadata = reader.usual_series("metadata")?.attributes;
    }
    reader.scanner.passes(b"}").then_some(())
}

/// A metric up to its first point.
fn head<'a>(reader: &mut Reader<'a>) -> Option<Head<'a>> {
    const KINDS: [(&[u8], MetricKind); 5] = [
        (br#""gauge":{"dataPoints":["#, MetricKind::Gauge),
        (br#""sum":{"dataPoints":["#, MetricKind::Sum),
        (br#""histogram":{"dataPoints":["#, MetricKind::Histogram),
        (br#""exponentialHistogram":{"dataPoints":["#, MetricKind::ExponentialHistogram),
        (br#""summary":{"dataPoints":["#, MetricKind::Summary),
    ];
    let mut head = Head { name: "", description: "", unit: "", kind: MetricKind::None };
    let scanner = &mut reader.scanner;
    if !scanner.passes(b"{") {
        return None;
    }
    for (field, into) in [
        (&br#""name":""#[..], &mut head.name),
        (&br#""description":""#[..], &mut head.description),
        (&br#""unit":""#[..], &mut head.unit),
    ] {
        if scanner.passes(field) {
            *into = scanner.plain_rest()?;
            if !scanner.passes(b",") {
                return None;
            }
        }
    }
    head.kind = KINDS.iter().find(|(field, _)| scanner.passes(field)).map(|(_, kind)| *kind)?;
    Some(head)
}

pub(super) fn point<'a>(reader: &mut Reader<'a>, point: &mut Point<'a>) -> Option<()> {
    let whole = in_order!(reader,
        "attributes": Series { attributes: point.attributes, number: point.series } = reader.usual_series("attributes")?;
        "startTimeUnixNano": point.start_time_unix_nano = reader.scanner.usual_u64()?;
        "timeUnixNano": point.time_unix_nano = reader.scanner.usual_u64()?;
        "asDouble": point.value = Some(Number::Double(reader.scanner.usual_double()?));
        "asInt": point.value = Some(Number::Int(reader.scanner.usual_i64()?));
        "count": point.count = reader.scanner.usual_u64()?;
        "sum": point.sum = Some(reader.scanner.usual_double()?);
        "scale": point.scale = reader.scanner.usual_signed()?;
        "zeroCount": point.zero_count = reader.scanner.usual_u64()?;
        "positive": point.positive = buckets(reader)?;
        "negative": point.negative = buckets(reader)?;
        "bucketCounts": point.bucket_counts = reader.usual_list(|reader| reader.scanner.usual_u64())?;
        "explicitBounds": point.explicit_bounds = reader.usual_list(|reader| reader.scanner.usual_double())?;
        "quantileValues": point.quantile_values = reader.usual_list(quantile)?;
        "exemplars": point.exemplars = reader.usual_list(exemplar)?;
        "flags": point.flags = reader.scanner.usual_number()?;
        "min": point.min = Some(reader.scanner.usual_double()?);
        "max": point.max = Some(reader.scanner.usual_double()?);
        "zeroThreshold": point.zero_threshold = reader.scanner.usual_double()?;
    );
    whole.then_some(())
}

fn buckets<'a>(reader: &mut Reader<'a>) -> Option<Buckets<'a>> {
    let mut buckets = Buckets::default();
    let whole = reader.scanner.passes(b"{}")
        || in_order!(reader,
            "offset": buckets.offset = reader.scanner.usual_signed()?;
            "bucketCounts": buckets.bucket_counts = reader.usual_list(|reader| reader.scanner.usual_u64())?;
        );
    whole.then_some(buckets)
}

fn quantile(reader: &mut Reader<'_>) -> Option<Quantile> {
    let mut quantile = Quantile::default();
    let whole = reader.scanner.passes(b"{}")
        || in_order!(reader,
            "quantile": quantile.quantile = reader.scanner.usual_double()?;
            "value": quantile.value = reader.scanner.usual_double()?;
        );
    whole.then_some(quantile)
}

fn exemplar<'a>(reader: &mut Reader<'a>) -> Option<Exemplar<'a>> {
    let mut exemplar = Exemplar::default();
    let whole = in_order!(reader,
        "filteredAttributes": exemplar.filtered_attributes = reader.usual_attributes("filteredAttributes")?;
        "timeUnixNano": exemplar.time_unix_nano = reader.scanner.usual_u64()?;
        "asDouble": exemplar.value = Some(Number::Double(reader.scanner.usual_double()?));
        "asInt": exemplar.value = Some(Number::Int(reader.scanner.usual_i64()?));
        "traceId": exemplar.trace_id = reader.scanner.usual_id::<16>()?;
        "spanId": exemplar.span_id = reader.scanner.usual_id::<8>()?;
    );
    whole.then_some(exemplar)
}

impl<'a> Scanner<'a> {
    /// A text, with escapes or without.
    #[inline]
    pub(super) fn usual_text(&mut self) -> Option<&'a str> {
        if self.is_at(b'"') { self.string().ok() } else { None }
    }

    /// A number in quotes.
    #[inline]
    fn usual_u64(&mut self) -> Option<u64> {
        let (value, length) = quoted_u64(self.rest())?;
        self.pass(length);
        Some(value)
    }

    /// A number in quotes that may be negative.
    #[inline]
    fn usual_i64(&mut self) -> Option<i64> {
        if !self.passes(b"\"-") {
            return i64::try_from(self.usual_u64()?).ok();
        }
        const MOST: usize = 18;
        let (value, length) = short_u64(self.rest(), MOST)?;
        self.pass(length);
        self.passes(b"\"").then_some(-(value as i64))
    }

    /// A small number.
    #[inline]
    fn usual_number(&mut self) -> Option<u32> {
        const MOST: usize = 9;
        let (value, length) = short_u64(self.rest(), MOST)?;
        if length > 1 && self.is_at(b'0') {
            return None;
        }
        self.pass(length);
        Some(value as u32)
    }

    /// A small number that may be negative.
    fn usual_signed(&mut self) -> Option<i32> {
        let sign = if self.passes(b"-") { -1 } else { 1 };
        self.usual_number().map(|number| sign * number as i32)
    }

    /// A number in any of JSON's forms.
    #[inline]
    pub(super) fn usual_double(&mut self) -> Option<f64> {
        if let Some((value, length)) = short_double(self.rest()) {
            self.pass(length);
            return Some(value);
        }
        self.number().ok()?.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// An id of this many bytes; all zero is none.
    #[inline]
    fn usual_id<const N: usize>(&mut self) -> Option<&'a [u8]> {
        let (pairs, _) = self.rest().strip_prefix(b"\"")?.as_chunks::<2>();
        let bytes = hex::<N>(pairs.first_chunk()?)?;
        self.pass(1 + 2 * N);
        if !self.passes(b"\"") {
            return None;
        }
        let id: &'a [u8] = if bytes == [0; N] { &[] } else { self.arena.alloc(bytes) };
        Some(id)
    }
}

impl<'a> Reader<'a> {
    /// The body of a log record.
    #[inline]
    fn usual_body(&mut self) -> Option<Value<'a>> {
        if self.scanner.is_at(b'{') { self.value().ok() } else { None }
    }

    /// Attributes with values of any form; `field` names them where they are at fault.
    #[inline]
    fn usual_attributes(&mut self, field: &str) -> Option<Attributes<'a>> {
        if self.scanner.is_at(b'[') { self.attributes(field).ok() } else { None }
    }

    /// Attributes that other requests may have.
    fn usual_series(&mut self, field: &str) -> Option<Series<'a>> {
        if let Some((series, length)) = self.memo.and_then(|memo| memo.series(self.scanner.rest_of_text())) {
            self.scanner.pass(length);
            return Some(series);
        }
        let start = self.scanner.position();
        let attributes = self.usual_attributes(field)?;
        // What is wrong with them must be found again.
        let learnt = self.memo.filter(|_| !self.has_fault());
        let series = learnt.and_then(|memo| memo.learn_series(self.scanner.slice(start), attributes));
        Some(series.unwrap_or(Series { attributes, number: 0 }))
    }

    /// A list that is not empty.
    fn usual_list<T: Copy>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<&'a [T]> {
        if !self.scanner.passes(b"[") {
            return None;
        }
        let mut items = bumpalo::collections::Vec::with_capacity_in(8, self.arena());
        loop {
            items.push(item(self)?);
            if !self.scanner.passes(b",") {
                return self.scanner.passes(b"]").then(|| items.into_bump_slice());
            }
        }
    }
}
