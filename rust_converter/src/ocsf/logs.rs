//! Log records to events.

use bumpalo::Bump;

use super::draft::{Activity, Draft};
use super::event::{Builder, Event, Node};
use super::group::{Group, first_text, product};
use super::operations::{api_activity, http_activity};
use super::parties::{ActorParts, actor_of, client_endpoint, connection, http, put_http, server_endpoint, status_code};
use super::schema::{self, event as at, metadata as meta, otel_context as otel, resource_details as res};
use super::traces::Chosen;
use super::words::{Word, Words};
use super::{Mode, calls, datastore, identity, severity, status};
use crate::otlp::{LogRecord, Value};
use crate::semconv::{Name, Resolved, TWO_63};
use crate::text::{push_map_without, push_value, written};

const LOG_NAME: &str = "otel.logs";

/// `resources.role_id`: the resource was affected.
const AFFECTED: i64 = 3;

/// The draft of a log record with its ids and times.
pub(crate) fn faulty<'a, 'g>(
    arena: &'a Bump,
    group: &'g Group<'a>,
    mode: Mode,
    record: &LogRecord<'a>,
    hash: u128,
) -> Draft<'a, 'g> {
    let mut draft = Draft::new(arena, group, mode, LOG_NAME);
    draft.time(record.time_unix_nano, record.observed_time_unix_nano);
    let resource = group.resource_hash.to_be_bytes();
    draft.uid(&[b"logs", &resource, &record.time_unix_nano.to_le_bytes(), &hash.to_be_bytes()]);
    if record.trace_id.len() == 16 {
        draft.trace(record.trace_id, record.flags);
    }
    draft
}

/// Maps a log record.
pub(crate) fn map<'a>(
    arena: &'a Bump,
    group: &Group<'a>,
    mode: Mode,
    record: &LogRecord<'a>,
    record_hash: u128,
) -> Event<'a> {
    let attrs: &'a Resolved<'a> = arena.alloc_with(|| Resolved::new(record.attributes, true));
    let mut draft = faulty(arena, group, mode, record, record_hash);
    draft.observed(record.observed_time_unix_nano);
    put_body(&mut draft, record);
    let number = severity::effective_number(record.severity_number, record.severity_text);
    draft.severity(severity::of_log(number));
    put_otel(&mut draft, record, attrs);
    put_duration(&mut draft, attrs);

    let is_error = number >= severity::ERROR_NUMBER;
    let chosen = classify(&mut draft, record, attrs, is_error);
    let is_activity = ACTIVITIES.contains(&chosen.class.uid);
    draft.status(status::of_log(arena, attrs, is_error, is_activity));
    if !draft.root.has(at::ACTOR) && chosen.class.uid != schema::AUTHENTICATION.uid {
        let who = ActorParts { app_name: None, process: false, principal: true };
        draft.root.put(at::ACTOR, actor_of(arena, group, attrs, who));
    }
    let has_rest = (0..record.attributes.len()).any(|index| !chosen.moved.has(index));
    if has_rest {
        let rest = written(arena, |out| push_map_without(out, record.attributes, &|index| chosen.moved.has(index)));
        draft.otel.set(otel::ATTRIBUTE_MAP, Node::Json(rest));
    }
    Event { attrs: Some(attrs), ..draft.finish(chosen.class, chosen.activity) }
}

/// Classes that say that something was done: a log of theirs without an outcome is a success.
const ACTIVITIES: [i64; 6] = [3002, 3004, 4002, 6002, 6003, 6005];

/// The message: the body's text, else its JSON.
fn put_body<'a>(draft: &mut Draft<'a, '_>, record: &LogRecord<'a>) {
    match record.body {
        None | Some(Value::Empty) => {}
        Some(Value::Str(text)) => draft.root.set(at::MESSAGE, Node::Text(text)),
        Some(other) => {
            let text = written(draft.arena, |out| push_value(out, &other));
            draft.root.set(at::MESSAGE, Node::Text(text));
            draft.otel.set(otel::BODY, Node::Json(text));
        }
    }
}

