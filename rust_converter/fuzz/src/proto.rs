//! The protobuf reader, and the mapping of what it reads.
#![no_main]

mod checks;

use libfuzzer_sys::fuzz_target;
use ocsfconv::fuzzing;

fuzz_target!(|data: &[u8]| checks::check(&fuzzing::request(data, "proto").expect("columns hold it")));
