//! Metric points to Metric Observation events, one per point.

use std::fmt;

use bumpalo::Bump;

use super::draft::{Activity, Draft, Status};
use super::event::{Builder, Event, Node};
use super::group::{Group, json_map, key_value, plain_text};
use super::schema::{
    self, event as at, exemplar as ex, exp_buckets, metric_point as mp, otel_context as otel, quantile_value as qv,
};
use super::time::millis;
use super::{Mode, severity};
use crate::otlp::{Attributes, Buckets, Exemplar, Metric, MetricKind, Number, Point, Value};
use crate::text::{non_finite_name, push_double};

const LOG_NAME: &str = "otel.metrics";

/// OTLP's NO_RECORDED_VALUE.
const NO_RECORDED_VALUE: u32 = 1;

/// Activities of Metric Observation.
const LOGGED: i64 = 1;
const COLLECTED: i64 = 2;

/// `type_id` of a point.
fn kind_id(kind: MetricKind) -> i64 {
    match kind {
        MetricKind::None => 0,
        MetricKind::Gauge => 1,
        MetricKind::Sum => 2,
        MetricKind::Histogram => 3,
        MetricKind::ExponentialHistogram => 4,
        MetricKind::Summary => 5,
    }
}

/// Whether a scrape made the point.
pub(crate) fn is_scraped(group: &Group<'_>, metric: &Metric<'_>) -> bool {
    group.is_scrape || metric.metadata.iter().any(|entry| entry.key == "prometheus.type")
}

/// The draft of a point with its ids and times.
pub(crate) fn faulty<'a, 'g>(
    arena: &'a Bump,
    group: &'g Group<'a>,
    mode: Mode,
    point: &Point<'a>,
    hash: u128,
) -> Draft<'a, 'g> {
    let mut draft = Draft::new(arena, group, mode, LOG_NAME);
    draft.time(point.time_unix_nano, 0);
    if mode.whole {
        let resource = group.resource_hash.to_be_bytes();
        draft.uid(&[b"metrics", &resource, &point.time_unix_nano.to_le_bytes(), &hash.to_be_bytes()]);
    }
    draft
}

/// Maps a data point.
pub(crate) fn map<'a>(
    arena: &'a Bump,
    group: &Group<'a>,
    mode: Mode,
    metric: &Metric<'a>,
    point: &Point<'a>,
    hash: u128,
) -> Event<'a> {
    let mut draft = faulty(arena, group, mode, point, hash);
    draft.root.text(at::MESSAGE, metric.name);
    draft.severity(severity::INFORMATIONAL);
    draft.status(Status::default());
    draft.root.put(at::SERVICE, group.service);
    let (start, end) = (point.start_time_unix_nano, point.time_unix_nano);
    draft.root.long(at::START_TIME, millis(start).filter(|_| start != 0));
    draft.root.long(at::END_TIME, millis(end).filter(|_| end != 0));
    if start != 0 {
        let signed = draft.unsigned(start, "otel.start_time_nano");
        draft.otel.long(otel::START_TIME_NANO, signed);
    }
    draft.otel.nonzero(otel::FLAG_BITS, i64::from(point.flags));
    if mode.whole && point.attributes.iter().any(|entry| !matches!(entry.value, Value::Str(_))) {
        draft.otel.put(otel::ATTRIBUTE_MAP, json_map(arena, point.attributes));
    }
    let node = point_node(&mut draft, metric, point);
    draft.root.set(at::METRIC_POINT, node);
    let activity = if is_scraped(group, metric) { COLLECTED } else { LOGGED };
    draft.finish(&schema::METRIC_OBSERVATION, Activity::Known(activity))
}

