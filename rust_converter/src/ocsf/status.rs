//! The outcome of an activity, first match wins.

use bumpalo::Bump;

use super::draft::Status;
use super::operations::{grpc_code, grpc_name, reason_phrase};
use super::parties::{any_text, status_code};
use crate::otlp::Span;
use crate::semconv::{Name, Resolved, find_text};

const SUCCESS: i64 = 1;
const FAILURE: i64 = 2;

/// OTLP status codes.
const OK: i32 = 1;
pub(super) const ERROR: i32 = 2;

/// HTTP codes from here on are failures.
const HTTP_FAILURE: i64 = 400;

/// The gRPC code of a record, when it has one.
pub(crate) fn grpc(attrs: &Resolved<'_>) -> Option<i64> {
    attrs.long(Name::RpcGrpcStatusCode).or_else(|| {
        attrs.long(Name::RpcResponseStatusCode).or_else(|| grpc_code(attrs.text(Name::RpcResponseStatusCode)?))
    })
}

/// The name of the RPC outcome.
pub(crate) fn rpc_name<'a>(arena: &'a Bump, attrs: &Resolved<'a>) -> Option<&'a str> {
    match grpc(attrs).and_then(grpc_name) {
        Some(name) => Some(name),
        None => any_text(arena, attrs, Name::RpcResponseStatusCode)
            .or_else(|| any_text(arena, attrs, Name::RpcGrpcStatusCode)),
    }
}

/// The code of a failure that is not HTTP's.
fn failure_code<'a>(arena: &'a Bump, attrs: &Resolved<'a>) -> Option<&'a str> {
    any_text(arena, attrs, Name::DbResponseStatusCode)
        .or_else(|| rpc_name(arena, attrs))
        .or_else(|| attrs.text(Name::ErrorType))
}

fn decimal(arena: &Bump, number: i64) -> &str {
    arena.alloc_str(itoa::Buffer::new().format(number))
}

/// Status and detail of an HTTP failure; `message` is the span's.
fn http_failure<'a>(arena: &'a Bump, attrs: &Resolved<'a>, code: i64, message: &'a str) -> Status<'a> {
    let text = decimal(arena, code);
    let detail = Some(message)
        .filter(|message| !message.is_empty())
        .or_else(|| attrs.text(Name::ErrorType).filter(|kind| *kind != text))
        .or_else(|| reason_phrase(code));
    Status { id: FAILURE, code: Some(text), detail }
}

/// The status of a span.
pub(crate) fn of_span<'a>(arena: &'a Bump, span: &Span<'a>, attrs: &Resolved<'a>) -> Status<'a> {
    let http = status_code(attrs);
    if span.status_code == OK {
        let code = http
            .map(|code| decimal(arena, code))
            .or_else(|| any_text(arena, attrs, Name::DbResponseStatusCode))
            .or_else(|| rpc_name(arena, attrs));
        return Status { id: SUCCESS, code, detail: None };
    }
    if let Some(code) = http.filter(|code| *code >= HTTP_FAILURE) {
        return http_failure(arena, attrs, code, span.status_message);
    }
    let failed_call = grpc(attrs).is_some_and(|code| code != 0);
    if span.status_code == ERROR || attrs.has(Name::ErrorType) || failed_call {
        let code = http.map(|code| decimal(arena, code)).or_else(|| failure_code(arena, attrs));
        let detail =
            Some(span.status_message).filter(|message| !message.is_empty()).or_else(|| exception_message(span, attrs));
        return Status { id: FAILURE, code, detail };
    }
    Status { id: SUCCESS, code: http.map(|code| decimal(arena, code)), detail: None }
}

/// `exception.message` of the span, else of its last exception event.
fn exception_message<'a>(span: &Span<'a>, attrs: &Resolved<'a>) -> Option<&'a str> {
    attrs.text(Name::ExceptionMessage).or_else(|| {
        let event = span.events.iter().rev().find(|event| event.name == "exception")?;
        find_text(event.attributes, "exception.message")
    })
}

/// The status of a log record. `is_error` is its severity's word, `is_activity` whether its class says that something
/// was done.
pub(crate) fn of_log<'a>(arena: &'a Bump, attrs: &Resolved<'a>, is_error: bool, is_activity: bool) -> Status<'a> {
    let http = status_code(attrs);
    if let Some(code) = http.filter(|code| *code >= HTTP_FAILURE) {
        return http_failure(arena, attrs, code, "");
    }
    if let Some(succeeded) = outcome(attrs) {
        let detail = attrs.text(Name::AuthReason).or_else(|| attrs.text(Name::ErrorType));
        return if succeeded {
            Status { id: SUCCESS, code: http.map(|code| decimal(arena, code)), detail: None }
        } else {
            Status { id: FAILURE, code: failure_code_of_log(arena, attrs, http), detail }
        };
    }
    let has_exception = attrs.has(Name::ExceptionType) || attrs.has(Name::ExceptionMessage);
    if has_exception || is_error {
        let (code, detail) = (attrs.text(Name::ExceptionType), attrs.text(Name::ExceptionMessage));
        return Status { id: FAILURE, code, detail };
    }
    if is_activity {
        return Status { id: SUCCESS, code: http.map(|code| decimal(arena, code)), detail: None };
    }
    Status::default()
}

fn failure_code_of_log<'a>(arena: &'a Bump, attrs: &Resolved<'a>, http: Option<i64>) -> Option<&'a str> {
    http.map(|code| decimal(arena, code)).or_else(|| any_text(arena, attrs, Name::DbResponseStatusCode))
}

/// What an outcome attribute says, when one is there and clear.
fn outcome(attrs: &Resolved<'_>) -> Option<bool> {
    const GOOD: &[&str] = &["success", "succeeded", "successful", "ok", "allowed", "granted"];
    const BAD: &[&str] = &["failure", "failed", "fail", "error", "denied", "rejected"];
    for name in [Name::EventOutcome, Name::AuthResult, Name::DeploymentStatus] {
        if let Some(text) = attrs.text(name) {
            let text = text.to_ascii_lowercase();
            if GOOD.contains(&text.as_str()) {
                return Some(true);
            }
            if BAD.contains(&text.as_str()) {
                return Some(false);
            }
        }
    }
    None
}
