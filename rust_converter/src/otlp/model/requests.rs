//! Strategies for export requests of every signal, valid or with ids and enums that break a rule.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Fields, Held};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-z./]{0,12}", 1 => ".{0,6}", 1 => "[\\PC\u{0}-\u{1f}\"\\\\😀é]{0,8}"]
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), Just(0.0), Just(f64::NAN), Just(f64::INFINITY), (-9i32..9).prop_map(f64::from)]
}

fn wide() -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), 0u64..300, Just(u64::MAX), Just(1_768_921_952_043_123_456)]
}

/// An id, mostly of the right length.
fn id(length: usize) -> impl Strategy<Value = Held> {
    prop_oneof![6 => vec(any::<u8>(), length), 1 => Just(vec![0; length]), 1 => vec(any::<u8>(), 0..20)]
        .prop_map(Held::Id)
}

fn any_value() -> impl Strategy<Value = Fields> {
    let leaf = prop_oneof![
        Just(vec![]),
        text().prop_map(|held| vec![(1, "stringValue", Held::Text(held))]),
        any::<bool>().prop_map(|held| vec![(2, "boolValue", Held::Bool(held))]),
        any::<i64>().prop_map(|held| vec![(3, "intValue", Held::Int64(held))]),
        double().prop_map(|held| vec![(4, "doubleValue", Held::Double(held))]),
        vec(any::<u8>(), 0..9).prop_map(|held| vec![(7, "bytesValue", Held::Bytes(held))]),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|items| vec![(
                5,
                "arrayValue",
                Held::Message(vec![(1, "values", Held::Messages(items))])
            )]),
            vec((text(), inner), 0..3).prop_map(|items| {
                let items = items.into_iter().map(key_value).collect();
                vec![(6, "kvlistValue", Held::Message(vec![(1, "values", Held::Messages(items))]))]
            }),
        ]
    })
}

fn key_value((key, value): (String, Fields)) -> Fields {
    vec![(1, "key", Held::Text(key)), (2, "value", Held::Message(value))]
}

fn attributes() -> impl Strategy<Value = Held> {
    vec((text(), any_value()), 0..4).prop_map(|held| Held::Messages(held.into_iter().map(key_value).collect()))
}

type Optional = BoxedStrategy<Fields>;

/// A field that may be absent.
fn maybe(number: u32, name: &'static str, held: impl Strategy<Value = Held> + 'static) -> Optional {
    prop_oneof![Just(vec![]), held.prop_map(move |held| vec![(number, name, held)])].boxed()
}

fn always(number: u32, name: &'static str, held: impl Strategy<Value = Held> + 'static) -> Optional {
    held.prop_map(move |held| vec![(number, name, held)]).boxed()
}

fn message(fields: Vec<Optional>) -> BoxedStrategy<Fields> {
    fields.prop_map(|held| held.concat()).boxed()
}

fn list(of: BoxedStrategy<Fields>) -> impl Strategy<Value = Held> {
    vec(of, 0..3).prop_map(Held::Messages)
}

fn log() -> BoxedStrategy<Fields> {
    message(vec![
        // Always there: in protobuf it tells a log from other records.
        always(1, "timeUnixNano", wide().prop_map(Held::Fixed64)),
        maybe(2, "severityNumber", prop_oneof![8 => 0i32..25, 1 => any::<i32>()].prop_map(Held::Enum)),
        maybe(3, "severityText", text().prop_map(Held::Text)),
        maybe(5, "body", any_value().prop_map(Held::Message)),
        maybe(6, "attributes", attributes()),
        maybe(7, "droppedAttributesCount", any::<u32>().prop_map(Held::Uint32)),
        maybe(8, "flags", any::<u32>().prop_map(Held::Fixed32)),
        maybe(9, "traceId", id(16)),
        maybe(10, "spanId", id(8)),
        maybe(11, "observedTimeUnixNano", wide().prop_map(Held::Fixed64)),
        maybe(12, "eventName", text().prop_map(Held::Text)),
    ])
}

