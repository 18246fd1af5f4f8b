//! What a record must keep to whatever format it came in: lengths of ids, ranges of enums.

use bumpalo::Bump;

use super::{Fault, LogRecord, Metric, Point, Span};

/// A trace id has 16 bytes, a span id 8; empty is absent.
fn id(name: &str, bytes: &[u8], length: usize) -> Option<String> {
    (!bytes.is_empty() && bytes.len() != length).then(|| format!("{name} has {} bytes, not {length}", bytes.len()))
}

fn range(name: &str, value: i32, high: i32) -> Option<String> {
    (!(0..=high).contains(&value)).then(|| format!("{name} {value} is not between 0 and {high}"))
}

fn fault<'a>(cause: Option<String>, arena: &'a Bump) -> Option<Fault<'a>> {
    cause.map(|cause| Fault { cause: arena.alloc_str(&cause), raw: None })
}

/// Checks a log record.
pub(crate) fn log<'a>(log: &LogRecord<'a>, arena: &'a Bump) -> Option<Fault<'a>> {
    let cause = id("traceId", log.trace_id, 16)
        .or_else(|| id("spanId", log.span_id, 8))
        .or_else(|| range("severityNumber", log.severity_number, 24));
    fault(cause, arena)
}

/// Checks a span.
pub(crate) fn span<'a>(span: &Span<'a>, arena: &'a Bump) -> Option<Fault<'a>> {
    let links = || {
        span.links
            .iter()
            .find_map(|link| id("link traceId", link.trace_id, 16).or_else(|| id("link spanId", link.span_id, 8)))
    };
    let cause = id("traceId", span.trace_id, 16)
        .or_else(|| id("spanId", span.span_id, 8))
        .or_else(|| id("parentSpanId", span.parent_span_id, 8))
        .or_else(|| range("kind", span.kind, 5))
        .or_else(|| range("status.code", span.status_code, 2))
        .or_else(links);
    fault(cause, arena)
}

/// Checks a metric without its points.
pub(crate) fn metric<'a>(metric: &Metric<'a>, arena: &'a Bump) -> Option<Fault<'a>> {
    fault(range("aggregationTemporality", metric.temporality, 2), arena)
}

/// Checks a point.
pub(crate) fn point<'a>(point: &Point<'a>, arena: &'a Bump) -> Option<Fault<'a>> {
    let cause = point.exemplars.iter().find_map(|exemplar| {
        id("exemplar traceId", exemplar.trace_id, 16).or_else(|| id("exemplar spanId", exemplar.span_id, 8))
    });
    fault(cause, arena)
}
