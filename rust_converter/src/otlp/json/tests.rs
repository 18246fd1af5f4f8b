//! The JSON reader: what it accepts, what makes a record faulty, what rejects a line; serde_json is the judge of JSON.

use bumpalo::Bump;
use proptest::prelude::*;

use super::{LineError, parse, parse_next};
use crate::otlp::model::told;
use crate::otlp::{LogRecord, Memo, Metric, MetricKind, Number, Request, Value};

/// What `check` finds in the request.
fn with<T>(text: &str, check: impl FnOnce(&Request<'_>) -> T) -> T {
    let arena = Bump::new();
    check(&parse(text, &arena).unwrap_or_else(|error| panic!("{error:?}: {text}")))
}

fn with_log<T>(record: &str, check: impl FnOnce(&LogRecord<'_>) -> T) -> T {
    let text = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{record}]}}]}}]}}"#);
    with(&text, |request| check(&request.logs[0].scopes[0].records[0]))
}

fn with_metric<T>(metric: &str, check: impl FnOnce(&Metric<'_>) -> T) -> T {
    let text = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#);
    with(&text, |request| check(&request.metrics[0].scopes[0].records[0]))
}

/// The cause of a log record's fault.
fn fault(record: &str) -> Option<String> {
    with_log(record, |log| log.fault.map(|fault| fault.cause.to_string()))
}

fn time(numeral: &str) -> Result<u64, String> {
    with_log(&format!(r#"{{"timeUnixNano":{numeral}}}"#), |log| match log.fault {
        None => Ok(log.time_unix_nano),
        Some(fault) => Err(fault.cause.to_string()),
    })
}

fn error(text: &str) -> LineError {
    let arena = Bump::new();
    parse(text, &arena).err().unwrap_or_else(|| panic!("accepted: {text}"))
}

#[test]
fn integers_are_read_from_text_and_numbers_without_a_double_in_between() {
    for numeral in ["1768921952043123457", r#""1768921952043123457""#, "1768921952043123457.0", "1768921952043123457e0"]
    {
        assert_eq!(time(numeral), Ok(1_768_921_952_043_123_457), "{numeral}");
    }
    assert_eq!(time("17689219520431234570e-1"), Ok(1_768_921_952_043_123_457));
    assert_eq!(time("1.768921952043123457E+18"), Ok(1_768_921_952_043_123_457));
    assert_eq!(time(r#""18446744073709551615""#), Ok(u64::MAX));
    assert_eq!(time("1.8446744073709551615e19"), Ok(u64::MAX));
    assert_eq!(time("0e999"), Ok(0));
    assert_eq!(time("-0"), Ok(0));
}

#[test]
fn integers_that_no_field_can_hold_are_faults() {
    for numeral in ["-1", "18446744073709551616", r#""18446744073709551616""#, "1e20", "1e400", "1e38"] {
        assert!(time(numeral).is_err_and(|cause| cause.contains("out of range")), "{numeral}");
    }
    for numeral in
        ["0.5", "1e-1", "12e-2", r#""""#, r#"" 1""#, r#""1 ""#, r#""0x1""#, r#""1_0""#, r#""1.""#, r#"".5""#, r#""+5""#]
    {
        assert!(time(numeral).is_err_and(|cause| cause.contains("not an integer")), "{numeral}");
    }
    for value in ["true", "{}", "[1]"] {
        assert_eq!(time(value), Err("timeUnixNano is not an integer".to_string()), "{value}");
    }
}

#[test]
fn a_numeral_of_a_million_digits_takes_no_time() {
    let long = "9".repeat(1_000_000);
    assert!(time(&long).is_err());
    assert!(time(&format!("0.{long}e-2147483648")).is_err());
    assert!(time(&format!("1e{long}")).is_err());
}

#[test]
fn enums_are_read_from_numbers_and_names() {
    for (value, number) in
        [("9", 9), (r#""9""#, 9), (r#""SEVERITY_NUMBER_INFO""#, 9), (r#""SEVERITY_NUMBER_FATAL4""#, 24)]
    {
        assert_eq!(with_log(&format!(r#"{{"severityNumber":{value}}}"#), |log| log.severity_number), number);
    }
    for (value, cause) in
        [("25", "not between 0 and 24"), (r#""INFO""#, "not an enum value"), ("9.5", "not an enum value")]
    {
        let found = fault(&format!(r#"{{"severityNumber":{value}}}"#));
        assert!(found.is_some_and(|found| found.contains(cause)), "{value}");
    }
}

#[test]
fn doubles_have_names_where_json_has_no_number() {
    let body = |text: &str| {
        with_log(&format!(r#"{{"body":{{"doubleValue":{text}}}}}"#), |log| {
            log.body == Some(Value::Double(f64::INFINITY))
        })
    };
    assert!(body(r#""Infinity""#) && !body(r#""-Infinity""#) && !body("1"));
    let is_nan = |log: &LogRecord<'_>| matches!(log.body, Some(Value::Double(value)) if value.is_nan());
    assert!(with_log(r#"{"body":{"doubleValue":"NaN"}}"#, is_nan));
    assert_eq!(fault(r#"{"body":{"doubleValue":"1.5"}}"#), None);
    for text in [r#""inf""#, r#""nan""#, r#""infinity""#, "1e999", r#""+1""#, r#""""#, r#"".5""#] {
        let found = fault(&format!(r#"{{"body":{{"doubleValue":{text}}}}}"#));
        assert!(found.is_some_and(|found| found.contains("not a number")), "{text}");
    }
}

#[test]
fn unknown_fields_of_any_shape_are_skipped_at_every_level() {
    let extra = r#""new":{"a":[[],{},null,1e9,"\u0041",{"b":[{"c":false}]}]},"timeUnixNanoX":"x","#;
    let text = r#"{@"resourceLogs":[{@"resource":{@"attributes":[{@"key":"a","value":{@"stringValue":"b"}}]},
        "scopeLogs":[{@"scope":{@"name":"s"},"logRecords":[{@"severityText":"t","body":{@"arrayValue":{@"values":[{@"intValue":1}]}}}]}]}]}"#;
    with(&text.replace('@', extra), |request| {
        let group = request.logs[0];
        assert_eq!(group.resource.attributes[0].value, Value::Str("b"));
        assert_eq!(group.scopes[0].scope.name, "s");
        let log = group.scopes[0].records[0];
        assert_eq!((log.severity_text, log.body, log.fault), ("t", Some(Value::List(&[Value::Int(1)])), None));
    });
}

#[test]
fn null_is_absent() {
    with_log(r#"{"timeUnixNano":null,"body":null,"attributes":null,"traceId":null,"flags":1}"#, |log| {
        assert_eq!(*log, LogRecord { flags: 1, ..LogRecord::default() });
    });
    with(r#"{"resourceLogs":null}"#, |request| assert!(request.logs.is_empty()));
    with_log(r#"{"body":{"arrayValue":{"values":[null,{}]}}}"#, |log| {
        assert_eq!(log.body, Some(Value::List(&[Value::Empty, Value::Empty])));
    });
}

#[test]
fn fields_may_have_protobufs_own_names() {
    let text = r#"{"resource_logs":[{"schema_url":"u","scope_logs":[{"log_records":[{"time_unix_nano":"5","trace_id":"ABababababababababababababababab"}]}]}]}"#;
    with(text, |request| {
        let log = request.logs[0].scopes[0].records[0];
        assert_eq!((request.logs[0].schema_url, log.time_unix_nano, log.trace_id), ("u", 5, [0xab; 16].as_slice()));
    });
}

#[test]
fn escapes_are_decoded_and_half_a_surrogate_pair_is_a_fault() {
    with_log(r#"{"severityText":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","body":{"stringValue":"\u0000"}}"#, |log| {
        assert_eq!(log.severity_text, "a\"\\/\u{8}\u{c}\n\r\té😀");
        assert_eq!((log.body, log.fault), (Some(Value::Str("\0")), None));
    });
    for lone in [r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\ud83dx", r"\ud83d\n"] {
        for record in [r#"{"severityText":"@"}"#, r#"{"unknown":{"@":1}}"#, r#"{"body":{"stringValue":"@"}}"#] {
            let found = fault(&record.replace('@', lone));
            assert_eq!(found.as_deref(), Some("a string holds half of a surrogate pair"), "{lone}");
        }
    }
}

#[test]
fn values_nest_up_to_the_bound_of_protobufs_readers() {
    let nested = |depth: usize, open: &str, inner: &str, close: &str| {
        let body = open.repeat(depth) + inner + &close.repeat(depth);
        fault(&format!(r#"{{"body":{body},"severityText":"t"}}"#))
    };
    for (open, close) in
        [(r#"{"arrayValue":{"values":["#, "]}}"), (r#"{"kvlistValue":{"values":[{"key":"k","value":"#, "}]}}")]
    {
        // Whatever the form of the innermost value.
        for inner in ["{}", r#"{"intValue":"1"}"#, r#"{ "intValue": 1 }"#] {
            assert_eq!(nested(99, open, inner, close), None);
            for depth in [100, 101, 50_000] {
                let found = nested(depth, open, inner, close);
                assert!(found.is_some_and(|cause| cause.contains("nests deeper")), "{depth} {inner}");
            }
        }
    }
}

#[test]
fn of_a_field_that_stands_twice_the_last_counts_but_no_record_is_lost() {
    let twice = r#"{"timeUnixNano":"1","severityText":"a","timeUnixNano":"2","severityText":"b"}"#;
    with_log(twice, |log| assert_eq!((log.time_unix_nano, log.severity_text), (2, "b")));
    let text = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1}],"logRecords":[{"flags":2}]}],
        "scopeLogs":[{"logRecords":[{"flags":3}]}]}],"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":4}]}]}]}"#;
    with(text, |request| {
        let scopes = request.logs.iter().flat_map(|group| group.scopes);
        let flags: Vec<u32> = scopes.flat_map(|scope| scope.records).map(|record| record.flags).collect();
        assert_eq!(flags, [1, 2, 3, 4]);
    });
    with_metric(
        r#"{"gauge":{"dataPoints":[{"asInt":1}],"dataPoints":[{"asInt":2}]},"gauge":{"dataPoints":[{}]}}"#,
        |metric| {
            assert_eq!((metric.points.len(), metric.fault), (3, None));
        },
    );
    with_metric(r#"{"gauge":{"dataPoints":[{"asInt":1}]},"sum":{"dataPoints":[{"asInt":2}]}}"#, |metric| {
        assert_eq!(metric.points.len(), 2);
        assert_eq!(metric.fault.map(|fault| fault.cause), Some("metric has points of more than one kind"));
    });
}

#[test]
fn a_list_that_stands_a_hundred_thousand_times_is_read_in_linear_time() {
    let text = format!("{{{}\"resourceLogs\":[]}}", r#""resourceLogs":[{"scopeLogs":[]}],"#.repeat(100_000));
    with(&text, |request| assert_eq!(request.logs.len(), 100_000));
}

#[test]
fn spellings_of_before_version_1_are_read() {
    let text = r#"{"resourceLogs":[{"instrumentationLibraryLogs":[{"instrumentationLibrary":{"name":"l","version":"1"},"logs":[{"name":"n"}]}]}],
        "resourceSpans":[{"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"l"},"spans":[{"name":"s","status":{"code":"STATUS_CODE_ERROR"}}]}]}],
        "resourceMetrics":[{"instrumentationLibraryMetrics":[{"instrumentationLibrary":{"name":"l"},"metrics":[{"name":"m"}]}]}]}"#;
    with(text, |request| {
        let logs = request.logs[0].scopes[0];
        assert_eq!((logs.scope.name, logs.scope.version, logs.records[0].event_name), ("l", "1", "n"));
        let spans = request.spans[0].scopes[0];
        assert_eq!((spans.scope.name, spans.records[0].name, spans.records[0].status_code), ("l", "s", 2));
        assert_eq!(request.metrics[0].scopes[0].records[0].name, "m");
    });
    for (key, kind, value) in [
        ("intGauge", MetricKind::Gauge, Number::Int(7)),
        ("doubleGauge", MetricKind::Gauge, Number::Double(7.0)),
        ("intSum", MetricKind::Sum, Number::Int(7)),
        ("doubleSum", MetricKind::Sum, Number::Double(7.0)),
    ] {
        let metric = format!(r#"{{"{key}":{{"dataPoints":[{{"labels":[{{"key":"a","value":"b"}}],"value":"7"}}]}}}}"#);
        with_metric(&metric, |metric| {
            let point = metric.points[0];
            assert_eq!((metric.kind, point.value, point.fault), (kind, Some(value), None), "{key}");
            assert_eq!(point.attributes[0].value, Value::Str("b"));
        });
    }
    for (key, kind) in [
        ("intHistogram", MetricKind::Histogram),
        ("doubleHistogram", MetricKind::Histogram),
        ("doubleSummary", MetricKind::Summary),
    ] {
        with_metric(&format!(r#"{{"{key}":{{"dataPoints":[{{"count":"3","sum":"6"}}]}}}}"#), |metric| {
            assert_eq!((metric.kind, metric.points[0].count, metric.points[0].sum), (kind, 3, Some(6.0)), "{key}");
        });
    }
    // Where both spellings stand, the newer one counts, as the protocol had it.
    let both = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1}]}],"instrumentationLibraryLogs":[{"logs":[{"flags":2}]}]}]}"#;
    with(both, |request| assert_eq!(request.logs[0].scopes[0].records[0].flags, 1));
}

#[test]
fn ids_are_hexadecimal_of_either_case_or_base64_of_their_length() {
    let id = |text: &str| {
        with_log(&format!(r#"{{"traceId":"{text}"}}"#), |log| (log.trace_id.to_vec(), log.fault.is_some()))
    };
    assert_eq!(id("0102030405060708090a0B0C0D0E0F10"), ((1..=16).collect(), false));
    assert_eq!(id("AQIDBAUGBwgJCgsMDQ4PEA=="), ((1..=16).collect(), false));
    for none in ["", "00000000000000000000000000000000", "AAAAAAAAAAAAAAAAAAAAAA=="] {
        assert_eq!(id(none), (vec![], false), "{none}");
    }
    for bad in ["0", "00", "0102", "zz", "0102030405060708090a0B0C0D0E0F1é"] {
        assert!(id(bad).1, "{bad}");
    }
}

#[test]
fn bytes_are_base64_of_either_alphabet_with_or_without_padding() {
    for text in ["+/8=", "-_8=", "+/8", "-_8"] {
        let body = format!(r#"{{"body":{{"bytesValue":"{text}"}}}}"#);
        assert!(with_log(&body, |log| log.body == Some(Value::Bytes(&[0xfb, 0xff]))), "{text}");
    }
    assert!(fault(r#"{"body":{"bytesValue":"*"}}"#).is_some());
}

#[test]
fn a_faulty_record_keeps_its_text_and_leaves_its_neighbours_alone() {
    let text = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"flags":1},{ "flags" : "x y", "new" : [ 1 ] },5,{"flags":2}]}]}]}"#;
    with(text, |request| {
        let records = request.logs[0].scopes[0].records;
        let faults: Vec<_> = records.iter().map(|record| record.fault.map(|fault| (fault.cause, fault.raw))).collect();
        assert_eq!(
            faults,
            [
                None,
                Some((r#"flags is not an integer: "x y""#, Some(r#"{"flags":"x y","new":[1]}"#))),
                Some(("log record is not an object", Some("5"))),
                None,
            ]
        );
    });
}

#[test]
fn a_value_inside_a_string_value_is_a_fault_of_its_record_and_not_that_value() {
    for inner in [r#"{"intValue":"201"}"#, r#"{"doubleValue":0.5}"#, r#"{"boolValue":true}"#, r#"{"stringValue":"a"}"#]
    {
        let value = format!(r#"{{"stringValue":{inner}}}"#);
        for record in [format!(r#"{{"body":{value}}}"#), format!(r#"{{"attributes":[{{"key":"k","value":{value}}}]}}"#)]
        {
            assert_eq!(fault(&record).as_deref(), Some("stringValue is not a string"), "{record}");
        }
        // One brace less, and it is no JSON.
        let short =
            format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{{"stringValue":{inner}}}]}}]}}]}}"#);
        assert!(matches!(error(&short), LineError::Syntax(_)), "{short}");
    }
}

