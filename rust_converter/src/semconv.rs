//! Attribute names of the OpenTelemetry semantic conventions, the old ones mapped onto the new.
//!
//! A record's attributes are looked up once; where an old and a new name are both present the new one wins, so that
//! telemetry written with both sets (`http/dup`) counts once. The precedence among old names is their order here.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::otlp::{Attributes, KeyValue, Value};

macro_rules! names {
    ($($id:ident: $new:literal $(, $old:literal)*;)*) => {
        /// An attribute that the mapping reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::enum_variant_names)]
        pub(crate) enum Name { $($id),* }

        /// Each name's new spelling first, then the old ones in their order of precedence.
        pub(crate) const SPELLINGS: &[&[&str]] = &[$(&[$new $(, $old)*]),*];

        impl Name {
            const ALL: &'static [Name] = &[$(Name::$id),*];
        }
    };
}

names! {
    AppName: "app.name";
    AppResourceId: "app.resource.id", "resource.id", "resource.uid";
    AppResourceName: "app.resource.name", "resource.name";
    AppResourceType: "app.resource.type", "resource.type";
    AppVersion: "app.version";
    AuthMethod: "auth.method";
    AuthMfa: "auth.mfa";
    AuthProtocol: "auth.protocol";
    AuthResult: "auth.result";
    AuthReason: "auth.reason";
    AuthTokenExpiration: "auth.token.expiration_time";
    AuthTokenId: "auth.token.id", "jti";
    AuthTokenType: "auth.token.type";
    CeleryTaskName: "celery.task_name";
    ClientAddress: "client.address", "http.client_ip";
    ClientPort: "client.port";
    ConfigKey: "config.key";
    ConfigValueNew: "config.value.new";
    ConfigValueOld: "config.value.old";
    DbCollectionName: "db.collection.name", "db.sql.table";
    DbNamespace: "db.namespace", "db.name", "db.redis.database_index";
    DbOperationName: "db.operation.name", "db.operation";
    DbQuerySummary: "db.query.summary";
    DbQueryText: "db.query.text", "db.statement";
    DbResponseStatusCode: "db.response.status_code";
    DbSystemName: "db.system.name", "db.system";
    DeploymentId: "deployment.id";
    DeploymentName: "deployment.name";
    DeploymentStatus: "deployment.status";
    DurationMs: "duration_ms";
    ErrorMessage: "error.message";
    ErrorType: "error.type";
    EventAction: "event.action";
    EventDuration: "event.duration";
    EventName: "event.name";
    EventOutcome: "event.outcome";
    ExceptionEscaped: "exception.escaped";
    ExceptionMessage: "exception.message";
    ExceptionType: "exception.type";
    FeatureFlagContextId: "feature_flag.context.id";
    FeatureFlagKey: "feature_flag.key";
    FeatureFlagProvider: "feature_flag.provider.name", "feature_flag.provider_name";
    FeatureFlagReason: "feature_flag.result.reason", "feature_flag.evaluation.reason";
    FeatureFlagSetId: "feature_flag.set.id";
    FeatureFlagValue: "feature_flag.result.value";
    FeatureFlagVariant: "feature_flag.result.variant", "feature_flag.variant";
    FeatureFlagVersion: "feature_flag.version";
    HttpRequestBodySize: "http.request.body.size";
    HttpRequestMethod: "http.request.method", "http.method";
    HttpRequestMethodOriginal: "http.request.method_original";
    HttpRequestSize: "http.request.size";
    HttpResponseBodySize: "http.response.body.size";
    HttpResponseStatusCode: "http.response.status_code", "http.status_code";
    HttpRoute: "http.route";
    HttpServerRequestDuration: "http.server.request.duration";
    LogFilePath: "log.file.path";
    LogRecordUid: "log.record.uid";
    MessagingDestinationKind: "messaging.destination_kind";
    MessagingDestinationName: "messaging.destination.name", "messaging.destination";
    MessagingMessageId: "messaging.message.id";
    MessagingOperationName: "messaging.operation.name";
    MessagingOperationType: "messaging.operation.type", "messaging.operation";
    MessagingSystem: "messaging.system";
    NetworkPeerAddress: "network.peer.address", "net.sock.peer.addr", "net.peer.ip";
    NetworkPeerPort: "network.peer.port";
    NetworkProtocolVersion: "network.protocol.version", "http.flavor";
    NetworkTransport: "network.transport";
    NetworkType: "network.type";
    RequestId: "http.request.id", "request.id", "request_id", "reqId";
    ResponseTime: "responseTime";
    RpcGrpcStatusCode: "rpc.grpc.status_code";
    RpcMethod: "rpc.method";
    RpcResponseStatusCode: "rpc.response.status_code";
    RpcService: "rpc.service";
    ServerAddress: "server.address", "net.host.name", "http.server_name", "http.host";
    ServerPort: "server.port", "net.host.port";
    ServicePeerName: "service.peer.name", "peer.service";
    SessionId: "session.id";
    UrlFull: "url.full", "http.url";
    UrlPath: "url.path";
    UrlQuery: "url.query";
    UrlScheme: "url.scheme", "http.scheme";
    UrlTarget: "http.target";
    UserAgentOriginal: "user_agent.original", "http.user_agent";
    UserEmail: "user.email";
    UserFullName: "user.full_name";
    UserId: "user.id", "enduser.id";
    UserName: "user.name";
    UserRoles: "user.roles";
}

