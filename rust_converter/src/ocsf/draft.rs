//! An event under construction: the attributes that every class shares, and the step that closes it.

use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use sha1::{Digest as _, Sha1};

use super::event::{Builder, Class, Event, Node, caption, says_other, unmapped};
use super::group::Group;
use super::schema::{self, event as at, metadata as meta, otel_context as otel};
use super::time::millis;
use super::{Mode, observables};
use crate::otlp::Fault;
use crate::text::{hex_digits, non_finite_name, push_hex, push_json_string};

/// The OCSF version that is written.
pub(crate) const OCSF_VERSION: &str = "1.8.0";

/// Namespace of the event ids (`metadata.uid`, UUIDv5): chosen once, never to change.
const NAMESPACE: [u8; 16] =
    [0x0c, 0x5f, 0xc0, 0x4e, 0x8d, 0x1b, 0x5a, 0x3e, 0x9f, 0x62, 0x7a, 0x41, 0xd3, 0x90, 0xe8, 0x27];

/// What the event does, in its class's terms.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activity<'a> {
    /// An `activity_id` of the class.
    Known(i64),
    /// 99 with a name of its own.
    Other(&'a str),
}

impl<'a> Activity<'a> {
    /// The number where there is one, else the name.
    pub fn of(number: Option<i64>, name: &'a str) -> Self {
        number.map_or(Self::Other(name), Self::Known)
    }
}

/// The outcome of an activity.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Status<'a> {
    pub id: i64,
    pub code: Option<&'a str>,
    pub detail: Option<&'a str>,
}

/// Attributes of the event at hand.
pub(crate) struct Draft<'a, 'g> {
    pub arena: &'a Bump,
    pub group: &'g Group<'a>,
    pub mode: Mode,
    pub root: Builder<'a>,
    pub meta: Builder<'a>,
    pub otel: Builder<'a>,
    non_finite: String,
}

impl<'a, 'g> Draft<'a, 'g> {
    /// An event of a signal (`logs`, `traces`, `metrics`) with what its resource and scope say.
    pub fn new(arena: &'a Bump, group: &'g Group<'a>, mode: Mode, log_name: &'static str) -> Self {
        let mut draft = Self {
            arena,
            group,
            mode,
            root: Builder::new(arena, &schema::EVENT),
            meta: Builder::new(arena, &schema::METADATA),
            otel: Builder::new(arena, &schema::OTEL_CONTEXT),
            non_finite: String::new(),
        };
        draft.root.long(at::TIMEZONE_OFFSET, 0);
        draft.root.put(at::DEVICE, group.device);
        draft.root.put(at::CLOUD, group.cloud);
        let meta = &mut draft.meta;
        meta.text(meta::VERSION, OCSF_VERSION);
        meta.set(meta::PRODUCT, group.product);
        meta.text(meta::LOG_NAME, log_name);
        meta.text(meta::LOG_PROVIDER, group.log_provider);
        meta.text(meta::LOG_SOURCE, group.log_source);
        meta.text(meta::LOG_FORMAT, "OTLP");
        meta.text(meta::LOG_VERSION, group.log_version);
        meta.put(meta::TAGS, group.tags);
        let otel = &mut draft.otel;
        otel.put(otel::SCOPE, group.scope_node);
        otel.text(otel::SCHEMA_URL, group.schema_url);
        otel.text(otel::RESOURCE_SCHEMA_URL, group.resource_schema_url);
        otel.put(otel::RESOURCE_MAP, group.resource_map);
        otel.nonzero(otel::DROPPED_RESOURCE_ATTRIBUTES_COUNT, i64::from(group.resource.dropped_attributes_count));
        draft
    }

    /// Notes a value that its attribute cannot hold, under the attribute's path.
    pub fn note(&mut self, path: impl fmt::Display, text: &str) {
        self.non_finite.push(if self.non_finite.is_empty() { '{' } else { ',' });
        push_json_string(&mut self.non_finite, &path.to_string());
        self.non_finite.push(':');
        push_json_string(&mut self.non_finite, text);
    }

    /// A count or time of 64 bits unsigned; beyond 63 bits it is noted instead.
    pub fn unsigned(&mut self, value: u64, path: impl fmt::Display) -> Option<i64> {
        let signed = i64::try_from(value).ok();
        if signed.is_none() {
            self.note(path, &value.to_string());
        }
        signed
    }

