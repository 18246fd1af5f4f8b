//! Spans to events: one per span, and one more for each exception it recorded.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::draft::{Activity, Draft};
use super::event::{Builder, Class, Event, Node};
use super::group::{Group, json_map};
use super::operations::{GRPC_CALLER_FAULTS, http_activity};
use super::parties::{
    ActorParts, Moved, actor_of, client_endpoint, connection, http, own_endpoint, put_http, server_endpoint,
};
use super::schema::{
    self, event as at, metadata as meta, otel_context as otel, span as sp, span_event, span_link, trace,
};
use super::time::{duration_millis, millis};
use super::words::Words;
use super::{Mode, calls, datastore, identity, severity, status};
use crate::otlp::{Span, SpanEvent, SpanLink};
use crate::semconv::{Name, Resolved, find_text};
use crate::text::{push_map_without, written};

const LOG_NAME: &str = "otel.traces";

/// OTLP span kinds.
pub(super) const SERVER: i32 = 2;
pub(super) const CLIENT: i32 = 3;
pub(super) const PRODUCER: i32 = 4;
pub(super) const CONSUMER: i32 = 5;

/// The activity's name of a span that vanilla OCSF has no class for.
pub(super) fn kind_label(kind: i64) -> &'static str {
    match kind {
        1 => "Span: Internal",
        2 => "Span: Server",
        3 => "Span: Client",
        4 => "Span: Producer",
        5 => "Span: Consumer",
        _ => "Span: Unknown",
    }
}

/// Maps a span. `place` names file and line for a faulty one, `raw` makes its text.
pub(crate) fn map<'a>(
    arena: &'a Bump,
    group: &Group<'a>,
    mode: Mode,
    record: &Span<'a>,
    record_hash: u128,
) -> ArenaVec<'a, Event<'a>> {
    let mut events = ArenaVec::with_capacity_in(1, arena);
    events.push(span(arena, group, mode, record, record_hash));
    for (index, event) in record.events.iter().enumerate().filter(|(_, event)| event.name == "exception") {
        events.push(exception(arena, group, mode, record, record_hash, index, event));
    }
    events
}

/// Key of a span's id: its own ids, or like a log's where it has none.
fn uid_key(draft: &mut Draft<'_, '_>, record: &Span<'_>, record_hash: u128, event: Option<usize>) {
    let index = event.map(|index| (index as u64).to_le_bytes());
    let index: &[u8] = index.as_ref().map_or(&[], |bytes| bytes);
    if record.trace_id.is_empty() || record.span_id.is_empty() {
        let resource = draft.group.resource_hash.to_be_bytes();
        let time = record.start_time_unix_nano.to_le_bytes();
        draft.uid(&[b"traces", &resource, &time, &record_hash.to_be_bytes(), index]);
    } else {
        draft.uid(&[b"traces", record.trace_id, record.span_id, index]);
    }
}

/// The draft of a faulty span, for its Translation Error.
pub(crate) fn faulty<'a, 'g>(
    arena: &'a Bump,
    group: &'g Group<'a>,
    mode: Mode,
    record: &Span<'a>,
    hash: u128,
) -> Draft<'a, 'g> {
    let mut draft = Draft::new(arena, group, mode, LOG_NAME);
    draft.time(record.start_time_unix_nano, 0);
    if record.trace_id.len() == 16 {
        draft.trace(record.trace_id, record.flags);
    }
    let resource = group.resource_hash.to_be_bytes();
    draft.uid(&[b"traces", &resource, &record.start_time_unix_nano.to_le_bytes(), &hash.to_be_bytes()]);
    draft
}

fn span<'a>(arena: &'a Bump, group: &Group<'a>, mode: Mode, record: &Span<'a>, record_hash: u128) -> Event<'a> {
    let attrs: &'a Resolved<'a> = arena.alloc_with(|| Resolved::new(record.attributes, record.kind == SERVER));
    let mut draft = Draft::new(arena, group, mode, LOG_NAME);
    uid_key(&mut draft, record, record_hash, None);
    times(&mut draft, record);
    draft.root.text(at::MESSAGE, record.name);
    let outcome = status::of_span(arena, record, attrs);
    draft.status(outcome);
    draft.severity(span_severity(record, attrs));
    put_trace(&mut draft, record);
    put_otel(&mut draft, record);

    let chosen = classify(&mut draft, record, attrs);
    let has_rest = !record.attributes.is_empty()
        && (chosen.moved.is_empty() || (0..record.attributes.len()).any(|index| !chosen.moved.has(index)));
    if has_rest {
        let rest = written(arena, |out| push_map_without(out, record.attributes, &|index| chosen.moved.has(index)));
        draft.otel.set(otel::ATTRIBUTE_MAP, Node::Json(rest));
    }
    Event { attrs: Some(attrs), ..draft.finish(chosen.class, chosen.activity) }
}

