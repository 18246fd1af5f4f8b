//! What each stage of a conversion costs alone, for the budget in `docs/performance.md`.
//!
//! A file is converted into the flat layout unit by unit on one thread, and each stage goes over the whole unit before
//! the next one begins. Only in the feature `budget`.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use bumpalo::Bump;
use bytes::Bytes;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use zstd::bulk::Compressor;

use crate::columns::internal;
use crate::convert::UNIT_BYTES;
use crate::error::{Error, Result};
use crate::input::{Encoding, Inputs, Reader, Unit, discover};
use crate::ocsf::event::Event;
use crate::ocsf::{Flat, FlatRow, Mapper, Mode, Place, Sink, event_ids, flat_schema};
use crate::otlp::{Memo, Request, json, proto};
use crate::pages::ZSTD_LEVEL;
use crate::parquet::{EncodedGroup, Encoder, Spares};
use crate::report::Signal;

/// CPU seconds of each stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// Bytes from the file
    pub reading: f64,
    /// Units cut, lines found
    pub splitting: f64,
    /// Bytes to borrowed records
    pub parsing: f64,
    /// Records to events, without their ids
    pub mapping: f64,
    /// Events to columns
    pub columns: f64,
    /// Hashes and ids
    pub ids: f64,
    /// Columns to pages
    pub encoding: f64,
    /// Pages through zstd
    pub compression: f64,
}

impl Stages {
    /// Names and seconds in the order of the work.
    pub fn named(&self) -> [(&'static str, f64); 8] {
        [
            ("reading", self.reading),
            ("splitting", self.splitting),
            ("parsing", self.parsing),
            ("mapping", self.mapping),
            ("event ids", self.ids),
            ("building columns", self.columns),
            ("Parquet encoding", self.encoding),
            ("compression", self.compression),
        ]
    }
}

/// What `work` gives, and the CPU seconds that it took on this thread.
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let cpu = || -> Option<f64> {
        let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse::<f64>().ok().map(|nanos| nanos / 1e9)
    };
    let started = cpu().ok_or_else(|| Error::Option("the budget needs /proc/thread-self/schedstat".into()))?;
    let result = work()?;
    Ok((result, cpu().unwrap_or(started) - started))
}

/// CPU seconds of each stage over a file of one signal.
pub fn measure(path: &Path, signal: Signal) -> Result<Stages> {
    let ((), reading) = timed(|| read(path))?;
    let mut stages = Stages { reading, ..Stages::default() };
    let inputs = discover(&[path.to_path_buf()], None)?;
    stages.splitting = (timed(|| split(&inputs))?.1 - reading).max(0.0);
    let encoder = Encoder::new(flat_schema(signal), Spares::default())?;
    let mut reader = Reader::new(&inputs, UNIT_BYTES);
    while let Some(unit) = reader.next_unit()? {
        measure_unit(&unit, signal, &encoder, &mut stages)?;
    }
    Ok(stages)
}

fn measure_unit(unit: &Unit, signal: Signal, encoder: &Encoder, stages: &mut Stages) -> Result<()> {
    let (arena, shared) = (Bump::new(), Bump::new());
    let mut texts: Vec<(Encoding, &[u8])> = Vec::new();
    each_request(unit, |encoding, bytes| texts.push((encoding, arena.alloc_slice_copy(bytes))))?;
    let memo = Memo::new(&shared);
    let (requests, spent) =
        timed(|| texts.iter().map(|(encoding, bytes)| parse(*encoding, bytes, &arena, &memo)).collect())?;
    let requests: Vec<Request<'_>> = requests;
    stages.parsing += spent;

    let mut mapper = Mapper::new(Mode { core: false, whole: false }, &shared);
    let mut map = |sink: &mut dyn Sink| {
        timed(|| {
            for request in &requests {
                match signal {
                    Signal::Logs => mapper.logs(request.logs, &Nowhere, sink),
                    Signal::Traces => mapper.spans(request.spans, &Nowhere, sink),
                    _ => mapper.metrics(request.metrics, &Nowhere, sink),
                };
            }
            Ok(())
        })
    };
    let ((), mapping) = map(&mut Nothing)?;
    let mut rows = Rowed(Flat::new(signal));
    let ((), with_columns) = map(&mut rows)?;
    let ((), ids) = timed(|| {
        event_ids(&requests, &shared);
        Ok(())
    })?;
    stages.mapping += mapping - ids;
    stages.ids += ids;
    stages.columns += with_columns - mapping;

    let (groups, spent) = timed(|| encoder.encode_flat(vec![rows.0]))?;
    let compression = groups.into_iter().map(|group| compress(encoder, group)).sum::<Result<f64>>()?;
    stages.encoding += spent - compression;
    stages.compression += compression;
    Ok(())
}

