//! A conversion from paths to files: discovers the input, runs the workers, writes in input order, reports.
//!
//! The only place that knows threads. Units are cut by bytes, workers convert them in any order, the last of those that
//! go together is followed by their encoding, and results are taken in input order, so that the output does not depend on
//! the number of threads. A bounded number is in flight.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::columns::nested_schema;
use crate::error::{Error, Result};
use crate::input::{self, ByteRange, GiveBack, Inputs, Reader, Unit, discover};
use crate::ocsf::schema::CLASSES;
use crate::ocsf::{Flat, flat_schema};
use crate::parquet::{Closed, EncodedGroup, Encoder, Spare, Target, TextFile};
use crate::report::{FileReport, Incomplete, Output, Reject, Report, Signal};
use crate::text::push_json_string;
use crate::unit::{Done, Part, Rows, Spares, Wanted, Worker};

/// Decoded bytes in a unit. Sixteen threads hold seventeen of them.
pub(crate) const UNIT_BYTES: usize = 4 << 20;

/// Units whose flat rows are written together, so that row groups are large where units are small.
const TOGETHER: usize = 4;

/// The most units that become nested columns at once, which take some 40 MiB each.
const MOST_NESTED: usize = 4;

/// How often the caller is asked whether to go on.
const TICK: Duration = Duration::from_millis(100);

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
    /// Worker threads; all cores when absent.
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

    fn threads(&self) -> usize {
        self.threads
            .filter(|threads| *threads > 0)
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
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
type Encoded = (Vec<Done>, Vec<(Part, EncodedGroup)>);

/// Converts files to files.
pub fn convert(options: &Options, tick: &mut Tick<'_>) -> Result<Report> {
    let started = Instant::now();
    let inputs = discover(&options.paths, Some(&options.out))?;
    let mut report = new_report(options, &inputs);
    let wanted = options.wanted();
    let mut writer = Writer::new(options, wanted.spare.clone())?;
    let encoders = writer.encoders.clone();
    // Nested rows take three times as much as flat ones, so they do not wait for those of other units.
    let early = |mut done: Done| -> Result<Done> {
        for (part, rows) in std::mem::take(&mut done.rows) {
            match rows {
                Rows::Nested(nested) => done.groups.push((part, encoders.of(part)?.encode_nested(nested)?)),
                flat @ Rows::Flat(_) => done.rows.push((part, flat)),
            }
        }
        Ok(done)
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
            groups.extend(encoders.of(part)?.encode_flat(flats)?.into_iter().map(|group| (part, group)));
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
        Work { options, wanted: &wanted, inputs: &inputs, together: 1, early: &Ok, after: &Ok };
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
        Work { options, wanted: &wanted, inputs: &inputs, together: 1, early: &Ok, after: &Ok };
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

/// What the reader and the workers tell the thread that takes the results.
enum News<T> {
    /// The result of units that follow upon each other, by the number of their bundle.
    Result(u64, Result<T>),
    /// The reader's end: units in all, and the last frames that are still being written.
    End(Result<(u64, Vec<input::Incomplete>)>),
}

/// Units that wait for others to be written with.
struct Bundles {
    /// How many go together.
    size: u64,
    held: BTreeMap<u64, BTreeMap<u64, Done>>,
    /// Units in all, once the reader knows.
    total: u64,
}

/// The results of units that go together, in order, and the number of their bundle.
type Bundle = (u64, Vec<Done>);

impl Bundles {
    /// Takes the result of a unit; gives its bundle when that is complete.
    fn add(&mut self, number: u64, done: Done) -> Option<Bundle> {
        let bundle = number / self.size;
        self.held.entry(bundle).or_default().insert(number, done);
        self.take(bundle)
    }

    /// Learns how many units there are; gives the last bundle when that is complete now.
    fn end(&mut self, total: u64) -> Option<Bundle> {
        self.total = total;
        self.take(total.checked_sub(1)? / self.size)
    }

    fn take(&mut self, bundle: u64) -> Option<Bundle> {
        let size = self.size.min(self.total.saturating_sub(bundle * self.size));
        let complete = self.held.get(&bundle)?.len() as u64 == size;
        complete.then(|| self.held.remove(&bundle)).flatten().map(|units| (bundle, units.into_values().collect()))
    }
}

/// A conversion of all inputs: `early` does what it can for one unit, `after` makes something of those that go together.
struct Work<'w, T> {
    options: &'w Options,
    wanted: &'w Wanted,
    inputs: &'w Inputs,
    together: usize,
    early: &'w (dyn Fn(Done) -> Result<Done> + Sync),
    after: &'w (dyn Fn(Vec<Done>) -> Result<T> + Sync),
}

/// What bounds the units in flight.
struct Permits {
    /// One for each unit that is read and not converted.
    raw: mpsc::Receiver<()>,
    /// One for each unit that is read and not taken.
    held: mpsc::Receiver<()>,
}

impl<T: Send> Work<'_, T> {
    /// Lets a thread read units and the workers convert them, and takes the results in input order.
    fn run(
        &self,
        tick: &mut Tick<'_>,
        report: &mut Report,
        take: &mut dyn FnMut(&mut Report, T) -> Result<()>,
    ) -> Result<()> {
        let most = if self.wanted.nested { MOST_NESTED } else { usize::MAX };
        let threads = self.options.threads().min(most);
        let together = self.together;
        let total: u64 = self.inputs.files.iter().map(|file| file.bytes).sum();
        let reader = Reader::new(self.inputs, UNIT_BYTES);
        let (consumed, stop) = (reader.consumed(), reader.stop());
        let give_back: Vec<GiveBack> = (0..threads).map(|_| reader.give_back()).collect();
        let bundles = Mutex::new(Bundles { size: together as u64, held: BTreeMap::new(), total: u64::MAX });
        std::thread::scope(|scope| {
            let (send_unit, receive_unit) = mpsc::channel::<(u64, Unit)>();
            let (send_news, receive_news) = mpsc::channel::<News<T>>();
            let (permit_raw, raw) = mpsc::channel::<()>();
            let (permit_held, held) = mpsc::channel::<()>();
            // One unit more than workers, so that none waits for the next.
            let give = |permit: &mpsc::Sender<()>, count: usize| (0..count).all(|_| permit.send(()).is_ok());
            give(&permit_raw, threads + 1);
            give(&permit_held, threads + 1 + 2 * together);
            let receive_unit = Arc::new(Mutex::new(receive_unit));
            for give_back in give_back {
                let (units, news, permit) = (Arc::clone(&receive_unit), send_news.clone(), permit_raw.clone());
                let bundles = &bundles;
                scope.spawn(move || {
                    let mut worker = Worker::new(self.inputs, self.wanted.clone());
                    loop {
                        let next = match units.lock() {
                            Ok(units) => units.recv(),
                            Err(_) => return,
                        };
                        let Ok((number, unit)) = next else { return };
                        let done = worker.convert(&unit);
                        give_back.unit(unit);
                        let done = (self.early)(done);
                        let _ = permit.send(());
                        let done = match done {
                            Ok(done) => done,
                            Err(error) => {
                                let _ = news.send(News::Result(number, Err(error)));
                                return;
                            }
                        };
                        let Ok(bundle) = bundles.lock().map(|mut bundles| bundles.add(number, done)) else { return };
                        if let Some((number, units)) = bundle
                            && news.send(News::Result(number, (self.after)(units))).is_err()
                        {
                            return;
                        }
                    }
                });
            }
            drop(permit_raw);
            let bundles = &bundles;
            scope.spawn(move || {
                let mut reader = reader;
                let end = read_units(&mut reader, &Permits { raw, held }, &send_unit);
                drop(send_unit);
                if let Ok((units, _)) = &end
                    && let Ok(Some((number, units))) = bundles.lock().map(|mut bundles| bundles.end(*units))
                {
                    let _ = send_news.send(News::Result(number, (self.after)(units)));
                }
                let _ = send_news.send(News::End(end));
            });

            let result = (|| {
                let mut waiting: BTreeMap<u64, T> = BTreeMap::new();
                let mut taken = 0u64;
                let mut bundles = None;
                let mut last_tick = Instant::now();
                loop {
                    match receive_news.recv_timeout(TICK) {
                        Ok(News::Result(number, result)) => {
                            waiting.insert(number, result?);
                        }
                        Ok(News::End(end)) => {
                            let (sent, tails) = end?;
                            bundles = Some(sent.div_ceil(together as u64));
                            for tail in tails {
                                let (file, line) = (tail.file as usize, tail.number);
                                report.files[file].incomplete =
                                    Some(Incomplete { file, line, offset: tail.offset, bytes: tail.bytes });
                            }
                        }
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return Err(Error::Internal("a worker died".into())),
                    }
                    while let Some(result) = waiting.remove(&taken) {
                        take(report, result)?;
                        taken += 1;
                        give(&permit_held, together);
                    }
                    if bundles == Some(taken) {
                        return Ok(());
                    }
                    if last_tick.elapsed() >= TICK {
                        last_tick = Instant::now();
                        let records = report.events.values().map(|events| events.total).sum();
                        let bytes_read = consumed.load(Ordering::Relaxed);
                        if !tick(Progress { bytes_read, bytes_total: total, records }) {
                            return Err(Error::Interrupted);
                        }
                    }
                }
            })();
            // The others end when nobody takes their results and no unit may be read any more.
            stop.store(true, Ordering::Relaxed);
            drop((permit_held, receive_news));
            result
        })
    }
}

/// Reads a unit for each permit and hands it to the workers; ends early when they are gone.
fn read_units(
    reader: &mut Reader<'_>,
    permits: &Permits,
    units: &mpsc::Sender<(u64, Unit)>,
) -> Result<(u64, Vec<input::Incomplete>)> {
    let mut sent = 0;
    while permits.held.recv().is_ok() && permits.raw.recv().is_ok() {
        let Some(unit) = reader.next_unit()? else { break };
        if units.send((sent, unit)).is_err() {
            break;
        }
        sent += 1;
    }
    Ok((sent, reader.incomplete().to_vec()))
}

/// The encoder of each part, made when the first batch of it comes.
#[derive(Clone)]
struct Encoders {
    core: bool,
    spare: Spares,
    made: Arc<Mutex<BTreeMap<Part, Arc<Encoder>>>>,
}

impl Encoders {
    fn of(&self, part: Part) -> Result<Arc<Encoder>> {
        let mut made = self.made.lock().map_err(|_| Error::Internal("an encoder panicked".into()))?;
        if let Some(encoder) = made.get(&part) {
            return Ok(Arc::clone(encoder));
        }
        let (schema, spare) = match part {
            Part::Flat(signal) => (flat_schema(signal), self.spare.place(signal)),
            Part::Nested(class, _) => (nested_schema(CLASSES[class], self.core), Spare::default()),
        };
        let encoder = Arc::new(Encoder::new(schema, spare)?);
        made.insert(part, Arc::clone(&encoder));
        Ok(encoder)
    }
}

/// The files of a run.
struct Writer<'o> {
    options: &'o Options,
    encoders: Encoders,
    targets: BTreeMap<Part, Target>,
    rejects: Option<TextFile>,
}

