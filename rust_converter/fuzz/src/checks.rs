//! What every fuzzer looks at.

use ocsfconv::fuzzing::Converted;

/// Each event is JSON, and stands once in each layout.
pub fn check(converted: &Converted) {
    let events = converted.events.lines().inspect(|line| {
        serde_json::from_str::<serde::de::IgnoredAny>(line).expect("an event is JSON");
    });
    let events = events.count();
    assert_eq!((converted.flat_rows, converted.nested_rows), (events, events));
    assert!(events as u64 >= converted.records, "fewer events than records");
}
