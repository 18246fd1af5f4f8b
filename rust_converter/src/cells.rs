//! Columns under construction for the flat files: kept as Parquet writes them, so that a value is copied once.
//!
//! A value that repeats is kept once and rows are runs of its code. Rows are told by their numbers: of [`Runs`] a row
//! that is not told goes on as the one before it, elsewhere it has no value. So most cells of a row cost nothing.

use crate::values::{LENGTH, Numbers, Texts, is_same};

/// Rows of one value: its code, and how many.
pub(crate) type Run = (u32, u32);

/// The code of a row without a value.
pub(crate) const NULL: u32 = u32::MAX;

/// The code of a row with a value, where values have no codes.
pub(crate) const HELD: u32 = 0;

/// Runs with the row that each begins at, the first of them at row `at`.
fn placed(runs: &[Run], at: u32) -> impl Iterator<Item = (u32, Run)> {
    runs.iter().scan(at, |next, run| {
        let row = *next;
        *next += run.1;
        Some((row, *run))
    })
}

/// What has become of another column's code.
fn translated(codes: &[u32], code: u32) -> u32 {
    codes.get(code as usize).copied().unwrap_or(NULL)
}

/// Rows as runs of codes.
#[derive(Debug)]
pub(crate) struct Runs {
    held: Vec<Run>,
    code: u32,
    /// The first row of the code, which has no end yet.
    since: u32,
}

impl Default for Runs {
    fn default() -> Self {
        Self { held: Vec::new(), code: NULL, since: 0 }
    }
}

impl Runs {
    /// The code of this row and of those behind it.
    #[inline]
    pub fn set(&mut self, row: u32, code: u32) {
        if code != self.code {
            if row > self.since {
                self.held.push((self.code, row - self.since));
            }
            (self.code, self.since) = (code, row);
        }
    }

    /// The code of the last row.
    #[inline]
    pub fn code(&self) -> u32 {
        self.code
    }

    /// The first row of the last code.
    pub fn since(&self) -> u32 {
        self.since
    }

    /// How many of this many rows have no value.
    fn nulls(&self, rows: u32) -> u32 {
        let last = if self.code == NULL { rows - self.since } else { 0 };
        self.held.iter().filter(|(code, _)| *code == NULL).map(|(_, count)| count).sum::<u32>() + last
    }

    /// The runs of this many rows.
    pub fn finish(&mut self, rows: u32) -> &[Run] {
        if rows > self.since {
            self.held.push((self.code, rows - self.since));
            self.since = rows;
        }
        &self.held
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.held.clear();
        (self.code, self.since) = (NULL, 0);
    }
}

/// A column of texts: each kept once, until it turns out that they hardly repeat.
#[derive(Debug, Default)]
pub(crate) struct TextColumn {
    pub texts: Texts,
    pub runs: Runs,
    /// Where the rows stand since then.
    pub plain: Option<PlainText>,
    /// Whether the texts may be kept plainly: they are not, where rows are told by codes.
    may_be_plain: bool,
    /// Bytes of the rows before the last code, each with its own text.
    length: usize,
}

/// Texts after which, and then after twice as many, it is asked whether they repeat.
const ENOUGH: usize = 256;

impl TextColumn {
    /// No rows yet.
    pub fn new(may_be_plain: bool) -> Self {
        Self { may_be_plain, ..Self::default() }
    }

    /// The text of this row and of those behind it.
    #[inline]
    pub fn set(&mut self, row: u32, text: &[u8]) {
        if let Some(plain) = &mut self.plain {
            plain.set(row, text);
        } else if self.runs.code() == NULL || !is_same(text, self.texts.get(self.runs.code())) {
            let before = self.texts.len();
            let code = self.texts.code(text);
            self.set_code(row, code);
            if self.texts.len() > before && self.texts.len().is_power_of_two() {
                self.ask(row + 1);
            }
        }
    }

    /// The same by its code, or none.
    #[inline]
    pub fn set_code(&mut self, row: u32, code: u32) {
        if code != self.runs.code() && self.plain.is_none() {
            self.length += self.last_len(row);
            self.runs.set(row, code);
        }
    }

    /// Goes over to plain texts when a dictionary does not pay for the rows so far.
    fn ask(&mut self, rows: u32) {
        let filled = rows - self.runs.nulls(rows);
        if self.may_be_plain
            && self.texts.len() >= ENOUGH
            && !pays(self.texts.plain_size(), self.plain_len(rows) + LENGTH * filled as usize)
        {
            let mut plain = PlainText::default();
            self.each(rows, |row, text| plain.set(row, text));
            self.plain = Some(plain);
        }
    }

