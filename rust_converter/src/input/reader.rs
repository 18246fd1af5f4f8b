//! Units of input, one after the other, cut by bytes alone.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use super::detect::{self, LOOK};
use super::filled::Filled;
use super::frames::{self, PREFIX};
use super::stream::Stream;
use super::{BadPiece, ByteRange, Compression, Framing, Incomplete, InputFile, Inputs, MAX_REQUEST, Piece, Unit};
use crate::error::{Error, Result};

/// Bytes per read.
const BLOCK: usize = 512 << 10;

/// The most lines or frames of a unit: what is kept of a damaged one is far more than a line of two bytes has.
const MAX_REQUESTS: u64 = 1 << 16;

/// How much of an overlong line is kept for the rejects.
const KEPT: usize = 64 << 10;

/// Counts the bytes that come from the disk.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// How a decompressed file ended.
enum End {
    /// As it should.
    Clean,
    /// The compressed stream stops in the middle.
    Cut,
    /// The compressed stream is damaged.
    Damaged(String),
}

/// A file being read, decompressed.
struct Open {
    index: u32,
    source: Box<dyn Read + Send>,
    compression: Compression,
    framing: Framing,
    /// Bytes read and not yet handed out.
    buffer: Filled,
    end: Option<End>,
    /// Offset of `buffer` in the decompressed file.
    offset: u64,
    /// Number of the next line or frame.
    number: u64,
}

impl Open {
    /// Reads until `wanted` bytes are there or the file ends; true when it has ended.
    fn fill(&mut self, wanted: usize, file: &InputFile) -> Result<bool> {
        while self.end.is_none() && self.buffer.len() < wanted {
            let target = wanted.max(self.buffer.len() + BLOCK);
            self.read_to(target, file)?;
        }
        Ok(self.end.is_some())
    }

    /// One block, filled as far as the file goes, so that cuts do not depend on how reads fall.
    fn read_to(&mut self, target: usize, file: &InputFile) -> Result<()> {
        match self.buffer.read_from(&mut self.source, target) {
            Ok(_) if self.buffer.len() < target => self.end = Some(End::Clean),
            Ok(_) => {}
            Err(error) if self.compression == Compression::None => return Err(Error::io("read", &file.path, error)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.end = Some(End::Cut),
            Err(error) => self.end = Some(End::Damaged(error.to_string())),
        }
        Ok(())
    }

    /// Takes the first bytes out of the buffer; the rest goes on in `next`.
    fn take(&mut self, length: usize, next: Vec<u8>) -> Vec<u8> {
        self.offset += length as u64;
        self.buffer.take(length, next)
    }
}

/// Gives the buffers of a unit back to its reader.
pub(crate) struct GiveBack(mpsc::Sender<Vec<u8>>);

impl GiveBack {
    /// Gives back what is worth it and not the remains of a giant line.
    pub fn unit(&self, unit: Unit) {
        const MOST: usize = 16 << 20;
        for piece in unit.pieces.into_iter().filter(|piece| (BLOCK..=MOST).contains(&piece.data.capacity())) {
            // Without a reader nobody needs it.
            let _ = self.0.send(piece.data);
        }
    }
}

/// Reads the units of a run.
pub(crate) struct Reader<'i> {
    inputs: &'i Inputs,
    next_file: usize,
    open: Option<Open>,
    unit_bytes: usize,
    consumed: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    incomplete: Vec<Incomplete>,
    spare: mpsc::Receiver<Vec<u8>>,
    give_back: mpsc::Sender<Vec<u8>>,
}

impl<'i> Reader<'i> {
    /// Units of about `unit_bytes` decoded bytes.
    pub fn new(inputs: &'i Inputs, unit_bytes: usize) -> Self {
        let (give_back, spare) = mpsc::channel();
        Self {
            inputs,
            next_file: 0,
            open: None,
            unit_bytes,
            consumed: Arc::default(),
            stop: Arc::default(),
            incomplete: Vec::new(),
            spare,
            give_back,
        }
    }

    /// Takes back the buffers of units that are done, to be filled again.
    pub fn give_back(&self) -> GiveBack {
        GiveBack(self.give_back.clone())
    }

    fn spare(&self) -> Vec<u8> {
        self.spare.try_recv().unwrap_or_default()
    }

