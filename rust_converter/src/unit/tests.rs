//! Lines that are not one whole request: what is kept of them, what is rejected, what is left for the next run.

use std::time::Instant;

use proptest::prelude::*;

use arrow_array::Array as _;

use super::{Done, Part, Rows, Spares, Wanted, Worker};
use crate::columns::Nested;
use crate::input::{self, Compression, Encoding, Format, Framing, InputFile, Inputs, Unit};
use crate::pieces::{Piece, Press};
use crate::report::{Reject, Signal};

fn done(framing: Framing, data: &[u8]) -> Done {
    done_as(framing, data, false)
}

/// As nested rows, or else as events in JSON.
fn done_as(framing: Framing, data: &[u8], nested: bool) -> Done {
    let format = Format { compression: Compression::None, framing };
    let file = InputFile {
        path: "in".into(),
        name: "in".into(),
        bytes: data.len() as u64,
        format,
        is_stream: false,
        range: None,
    };
    let inputs = Inputs { files: vec![file], skipped: vec![] };
    let (signals, spare) = (Signal::ALL.to_vec(), Spares::default());
    let wanted = Wanted { signals, core: false, flat: false, nested, json: !nested, spare };
    let piece = input::Piece { file: 0, framing, first: 1, offset: 0, data: data.to_vec() };
    Worker::new(&inputs, wanted).convert(&Unit { pieces: vec![piece], bad: vec![] })
}

fn lines(data: impl AsRef<[u8]>) -> Done {
    done(Framing::Lines, data.as_ref())
}

fn records(done: &Done) -> u64 {
    done.records.values().map(|records| records.written).sum()
}

fn texts(done: &Done) -> Vec<String> {
    done.rejects.iter().map(|reject| String::from_utf8_lossy(&reject.bytes).into_owned()).collect()
}

const LOG: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","severityText":"t"}]}]}]}"#;
const SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"s","startTimeUnixNano":"1"}]}]}]}"#;

#[test]
fn requests_between_which_only_the_line_end_was_lost_are_all_whole() {
    for end in ["\n", ""] {
        let found = lines(format!("{LOG}{SPAN} {LOG}{end}"));
        assert_eq!((records(&found), texts(&found), found.incomplete.len()), (3, vec![], 0));
    }
    let found = lines(format!("{LOG}{}{SPAN}\n", &SPAN[..40]));
    assert_eq!((records(&found), texts(&found)), (2, vec![SPAN[..40].to_string()]));
}

#[test]
fn a_request_cut_anywhere_costs_only_itself() {
    for cut in 1..LOG.len() {
        let found = lines(format!("{LOG}\n{}{SPAN}\n{LOG}\n", &LOG[..cut]));
        assert_eq!((records(&found), texts(&found)), (3, vec![LOG[..cut].to_string()]), "{cut}");
        let Reject { line, offset, .. } = found.rejects[0];
        assert_eq!((line, offset), (2, LOG.len() as u64 + 1), "{cut}");
    }
}

