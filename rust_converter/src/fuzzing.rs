//! What the fuzzers in `fuzz/` call, compiled for them alone (`--cfg fuzzing`): the readers one by one, and a whole file.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use bumpalo::Bump;

use crate::error::Result;
use crate::input::{
    BadPiece, ByteRange, Compression, Encoding, Format, Framing, InputFile, Inputs, Piece, Reader, Unit, discover,
};
use crate::otlp::json::{LineError, parse};
use crate::parquet::Spares;
use crate::report::Signal;
use crate::unit::{Part, Wanted, Worker};

/// Whether the JSON reader takes the text for JSON.
pub fn is_json(text: &str) -> bool {
    !matches!(parse(text, &Bump::new()), Err(LineError::Syntax(_)))
}

/// What a conversion in memory gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// Events as JSON Lines
    pub events: String,
    /// Records that were read
    pub records: u64,
    /// Rows of the flat tables
    pub flat_rows: usize,
    /// Rows of the nested tables
    pub nested_rows: usize,
}

/// A line of JSON, or a request in protobuf.
pub fn request(data: &[u8], encoding: &str) -> Result<Converted> {
    let framing = if encoding == "json" { Framing::Lines } else { Framing::Whole(Encoding::Proto) };
    let format = Format { compression: Compression::None, framing };
    let file = InputFile { path: "in".into(), name: "in".into(), bytes: 0, format, is_stream: false, range: None };
    let inputs = Inputs { files: vec![file], skipped: Vec::new() };
    let piece = Piece { file: 0, framing, first: 1, offset: 0, data: data.to_vec() };
    let mut converter = Converter::new(&inputs);
    converter.convert(&Unit { pieces: vec![piece], bad: Vec::new() })
}

/// All of a file, unit by unit, in units of about `unit_bytes`.
pub fn file(path: &Path, unit_bytes: usize, each: &mut dyn FnMut(&Converted)) -> Result<()> {
    let inputs = discover(&[path.to_path_buf()], None)?;
    let mut reader = Reader::new(&inputs, unit_bytes);
    let mut converter = Converter::new(&inputs);
    while let Some(unit) = reader.next_unit()? {
        each(&converter.convert(&unit)?);
    }
    Ok(())
}

/// Converts units to events and to columns.
struct Converter<'i> {
    as_text: Worker<'i>,
    as_columns: Worker<'i>,
}

impl<'i> Converter<'i> {
    fn new(inputs: &'i Inputs) -> Self {
        let wanted = |json: bool| Wanted {
            signals: Signal::ALL.to_vec(),
            core: false,
            flat: !json,
            nested: !json,
            json,
            spare: Spares::default(),
        };
        Self { as_text: Worker::new(inputs, wanted(true)), as_columns: Worker::new(inputs, wanted(false)) }
    }

    fn convert(&mut self, unit: &Unit) -> Result<Converted> {
        let done = self.as_text.convert(unit);
        let mut found = Converted {
            records: done.records.values().map(|records| records.read).sum(),
            events: done.json,
            ..Converted::default()
        };
        for (part, rows) in self.as_columns.convert(unit).rows {
            let rows = rows.into_batch()?.num_rows();
            match part {
                Part::Flat(_) => found.flat_rows += rows,
                Part::Nested(..) => found.nested_rows += rows,
            }
        }
        Ok(found)
    }
}

/// What a file was cut into, whatever the order: a sum over what each request and each piece that is none is, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Requests
    pub requests: u64,
    /// Pieces that are none
    pub bad: u64,
    /// Sum of their hashes
    pub sum: u64,
}

impl Cut {
    /// Adds the requests of a file, or of a range of it, read in units of about `unit_bytes`.
    pub fn add(&mut self, path: &Path, unit_bytes: usize, range: Option<(u64, Option<u64>)>) -> Result<()> {
        let mut inputs = discover(&[path.to_path_buf()], None)?;
        for file in &mut inputs.files {
            file.range = range.map(|(start, stop)| ByteRange::new(start, stop));
        }
        let mut reader = Reader::new(&inputs, unit_bytes);
        let mut scratch = Vec::new();
        while let Some(unit) = reader.next_unit()? {
            for piece in &unit.pieces {
                let mut requests = piece.requests();
                while let Some(request) = requests.next(&mut scratch) {
                    match request {
                        Ok(raw) => self.request(raw.offset, raw.bytes),
                        Err(bad) => self.bad(&bad),
                    }
                }
            }
            unit.bad.iter().for_each(|(_, bad)| self.bad(bad));
        }
        Ok(())
    }

    fn request(&mut self, offset: u64, bytes: &[u8]) {
        self.requests += 1;
        self.sum = self.sum.wrapping_add(hash(&(offset, bytes)));
    }

    fn bad(&mut self, bad: &BadPiece) {
        self.bad += 1;
        self.sum = self.sum.wrapping_add(hash(&(bad.offset, &bad.reason, &bad.bytes)));
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
