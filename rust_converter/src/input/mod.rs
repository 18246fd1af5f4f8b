//! Input: finds what a Collector's file exporter left, tells formats apart by their bytes, cuts units for the workers.
//!
//! Nothing here knows OTLP beyond what tells it from other files. Files are read with ordinary reads, never mapped: the
//! Collector may truncate them. Memory is bounded by a unit and its longest line.

mod detect;
mod discover;
mod filled;
mod frames;
mod range;
mod reader;
mod stream;

use std::fmt;
use std::path::PathBuf;

pub(crate) use discover::discover;
pub(crate) use range::ByteRange;
pub(crate) use reader::{GiveBack, Reader};

/// The longest request that is read: a line, a frame and what it unpacks to, a whole file. A longer claim is damage. What
/// a request becomes on its way takes a few times its size, which must stay below 1 GB.
const MAX_REQUEST: usize = 128 << 20;

/// A file to read.
#[derive(Clone, Debug)]
pub(crate) struct InputFile {
    pub path: PathBuf,
    /// What messages and reports show: the path as the user gave it.
    pub name: String,
    /// Size on disk; 0 for a stream.
    pub bytes: u64,
    pub format: Format,
    /// Standard input or a FIFO: it can be read only once, so its format shows when it is.
    pub is_stream: bool,
    /// The part of it that is read; all when absent.
    pub range: Option<ByteRange>,
}

impl InputFile {
    /// The number in the file of a line that the reader numbered: it numbers from the first line of its range.
    pub fn line(&self, number: u64) -> u64 {
        number + self.range.as_ref().map_or(0, |range| range.lines_before(&self.path))
    }
}

/// A file that was passed over.
#[derive(Clone, Debug)]
pub(crate) struct Skipped {
    pub name: String,
    pub reason: String,
}

/// The input of a run, in reading order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    pub files: Vec<InputFile>,
    pub skipped: Vec<Skipped>,
}

/// What a file's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub compression: Compression,
    pub framing: Framing,
}

/// Compression around the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing but white space.
    Empty,
    /// One JSON request a line.
    Lines,
    /// The exporter's frames: a 4-byte big-endian length, then a request, compressed by zstd or not.
    Frames { zstd: bool },
    /// The whole file is one request.
    Whole(Encoding),
    /// Known when it is read.
    Stream,
}

/// How a request is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Proto,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.framing {
            Framing::Empty => "empty",
            Framing::Lines => "JSON lines",
            Framing::Frames { zstd: true } => "zstd frames",
            Framing::Frames { zstd: false } => "protobuf frames",
            Framing::Whole(Encoding::Json) => "one JSON request",
            Framing::Whole(Encoding::Proto) => "one protobuf request",
            Framing::Stream => "stream",
        })?;
        f.write_str(match self.compression {
            Compression::None => "",
            Compression::Gzip => ", gzip",
            Compression::Zstd => ", zstd",
        })
    }
}

/// Work for one worker: pieces of one or more files, in order.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    pub pieces: Vec<Piece>,
    /// What could not be cut into requests, with the index of its file.
    pub bad: Vec<(u32, BadPiece)>,
}

/// Consecutive requests of one file.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Index of the file.
    pub file: u32,
    pub framing: Framing,
    /// Number of its first line or frame, from 1.
    pub first: u64,
    /// Offset of its first byte in the decompressed file.
    pub offset: u64,
    pub data: Vec<u8>,
}

/// Bytes that are no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadPiece {
    /// Line or frame, from 1.
    pub number: u64,
    pub offset: u64,
    pub reason: String,
    pub bytes: Vec<u8>,
}

/// A last line or frame that is still being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incomplete {
    /// Index of the file.
    pub file: u32,
    pub number: u64,
    pub offset: u64,
    pub bytes: u64,
}

/// The bytes of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawRequest<'r> {
    /// Line or frame, from 1.
    pub number: u64,
    pub offset: u64,
    pub encoding: Encoding,
    pub bytes: &'r [u8],
    /// False for a last line without its line end, which may still be being written.
    pub terminated: bool,
}

impl Piece {
    /// The requests of the piece, one after the other.
    pub fn requests(&self) -> Requests<'_> {
        Requests { piece: self, position: 0, number: self.first }
    }
}

/// Lends the requests of a piece.
#[derive(Debug)]
pub(crate) struct Requests<'p> {
    piece: &'p Piece,
    position: usize,
    number: u64,
}

impl Requests<'_> {
    /// The next request; compressed ones are unpacked into `scratch`.
    pub fn next<'s>(&'s mut self, scratch: &'s mut Vec<u8>) -> Option<Result<RawRequest<'s>, BadPiece>> {
        match self.piece.framing {
            Framing::Lines => self.line().map(Ok),
            Framing::Frames { zstd } => self.frame(zstd, scratch),
            Framing::Whole(encoding) => self.whole(encoding).map(Ok),
            Framing::Empty | Framing::Stream => None,
        }
    }

    fn line(&mut self) -> Option<RawRequest<'_>> {
        let data = &self.piece.data;
        while self.position < data.len() {
            let (start, number) = (self.position, self.number);
            let end = memchr::memchr(b'\n', &data[start..]).map(|length| start + length);
            self.position = end.map_or(data.len(), |end| end + 1);
            self.number += 1;
            let offset = self.piece.offset + start as u64;
            let mut bytes = &data[start..end.unwrap_or(data.len())];
            if offset == 0 {
                bytes = detect::without_mark(bytes);
            }
            if end.is_some() {
                bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            }
            if !bytes.iter().all(u8::is_ascii_whitespace) {
                return Some(RawRequest { number, offset, encoding: Encoding::Json, bytes, terminated: end.is_some() });
            }
        }
        None
    }

    fn frame<'s>(&'s mut self, zstd: bool, scratch: &'s mut Vec<u8>) -> Option<Result<RawRequest<'s>, BadPiece>> {
        loop {
            let rest = &self.piece.data[self.position..];
            let body_length = frames::length(rest)?;
            let body = rest.get(frames::PREFIX..frames::PREFIX + body_length)?;
            let (number, offset) = (self.number, self.piece.offset + self.position as u64);
            self.position += frames::PREFIX + body_length;
            self.number += 1;
            if body.is_empty() {
                continue;
            }
            let bytes: &[u8] = if zstd {
                match frames::unpack(body, scratch) {
                    Ok(()) => scratch,
                    Err(reason) => return Some(Err(BadPiece { number, offset, reason, bytes: body.to_vec() })),
                }
            } else {
                body
            };
            let encoding = if detect::starts_like_json(bytes) { Encoding::Json } else { Encoding::Proto };
            // The line end inside a frame belongs to no one.
            let bytes = if encoding == Encoding::Json { detect::without_mark(bytes).trim_ascii_end() } else { bytes };
            return Some(Ok(RawRequest { number, offset, encoding, bytes, terminated: true }));
        }
    }

    fn whole(&mut self, encoding: Encoding) -> Option<RawRequest<'_>> {
        if self.position > 0 || self.piece.data.is_empty() {
            return None;
        }
        self.position = self.piece.data.len();
        let bytes = match encoding {
            Encoding::Json => detect::without_mark(&self.piece.data),
            Encoding::Proto => self.piece.data.as_slice(),
        };
        Some(RawRequest { number: 1, offset: 0, encoding, bytes, terminated: true })
    }
}

#[cfg(test)]
mod tests;