fn put_otel<'a>(draft: &mut Draft<'a, '_>, record: &LogRecord<'a>, attrs: &Resolved<'a>) {
    let meta = &mut draft.meta;
    meta.text(meta::LOG_LEVEL, record.severity_text);
    let code = Some(record.event_name).filter(|name| !name.is_empty()).or_else(|| attrs.text(Name::EventName));
    meta.text(meta::EVENT_CODE, code);
    meta.text(meta::ORIGINAL_EVENT_UID, attrs.text(Name::LogRecordUid));
    if let Some(path) = attrs.text(Name::LogFilePath) {
        meta.text(meta::LOG_SOURCE, path);
    }
    if !record.event_name.is_empty() && attrs.text(Name::EventName) == Some(record.event_name) {
        // The attribute alone would have given the same code: this says that the field was there, too.
        draft.note("metadata.event_code", record.event_name);
    }
    let span_uid = draft.hex(record.span_id);
    draft.otel.text(otel::SPAN_UID, span_uid);
    draft.otel.nonzero(otel::FLAG_BITS, i64::from(record.flags));
    draft.otel.nonzero(otel::SEVERITY_NUMBER, i64::from(record.severity_number));
    draft.otel.nonzero(otel::DROPPED_ATTRIBUTES_COUNT, i64::from(record.dropped_attributes_count));
}

/// A log's duration in ms: the first of the attributes that carry one.
pub(crate) fn duration(attrs: &Resolved<'_>) -> Option<f64> {
    const NANOS_PER_MILLI: f64 = 1e6;
    const MILLIS_PER_SECOND: f64 = 1e3;
    attrs
        .number(Name::DurationMs)
        .or_else(|| attrs.number(Name::EventDuration).map(|nanos| nanos / NANOS_PER_MILLI))
        .or_else(|| attrs.number(Name::ResponseTime))
        .or_else(|| attrs.number(Name::HttpServerRequestDuration).map(|seconds| seconds * MILLIS_PER_SECOND))
}

/// A rounded duration that fits a `long_t`.
fn whole(duration: f64) -> Option<i64> {
    let rounded = (duration + 0.5).floor();
    (-TWO_63..TWO_63).contains(&rounded).then_some(rounded as i64)
}

fn put_duration(draft: &mut Draft<'_, '_>, attrs: &Resolved<'_>) {
    draft.root.long(at::DURATION, duration(attrs).and_then(whole));
}

/// The classifier of logs: the first row whose class the record fills.
fn classify<'a>(draft: &mut Draft<'a, '_>, record: &LogRecord<'a>, attrs: &Resolved<'a>, is_error: bool) -> Chosen<'a> {
    if attrs.has(Name::ExceptionType) || attrs.has(Name::ExceptionMessage) {
        return Chosen::new(&schema::APPLICATION_ERROR, Activity::Known(1));
    }
    let words = [Some(record.event_name), attrs.text(Name::EventName), attrs.text(Name::EventAction)]
        .into_iter()
        .flatten()
        .fold(Words::default(), |words, name| words.or(Words::of(name)));
    named_event(draft, record, attrs, words)
        .or_else(|| request(draft, attrs))
        .or_else(|| attrs.families.db.then(|| datastore::put(draft, attrs, "")).flatten())
        .or_else(|| attrs.families.messaging.then(|| calls::messaging(draft, attrs, record.event_name, 0)).flatten())
        .or_else(|| attrs.families.rpc.then(|| calls::rpc(draft, attrs, 0)).flatten())
        .unwrap_or_else(|| {
            if is_error {
                Chosen::new(&schema::APPLICATION_ERROR, Activity::Known(1))
            } else {
                Chosen::new(&schema::BASE_EVENT, Activity::Other("Log"))
            }
        })
}

/// Rows 2 to 6: what the event's name says.
fn named_event<'a>(
    draft: &mut Draft<'a, '_>,
    record: &LogRecord<'a>,
    attrs: &Resolved<'a>,
    words: Words,
) -> Option<Chosen<'a>> {
    if let Some(kind) = words.authentication() {
        let number = severity::effective_number(record.severity_number, record.severity_text);
        let outcome = status::of_log(draft.arena, attrs, number >= severity::ERROR_NUMBER, true);
        return identity::authentication(draft, attrs, kind, Some(outcome.id == 1));
    }
    let changes = (words.has(Word::Config) || words.has(Word::Flag)) && words.has(Word::Change);
    if (changes || attrs.has(Name::ConfigKey))
        && let Some(chosen) = identity::configuration_change(draft, attrs)
    {
        return Some(chosen);
    }
    if attrs.has(Name::FeatureFlagKey)
        && let Some(chosen) = identity::flag_evaluation(draft, attrs)
    {
        return Some(chosen);
    }
    let deploys = attrs.has(Name::DeploymentId) || attrs.has(Name::DeploymentName) || attrs.has(Name::DeploymentStatus);
    if (deploys || words.has(Word::Deploy) || words.has(Word::Undeploy) && words.has(Word::Service))
        && let Some(chosen) = deployment(draft, attrs, words)
    {
        return Some(chosen);
    }
    lifecycle(draft, attrs, words)
}

