//! Parquet files: encoding settings, row groups, and files that appear whole or not at all.
//!
//! Each file is written beside its target, flushed to the disk and renamed. The temporary file is locked, so that two
//! runs into one folder cannot mix.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow_array::new_null_array;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescPtr};

use crate::columns::internal;
use crate::error::{Error, Result};
use crate::ocsf::{Flat, FlatColumn};
use crate::pages::{Chunk, ChunkWriter, Workbench, ZSTD_LEVEL};
use crate::pieces::{Piece, Press};
use crate::report::Signal;

/// Bytes per write; the parquet crate passes on 8 KiB at a time.
const BLOCK: usize = 256 << 10;

/// Bytes of a file that go to the disk together: the thread that writes waits for it while others convert, where at the end
/// of the run all would wait for everything.
const SYNC: usize = 4 << 20;

/// Columns whose values hardly repeat: a dictionary would hash every cell for nothing.
const UNIQUE: &[&str] = &[
    "event_uid",
    "uid",
    "time",
    "time_unix_nano",
    "end_time_unix_nano",
    "start_time",
    "end_time",
    "time_nano",
    "end_time_nano",
    "start_time_nano",
    "observed_time_nano",
    "logged_time",
    "original_time",
    "original_event_uid",
    "span_id",
    "duration",
    "duration_ns",
    "duration_nano",
    "message",
    "attributes",
    "attribute_map",
    "stacktrace",
    "raw_data",
];

/// Of the flat files, text columns whose values are ids: equally long, without order, and rarely worth a dictionary.
const IDS: &[&str] = &["event_uid", "trace_id", "span_id", "parent_span_id"];

/// Whether a flat column of this name holds ids.
pub(crate) fn is_id(name: &str) -> bool {
    IDS.contains(&name)
}

/// Whether the values of a column of this name hardly repeat.
pub(crate) fn is_unique(name: &str) -> bool {
    UNIQUE.contains(&name)
}

/// Text for which minimum and maximum would be long and useless.
const NO_STATISTICS: &[&str] =
    &["message", "attributes", "attribute_map", "resource", "resource_map", "body", "raw_data"];

