//! The protobuf reader on messages made by hand and on damaged ones; that it reads what the JSON reader reads is tested
//! where both are known.

use bumpalo::Bump;
use proptest::prelude::*;

use super::{parse, parse_next};
use crate::otlp::model::{self, Fields, Held, Style};
use crate::otlp::{LogRecord, Memo, MetricKind, Number, Request, Value};

fn message(fields: Fields) -> Held {
    Held::Message(fields)
}

/// A request with one record.
fn request(record: Fields) -> Vec<u8> {
    let scope = vec![(2, "", Held::Messages(vec![record]))];
    let group = vec![(2, "", Held::Messages(vec![scope]))];
    model::proto(&vec![(1, "", Held::Messages(vec![group]))], &mut Style(0))
}

/// A request around the bytes of one record.
fn around(record: &[u8]) -> Vec<u8> {
    let wrapped = |number, inner: &[u8]| model::proto(&vec![(number, "", Held::Bytes(inner.to_vec()))], &mut Style(0));
    wrapped(1, &wrapped(2, &wrapped(2, record)))
}

fn with<T>(bytes: &[u8], check: impl FnOnce(&Request<'_>) -> T) -> T {
    let arena = Bump::new();
    check(&parse(bytes, &arena).unwrap_or_else(|error| panic!("{error:?}: {bytes:02x?}")))
}

fn with_log<T>(bytes: &[u8], check: impl FnOnce(&LogRecord<'_>) -> T) -> T {
    with(bytes, |request| check(&request.logs[0].scopes[0].records[0]))
}

fn cause(bytes: &[u8]) -> &'static str {
    let arena = Bump::new();
    parse(bytes, &arena).err().unwrap_or_else(|| panic!("accepted: {bytes:02x?}")).what
}

const TIME: (u32, &str, Held) = (1, "", Held::Fixed64(7));

#[test]
fn the_smallest_requests_are_read() {
    for bytes in [&[][..], &[0x0a, 0], &[0x0a, 2, 0x12, 0], &[0x0a, 4, 0x12, 2, 0x12, 0]] {
        assert!(parse(bytes, &Bump::new()).is_ok(), "{bytes:02x?}");
    }
}

#[test]
fn the_signal_is_told_by_structure_alone() {
    let data = || message(vec![(1, "", Held::Messages(vec![vec![(3, "", Held::Fixed64(1))]]))]);
    let text = |text: &str| Held::Text(text.to_string());
    for log in [
        vec![TIME],
        vec![(11, "", Held::Fixed64(1))],
        vec![(2, "", Held::Enum(9)), (3, "", text("INFO"))],
        vec![(5, "", message(vec![(1, "", text("body"))]))],
        vec![(5, "", message(vec![(1, "", text("body"))])), (12, "", text("event"))],
    ] {
        with(&request(log.clone()), |request| assert_eq!(request.logs.len(), 1, "{log:?}"));
    }
    for span in [
        vec![(1, "", Held::Id(vec![0xab; 16])), (2, "", Held::Id(vec![0xcd; 8])), (5, "", text("GET /"))],
        vec![(7, "", Held::Fixed64(1)), (8, "", Held::Fixed64(2))],
        vec![(5, "", text("name")), (6, "", Held::Enum(2))],
    ] {
        with(&request(span.clone()), |request| assert_eq!(request.spans.len(), 1, "{span:?}"));
    }
    for number in [5, 7, 9, 10, 11] {
        for name in ["up", "sixteen.letters."] {
            let metric = vec![(1, "", text(name)), (2, "", text("help")), (number, "", data())];
            for seed in [0, 1, 2, 3] {
                let scope = vec![(2, "", Held::Messages(vec![metric.clone()]))];
                let group = vec![(1, "", Held::Messages(vec![vec![(2, "", Held::Messages(vec![scope]))]]))];
                let bytes = model::proto(&group, &mut Style(seed));
                with(&bytes, |request| assert_eq!(request.metrics[0].scopes[0].records[0].name, name, "{number}"));
            }
        }
    }
}

#[test]
fn of_repeated_singular_fields_the_last_counts_but_no_point_is_lost() {
    let twice = [request(vec![
        TIME,
        (3, "", Held::Text("a".into())),
        (1, "", Held::Fixed64(9)),
        (3, "", Held::Text("b".into())),
    ])];
    with_log(&twice[0], |log| assert_eq!((log.time_unix_nano, log.severity_text), (9, "b")));
    let point = |value| vec![(3, "", Held::Fixed64(1)), (6, "", Held::SFixed64(value))];
    let data = |value| message(vec![(1, "", Held::Messages(vec![point(value)]))]);
    let name = || (1, "", Held::Text("m".into()));
    with(&request(vec![name(), (5, "", data(1)), (5, "", data(2))]), |request| {
        let metric = request.metrics[0].scopes[0].records[0];
        assert_eq!((metric.points.len(), metric.fault), (2, None));
    });
    with(&request(vec![name(), (5, "", data(1)), (7, "", data(2))]), |request| {
        let metric = request.metrics[0].scopes[0].records[0];
        assert_eq!((metric.kind, metric.points.len()), (MetricKind::Sum, 2));
        assert_eq!(metric.fault.map(|fault| fault.cause), Some("metric has points of more than one kind"));
    });
}

#[test]
fn series_are_told_apart_however_their_points_are_written() {
    let attribute = |key: &str, number: u32| {
        vec![(1, "", Held::Text(key.into())), (2, "", message(vec![(3, "", Held::Int64(i64::from(number)))]))]
    };
    let (shared, arena) = (Bump::new(), Bump::new());
    let memo = Memo::new(&shared);
    for round in 0..20 {
        // Other orders, other counts, a series that is the beginning of another, and attributes that stand apart.
        let tenants: Vec<u32> = (0..60).map(|step| (step * (2 * round + 1) + round) % (30 + 7 * round)).collect();
        let point = |tenant: &u32| {
            let mut entries = vec![attribute("t", tenant / 3), attribute("u", 7), attribute("v", 7)];
            entries.truncate(1 + (tenant % 3) as usize);
            let last = if (tenant + round).is_multiple_of(4) { entries.pop() } else { None };
            let mut fields = vec![(7, "", Held::Messages(entries)), (6, "", Held::SFixed64(i64::from(*tenant)))];
            fields.extend(last.map(|last| (7, "", Held::Messages(vec![last]))));
            fields
        };
        let data = message(vec![(1, "", Held::Messages(tenants.iter().map(point).collect()))]);
        let bytes = request(vec![(1, "", Held::Text("m".into())), (5, "", data)]);
        let request =
            parse_next(arena.alloc_slice_copy(&bytes), &arena, &memo.proto).unwrap_or_else(|error| panic!("{error:?}"));
        let points = request.metrics[0].scopes[0].records[0].points;
        assert_eq!(points.len(), tenants.len());
        for (point, tenant) in points.iter().zip(tenants) {
            assert_eq!(point.value, Some(Number::Int(i64::from(tenant))));
            let told: Vec<_> = point.attributes.iter().map(|entry| (entry.key, entry.value)).collect();
            let all = [("t", Value::Int(i64::from(tenant / 3))), ("u", Value::Int(7)), ("v", Value::Int(7))];
            assert_eq!(told, all[..1 + (tenant % 3) as usize]);
            assert!(point.series == 0 || point.attributes.len() == 1 + (tenant % 3) as usize);
        }
    }
}

#[test]
fn unknown_fields_and_groups_are_skipped() {
    let time = [0x09, 7, 0, 0, 0, 0, 0, 0, 0];
    // Field 1000 of every wire type, groups within groups among them.
    for unknown in [
        &[0xc0, 0x3e, 0x80, 0x01][..],
        &[0xc1, 0x3e, 1, 2, 3, 4, 5, 6, 7, 8],
        &[0xc2, 0x3e, 2, 0xff, 0xff],
        &[0xc3, 0x3e, 0x0b, 0x08, 5, 0x0c, 0xc4, 0x3e],
    ] {
        with_log(&around(&[unknown, &time, unknown].concat()), |log| assert_eq!(log.time_unix_nano, 7));
    }
}

#[test]
fn text_that_is_not_utf8_is_a_fault_of_its_record() {
    let record = vec![TIME, (3, "", Held::Bytes(b"a\xff".to_vec()))];
    with_log(&request(record), |log| {
        assert_eq!(log.severity_text, "a\u{fffd}");
        assert_eq!(log.fault.map(|fault| fault.cause), Some("severityText is not UTF-8"));
    });
    let bytes = vec![TIME, (5, "", message(vec![(7, "", Held::Bytes(b"a\xff".to_vec()))]))];
    with_log(&request(bytes), |log| assert_eq!((log.body, log.fault), (Some(Value::Bytes(b"a\xff")), None)));
}

#[test]
fn integers_are_read_in_full_and_negative_ones_too() {
    let with_body = |held| request(vec![TIME, (5, "", message(vec![(3, "", Held::Int64(held))]))]);
    for value in [0, 1, -1, i64::MIN, i64::MAX, 9_007_199_254_740_993] {
        with_log(&with_body(value), |log| assert_eq!(log.body, Some(Value::Int(value))));
    }
    with_log(&request(vec![TIME, (2, "", Held::Enum(-3))]), |log| {
        assert_eq!(log.fault.map(|fault| fault.cause), Some("severityNumber -3 is not between 0 and 24"));
    });
}

#[test]
fn values_nest_up_to_the_bound_and_deeper_ones_are_a_fault() {
    let list = |value| -> Fields { vec![(5, "", message(vec![(1, "", Held::Messages(vec![value]))]))] };
    let map = |value| -> Fields {
        let entry = vec![(1, "", Held::Text("k".to_string())), (2, "", message(value))];
        vec![(6, "", message(vec![(1, "", Held::Messages(vec![entry]))]))]
    };
    let nested = |depth, inner: &Fields, wrap: &dyn Fn(Fields) -> Fields| {
        let value = (0..depth).fold(inner.clone(), |value, _| wrap(value));
        request(vec![TIME, (5, "", message(value))])
    };
    for inner in [vec![], vec![(1, "", Held::Text("scalar".to_string()))]] {
        for wrap in [&list as &dyn Fn(Fields) -> Fields, &map] {
            with_log(&nested(99, &inner, wrap), |log| assert!(log.fault.is_none()));
            for depth in [100, 300] {
                let deep = nested(depth, &inner, wrap);
                with_log(&deep, |log| assert!(log.fault.is_some_and(|fault| fault.cause.contains("nests deeper"))));
            }
        }
    }
}

#[test]
fn pairs_are_read_alike_in_the_usual_form_and_in_any_other() {
    // A key, a text; then with lengths in more bytes than needed, in the other order, with a field nobody knows.
    let usual = b"\x0a\x01k\x12\x03\x0a\x01v";
    let others: [&[u8]; 4] = [
        b"\x0a\x81\x80\x00k\x12\x03\x0a\x01v",
        b"\x12\x03\x0a\x01v\x0a\x01k",
        b"\x0a\x01k\x12\x03\x0a\x01v\x18\x00",
        b"\x0a\x01k\x12\x05\x0a\x01v\x40\x00",
    ];
    let record = |pair: &[u8]| [&[0x32, pair.len() as u8], pair].concat();
    for pair in [&usual[..]].into_iter().chain(others) {
        with_log(&around(&record(pair)), |log| {
            let pairs: Vec<_> = log.attributes.iter().map(|pair| (pair.key, pair.value)).collect();
            assert_eq!(pairs, [("k", Value::Str("v"))], "{pair:02x?}");
        });
    }
    let values: [(&[u8], Value<'_>); 5] = [
        (b"\x10\x01", Value::Bool(true)),
        (b"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Value::Int(-1)),
        (b"\x21\0\0\0\0\0\0\xf0\x3f", Value::Double(1.0)),
        (b"", Value::Empty),
        (b"\x3a\x01\xff", Value::Bytes(&[255])),
    ];
    for (value, expected) in values {
        let pair = [b"\x0a\x01k\x12", &[value.len() as u8][..], value].concat();
        with_log(&around(&record(&pair)), |log| assert_eq!(log.attributes[0].value, expected));
    }
}

#[test]
fn what_is_not_protobuf_is_told_with_its_cause() {
    assert_eq!(cause(&[0x0a]), "an integer that does not end");
    assert_eq!(cause(&[0x0a, 5, 1]), "a field longer than its message");
    assert_eq!(
        cause(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        "a field longer than its message"
    );
    assert_eq!(cause(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), "an integer beyond 64 bits");
    assert_eq!(cause(&[0x08, 1]), "a field of the wrong type");
    assert_eq!(cause(&[0x00, 1]), "a field number out of range");
    assert_eq!(cause(&[0x0f]), "an unknown wire type");
    assert_eq!(cause(&[0x1b]), "a group that does not end");
    assert_eq!(cause(&[0x1c]), "an unknown wire type");
    assert_eq!(cause(&around(&[0x09, 7, 0, 0])), "a field longer than its message");
    assert_eq!(cause(&around(&[0x09, 7, 0, 0, 0, 0, 0, 0, 0, 0x1d, 1, 2, 3, 4])), "a field of the wrong type");
}

#[test]
fn a_million_open_groups_do_not_exhaust_the_stack() {
    assert_eq!(cause(&[0x1b].repeat(1_000_000)), "a group that does not end");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let arena = Bump::new();
        let _ = parse(&bytes, &arena);
        let _ = parse(&around(&bytes), &arena);
        let _ = parse(&request(vec![TIME, (5, "", Held::Bytes(bytes))]), &arena);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn damaged_requests_are_read_or_refused(
        fields in model::request(),
        seed in any::<u64>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = model::proto(&fields, &mut Style(seed));
        let arena = Bump::new();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
            if let Ok(request) = parse(&bytes, &arena) {
                model::told(&request);
            }
        }
    }

    #[test]
    fn a_request_cut_anywhere_but_between_its_groups_is_refused(fields in model::request(), seed in any::<u64>()) {
        let bytes = model::proto(&fields, &mut Style(seed));
        let arena = Bump::new();
        let whole = parse(&bytes, &arena).map_or(0, |request| model::told(&request).len());
        for end in (1..bytes.len()).step_by(bytes.len() / 300 + 1) {
            // Only between groups is a part a whole request, of fewer records.
            if let Ok(request) = parse(&bytes[..end], &arena) {
                prop_assert!(model::told(&request).len() <= whole);
            }
        }
    }
}
