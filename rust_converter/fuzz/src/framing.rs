//! Framing: what is cut out of a file does not depend on the size of a unit, and ranges that meet hold each request once.
#![no_main]

mod given;

use libfuzzer_sys::fuzz_target;
use ocsfconv::fuzzing::Cut;

const UNIT: usize = 16 << 20;

fuzz_target!(|data: &[u8]| {
    let path = given::file(data);
    let mut whole = Cut::default();
    if whole.add(&path, UNIT, None).is_err() {
        return;
    }
    let mut small = Cut::default();
    small.add(&path, 1000, None).expect("read before");
    assert_eq!(small, whole);
    let middle = data.iter().map(|byte| u64::from(*byte)).sum::<u64>() % (data.len() as u64 + 1);
    let mut ranges = Cut::default();
    ranges.add(&path, UNIT, Some((0, Some(middle)))).expect("read before");
    ranges.add(&path, UNIT, Some((middle, None))).expect("read before");
    assert_eq!(ranges, whole);
});