/// How a file of this schema is encoded.
fn properties(schema: &Schema) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(internal)?;
    let mut builder = WriterProperties::builder()
        .set_created_by("ocsfconv".to_string())
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    let described = ArrowSchemaConverter::new().convert(schema).map_err(internal)?;
    for column in described.columns() {
        let path: ColumnPath = column.path().clone();
        let name = column.name();
        let is_integer = column.physical_type() == parquet::basic::Type::INT64;
        if is_unique(name) {
            builder = builder.set_column_dictionary_enabled(path.clone(), false);
            if is_integer {
                builder = builder.set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
            }
        }
        if NO_STATISTICS.contains(&name) {
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    Ok(builder.build())
}

/// A row group that only has to be appended.
pub(crate) struct EncodedGroup {
    chunks: Vec<EncodedChunk>,
    rows: usize,
}

enum EncodedChunk {
    /// Encoded by the parquet crate
    Array(ArrowColumnChunk),
    /// Encoded by [`ChunkWriter`]
    Cells(Chunk),
}

/// Encodes rows of one schema into row groups, on any thread.
pub(crate) struct Encoder {
    schema: SchemaRef,
    described: SchemaDescPtr,
    /// Of each column, for the nested files: writers of all columns at once would hold 70 KB for each leaf of text.
    factories: Vec<ArrowRowGroupWriterFactory>,
    options: ArrowWriterOptions,
    spare: Spares,
    /// What pages are made with.
    benches: Mutex<Vec<Workbench>>,
}

/// Columns of flat files that were encoded and may be filled again. Those of all signals stand together, so that they take
/// no more memory where signals follow upon each other than where there is one.
#[derive(Clone, Default)]
pub(crate) struct Spares {
    units: Arc<Mutex<Vec<Flat>>>,
    /// Where the rows of several units were joined
    joined: Arc<Mutex<Vec<Flat>>>,
}

/// How many of the latter are kept.
const MOST_JOINED: usize = 2;

impl Spares {
    /// Columns for the rows of a unit.
    pub fn unit(&self, signal: Signal) -> Flat {
        take(&self.units, signal)
    }

    fn give_back(&self, mut flat: Flat) -> Result<()> {
        flat.clear();
        self.units.lock().map_err(internal)?.push(flat);
        Ok(())
    }

    fn joined(&self, signal: Signal) -> Flat {
        take(&self.joined, signal)
    }

    fn give_back_joined(&self, mut flat: Flat) -> Result<()> {
        flat.clear();
        let mut joined = self.joined.lock().map_err(internal)?;
        if joined.len() < MOST_JOINED {
            joined.push(flat);
        }
        Ok(())
    }
}

/// Columns of a signal; new ones take the place of another signal's.
fn take(spare: &Mutex<Vec<Flat>>, signal: Signal) -> Flat {
    let found = spare.lock().ok().and_then(|mut held| {
        let own = held.iter().rposition(|flat| flat.signal() == signal);
        own.or(held.len().checked_sub(1)).map(|index| held.swap_remove(index))
    });
    found.filter(|flat| flat.signal() == signal).unwrap_or_else(|| Flat::new(signal))
}

impl Encoder {
    /// An encoder for files of this schema.
    pub fn new(schema: SchemaRef, spare: Spares) -> Result<Self> {
        let options = ArrowWriterOptions::new().with_properties(properties(&schema)?);
        let open = |schema: SchemaRef| {
            ArrowWriter::try_new_with_options(io::sink(), schema, options.clone())
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(internal)
        };
        let described = Arc::new(open(schema.clone())?.0.schema_descr().clone());
        let alone = |field: &FieldRef| Arc::new(Schema::new(vec![field.clone()]));
        let factories = schema.fields().iter().map(|field| Ok(open(alone(field))?.1)).collect::<Result<_>>()?;
        Ok(Self { schema, described, factories, options, spare, benches: Mutex::default() })
    }

    /// Encodes flat rows of units that follow upon each other into as few row groups as may be.
    pub fn encode_flat(&self, flats: Vec<Flat>) -> Result<Vec<EncodedGroup>> {
        let mut groups = Vec::new();
        let mut flats = flats.into_iter().peekable();
        while let Some(mut first) = flats.next() {
            if !flats.peek().is_some_and(|next| first.has_room_for(next)) {
                groups.push(self.encode_rows(&mut first)?);
                self.spare.give_back(first)?;
                continue;
            }
            let mut joined = self.spare.joined(first.signal());
            let mut next = Some(first);
            while let Some(mut flat) = next {
                joined.append(&mut flat);
                self.spare.give_back(flat)?;
                next = flats.next_if(|next| joined.has_room_for(next));
            }
            groups.push(self.encode_rows(&mut joined)?);
            self.spare.give_back_joined(joined)?;
        }
        Ok(groups)
    }

    /// A file in memory with this row group alone.
    #[cfg(feature = "budget")]
    pub fn file_of(&self, group: EncodedGroup) -> Result<Vec<u8>> {
        let writer = ArrowWriter::try_new_with_options(Vec::new(), self.schema.clone(), self.options.clone());
        let (mut writer, _) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(internal)?;
        append(&mut writer, group).and_then(|()| writer.into_inner()).map_err(internal)
    }

    /// Encodes nested rows of units that follow upon each other, column by column.
    pub fn encode_nested(&self, mut pieces: Vec<Piece>, press: &mut Press) -> Result<EncodedGroup> {
        let rows = pieces.iter().map(Piece::rows).sum();
        let mut chunks = Vec::new();
        for (index, (field, factory)) in self.schema.fields().iter().zip(&self.factories).enumerate() {
            let mut writers = factory.create_column_writers(0).map_err(internal)?;
            let mut write = |array| {
                let leaves = compute_leaves(field, &array)?;
                writers.iter_mut().zip(leaves).try_for_each(|(writer, leaf)| writer.write(&leaf))
            };
            if pieces.iter().any(|piece| piece.tells(index)) {
                for piece in &mut pieces {
                    write(piece.take(index, field.data_type(), press)?).map_err(internal)?;
                }
            } else {
                write(new_null_array(field.data_type(), rows)).map_err(internal)?;
            }
            for writer in writers {
                chunks.push(EncodedChunk::Array(writer.close().map_err(internal)?));
            }
        }
        Ok(EncodedGroup { chunks, rows })
    }

    /// In the flat files every column is one leaf.
    fn encode_rows(&self, flat: &mut Flat) -> Result<EncodedGroup> {
        let rows = flat.rows();
        let bench = self.benches.lock().map_err(internal)?.pop();
        let mut bench = bench.map_or_else(|| Workbench::new(ZSTD_LEVEL), Ok).map_err(internal)?;
        let mut chunks = Vec::with_capacity(flat.len());
        for (index, column) in self.described.columns().iter().enumerate() {
            let statistics = !NO_STATISTICS.contains(&column.name());
            let writer = ChunkWriter::new(column.clone(), rows, &mut bench);
            let chunk = match flat.column(index) {
                FlatColumn::Text(cells) => writer.texts(cells, statistics),
                FlatColumn::Number(cells) => writer.numbers(cells),
                FlatColumn::Flag(cells) => writer.flags(cells),
                FlatColumn::Ids(cells) => writer.ids(cells),
                FlatColumn::PlainNumber(cells) => writer.plain_numbers(cells),
                FlatColumn::List(cells) => writer.lists(cells),
            };
            chunks.push(EncodedChunk::Cells(chunk.map_err(internal)?));
        }
        self.benches.lock().map_err(internal)?.push(bench);
        Ok(EncodedGroup { chunks, rows })
    }
}

/// A Parquet file in the making.
pub(crate) struct Target {
    file: Pending,
    writer: Option<SerializedFileWriter<BufWriter<File>>>,
    rows: u64,
    /// Bytes of it that had been written when it last went to the disk
    synced: usize,
}

impl Target {
    /// Opens the temporary file.
    pub fn create(path: &Path, encoder: &Encoder) -> Result<Self> {
        let (file, handle) = Pending::create(path)?;
        let buffered = BufWriter::with_capacity(BLOCK, handle);
        let writer = ArrowWriter::try_new_with_options(buffered, encoder.schema.clone(), encoder.options.clone())
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(|error| file.error(error))?;
        Ok(Self { file, writer: Some(writer.0), rows: 0, synced: 0 })
    }

    /// Appends a row group.
    pub fn append(&mut self, group: EncodedGroup) -> Result<()> {
        let Some(writer) = &mut self.writer else {
            return Err(internal("the file is closed"));
        };
        let rows = group.rows as u64;
        append(writer, group).map_err(|error| self.file.error(error))?;
        self.rows += rows;
        if writer.bytes_written() >= self.synced + SYNC {
            writer.inner().get_ref().sync_data().map_err(|error| self.file.io(error))?;
            self.synced = writer.bytes_written();
        }
        Ok(())
    }

    /// Writes the footer and flushes to the disk; the file still has its temporary name.
    pub fn close(mut self) -> Result<Closed> {
        if let Some(writer) = self.writer.take() {
            let buffered = writer.into_inner().map_err(|error| self.file.error(error))?;
            let handle = buffered.into_inner().map_err(|error| self.file.io(error.into_error()))?;
            handle.sync_all().map_err(|error| self.file.io(error))?;
            return Ok(Closed { rows: self.rows, file: self.file, _locked: handle });
        }
        Err(internal("the file is closed"))
    }
}

fn append<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    group: EncodedGroup,
) -> std::result::Result<(), ParquetError> {
    let mut open = writer.next_row_group()?;
    for chunk in group.chunks {
        match chunk {
            EncodedChunk::Array(chunk) => chunk.append_to_row_group(&mut open)?,
            EncodedChunk::Cells(Chunk { bytes, close }) => open.append_column(&bytes, close)?,
        }
    }
    open.close().map(|_| ())
}

