//! A byte range of a file: it holds the lines that begin in it, so that ranges that meet hold each line once.
//!
//! The rule is the one that Hadoop and Arrow cut text by. Where a file has no lines that could be found from the middle (a
//! compressed file, frames, a single request), its first byte stands for all of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

/// Bytes per read when looking for a line's end.
const BLOCK: usize = 64 << 10;

/// Bytes `start` to `stop` of a file as it lies on the disk; to its end without `stop`.
#[derive(Clone, Debug)]
pub(crate) struct ByteRange {
    start: u64,
    stop: Option<u64>,
    lines_before: OnceLock<u64>,
}

impl ByteRange {
    /// `start` is at most `stop`.
    pub fn new(start: u64, stop: Option<u64>) -> Self {
        Self { start, stop, lines_before: OnceLock::new() }
    }

    /// Whether the first byte of the file is in the range.
    pub(super) fn has_first_byte(&self) -> bool {
        self.start == 0 && self.stop != Some(0)
    }

    /// Where the lines of the range begin and end in a file of `size` bytes.
    pub(super) fn lines(&self, file: &mut File, size: u64) -> io::Result<Range<u64>> {
        let start = line_at(file, self.start, size)?;
        let stop = line_at(file, self.stop.unwrap_or(size), size)?;
        Ok(start..stop)
    }

    /// Lines before the range. They are counted when a line must be named, since that means to read all of them; where the
    /// file is no longer there, lines are numbered from the range's first.
    pub fn lines_before(&self, path: &Path) -> u64 {
        *self.lines_before.get_or_init(|| {
            let Some(before) = self.start.checked_sub(1) else { return 0 };
            // The last of them ends at the byte before `start` or behind it.
            File::open(path).and_then(|file| count_lines(file.take(before))).map_or(0, |ends| ends + 1)
        })
    }
}

/// Where the first line begins that begins at `position` or behind it.
fn line_at(file: &mut File, position: u64, size: u64) -> io::Result<u64> {
    let Some(mut at) = position.checked_sub(1) else { return Ok(0) };
    if position >= size {
        return Ok(size);
    }
    file.seek(SeekFrom::Start(at))?;
    let mut block = vec![0; BLOCK];
    loop {
        let read = read(file, &mut block)?;
        if let Some(found) = memchr::memchr(b'\n', &block[..read]) {
            return Ok((at + found as u64 + 1).min(size));
        }
        at += read as u64;
        if read == 0 || at >= size {
            return Ok(size);
        }
    }
}

fn count_lines(mut source: impl Read) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut ends = 0;
    loop {
        match read(&mut source, &mut block)? {
            0 => return Ok(ends),
            read => ends += memchr::memchr_iter(b'\n', &block[..read]).count() as u64,
        }
    }
}

fn read(source: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
