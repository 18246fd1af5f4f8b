//! The bytes of a fuzzer as a file.

use std::path::PathBuf;

/// Writes the bytes to this process' one file.
pub fn file(data: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ocsfconv-fuzz-{}", std::process::id()));
    std::fs::write(&path, data).expect("a file in TMPDIR");
    path
}
