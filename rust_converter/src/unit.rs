//! One unit of input on one worker: requests parsed, records mapped, events collected in columns.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use bumpalo::Bump;

use crate::columns::Nested;
use crate::error::Result;
use crate::input::{BadPiece, Encoding, InputFile, Inputs, RawRequest, Unit};
use crate::ocsf::event::Event;
use crate::ocsf::schema::CLASSES;
use crate::ocsf::{Flat, FlatRow, Mapped, Mapper, Mode, Place, Sink};
use crate::otlp::json::{self, LineError};
use crate::otlp::{Memo, Request, proto};
use crate::parquet::{EncodedGroup, Spares};
use crate::report::{Events, Incomplete, Records, Reject, Signal};

/// A file of the output: a signal's flat table, or one of its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// `ocsf_{signal}.parquet`
    Flat(Signal),
    /// `ocsf/{class}/{signal}.parquet`; the number is the class's place in [`CLASSES`].
    Nested(usize, Signal),
}

/// What is wanted of each unit.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub signals: Vec<Signal>,
    pub core: bool,
    pub flat: bool,
    pub nested: bool,
    /// Events as JSON Lines instead of columns.
    pub json: bool,
    /// Columns to begin with, where those that are done come back.
    pub spare: Spares,
}

impl Wanted {
    fn mode(&self) -> Mode {
        Mode { core: self.core, whole: self.nested || self.json }
    }
}

/// Rows of one part.
pub(crate) enum Rows {
    /// Of a flat file
    Flat(Box<Flat>),
    /// Of a class
    Nested(Nested),
}

impl Rows {
    /// The rows as a batch.
    pub fn into_batch(self) -> Result<RecordBatch> {
        match self {
            Self::Flat(flat) => flat.into_batch(),
            Self::Nested(nested) => nested.into_batch(),
        }
    }
}

/// The result of a unit.
#[derive(Default)]
pub(crate) struct Done {
    /// Rows, in order within each part
    pub rows: Vec<(Part, Rows)>,
    /// Rows that are encoded already; nothing for a part whose rows wait for more
    pub groups: Vec<(Part, Option<EncodedGroup>)>,
    /// Events as JSON Lines
    pub json: String,
    pub records: BTreeMap<(usize, Signal), Records>,
    pub events: BTreeMap<Signal, Events>,
    pub rejects: Vec<Reject>,
    pub incomplete: Vec<Incomplete>,
    pub empty_metrics: u64,
}

/// A worker: everything it reuses from unit to unit.
pub(crate) struct Worker<'i> {
    inputs: &'i Inputs,
    wanted: Wanted,
    arena: Bump,
    scratch: Vec<u8>,
}

/// Where the request at hand was read.
struct At<'i> {
    file: &'i InputFile,
    line: u64,
}

impl Place for At<'_> {
    fn text(&self) -> String {
        format!("{}:{}", self.file.name, self.file.line(self.line))
    }
}

/// Events of a signal, counted where it costs nothing.
#[derive(Clone, Copy, Default)]
struct Tally {
    derived: u64,
    classes: [u64; CLASSES.len()],
}

/// What converts a unit.
struct Job<'d, 'u> {
    memo: Memo<'u>,
    mapper: Mapper<'u>,
    collector: Collector<'d>,
}

/// Collects the events of a unit.
struct Collector<'d> {
    wanted: &'d Wanted,
    signal: Signal,
    flat: BTreeMap<Signal, Flat>,
    nested: BTreeMap<(usize, Signal), Nested>,
    tallies: [Tally; Signal::ALL.len()],
    done: &'d mut Done,
}

impl Collector<'_> {
    /// Ends the rows that have been collected.
    fn cut(&mut self) {
        for (signal, flat) in std::mem::take(&mut self.flat) {
            self.done.rows.push((Part::Flat(signal), Rows::Flat(Box::new(flat))));
        }
        for ((class, signal), nested) in std::mem::take(&mut self.nested) {
            self.done.rows.push((Part::Nested(class, signal), Rows::Nested(nested)));
        }
    }

    /// Adds the counts to the result.
    fn count(&mut self) {
        for (signal, tally) in Signal::ALL.iter().zip(&self.tallies) {
            let total: u64 = tally.classes.iter().sum();
            if total == 0 {
                continue;
            }
            let held = self.done.events.entry(*signal).or_default();
            held.total += total;
            held.derived += tally.derived;
            for (class, count) in CLASSES.iter().zip(tally.classes).filter(|(_, count)| *count > 0) {
                *held.classes.entry(class.key).or_default() += count;
            }
        }
    }
}

