"""Hypothesis strategies for valid OTLP requests, as official protobuf messages, and three ways to write them down.

`requests(signal)` covers what OTLP allows; half of the attributes have names and values that the mapping knows, so that
every class occurs. Ids have their lengths and enums their ranges: what breaks a rule is another test's matter.
"""

from __future__ import annotations

import base64
import json
import math
import random
import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1 import metrics_pb2 as metrics_pb
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

SIGNALS = ("logs", "traces", "metrics")
REQUESTS: dict[str, Callable[..., Any]] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
U32, U64, I32, I64 = 2**32 - 1, 2**64 - 1, 2**31 - 1, 2**63 - 1
SECOND = 1_000_000_000
# 2026 in nanoseconds; what validation takes for plausible.
NOW = 1_795_491_777_223_456_789

# --- Names and values that the mapping knows -------------------------------------------------------------------------

_words = str.split
_SOURCE = (Path(__file__).parent.parent / "rust_converter" / "src" / "semconv.rs").read_text(encoding="utf-8")
# Old and new names, taken from the mapping's own table so that none is forgotten.
RECORD_NAMES: list[str] = [
    *re.findall(r'"([^"]+)"', _SOURCE[_SOURCE.index("names! {") :].split("\n}", 1)[0]),
    *_words("""net.peer.name net.peer.port http.request.header.x-request-id http.request.header.x-forwarded-for
    http.request.header.referer http.response.header.content-type faas.invoked_name faas.trigger graphql.operation.name
    graphql.operation.type exception.stacktrace"""),
]
FAMILIES: list[list[str]] = [
    [name for name in RECORD_NAMES if name.startswith(prefixes)]
    for prefixes in (
        ("http.", "url.", "user_agent", "client.", "server.", "network.", "net.", "user.", "request"),
        ("http.request.method", "http.response.status_code", "http.method", "url.", "http.target", "http.status_code"),
        ("db.", "server.", "net.peer", "network.peer"),
        ("db.query", "db.statement", "db.system", "db.namespace", "db.operation", "db.collection"),
        ("messaging.", "celery."),
        ("rpc.", "client.", "user_agent", "server.", "user."),
        ("faas.", "graphql."),
        ("exception.", "error."),
        ("event.", "auth.", "user.", "session.", "client.", "jti", "enduser"),
        ("config.", "feature_flag.", "event.", "deployment.", "app.", "user.id"),
        ("app.", "resource.", "http.route", "http.request.method", "user.id", "client.address", "url.path", "session"),
    )
]
RESOURCE_NAMES = _words("""
service.name service.version service.namespace service.instance.id deployment.environment.name
deployment.environment host.name host.id host.ip host.mac os.type os.name os.version os.build_id container.id
container.name container.image.id container.image.name container.image.repo_digests k8s.pod.uid k8s.pod.name
cloud.provider cloud.region cloud.availability_zone cloud.account.id process.pid process.executable.name
process.executable.path process.command_line process.creation.time telemetry.sdk.name log.file.path""")
POINT_NAMES = _words("""endpoint http.route route method http.request.method status http.response.status_code job
instance""")