impl<'o> Writer<'o> {
    /// Opens the flat files, which are written even when they stay empty.
    fn new(options: &'o Options, spare: Spares) -> Result<Self> {
        let encoders = Encoders { core: options.schema == Schema::Core, spare, made: Arc::default() };
        let mut writer = Self { options, encoders, targets: BTreeMap::new(), rejects: None };
        if options.layout != Layout::Nested {
            for signal in &options.signals {
                writer.target(Part::Flat(*signal))?;
            }
        }
        Ok(writer)
    }

    fn path(&self, part: Part) -> PathBuf {
        match part {
            Part::Flat(signal) => self.options.out.join(format!("ocsf_{}.parquet", signal.name())),
            Part::Nested(class, signal) => nested_path(&self.options.out, CLASSES[class].key, signal),
        }
    }

    fn target(&mut self, part: Part) -> Result<&mut Target> {
        if !self.targets.contains_key(&part) {
            let target = Target::create(&self.path(part), &*self.encoders.of(part)?)?;
            self.targets.insert(part, target);
        }
        self.targets.get_mut(&part).ok_or_else(|| Error::Internal("a target vanished".into()))
    }

    fn append(&mut self, part: Part, group: EncodedGroup) -> Result<()> {
        self.target(part)?.append(group)
    }