impl Sink for Collector<'_> {
    fn event(&mut self, event: &Event<'_>, row: &FlatRow<'_>) {
        let class = event.class.index;
        if let Some(tally) = self.tallies.get_mut(self.signal as usize) {
            tally.derived += u64::from(event.derived);
            tally.classes[class] += 1;
        }
        if self.wanted.json {
            event.push_json(&mut self.done.json);
            self.done.json.push('\n');
            return;
        }
        let mut full = false;
        if self.wanted.flat {
            let signal = self.signal;
            let spare = &self.wanted.spare;
            let flat = self.flat.entry(signal).or_insert_with(|| spare.unit(signal));
            full = flat.push(row);
        }
        if self.wanted.nested {
            let core = self.wanted.core;
            let rows = self.nested.entry((class, self.signal)).or_insert_with(|| Nested::new(event.class, core));
            full |= rows.push(event);
        }
        if full {
            self.cut();
        }
    }
}

impl<'i> Worker<'i> {
    /// A worker for these inputs.
    pub fn new(inputs: &'i Inputs, wanted: Wanted) -> Self {
        Self { inputs, wanted, arena: Bump::new(), scratch: Vec::new() }
    }

    /// Converts a unit.
    pub fn convert(&mut self, unit: &Unit) -> Done {
        let mut done = Done::default();
        let mut scratch = std::mem::take(&mut self.scratch);
        for (file, bad) in &unit.bad {
            self.bad(&mut done, *file as usize, bad);
        }
        let wanted = self.wanted.clone();
        let shared = Bump::new();
        let mapper = Mapper::new(wanted.mode(), &shared);
        let collector = Collector {
            wanted: &wanted,
            signal: Signal::Unknown,
            flat: BTreeMap::new(),
            nested: BTreeMap::new(),
            tallies: Default::default(),
            done: &mut done,
        };
        let mut job = Job { memo: Memo::new(&shared), mapper, collector };
        for piece in &unit.pieces {
            let file = piece.file as usize;
            let mut requests = piece.requests();
            while let Some(request) = requests.next(&mut scratch) {
                match request {
                    Ok(request) => self.request(&mut job, file, &request),
                    Err(bad) => self.bad(job.collector.done, file, &bad),
                }
                self.arena.reset();
            }
        }
        let mut collector = job.collector;
        collector.count();
        collector.cut();
        self.scratch = scratch;
        done
    }

    fn bad(&self, done: &mut Done, file: usize, bad: &BadPiece) {
        self.reject(done, file, bad.number, bad.offset, bad.reason.clone(), &bad.bytes);
    }

    fn reject(&self, done: &mut Done, file: usize, line: u64, offset: u64, reason: String, bytes: &[u8]) {
        let signal = signal_of(bytes);
        if signal == Signal::Unknown || self.wanted.signals.contains(&signal) {
            done.rejects.push(Reject { file, line, offset, reason, bytes: bytes.to_vec(), signal });
        }
    }

    fn request(&mut self, job: &mut Job<'_, '_>, file: usize, raw: &RawRequest<'_>) {
        match raw.encoding {
            Encoding::Json => self.json_line(job, file, raw),
            Encoding::Proto => {
                let arena = std::mem::take(&mut self.arena);
                match proto::parse_next(raw.bytes, &arena, &job.memo.proto) {
                    Ok(request) => self.map(&mut job.mapper, &mut job.collector, file, raw.number, &request),
                    Err(error) => {
                        let reason = format!("not a protobuf request: {} at byte {}", error.what, error.offset);
                        self.reject(job.collector.done, file, raw.number, raw.offset, reason, raw.bytes);
                    }
                }
                self.arena = arena;
            }
        }
    }

    /// A line of JSON; when a crash cut a request and the next one stands behind it, the pieces are told apart.
    fn json_line(&mut self, job: &mut Job<'_, '_>, file: usize, raw: &RawRequest<'_>) {
        let mut start = 0;
        let mut text = Text::default();
        while start < raw.bytes.len() {
            let rest = &raw.bytes[start..];
            let offset = raw.offset + start as u64;
            text.advance(raw.bytes, start);
            let Err(failure) = self.json_request(job, file, raw.number, &text) else { return };
            let next = failure.offset.and_then(|failed| next_request(rest, failed));
            // Only the line end was lost: what stands before the next request is whole.
            if let Some(end) = next.filter(|next| failure.offset == Some(*next))
                && self.json_request(job, file, raw.number, &text.before(end)).is_ok()
            {
                start += end;
                continue;
            }
            if next.is_none() && failure.at_end && !raw.terminated {
                let tail = Incomplete { file, line: raw.number, offset, bytes: rest.len() as u64 };
                job.collector.done.incomplete.push(tail);
                return;
            }
            let end = next.unwrap_or(rest.len());
            self.reject(job.collector.done, file, raw.number, offset, failure.reason, &rest[..end]);
            start += end;
        }
    }

