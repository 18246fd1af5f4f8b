//! What the mapping knows of OCSF 1.8.0, of the extension and of the flat files' columns.
//!
//! Written by `schema/generate.py`; a test fails when it drifts from the packaged schema. Do not edit.

use super::event::{Class, Column, ColumnKind, Field, Kind, Schema, Source};

/// What a flat column takes when a path cannot say it; `flat.rs` has the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Rule {
    LogDuration,
    SpanDuration,
    EventsCount,
    LinksCount,
    RecordKind,
    MetricType,
    Job,
    MetricValue,
    Quantiles,
    QuantileValues,
    PointAttributes,
}

/// Metadata (`metadata`).
pub static METADATA: Schema = Schema { fields: &[
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "product", kind: Kind::Object(&PRODUCT), sibling: None, captions: &[], observable: None },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "correlation_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "original_event_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "original_time", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "logged_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "log_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "log_provider", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "log_source", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "log_format", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "log_version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "log_level", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "event_code", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "profiles", kind: Kind::List(&Kind::Text), sibling: None, captions: &[], observable: None },
    Field { name: "extensions", kind: Kind::List(&Kind::Object(&EXTENSION)), sibling: None, captions: &[], observable: None },
    Field { name: "tags", kind: Kind::List(&Kind::Object(&KEY_VALUE_OBJECT)), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod metadata {
    pub const VERSION: usize = 0;
    pub const PRODUCT: usize = 1;
    pub const UID: usize = 2;
    pub const CORRELATION_UID: usize = 3;
    pub const ORIGINAL_EVENT_UID: usize = 4;
    pub const ORIGINAL_TIME: usize = 5;
    pub const LOGGED_TIME: usize = 6;
    pub const LOG_NAME: usize = 7;
    pub const LOG_PROVIDER: usize = 8;
    pub const LOG_SOURCE: usize = 9;
    pub const LOG_FORMAT: usize = 10;
    pub const LOG_VERSION: usize = 11;
    pub const LOG_LEVEL: usize = 12;
    pub const EVENT_CODE: usize = 13;
    pub const PROFILES: usize = 14;
    pub const EXTENSIONS: usize = 15;
    pub const TAGS: usize = 16;
}

/// Product (`product`).
pub static PRODUCT: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "vendor_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod product {
    pub const NAME: usize = 0;
    pub const VERSION: usize = 1;
    pub const VENDOR_NAME: usize = 2;
}

/// Schema Extension (`extension`).
pub static EXTENSION: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod extension {
    pub const NAME: usize = 0;
    pub const UID: usize = 1;
    pub const VERSION: usize = 2;
}

/// Key:Value object (`key_value_object`).
pub static KEY_VALUE_OBJECT: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "value", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod key_value_object {
    pub const NAME: usize = 0;
    pub const VALUE: usize = 1;
}

/// Device (`device`).
pub static DEVICE: Schema = Schema { fields: &[
    Field { name: "hostname", kind: Kind::Text, sibling: None, captions: &[], observable: Some((1, "Hostname")) },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: Some((47, "Device Object: uid")) },
    Field { name: "ip", kind: Kind::Text, sibling: None, captions: &[], observable: Some((2, "IP Address")) },
    Field { name: "mac", kind: Kind::Text, sibling: None, captions: &[], observable: Some((3, "MAC Address")) },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(5), captions: &[(0, "Unknown"), (1, "Server"), (2, "Desktop"), (3, "Laptop"), (4, "Tablet"), (5, "Mobile"), (6, "Virtual"), (7, "IOT"), (8, "Browser"), (9, "Firewall"), (10, "Switch"), (11, "Hub"), (12, "Router"), (13, "IDS"), (14, "IPS"), (15, "Load Balancer"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "os", kind: Kind::Object(&OS), sibling: None, captions: &[], observable: None },
    Field { name: "container", kind: Kind::Object(&CONTAINER), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod device {
    pub const HOSTNAME: usize = 0;
    pub const UID: usize = 1;
    pub const IP: usize = 2;
    pub const MAC: usize = 3;
    pub const TYPE_ID: usize = 4;
    pub const TYPE: usize = 5;
    pub const OS: usize = 6;
    pub const CONTAINER: usize = 7;
}

/// Operating System (OS) (`os`).
pub static OS: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(2), captions: &[(0, "Unknown"), (99, "Other"), (100, "Windows"), (101, "Windows Mobile"), (200, "Linux"), (201, "Android"), (300, "macOS"), (301, "iOS"), (302, "iPadOS"), (400, "Solaris"), (401, "AIX"), (402, "HP-UX")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "build", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod os {
    pub const NAME: usize = 0;
    pub const TYPE_ID: usize = 1;
    pub const TYPE: usize = 2;
    pub const VERSION: usize = 3;
    pub const BUILD: usize = 4;
}

/// Container (`container`).
pub static CONTAINER: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "image", kind: Kind::Object(&IMAGE), sibling: None, captions: &[], observable: None },
    Field { name: "pod_uuid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "orchestrator", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod container {
    pub const UID: usize = 0;
    pub const NAME: usize = 1;
    pub const IMAGE: usize = 2;
    pub const POD_UUID: usize = 3;
    pub const ORCHESTRATOR: usize = 4;
}

/// Image (`image`).
pub static IMAGE: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod image {
    pub const UID: usize = 0;
    pub const NAME: usize = 1;
}

/// Cloud (`cloud`).
pub static CLOUD: Schema = Schema { fields: &[
    Field { name: "provider", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "region", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "zone", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "account", kind: Kind::Object(&ACCOUNT), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod cloud {
    pub const PROVIDER: usize = 0;
    pub const REGION: usize = 1;
    pub const ZONE: usize = 2;
    pub const ACCOUNT: usize = 3;
}

/// Account (`account`).
pub static ACCOUNT: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: Some((35, "Account Object: uid")) },
] };

#[allow(missing_docs, dead_code)]
pub mod account {
    pub const UID: usize = 0;
}

/// Actor (`actor`).
pub static ACTOR: Schema = Schema { fields: &[
    Field { name: "process", kind: Kind::Object(&PROCESS), sibling: None, captions: &[], observable: None },
    Field { name: "user", kind: Kind::Object(&USER), sibling: None, captions: &[], observable: None },
    Field { name: "session", kind: Kind::Object(&SESSION), sibling: None, captions: &[], observable: None },
    Field { name: "app_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod actor {
    pub const PROCESS: usize = 0;
    pub const USER: usize = 1;
    pub const SESSION: usize = 2;
    pub const APP_NAME: usize = 3;
}

/// Process (`process`).
pub static PROCESS: Schema = Schema { fields: &[
    Field { name: "pid", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: Some((9, "Process Name")) },
    Field { name: "file", kind: Kind::Object(&FILE), sibling: None, captions: &[], observable: None },
    Field { name: "cmd_line", kind: Kind::Text, sibling: None, captions: &[], observable: Some((13, "Command Line")) },
    Field { name: "created_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod process {
    pub const PID: usize = 0;
    pub const NAME: usize = 1;
    pub const FILE: usize = 2;
    pub const CMD_LINE: usize = 3;
    pub const CREATED_TIME: usize = 4;
}

/// File (`file`).
pub static FILE: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: Some((7, "File Name")) },
    Field { name: "path", kind: Kind::Text, sibling: None, captions: &[], observable: Some((45, "File Path")) },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(3), captions: &[(0, "Unknown"), (1, "Regular File"), (2, "Folder"), (3, "Character Device"), (4, "Block Device"), (5, "Local Socket"), (6, "Named Pipe"), (7, "Symbolic Link"), (8, "Executable File"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod file {
    pub const NAME: usize = 0;
    pub const PATH: usize = 1;
    pub const TYPE_ID: usize = 2;
    pub const TYPE: usize = 3;
}

/// User (`user`).
pub static USER: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: Some((31, "User Object: uid")) },
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: Some((4, "User Name")) },
    Field { name: "email_addr", kind: Kind::Text, sibling: None, captions: &[], observable: Some((5, "Email Address")) },
    Field { name: "full_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "groups", kind: Kind::List(&Kind::Object(&GROUP)), sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(6), captions: &[(0, "Unknown"), (1, "User"), (2, "Admin"), (3, "System"), (4, "Service"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod user {
    pub const UID: usize = 0;
    pub const NAME: usize = 1;
    pub const EMAIL_ADDR: usize = 2;
    pub const FULL_NAME: usize = 3;
    pub const GROUPS: usize = 4;
    pub const TYPE_ID: usize = 5;
    pub const TYPE: usize = 6;
}

/// Group (`group`).
pub static GROUP: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: Some((32, "Group Object: name")) },
] };

#[allow(missing_docs, dead_code)]
pub mod group {
    pub const NAME: usize = 0;
}

/// Session (`session`).
pub static SESSION: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod session {
    pub const UID: usize = 0;
}

/// Network Endpoint (`network_endpoint`).
pub static NETWORK_ENDPOINT: Schema = Schema { fields: &[
    Field { name: "ip", kind: Kind::Text, sibling: None, captions: &[], observable: Some((2, "IP Address")) },
    Field { name: "hostname", kind: Kind::Text, sibling: None, captions: &[], observable: Some((1, "Hostname")) },
    Field { name: "port", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "svc_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "instance_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod network_endpoint {
    pub const IP: usize = 0;
    pub const HOSTNAME: usize = 1;
    pub const PORT: usize = 2;
    pub const NAME: usize = 3;
    pub const SVC_NAME: usize = 4;
    pub const INSTANCE_UID: usize = 5;
}

/// Network Connection Information (`network_connection_info`).
pub static NETWORK_CONNECTION_INFO: Schema = Schema { fields: &[
    Field { name: "direction_id", kind: Kind::Long, sibling: Some(1), captions: &[(0, "Unknown"), (1, "Inbound"), (2, "Outbound"), (3, "Lateral"), (4, "Local"), (99, "Other")], observable: None },
    Field { name: "direction", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "protocol_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "protocol_ver_id", kind: Kind::Long, sibling: Some(4), captions: &[(0, "Unknown"), (4, "Internet Protocol version 4 (IPv4)"), (6, "Internet Protocol version 6 (IPv6)"), (99, "Other")], observable: None },
    Field { name: "protocol_ver", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod network_connection_info {
    pub const DIRECTION_ID: usize = 0;
    pub const DIRECTION: usize = 1;
    pub const PROTOCOL_NAME: usize = 2;
    pub const PROTOCOL_VER_ID: usize = 3;
    pub const PROTOCOL_VER: usize = 4;
}

/// Network Traffic (`network_traffic`).
pub static NETWORK_TRAFFIC: Schema = Schema { fields: &[
    Field { name: "bytes_in", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "bytes_out", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "bytes", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod network_traffic {
    pub const BYTES_IN: usize = 0;
    pub const BYTES_OUT: usize = 1;
    pub const BYTES: usize = 2;
}

/// HTTP Request (`http_request`).
pub static HTTP_REQUEST: Schema = Schema { fields: &[
    Field { name: "http_method", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "user_agent", kind: Kind::Text, sibling: None, captions: &[], observable: Some((16, "HTTP User-Agent")) },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "body_length", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "length", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "referrer", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "x_forwarded_for", kind: Kind::List(&Kind::Text), sibling: None, captions: &[], observable: Some((2, "IP Address")) },
    Field { name: "http_headers", kind: Kind::List(&Kind::Object(&HTTP_HEADER)), sibling: None, captions: &[], observable: None },
    Field { name: "url", kind: Kind::Object(&URL), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod http_request {
    pub const HTTP_METHOD: usize = 0;
    pub const VERSION: usize = 1;
    pub const USER_AGENT: usize = 2;
    pub const UID: usize = 3;
    pub const BODY_LENGTH: usize = 4;
    pub const LENGTH: usize = 5;
    pub const REFERRER: usize = 6;
    pub const X_FORWARDED_FOR: usize = 7;
    pub const HTTP_HEADERS: usize = 8;
    pub const URL: usize = 9;
}

/// HTTP Header (`http_header`).
pub static HTTP_HEADER: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "value", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod http_header {
    pub const NAME: usize = 0;
    pub const VALUE: usize = 1;
}

/// Uniform Resource Locator (`url`).
pub static URL: Schema = Schema { fields: &[
    Field { name: "scheme", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "hostname", kind: Kind::Text, sibling: None, captions: &[], observable: Some((1, "Hostname")) },
    Field { name: "port", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "path", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "query_string", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "url_string", kind: Kind::Text, sibling: None, captions: &[], observable: Some((6, "URL String")) },
] };

#[allow(missing_docs, dead_code)]
pub mod url {
    pub const SCHEME: usize = 0;
    pub const HOSTNAME: usize = 1;
    pub const PORT: usize = 2;
    pub const PATH: usize = 3;
    pub const QUERY_STRING: usize = 4;
    pub const URL_STRING: usize = 5;
}

/// HTTP Response (`http_response`).
pub static HTTP_RESPONSE: Schema = Schema { fields: &[
    Field { name: "code", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "status", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "latency", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "body_length", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "content_type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod http_response {
    pub const CODE: usize = 0;
    pub const STATUS: usize = 1;
    pub const LATENCY: usize = 2;
    pub const BODY_LENGTH: usize = 3;
    pub const CONTENT_TYPE: usize = 4;
}

/// Trace (`trace`).
pub static TRACE: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "flags", kind: Kind::List(&Kind::Text), sibling: None, captions: &[], observable: None },
    Field { name: "service", kind: Kind::Object(&SERVICE), sibling: None, captions: &[], observable: None },
    Field { name: "span", kind: Kind::Object(&SPAN), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod trace {
    pub const UID: usize = 0;
    pub const FLAGS: usize = 1;
    pub const SERVICE: usize = 2;
    pub const SPAN: usize = 3;
}

/// Span (`span`).
pub static SPAN: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "parent_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "start_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "end_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "duration", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "operation", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "status_code", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "service", kind: Kind::Object(&SERVICE_NAME), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod span {
    pub const UID: usize = 0;
    pub const PARENT_UID: usize = 1;
    pub const START_TIME: usize = 2;
    pub const END_TIME: usize = 3;
    pub const DURATION: usize = 4;
    pub const OPERATION: usize = 5;
    pub const STATUS_CODE: usize = 6;
    pub const SERVICE: usize = 7;
}

/// Service (`service`).
pub static SERVICE: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod service {
    pub const NAME: usize = 0;
    pub const VERSION: usize = 1;
}

/// Database (`database`).
pub static DATABASE: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(2), captions: &[(0, "Unknown"), (1, "Relational"), (2, "Network"), (3, "Object Oriented"), (4, "Centralized"), (5, "Operational"), (6, "NoSQL"), (7, "Vector"), (8, "Knowledge Graph"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod database {
    pub const NAME: usize = 0;
    pub const TYPE_ID: usize = 1;
    pub const TYPE: usize = 2;
}

/// Table (`table`).
pub static TABLE: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod table {
    pub const NAME: usize = 0;
}

/// Query Information (`query_info`).
pub static QUERY_INFO: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "query_string", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod query_info {
    pub const NAME: usize = 0;
    pub const UID: usize = 1;
    pub const QUERY_STRING: usize = 2;
}

/// API (`api`).
pub static API: Schema = Schema { fields: &[
    Field { name: "operation", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "service", kind: Kind::Object(&SERVICE), sibling: None, captions: &[], observable: None },
    Field { name: "request", kind: Kind::Object(&REQUEST), sibling: None, captions: &[], observable: None },
    Field { name: "response", kind: Kind::Object(&RESPONSE), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod api {
    pub const OPERATION: usize = 0;
    pub const SERVICE: usize = 1;
    pub const REQUEST: usize = 2;
    pub const RESPONSE: usize = 3;
}

/// Request Elements (`request`).
pub static REQUEST: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod request {
    pub const UID: usize = 0;
}

/// Response Elements (`response`).
pub static RESPONSE: Schema = Schema { fields: &[
    Field { name: "code", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "error", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod response {
    pub const CODE: usize = 0;
    pub const ERROR: usize = 1;
}

/// Resource Details (`resource_details`).
pub static RESOURCE_DETAILS: Schema = Schema { fields: &[
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: Some((10, "Resource UID")) },
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: Some((38, "Resource Details Object: name")) },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "role_id", kind: Kind::Long, sibling: Some(4), captions: &[(0, "Unknown"), (1, "Target"), (2, "Actor"), (3, "Affected"), (4, "Related"), (99, "Other")], observable: None },
    Field { name: "role", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod resource_details {
    pub const UID: usize = 0;
    pub const NAME: usize = 1;
    pub const TYPE: usize = 2;
    pub const ROLE_ID: usize = 3;
    pub const ROLE: usize = 4;
}

/// Authentication Token (`authentication_token`).
pub static AUTHENTICATION_TOKEN: Schema = Schema { fields: &[
    Field { name: "type_id", kind: Kind::Long, sibling: Some(1), captions: &[(0, "Unknown"), (1, "Ticket Granting Ticket"), (2, "Service Ticket"), (3, "Identity Token"), (4, "Refresh Token"), (5, "SAML Assertion"), (6, "Client Token"), (7, "API Token"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "expiration_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod authentication_token {
    pub const TYPE_ID: usize = 0;
    pub const TYPE: usize = 1;
    pub const UID: usize = 2;
    pub const EXPIRATION_TIME: usize = 3;
}

/// Managed Entity (`managed_entity`).
pub static MANAGED_ENTITY: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(3), captions: &[(0, "Unknown"), (1, "Device"), (2, "User"), (3, "Group"), (4, "Organization"), (5, "Policy"), (6, "Email"), (7, "Network Zone"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "data", kind: Kind::Json, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod managed_entity {
    pub const NAME: usize = 0;
    pub const UID: usize = 1;
    pub const TYPE_ID: usize = 2;
    pub const TYPE: usize = 3;
    pub const VERSION: usize = 4;
    pub const DATA: usize = 5;
}

/// Observable (`observable`).
pub static OBSERVABLE: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(2), captions: &[(0, "Unknown"), (1, "Hostname"), (2, "IP Address"), (3, "MAC Address"), (4, "User Name"), (5, "Email Address"), (6, "URL String"), (7, "File Name"), (8, "Hash"), (9, "Process Name"), (10, "Resource UID"), (11, "Port"), (12, "Subnet"), (13, "Command Line"), (14, "Country"), (15, "Process ID"), (16, "HTTP User-Agent"), (17, "CWE Object: uid"), (18, "CVE Object: uid"), (19, "User Credential ID"), (20, "Endpoint"), (21, "User"), (22, "Email"), (23, "Uniform Resource Locator"), (24, "File"), (25, "Process"), (26, "Geo Location"), (27, "Container"), (28, "Registry Key"), (29, "Registry Value"), (30, "Fingerprint"), (31, "User Object: uid"), (32, "Group Object: name"), (33, "Group Object: uid"), (34, "Account Object: name"), (35, "Account Object: uid"), (36, "Script Content"), (37, "Serial Number"), (38, "Resource Details Object: name"), (39, "Process Entity Object: uid"), (40, "Email Object: subject"), (41, "Email Object: uid"), (42, "Message UID"), (43, "Registry Value Object: name"), (44, "Advisory Object: uid"), (45, "File Path"), (46, "Registry Key Path"), (47, "Device Object: uid"), (48, "Network Endpoint Object: uid"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "value", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod observable {
    pub const NAME: usize = 0;
    pub const TYPE_ID: usize = 1;
    pub const TYPE: usize = 2;
    pub const VALUE: usize = 3;
}

/// Fingerprint (`fingerprint`).
pub static FINGERPRINT: Schema = Schema { fields: &[
    Field { name: "algorithm_id", kind: Kind::Long, sibling: Some(1), captions: &[(0, "Unknown"), (1, "MD5"), (2, "SHA-1"), (3, "SHA-256"), (4, "SHA-512"), (5, "CTPH"), (6, "TLSH"), (7, "quickXorHash"), (8, "SHA-224"), (9, "SHA-384"), (10, "SHA-512/224"), (11, "SHA-512/256"), (12, "SHA3-224"), (13, "SHA3-256"), (14, "SHA3-384"), (15, "SHA3-512"), (16, "xxHash H3 64-bit"), (17, "xxHash H3 128-bit"), (18, "Imphash"), (19, "NPF"), (20, "HASSH"), (99, "Other")], observable: None },
    Field { name: "algorithm", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "value", kind: Kind::Text, sibling: None, captions: &[], observable: Some((8, "Hash")) },
] };

#[allow(missing_docs, dead_code)]
pub mod fingerprint {
    pub const ALGORITHM_ID: usize = 0;
    pub const ALGORITHM: usize = 1;
    pub const VALUE: usize = 2;
}

/// OpenTelemetry Context (`ocsfconv/otel_context`).
pub static OTEL_CONTEXT: Schema = Schema { fields: &[
    Field { name: "time_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "start_time_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "end_time_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "observed_time_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "duration_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "span_kind_id", kind: Kind::Long, sibling: Some(6), captions: &[(0, "Unknown"), (1, "Internal"), (2, "Server"), (3, "Client"), (4, "Producer"), (5, "Consumer"), (99, "Other")], observable: None },
    Field { name: "span_kind", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "span_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "trace_state", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "flag_bits", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "status_message", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "severity_number", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "scope", kind: Kind::Object(&OTEL_SCOPE), sibling: None, captions: &[], observable: None },
    Field { name: "schema_url", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "resource_schema_url", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "span_events", kind: Kind::List(&Kind::Object(&SPAN_EVENT)), sibling: None, captions: &[], observable: None },
    Field { name: "span_links", kind: Kind::List(&Kind::Object(&SPAN_LINK)), sibling: None, captions: &[], observable: None },
    Field { name: "attribute_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "resource_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "body", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "non_finite", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_attributes_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_events_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_links_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_resource_attributes_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod otel_context {
    pub const TIME_NANO: usize = 0;
    pub const START_TIME_NANO: usize = 1;
    pub const END_TIME_NANO: usize = 2;
    pub const OBSERVED_TIME_NANO: usize = 3;
    pub const DURATION_NANO: usize = 4;
    pub const SPAN_KIND_ID: usize = 5;
    pub const SPAN_KIND: usize = 6;
    pub const SPAN_UID: usize = 7;
    pub const TRACE_STATE: usize = 8;
    pub const FLAG_BITS: usize = 9;
    pub const STATUS_MESSAGE: usize = 10;
    pub const SEVERITY_NUMBER: usize = 11;
    pub const SCOPE: usize = 12;
    pub const SCHEMA_URL: usize = 13;
    pub const RESOURCE_SCHEMA_URL: usize = 14;
    pub const SPAN_EVENTS: usize = 15;
    pub const SPAN_LINKS: usize = 16;
    pub const ATTRIBUTE_MAP: usize = 17;
    pub const RESOURCE_MAP: usize = 18;
    pub const BODY: usize = 19;
    pub const NON_FINITE: usize = 20;
    pub const DROPPED_ATTRIBUTES_COUNT: usize = 21;
    pub const DROPPED_EVENTS_COUNT: usize = 22;
    pub const DROPPED_LINKS_COUNT: usize = 23;
    pub const DROPPED_RESOURCE_ATTRIBUTES_COUNT: usize = 24;
}

/// Instrumentation Scope (`ocsfconv/otel_scope`).
pub static OTEL_SCOPE: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "version", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "attribute_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_attributes_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod otel_scope {
    pub const NAME: usize = 0;
    pub const VERSION: usize = 1;
    pub const ATTRIBUTE_MAP: usize = 2;
    pub const DROPPED_ATTRIBUTES_COUNT: usize = 3;
}

/// Span Event (`ocsfconv/span_event`).
pub static SPAN_EVENT: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "time_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "attribute_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_attributes_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod span_event {
    pub const NAME: usize = 0;
    pub const TIME: usize = 1;
    pub const TIME_NANO: usize = 2;
    pub const ATTRIBUTE_MAP: usize = 3;
    pub const DROPPED_ATTRIBUTES_COUNT: usize = 4;
}

/// Span Link (`ocsfconv/span_link`).
pub static SPAN_LINK: Schema = Schema { fields: &[
    Field { name: "trace_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "span_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "trace_state", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "attribute_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
    Field { name: "flag_bits", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "dropped_attributes_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod span_link {
    pub const TRACE_UID: usize = 0;
    pub const SPAN_UID: usize = 1;
    pub const TRACE_STATE: usize = 2;
    pub const ATTRIBUTE_MAP: usize = 3;
    pub const FLAG_BITS: usize = 4;
    pub const DROPPED_ATTRIBUTES_COUNT: usize = 5;
}

/// Metric Data Point (`ocsfconv/metric_point`).
pub static METRIC_POINT: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "desc", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "unit", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(4), captions: &[(0, "Unknown"), (1, "Gauge"), (2, "Sum"), (3, "Histogram"), (4, "Exponential Histogram"), (5, "Summary"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "temporality_id", kind: Kind::Long, sibling: Some(6), captions: &[(0, "Unknown"), (1, "Delta"), (2, "Cumulative"), (99, "Other")], observable: None },
    Field { name: "temporality", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "is_monotonic", kind: Kind::Bool, sibling: None, captions: &[], observable: None },
    Field { name: "is_value_missing", kind: Kind::Bool, sibling: None, captions: &[], observable: None },
    Field { name: "value", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "value_long", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "value_double", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "point_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "point_sum", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "point_min", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "point_max", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "explicit_bounds", kind: Kind::List(&Kind::Double), sibling: None, captions: &[], observable: None },
    Field { name: "bucket_counts", kind: Kind::List(&Kind::Long), sibling: None, captions: &[], observable: None },
    Field { name: "scale", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "zero_count", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "zero_threshold", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "positive", kind: Kind::Object(&EXP_BUCKETS), sibling: None, captions: &[], observable: None },
    Field { name: "negative", kind: Kind::Object(&EXP_BUCKETS), sibling: None, captions: &[], observable: None },
    Field { name: "quantile_values", kind: Kind::List(&Kind::Object(&QUANTILE_VALUE)), sibling: None, captions: &[], observable: None },
    Field { name: "exemplars", kind: Kind::List(&Kind::Object(&EXEMPLAR)), sibling: None, captions: &[], observable: None },
    Field { name: "tags", kind: Kind::List(&Kind::Object(&KEY_VALUE_OBJECT)), sibling: None, captions: &[], observable: None },
    Field { name: "metadata_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod metric_point {
    pub const NAME: usize = 0;
    pub const DESC: usize = 1;
    pub const UNIT: usize = 2;
    pub const TYPE_ID: usize = 3;
    pub const TYPE: usize = 4;
    pub const TEMPORALITY_ID: usize = 5;
    pub const TEMPORALITY: usize = 6;
    pub const IS_MONOTONIC: usize = 7;
    pub const IS_VALUE_MISSING: usize = 8;
    pub const VALUE: usize = 9;
    pub const VALUE_LONG: usize = 10;
    pub const VALUE_DOUBLE: usize = 11;
    pub const POINT_COUNT: usize = 12;
    pub const POINT_SUM: usize = 13;
    pub const POINT_MIN: usize = 14;
    pub const POINT_MAX: usize = 15;
    pub const EXPLICIT_BOUNDS: usize = 16;
    pub const BUCKET_COUNTS: usize = 17;
    pub const SCALE: usize = 18;
    pub const ZERO_COUNT: usize = 19;
    pub const ZERO_THRESHOLD: usize = 20;
    pub const POSITIVE: usize = 21;
    pub const NEGATIVE: usize = 22;
    pub const QUANTILE_VALUES: usize = 23;
    pub const EXEMPLARS: usize = 24;
    pub const TAGS: usize = 25;
    pub const METADATA_MAP: usize = 26;
}

/// Exponential Buckets (`ocsfconv/exp_buckets`).
pub static EXP_BUCKETS: Schema = Schema { fields: &[
    Field { name: "bucket_offset", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "bucket_counts", kind: Kind::List(&Kind::Long), sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod exp_buckets {
    pub const BUCKET_OFFSET: usize = 0;
    pub const BUCKET_COUNTS: usize = 1;
}

/// Quantile Value (`ocsfconv/quantile_value`).
pub static QUANTILE_VALUE: Schema = Schema { fields: &[
    Field { name: "quantile", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "value_double", kind: Kind::Double, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod quantile_value {
    pub const QUANTILE: usize = 0;
    pub const VALUE_DOUBLE: usize = 1;
}

/// Exemplar (`ocsfconv/exemplar`).
pub static EXEMPLAR: Schema = Schema { fields: &[
    Field { name: "time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "time_nano", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "value_long", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "value_double", kind: Kind::Double, sibling: None, captions: &[], observable: None },
    Field { name: "trace_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "span_uid", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "attribute_map", kind: Kind::Json, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod exemplar {
    pub const TIME: usize = 0;
    pub const TIME_NANO: usize = 1;
    pub const VALUE_LONG: usize = 2;
    pub const VALUE_DOUBLE: usize = 3;
    pub const TRACE_UID: usize = 4;
    pub const SPAN_UID: usize = 5;
    pub const ATTRIBUTE_MAP: usize = 6;
}

/// Service (`service`).
pub static SERVICE_NAME: Schema = Schema { fields: &[
    Field { name: "name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod service_name {
    pub const NAME: usize = 0;
}

/// The attributes of every class together; a [`Class`] says which of them it has.
pub static EVENT: Schema = Schema { fields: &[
    Field { name: "activity_id", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "activity_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "category_uid", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "category_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "class_uid", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "class_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "type_uid", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "type_name", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "severity_id", kind: Kind::Long, sibling: Some(9), captions: &[(0, "Unknown"), (1, "Informational"), (2, "Low"), (3, "Medium"), (4, "High"), (5, "Critical"), (6, "Fatal"), (99, "Other")], observable: None },
    Field { name: "severity", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "status_id", kind: Kind::Long, sibling: Some(11), captions: &[(0, "Unknown"), (1, "Success"), (2, "Failure"), (99, "Other")], observable: None },
    Field { name: "status", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "status_code", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "status_detail", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "timezone_offset", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "start_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "end_time", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "duration", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "message", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "metadata", kind: Kind::Object(&METADATA), sibling: None, captions: &[], observable: None },
    Field { name: "observables", kind: Kind::List(&Kind::Object(&OBSERVABLE)), sibling: None, captions: &[], observable: None },
    Field { name: "actor", kind: Kind::Object(&ACTOR), sibling: None, captions: &[], observable: None },
    Field { name: "api", kind: Kind::Object(&API), sibling: None, captions: &[], observable: None },
    Field { name: "app", kind: Kind::Object(&PRODUCT), sibling: None, captions: &[], observable: None },
    Field { name: "auth_protocol_id", kind: Kind::Long, sibling: Some(26), captions: &[(0, "Unknown"), (1, "NTLM"), (2, "Kerberos"), (3, "Digest"), (4, "OpenID"), (5, "SAML"), (6, "OAUTH 2.0"), (7, "PAP"), (8, "CHAP"), (9, "EAP"), (10, "RADIUS"), (11, "Basic Authentication"), (12, "LDAP"), (99, "Other")], observable: None },
    Field { name: "auth_protocol", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "authentication_token", kind: Kind::Object(&AUTHENTICATION_TOKEN), sibling: None, captions: &[], observable: None },
    Field { name: "cloud", kind: Kind::Object(&CLOUD), sibling: None, captions: &[], observable: None },
    Field { name: "connection_info", kind: Kind::Object(&NETWORK_CONNECTION_INFO), sibling: None, captions: &[], observable: None },
    Field { name: "database", kind: Kind::Object(&DATABASE), sibling: None, captions: &[], observable: None },
    Field { name: "device", kind: Kind::Object(&DEVICE), sibling: None, captions: &[], observable: None },
    Field { name: "dst_endpoint", kind: Kind::Object(&NETWORK_ENDPOINT), sibling: None, captions: &[], observable: None },
    Field { name: "entity", kind: Kind::Object(&MANAGED_ENTITY), sibling: None, captions: &[], observable: None },
    Field { name: "entity_result", kind: Kind::Object(&MANAGED_ENTITY), sibling: None, captions: &[], observable: None },
    Field { name: "http_request", kind: Kind::Object(&HTTP_REQUEST), sibling: None, captions: &[], observable: None },
    Field { name: "http_response", kind: Kind::Object(&HTTP_RESPONSE), sibling: None, captions: &[], observable: None },
    Field { name: "is_mfa", kind: Kind::Bool, sibling: None, captions: &[], observable: None },
    Field { name: "is_new_logon", kind: Kind::Bool, sibling: None, captions: &[], observable: None },
    Field { name: "is_remote", kind: Kind::Bool, sibling: None, captions: &[], observable: None },
    Field { name: "logon_type_id", kind: Kind::Long, sibling: Some(41), captions: &[(0, "Unknown"), (1, "System"), (2, "Interactive"), (3, "Network"), (4, "Batch"), (5, "OS Service"), (7, "Unlock"), (8, "Network Cleartext"), (9, "New Credentials"), (10, "Remote Interactive"), (11, "Cached Interactive"), (12, "Cached Remote Interactive"), (13, "Cached Unlock"), (99, "Other")], observable: None },
    Field { name: "logon_type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "metric_point", kind: Kind::Object(&METRIC_POINT), sibling: None, captions: &[], observable: None },
    Field { name: "query_info", kind: Kind::Object(&QUERY_INFO), sibling: None, captions: &[], observable: None },
    Field { name: "raw_data", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "raw_data_hash", kind: Kind::Object(&FINGERPRINT), sibling: None, captions: &[], observable: None },
    Field { name: "raw_data_size", kind: Kind::Long, sibling: None, captions: &[], observable: None },
    Field { name: "resources", kind: Kind::List(&Kind::Object(&RESOURCE_DETAILS)), sibling: None, captions: &[], observable: None },
    Field { name: "service", kind: Kind::Object(&SERVICE), sibling: None, captions: &[], observable: None },
    Field { name: "session", kind: Kind::Object(&SESSION), sibling: None, captions: &[], observable: None },
    Field { name: "src_endpoint", kind: Kind::Object(&NETWORK_ENDPOINT), sibling: None, captions: &[], observable: None },
    Field { name: "table", kind: Kind::Object(&TABLE), sibling: None, captions: &[], observable: None },
    Field { name: "trace", kind: Kind::Object(&TRACE), sibling: None, captions: &[], observable: None },
    Field { name: "traffic", kind: Kind::Object(&NETWORK_TRAFFIC), sibling: None, captions: &[], observable: None },
    Field { name: "type_id", kind: Kind::Long, sibling: Some(55), captions: &[(0, "Unknown"), (1, "Database"), (2, "Databucket"), (3, "Table"), (99, "Other")], observable: None },
    Field { name: "type", kind: Kind::Text, sibling: None, captions: &[], observable: None },
    Field { name: "user", kind: Kind::Object(&USER), sibling: None, captions: &[], observable: None },
    Field { name: "otel", kind: Kind::Object(&OTEL_CONTEXT), sibling: None, captions: &[], observable: None },
    Field { name: "unmapped", kind: Kind::Json, sibling: None, captions: &[], observable: None },
] };

#[allow(missing_docs, dead_code)]
pub mod event {
    pub const ACTIVITY_ID: usize = 0;
    pub const ACTIVITY_NAME: usize = 1;
    pub const CATEGORY_UID: usize = 2;
    pub const CATEGORY_NAME: usize = 3;
    pub const CLASS_UID: usize = 4;
    pub const CLASS_NAME: usize = 5;
    pub const TYPE_UID: usize = 6;
    pub const TYPE_NAME: usize = 7;
    pub const SEVERITY_ID: usize = 8;
    pub const SEVERITY: usize = 9;
    pub const STATUS_ID: usize = 10;
    pub const STATUS: usize = 11;
    pub const STATUS_CODE: usize = 12;
    pub const STATUS_DETAIL: usize = 13;
    pub const TIME: usize = 14;
    pub const TIMEZONE_OFFSET: usize = 15;
    pub const START_TIME: usize = 16;
    pub const END_TIME: usize = 17;
    pub const DURATION: usize = 18;
    pub const MESSAGE: usize = 19;
    pub const METADATA: usize = 20;
    pub const OBSERVABLES: usize = 21;
    pub const ACTOR: usize = 22;
    pub const API: usize = 23;
    pub const APP: usize = 24;
    pub const AUTH_PROTOCOL_ID: usize = 25;
    pub const AUTH_PROTOCOL: usize = 26;
    pub const AUTHENTICATION_TOKEN: usize = 27;
    pub const CLOUD: usize = 28;
    pub const CONNECTION_INFO: usize = 29;
    pub const DATABASE: usize = 30;
    pub const DEVICE: usize = 31;
    pub const DST_ENDPOINT: usize = 32;
    pub const ENTITY: usize = 33;
    pub const ENTITY_RESULT: usize = 34;
    pub const HTTP_REQUEST: usize = 35;
    pub const HTTP_RESPONSE: usize = 36;
    pub const IS_MFA: usize = 37;
    pub const IS_NEW_LOGON: usize = 38;
    pub const IS_REMOTE: usize = 39;
    pub const LOGON_TYPE_ID: usize = 40;
    pub const LOGON_TYPE: usize = 41;
    pub const METRIC_POINT: usize = 42;
    pub const QUERY_INFO: usize = 43;
    pub const RAW_DATA: usize = 44;
    pub const RAW_DATA_HASH: usize = 45;
    pub const RAW_DATA_SIZE: usize = 46;
    pub const RESOURCES: usize = 47;
    pub const SERVICE: usize = 48;
    pub const SESSION: usize = 49;
    pub const SRC_ENDPOINT: usize = 50;
    pub const TABLE: usize = 51;
    pub const TRACE: usize = 52;
    pub const TRAFFIC: usize = 53;
    pub const TYPE_ID: usize = 54;
    pub const TYPE: usize = 55;
    pub const USER: usize = 56;
    pub const OTEL: usize = 57;
    pub const UNMAPPED: usize = 58;
}

/// Base Event (0).
pub static BASE_EVENT: Class = Class { uid: 0, name: "Base Event", key: "base_event", category_uid: 0, category_name: "Uncategorized", activities: &[(0, "Unknown"), (99, "Other")], type_names: &[(0, "Base Event: Unknown"), (99, "Base Event: Other")], index: 0, actor_by_profile: true, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 58] };

/// Authentication (3002).
pub static AUTHENTICATION: Class = Class { uid: 3002, name: "Authentication", key: "authentication", category_uid: 3, category_name: "Identity & Access Management", activities: &[(0, "Unknown"), (1, "Logon"), (2, "Logoff"), (3, "Authentication Ticket"), (4, "Service Ticket Request"), (5, "Service Ticket Renew"), (6, "Preauth"), (7, "Account Switch"), (99, "Other")], type_names: &[(0, "Authentication: Unknown"), (1, "Authentication: Logon"), (2, "Authentication: Logoff"), (3, "Authentication: Authentication Ticket"), (4, "Authentication: Service Ticket Request"), (5, "Authentication: Service Ticket Renew"), (6, "Authentication: Preauth"), (7, "Authentication: Account Switch"), (99, "Authentication: Other")], index: 1, actor_by_profile: false, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 25, 26, 27, 28, 31, 32, 37, 38, 39, 40, 41, 48, 49, 50, 52, 56, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 25, 26, 27, 28, 31, 32, 37, 38, 39, 40, 41, 48, 49, 50, 56, 58] };

/// Entity Management (3004).
pub static ENTITY_MANAGEMENT: Class = Class { uid: 3004, name: "Entity Management", key: "entity_management", category_uid: 3, category_name: "Identity & Access Management", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (5, "Move"), (6, "Enroll"), (7, "Unenroll"), (8, "Enable"), (9, "Disable"), (10, "Activate"), (11, "Deactivate"), (12, "Suspend"), (13, "Resume"), (99, "Other")], type_names: &[(0, "Entity Management: Unknown"), (1, "Entity Management: Create"), (2, "Entity Management: Read"), (3, "Entity Management: Update"), (4, "Entity Management: Delete"), (5, "Entity Management: Move"), (6, "Entity Management: Enroll"), (7, "Entity Management: Unenroll"), (8, "Entity Management: Enable"), (9, "Entity Management: Disable"), (10, "Entity Management: Activate"), (11, "Entity Management: Deactivate"), (12, "Entity Management: Suspend"), (13, "Entity Management: Resume"), (99, "Entity Management: Other")], index: 2, actor_by_profile: false, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 33, 34, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 33, 34, 58] };

/// HTTP Activity (4002).
pub static HTTP_ACTIVITY: Class = Class { uid: 4002, name: "HTTP Activity", key: "http_activity", category_uid: 4, category_name: "Network Activity", activities: &[(0, "Unknown"), (1, "Connect"), (2, "Delete"), (3, "Get"), (4, "Head"), (5, "Options"), (6, "Post"), (7, "Put"), (8, "Trace"), (9, "Patch"), (99, "Other")], type_names: &[(0, "HTTP Activity: Unknown"), (1, "HTTP Activity: Connect"), (2, "HTTP Activity: Delete"), (3, "HTTP Activity: Get"), (4, "HTTP Activity: Head"), (5, "HTTP Activity: Options"), (6, "HTTP Activity: Post"), (7, "HTTP Activity: Put"), (8, "HTTP Activity: Trace"), (9, "HTTP Activity: Patch"), (99, "HTTP Activity: Other")], index: 3, actor_by_profile: true, trace_in_core: true, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 29, 31, 32, 35, 36, 50, 52, 53, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 29, 31, 32, 35, 36, 50, 52, 53, 58] };

/// Application Lifecycle (6002).
pub static APPLICATION_LIFECYCLE: Class = Class { uid: 6002, name: "Application Lifecycle", key: "application_lifecycle", category_uid: 6, category_name: "Application Activity", activities: &[(0, "Unknown"), (1, "Install"), (2, "Remove"), (3, "Start"), (4, "Stop"), (5, "Restart"), (6, "Enable"), (7, "Disable"), (8, "Update"), (99, "Other")], type_names: &[(0, "Application Lifecycle: Unknown"), (1, "Application Lifecycle: Install"), (2, "Application Lifecycle: Remove"), (3, "Application Lifecycle: Start"), (4, "Application Lifecycle: Stop"), (5, "Application Lifecycle: Restart"), (6, "Application Lifecycle: Enable"), (7, "Application Lifecycle: Disable"), (8, "Application Lifecycle: Update"), (99, "Application Lifecycle: Other")], index: 4, actor_by_profile: true, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 28, 31, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 28, 31, 58] };

/// API Activity (6003).
pub static API_ACTIVITY: Class = Class { uid: 6003, name: "API Activity", key: "api_activity", category_uid: 6, category_name: "Application Activity", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (99, "Other")], type_names: &[(0, "API Activity: Unknown"), (1, "API Activity: Create"), (2, "API Activity: Read"), (3, "API Activity: Update"), (4, "API Activity: Delete"), (99, "API Activity: Other")], index: 5, actor_by_profile: false, trace_in_core: true, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 28, 31, 32, 35, 36, 47, 50, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 28, 31, 32, 35, 36, 47, 50, 52, 58] };

/// Datastore Activity (6005).
pub static DATASTORE_ACTIVITY: Class = Class { uid: 6005, name: "Datastore Activity", key: "datastore_activity", category_uid: 6, category_name: "Application Activity", activities: &[(0, "Unknown"), (1, "Read"), (2, "Update"), (3, "Connect"), (4, "Query"), (5, "Write"), (6, "Create"), (7, "Delete"), (8, "List"), (9, "Encrypt"), (10, "Decrypt"), (99, "Other")], type_names: &[(0, "Datastore Activity: Unknown"), (1, "Datastore Activity: Read"), (2, "Datastore Activity: Update"), (3, "Datastore Activity: Connect"), (4, "Datastore Activity: Query"), (5, "Datastore Activity: Write"), (6, "Datastore Activity: Create"), (7, "Datastore Activity: Delete"), (8, "Datastore Activity: List"), (9, "Datastore Activity: Encrypt"), (10, "Datastore Activity: Decrypt"), (99, "Datastore Activity: Other")], index: 6, actor_by_profile: false, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 30, 31, 32, 43, 50, 51, 52, 54, 55, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 30, 31, 32, 43, 50, 51, 54, 55, 58] };

/// Application Error (6008).
pub static APPLICATION_ERROR: Class = Class { uid: 6008, name: "Application Error", key: "application_error", category_uid: 6, category_name: "Application Activity", activities: &[(0, "Unknown"), (1, "General Error"), (2, "Translation Error"), (99, "Other")], type_names: &[(0, "Application Error: Unknown"), (1, "Application Error: General Error"), (2, "Application Error: Translation Error"), (99, "Application Error: Other")], index: 7, actor_by_profile: true, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 44, 45, 46, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 44, 45, 46, 58] };

/// Metric Observation (99905001).
pub static METRIC_OBSERVATION: Class = Class { uid: 99905001, name: "Metric Observation", key: "metric_observation", category_uid: 5, category_name: "Discovery", activities: &[(0, "Unknown"), (1, "Log"), (2, "Collect"), (99, "Other")], type_names: &[(0, "Metric Observation: Unknown"), (1, "Metric Observation: Log"), (2, "Metric Observation: Collect"), (99, "Metric Observation: Other")], index: 8, actor_by_profile: true, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 42, 48, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 48, 58] };

/// Span Activity (99906001).
pub static SPAN_ACTIVITY: Class = Class { uid: 99906001, name: "Span Activity", key: "span_activity", category_uid: 6, category_name: "Application Activity", activities: &[(0, "Unknown"), (1, "Internal"), (2, "Server"), (3, "Client"), (4, "Producer"), (5, "Consumer"), (99, "Other")], type_names: &[(0, "Span Activity: Unknown"), (1, "Span Activity: Internal"), (2, "Span Activity: Server"), (3, "Span Activity: Client"), (4, "Span Activity: Producer"), (5, "Span Activity: Consumer"), (99, "Span Activity: Other")], index: 9, actor_by_profile: true, trace_in_core: false, fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 48, 52, 57], core_fields: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 28, 31, 48, 58] };

/// Every class that the mapping writes, in the order of the report.
pub static CLASSES: &[&Class] = &[&BASE_EVENT, &AUTHENTICATION, &ENTITY_MANAGEMENT, &HTTP_ACTIVITY, &APPLICATION_LIFECYCLE, &API_ACTIVITY, &DATASTORE_ACTIVITY, &APPLICATION_ERROR, &METRIC_OBSERVATION, &SPAN_ACTIVITY];

/// The columns of `ocsf_logs.parquet`.
pub static FLAT_LOGS: &[Column] = &[
    Column { name: "class_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[4])], rule: None },
    Column { name: "category_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[2])], rule: None },
    Column { name: "activity_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[0])], rule: None },
    Column { name: "type_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[6])], rule: None },
    Column { name: "severity_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[8])], rule: None },
    Column { name: "time", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[14])], rule: None },
    Column { name: "status_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[10])], rule: None },
    Column { name: "class_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[5])], rule: None },
    Column { name: "category_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[3])], rule: None },
    Column { name: "activity_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[1])], rule: None },
    Column { name: "status", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[11])], rule: None },
    Column { name: "status_code", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[12])], rule: None },
    Column { name: "message", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[19])], rule: None },
    Column { name: "service", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 0])], rule: None },
    Column { name: "level", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 12])], rule: None },
    Column { name: "metadata_version", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 0])], rule: None },
    Column { name: "metadata_product_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 0])], rule: None },
    Column { name: "metadata_product_version", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 1])], rule: None },
    Column { name: "metadata_product_vendor_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 2])], rule: None },
    Column { name: "device_hostname", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 0]), Source::Resource("host.name")], rule: None },
    Column { name: "device_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 5])], rule: None },
    Column { name: "service_version", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 1])], rule: None },
    Column { name: "host_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 0]), Source::Resource("host.name")], rule: None },
    Column { name: "trace_id", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 3])], rule: None },
    Column { name: "actor_user_uid", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 1, 0]), Source::Path(&[56, 0])], rule: None },
    Column { name: "actor_user_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 1, 1]), Source::Path(&[56, 1])], rule: None },
    Column { name: "actor_user_email", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 1, 2]), Source::Path(&[56, 2])], rule: None },
    Column { name: "actor_session_uid", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 2, 0]), Source::Path(&[49, 0])], rule: None },
    Column { name: "src_endpoint_ip", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[50, 0])], rule: None },
    Column { name: "src_endpoint_domain", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[50, 1])], rule: None },
    Column { name: "dst_endpoint_ip", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[32, 0])], rule: None },
    Column { name: "dst_endpoint_svc_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[32, 4])], rule: None },
    Column { name: "http_request_method", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 0])], rule: None },
    Column { name: "http_request_user_agent", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 2])], rule: None },
    Column { name: "http_request_url_path", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 9, 3])], rule: None },
    Column { name: "http_request_url_hostname", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 9, 1])], rule: None },
    Column { name: "http_request_url_scheme", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 9, 0])], rule: None },
    Column { name: "http_response_status", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[36, 1])], rule: None },
    Column { name: "resource_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[47, 0, 2])], rule: None },
    Column { name: "resource_uid", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[47, 0, 0])], rule: None },
    Column { name: "error_message", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("exception.message"), Source::Attribute("error.message")], rule: None },
    Column { name: "error_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("error.type"), Source::Attribute("exception.type")], rule: None },
    Column { name: "duration", kind: ColumnKind::Double, nullable: true, sources: &[], rule: Some(Rule::LogDuration) },
    Column { name: "src_endpoint_port", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[50, 2])], rule: None },
    Column { name: "dst_endpoint_port", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[32, 2])], rule: None },
    Column { name: "http_response_code", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[36, 0])], rule: None },
    Column { name: "http_response_latency", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[36, 2])], rule: None },
    Column { name: "event_uid", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 2])], rule: None },
    Column { name: "type_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[7])], rule: None },
    Column { name: "severity", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[9])], rule: None },
    Column { name: "span_id", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[52, 3, 0]), Source::Path(&[57, 7])], rule: None },
    Column { name: "time_unix_nano", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[57, 0])], rule: None },
    Column { name: "status_detail", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[13])], rule: None },
    Column { name: "event_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 13])], rule: None },
    Column { name: "http_route", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("http.route")], rule: None },
    Column { name: "api_operation", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[23, 0])], rule: None },
    Column { name: "db_system", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("db.system.name")], rule: None },
    Column { name: "db_operation", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("db.operation.name")], rule: None },
    Column { name: "user_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 1, 6]), Source::Path(&[56, 6])], rule: None },
    Column { name: "auth_protocol", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[26])], rule: None },
    Column { name: "logon_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[41])], rule: None },
    Column { name: "exception_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("exception.type")], rule: None },
    Column { name: "actor_process_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 0, 1])], rule: None },
    Column { name: "actor_app_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[22, 3])], rule: None },
    Column { name: "device_uid", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 1])], rule: None },
    Column { name: "container_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 7, 1]), Source::Resource("container.name")], rule: None },
    Column { name: "scope_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 12, 0])], rule: None },
    Column { name: "environment", kind: ColumnKind::Text, nullable: true, sources: &[Source::Resource("deployment.environment.name")], rule: None },
    Column { name: "traffic_bytes_in", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[53, 0]), Source::Attribute("http.request.body.size")], rule: None },
    Column { name: "traffic_bytes_out", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[53, 1]), Source::Attribute("http.response.body.size")], rule: None },
    Column { name: "http_request_http_method", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 0])], rule: None },
    Column { name: "attributes", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 17])], rule: None },
];

