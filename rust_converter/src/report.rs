//! What a run did: the counts that must add up, and the report as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::text::push_json_string;

/// OTLP's signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// `logs`
    Logs,
    /// `traces`
    Traces,
    /// `metrics`
    Metrics,
    /// A rejected piece that does not say what it was.
    Unknown,
}

impl Signal {
    /// The signals that are converted.
    pub const ALL: [Self; 3] = [Self::Logs, Self::Traces, Self::Metrics];

    /// As options and reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Unknown => "unknown",
        }
    }
}

/// Records of a signal: read = written + rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// Records read
    pub read: u64,
    /// Records written
    pub written: u64,
    /// Pieces that did not parse
    pub rejected: u64,
}

impl Records {
    fn add(&mut self, other: Self) {
        self.read += other.read;
        self.written += other.written;
        self.rejected += other.rejected;
    }
}

/// A piece of input that is not an export request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Index of the file
    pub file: usize,
    /// Line or frame, from 1
    pub line: u64,
    /// Byte offset of the piece in the (decompressed) file
    pub offset: u64,
    /// One clause
    pub reason: String,
    /// Its bytes
    pub bytes: Vec<u8>,
    /// What it was, as far as its start tells
    pub signal: Signal,
}

/// A last line or frame that is still being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// Index of the file
    pub file: usize,
    /// Line or frame, from 1
    pub line: u64,
    /// Byte offset
    pub offset: u64,
    /// Bytes so far
    pub bytes: u64,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// As the user gave it
    pub path: String,
    /// What its bytes are
    pub format: String,
    /// Size on disk
    pub bytes: u64,
    /// Records by signal
    pub records: BTreeMap<Signal, Records>,
    /// Its tail, when that is still being written
    pub incomplete: Option<Incomplete>,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Path
    pub path: String,
    /// Size
    pub bytes: u64,
    /// Rows
    pub rows: u64,
    /// Signal
    pub signal: Signal,
}

/// Events of a signal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// All events
    pub total: u64,
    /// Of them, those that stand beside a record's own
    pub derived: u64,
    /// Of them, Translation Errors
    pub translation_errors: u64,
    /// By class key
    pub classes: BTreeMap<&'static str, u64>,
}

/// How many rejects the report shows.
const SHOWN_REJECTS: usize = 5;

/// The report of a conversion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// `ext` or `core`
    pub schema: &'static str,
    /// `flat`, `nested` or `both`
    pub layout: &'static str,
    /// Worker threads
    pub threads: usize,
    /// Wall time
    pub seconds: f64,
    /// Signals that were asked for
    pub signals: Vec<Signal>,
    /// Files read
    pub files: Vec<FileReport>,
    /// Files passed over, with the reason
    pub skipped: Vec<(String, String)>,
    /// Events by signal
    pub events: BTreeMap<Signal, Events>,
    /// Files written
    pub outputs: Vec<Output>,
    /// Rejected pieces
    pub rejected: u64,
    /// The first of them, without their bytes
    pub first_rejects: Vec<Reject>,
    /// Where their text stands
    pub rejects_path: Option<String>,
    /// Metrics without points
    pub empty_metrics: u64,
}

impl Report {
    /// Records of a signal over all files.
    pub fn records(&self, signal: Signal) -> Records {
        let mut sum = Records::default();
        for file in &self.files {
            if let Some(records) = file.records.get(&signal) {
                sum.add(*records);
            }
        }
        sum
    }

    /// Counts a rejected piece; the first few are kept for the report.
    pub(crate) fn reject(&mut self, reject: &Reject) {
        self.rejected += 1;
        let records = self.files[reject.file].records.entry(reject.signal).or_default();
        records.read += 1;
        records.rejected += 1;
        if self.first_rejects.len() < SHOWN_REJECTS {
            self.first_rejects.push(Reject { bytes: Vec::new(), ..reject.clone() });
        }
    }

    /// 0 clean, 1 when something was rejected.
    pub fn exit_code(&self) -> i32 {
        i32::from(self.rejected > 0)
    }