/// Prefixes whose presence decides a class.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Families {
    pub db: bool,
    pub messaging: bool,
    pub rpc: bool,
    pub faas: bool,
    pub graphql: bool,
}

/// A hash of short texts, eight bytes at a time, for tables whose keys are ours.
#[derive(Default)]
pub(crate) struct ShortText(u64);

impl Hasher for ShortText {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut hash = self.0 ^ bytes.len() as u64;
        // The last word may take bytes again that the one before it had.
        let last = match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(word), ..) => u64::from_le_bytes(*word),
            (None, Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
            }
            _ => bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)),
        };
        for word in bytes.as_chunks::<8>().0 {
            hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(MIX).rotate_left(29);
        }
        self.0 = (hash ^ last).wrapping_mul(MIX);
    }

    /// Ends a text; as texts are hashed alone, it says nothing.
    fn write_u8(&mut self, _: u8) {}
}

type Table = HashMap<&'static str, (Name, u8), BuildHasherDefault<ShortText>>;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for (name, spellings) in Name::ALL.iter().zip(SPELLINGS) {
        for (rank, spelling) in spellings.iter().enumerate() {
            table.insert(spelling, (*name, 2 * rank as u8));
        }
    }
    table
});

/// Old names whose meaning depends on which side of the connection wrote them.
fn peer(key: &str, is_server: bool) -> Option<Name> {
    match (key, is_server) {
        ("net.peer.name", true) => Some(Name::ClientAddress),
        ("net.peer.port", true) => Some(Name::ClientPort),
        ("net.peer.name", false) => Some(Name::ServerAddress),
        ("net.peer.port", false) => Some(Name::ServerPort),
        _ => None,
    }
}

/// Precedence of a name that [`peer`] gives: before the other old names, which have even ranks from 2.
const PEER_RANK: u8 = 1;

const COUNT: usize = Name::ALL.len();
const _: () = assert!(COUNT <= u128::BITS as usize, "`Resolved::empty` has a bit for each name");

/// A record's attributes under their new names.
#[derive(Clone, Debug)]
pub(crate) struct Resolved<'a> {
    slots: [Slot; COUNT],
    /// The attributes as received.
    pub all: Attributes<'a>,
    /// Which families of names occur.
    pub families: Families,
    /// Names that occur with the empty value, one bit each.
    empty: u128,
}

/// Where the value of a name stands.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Position in the received list.
    index: u32,
    rank: u8,
    /// More than one attribute could fill this name.
    shared: bool,
}

impl Slot {
    /// No attribute has the name: its position lies behind any list.
    const FREE: Self = Self { index: u32::MAX, rank: u8::MAX, shared: false };
}

impl<'a> Resolved<'a> {
    /// Looks up every attribute once. `is_server` decides what `net.peer.*` means.
    pub fn new(attributes: Attributes<'a>, is_server: bool) -> Self {
        let mut resolved =
            Self { slots: [Slot::FREE; COUNT], all: attributes, families: Families::default(), empty: 0 };
        for (index, KeyValue { key, value }) in attributes.iter().enumerate() {
            resolved.families.note(key);
            let known = TABLE.get(key).copied();
            if *value == Value::Empty {
                if let Some((name, _)) = known {
                    resolved.empty |= 1 << name as u32;
                }
                continue;
            }
            if let Some((name, rank)) = known {
                resolved.offer(name, rank, index);
            } else if let Some(name) = peer(key, is_server) {
                resolved.offer(name, PEER_RANK, index);
            }
        }
        resolved
    }

    fn offer(&mut self, name: Name, rank: u8, index: usize) {
        let slot = &mut self.slots[name as usize];
        let shared = slot.index != u32::MAX;
        if rank < slot.rank {
            *slot = Slot { index: index as u32, rank, shared };
        }
        slot.shared = shared;
    }