/// The application affected; nothing without a name.
fn put_app<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>) -> Option<()> {
    let group = draft.group;
    let (name, version) = match attrs.text(Name::AppName) {
        Some(name) => (name, attrs.text(Name::AppVersion)),
        None => (group.service_name?, attrs.text(Name::AppVersion).or(group.service_version)),
    };
    draft.root.set(at::APP, product(draft.arena, name, version, group.namespace));
    Some(())
}

fn deployment<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>, words: Words) -> Option<Chosen<'a>> {
    put_app(draft, attrs)?;
    let arena = draft.arena;
    let who = ActorParts { app_name: Some(draft.group.service_or_unknown()), process: false, principal: true };
    draft.root.put(at::ACTOR, actor_of(arena, draft.group, attrs, who));
    let activity = if words.has(Word::Undeploy) {
        2
    } else if words.has(Word::Install) {
        1
    } else {
        8
    };
    Some(Chosen::new(&schema::APPLICATION_LIFECYCLE, Activity::Known(activity)))
}

fn lifecycle<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>, words: Words) -> Option<Chosen<'a>> {
    if !words.has(Word::Service) {
        return None;
    }
    let activity = if words.has(Word::Restart) {
        5
    } else if words.has(Word::Start) {
        3
    } else if words.has(Word::Stop) {
        4
    } else {
        return None;
    };
    put_app(draft, attrs)?;
    Some(Chosen::new(&schema::APPLICATION_LIFECYCLE, Activity::Known(activity)))
}

/// Rows 7 and 8: a request, with or without a known principal.
fn request<'a>(draft: &mut Draft<'a, '_>, attrs: &Resolved<'a>) -> Option<Chosen<'a>> {
    let method = attrs.text(Name::HttpRequestMethod)?;
    let (arena, group) = (draft.arena, draft.group);
    let latency = duration(attrs).and_then(whole);
    let parts = http(arena, attrs, latency, false, draft.mode.whole);
    let client = client_endpoint(arena, attrs);
    let who = ActorParts { app_name: None, process: false, principal: true };
    let principal = actor_of(arena, group, attrs, who);
    let target = attrs.text(Name::HttpRoute).or_else(|| attrs.text(Name::UrlPath));
    let name = attrs.text(Name::HttpRequestMethodOriginal).unwrap_or(method);
    if let (Some(actor), Some(client), Some(target)) = (principal, client, target) {
        let operation = bumpalo::format!(in arena, "{} {}", method, target).into_bump_str();
        let mut api = calls::api_of(draft, operation, None);
        api.put(schema::api::SERVICE, group.service);
        let uid = attrs.text(Name::RequestId).or_else(|| header(attrs, "http.request.header.x-request-id"));
        calls::put_request(draft, &mut api, uid);
        calls::put_response(draft, &mut api, status_code(attrs), None);
        draft.root.put(at::API, api.finish());
        draft.root.set(at::ACTOR, actor);
        draft.root.set(at::SRC_ENDPOINT, client);
        draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, Some(group.service_or_unknown()), false, false));
        draft.root.put(at::RESOURCES, resources(draft, attrs));
        put_http(draft, &parts);
        let activity = Activity::of(api_activity(method), name);
        return Some(Chosen { class: &schema::API_ACTIVITY, activity, moved: parts.moved });
    }
    if parts.request.is_none() && parts.response.is_none() {
        return None;
    }
    put_http(draft, &parts);
    draft.root.put(at::TRAFFIC, parts.traffic);
    draft.root.put(at::CONNECTION_INFO, connection(arena, attrs, 1));
    draft.root.put(at::SRC_ENDPOINT, client);
    draft.root.put(at::DST_ENDPOINT, server_endpoint(arena, attrs, Some(group.service_or_unknown()), false, false));
    let activity = Activity::of(http_activity(method), name);
    Some(Chosen { class: &schema::HTTP_ACTIVITY, activity, moved: parts.moved })
}

fn header<'a>(attrs: &Resolved<'a>, key: &str) -> Option<&'a str> {
    first_text(attrs.raw(key))
}

/// `resources` from the application's own attributes; OCSF wants a name or an id.
fn resources<'a>(draft: &Draft<'a, '_>, attrs: &Resolved<'a>) -> Option<Node<'a>> {
    let (uid, name) = (attrs.text(Name::AppResourceId), attrs.text(Name::AppResourceName));
    if uid.is_none() && name.is_none() {
        return None;
    }
    let mut node = Builder::new(draft.arena, &schema::RESOURCE_DETAILS);
    node.text(res::UID, uid);
    node.text(res::NAME, name);
    node.text(res::TYPE, attrs.text(Name::AppResourceType));
    node.choice(res::ROLE_ID, AFFECTED);
    Some(Node::List(draft.arena.alloc_slice_copy(&[Node::Object(node.build())])))
}