    /// The report as one JSON object.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{");
        text_member(&mut out, "version", crate::VERSION);
        text_member(&mut out, "schema", self.schema);
        text_member(&mut out, "layout", self.layout);
        let _ = write!(
            out,
            "\"threads\":{},\"seconds\":{:.3},\"input_bytes\":{},\"exit_code\":{},\"signals\":{{",
            self.threads,
            self.seconds,
            self.files.iter().map(|file| file.bytes).sum::<u64>(),
            self.exit_code()
        );
        let unknown = self.records(Signal::Unknown).read > 0;
        let listed: Vec<Signal> = self.signals.iter().copied().chain(unknown.then_some(Signal::Unknown)).collect();
        join(&mut out, &listed, |out, signal| self.push_signal(out, *signal));
        out.push_str("},\"files\":[");
        join(&mut out, &self.files, push_file);
        out.push_str("],\"skipped\":[");
        join(&mut out, &self.skipped, |out, (path, reason)| {
            out.push('{');
            text_member(out, "path", path);
            out.push_str("\"reason\":");
            push_json_string(out, reason);
            out.push('}');
        });
        let _ = write!(out, "],\"rejects\":{{\"count\":{},\"path\":", self.rejected);
        match &self.rejects_path {
            Some(path) => push_json_string(&mut out, path),
            None => out.push_str("null"),
        }
        out.push_str(",\"first\":[");
        join(&mut out, &self.first_rejects, |out, reject| {
            out.push('{');
            text_member(out, "file", &self.files[reject.file].path);
            let _ = write!(out, "\"line\":{},\"offset\":{},\"reason\":", reject.line, reject.offset);
            push_json_string(out, &reject.reason);
            out.push('}');
        });
        let _ = write!(out, "]}},\"empty_metrics\":{}}}", self.empty_metrics);
        out
    }

    fn push_signal(&self, out: &mut String, signal: Signal) {
        let records = self.records(signal);
        let files =
            self.files.iter().filter(|file| file.records.get(&signal).is_some_and(|held| held.read > 0)).count();
        let none = Events::default();
        let events = self.events.get(&signal).unwrap_or(&none);
        push_json_string(out, signal.name());
        let _ = write!(
            out,
            ":{{\"files\":{files},\"records_read\":{},\"records_written\":{},\"records_rejected\":{},\"events\":{},\
             \"derived_events\":{},\"translation_errors\":{},\"classes\":{{",
            records.read, records.written, records.rejected, events.total, events.derived, events.translation_errors
        );
        let classes: Vec<_> = events.classes.iter().collect();
        join(out, &classes, |out, (class, count)| {
            push_json_string(out, class);
            let _ = write!(out, ":{count}");
        });
        out.push_str("},\"outputs\":[");
        let outputs: Vec<_> = self.outputs.iter().filter(|output| output.signal == signal).collect();
        join(out, &outputs, |out, output| {
            out.push('{');
            text_member(out, "path", &output.path);
            let _ = write!(out, "\"bytes\":{},\"rows\":{}}}", output.bytes, output.rows);
        });
        out.push_str("]}");
    }
}

fn text_member(out: &mut String, name: &str, value: &str) {
    push_json_string(out, name);
    out.push(':');
    push_json_string(out, value);
    out.push(',');
}

fn join<T>(out: &mut String, items: &[T], mut one: impl FnMut(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        one(out, item);
    }
}

fn push_file(out: &mut String, file: &FileReport) {
    out.push('{');
    text_member(out, "path", &file.path);
    text_member(out, "format", &file.format);
    let _ = write!(out, "\"bytes\":{},\"records\":{{", file.bytes);
    let records: Vec<_> = file.records.iter().collect();
    join(out, &records, |out, (signal, held)| {
        push_json_string(out, signal.name());
        let _ = write!(out, ":{{\"read\":{},\"written\":{},\"rejected\":{}}}", held.read, held.written, held.rejected);
    });
    out.push_str("},\"incomplete\":");
    match file.incomplete {
        Some(tail) => {
            let _ = write!(out, "{{\"line\":{},\"offset\":{},\"bytes\":{}}}", tail.line, tail.offset, tail.bytes);
        }
        None => out.push_str("null"),
    }
    out.push('}');
}