_EVENTS = _words("""
user.login login_failed userLogout user.signout token.validated TokenRefresh token.issued mfa.challenge
password.check authenticated config.changed flag.updated feature_flag.evaluation deployment.finished undeployed
service.started service.ready process.exited service.restarted service.stopped exception other""")
_ADDRESSES = _words("""10.0.0.1 ::1 2001:db8::7 [::1]:8080 127.0.0.1:8000 example.com example.com:443 web-api:99999
/run/pg.sock a_b localhost 300.1.1.1 ::ffff:10.0.0.1 fe80::1%eth0""")
_POOLS: list[tuple[str, Sequence[str | int | float | bool]]] = [
    (r"^event\.(name|action)$", _EVENTS),
    (r"outcome|result$|deployment\.status", ["success", "failure", "succeeded", "failed", "unknown", True, False]),
    (r"status_code|^status$", [200, 404, 500, 503, 0, 5, 13, 99, -1, "404", "UNAVAILABLE", "23505", 200.0, 404.5, I64]),
    (r"http.*method|^method$", ["GET", "POST", "PATCH", "TRACE", "get", "PROPFIND", "_OTHER"]),
    (
        r"(url\.full|http\.url)$",
        ["https://u:p@example.com:8443/a/b?c=d#e", "http://[::1]/", "nonsense", "http:///x", "/"],
    ),
    (r"url\.path|http\.target|http\.route|file\.path", ["/a/b", "/a/b?c=d", "/", "a", "?c=d", "C:\\x\\y.log", "/x/"]),
    (r"query$", ["c=d", "?c=d", "a&b"]),
    (r"scheme", ["http", "https", "HTTP"]),
    (r"address|\.ip$|peer\.name|host\.name|server_name|http\.host|for$", _ADDRESSES),
    (r"port$", [80, 0, 65535, 65536, -1, "8080", 443.0, 443.5]),
    (r"size$|duration|responseTime|pid$", [0, 12, 12.5, -3, "7", "7.25", 2**62, 9e300, 0.0004, 1e-9]),
    (r"mac$", ["AC-DE-48-23-45-67", "ac:de:48:23:45:67", "nonsense"]),
    (r"email", ["a@example.com", "nobody"]),
    (r"time$", ["2026-11-24T03:42:57.223Z", "2026-11-24T03:42:57+02:00", "yesterday", NOW]),
    (r"db\.system", ["postgresql", "redis", "mongodb", "neo4j", "other", "microsoft.sql_server"]),
    (
        r"query\.text|statement|summary",
        ["SELECT * FROM users", "insert into a values (?)", "GET key", "LPUSH ? ?", "?"],
    ),
    (r"operation", ["SELECT", "hget", "findAndModify", "publish", "receive", "settle", "process", "create", "query"]),
    (r"messaging\.system", ["kafka", "rabbitmq", "celery"]),
    (r"destination_kind", ["queue", "topic", "other"]),
    (r"rpc\.method|invoked_name", ["shop.Cart/GetItem", "CreateUser", "ListUsers", "delete", "x"]),
    (r"transport", ["tcp", "udp", "pipe"]),
    (r"network\.type", ["ipv4", "ipv6", "x"]),
    (r"version|flavor", ["1.1", "2", "1.2.3"]),
    (r"auth\.(protocol|method)", ["password", "bearer", "jwt", "oidc", "saml", "ldap", "kerberos", "magic"]),
    (r"token\.type", ["access", "refresh", "id", "other"]),
    (r"mfa|escaped", [True, False, "True", "false", "yes"]),
    (r"os\.type", ["linux", "windows", "darwin", "Linux", "z/OS"]),
    (r"pod\.uid", ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "nonsense"]),
    (r"user_agent", ["curl/8.1", "Mozilla/5.0 (X11) Gecko", "/", "ua"]),
    (r"reason", ["INVALID_CREDENTIALS", "TOKEN_EXPIRED", "wrong password"]),
    (r"sdk\.name", ["opentelemetry"]),
]
_TEXTS = ["web-api", "users", "a", "1", "GetItem", "unknown", "Other", "naïve ☃", " "]

# --- Values ----------------------------------------------------------------------------------------------------------


def _is_near(number: int, *marks: int) -> st.SearchStrategy[int]:
    return st.sampled_from(marks) | st.integers(-number - 1, number)


texts = st.text(max_size=8) | st.sampled_from(["", "a", "\x00", '"\\\n', "é\u2028", "\U0001f600", "{}", "null", "NaN"])
booleans = st.booleans()
integers = _is_near(I64, 0, 1, -1, I64, -I64 - 1, 2**53 + 1)
doubles = st.floats() | st.sampled_from(
    [0.0, -0.0, 1.0, 12.0, 256.0, 1e21, 1e300, 5e-324, math.nan, math.inf, -math.inf]
)
finite = st.floats(allow_nan=False, allow_infinity=False)
blobs = st.binary(max_size=9)
u32 = st.sampled_from([0, 0, 0, 1, 2, U32]) | st.integers(0, U32)
u64 = st.sampled_from([0, 1, I64, I64 + 1, U64]) | st.integers(0, 10**6) | st.integers(0, U64)
i32 = st.sampled_from([0, 1, -1, I32, -I32 - 1]) | st.integers(-20, 20)
times = st.sampled_from([0, NOW]) | st.integers(NOW, NOW + SECOND) | st.integers(NOW - 10**17, NOW) | u64
trace_ids = st.just(b"") | st.binary(min_size=16, max_size=16)
span_ids = st.just(b"") | st.binary(min_size=8, max_size=8)


def _scalar(value: str | bool | int | float) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(double_value=value)


scalars = (texts | booleans | integers | doubles).map(_scalar)
_leaves = scalars | st.just(AnyValue()) | blobs.map(lambda blob: AnyValue(bytes_value=blob))
# Few, so that they repeat; some look like the forms that stand for what JSON lacks.
keys = st.sampled_from(["a", "b", "", "$a", "$bytes", "$double", "$kvlist", "a.b", "é"]) | texts