fn point_node<'a>(draft: &mut Draft<'a, '_>, metric: &Metric<'a>, point: &Point<'a>) -> Node<'a> {
    let arena = draft.arena;
    let mut node = Builder::new(arena, &schema::METRIC_POINT);
    node.set(mp::NAME, Node::Text(metric.name));
    node.text(mp::DESC, metric.description);
    node.text(mp::UNIT, metric.unit);
    node.choice(mp::TYPE_ID, kind_id(metric.kind));
    if matches!(metric.kind, MetricKind::Sum | MetricKind::Histogram | MetricKind::ExponentialHistogram) {
        node.choice(mp::TEMPORALITY_ID, i64::from(metric.temporality));
    }
    if metric.kind == MetricKind::Sum {
        node.set(mp::IS_MONOTONIC, Node::Bool(metric.is_monotonic));
    }
    if point.flags & NO_RECORDED_VALUE != 0 {
        node.set(mp::IS_VALUE_MISSING, Node::Bool(true));
    }
    if draft.mode.whole {
        node.set(mp::VALUE, Node::Text(value_text(arena, point)));
        put_number(draft, &mut node, [mp::VALUE_LONG, mp::VALUE_DOUBLE], point.value, "metric_point");
    }
    if matches!(metric.kind, MetricKind::Histogram | MetricKind::ExponentialHistogram | MetricKind::Summary) {
        node.long(mp::POINT_COUNT, draft.unsigned(point.count, "metric_point.point_count"));
    }
    for (index, value, path) in [
        (mp::POINT_SUM, point.sum, "metric_point.point_sum"),
        (mp::POINT_MIN, point.min, "metric_point.point_min"),
        (mp::POINT_MAX, point.max, "metric_point.point_max"),
    ] {
        if let Some(value) = value {
            node.put(index, draft.double(value, path));
        }
    }
    node.put(mp::EXPLICIT_BOUNDS, doubles(draft, point.explicit_bounds, "metric_point.explicit_bounds"));
    node.put(mp::BUCKET_COUNTS, counts(draft, point.bucket_counts, "metric_point.bucket_counts"));
    if metric.kind == MetricKind::ExponentialHistogram {
        node.long(mp::SCALE, i64::from(point.scale));
        node.long(mp::ZERO_COUNT, draft.unsigned(point.zero_count, "metric_point.zero_count"));
        node.put(mp::ZERO_THRESHOLD, draft.double(point.zero_threshold, "metric_point.zero_threshold"));
        node.put(mp::POSITIVE, buckets(draft, &point.positive, "metric_point.positive"));
        node.put(mp::NEGATIVE, buckets(draft, &point.negative, "metric_point.negative"));
    }
    if draft.mode.whole {
        put_rest(draft, &mut node, metric, point);
    }
    Node::Object(node.build())
}

/// What stands behind the numbers, and the flat file has no column for.
fn put_rest<'a>(draft: &mut Draft<'a, '_>, node: &mut Builder<'a>, metric: &Metric<'a>, point: &Point<'a>) {
    let arena = draft.arena;
    node.put(mp::QUANTILE_VALUES, quantiles(draft, point));
    let exemplars: Vec<Node<'a>> =
        point.exemplars.iter().enumerate().map(|(index, exemplar)| exemplar_node(draft, index, exemplar)).collect();
    if !exemplars.is_empty() {
        node.set(mp::EXEMPLARS, Node::List(arena.alloc_slice_copy(&exemplars)));
    }
    node.put(mp::TAGS, tags(arena, point.attributes));
    node.put(mp::METADATA_MAP, json_map(arena, metric.metadata));
}

/// The value as text: the number, or a distribution's sum; empty when nothing was recorded.
fn value_text<'a>(arena: &'a Bump, point: &Point<'a>) -> &'a str {
    if point.flags & NO_RECORDED_VALUE != 0 {
        return "";
    }
    match (point.value, point.sum) {
        (Some(Number::Int(value)), _) => arena.alloc_str(itoa::Buffer::new().format(value)),
        (Some(Number::Double(value)), _) | (None, Some(value)) => double_text(arena, value),
        (None, None) => "",
    }
}

fn double_text(arena: &Bump, value: f64) -> &str {
    if !value.is_finite() {
        return non_finite_name(value);
    }
    let mut out = String::new();
    push_double(&mut out, value);
    arena.alloc_str(&out)
}

/// `value_long` or `value_double` of a point or an exemplar.
fn put_number<'a>(
    draft: &mut Draft<'a, '_>,
    node: &mut Builder<'a>,
    [long, double]: [usize; 2],
    value: Option<Number>,
    path: impl fmt::Display,
) {
    match value {
        Some(Number::Int(value)) => node.long(long, value),
        Some(Number::Double(value)) if value.is_finite() => node.set(double, Node::Double(value)),
        Some(Number::Double(value)) => draft.note(format_args!("{path}.value_double"), non_finite_name(value)),
        None => {}
    }
}

