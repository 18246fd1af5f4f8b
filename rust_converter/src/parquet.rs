//! Parquet files: encoding settings, row groups, and files that appear whole or not at all.
//!
//! Each file is written beside its target, flushed to the disk and renamed. The temporary file is locked, so that two
//! runs into one folder cannot mix.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowLeafColumn, ArrowRowGroupWriterFactory, ArrowWriter, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescPtr};
use zstd::bulk::Compressor;

use crate::columns::internal;
use crate::error::{Error, Result};
use crate::ocsf::{Flat, FlatColumn};
use crate::pages::{Chunk, ChunkWriter};
use crate::unit::Rows;

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

/// Whether the values of a column of this name hardly repeat.
pub(crate) fn is_unique(name: &str) -> bool {
    UNIQUE.contains(&name)
}

/// Text for which minimum and maximum would be long and useless.
const NO_STATISTICS: &[&str] =
    &["message", "attributes", "attribute_map", "resource", "resource_map", "body", "raw_data"];

/// zstd level: 3 was slower and larger on telemetry.
pub(crate) const ZSTD_LEVEL: i32 = 1;

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
    factory: ArrowRowGroupWriterFactory,
    options: ArrowWriterOptions,
    spare: Spare,
}

/// Columns of a flat file that were encoded and may be filled again.
pub(crate) type Spare = Arc<Mutex<Vec<Flat>>>;

impl Encoder {
    /// An encoder for files of this schema.
    pub fn new(schema: SchemaRef, spare: Spare) -> Result<Self> {
        let options = ArrowWriterOptions::new().with_properties(properties(&schema)?);
        let writer =
            ArrowWriter::try_new_with_options(io::sink(), schema.clone(), options.clone()).map_err(internal)?;
        let (writer, factory) = writer.into_serialized_writer().map_err(internal)?;
        let described = Arc::new(writer.schema_descr().clone());
        Ok(Self { schema, described, factory, options, spare })
    }

    /// Encodes rows column by column; each is freed when it is done.
    pub fn encode(&self, rows: Rows) -> Result<EncodedGroup> {
        match rows {
            Rows::Flat(mut flat) => {
                let group = self.encode_flat(&mut flat);
                flat.clear();
                self.spare.lock().map_err(internal)?.push(flat);
                group
            }
            Rows::Nested(batch) => self.encode_batch(&batch),
        }
    }

    /// A file in memory with this row group alone.
    #[cfg(feature = "budget")]
    pub fn file_of(&self, group: EncodedGroup) -> Result<Vec<u8>> {
        let writer = ArrowWriter::try_new_with_options(Vec::new(), self.schema.clone(), self.options.clone());
        let (mut writer, _) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(internal)?;
        append(&mut writer, group).and_then(|()| writer.into_inner()).map_err(internal)
    }

    fn encode_batch(&self, batch: &RecordBatch) -> Result<EncodedGroup> {
        let mut writers = self.factory.create_column_writers(0).map_err(internal)?.into_iter();
        let mut chunks = Vec::new();
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array).map_err(internal)? {
                let writer = writers.next().ok_or_else(|| internal("fewer columns than leaves"))?;
                chunks.push(encode_leaf(writer, &leaf)?);
            }
        }
        Ok(EncodedGroup { chunks, rows: batch.num_rows() })
    }

    /// In the flat files every column is one leaf.
    fn encode_flat(&self, flat: &mut Flat) -> Result<EncodedGroup> {
        let rows = flat.rows();
        let writers = self.factory.create_column_writers(0).map_err(internal)?;
        let mut zstd = Compressor::new(ZSTD_LEVEL).map_err(internal)?;
        let mut chunks = Vec::new();
        for ((writer, field), (column, cells)) in
            writers.into_iter().zip(self.schema.fields()).zip(self.described.columns().iter().zip(flat.columns()))
        {
            let chunk = match cells {
                FlatColumn::Array(array) => match compute_leaves(field, &array).map_err(internal)?.as_slice() {
                    [leaf] => encode_leaf(writer, leaf)?,
                    _ => return Err(internal("a flat column is not one leaf")),
                },
                FlatColumn::Dictionary(_, cells) => {
                    let statistics = !NO_STATISTICS.contains(&field.name().as_str());
                    let chunk = ChunkWriter::new(column.clone(), &mut zstd).dictionary(cells, statistics);
                    EncodedChunk::Cells(chunk.map_err(internal)?)
                }
                FlatColumn::Text(cells) => {
                    let chunk = ChunkWriter::new(column.clone(), &mut zstd).plain_text(cells);
                    EncodedChunk::Cells(chunk.map_err(internal)?)
                }
            };
            chunks.push(chunk);
        }
        Ok(EncodedGroup { chunks, rows })
    }
}

fn encode_leaf(mut writer: ArrowColumnWriter, leaf: &ArrowLeafColumn) -> Result<EncodedChunk> {
    writer.write(leaf).map_err(internal)?;
    writer.close().map(EncodedChunk::Array).map_err(internal)
}

/// A Parquet file in the making.
pub(crate) struct Target {
    file: Pending,
    writer: Option<SerializedFileWriter<BufWriter<File>>>,
    rows: u64,
}

impl Target {
    /// Opens the temporary file.
    pub fn create(path: &Path, encoder: &Encoder) -> Result<Self> {
        let (file, handle) = Pending::create(path)?;
        let writer =
            ArrowWriter::try_new_with_options(BufWriter::new(handle), encoder.schema.clone(), encoder.options.clone())
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(|error| file.error(error))?;
        Ok(Self { file, writer: Some(writer.0), rows: 0 })
    }

    /// Appends a row group.
    pub fn append(&mut self, group: EncodedGroup) -> Result<()> {
        let Some(writer) = &mut self.writer else {
            return Err(internal("the file is closed"));
        };
        let rows = group.rows as u64;
        append(writer, group).map_err(|error| self.file.error(error))?;
        self.rows += rows;
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