/// The columns of `ocsf_traces.parquet`.
pub static FLAT_TRACES: &[Column] = &[
    Column { name: "class_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[4])], rule: None },
    Column { name: "category_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[2])], rule: None },
    Column { name: "activity_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[0])], rule: None },
    Column { name: "type_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[6])], rule: None },
    Column { name: "severity_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[8])], rule: None },
    Column { name: "time", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[14])], rule: None },
    Column { name: "status_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[10])], rule: None },
    Column { name: "duration", kind: ColumnKind::Double, nullable: true, sources: &[], rule: Some(Rule::SpanDuration) },
    Column { name: "class_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[5])], rule: None },
    Column { name: "category_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[3])], rule: None },
    Column { name: "activity_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[1])], rule: None },
    Column { name: "status", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[11])], rule: None },
    Column { name: "status_code", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[12])], rule: None },
    Column { name: "message", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[19])], rule: None },
    Column { name: "service", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 0])], rule: None },
    Column { name: "trace_id", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 3])], rule: None },
    Column { name: "span_id", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[52, 3, 0]), Source::Path(&[57, 7])], rule: None },
    Column { name: "parent_span_id", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[52, 3, 1])], rule: None },
    Column { name: "http_request_method", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 0])], rule: None },
    Column { name: "http_request_url_path", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[35, 9, 3])], rule: None },
    Column { name: "http_response_code", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[36, 0])], rule: None },
    Column { name: "event_uid", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 2])], rule: None },
    Column { name: "duration_ns", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[57, 4])], rule: None },
    Column { name: "time_unix_nano", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[57, 0])], rule: None },
    Column { name: "end_time_unix_nano", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[57, 2])], rule: None },
    Column { name: "span_kind", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 6])], rule: None },
    Column { name: "span_status", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[52, 3, 6])], rule: None },
    Column { name: "operation", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[52, 3, 5])], rule: None },
    Column { name: "http_route", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("http.route")], rule: None },
    Column { name: "db_system", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("db.system.name")], rule: None },
    Column { name: "db_namespace", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("db.namespace")], rule: None },
    Column { name: "db_collection", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("db.collection.name")], rule: None },
    Column { name: "db_operation", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("db.operation.name")], rule: None },
    Column { name: "db_query_text", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[43, 2]), Source::Attribute("db.query.text")], rule: None },
    Column { name: "messaging_system", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("messaging.system")], rule: None },
    Column { name: "messaging_destination", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("messaging.destination.name")], rule: None },
    Column { name: "src_endpoint_ip", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[50, 0])], rule: None },
    Column { name: "src_endpoint_port", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[50, 2])], rule: None },
    Column { name: "src_endpoint_svc_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[50, 4])], rule: None },
    Column { name: "dst_endpoint_ip", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[32, 0])], rule: None },
    Column { name: "dst_endpoint_port", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[32, 2])], rule: None },
    Column { name: "dst_endpoint_svc_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[32, 4])], rule: None },
    Column { name: "error_type", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("error.type"), Source::Attribute("exception.type")], rule: None },
    Column { name: "events_count", kind: ColumnKind::Long, nullable: true, sources: &[], rule: Some(Rule::EventsCount) },
    Column { name: "links_count", kind: ColumnKind::Long, nullable: true, sources: &[], rule: Some(Rule::LinksCount) },
    Column { name: "scope_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 12, 0])], rule: None },
    Column { name: "host_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 0]), Source::Resource("host.name")], rule: None },
    Column { name: "environment", kind: ColumnKind::Text, nullable: true, sources: &[Source::Resource("deployment.environment.name")], rule: None },
    Column { name: "record_kind", kind: ColumnKind::Text, nullable: false, sources: &[], rule: Some(Rule::RecordKind) },
    Column { name: "attributes", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 17])], rule: None },
    Column { name: "service_version", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[20, 1, 1])], rule: None },
];