#[test]
fn json_that_holds_a_request_is_one_reject_and_not_taken_apart() {
    let envelope = format!(r#"{{"message":{LOG}}}"#);
    let found = lines(format!("{envelope}\n{LOG}\n"));
    assert_eq!((records(&found), texts(&found)), (1, vec![envelope]));
}

#[test]
fn bytes_that_are_not_utf8_cost_only_their_request() {
    let broken = [&SPAN.as_bytes()[..60], b"\xff\xfe", &SPAN.as_bytes()[60..]].concat();
    let found = lines([LOG.as_bytes(), &broken, LOG.as_bytes(), b"\n"].concat());
    assert_eq!((records(&found), found.rejects.len()), (2, 1));
    assert_eq!(found.rejects[0].bytes, broken);
    assert!(found.rejects[0].reason.contains("invalid UTF-8 at byte 60"), "{}", found.rejects[0].reason);
    let behind = lines([LOG.as_bytes(), b"\xff\n"].concat());
    assert_eq!((records(&behind), behind.rejects.len()), (0, 1));
}

#[test]
fn a_last_line_is_left_for_the_next_run_only_when_it_ends_too_early() {
    for cut in 1..LOG.len() {
        let found = lines(format!("{LOG}\n{}", &LOG[..cut]));
        assert_eq!((records(&found), found.rejects.len()), (1, 0), "{cut}");
        let tail = found.incomplete[0];
        assert_eq!((tail.line, tail.offset, tail.bytes), (2, LOG.len() as u64 + 1, cut as u64));
    }
    let half_a_letter = lines(b"{\"resourceLogs\":[{\"schemaUrl\":\"\xc3");
    assert_eq!((half_a_letter.rejects.len(), half_a_letter.incomplete.len()), (0, 1));
    for wrong in ["{\"resourceLogs\":[x", "{\"resourceLogs\":[tru!", "{\"hello\":1}"] {
        assert_eq!(lines(wrong).rejects.len(), 1, "{wrong}");
    }
}

#[test]
fn a_line_of_very_many_damaged_requests_takes_linear_time() {
    let started = Instant::now();
    for piece in [
        r#"{"resourceLogs":x"#,
        r#"{"resourceLogs":["#,
        r#"{"resourceLogs":[{"schemaUrl":""#,
        r#"{"resourceLogs":{"a":""#,
    ] {
        let found = lines(piece.repeat(100_000) + "\n");
        assert_eq!(found.rejects.iter().map(|reject| reject.bytes.len()).sum::<usize>(), piece.len() * 100_000);
    }
    let found = lines(LOG.repeat(20_000) + "\n");
    assert_eq!((records(&found), found.rejects.len()), (20_000, 0));
    assert!(started.elapsed().as_secs() < 60);
}

#[test]
fn protobuf_that_cannot_be_read_is_rejected_with_its_bytes() {
    let found = done(Framing::Whole(Encoding::Proto), &[0x0a, 5, 1]);
    assert_eq!(found.rejects[0].reason, "not a protobuf request: a field longer than its message at byte 2");
    assert_eq!((found.rejects[0].bytes.as_slice(), found.rejects[0].signal), (&[0x0a, 5, 1][..], Signal::Unknown));
}

#[test]
fn a_fault_of_a_metric_keeps_its_text_once_and_every_point() {
    let points = vec![r#"{"asInt":"1"}"#; 2000].join(",");
    let metric = format!(r#"{{"name":"m","sum":{{"aggregationTemporality":"NEVER","dataPoints":[{points}]}}}}"#);
    let found = lines(format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{metric}]}}]}}]}}"#));
    assert_eq!(records(&found), 2000);
    assert_eq!(found.json.matches("NEVER").count(), 2001, "once in the text, once in each message");
    assert!(found.json.len() < 4_000_000);
}

/// The nested rows of some requests, by class.
fn nested(text: &str) -> Vec<(Part, Nested)> {
    let rows = done_as(Framing::Lines, text.as_bytes(), true).rows.into_iter();
    rows.filter_map(|(part, rows)| if let Rows::Nested(nested) = rows { Some((part, nested)) } else { None }).collect()
}

/// Holds packed rows against those that were not packed.
fn assert_packed_and_unpacked_alike(text: &str) {
    let mut press = Press::new().expect("contexts");
    for ((part, rows), (_, same)) in nested(text).into_iter().zip(nested(text)) {
        let count = rows.rows();
        let mut piece = Piece::pack(rows, &mut press).expect("packed");
        assert_eq!(piece.rows(), count);
        let batch = same.into_batch().expect("a batch");
        for (index, column) in batch.columns().iter().enumerate() {
            assert_eq!(piece.tells(index), column.null_count() < column.len());
            let found = piece.take(index, column.data_type(), &mut press).expect("a column");
            assert_eq!(&found, column, "{part:?} {index}");
        }
        assert_eq!(piece.bytes(), 0);
    }
}

#[test]
fn real_rows_are_unpacked_as_they_were() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/otel");
    for name in ["plain/logs", "plain/traces", "plain/metrics", "stable-semconv/traces"] {
        let text = std::fs::read_to_string(format!("{samples}/{name}.jsonl")).expect("a sample");
        assert!(!nested(&text).is_empty());
        assert_packed_and_unpacked_alike(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_are_unpacked_as_they_were(request in crate::otlp::model::request(), seed in any::<u64>()) {
        assert_packed_and_unpacked_alike(&crate::otlp::model::json_of(&request, seed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_byte_of_a_damaged_line_is_a_record_a_reject_or_a_tail(
        places in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..30, "[\\PC\"{}]{0,2}"), 0..4),
        end in prop_oneof![Just("\n"), Just("")],
    ) {
        let mut text = [LOG, SPAN, LOG].concat();
        for (place, removed, added) in places {
            let start = text.floor_char_boundary(place.index(text.len() + 1));
            let stop = text.ceil_char_boundary((start + removed).min(text.len()));
            text.replace_range(start..stop, &added);
        }
        let found = lines(format!("{text}{end}"));
        let mut at = 0;
        for reject in &found.rejects {
            let offset = reject.offset as usize;
            prop_assert!(offset >= at && text.as_bytes()[offset..].starts_with(&reject.bytes));
            at = offset + reject.bytes.len();
        }
        for tail in &found.incomplete {
            prop_assert!(tail.offset as usize >= at && (tail.offset + tail.bytes) as usize == text.len());
        }
        let any = records(&found) > 0 || !found.rejects.is_empty() || !found.incomplete.is_empty();
        prop_assert!(any || text.trim().is_empty() || !text.contains("logRecords"));
    }
}
