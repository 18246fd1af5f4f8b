//! A whole file: found, told apart, unpacked, cut, read, mapped and put into columns.
#![no_main]

mod checks;
mod given;

use libfuzzer_sys::fuzz_target;
use ocsfconv::fuzzing;

fuzz_target!(|data: &[u8]| {
    // What cannot be read ends in an error, which is fine.
    let _ = fuzzing::file(&given::file(data), 1 << 20, &mut checks::check);
});