    /// The value under any of its names.
    #[inline]
    pub fn get(&self, name: Name) -> Option<Value<'a>> {
        self.all.get(self.slots[name as usize].index as usize).map(|entry| entry.value)
    }

    /// Whether the name is present with a value.
    #[inline]
    pub fn has(&self, name: Name) -> bool {
        self.slots[name as usize].index != u32::MAX
    }

    /// Whether the name is present, be it with the empty value.
    pub fn occurs(&self, name: Name) -> bool {
        self.has(name) || self.is_empty(name)
    }

    fn is_empty(&self, name: Name) -> bool {
        self.empty & (1 << name as u32) != 0
    }

    /// A non-empty text.
    pub fn text(&self, name: Name) -> Option<&'a str> {
        match self.get(name) {
            Some(Value::Str(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// An integer: as such, as a whole double, or as decimal text.
    pub fn long(&self, name: Name) -> Option<i64> {
        integer(self.get(name)?)
    }

    /// A number of any type, or decimal text.
    pub fn number(&self, name: Name) -> Option<f64> {
        match self.get(name)? {
            Value::Int(number) => Some(number as f64),
            Value::Double(number) => Some(number),
            Value::Str(text) => text.parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }

    /// The position of the one attribute that has the new name, when no other could fill the same place.
    pub fn sole(&self, name: Name) -> Option<(usize, Value<'a>)> {
        let slot = self.slots[name as usize];
        let index = slot.index as usize;
        let alone = slot.rank == 0 && !slot.shared && !self.is_empty(name);
        self.all.get(index).filter(|_| alone).map(|entry| (index, entry.value))
    }

    /// The value of an attribute by a name that need not be in the table.
    pub fn raw(&self, key: &str) -> Option<Value<'a>> {
        find(self.all, key)
    }
}

impl Families {
    fn note(&mut self, key: &str) {
        match key.as_bytes().first() {
            Some(b'd') => self.db |= key.starts_with("db."),
            Some(b'm') => self.messaging |= key.starts_with("messaging."),
            Some(b'r') => self.rpc |= key.starts_with("rpc."),
            Some(b'f') => self.faas |= key.starts_with("faas."),
            Some(b'g') => self.graphql |= key.starts_with("graphql."),
            _ => {}
        }
    }
}

/// The name that a spelling stands for in the flat files' table.
pub(crate) fn lookup(spelling: &str) -> Option<Name> {
    TABLE.get(spelling).filter(|(_, rank)| *rank == 0).map(|(name, _)| *name)
}

/// The first non-empty value of a key.
pub(crate) fn find<'a>(attributes: Attributes<'a>, key: &str) -> Option<Value<'a>> {
    attributes.iter().find(|entry| entry.key == key && entry.value != Value::Empty).map(|entry| entry.value)
}

/// A non-empty text under a key.
pub(crate) fn find_text<'a>(attributes: Attributes<'a>, key: &str) -> Option<&'a str> {
    match find(attributes, key) {
        Some(Value::Str(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// The first double that an integer of 64 bits cannot hold.
pub(crate) const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// An integer: as such, as a whole double, or as decimal text.
pub(crate) fn integer(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(number),
        Value::Double(number) if number.fract() == 0.0 && (-TWO_63..TWO_63).contains(&number) => Some(number as i64),
        Value::Str(text) if text.len() <= 20 && !text.starts_with('+') => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair<'a>(key: &'a str, value: &'a str) -> KeyValue<'a> {
        KeyValue { key, value: Value::Str(value) }
    }

    #[test]
    fn the_new_name_wins_wherever_it_stands() {
        for order in [[0, 1], [1, 0]] {
            let both = [pair("http.method", "OLD"), pair("http.request.method", "NEW")];
            let list = [both[order[0]], both[order[1]]];
            let resolved = Resolved::new(&list, true);
            assert_eq!(resolved.text(Name::HttpRequestMethod), Some("NEW"));
            assert!(resolved.sole(Name::HttpRequestMethod).is_none());
        }
    }

    #[test]
    fn old_names_keep_their_precedence() {
        let list = [
            pair("http.host", "d"),
            pair("http.server_name", "c"),
            pair("net.host.name", "b"),
            pair("net.peer.name", "a"),
        ];
        assert_eq!(Resolved::new(&list, true).text(Name::ServerAddress), Some("b"));
        assert_eq!(Resolved::new(&list, false).text(Name::ServerAddress), Some("a"));
    }

    #[test]
    fn the_peer_is_the_client_for_a_server_and_the_server_for_a_client() {
        let list = [pair("net.peer.name", "x")];
        assert_eq!(Resolved::new(&list, true).text(Name::ClientAddress), Some("x"));
        assert_eq!(Resolved::new(&list, false).text(Name::ServerAddress), Some("x"));
    }

    #[test]
    fn integers_come_in_three_forms() {
        assert_eq!(integer(Value::Int(5)), Some(5));
        assert_eq!(integer(Value::Double(5.0)), Some(5));
        assert_eq!(integer(Value::Str("5")), Some(5));
        assert_eq!(integer(Value::Double(5.5)), None);
        assert_eq!(integer(Value::Str("5x")), None);
    }
}