    /// A floating-point number; one that is not finite is noted instead.
    pub fn double(&mut self, value: f64, path: impl fmt::Display) -> Option<Node<'a>> {
        if value.is_finite() {
            return Some(Node::Double(value));
        }
        self.note(path, non_finite_name(value));
        None
    }

    /// `time` and what keeps its nanoseconds. `own` is the record's time, `fallback` serves where it has none.
    pub fn time(&mut self, own: u64, fallback: u64) {
        let received = if own == 0 { fallback } else { own };
        let usable = millis(own).filter(|_| own != 0).or_else(|| millis(fallback));
        self.root.long(at::TIME, usable.unwrap_or(0));
        if received != 0 && self.mode.whole {
            self.meta.text(meta::ORIGINAL_TIME, &*self.arena.alloc_str(itoa::Buffer::new().format(received)));
        }
        if own != 0 {
            let nanos = self.unsigned(own, "otel.time_nano");
            self.otel.long(otel::TIME_NANO, nanos);
        }
    }

    /// The time the Collector saw the record.
    pub fn observed(&mut self, nanos: u64) {
        if nanos != 0 {
            let signed = self.unsigned(nanos, "otel.observed_time_nano");
            self.otel.long(otel::OBSERVED_TIME_NANO, signed);
            self.meta.long(meta::LOGGED_TIME, millis(nanos));
        }
    }

    /// Bytes as lower-case hexadecimal text.
    pub fn hex(&self, bytes: &[u8]) -> &'a str {
        hex_text(self.arena, bytes)
    }

    /// `severity_id`
    pub fn severity(&mut self, id: i64) {
        self.root.choice(at::SEVERITY_ID, id);
    }

    /// `status_id`, `status_code`, `status_detail`
    pub fn status(&mut self, status: Status<'a>) {
        self.root.choice(at::STATUS_ID, status.id);
        self.root.text(at::STATUS_CODE, status.code);
        self.root.text(at::STATUS_DETAIL, status.detail);
    }

    /// The `trace` of a record that is not a span.
    pub fn trace(&mut self, trace_id: &[u8], flags: u32) {
        if let Some(mut trace) = self.trace_builder(trace_id, flags) {
            trace.put(schema::trace::SERVICE, self.group.service);
            self.root.put(at::TRACE, trace.finish());
        }
    }

    /// A `trace` with its id, flags; nothing without an id.
    pub fn trace_builder(&mut self, trace_id: &[u8], flags: u32) -> Option<Builder<'a>> {
        if trace_id.is_empty() {
            return None;
        }
        let uid = self.hex(trace_id);
        self.meta.text(meta::CORRELATION_UID, uid);
        let mut trace = Builder::new(self.arena, &schema::TRACE);
        trace.text(schema::trace::UID, uid);
        if flags & 1 == 1 {
            trace.set(schema::trace::FLAGS, Node::List(self.arena.alloc_slice_copy(&[Node::Text("sampled")])));
        }
        Some(trace)
    }

    /// `metadata.uid`: UUIDv5 over the given parts.
    pub fn uid(&mut self, parts: &[&[u8]]) {
        self.meta.text(meta::UID, uuid(self.arena, parts));
    }

    /// Makes the event the Translation Error that stands for a faulty record.
    pub fn translation_error(mut self, fault: Fault<'a>, place: &str, raw: &'a str) -> Event<'a> {
        let message = format!("{place}: {}", fault.cause);
        self.root.text(at::MESSAGE, &*self.arena.alloc_str(&message));
        self.severity(3);
        self.status(Status { id: 2, ..Status::default() });
        self.root.set(at::RAW_DATA, Node::Text(raw));
        self.root.long(at::RAW_DATA_SIZE, raw.len() as i64);
        let mut hash = Builder::new(self.arena, &schema::FINGERPRINT);
        hash.choice(schema::fingerprint::ALGORITHM_ID, 3);
        hash.text(schema::fingerprint::VALUE, self.hex(&sha2::Sha256::digest(raw.as_bytes())));
        self.root.put(at::RAW_DATA_HASH, hash.finish());
        self.finish(&schema::APPLICATION_ERROR, Activity::Known(2))
    }

    /// Closes the event.
    pub fn finish(mut self, class: &'static Class, activity: Activity<'a>) -> Event<'a> {
        let core = self.mode.core;
        let (class, activity) = if core { self.without_extension(class, activity) } else { (class, activity) };
        if !self.non_finite.is_empty() {
            self.non_finite.push('}');
            self.otel.set(otel::NON_FINITE, Node::Json(self.arena.alloc_str(&self.non_finite)));
        }
        let root = &mut self.root;
        let (activity_id, activity_name) = match activity {
            Activity::Other(name) if says_other(name) => (0, "Unknown"),
            Activity::Known(id) => (id, caption(class.activities, id).unwrap_or("Unknown")),
            Activity::Other(name) => (99, name),
        };
        root.long(at::ACTIVITY_ID, activity_id);
        root.text(at::ACTIVITY_NAME, activity_name);
        root.long(at::CATEGORY_UID, class.category_uid);
        root.text(at::CATEGORY_NAME, class.category_name);
        root.long(at::CLASS_UID, class.uid);
        root.text(at::CLASS_NAME, class.name);
        root.long(at::TYPE_UID, class.uid * 100 + activity_id);
        let type_name = match caption(class.type_names, activity_id) {
            Some(name) if class.uid != 0 => name,
            _ => {
                let length = class.name.len() + 2 + activity_name.len();
                let mut type_name = ArenaString::with_capacity_in(length, self.arena);
                [class.name, ": ", activity_name].iter().for_each(|part| type_name.push_str(part));
                type_name.into_bump_str()
            }
        };
        root.text(at::TYPE_NAME, type_name);
        root.put(at::OTEL, self.otel.finish());
        if self.mode.whole {
            if !core {
                self.meta.set(meta::EXTENSIONS, self.group.extensions);
            }
            self.meta.put(meta::PROFILES, profiles(self.arena, root, class, self.group.has_container, core));
        }
        root.put(at::METADATA, self.meta.finish());
        if self.mode.whole {
            if core {
                let rest = unmapped(self.arena, root, class);
                root.put(at::UNMAPPED, rest);
            }
            let found = observables::of(self.arena, root, if core { class.core_fields } else { class.fields });
            root.put(at::OBSERVABLES, found);
        }
        Event { class, root: self.root.build(), core, derived: false, attrs: None }
    }

    /// In core mode the extension's classes become Base Event.
    fn without_extension(&self, class: &'static Class, activity: Activity<'a>) -> (&'static Class, Activity<'a>) {
        if class.uid == schema::METRIC_OBSERVATION.uid {
            return (&schema::BASE_EVENT, Activity::Other("Metric"));
        }
        if class.uid == schema::SPAN_ACTIVITY.uid {
            let kind = match activity {
                Activity::Known(id) => id,
                Activity::Other(_) => 0,
            };
            return (&schema::BASE_EVENT, Activity::Other(super::traces::kind_label(kind)));
        }
        (class, activity)
    }
}

