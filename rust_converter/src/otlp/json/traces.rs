//! Spans with their events and links.

use super::fields::Reader;
use super::scanner::Scan;
use super::usual;
use crate::otlp::{Span, SpanEvent, SpanLink, check};

const KIND_NAMES: [&str; 6] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUS_NAMES: [&str; 3] = ["UNSET", "OK", "ERROR"];

pub(super) fn span<'a>(reader: &mut Reader<'a>, span: &mut Span<'a>) -> Scan<()> {
    let start = reader.usual_or_any(span, usual::span, any_span)?;
    let cause = reader.take_fault();
    span.fault = reader.fault_of(cause, start).or_else(|| check::span(span, reader.arena()));
    Ok(())
}

fn any_span<'a>(reader: &mut Reader<'a>) -> Scan<Span<'a>> {
    let mut span = Span::default();
    reader.object_or_fault("span", |reader, key| {
        match key {
            "traceId" => span.trace_id = reader.id(key, 16)?,
            "spanId" => span.span_id = reader.id(key, 8)?,
            "traceState" => span.trace_state = reader.text(key)?,
            "parentSpanId" => span.parent_span_id = reader.id(key, 8)?,
            "flags" => span.flags = reader.u32(key)?,
            "name" => span.name = reader.text(key)?,
            "kind" => span.kind = reader.choice(key, "SPAN_KIND_", &KIND_NAMES)?,
            "startTimeUnixNano" => span.start_time_unix_nano = reader.u64(key)?,
            "endTimeUnixNano" => span.end_time_unix_nano = reader.u64(key)?,
            "attributes" => span.attributes = reader.attributes(key)?,
            "droppedAttributesCount" => span.dropped_attributes_count = reader.u32(key)?,
            "events" => span.events = reader.list(key, event)?,
            "droppedEventsCount" => span.dropped_events_count = reader.u32(key)?,
            "links" => span.links = reader.list(key, link)?,
            "droppedLinksCount" => span.dropped_links_count = reader.u32(key)?,
            "status" => reader.object_or_fault("status", |reader, key| {
                match key {
                    "message" => span.status_message = reader.text("status.message")?,
                    "code" => span.status_code = reader.choice("status.code", "STATUS_CODE_", &STATUS_NAMES)?,
                    _ => reader.scanner.skip()?,
                }
                Ok(())
            })?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(span)
}

fn event<'a>(reader: &mut Reader<'a>) -> Scan<SpanEvent<'a>> {
    let mut event = SpanEvent::default();
    reader.object_or_fault("span event", |reader, key| {
        match key {
            "timeUnixNano" => event.time_unix_nano = reader.u64(key)?,
            "name" => event.name = reader.text("span event name")?,
            "attributes" => event.attributes = reader.attributes("span event attributes")?,
            "droppedAttributesCount" => event.dropped_attributes_count = reader.u32(key)?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(event)
}

fn link<'a>(reader: &mut Reader<'a>) -> Scan<SpanLink<'a>> {
    let mut link = SpanLink::default();
    reader.object_or_fault("span link", |reader, key| {
        match key {
            "traceId" => link.trace_id = reader.id("link traceId", 16)?,
            "spanId" => link.span_id = reader.id("link spanId", 8)?,
            "traceState" => link.trace_state = reader.text("link traceState")?,
            "attributes" => link.attributes = reader.attributes("link attributes")?,
            "droppedAttributesCount" => link.dropped_attributes_count = reader.u32(key)?,
            "flags" => link.flags = reader.u32(key)?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(link)
}