/// A complete file that waits for its name.
pub(crate) struct Closed {
    file: Pending,
    _locked: File,
    /// Rows in it
    pub rows: u64,
}

impl Closed {
    /// Gives the file its name.
    pub fn publish(self) -> Result<(PathBuf, u64)> {
        self.file.publish()
    }
}

/// A temporary file beside its target; removed unless it is published.
pub(crate) struct Pending {
    temporary: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Pending {
    /// Creates and locks `.{name}.tmp` beside the target. What a killed run left there is overwritten.
    pub fn create(target: &Path) -> Result<(Self, File)> {
        if target.is_dir() {
            return Err(Error::io("write", target, io::Error::other("it is a directory")));
        }
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let temporary = folder.join(format!(".{name}.tmp"));
        let handle = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&temporary)
            .map_err(|error| Error::io("write", &temporary, error))?;
        if handle.try_lock().is_err() {
            return Err(Error::Option(format!("another run is writing {}", target.display())));
        }
        handle.set_len(0).map_err(|error| Error::io("write", &temporary, error))?;
        Ok((Self { temporary, target: target.to_path_buf(), published: false }, handle))
    }

    /// Renames the file to its target; gives path and size.
    pub fn publish(mut self) -> Result<(PathBuf, u64)> {
        fs::rename(&self.temporary, &self.target).map_err(|error| Error::io("write", &self.target, error))?;
        self.published = true;
        let size = fs::metadata(&self.target).map_err(|error| Error::io("read", &self.target, error))?.len();
        Ok((std::mem::take(&mut self.target), size))
    }

    fn io(&self, error: io::Error) -> Error {
        Error::io("write", &self.target, error)
    }

    /// An error of the Parquet writer: the operating system's where it was one.
    fn error(&self, error: ParquetError) -> Error {
        match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(error) => self.io(*error),
                Err(other) => internal(other),
            },
            other => internal(other),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.published {
            // Nothing more can be done about a temporary file that cannot be removed.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Lines of text in the making, such as the rejects.
pub(crate) struct TextFile {
    file: Pending,
    writer: BufWriter<File>,
}

impl TextFile {
    /// Opens the temporary file.
    pub fn create(path: &Path) -> Result<Self> {
        let (file, handle) = Pending::create(path)?;
        Ok(Self { file, writer: BufWriter::new(handle) })
    }

    /// Appends a line.
    pub fn line(&mut self, text: &str) -> Result<()> {
        self.writer
            .write_all(text.as_bytes())
            .and_then(|()| self.writer.write_all(b"\n"))
            .map_err(|error| self.file.io(error))
    }

    /// Flushes to the disk and gives the file its name.
    pub fn publish(mut self) -> Result<PathBuf> {
        self.writer.flush().map_err(|error| self.file.io(error))?;
        self.writer.get_ref().sync_all().map_err(|error| self.file.io(error))?;
        self.file.publish().map(|(path, _)| path)
    }
}