    fn rejects_path(&self) -> PathBuf {
        self.options.out.join("rejects.jsonl")
    }

    fn reject(&mut self, file: &str, reject: &Reject) -> Result<()> {
        let path = self.rejects_path();
        let rejects = match &mut self.rejects {
            Some(rejects) => rejects,
            None => self.rejects.insert(TextFile::create(&path)?),
        };
        rejects.line(&reject_line(file, reject))
    }

    /// Closes every file, then names them all, then removes what earlier runs left of the same signals.
    fn finish(mut self, report: &mut Report) -> Result<()> {
        let mut closed: Vec<(Part, Closed)> = Vec::new();
        for (part, target) in std::mem::take(&mut self.targets) {
            closed.push((part, target.close()?));
        }
        let written: Vec<Part> = closed.iter().map(|(part, _)| *part).collect();
        for (part, file) in closed {
            let rows = file.rows;
            let (path, bytes) = file.publish()?;
            let (Part::Flat(signal) | Part::Nested(_, signal)) = part;
            report.outputs.push(Output { path: path.display().to_string(), bytes, rows, signal });
        }
        match self.rejects.take() {
            Some(rejects) => report.rejects_path = Some(rejects.publish()?.display().to_string()),
            None => remove(&self.rejects_path())?,
        }
        if self.options.layout != Layout::Flat {
            for (index, class) in CLASSES.iter().enumerate() {
                for signal in &self.options.signals {
                    if !written.contains(&Part::Nested(index, *signal)) {
                        remove(&nested_path(&self.options.out, class.key, *signal))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn nested_path(out: &Path, class: &str, signal: Signal) -> PathBuf {
    out.join("ocsf").join(class).join(format!("{}.parquet", signal.name()))
}

/// Removes a file of an earlier run; one that is not there is fine.
fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", path, error)),
    }
}

/// A line of `rejects.jsonl`: where, why, and the piece itself (base64 when it is not text).
fn reject_line(file: &str, reject: &Reject) -> String {
    use base64::Engine as _;
    let mut out = String::from("{\"file\":");
    push_json_string(&mut out, file);
    out.push_str(&format!(",\"line\":{},\"offset\":{},\"reason\":", reject.line, reject.offset));
    push_json_string(&mut out, &reject.reason);
    match std::str::from_utf8(&reject.bytes) {
        Ok(text) => {
            out.push_str(",\"text\":");
            push_json_string(&mut out, text);
        }
        Err(_) => {
            out.push_str(",\"base64\":\"");
            base64::engine::general_purpose::STANDARD.encode_string(&reject.bytes, &mut out);
            out.push('"');
        }
    }
    out.push('}');
    out
}
