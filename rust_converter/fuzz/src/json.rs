//! The JSON reader: it takes for JSON what serde_json takes for it, and what it reads is mapped.
#![no_main]

mod checks;

use libfuzzer_sys::fuzz_target;
use ocsfconv::fuzzing;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        // serde_json refuses half a surrogate pair, which is a fault of its record here; and what nests deep.
        let comparable = !text.contains("\\u") && text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() < 120;
        if comparable {
            let wanted = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            assert_eq!(fuzzing::is_json(text), wanted);
        }
    }
    checks::check(&fuzzing::request(data, "json").expect("columns hold it"));
});