    /// Hands over the rows that have a text, while there is a dictionary.
    fn each(&mut self, rows: u32, mut take: impl FnMut(u32, &[u8])) {
        for (row, (code, count)) in placed(self.runs.finish(rows), 0) {
            if code != NULL {
                (row..row + count).for_each(|row| take(row, self.texts.get(code)));
            }
        }
    }

    /// Appends the rows of another column, the first of them as row `at`.
    pub fn append(&mut self, at: u32, other: &mut Self, rows: u32) {
        if other.plain.is_some() && self.plain.is_none() {
            let mut plain = PlainText::default();
            self.each(at, |row, text| plain.set(row, text));
            self.plain = Some(plain);
        }
        match (&mut self.plain, &mut other.plain) {
            (Some(plain), Some(others)) => plain.append(at, others, rows),
            (Some(plain), None) => other.each(rows, |row, text| plain.set(at + row, text)),
            (None, _) => {
                let codes: Vec<u32> = other.texts.iter().map(|text| self.texts.code(text)).collect();
                for (row, (code, _)) in placed(other.runs.finish(rows), at) {
                    self.set_code(row, translated(&codes, code));
                }
            }
        }
    }

    /// Bytes of the rows that have the last code.
    fn last_len(&self, rows: u32) -> usize {
        self.texts.get(self.runs.code()).len() * (rows - self.runs.since()) as usize
    }

    /// Bytes that this many rows take without a dictionary.
    pub fn plain_len(&self, rows: u32) -> usize {
        self.plain.as_ref().map_or_else(|| self.length + self.last_len(rows), PlainText::len)
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.runs.clear();
        self.plain = None;
        self.length = 0;
    }
}

/// Whether a dictionary of this size is better than the values as they are: there are some, and they repeat.
pub(crate) fn pays(dictionary: usize, plain: usize) -> bool {
    dictionary > 0 && dictionary * 4 <= plain * 3
}

/// A column of numbers that repeat.
#[derive(Debug, Default)]
pub(crate) struct NumberColumn {
    pub numbers: Numbers,
    pub runs: Runs,
    last: u64,
}

impl NumberColumn {
    /// The number of this row and of those behind it.
    #[inline]
    pub fn set(&mut self, row: u32, number: u64) {
        if self.runs.code() == NULL || number != self.last {
            let code = self.numbers.code(number);
            self.runs.set(row, code);
            self.last = number;
        }
    }

    /// The same by the number's code, or none.
    pub fn set_code(&mut self, row: u32, code: u32) {
        if let Some(number) = self.numbers.held().get(code as usize) {
            self.last = *number;
        }
        self.runs.set(row, code);
    }

    /// Appends the rows of another column, the first of them as row `at`.
    pub fn append(&mut self, at: u32, other: &mut Self, rows: u32) {
        let codes = self.numbers.codes(other.numbers.held());
        for (row, (code, _)) in placed(other.runs.finish(rows), at) {
            self.set_code(row, translated(&codes, code));
        }
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.runs.clear();
    }
}

/// Which rows of a page or column have a value.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    runs: Vec<Run>,
    rows: u32,
}

impl Presence {
    /// This row has one, and those before it that were not told have none.
    #[inline]
    pub fn hold(&mut self, row: u32) {
        self.hold_all(row, 1);
    }

    /// The same of as many rows from this one on.
    #[inline]
    fn hold_all(&mut self, row: u32, rows: u32) {
        self.skip(row);
        match self.runs.last_mut() {
            Some((HELD, count)) => *count += rows,
            _ => self.runs.push((HELD, rows)),
        }
        self.rows += rows;
    }

    /// Appends finished rows, the first of them as row `at`.
    fn append(&mut self, at: u32, runs: &[Run]) {
        for (row, (code, count)) in placed(runs, at) {
            if code != NULL {
                self.hold_all(row, count);
            }
        }
    }

    /// The rows before this one that were not told have none.
    #[inline]
    fn skip(&mut self, row: u32) {
        if row > self.rows {
            self.runs.push((NULL, row - self.rows));
            self.rows = row;
        }
    }

    /// The runs of this many rows.
    pub fn finish(&mut self, rows: u32) -> &[Run] {
        self.skip(rows);
        &self.runs
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.runs.clear();
        self.rows = 0;
    }
}

/// Numbers of 64 bits that hardly repeat.
#[derive(Debug, Default)]
pub(crate) struct PlainNumbers {
    pub held: Vec<u64>,
    pub presence: Presence,
}

impl PlainNumbers {
    /// The number of a row.
    #[inline]
    pub fn set(&mut self, row: u32, number: u64) {
        self.presence.hold(row);
        self.held.push(number);
    }

    /// Appends the rows of another column, the first of them as row `at`.
    pub fn append(&mut self, at: u32, other: &mut Self, rows: u32) {
        self.held.extend_from_slice(&other.held);
        self.presence.append(at, other.presence.finish(rows));
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.held.clear();
        self.presence.clear();
    }
}

