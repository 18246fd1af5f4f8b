//! What holds between the two readers, the canonical form and the writer.

use bumpalo::Bump;
use proptest::prelude::*;

use super::canonical::Canonical;
use super::model::{self, Fields, Style, told};
use super::{KeyValue, LogRecord, Memo, Value, json, proto};

type Told = Vec<(String, u128, u128, Option<String>)>;

fn from_json(text: &str) -> Told {
    let arena = Bump::new();
    told(&json::parse(text, &arena).unwrap_or_else(|error| panic!("{error:?}: {text}")))
}

fn from_proto(bytes: &[u8]) -> Told {
    let arena = Bump::new();
    told(&proto::parse(bytes, &arena).unwrap_or_else(|error| panic!("{error:?}: {bytes:02x?}")))
}

/// Every request with a memory of those before it.
fn from_protos(requests: &[Vec<u8>]) -> Vec<Told> {
    let (shared, arena) = (Bump::new(), Bump::new());
    let memo = Memo::new(&shared);
    let read = |bytes| proto::parse_next(bytes, &arena, &memo.proto).unwrap_or_else(|error| panic!("{error:?}"));
    requests.iter().map(|bytes| told(&read(bytes))).collect()
}

fn encoded(request: &Fields, seed: u64) -> Vec<u8> {
    model::proto(request, &mut Style(seed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_request_means_the_same_however_its_json_is_written(request in model::request(), seed in any::<u64>()) {
        prop_assert_eq!(from_json(&model::json_of(&request, seed)), from_json(&model::json_of(&request, 0)));
    }

    #[test]
    fn a_request_means_the_same_in_protobuf_whatever_the_order_of_its_fields(
        request in model::request(),
        seed in any::<u64>(),
    ) {
        let plain = from_json(&model::json_of(&request, 0));
        prop_assert_eq!(&from_proto(&encoded(&request, 0)), &plain);
        prop_assert_eq!(&from_proto(&encoded(&request, seed)), &plain);
        for told in from_protos(&[0, seed, 0, seed, 1].map(|seed| encoded(&request, seed))) {
            prop_assert_eq!(&told, &plain);
        }
    }

    #[test]
    fn what_is_written_as_json_reads_back_as_the_same_record(request in model::request()) {
        for (text, resource, record, fault) in from_json(&model::json_of(&request, 0)) {
            prop_assert_eq!(from_json(&text), [(text.clone(), resource, record, fault)]);
        }
    }
}

#[test]
fn records_that_differ_have_different_hashes() {
    let text = |text| [KeyValue { key: "a", value: text }];
    let attributes = [
        text(Value::Str("1")),
        text(Value::Int(1)),
        text(Value::Double(1.0)),
        text(Value::Double(-0.0)),
        text(Value::Double(0.0)),
        text(Value::Bool(true)),
        text(Value::Bytes(b"1")),
        text(Value::Empty),
        text(Value::Str("")),
        text(Value::List(&[])),
        text(Value::Map(&[])),
        text(Value::List(&[Value::Empty])),
    ];
    let mut canonical = Canonical::default();
    let mut records: Vec<LogRecord<'_>> =
        attributes.iter().map(|attributes| LogRecord { attributes, ..LogRecord::default() }).collect();
    records.extend([
        LogRecord::default(),
        LogRecord { time_unix_nano: 1, ..LogRecord::default() },
        LogRecord { observed_time_unix_nano: 1, ..LogRecord::default() },
        LogRecord { severity_text: "a", ..LogRecord::default() },
        LogRecord { event_name: "a", ..LogRecord::default() },
        LogRecord { body: Some(Value::Str("a")), ..LogRecord::default() },
        LogRecord { trace_id: &[1], ..LogRecord::default() },
        LogRecord { span_id: &[1], ..LogRecord::default() },
    ]);
    let hashes: std::collections::HashSet<u128> = records.iter().map(|record| canonical.log(record)).collect();
    assert_eq!(hashes.len(), records.len());
}

#[test]
fn what_equals_absent_does_not_change_a_hash() {
    let mut canonical = Canonical::default();
    let absent = canonical.log(&LogRecord::default());
    assert_eq!(canonical.log(&LogRecord { body: Some(Value::Empty), ..LogRecord::default() }), absent);
    let nan = |bits| LogRecord { body: Some(Value::Double(f64::from_bits(bits))), ..LogRecord::default() };
    assert_eq!(canonical.log(&nan(0x7ff8_0000_0000_0000)), canonical.log(&nan(0xfff0_0000_0000_0001)));
}

#[test]
fn text_behind_a_value_that_is_no_object_is_no_json() {
    let arena = Bump::new();
    assert!(matches!(json::parse("[1,2]", &arena), Err(json::LineError::NotOtlp(_))));
    assert!(matches!(json::parse(r#""a"{"resourceLogs":[]}"#, &arena), Err(json::LineError::Syntax(_))));
}