/// A list of numbers; when one of them is not finite the list is left out and each element is noted by its index.
fn doubles<'a>(draft: &mut Draft<'a, '_>, values: &[f64], path: &str) -> Option<Node<'a>> {
    if values.is_empty() {
        return None;
    }
    if values.iter().all(|value| value.is_finite()) {
        let items = draft.arena.alloc_slice_fill_iter(values.iter().map(|value| Node::Double(*value)));
        return Some(Node::List(items));
    }
    for (index, value) in values.iter().enumerate() {
        let text = double_text(draft.arena, *value);
        draft.note(format_args!("{path}.{index}"), text);
    }
    None
}

/// [`doubles`] for counts of 64 bits unsigned.
fn counts<'a>(draft: &mut Draft<'a, '_>, values: &[u64], path: impl fmt::Display) -> Option<Node<'a>> {
    if values.is_empty() {
        return None;
    }
    if values.iter().all(|value| i64::try_from(*value).is_ok()) {
        let items = draft.arena.alloc_slice_fill_iter(values.iter().map(|value| Node::Long(*value as i64)));
        return Some(Node::List(items));
    }
    for (index, value) in values.iter().enumerate() {
        draft.note(format_args!("{path}.{index}"), &value.to_string());
    }
    None
}

fn buckets<'a>(draft: &mut Draft<'a, '_>, held: &Buckets<'_>, path: &str) -> Option<Node<'a>> {
    if held.offset == 0 && held.bucket_counts.is_empty() {
        return None;
    }
    let mut node = Builder::new(draft.arena, &schema::EXP_BUCKETS);
    node.long(exp_buckets::BUCKET_OFFSET, i64::from(held.offset));
    let list = counts(draft, held.bucket_counts, format_args!("{path}.bucket_counts"));
    node.set(exp_buckets::BUCKET_COUNTS, list.unwrap_or(Node::List(&[])));
    node.finish()
}

fn quantiles<'a>(draft: &mut Draft<'a, '_>, point: &Point<'_>) -> Option<Node<'a>> {
    let mut list = Vec::with_capacity(point.quantile_values.len());
    for (index, held) in point.quantile_values.iter().enumerate() {
        let path = format_args!("metric_point.quantile_values.{index}");
        let mut node = Builder::new(draft.arena, &schema::QUANTILE_VALUE);
        let quantile = draft.double(held.quantile, format_args!("{path}.quantile"));
        node.set(qv::QUANTILE, quantile.unwrap_or(Node::Double(0.0)));
        node.put(qv::VALUE_DOUBLE, draft.double(held.value, format_args!("{path}.value_double")));
        list.push(Node::Object(node.build()));
    }
    (!list.is_empty()).then(|| Node::List(draft.arena.alloc_slice_copy(&list)))
}

fn exemplar_node<'a>(draft: &mut Draft<'a, '_>, index: usize, held: &Exemplar<'a>) -> Node<'a> {
    let path = format_args!("metric_point.exemplars.{index}");
    let mut node = Builder::new(draft.arena, &schema::EXEMPLAR);
    node.long(ex::TIME, millis(held.time_unix_nano).unwrap_or(0));
    if held.time_unix_nano != 0 {
        node.long(ex::TIME_NANO, draft.unsigned(held.time_unix_nano, format_args!("{path}.time_nano")));
    }
    put_number(draft, &mut node, [ex::VALUE_LONG, ex::VALUE_DOUBLE], held.value, path);
    node.text(ex::TRACE_UID, draft.hex(held.trace_id));
    node.text(ex::SPAN_UID, draft.hex(held.span_id));
    node.put(ex::ATTRIBUTE_MAP, json_map(draft.arena, held.filtered_attributes));
    Node::Object(node.build())
}

fn tags<'a>(arena: &'a Bump, attributes: Attributes<'a>) -> Option<Node<'a>> {
    if attributes.is_empty() {
        return None;
    }
    let items = arena.alloc_slice_fill_iter(
        attributes.iter().map(|entry| key_value(arena, entry.key, plain_text(arena, entry.value))),
    );
    Some(Node::List(items))
}