    /// Bytes consumed so far, as on the disk.
    pub fn consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }

    /// When set, a stream that waits for more ends with an error.
    pub fn stop(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Last frames that are still being written, of the files read so far.
    pub fn incomplete(&self) -> &[Incomplete] {
        &self.incomplete
    }

    /// The next unit; nothing when all files have been read.
    pub fn next_unit(&mut self) -> Result<Option<Unit>> {
        let mut unit = Unit::default();
        let mut size = 0;
        // A unit without pieces would end the run.
        while size < self.unit_bytes || (unit.pieces.is_empty() && unit.bad.is_empty()) {
            let Some(mut open) = self.current()? else { break };
            let file = &self.inputs.files[open.index as usize];
            let left = self.unit_bytes.saturating_sub(size).max(1);
            let (used, finished) = match open.framing {
                Framing::Lines => self.lines(&mut open, file, left, &mut unit)?,
                Framing::Frames { zstd } => self.frames(&mut open, file, left, zstd, &mut unit)?,
                Framing::Whole(_) => self.whole(&mut open, file, &mut unit)?,
                Framing::Empty | Framing::Stream => (0, true),
            };
            size += used;
            if finished {
                self.close(&open, &mut unit);
            } else {
                self.open = Some(open);
            }
        }
        Ok((!unit.pieces.is_empty() || !unit.bad.is_empty()).then_some(unit))
    }

    /// The open file, or the next one.
    fn current(&mut self) -> Result<Option<Open>> {
        if let Some(open) = self.open.take() {
            return Ok(Some(open));
        }
        let Some(file) = self.inputs.files.get(self.next_file) else { return Ok(None) };
        let index = self.next_file as u32;
        self.next_file += 1;
        open(file, index, &self.consumed, &self.stop).map(Some)
    }

    fn close(&mut self, open: &Open, unit: &mut Unit) {
        match &open.end {
            Some(End::Damaged(cause)) => {
                let reason = format!("the compressed file is damaged behind this place: {cause}");
                let bad = BadPiece { number: open.number, offset: open.offset, reason, bytes: Vec::new() };
                unit.bad.push((open.index, bad));
            }
            Some(End::Cut) if !self.incomplete.iter().any(|held| held.file == open.index) => {
                let tail = Incomplete { file: open.index, number: open.number, offset: open.offset, bytes: 0 };
                self.incomplete.push(tail);
            }
            _ => {}
        }
    }

    /// Whole lines, up to `left` bytes and at least one.
    fn lines(&mut self, open: &mut Open, file: &InputFile, left: usize, unit: &mut Unit) -> Result<(usize, bool)> {
        let mut wanted = left;
        let mut searched = 0;
        loop {
            let ended = open.fill(wanted, file)?;
            let line_end = memchr::memrchr(b'\n', &open.buffer[searched..]).map(|found| searched + found + 1);
            let length = match line_end {
                _ if ended => open.buffer.len(),
                Some(end) => end,
                None if open.buffer.len() > MAX_REQUEST => return self.overlong(open, file, unit),
                None => {
                    searched = open.buffer.len();
                    wanted = searched + BLOCK;
                    continue;
                }
            };
            let (offset, first) = (open.offset, open.number);
            let last = memchr::memchr_iter(b'\n', &open.buffer[..length])
                .inspect(|_| open.number += 1)
                .nth(MAX_REQUESTS as usize - 1);
            let data = open.take(last.map_or(length, |end| end + 1), self.spare());
            if !data.is_empty() {
                unit.pieces.push(Piece { file: open.index, framing: Framing::Lines, first, offset, data });
            }
            // What is full in one way is full.
            let used = if last.is_some() { left.max(length) } else { length };
            return Ok((used, ended && open.buffer.is_empty()));
        }
    }

    /// A line beyond every bound: its start is kept for the rejects, the rest passed over.
    fn overlong(&mut self, open: &mut Open, file: &InputFile, unit: &mut Unit) -> Result<(usize, bool)> {
        let (offset, number) = (open.offset, open.number);
        let mut bytes = open.take(open.buffer.len(), Vec::new());
        let used = bytes.len();
        bytes.truncate(KEPT);
        bytes.shrink_to_fit();
        loop {
            let ended = open.fill(BLOCK, file)?;
            let line_end = memchr::memchr(b'\n', &open.buffer);
            let length = line_end.map_or(open.buffer.len(), |end| end + 1);
            open.take(length, Vec::new());
            if line_end.is_some() || ended {
                open.number += 1;
                let reason = "a line longer than 128 MiB; only its start is kept".to_string();
                unit.bad.push((open.index, BadPiece { number, offset, reason, bytes }));
                return Ok((used, ended && open.buffer.is_empty()));
            }
        }
    }

    /// Whole frames, up to `left` unpacked bytes and at least one.
    fn frames(
        &mut self,
        open: &mut Open,
        file: &InputFile,
        left: usize,
        zstd: bool,
        unit: &mut Unit,
    ) -> Result<(usize, bool)> {
        let (mut length, mut unpacked, mut count) = (0, 0, 0);
        let mut damaged = None;
        let mut finished = false;
        while unpacked < left && count < MAX_REQUESTS {
            let ended = open.fill(length + PREFIX, file)?;
            let Some(claimed) = frames::length(&open.buffer[length..]) else {
                finished = ended;
                break;
            };
            let end = length + PREFIX + claimed;
            let believable = claimed <= MAX_REQUEST;
            if believable {
                // One more prefix and a few bytes tell whether the next frame begins where this one ends.
                open.fill(end + PREFIX + 8, file)?;
            }
            let rest = &open.buffer[length..];
            let body = rest.get(PREFIX..PREFIX + claimed).filter(|_| believable && frames::begins(rest, zstd));
            let mut fine = body.is_some_and(|_| claimed == 0 || frames::begins(&open.buffer[end..], zstd));
            if !fine && body.is_some_and(|body| frames::is_sound(body, zstd)) {
                open.fill(end + BLOCK, file)?;
                fine = zstd || !frames::has_borrowed(&open.buffer[length..], end - length);
            }
            let rest = &open.buffer[length..];
            if fine {
                unpacked +=
                    rest.get(PREFIX..PREFIX + claimed).map_or(0, |body| frames::unpacked_size(body, zstd)).max(1);
                length = end;
                count += 1;
                continue;
            }
            damaged = Some(length);
            break;
        }
        let (offset, first) = (open.offset, open.number);
        if length > 0 {
            open.number += count;
            let data = open.take(length, self.spare());
            unit.pieces.push(Piece { file: open.index, framing: Framing::Frames { zstd }, first, offset, data });
        }
        if damaged.is_some() {
            finished = self.damage(open, file, zstd, unit)?;
        } else if finished && !open.buffer.is_empty() {
            self.tail(open);
        }
        let used = if count == MAX_REQUESTS { left.max(unpacked) } else { unpacked };
        Ok((used.max(1), finished))
    }

    /// The buffer starts with a frame that is not what it says: passes over it, or leaves it as still being written.
    fn damage(&mut self, open: &mut Open, file: &InputFile, zstd: bool, unit: &mut Unit) -> Result<bool> {
        let claimed = frames::length(&open.buffer).unwrap_or(0);
        let mut wanted = claimed.min(MAX_REQUEST) + PREFIX + BLOCK;
        loop {
            let ended = open.fill(wanted, file)?;
            if let Some(next) = frames::resynchronise(&open.buffer, zstd) {
                let (offset, number) = (open.offset, open.number);
                let bytes = open.take(next, Vec::new());
                open.number += 1;
                let reason = "a frame that is not as long as its length says".to_string();
                unit.bad.push((open.index, BadPiece { number, offset, reason, bytes }));
                return Ok(false);
            }
            if ended {
                let fits = claimed <= MAX_REQUEST && PREFIX + claimed > open.buffer.len();
                if fits && frames::begins(&open.buffer, zstd) {
                    self.tail(open);
                } else {
                    let (offset, number) = (open.offset, open.number);
                    let bytes = open.take(open.buffer.len(), Vec::new());
                    let reason = "bytes that are no frame".to_string();
                    unit.bad.push((open.index, BadPiece { number, offset, reason, bytes }));
                }
                return Ok(true);
            }
            if open.buffer.len() > MAX_REQUEST + PREFIX + BLOCK {
                // No frame in sight: give up the start, keep what may hold a prefix.
                let (offset, number) = (open.offset, open.number);
                let mut bytes = open.take(open.buffer.len() - PREFIX, Vec::new());
                bytes.truncate(KEPT);
                open.number += 1;
                let reason = "bytes that are no frame; only their start is kept".to_string();
                unit.bad.push((open.index, BadPiece { number, offset, reason, bytes }));
                return Ok(false);
            }
            // Each round looks at all bytes again, so it must see twice as many.
            wanted = (open.buffer.len() * 2).min(MAX_REQUEST + PREFIX + BLOCK) + 1;
        }
    }

    fn tail(&mut self, open: &Open) {
        let bytes = open.buffer.len() as u64;
        self.incomplete.push(Incomplete { file: open.index, number: open.number, offset: open.offset, bytes });
    }

    fn whole(&mut self, open: &mut Open, file: &InputFile, unit: &mut Unit) -> Result<(usize, bool)> {
        let ended = open.fill(MAX_REQUEST + 1, file)?;
        let mut data = open.take(open.buffer.len(), Vec::new());
        let used = data.len();
        if !ended {
            data.truncate(KEPT);
            let reason = "a request longer than 128 MiB; only its start is kept".to_string();
            unit.bad.push((open.index, BadPiece { number: 1, offset: 0, reason, bytes: data }));
        } else {
            unit.pieces.push(Piece { file: open.index, framing: open.framing, first: 1, offset: 0, data });
        }
        Ok((used, true))
    }
}

