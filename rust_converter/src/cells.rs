//! Columns under construction for the flat files: kept as Parquet writes them, so that a value is copied once.
//!
//! A value that repeats is kept once and rows are runs of its code; for a column that is empty or constant, as most are
//! over a file, a row costs one comparison. Text that hardly repeats stands in Parquet's plain encoding from the start.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Rows of one value: its code, and how many.
pub(crate) type Run = (u32, u32);

/// The code of a row without a value.
pub(crate) const NULL: u32 = u32::MAX;

/// Values that repeat, in the order of their first row.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    /// The values' bytes one after the other: UTF-8, or eight bytes little-endian.
    bytes: Vec<u8>,
    /// Where each value ends.
    ends: Vec<usize>,
    /// Open addressing: 32 bits of the hash, and the code plus one; zero is free.
    slots: Vec<(u32, u32)>,
    runs: Vec<Run>,
    /// Where the value of the last row stands.
    last: Range<usize>,
    /// Bytes of the rows' values, each as often as it stands in a row.
    plain: usize,
}

/// So that nobody can choose values that collide; the order of the codes does not depend on it.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

impl Dictionary {
    /// Appends a row.
    #[inline]
    pub fn push(&mut self, value: Option<&[u8]>) {
        let code = match (value, self.runs.last_mut()) {
            (None, Some((NULL, count))) => {
                *count += 1;
                return;
            }
            (None, _) => NULL,
            (Some(value), Some((code, count))) if *code != NULL && is_same(value, &self.bytes[self.last.clone()]) => {
                *count += 1;
                self.plain += value.len();
                return;
            }
            (Some(value), _) => {
                self.plain += value.len();
                self.code(value)
            }
        };
        self.runs.push((code, 1));
    }

    /// Appends rows like the last one.
    pub fn repeat(&mut self, rows: usize) {
        if let Some((_, count)) = self.runs.last_mut() {
            *count += rows as u32;
        }
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.slots.fill((0, 0));
        self.runs.clear();
        self.last = 0..0;
        self.plain = 0;
    }

    fn code(&mut self, value: &[u8]) -> u32 {
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let hash = xxh3_64_with_seed(value, *SEED);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (tag, code) = self.slots[at];
            if code == 0 {
                break;
            }
            if tag == (hash >> 32) as u32 && is_same(value, self.value(code - 1)) {
                self.last = range(&self.ends, code - 1);
                return code - 1;
            }
            at = (at + 1) & mask;
        }
        self.last = self.bytes.len()..self.bytes.len() + value.len();
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
        self.slots[at] = ((hash >> 32) as u32, self.ends.len() as u32);
        self.ends.len() as u32 - 1
    }

    fn grow(&mut self) {
        const FIRST: usize = 64;
        let length = (self.slots.len() * 2).max(FIRST);
        self.slots.clear();
        self.slots.resize(length, (0, 0));
        for code in 0..self.ends.len() as u32 {
            let hash = xxh3_64_with_seed(self.value(code), *SEED);
            let mut at = hash as usize & (length - 1);
            while self.slots[at].1 != 0 {
                at = (at + 1) & (length - 1);
            }
            self.slots[at] = ((hash >> 32) as u32, code + 1);
        }
    }

    /// The value of a code.
    pub fn value(&self, code: u32) -> &[u8] {
        &self.bytes[range(&self.ends, code)]
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes that the rows but those of [`Self::repeat`] take without a dictionary.
    pub fn plain_len(&self) -> usize {
        self.plain
    }

    /// The values in the order of their codes.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|code| self.value(code))
    }

    /// The rows.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }
}

/// Whether two texts are equal; most are short, and a call would cost more than the comparison.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(start), Some(other_start)) if one.len() <= 16 => {
            start == other_start && one.last_chunk::<8>() == other.last_chunk()
        }
        (Some(start), Some(other_start)) => start == other_start && one[8..] == other[8..],
        _ => one.iter().eq(other),
    }
}

fn range(ends: &[usize], code: u32) -> Range<usize> {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    start..ends[code]
}

/// Bytes after which another page begins.
const PAGE: usize = 1 << 20;

/// Text that hardly repeats, in Parquet's plain encoding: its length in four bytes little-endian, then its bytes.
#[derive(Debug)]
pub(crate) struct PlainText {
    bytes: Vec<u8>,
    pages: Vec<Page>,
}

/// A page of [`PlainText`].
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Where its values stand.
    pub bytes: Range<usize>,
    /// Its rows: code 0 is a value.
    pub runs: Vec<Run>,
}

impl Default for PlainText {
    fn default() -> Self {
        Self { bytes: Vec::new(), pages: vec![Page::default()] }
    }
}

impl PlainText {
    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.pages.truncate(1);
        self.pages.iter_mut().for_each(|page| {
            page.bytes = 0..0;
            page.runs.clear();
        });
    }

    /// Appends a row.
    pub fn push(&mut self, text: Option<&str>) {
        if self.pages.last().is_none_or(|page| page.bytes.len() > PAGE) {
            self.pages.push(Page { bytes: self.bytes.len()..self.bytes.len(), runs: Vec::new() });
        }
        let Some(page) = self.pages.last_mut() else { return };
        let code = if text.is_some() { 0 } else { NULL };
        if let Some(text) = text {
            self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.bytes.extend_from_slice(text.as_bytes());
            page.bytes.end = self.bytes.len();
        }
        match page.runs.last_mut() {
            Some((held, count)) if *held == code => *count += 1,
            _ => page.runs.push((code, 1)),
        }
    }

    /// The values of a page as they are written.
    pub fn encoded(&self, page: &Page) -> &[u8] {
        &self.bytes[page.bytes.clone()]
    }

    /// The pages.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Hands over every row.
    pub fn each<'c>(&'c self, mut row: impl FnMut(Option<&'c str>)) {
        let mut rest = self.bytes.as_slice();
        for (code, count) in self.pages.iter().flat_map(|page| &page.runs) {
            for _ in 0..*count {
                let text = (*code != NULL).then(|| {
                    let (length, behind) = rest.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
                    let (text, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
                    rest = behind;
                    std::str::from_utf8(text).unwrap_or_default()
                });
                row(text);
            }
        }
    }

    /// Bytes of text so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
}
