"""Severity and status (docs/mapping.md, "Severity and status")."""

from __future__ import annotations

import re
from typing import Any

from .semconv import Known
from .values import lower, plain_text, upper

SEVERITY_TEXTS = {
    "TRACE": 1, "DEBUG": 5, "INFO": 9, "INFORMATION": 9, "INFORMATIONAL": 9, "NOTICE": 10, "WARN": 13, "WARNING": 13,
    "ERROR": 17, "ERR": 17, "ALERT": 19, "FATAL": 21, "CRITICAL": 21, "CRIT": 21, "EMERGENCY": 21, "EMERG": 21,
    "PANIC": 21,
}  # fmt: skip
GRPC_NAMES = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
]  # fmt: skip
CALLERS_FAULT = {3, 5, 6, 7, 9, 10, 11, 16}
REASONS = {
    100: "Continue", 101: "Switching Protocols", 102: "Processing", 103: "Early Hints", 200: "OK", 201: "Created",
    202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content", 205: "Reset Content",
    206: "Partial Content", 207: "Multi-Status", 208: "Already Reported", 226: "IM Used", 300: "Multiple Choices",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified", 305: "Use Proxy",
    307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
    402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    407: "Proxy Authentication Required", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
    412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
    416: "Range Not Satisfiable", 417: "Expectation Failed", 418: "I'm a teapot", 421: "Misdirected Request",
    422: "Unprocessable Content", 423: "Locked", 424: "Failed Dependency", 425: "Too Early", 426: "Upgrade Required",
    428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates", 507: "Insufficient Storage", 508: "Loop Detected",
    511: "Network Authentication Required",
}  # fmt: skip
SUCCEEDED = {"success", "succeeded", "successful", "ok", "allowed", "granted"}
FAILED = {"failure", "failed", "fail", "error", "denied", "rejected"}
# Logs of these classes say that something was done.
DONE = {3002, 3004, 4002, 6002, 6003, 6005}
OK, ERROR = 1, 2


def log_severity(number: int, text: str) -> int:
    """Return the number that counts: a text serves instead of an absent one."""
    if number:
        return number
    name, step = re.fullmatch(r"(.*?)([234]?)", upper(text), re.DOTALL).groups()
    return SEVERITY_TEXTS[name] + int(step or 1) - 1 if name in SEVERITY_TEXTS else 0


def severity_id(number: int) -> int:
    if number == 0:
        return 0
    for last, ocsf in ((9, 1), (12, 2), (16, 3), (17, 4), (20, 5)):
        if number <= last:
            return ocsf
    return 6


def http_code(known: Known) -> int | None:
    return known.integer("http.response.status_code")


def rpc_code(known: Known) -> tuple[int | None, str | None]:
    """Return number and name of an RPC's status."""
    number = known.integer("rpc.grpc.status_code")
    if number is None:
        number = known.integer("rpc.response.status_code")
    name = known.text("rpc.response.status_code")
    if number is None and name in GRPC_NAMES:
        number = GRPC_NAMES.index(name)
    if number is not None and 0 <= number < len(GRPC_NAMES):
        return number, GRPC_NAMES[number]
    return number, text_of(known, "rpc.response.status_code") or text_of(known, "rpc.grpc.status_code")


def text_of(known: Known, name: str) -> str | None:
    value = known.get(name)
    return None if value is None or value[0] not in ("str", "int", "double") else plain_text(value) or None


def span_severity(known: Known, status: int, server: bool) -> int:
    code, grpc = http_code(known), rpc_code(known)[0]
    if status == OK:
        return 1
    if (code is not None and code >= 500) or (status == ERROR and code is None):
        return 4
    if code is not None and 400 <= code < 500:
        return 2
    if server and grpc in CALLERS_FAULT:
        return 2
    return 1


def failure(known: Known, message: str | None) -> dict[str, Any] | None:
    """The rows of the table that spans and logs share: an HTTP code of 400 or more."""
    code = http_code(known)
    if code is None or code < 400:
        return None
    kind = known.text("error.type")
    if kind == str(code):
        kind = None
    return {"status_id": 2, "status_code": str(code), "status_detail": message or kind or REASONS.get(code)}


def span_status(known: Known, status: int, message: str, raised: str | None) -> dict[str, Any]:
    """Return the status of a span; `raised` is the message of its last exception."""
    code, (grpc, grpc_name) = http_code(known), rpc_code(known)
    http = None if code is None else str(code)
    own = text_of(known, "db.response.status_code") or grpc_name
    if status == OK:
        return {"status_id": 1, "status_code": http or own}
    if found := failure(known, message):
        return found
    kind = known.text("error.type")
    if status == ERROR or known.get("error.type") is not None or (grpc is not None and grpc != 0):
        detail = message or known.text("exception.message") or raised
        return {"status_id": 2, "status_code": http or own or kind, "status_detail": detail}
    return {"status_id": 1, "status_code": http}


def outcome(known: Known) -> bool | None:
    """Say what an attribute says of the outcome of what a log reports."""
    for name in ("event.outcome", "auth.result", "deployment.status"):
        held = lower(known.text(name) or "")
        if held in SUCCEEDED:
            return True
        if held in FAILED:
            return False
    return None


def log_status(known: Known, class_uid: int, severity: int) -> dict[str, Any]:
    if found := failure(known, None):
        return found
    succeeded = outcome(known)
    exception = known.text("exception.type"), known.text("exception.message")
    raised = known.get("exception.type") is not None or known.get("exception.message") is not None
    http = None if http_code(known) is None else str(http_code(known))
    if succeeded is not None:
        if succeeded:
            return {"status_id": 1, "status_code": http}
        detail = known.text("auth.reason") or known.text("error.type")
        return {
            "status_id": 2,
            "status_code": http or text_of(known, "db.response.status_code"),
            "status_detail": detail,
        }
    if raised or severity >= 17:
        return {"status_id": 2, "status_code": exception[0], "status_detail": exception[1]}
    if class_uid in DONE:
        return {"status_id": 1, "status_code": http}
    return {"status_id": 0}
