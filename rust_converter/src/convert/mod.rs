//! A conversion from paths to files, to tables or to JSON: discovers the input, runs the workers, reports.

mod gathering;
mod work;
mod writer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::{Error, Result};
use crate::input::{ByteRange, Inputs, discover};
use crate::ocsf::schema::CLASSES;
use crate::ocsf::{Flat, flat_schema};
use crate::parquet::{EncodedGroup, Spares};
use crate::pieces::Piece;
use crate::report::{FileReport, Report, Signal};
use crate::unit::{Done, Part, Rows, Wanted};

use gathering::Gathering;
#[cfg(feature = "budget")]
pub(crate) use work::UNIT_BYTES;
use work::{Work, side_by_side};
use writer::Writer;

/// Units whose flat rows are written together, so that row groups are large where units are small.
const TOGETHER: usize = 8;

/// The most units that become flat columns at once, which take some 8 MiB each: the thread that reads is not faster.
const MOST_FLAT: usize = 16;

/// The most units that become nested columns at once, which take some 20 MiB each.
const MOST_NESTED: usize = 3;

/// `--schema`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schema {
    /// Core classes and the extension `ocsfconv`.
    #[default]
    Ext,
    /// Vanilla OCSF; what it has no place for stands in `unmapped`.
    Core,
}

/// `--layout`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One table per signal with fixed columns.
    #[default]
    Flat,
    /// One file per class and signal with OCSF's own structure.
    Nested,
    /// Both of them.
    Both,
}

/// What to convert, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files and directories; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// Folder of the output.
    pub out: PathBuf,
    /// Signals to convert.
    pub signals: Vec<Signal>,
    /// Vocabulary.
    pub schema: Schema,
    /// Files.
    pub layout: Layout,
    /// Worker threads; as many as there are cores when absent. No more than [`MOST_FLAT`] or [`MOST_NESTED`] are made.
    pub threads: Option<usize>,
    /// Stop at the first reject and write nothing.
    pub strict: bool,
    /// [`read`] only the lines that begin in these bytes of the one file; to its end without the second number.
    pub range: Option<(u64, Option<u64>)>,
}

impl Options {
    /// Everything from `paths` into `out`, flat.
    pub fn new(paths: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            paths,
            out,
            signals: Signal::ALL.to_vec(),
            schema: Schema::default(),
            layout: Layout::default(),
            threads: None,
            strict: false,
            range: None,
        }
    }

    fn wanted(&self) -> Wanted {
        Wanted {
            signals: self.signals.clone(),
            core: self.schema == Schema::Core,
            flat: self.layout != Layout::Nested,
            nested: self.layout != Layout::Flat,
            json: false,
            spare: Spares::default(),
        }
    }

    /// How many units are at work at once: what is asked for, as far as memory allows.
    fn threads(&self) -> usize {
        let most = if self.layout == Layout::Flat { MOST_FLAT } else { MOST_NESTED };
        self.threads
            .filter(|threads| *threads > 0)
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
            .min(most)
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Bytes of input consumed, as on the disk
    pub bytes_read: u64,
    /// Bytes of input in all; 0 when unknown
    pub bytes_total: u64,
    /// Records taken so far
    pub records: u64,
}

/// Tells the caller how far the run is; false stops it.
pub type Tick<'t> = dyn FnMut(Progress) -> bool + 't;

/// Units that go together, and their row groups in order.
type Encoded = (Vec<Done>, Vec<(Part, Option<EncodedGroup>)>);

/// Converts files to files.
pub fn convert(options: &Options, tick: &mut Tick<'_>) -> Result<Report> {
    let started = Instant::now();
    let inputs = discover(&options.paths, Some(&options.out))?;
    let mut report = new_report(options, &inputs);
    let wanted = options.wanted();
    let mut writer = Writer::new(options, wanted.spare.clone())?;
    let encoders = writer.encoders.clone();
    let gathering = Gathering::default();
    // Nested rows take three times as much as flat ones, so they are packed before those of other units are there.
    let early = |unit: u64, mut done: Done| -> Result<Done> {
        if !wanted.nested {
            return Ok(done);
        }
        gathering.with_press(|press| {
            let mut pieces = Vec::new();
            for (part, rows) in std::mem::take(&mut done.rows) {
                match rows {
                    Rows::Nested(nested) => pieces.push((part, Piece::pack(nested, press)?)),
                    flat @ Rows::Flat(_) => done.rows.push((part, flat)),
                }
            }
            done.groups.extend(pieces.iter().map(|(part, _)| (*part, None)));
            for (part, pieces) in gathering.add(unit, pieces)? {
                done.groups.push((part, Some(encoders.of(part)?.encode_nested(pieces, press)?)));
            }
            Ok(done)
        })
    };
    let encode = |mut units: Vec<Done>| -> Result<Encoded> {
        let mut groups = Vec::new();
        let mut flats: BTreeMap<Part, Vec<Flat>> = BTreeMap::new();
        for done in &mut units {
            groups.append(&mut done.groups);
            for (part, rows) in std::mem::take(&mut done.rows) {
                if let Rows::Flat(flat) = rows {
                    flats.entry(part).or_default().push(*flat);
                }
            }
        }
        for (part, flats) in flats {
            groups.extend(encoders.of(part)?.encode_flat(flats)?.into_iter().map(|group| (part, Some(group))));
        }
        Ok((units, groups))
    };
    let work = Work { options, wanted: &wanted, inputs: &inputs, together: TOGETHER, early: &early, after: &encode };
    work.run(tick, &mut report, &mut |report, (units, groups)| {
        units.iter().for_each(|done| absorb(report, done));
        for reject in units.iter().flat_map(|done| &done.rejects) {
            if options.strict {
                return Err(Error::Strict(format!(
                    "{}:{}: {}; nothing was written (--strict)",
                    report.files[reject.file].path, reject.line, reject.reason
                )));
            }
            report.reject(reject);
            writer.reject(&report.files[reject.file].path, reject)?;
        }
        for (part, group) in groups {
            writer.append(part, group)?;
        }
        Ok(())
    })?;
    let encoded = side_by_side(options, gathering.rest()?, |(part, pieces)| {
        let encoder = encoders.of(part)?;
        Ok((part, Some(gathering.with_press(|press| encoder.encode_nested(pieces, press))?)))
    });
    for (part, group) in encoded? {
        writer.append(part, group)?;
    }
    writer.finish(&mut report)?;
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// A table in memory.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its schema
    pub schema: SchemaRef,
    /// Its rows
    pub batches: Vec<RecordBatch>,
}