fn span() -> BoxedStrategy<Fields> {
    let event = message(vec![
        maybe(1, "timeUnixNano", wide().prop_map(Held::Fixed64)),
        maybe(2, "name", text().prop_map(Held::Text)),
        maybe(3, "attributes", attributes()),
        maybe(4, "droppedAttributesCount", any::<u32>().prop_map(Held::Uint32)),
    ]);
    let link = message(vec![
        maybe(1, "traceId", id(16)),
        maybe(2, "spanId", id(8)),
        maybe(3, "traceState", text().prop_map(Held::Text)),
        maybe(4, "attributes", attributes()),
        maybe(5, "droppedAttributesCount", any::<u32>().prop_map(Held::Uint32)),
        maybe(6, "flags", any::<u32>().prop_map(Held::Fixed32)),
    ]);
    let status = message(vec![
        maybe(2, "message", text().prop_map(Held::Text)),
        maybe(3, "code", prop_oneof![4 => 0i32..3, 1 => any::<i32>()].prop_map(Held::Enum)),
    ]);
    message(vec![
        maybe(1, "traceId", id(16)),
        maybe(2, "spanId", id(8)),
        maybe(3, "traceState", text().prop_map(Held::Text)),
        maybe(4, "parentSpanId", id(8)),
        maybe(5, "name", text().prop_map(Held::Text)),
        maybe(6, "kind", (-1i32..7).prop_map(Held::Enum)),
        // Always there: in protobuf it tells a span from other records.
        always(7, "startTimeUnixNano", wide().prop_map(Held::Fixed64)),
        maybe(8, "endTimeUnixNano", wide().prop_map(Held::Fixed64)),
        maybe(9, "attributes", attributes()),
        maybe(10, "droppedAttributesCount", any::<u32>().prop_map(Held::Uint32)),
        maybe(11, "events", list(event)),
        maybe(12, "droppedEventsCount", any::<u32>().prop_map(Held::Uint32)),
        maybe(13, "links", list(link)),
        maybe(14, "droppedLinksCount", any::<u32>().prop_map(Held::Uint32)),
        maybe(15, "status", status.prop_map(Held::Message)),
        maybe(16, "flags", any::<u32>().prop_map(Held::Fixed32)),
    ])
}

fn number(double_field: u32, int_field: u32) -> Optional {
    prop_oneof![
        Just(vec![]),
        double().prop_map(move |held| vec![(double_field, "asDouble", Held::Double(held))]),
        any::<i64>().prop_map(move |held| vec![(int_field, "asInt", Held::SFixed64(held))]),
    ]
    .boxed()
}

fn exemplars(number_of: u32) -> Optional {
    maybe(
        number_of,
        "exemplars",
        list(message(vec![
            maybe(2, "timeUnixNano", wide().prop_map(Held::Fixed64)),
            number(3, 6),
            maybe(4, "spanId", id(8)),
            maybe(5, "traceId", id(16)),
            maybe(7, "filteredAttributes", attributes()),
        ])),
    )
}

fn point(rest: Vec<Optional>) -> BoxedStrategy<Fields> {
    let times = vec![
        maybe(2, "startTimeUnixNano", wide().prop_map(Held::Fixed64)),
        maybe(3, "timeUnixNano", wide().prop_map(Held::Fixed64)),
    ];
    message([times, rest].concat())
}

fn data(name: &'static str, of: u32, points: BoxedStrategy<Fields>) -> BoxedStrategy<Fields> {
    let mut fields = vec![maybe(1, "dataPoints", list(points))];
    if !matches!(name, "gauge" | "summary") {
        fields.push(maybe(2, "aggregationTemporality", (0i32..4).prop_map(Held::Enum)));
    }
    if name == "sum" {
        fields.push(maybe(3, "isMonotonic", any::<bool>().prop_map(Held::Bool)));
    }
    always(of, name, message(fields).prop_map(Held::Message))
}