    fn json_request(
        &mut self,
        job: &mut Job<'_, '_>,
        file: usize,
        line: u64,
        text: &Text<'_>,
    ) -> std::result::Result<(), LineFailure> {
        let mut arena = std::mem::take(&mut self.arena);
        let Job { memo, mapper, collector } = job;
        let result = text.parse(&arena, memo).map(|request| self.map(mapper, collector, file, line, &request));
        arena.reset();
        self.arena = arena;
        result
    }

    fn map(
        &self,
        mapper: &mut Mapper<'_>,
        collector: &mut Collector<'_>,
        file: usize,
        line: u64,
        request: &Request<'_>,
    ) {
        let place = At { file: &self.inputs.files[file], line };
        for signal in &self.wanted.signals {
            collector.signal = *signal;
            let mapped: Mapped = match signal {
                Signal::Logs => mapper.logs(request.logs, &place, collector),
                Signal::Traces => mapper.spans(request.spans, &place, collector),
                Signal::Metrics => mapper.metrics(request.metrics, &place, collector),
                Signal::Unknown => Mapped::default(),
            };
            if mapped.records > 0 {
                let records = collector.done.records.entry((file, *signal)).or_default();
                records.read += mapped.records;
                records.written += mapped.records;
                collector.done.events.entry(*signal).or_default().translation_errors += mapped.translation_errors;
            }
            collector.done.empty_metrics += mapped.empty_metrics;
        }
    }
}

/// Why a line did not parse, and where.
#[derive(Debug)]
struct LineFailure {
    reason: String,
    /// Absent when the text is JSON: then there is nothing to be told apart in it.
    offset: Option<usize>,
    at_end: bool,
}

/// A line from some place on, as far as it is UTF-8: checked once, however many pieces the line has.
#[derive(Clone, Copy, Debug, Default)]
struct Text<'r> {
    start: usize,
    valid: &'r str,
    /// Behind `valid`, bytes that are not UTF-8, and whether they are a character that is cut at the end of the line.
    broken: Option<bool>,
}

impl<'r> Text<'r> {
    /// Goes on to the text from `start` on, which is where a character begins.
    fn advance(&mut self, line: &'r [u8], start: usize) {
        if start > 0
            && let Some(valid) = self.valid.get(start - self.start..).filter(|valid| !valid.is_empty())
        {
            (self.start, self.valid) = (start, valid);
            return;
        }
        self.start = start;
        (self.valid, self.broken) = match std::str::from_utf8(&line[start..]) {
            Ok(valid) => (valid, None),
            Err(error) => {
                let valid = &line[start..start + error.valid_up_to()];
                (std::str::from_utf8(valid).unwrap_or_default(), Some(error.error_len().is_none()))
            }
        };
    }

    fn before(&self, end: usize) -> Self {
        Self { valid: self.valid.get(..end).unwrap_or_default(), broken: None, ..*self }
    }

    fn parse<'a, 'u: 'a>(&self, arena: &'a Bump, memo: &'a Memo<'u>) -> std::result::Result<Request<'a>, LineFailure>
    where
        'r: 'a,
    {
        let result = json::parse_next(self.valid, arena, &memo.json);
        if let Some(at_end) = self.broken
            && !matches!(&result, Err(LineError::Syntax(error)) if !error.at_end)
        {
            let offset = self.valid.len();
            return Err(LineFailure {
                reason: format!("invalid UTF-8 at byte {offset}"),
                offset: Some(offset),
                at_end,
            });
        }
        result.map_err(|error| match error {
            LineError::Syntax(error) => LineFailure {
                reason: format!("not JSON: {} at byte {}", error.what, error.offset),
                offset: Some(error.offset),
                at_end: error.at_end,
            },
            LineError::NotOtlp(reason) => LineFailure { reason: reason.to_string(), offset: None, at_end: false },
        })
    }
}

/// How a request begins, by signal.
const STARTS: [(&[u8], Signal); 3] = [
    (b"{\"resourceLogs\"", Signal::Logs),
    (b"{\"resourceSpans\"", Signal::Traces),
    (b"{\"resourceMetrics\"", Signal::Metrics),
];

fn signal_of(bytes: &[u8]) -> Signal {
    STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map_or(Signal::Unknown, |(_, signal)| *signal)
}

/// Where the next request begins in a line that failed at `failed`: the last start up to there, else the first behind
/// it. A cut inside a string swallows the next start, so the failure comes behind it.
fn next_request(bytes: &[u8], failed: usize) -> Option<usize> {
    let mut before = None;
    for start in memchr::memmem::find_iter(bytes, b"{\"resource") {
        if start == 0 || signal_of(&bytes[start..]) == Signal::Unknown {
            continue;
        }
        if start <= failed {
            before = Some(start);
        } else {
            return before.or(Some(start));
        }
    }
    before
}

#[cfg(test)]
mod tests;