/// Converts files to tables in memory: keys `logs`, `traces`, `metrics`, and `{class}/{signal}` of the nested layout.
pub fn read(options: &Options, tick: &mut Tick<'_>) -> Result<BTreeMap<String, Table>> {
    let mut inputs = discover(&options.paths, None)?;
    if let Some((start, stop)) = options.range {
        let [path] = options.paths.as_slice() else {
            return Err(Error::Option("a byte range is of one file, and several paths are given".into()));
        };
        match inputs.files.as_mut_slice() {
            [file] if file.path == *path && !file.is_stream => file.range = Some(ByteRange::new(start, stop)),
            _ => return Err(Error::Option(format!("{}: a byte range is of a regular file", path.display()))),
        }
    }
    let mut report = new_report(options, &inputs);
    let wanted = options.wanted();
    let mut tables = BTreeMap::new();
    if wanted.flat {
        for signal in &wanted.signals {
            tables.insert(signal.name().to_string(), Table { schema: flat_schema(*signal), batches: Vec::new() });
        }
    }
    let work: Work<'_, Vec<Done>> =
        Work { options, wanted: &wanted, inputs: &inputs, together: 1, early: &|_, done| Ok(done), after: &Ok };
    work.run(tick, &mut report, &mut |_, units| {
        // There is no file for rejects here, so nothing may be left out.
        if let Some(reject) = units.iter().flat_map(|done| &done.rejects).next() {
            let file = &inputs.files[reject.file];
            return Err(Error::Input(format!("{}:{}: {}", file.name, file.line(reject.line), reject.reason)));
        }
        for (part, rows) in units.into_iter().flat_map(|done| done.rows) {
            let name = part_name(part);
            let batch = rows.into_batch()?;
            let schema = batch.schema();
            tables.entry(name).or_insert_with(|| Table { schema, batches: Vec::new() }).batches.push(batch);
        }
        Ok(())
    })?;
    Ok(tables)
}

/// Converts files to events as JSON Lines, block by block; `take` may stop the run by an error.
pub fn events(options: &Options, tick: &mut Tick<'_>, take: &mut dyn FnMut(String) -> Result<()>) -> Result<Report> {
    let inputs = discover(&options.paths, None)?;
    let mut report = new_report(options, &inputs);
    let wanted = Wanted { json: true, ..options.wanted() };
    let work: Work<'_, Vec<Done>> =
        Work { options, wanted: &wanted, inputs: &inputs, together: 1, early: &|_, done| Ok(done), after: &Ok };
    work.run(tick, &mut report, &mut |report, units| {
        for done in units {
            absorb(report, &done);
            done.rejects.iter().for_each(|reject| report.reject(reject));
            take(done.json)?;
        }
        Ok(())
    })?;
    Ok(report)
}

fn part_name(part: Part) -> String {
    match part {
        Part::Flat(signal) => signal.name().to_string(),
        Part::Nested(class, signal) => format!("{}/{}", CLASSES[class].key, signal.name()),
    }
}

fn new_report(options: &Options, inputs: &Inputs) -> Report {
    Report {
        schema: if options.schema == Schema::Core { "core" } else { "ext" },
        layout: match options.layout {
            Layout::Flat => "flat",
            Layout::Nested => "nested",
            Layout::Both => "both",
        },
        threads: options.threads(),
        signals: options.signals.clone(),
        files: inputs
            .files
            .iter()
            .map(|file| FileReport {
                path: file.name.clone(),
                format: file.format.to_string(),
                bytes: file.bytes,
                ..FileReport::default()
            })
            .collect(),
        skipped: inputs.skipped.iter().map(|skipped| (skipped.name.clone(), skipped.reason.clone())).collect(),
        ..Report::default()
    }
}

/// Adds a unit's counts.
fn absorb(report: &mut Report, done: &Done) {
    for ((file, signal), records) in &done.records {
        let held = report.files[*file].records.entry(*signal).or_default();
        held.read += records.read;
        held.written += records.written;
    }
    for (signal, events) in &done.events {
        let held = report.events.entry(*signal).or_default();
        held.total += events.total;
        held.derived += events.derived;
        held.translation_errors += events.translation_errors;
        for (class, count) in &events.classes {
            *held.classes.entry(class).or_default() += count;
        }
    }
    for tail in &done.incomplete {
        report.files[tail.file].incomplete = Some(*tail);
    }
    report.empty_metrics += done.empty_metrics;
}