fn metric() -> BoxedStrategy<Fields> {
    let flags = |number| maybe(number, "flags", any::<u32>().prop_map(Held::Uint32));
    let some = |number, name| maybe(number, name, double().prop_map(Held::Double));
    let count = |number| maybe(number, "count", wide().prop_map(Held::Fixed64));
    let numbers = || point(vec![number(4, 6), exemplars(5), maybe(7, "attributes", attributes()), flags(8)]);
    let histogram = point(vec![
        count(4),
        some(5, "sum"),
        maybe(6, "bucketCounts", vec(wide(), 0..5).prop_map(Held::Fixed64s)),
        maybe(7, "explicitBounds", vec(double(), 0..5).prop_map(Held::Doubles)),
        exemplars(8),
        maybe(9, "attributes", attributes()),
        flags(10),
        some(11, "min"),
        some(12, "max"),
    ]);
    let buckets = || {
        message(vec![
            maybe(1, "offset", any::<i32>().prop_map(Held::Sint32)),
            maybe(2, "bucketCounts", vec(wide(), 0..5).prop_map(Held::Uint64s)),
        ])
        .prop_map(Held::Message)
    };
    let exponential = point(vec![
        maybe(1, "attributes", attributes()),
        count(4),
        some(5, "sum"),
        maybe(6, "scale", any::<i32>().prop_map(Held::Sint32)),
        maybe(7, "zeroCount", wide().prop_map(Held::Fixed64)),
        maybe(8, "positive", buckets()),
        maybe(9, "negative", buckets()),
        flags(10),
        exemplars(11),
        some(12, "min"),
        some(13, "max"),
        some(14, "zeroThreshold"),
    ]);
    let quantile = message(vec![some(1, "quantile"), some(2, "value")]);
    let summary = point(vec![
        count(4),
        some(5, "sum"),
        maybe(6, "quantileValues", list(quantile)),
        maybe(7, "attributes", attributes()),
        flags(8),
    ]);
    let kind = prop_oneof![
        data("gauge", 5, numbers()),
        data("sum", 7, numbers()),
        data("histogram", 9, histogram),
        data("exponentialHistogram", 10, exponential),
        data("summary", 11, summary),
    ];
    message(vec![
        // A name of 16 unprintable bytes could be a trace id.
        always(1, "name", "[a-z.]{1,12}".prop_map(Held::Text)),
        maybe(2, "description", text().prop_map(Held::Text)),
        maybe(3, "unit", text().prop_map(Held::Text)),
        kind.boxed(),
        maybe(12, "metadata", attributes()),
    ])
}

fn groups(names: [&'static str; 3], record: BoxedStrategy<Fields>) -> BoxedStrategy<Fields> {
    let scope = message(vec![
        maybe(1, "name", text().prop_map(Held::Text)),
        maybe(2, "version", text().prop_map(Held::Text)),
        maybe(3, "attributes", attributes()),
        maybe(4, "droppedAttributesCount", any::<u32>().prop_map(Held::Uint32)),
    ]);
    let scopes = message(vec![
        maybe(1, "scope", scope.prop_map(Held::Message)),
        always(2, names[2], vec(record, 1..3).prop_map(Held::Messages)),
        maybe(3, "schemaUrl", text().prop_map(Held::Text)),
    ]);
    let resource = message(vec![
        maybe(1, "attributes", attributes()),
        maybe(2, "droppedAttributesCount", any::<u32>().prop_map(Held::Uint32)),
    ]);
    let group = message(vec![
        maybe(1, "resource", resource.prop_map(Held::Message)),
        always(2, names[1], vec(scopes, 1..3).prop_map(Held::Messages)),
        maybe(3, "schemaUrl", text().prop_map(Held::Text)),
    ]);
    always(1, names[0], vec(group, 1..3).prop_map(Held::Messages))
}

/// An export request of any signal.
pub(crate) fn request() -> BoxedStrategy<Fields> {
    prop_oneof![
        groups(["resourceLogs", "scopeLogs", "logRecords"], log()),
        groups(["resourceSpans", "scopeSpans", "spans"], span()),
        groups(["resourceMetrics", "scopeMetrics", "metrics"], metric()),
    ]
    .boxed()
}