/// Reads a file as the converter does.
fn read(path: &Path) -> Result<()> {
    const BLOCK: usize = 512 << 10;
    const PAGE: usize = 4096;
    let mut file = File::open(path).map_err(|error| Error::io("read", path, error))?;
    // Some processors copy four times as slowly to a place a few bytes behind the page's own, and a new vector stands there.
    let mut memory = vec![0; PAGE + BLOCK];
    let start = memory.as_ptr().align_offset(PAGE).min(PAGE);
    let block = &mut memory[start..start + BLOCK];
    while file.read(block).map_err(|error| Error::io("read", path, error))? > 0 {}
    Ok(())
}

/// Reads a file and finds each request in it.
fn split(inputs: &Inputs) -> Result<()> {
    let mut reader = Reader::new(inputs, UNIT_BYTES);
    let give_back = reader.give_back();
    while let Some(unit) = reader.next_unit()? {
        each_request(&unit, |_, bytes| {
            std::hint::black_box(bytes);
        })?;
        give_back.unit(unit);
    }
    Ok(())
}

fn each_request(unit: &Unit, mut take: impl FnMut(Encoding, &[u8])) -> Result<()> {
    let mut scratch = Vec::new();
    for piece in &unit.pieces {
        let mut requests = piece.requests();
        while let Some(request) = requests.next(&mut scratch) {
            let request = request.map_err(|bad| Error::Input(bad.reason))?;
            take(request.encoding, request.bytes);
        }
    }
    Ok(())
}

fn parse<'a>(encoding: Encoding, bytes: &'a [u8], arena: &'a Bump, memo: &'a Memo<'_>) -> Result<Request<'a>> {
    match encoding {
        Encoding::Json => {
            let text = std::str::from_utf8(bytes).map_err(internal)?;
            json::parse_next(text, arena, &memo.json).map_err(|error| Error::Input(format!("{error:?}")))
        }
        Encoding::Proto => {
            proto::parse_next(bytes, arena, &memo.proto).map_err(|error| Error::Input(error.what.to_string()))
        }
    }
}

/// CPU seconds that zstd takes for the pages of a row group.
fn compress(encoder: &Encoder, group: EncodedGroup) -> Result<f64> {
    let file = SerializedFileReader::new(Bytes::from(encoder.file_of(group)?)).map_err(internal)?;
    let mut pages = Vec::new();
    for index in 0..file.num_row_groups() {
        let row_group = file.get_row_group(index).map_err(internal)?;
        for column in 0..row_group.num_columns() {
            let mut reader = row_group.get_column_page_reader(column).map_err(internal)?;
            while let Some(page) = reader.get_next_page().map_err(internal)? {
                pages.push(page.buffer().clone());
            }
        }
    }
    let mut zstd = Compressor::new(ZSTD_LEVEL).map_err(internal)?;
    let compressed = timed(|| {
        pages
            .iter()
            .try_for_each(|page| zstd.compress(page).map(|packed| drop(std::hint::black_box(packed))))
            .map_err(internal)
    })?;
    Ok(compressed.1)
}

/// Does nothing with the events.
struct Nothing;

impl Sink for Nothing {
    fn event(&mut self, event: &Event<'_>, _: &FlatRow<'_>) {
        std::hint::black_box(event);
    }
}

/// Makes rows of the events.
struct Rowed(Flat);

impl Sink for Rowed {
    fn event(&mut self, _: &Event<'_>, row: &FlatRow<'_>) {
        self.0.push(row);
    }
}

struct Nowhere;

impl Place for Nowhere {
    fn text(&self) -> String {
        String::new()
    }
}