/// Opens a file and looks at its start.
fn open(file: &InputFile, index: u32, consumed: &Arc<AtomicU64>, stop: &Arc<AtomicBool>) -> Result<Open> {
    let failed = |error| Error::io("read", &file.path, error);
    let mut ranged = None;
    let raw: Box<dyn Read + Send> = if file.is_stream {
        Box::new(Stream::open(&file.path, Arc::clone(stop)))
    } else {
        let handle = File::open(&file.path).map_err(failed)?;
        let size = handle.metadata().map_err(failed)?.len();
        if let Some(range) = &file.range {
            ranged = Some((range, handle.try_clone().map_err(failed)?, size));
        }
        // A live file grows while it is read: its size now is where it ends for this run.
        Box::new(handle.take(size))
    };
    let mut counted = Counted { inner: raw, count: Arc::clone(consumed) };
    let mut magic = Vec::new();
    (&mut counted).take(4).read_to_end(&mut magic).map_err(failed)?;
    let compression = detect::compression(&magic);
    let rejoined = io::Cursor::new(magic).chain(counted);
    let buffered = |rejoined| BufReader::with_capacity(BLOCK, rejoined);
    let source: Box<dyn Read + Send> = match compression {
        Compression::None => Box::new(rejoined),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(rejoined))),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered(rejoined)).map_err(failed)?),
    };
    let mut open = Open {
        index,
        source,
        compression,
        framing: Framing::Empty,
        buffer: Filled::default(),
        end: None,
        offset: 0,
        number: 1,
    };
    let ended = open.fill(LOOK, file)?;
    open.framing = detect::framing(&open.buffer, ended)
        .map_err(|reason| Error::Input(format!("{}: not OpenTelemetry data: {reason}", file.name)))?;
    if let Some((range, handle, size)) = ranged {
        narrow(&mut open, range, handle, size, consumed).map_err(failed)?;
    }
    Ok(open)
}

/// Goes to the lines of a range; a file that has no lines to be cut at is its first byte's.
fn narrow(
    open: &mut Open,
    range: &ByteRange,
    mut handle: File,
    size: u64,
    consumed: &Arc<AtomicU64>,
) -> io::Result<()> {
    if open.compression != Compression::None || open.framing != Framing::Lines {
        if !range.has_first_byte() {
            (open.framing, open.end) = (Framing::Empty, Some(End::Clean));
        }
        return Ok(());
    }
    let lines = range.lines(&mut handle, size)?;
    handle.seek(SeekFrom::Start(lines.start))?;
    let counted = Counted { inner: handle.take(lines.end - lines.start), count: Arc::clone(consumed) };
    open.source = Box::new(BufReader::with_capacity(BLOCK, counted));
    (open.buffer, open.end, open.offset) = (Filled::default(), None, lines.start);
    Ok(())
}

/// The format of a file, or what it is instead.
pub(super) fn format_of(file: &InputFile) -> Result<super::Format> {
    let open = open(file, 0, &Arc::default(), &Arc::default())?;
    Ok(super::Format { compression: open.compression, framing: open.framing })
}