/// Bytes after which another page begins.
const PAGE: usize = 1 << 20;

/// Text that hardly repeats.
#[derive(Debug, Default)]
pub(crate) struct PlainText {
    /// One after the other
    bytes: Vec<u8>,
    lengths: Vec<u32>,
    pages: Vec<Page>,
}

/// Rows of [`PlainText`].
#[derive(Debug, Default)]
struct Page {
    start: u32,
    /// Where its texts begin, and the first of their lengths.
    bytes: usize,
    lengths: usize,
    presence: Presence,
}

/// A finished page of [`PlainText`].
#[derive(Clone, Copy)]
pub(crate) struct TextPage<'p> {
    pub runs: &'p [Run],
    pub bytes: &'p [u8],
    pub lengths: &'p [u32],
}

impl<'p> TextPage<'p> {
    /// The texts, one after the other.
    pub fn texts(self) -> impl Iterator<Item = &'p [u8]> {
        let mut rest = self.bytes;
        self.lengths.iter().map(move |length| {
            let (text, behind) = rest.split_at(*length as usize);
            rest = behind;
            text
        })
    }
}

impl PlainText {
    /// The text of a row.
    pub fn set(&mut self, row: u32, text: &[u8]) {
        if let Some(page) = self.page(row) {
            page.presence.hold(row - page.start);
            self.lengths.push(text.len() as u32);
            self.bytes.extend_from_slice(text);
        }
    }

    /// Appends the rows of another column, the first of them as row `at`.
    pub fn append(&mut self, at: u32, other: &mut Self, rows: u32) {
        let mut row = at;
        for TextPage { runs, bytes, lengths } in other.finish(rows) {
            if let Some(page) = self.page(row) {
                page.presence.append(row - page.start, runs);
                self.lengths.extend_from_slice(lengths);
                self.bytes.extend_from_slice(bytes);
            }
            row += runs.iter().map(|(_, count)| count).sum::<u32>();
        }
    }

    /// The page of a row that is not told yet.
    fn page(&mut self, row: u32) -> Option<&mut Page> {
        if self.pages.last().is_none_or(|page| self.bytes.len() - page.bytes > PAGE) {
            self.next_page(row);
        }
        self.pages.last_mut()
    }

    /// Ends the last page before this row.
    fn next_page(&mut self, row: u32) {
        let start = match self.pages.last_mut() {
            Some(page) => {
                page.presence.finish(row - page.start);
                row
            }
            None => 0,
        };
        let (bytes, lengths) = (self.bytes.len(), self.lengths.len());
        self.pages.push(Page { start, bytes, lengths, presence: Presence::default() });
    }

    /// The pages of this many rows.
    pub fn finish(&mut self, rows: u32) -> impl Iterator<Item = TextPage<'_>> {
        if self.pages.is_empty() {
            self.next_page(0);
        }
        if let Some(page) = self.pages.last_mut() {
            page.presence.finish(rows - page.start);
        }
        let ends = self.pages.iter().skip(1).map(|page| (page.bytes, page.lengths));
        let ends = ends.chain([(self.bytes.len(), self.lengths.len())]);
        self.pages.iter().zip(ends).map(|(page, (bytes, lengths))| TextPage {
            runs: &page.presence.runs,
            bytes: &self.bytes[page.bytes..bytes],
            lengths: &self.lengths[page.lengths..lengths],
        })
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.lengths.clear();
        self.pages.clear();
    }

    /// Bytes of text so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A column of lists of numbers.
#[derive(Debug, Default)]
pub(crate) struct ListColumn {
    pub numbers: Numbers,
    /// The codes of all lists' elements; NULL is an element without a value.
    pub codes: Vec<u32>,
    /// The lists' lengths.
    pub lengths: Vec<u32>,
    pub presence: Presence,
}

impl ListColumn {
    /// The list of a row.
    pub fn set(&mut self, row: u32, list: impl Iterator<Item = Option<u64>>) {
        self.presence.hold(row);
        let before = self.codes.len();
        for element in list {
            self.codes.push(element.map_or(NULL, |number| self.numbers.code(number)));
        }
        self.lengths.push((self.codes.len() - before) as u32);
    }

    /// Appends the rows of another column, the first of them as row `at`.
    pub fn append(&mut self, at: u32, other: &mut Self, rows: u32) {
        let codes = self.numbers.codes(other.numbers.held());
        self.codes.extend(other.codes.iter().map(|code| translated(&codes, *code)));
        self.lengths.extend_from_slice(&other.lengths);
        self.presence.append(at, other.presence.finish(rows));
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.numbers.clear();
        self.codes.clear();
        self.lengths.clear();
        self.presence.clear();
    }
}