#[test]
fn what_closes_without_having_been_opened_is_no_json() {
    for line in [
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"events":[}]}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"links":[}]}]}]}]}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"status":}}]}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[}]}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[}]}}]}]}]}"#,
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"exemplars":[}]}]}}]}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[}]}]}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":}}]}]}]}"#,
    ] {
        assert!(matches!(error(line), LineError::Syntax(_)), "{line}");
    }
}

#[test]
fn what_is_no_metric_is_a_fault_of_its_own_and_not_of_the_next() {
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[5,{"gauge":{"dataPoints":[{"asInt":1}]}}]}]}]}"#;
    with(text, |request| {
        let metrics = request.metrics[0].scopes[0].records;
        assert_eq!(metrics[0].fault.map(|fault| fault.cause), Some("metric is not an object"));
        assert_eq!((metrics[1].fault, metrics[1].points[0].fault), (None, None));
    });
}

#[test]
fn a_piece_in_which_no_record_can_be_read_is_a_faulty_record_and_not_dropped() {
    for (text, cause) in [
        (r#"{"resourceLogs":[5]}"#, "resource group is not an object"),
        (r#"{"resourceLogs":[{"scopeLogs":{}}]}"#, "scopes is not a list"),
        (r#"{"resourceLogs":[{"scopeLogs":["x"]}]}"#, "scope group is not an object"),
        (r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":"x"}]}]}"#, "logRecords is not a list"),
    ] {
        with(text, |request| {
            let records: Vec<_> = request.logs[0].scopes.iter().flat_map(|scope| scope.records).collect();
            assert_eq!(records.len(), 1, "{text}");
            assert_eq!(records[0].fault.map(|fault| fault.cause), Some(cause), "{text}");
        });
    }
    let mixed = r#"{"resourceSpans":[5,{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;
    with(mixed, |request| {
        assert!(request.spans[1].fault.is_none() && request.spans[0].scopes[0].records[0].fault.is_some())
    });
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    for (text, offset, what) in [
        (r#"{"resourceLogs":[}"#, 17, "expected a value"),
        (r#"{"resourceLogs" []}"#, 16, "expected a colon"),
        (r#"{"resourceLogs":[]]"#, 18, "expected a comma or the end"),
        (r#"{resourceLogs:[]}"#, 1, "expected a key in quotes"),
        (r#"{"a":01}"#, 6, "malformed number"),
        (r#"{"a":1.}"#, 7, "expected a digit"),
        (r#"{"a":nul}"#, 8, "expected true, false or null"),
        (r#"{"a":"\x"}"#, 7, "unknown escape"),
        (r#"{"a":"\u12g4"}"#, 10, "four hexadecimal digits"),
        ("{\"a\":\"b\tc\"}", 7, "control character"),
        (r#"{"resourceLogs":[]} x"#, 20, "more text behind the request"),
    ] {
        match error(text) {
            LineError::Syntax(error) => {
                assert_eq!((error.offset, error.at_end), (offset, false), "{text}");
                assert!(error.what.contains(what), "{text}: {}", error.what);
            }
            LineError::NotOtlp(reason) => panic!("{text}: {reason}"),
        }
    }
    for text in ["5", "[]", r#""x""#, "null", r#"{"a":1}"#, r#"{"resourceLogs":{}}"#, r#"{"resourceLogs":5}"#] {
        assert!(matches!(error(text), LineError::NotOtlp(_)), "{text}");
    }
    with("{}", |request| assert_eq!(*request, Request::default()));
}

// --- Against serde_json ---

/// JSON of any shape, with white space between its tokens.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        any_text(),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[ {} ]", items.join(" ,"))),
            proptest::collection::vec((any_text(), inner), 0..5).prop_map(|entries| {
                let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key} :{value}")).collect();
                format!("{{{}\n}}", entries.join(","))
            }),
        ]
    })
}

/// A string literal with escapes of every kind, no half surrogate among them.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[^\"\\\\\u{0}-\u{1f}]{0,20}",
        r#"\\["\\/bfnrt]"#,
        "\\\\u[0-9a-cA-C][0-9a-fA-F]{3}",
        r"\\ud8[0-9a-f]{2}\\udc[0-9A-F]{2}",
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// Whether the reader takes the text for JSON, alone and as the value of an unknown field.
fn accepts(text: &str) -> bool {
    let arena = Bump::new();
    let wrapped = format!("{{\"new\":{text}\n,\"resourceLogs\":[]}}");
    let alone = !matches!(parse(text, &arena), Err(LineError::Syntax(_)));
    assert_eq!(alone, parse(&wrapped, &arena).is_ok(), "{text}");
    alone
}

fn serde_accepts(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn json_of_any_shape_is_accepted(text in any_json()) {
        prop_assert!(serde_accepts(&text));
        prop_assert!(accepts(&text));
    }

    #[test]
    fn damaged_json_is_accepted_where_serde_json_accepts_it(
        text in any_json(),
        place in any::<prop::sample::Index>(),
        removed in 0usize..3,
        added in r#"[\[\]{}:,"\\0-9.eE+\-tfn \n\u{1}x]{0,3}"#,
    ) {
        let start = text.floor_char_boundary(place.index(text.len()));
        let end = text.ceil_char_boundary((start + removed).min(text.len()));
        let damaged = format!("{}{added}{}", &text[..start], &text[end..]);
        // Damage may halve a surrogate pair: a fault here, an error there.
        prop_assume!(!damaged.contains("\\ud8") && !damaged.contains("\\udc"));
        let wrapped = format!("{{\"new\":{damaged}\n,\"resourceLogs\":[]}}");
        let arena = Bump::new();
        let accepted = !matches!(parse(&wrapped, &arena), Err(LineError::Syntax(_)));
        prop_assert_eq!(accepted, serde_accepts(&wrapped), "{}", damaged);
    }

    #[test]
    fn strings_decode_as_serde_json_decodes_them(literal in any_text()) {
        let wanted: String = serde_json::from_str(&literal).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let record = format!(r#"{{"severityText":{literal},"attributes":[{{"key":{literal},"value":{{"stringValue":{literal}}}}}]}}"#);
        with_log(&record, |log| {
            assert_eq!((log.severity_text, log.fault), (wanted.as_str(), None));
            assert_eq!((log.attributes[0].key, log.attributes[0].value), (wanted.as_str(), Value::Str(&wanted)));
        });
    }

    #[test]
    fn numbers_are_what_rust_reads(value in any::<f64>(), integer in any::<i64>()) {
        prop_assume!(value.is_finite());
        for text in [format!("{value:?}"), format!("{value}"), format!("{value:e}")] {
            with_log(&format!(r#"{{"body":{{"doubleValue":{text}}}}}"#), |log| {
                assert_eq!((log.body, log.fault), (Some(Value::Double(value)), None), "{text}");
            });
        }
        let exponent = format!("{integer:e}");
        for text in [integer.to_string(), format!("\"{integer}\""), format!("{integer}.000"), exponent] {
            with_log(&format!(r#"{{"body":{{"intValue":{text}}}}}"#), |log| {
                assert_eq!((log.body, log.fault), (Some(Value::Int(integer)), None), "{text}");
            });
        }
    }

    #[test]
    fn any_value_in_any_field_is_read_or_a_fault_but_never_an_error(value in any_json(), field in 0usize..14) {
        let name = ["timeUnixNano", "severityNumber", "severityText", "body", "attributes", "flags", "traceId", "key",
            "values", "arrayValue", "kvlistValue", "dataPoints", "bucketCounts", "status"][field];
        for text in [
            format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"{name}":{value},"body":{{"{name}":{value}}}}}]}}]}}]}}"#),
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"{name}":{value},"events":[{{"{name}":{value}}}]}}]}}]}}]}}"#),
            format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"sum":{{"{name}":{value}}},"sum":{{"dataPoints":[{{"{name}":{value}}}]}}}}]}}]}}]}}"#),
        ] {
            let arena = Bump::new();
            prop_assert!(parse(&text, &arena).is_ok(), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), pieces in proptest::collection::vec(0usize..16, 0..30)) {
        let fragments = ["{", "}", "[", "]", ":", ",", "\"", "\\", "\"resourceLogs\":[", "\"scopeLogs\":[", "\"logRecords\":[",
            "\"body\":{", "\"arrayValue\":{\"values\":[", "\\ud83d", "null", "1e"];
        let spliced: String = pieces.into_iter().map(|piece| fragments[piece]).collect();
        let arena = Bump::new();
        let _ = parse(&text, &arena);
        let _ = parse(&spliced, &arena);
        let _ = parse(&format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{{spliced}"), &arena);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_request_cut_anywhere_is_told_to_end_too_early(request in crate::otlp::model::request(), seed in any::<u64>()) {
        let text = crate::otlp::model::json_of(&request, seed);
        let arena = Bump::new();
        let step = text.len() / 500 + 1;
        for end in (1..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            match parse(&text[..end], &arena) {
                Err(LineError::Syntax(error)) => prop_assert!(error.at_end, "{error:?}: {}", &text[..end]),
                other => prop_assert!(false, "{other:?}: {}", &text[..end]),
            }
        }
    }
}

#[test]
fn the_collectors_form_means_the_same_as_any_other() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/otel/plain");
    for signal in ["logs", "traces", "metrics"] {
        let text =
            std::fs::read_to_string(format!("{samples}/{signal}.jsonl")).unwrap_or_else(|error| panic!("{error}"));
        let (shared, arena) = (Bump::new(), Bump::new());
        let memo = Memo::new(&shared);
        // The second time, metrics and their series are remembered.
        for line in text.lines().chain(text.lines()) {
            let usual = parse_next(line, &arena, &memo.json);
            // Quotes in texts are escaped, so that this puts space into objects only.
            let spaced = line.replace("{\"", "{ \"");
            assert!(
                usual.map(|request| told(&request)) == parse(&spaced, &Bump::new()).map(|request| told(&request)),
                "{line}"
            );
        }
    }
}