/// What the classifier decided.
pub(super) struct Chosen<'a> {
    pub class: &'static Class,
    pub activity: Activity<'a>,
    pub moved: Moved,
}

impl<'a> Chosen<'a> {
    pub fn new(class: &'static Class, activity: Activity<'a>) -> Self {
        Self { class, activity, moved: Moved::default() }
    }
}

/// The classifier of spans: the first class whose required attributes the span fills.
fn classify<'a>(draft: &mut Draft<'a, '_>, record: &Span<'a>, attrs: &Resolved<'a>) -> Chosen<'a> {
    let families = attrs.families;
    if families.db
        && let Some(chosen) = datastore::put(draft, attrs, record.name)
    {
        return chosen;
    }
    if (families.messaging || attrs.has(Name::CeleryTaskName))
        && let Some(chosen) = calls::messaging(draft, attrs, record.name, record.kind)
    {
        return chosen;
    }
    if families.rpc
        && let Some(chosen) = calls::rpc(draft, attrs, record.kind)
    {
        return chosen;
    }
    if attrs.has(Name::HttpRequestMethod)
        && let Some(chosen) = http_span(draft, record, attrs)
    {
        return chosen;
    }
    if (families.faas || families.graphql)
        && let Some(chosen) = calls::function(draft, attrs, record.name, record.kind)
    {
        return chosen;
    }
    let words = event_words(record.name, attrs);
    if let Some(kind) = words.authentication()
        && let Some(chosen) = identity::authentication(draft, attrs, kind, None)
    {
        return chosen;
    }
    other(draft, record)
}

/// The words of a span's name and of the event attributes it may carry.
fn event_words(name: &str, attrs: &Resolved<'_>) -> Words {
    [Some(name), attrs.text(Name::EventName), attrs.text(Name::EventAction)]
        .into_iter()
        .flatten()
        .fold(Words::default(), |words, text| words.or(Words::of(text)))
}

/// A span that no more specific class describes.
fn other<'a>(draft: &mut Draft<'a, '_>, record: &Span<'a>) -> Chosen<'a> {
    let process = draft.group.process.map(|process| {
        let mut actor = Builder::new(draft.arena, &schema::ACTOR);
        actor.set(schema::actor::PROCESS, process);
        Node::Object(actor.build())
    });
    draft.root.put(at::ACTOR, process);
    let kind = i64::from(record.kind);
    if record.trace_id.is_empty() {
        return Chosen::new(&schema::BASE_EVENT, Activity::Other(kind_label(kind)));
    }
    draft.root.put(at::SERVICE, draft.group.service);
    Chosen::new(&schema::SPAN_ACTIVITY, Activity::Known(kind))
}

fn http_span<'a>(draft: &mut Draft<'a, '_>, record: &Span<'a>, attrs: &Resolved<'a>) -> Option<Chosen<'a>> {
    let (arena, group) = (draft.arena, draft.group);
    // Asked first: what is put into the draft from here on stays in it.
    let method = attrs.text(Name::HttpRequestMethod)?;
    let is_client = record.kind == CLIENT;
    let parts = http(arena, attrs, span_millis(record), is_client, draft.mode.whole);
    if parts.request.is_none() && parts.response.is_none() {
        return None;
    }
    put_http(draft, &parts);
    draft.root.put(at::TRAFFIC, parts.traffic);
    let direction = match record.kind {
        SERVER => 1,
        CLIENT => 2,
        _ => 0,
    };
    draft.root.put(at::CONNECTION_INFO, connection(arena, attrs, direction));
    if is_client {
        draft.root.set(at::SRC_ENDPOINT, own_endpoint(arena, group));
        draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, attrs.text(Name::ServicePeerName), true, false));
    } else {
        draft.root.put(at::SRC_ENDPOINT, client_endpoint(arena, attrs));
        draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, Some(group.service_or_unknown()), false, false));
    }
    let who = ActorParts { app_name: None, process: is_client, principal: true };
    draft.root.put(at::ACTOR, actor_of(arena, group, attrs, who));
    let name = attrs.text(Name::HttpRequestMethodOriginal).unwrap_or(method);
    Some(Chosen {
        class: &schema::HTTP_ACTIVITY,
        activity: Activity::of(http_activity(method), name),
        moved: parts.moved,
    })
}