def _nested(inner: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[AnyValue]:
    pairs = st.builds(KeyValue, key=keys, value=inner)
    return st.lists(inner, max_size=3).map(lambda items: AnyValue(array_value=ArrayValue(values=items))) | st.lists(
        pairs, max_size=3
    ).map(lambda entries: AnyValue(kvlist_value=KeyValueList(values=entries)))


values = st.recursive(_leaves, _nested, max_leaves=5)
# A key without any value is OTLP, too: `value` unset is read as the empty value.
pairs = st.builds(KeyValue, key=keys, value=values) | st.builds(KeyValue, key=keys)


def _known_value(name: str) -> st.SearchStrategy[AnyValue]:
    pool = next((pool for pattern, pool in _POOLS if re.search(pattern, name)), _TEXTS)
    texts_of = [_scalar(value) for value in pool]
    lists = st.lists(st.sampled_from(texts_of), max_size=3).map(lambda of: AnyValue(array_value=ArrayValue(values=of)))
    return st.sampled_from(texts_of * 4) if "header" not in name and name[-2:] != "ip" else lists


_KNOWN = {name: _known_value(name) for name in {*RECORD_NAMES, *RESOURCE_NAMES, *POINT_NAMES}}
_KNOWN_OR_ANY = {name: st.one_of(known, known, known, known, values) for name, known in _KNOWN.items()}


def _known_pairs(names: list[str], size: int) -> st.SearchStrategy[list[KeyValue]]:
    def pair(name: str) -> st.SearchStrategy[KeyValue]:
        return st.builds(KeyValue, key=st.just(name), value=_KNOWN_OR_ANY[name])

    return st.lists(st.sampled_from(names).flatmap(pair), max_size=size)


def _attributes(*families: list[str], size: int) -> st.SearchStrategy[list[KeyValue]]:
    known = st.one_of([_known_pairs(names, size) for names in families])
    strangers = st.lists(pairs, max_size=3)
    both = st.tuples(known, strangers).map(lambda lists: [*lists[0], *lists[1]])
    return st.one_of(st.just([]), strangers, known, both, both)


record_attributes = _attributes(*FAMILIES, RECORD_NAMES, size=8)
resource_attributes = _attributes(RESOURCE_NAMES, size=8)
point_attributes = _attributes(POINT_NAMES, size=3)
other_attributes = st.just([]) | st.lists(pairs, max_size=3)

# --- Records ---------------------------------------------------------------------------------------------------------

scopes = st.builds(
    InstrumentationScope,
    name=st.sampled_from(["", "app", "github.com/open-telemetry/…/receiver/prometheusreceiver"]) | texts,
    version=st.sampled_from(["", "1.0"]) | texts,
    attributes=other_attributes,
    dropped_attributes_count=u32,
)
resources = st.builds(Resource, attributes=resource_attributes, dropped_attributes_count=u32)
schema_urls = st.sampled_from(["", "https://opentelemetry.io/schemas/1.37.0", "x/"])

log_records = st.builds(
    LogRecord,
    time_unix_nano=times,
    observed_time_unix_nano=times,
    severity_number=st.integers(0, 24),
    severity_text=st.sampled_from(["", "INFO", "warning", "CRITICAL", "loud"]) | texts,
    body=st.none() | st.text(max_size=20).map(_scalar) | values,
    attributes=record_attributes,
    dropped_attributes_count=u32,
    flags=st.sampled_from([0, 1, 257]) | u32,
    trace_id=trace_ids,
    span_id=span_ids,
    event_name=st.sampled_from(["", *_EVENTS]) | texts,
)

span_events = st.builds(
    Span.Event,
    time_unix_nano=times,
    name=st.sampled_from(["exception", "exception", "retry", ""]) | texts,
    attributes=_attributes(["exception.type", "exception.message", "exception.escaped"], size=4),
    dropped_attributes_count=u32,
)
span_links = st.builds(
    Span.Link,
    trace_id=trace_ids,
    span_id=span_ids,
    trace_state=st.sampled_from(["", "a=b"]),
    attributes=other_attributes,
    dropped_attributes_count=u32,
    flags=st.sampled_from([0, 1, 256, U32]),
)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start, kind = draw(times), draw(st.integers(0, 5))
    end = draw(st.integers(start, min(start + 10**10, U64)) | times)
    return Span(
        trace_id=draw(trace_ids | st.binary(min_size=16, max_size=16)),
        span_id=draw(span_ids | st.binary(min_size=8, max_size=8)),
        trace_state=draw(st.sampled_from(["", "a=b,c=d"]) | texts),
        parent_span_id=draw(span_ids),
        name=draw(st.sampled_from(["GET /a", "user.login", "pg.connect", "SELECT", "send"]) | texts),
        # With neither, nothing in protobuf would tell a span from a metric.
        kind=kind or int(start == end == 0),
        start_time_unix_nano=start,
        end_time_unix_nano=end,
        attributes=draw(record_attributes),
        dropped_attributes_count=draw(u32),
        events=draw(st.just([]) | st.lists(span_events, max_size=2)),
        dropped_events_count=draw(u32),
        links=draw(st.just([]) | st.lists(span_links, max_size=2)),
        dropped_links_count=draw(u32),
        status=draw(
            st.none() | st.builds(Status, code=st.integers(0, 2), message=st.sampled_from(["", "boom"]) | texts)
        ),
        flags=draw(st.sampled_from([0, 1, 256, 257, 769, U32])),
    )


numbers = integers.map(lambda number: {"as_int": number}) | doubles.map(lambda number: {"as_double": number})
no_number: st.SearchStrategy[dict[str, Any]] = st.just({})
maybe_double = st.none() | st.just(0.0) | doubles
point_flags = st.sampled_from([0, 0, 1, 2, U32])


@st.composite
def exemplars(draw: st.DrawFn) -> metrics_pb.Exemplar:
    return metrics_pb.Exemplar(
        filtered_attributes=draw(other_attributes),
        time_unix_nano=draw(times),
        span_id=draw(span_ids),
        trace_id=draw(trace_ids),
        **draw(numbers | no_number),
    )


exemplar_lists = st.just([]) | st.lists(exemplars(), max_size=2)
_common = {"attributes": point_attributes, "start_time_unix_nano": times, "time_unix_nano": times, "flags": point_flags}
_counts = st.lists(u64, max_size=4)


@st.composite
def number_points(draw: st.DrawFn) -> metrics_pb.NumberDataPoint:
    common = {name: draw(strategy) for name, strategy in _common.items()}
    return metrics_pb.NumberDataPoint(exemplars=draw(exemplar_lists), **common, **draw(numbers | no_number))


histogram_points = st.builds(
    metrics_pb.HistogramDataPoint,
    count=u64,
    sum=maybe_double,
    min=maybe_double,
    max=maybe_double,
    bucket_counts=_counts,
    explicit_bounds=st.lists(doubles, max_size=3),
    exemplars=exemplar_lists,
    **_common,
)
buckets = st.builds(metrics_pb.ExponentialHistogramDataPoint.Buckets, offset=i32, bucket_counts=_counts)
exponential_points = st.builds(
    metrics_pb.ExponentialHistogramDataPoint,
    count=u64,
    sum=maybe_double,
    min=maybe_double,
    max=maybe_double,
    scale=i32,
    zero_count=u64,
    zero_threshold=st.just(0.0) | doubles,
    positive=st.none() | buckets,
    negative=st.none() | buckets,
    exemplars=exemplar_lists,
    **_common,
)
quantiles = st.builds(metrics_pb.SummaryDataPoint.ValueAtQuantile, quantile=doubles, value=doubles)
summary_points = st.builds(
    metrics_pb.SummaryDataPoint, count=u64, sum=doubles, quantile_values=st.lists(quantiles, max_size=3), **_common
)
_temporality = st.integers(0, 2)


def _data(points: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(points, min_size=1, max_size=2)


metric_data = st.one_of(
    st.builds(metrics_pb.Gauge, data_points=_data(number_points())).map(lambda data: {"gauge": data}),
    st.builds(
        metrics_pb.Sum,
        data_points=_data(number_points()),
        aggregation_temporality=_temporality,
        is_monotonic=booleans,
    ).map(lambda data: {"sum": data}),
    st.builds(metrics_pb.Histogram, data_points=_data(histogram_points), aggregation_temporality=_temporality).map(
        lambda data: {"histogram": data}
    ),
    st.builds(
        metrics_pb.ExponentialHistogram, data_points=_data(exponential_points), aggregation_temporality=_temporality
    ).map(lambda data: {"exponential_histogram": data}),
    st.builds(metrics_pb.Summary, data_points=_data(summary_points)).map(lambda data: {"summary": data}),
)


@st.composite
def metrics(draw: st.DrawFn) -> metrics_pb.Metric:
    scraped = KeyValue(key="prometheus.type", value=AnyValue(string_value="counter"))
    return metrics_pb.Metric(
        name=draw(
            st.sampled_from(["http.server.request.duration", "up", "a ☃"])
            | st.from_regex("[a-z_./-]{1,9}", fullmatch=True)
        ),
        description=draw(texts),
        unit=draw(st.sampled_from(["", "ms", "{call}"])),
        metadata=draw(other_attributes | st.just([scraped])),
        **draw(metric_data),
    )


def _groups(signal: str) -> st.SearchStrategy[Any]:
    def grouped(group: Any, field: str, scope: Any, records: st.SearchStrategy[Any], name: str) -> Any:
        lists = {name: st.lists(records, min_size=1, max_size=2)}
        inner = st.builds(scope, scope=st.none() | scopes, schema_url=schema_urls, **lists)
        fields = {field: st.lists(inner, min_size=1, max_size=2)}
        return st.builds(group, resource=st.none() | resources, schema_url=schema_urls, **fields)

    if signal == "logs":
        return grouped(ResourceLogs, "scope_logs", ScopeLogs, log_records, "log_records")
    if signal == "traces":
        return grouped(ResourceSpans, "scope_spans", ScopeSpans, spans(), "spans")
    return grouped(metrics_pb.ResourceMetrics, "scope_metrics", metrics_pb.ScopeMetrics, metrics(), "metrics")


def requests(signal: str) -> st.SearchStrategy[Any]:
    """Requests of a signal: at least one record, one to two resources."""
    name = {"logs": "resource_logs", "traces": "resource_spans", "metrics": "resource_metrics"}[signal]
    return st.builds(REQUESTS[signal], **{name: st.lists(_groups(signal), min_size=1, max_size=2)})


# --- Three ways to write a request down ------------------------------------------------------------------------------

_IDS = ("traceId", "spanId", "parentSpanId")


def _collector_style(node: Any) -> Any:
    """Ids in hexadecimal, and whole doubles without a point, as the Collector writes them."""
    if isinstance(node, dict):
        return {
            key: base64.b64decode(value).hex() if key in _IDS else _collector_style(value)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_collector_style(item) for item in node]
    is_whole = isinstance(node, float) and node.is_integer() and abs(node) < 1e21 and math.copysign(1, node) * node != 0
    return int(node) if is_whole else node


def collector_json(request: Message) -> bytes:
    """The line that the Collector's file exporter writes."""
    node = _collector_style(MessageToDict(request, use_integers_for_enums=True))
    return json.dumps(node, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


_NOISE: list[Any] = [None, 0, "x", [], {"a": [1, {"b": "}"}]}, 1e9, True]
_WIDE = ("intValue", "asInt", "count", "zeroCount")
_DOUBLES = ("doubleValue", "asDouble", "sum", "min", "max", "zeroThreshold", "quantile")


def _loosened(node: Any, chance: random.Random) -> Any:
    if isinstance(node, list):
        return [_loosened(item, chance) for item in node]
    if not isinstance(node, dict):
        return node
    loose: dict[str, Any] = {}
    entries = list(node.items())
    chance.shuffle(entries)
    for key, value in entries:
        if chance.random() < 0.1:
            loose[f"unknown{len(loose)}"] = chance.choice(_NOISE)
        name = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", key) if chance.random() < 0.1 else key
        # The outermost names tell the signal, and are written as they are.
        name = key if key.startswith("resource") else name
        if key in _IDS:
            loose[name] = base64.b64decode(value).hex().upper()
        elif (key in _WIDE or key.endswith("UnixNano")) and isinstance(value, str):
            loose[name] = int(value)
        elif key == "bucketCounts":
            loose[name] = [int(count) for count in value]
        elif key in _DOUBLES and isinstance(value, float) and chance.random() < 0.3:
            loose[name] = repr(value)
        else:
            loose[name] = _loosened(value, chance)
    if chance.random() < 0.1 and "attributes" not in loose:
        loose["attributes"] = None
    return loose


def loose_json(request: Message, seed: int) -> bytes:
    """What else OTLP/JSON admits: enums by name, integers as numbers, unknown fields, any order, null for absent."""
    node = _loosened(MessageToDict(request), random.Random(seed))
    return json.dumps(node, separators=(", ", ": ")).encode() + b"\r\n"


def framed_proto(request: Message) -> bytes:
    """The frame that the file exporter writes with `format: proto`."""
    body = request.SerializeToString(deterministic=True)
    return struct.pack(">I", len(body)) + body