/// UUIDv5 over the given parts, as text.
pub(super) fn uuid<'a>(arena: &'a Bump, parts: &[&[u8]]) -> &'a str {
    // In one piece, as far as it is of the usual length.
    let mut key = [0; 128];
    let (mut length, mut hash) = (0, Sha1::new());
    for part in std::iter::once(&&NAMESPACE[..]).chain(parts) {
        if let Some(place) = key.get_mut(length..length + part.len()) {
            place.copy_from_slice(part);
            length += part.len();
        } else {
            hash.update(&key[..length]);
            hash.update(part);
            length = 0;
        }
    }
    hash.update(&key[..length]);
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x50;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex_digits(&bytes);
    let mut out = [b'-'; 36];
    let (digits, _) = digits.as_flattened().as_chunks::<4>();
    for (digits, at) in digits.iter().zip([0, 4, 9, 14, 19, 24, 28, 32]) {
        out[at..at + 4].copy_from_slice(digits);
    }
    arena.alloc_str(std::str::from_utf8(&out).unwrap_or_default())
}

/// Bytes as lower-case hexadecimal text.
fn hex_text<'a>(arena: &'a Bump, bytes: &[u8]) -> &'a str {
    let text = |digits: &[[u8; 2]]| -> &'a str {
        // Digits are ASCII.
        arena.alloc_str(std::str::from_utf8(digits.as_flattened()).unwrap_or_default())
    };
    if let Ok(id) = <&[u8; 16]>::try_from(bytes) {
        return text(&hex_digits(id));
    }
    if let Ok(id) = <&[u8; 8]>::try_from(bytes) {
        return text(&hex_digits(id));
    }
    let mut out = ArenaString::with_capacity_in(bytes.len() * 2, arena);
    push_hex(&mut out, bytes);
    out.into_bump_str()
}

/// `metadata.profiles`: those whose attributes are present, in alphabetical order.
fn profiles<'a>(
    arena: &'a Bump,
    root: &Builder<'a>,
    class: &Class,
    has_container: bool,
    core: bool,
) -> Option<Node<'a>> {
    let has_device = root.has(at::DEVICE);
    let candidates = [
        ("cloud", root.has(at::CLOUD)),
        ("container", has_device && has_container),
        ("host", has_device || (class.actor_by_profile && root.has(at::ACTOR))),
        ("ocsfconv/otel", !core && root.has(at::OTEL)),
        (
            "trace",
            root.has(at::TRACE) && if core { class.trace_in_core } else { class.uid != schema::SPAN_ACTIVITY.uid },
        ),
    ];
    let present: Vec<Node<'a>> =
        candidates.iter().filter(|(_, held)| *held).map(|(name, _)| Node::Text(name)).collect();
    (!present.is_empty()).then(|| Node::List(arena.alloc_slice_copy(&present)))
}