/// A span's duration in ns, when both of its ends are known and in order.
fn span_nanos(record: &Span<'_>) -> Option<i64> {
    if record.end_time_unix_nano == 0 || record.start_time_unix_nano == 0 {
        return None;
    }
    i64::try_from(record.end_time_unix_nano.checked_sub(record.start_time_unix_nano)?).ok()
}

fn span_millis(record: &Span<'_>) -> Option<i64> {
    span_nanos(record).map(duration_millis)
}

fn times(draft: &mut Draft<'_, '_>, record: &Span<'_>) {
    draft.time(record.start_time_unix_nano, 0);
    let (start, end) = (record.start_time_unix_nano, record.end_time_unix_nano);
    draft.root.long(at::START_TIME, millis(start).filter(|_| start != 0));
    draft.root.long(at::END_TIME, millis(end).filter(|_| end != 0));
    draft.root.long(at::DURATION, span_millis(record));
    if end != 0 {
        let signed = draft.unsigned(end, "otel.end_time_nano");
        draft.otel.long(otel::END_TIME_NANO, signed);
    }
    draft.otel.long(otel::DURATION_NANO, span_nanos(record));
}

/// `trace` with its `span`; OCSF requires both times there, so an unknown one is 0. A span that lacks an id has no
/// `trace.span`: what would stand there is noted beside its path.
fn put_trace<'a>(draft: &mut Draft<'a, '_>, record: &Span<'a>) {
    let span_uid = draft.hex(record.span_id);
    draft.meta.text(meta::ORIGINAL_EVENT_UID, span_uid);
    if record.trace_id.is_empty() || span_uid.is_empty() {
        if !record.parent_span_id.is_empty() {
            draft.note("trace.span.parent_uid", draft.hex(record.parent_span_id));
        }
        if record.status_code != 0 {
            draft.note("trace.span.status_code", status_name(record.status_code));
        }
    }
    let Some(mut node) = draft.trace_builder(record.trace_id, record.flags) else {
        return;
    };
    node.put(trace::SERVICE, draft.group.service);
    if !span_uid.is_empty() {
        let mut span = Builder::new(draft.arena, &schema::SPAN);
        span.text(sp::UID, span_uid);
        span.text(sp::PARENT_UID, draft.hex(record.parent_span_id));
        span.long(sp::START_TIME, millis(record.start_time_unix_nano).unwrap_or(0));
        span.long(sp::END_TIME, millis(record.end_time_unix_nano).unwrap_or(0));
        span.long(sp::DURATION, span_millis(record));
        span.text(sp::OPERATION, record.name);
        span.text(sp::STATUS_CODE, status_name(record.status_code));
        span.put(sp::SERVICE, draft.group.service_by_name);
        node.put(trace::SPAN, span.finish());
    }
    draft.root.put(at::TRACE, node.finish());
}

fn status_name(code: i32) -> &'static str {
    match code {
        1 => "OK",
        2 => "ERROR",
        _ => "UNSET",
    }
}

fn put_otel<'a>(draft: &mut Draft<'a, '_>, record: &Span<'a>) {
    draft.otel.choice(otel::SPAN_KIND_ID, i64::from(record.kind));
    if record.trace_id.is_empty() {
        // No `trace.span` holds it then.
        draft.otel.text(otel::SPAN_UID, draft.hex(record.span_id));
    }
    draft.otel.text(otel::TRACE_STATE, record.trace_state);
    draft.otel.nonzero(otel::FLAG_BITS, i64::from(record.flags));
    draft.otel.text(otel::STATUS_MESSAGE, record.status_message);
    if draft.mode.whole {
        put_events_and_links(draft, record);
    }
    draft.otel.nonzero(otel::DROPPED_ATTRIBUTES_COUNT, i64::from(record.dropped_attributes_count));
    draft.otel.nonzero(otel::DROPPED_EVENTS_COUNT, i64::from(record.dropped_events_count));
    draft.otel.nonzero(otel::DROPPED_LINKS_COUNT, i64::from(record.dropped_links_count));
}

fn put_events_and_links<'a>(draft: &mut Draft<'a, '_>, record: &Span<'a>) {
    let mut events = Vec::with_capacity(record.events.len());
    for (index, event) in record.events.iter().enumerate() {
        events.push(event_node(draft, index, event));
    }
    let links: Vec<Node<'a>> = record.links.iter().map(|link| link_node(draft, link)).collect();
    for (index, list) in [(otel::SPAN_EVENTS, events), (otel::SPAN_LINKS, links)] {
        if !list.is_empty() {
            draft.otel.set(index, Node::List(draft.arena.alloc_slice_copy(&list)));
        }
    }
}