/// The columns of `ocsf_metrics.parquet`.
pub static FLAT_METRICS: &[Column] = &[
    Column { name: "class_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[4])], rule: None },
    Column { name: "category_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[2])], rule: None },
    Column { name: "activity_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[0])], rule: None },
    Column { name: "type_uid", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[6])], rule: None },
    Column { name: "severity_id", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[8])], rule: None },
    Column { name: "time", kind: ColumnKind::Long, nullable: false, sources: &[Source::Path(&[14])], rule: None },
    Column { name: "class_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[5])], rule: None },
    Column { name: "category_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[3])], rule: None },
    Column { name: "activity_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[1])], rule: None },
    Column { name: "metric_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[42, 0])], rule: None },
    Column { name: "metric_type", kind: ColumnKind::Text, nullable: true, sources: &[], rule: Some(Rule::MetricType) },
    Column { name: "metric_unit", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[42, 2])], rule: None },
    Column { name: "metric_description", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[42, 1])], rule: None },
    Column { name: "service", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("job"), Source::Path(&[20, 1, 0])], rule: None },
    Column { name: "endpoint", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("endpoint"), Source::Attribute("http.route"), Source::Attribute("route")], rule: None },
    Column { name: "method", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("method"), Source::Attribute("http.request.method")], rule: None },
    Column { name: "status", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("status"), Source::Attribute("http.response.status_code")], rule: None },
    Column { name: "job", kind: ColumnKind::Text, nullable: true, sources: &[], rule: Some(Rule::Job) },
    Column { name: "instance", kind: ColumnKind::Text, nullable: true, sources: &[Source::Attribute("instance"), Source::Resource("service.instance.id")], rule: None },
    Column { name: "metric_value", kind: ColumnKind::Double, nullable: true, sources: &[], rule: Some(Rule::MetricValue) },
    Column { name: "start_time", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[16])], rule: None },
    Column { name: "time_unix_nano", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[57, 0])], rule: None },
    Column { name: "temporality", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[42, 6])], rule: None },
    Column { name: "is_monotonic", kind: ColumnKind::Bool, nullable: true, sources: &[Source::Path(&[42, 7])], rule: None },
    Column { name: "count", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[42, 12])], rule: None },
    Column { name: "sum", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[42, 13])], rule: None },
    Column { name: "min", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[42, 14])], rule: None },
    Column { name: "max", kind: ColumnKind::Double, nullable: true, sources: &[Source::Path(&[42, 15])], rule: None },
    Column { name: "bucket_counts", kind: ColumnKind::LongList, nullable: true, sources: &[Source::Path(&[42, 17])], rule: None },
    Column { name: "explicit_bounds", kind: ColumnKind::DoubleList, nullable: true, sources: &[Source::Path(&[42, 16])], rule: None },
    Column { name: "scale", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[42, 18])], rule: None },
    Column { name: "zero_count", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[42, 19])], rule: None },
    Column { name: "positive_offset", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[42, 21, 0])], rule: None },
    Column { name: "positive_counts", kind: ColumnKind::LongList, nullable: true, sources: &[Source::Path(&[42, 21, 1])], rule: None },
    Column { name: "negative_offset", kind: ColumnKind::Long, nullable: true, sources: &[Source::Path(&[42, 22, 0])], rule: None },
    Column { name: "negative_counts", kind: ColumnKind::LongList, nullable: true, sources: &[Source::Path(&[42, 22, 1])], rule: None },
    Column { name: "quantiles", kind: ColumnKind::DoubleList, nullable: true, sources: &[], rule: Some(Rule::Quantiles) },
    Column { name: "quantile_values", kind: ColumnKind::DoubleList, nullable: true, sources: &[], rule: Some(Rule::QuantileValues) },
    Column { name: "attributes", kind: ColumnKind::Text, nullable: true, sources: &[], rule: Some(Rule::PointAttributes) },
    Column { name: "resource", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 18])], rule: None },
    Column { name: "scope_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[57, 12, 0])], rule: None },
    Column { name: "host_name", kind: ColumnKind::Text, nullable: true, sources: &[Source::Path(&[31, 0]), Source::Resource("host.name")], rule: None },
];
