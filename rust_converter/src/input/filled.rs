//! Bytes that were read ahead, in memory that is cleared once and filled again by unit after unit.

use std::io::{self, ErrorKind, Read};
use std::ops::Deref;

/// The most that is set aside before anything is read.
const RESERVE: usize = 8 << 20;

/// How much memory is cleared at first; then as much again as has been read.
const STEP: usize = 64 << 10;

/// The bytes read; behind them stands what the memory held before.
#[derive(Default)]
pub(super) struct Filled {
    bytes: Vec<u8>,
    length: usize,
}

impl Deref for Filled {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Filled {
    /// Reads until there are `target` bytes or the source ends. What was read before an error is kept.
    pub fn read_from(&mut self, source: &mut dyn Read, target: usize) -> io::Result<()> {
        self.bytes.reserve(target.saturating_sub(self.bytes.len()).min(RESERVE));
        while self.length < target {
            let cleared = self.length + self.length.max(STEP);
            let end = target.min(cleared.max(self.bytes.len()));
            if self.bytes.len() < end {
                self.bytes.resize(end, 0);
            }
            match source.read(&mut self.bytes[self.length..end]) {
                Ok(0) => break,
                Ok(read) => self.length += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the first bytes out; the rest goes on in the memory of `next`.
    pub fn take(&mut self, length: usize, mut next: Vec<u8>) -> Vec<u8> {
        let rest = &self.bytes[length..self.length];
        if next.len() < rest.len() {
            next.resize(rest.len(), 0);
        }
        next[..rest.len()].copy_from_slice(rest);
        self.length = rest.len();
        let mut taken = std::mem::replace(&mut self.bytes, next);
        taken.truncate(length);
        taken
    }
}