fn event_node<'a>(draft: &mut Draft<'a, '_>, index: usize, event: &SpanEvent<'a>) -> Node<'a> {
    let mut node = Builder::new(draft.arena, &schema::SPAN_EVENT);
    node.set(span_event::NAME, Node::Text(event.name));
    node.long(span_event::TIME, millis(event.time_unix_nano).unwrap_or(0));
    if event.time_unix_nano != 0 {
        let signed = draft.unsigned(event.time_unix_nano, format_args!("otel.span_events.{index}.time_nano"));
        node.long(span_event::TIME_NANO, signed);
    }
    node.put(span_event::ATTRIBUTE_MAP, json_map(draft.arena, event.attributes));
    node.nonzero(span_event::DROPPED_ATTRIBUTES_COUNT, i64::from(event.dropped_attributes_count));
    Node::Object(node.build())
}

fn link_node<'a>(draft: &Draft<'a, '_>, link: &SpanLink<'a>) -> Node<'a> {
    let mut node = Builder::new(draft.arena, &schema::SPAN_LINK);
    node.set(span_link::TRACE_UID, Node::Text(draft.hex(link.trace_id)));
    node.set(span_link::SPAN_UID, Node::Text(draft.hex(link.span_id)));
    node.text(span_link::TRACE_STATE, link.trace_state);
    node.put(span_link::ATTRIBUTE_MAP, json_map(draft.arena, link.attributes));
    node.nonzero(span_link::FLAG_BITS, i64::from(link.flags));
    node.nonzero(span_link::DROPPED_ATTRIBUTES_COUNT, i64::from(link.dropped_attributes_count));
    Node::Object(node.build())
}

/// Spans have no severity of their own.
fn span_severity(record: &Span<'_>, attrs: &Resolved<'_>) -> i64 {
    if record.status_code == 1 {
        return severity::INFORMATIONAL;
    }
    match super::parties::status_code(attrs) {
        Some(500..) => return severity::HIGH,
        Some(400..500) => return severity::LOW,
        Some(_) if record.status_code == status::ERROR => return severity::INFORMATIONAL,
        _ => {}
    }
    if record.status_code == status::ERROR {
        return severity::HIGH;
    }
    if record.kind == SERVER && status::grpc(attrs).is_some_and(|code| GRPC_CALLER_FAULTS.contains(&code)) {
        return severity::LOW;
    }
    severity::INFORMATIONAL
}

/// The Application Error that stands for an exception inside a span.
fn exception<'a>(
    arena: &'a Bump,
    group: &Group<'a>,
    mode: Mode,
    record: &Span<'a>,
    record_hash: u128,
    index: usize,
    event: &SpanEvent<'a>,
) -> Event<'a> {
    let mut draft = Draft::new(arena, group, mode, LOG_NAME);
    uid_key(&mut draft, record, record_hash, Some(index));
    draft.time(event.time_unix_nano, 0);
    let text = |key| find_text(event.attributes, key);
    let (kind, message) = (text("exception.type"), text("exception.message"));
    let full = match (kind, message) {
        (Some(kind), Some(message)) => Some(bumpalo::format!(in arena, "{}: {}", kind, message).into_bump_str()),
        (one, other) => one.or(other),
    };
    draft.root.text(at::MESSAGE, full);
    let escaped = match crate::semconv::find(event.attributes, "exception.escaped") {
        Some(crate::otlp::Value::Bool(escaped)) => escaped,
        Some(crate::otlp::Value::Str(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    let is_high = escaped || record.status_code == status::ERROR;
    draft.severity(if is_high { severity::HIGH } else { severity::MEDIUM });
    draft.status(super::draft::Status { id: 2, code: kind, detail: message });
    draft.meta.text(meta::EVENT_CODE, "exception");
    draft.trace(record.trace_id, record.flags);
    draft.otel.text(otel::SPAN_UID, draft.hex(record.span_id));
    draft.otel.put(otel::ATTRIBUTE_MAP, json_map(arena, event.attributes));
    draft.otel.nonzero(otel::DROPPED_ATTRIBUTES_COUNT, i64::from(event.dropped_attributes_count));
    Event { derived: true, ..draft.finish(&schema::APPLICATION_ERROR, Activity::Known(1)) }
}