#[test]
fn series_are_told_apart_however_they_follow_each_other() {
    let point = |tenant: u32| {
        format!(
            r#"{{"attributes":[{{"key":"t","value":{{"stringValue":"{tenant}"}}}}],"timeUnixNano":"1","asInt":"{tenant}"}}"#
        )
    };
    let (shared, arena) = (Bump::new(), Bump::new());
    let memo = Memo::new(&shared);
    for round in 0..20 {
        // Other orders, other counts, and more series than are remembered of a metric.
        let tenants: Vec<u32> = (0..100).map(|step| (step * (2 * round + 1) + round) % (50 + 7 * round)).collect();
        let points: Vec<String> = tenants.iter().map(|tenant| point(*tenant)).collect();
        let name = round % 3;
        let text = format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"{name}","gauge":{{"dataPoints":[{}]}}}}]}}]}}]}}"#,
            points.join(",")
        );
        let text = arena.alloc_str(&text);
        let request = parse_next(text, &arena, &memo.json).unwrap_or_else(|error| panic!("{error:?}"));
        let metric = request.metrics[0].scopes[0].records[0];
        assert_eq!(metric.name, name.to_string());
        for (point, tenant) in metric.points.iter().zip(tenants) {
            assert_eq!(point.value, Some(Number::Int(i64::from(tenant))));
            assert_eq!(point.attributes[0].value, Value::Str(&tenant.to_string()));
        }
    }
}
