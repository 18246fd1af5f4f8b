//! Column chunks of the flat files: dictionary and data pages made from [`Dictionary`] and [`PlainText`].
//!
//! The parquet crate writes headers, metadata and every other column; it would hash each cell again, and make a zstd
//! context a page.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use crate::cells::{Dictionary, NULL, PlainText, Run};

/// Longer texts are no use as minimum or maximum.
const MAX_STATISTIC: usize = 64;

/// A chunk that only has to be appended.
pub(crate) struct Chunk {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

/// Writes the pages of one chunk after the other.
pub(crate) struct ChunkWriter<'z> {
    zstd: &'z mut Compressor<'static>,
    column: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    rows: u64,
    nulls: u64,
    dictionary_end: Option<usize>,
    encodings: Vec<Encoding>,
}

impl<'z> ChunkWriter<'z> {
    /// A chunk of this column without pages.
    pub fn new(column: ColumnDescPtr, zstd: &'z mut Compressor<'static>) -> Self {
        Self {
            zstd,
            column,
            sink: TrackedWrite::new(Vec::new()),
            uncompressed: 0,
            rows: 0,
            nulls: 0,
            dictionary_end: None,
            encodings: vec![Encoding::RLE],
        }
    }

    /// A chunk of values that repeat, with their minimum and maximum if `statistics`.
    pub fn dictionary(mut self, cells: &Dictionary, statistics: bool) -> Result<Chunk> {
        let is_text = self.column.physical_type() == Type::BYTE_ARRAY;
        let plain = |out: &mut Vec<u8>, value: &[u8]| {
            if is_text {
                out.extend_from_slice(&(value.len() as u32).to_le_bytes());
            }
            out.extend_from_slice(value);
        };
        let size = |code: u32| cells.value(code).len() + if is_text { 4 } else { 0 };
        let held = || cells.runs().iter().filter(|(code, _)| *code != NULL);
        let dictionary_size: usize = (0..cells.len() as u32).map(size).sum();
        let plain_size: usize = held().map(|(code, count)| size(*code) * *count as usize).sum();
        let mut values = Vec::new();
        if cells.len() == 0 || dictionary_size * 4 > plain_size * 3 {
            // No value, or hardly one that repeats.
            held().for_each(|(code, count)| (0..*count).for_each(|_| plain(&mut values, cells.value(*code))));
            self.data_page(cells.runs(), &values, Encoding::PLAIN)?;
        } else {
            cells.values().for_each(|value| plain(&mut values, value));
            self.dictionary_page(&values, cells.len())?;
            values.clear();
            let width = u32::BITS - (cells.len() as u32 - 1).leading_zeros();
            values.push(width as u8);
            hybrid(&mut values, width, held().copied());
            self.data_page(cells.runs(), &values, Encoding::RLE_DICTIONARY)?;
        }
        let nulls = self.nulls;
        let statistics = statistics.then(|| statistics_of(self.column.physical_type(), cells, nulls));
        self.finish(statistics)
    }

    /// A chunk of text that hardly repeats.
    pub fn plain_text(mut self, cells: &PlainText) -> Result<Chunk> {
        for page in cells.pages() {
            self.data_page(&page.runs, cells.encoded(page), Encoding::PLAIN)?;
        }
        self.finish(None)
    }

    fn dictionary_page(&mut self, values: &[u8], count: usize) -> Result<()> {
        let page = Page::DictionaryPage {
            buf: self.zstd.compress(values)?.into(),
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.write(page, values.len())?;
        self.dictionary_end = Some(self.sink.bytes_written());
        self.encodings.push(Encoding::PLAIN);
        Ok(())
    }

    fn data_page(&mut self, runs: &[Run], values: &[u8], encoding: Encoding) -> Result<()> {
        let mut body = Vec::with_capacity(values.len() + 64);
        if self.column.max_def_level() > 0 {
            body.extend_from_slice(&[0; 4]);
            hybrid(&mut body, 1, runs.iter().map(|(code, count)| (u32::from(*code != NULL), *count)));
            let length = body.len() as u32 - 4;
            body[..4].copy_from_slice(&length.to_le_bytes());
        }
        body.extend_from_slice(values);
        let rows: u64 = runs.iter().map(|(_, count)| u64::from(*count)).sum();
        let nulls = runs.iter().filter(|(code, _)| *code == NULL).map(|(_, count)| u64::from(*count));
        self.rows += rows;
        self.nulls += nulls.sum::<u64>();
        if self.nulls > 0 && self.column.max_def_level() == 0 {
            return Err(ParquetError::General(format!("{} lacks a value", self.column.name())));
        }
        let page = Page::DataPage {
            buf: self.zstd.compress(&body)?.into(),
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.write(page, body.len())?;
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        Ok(())
    }

    fn write(&mut self, page: Page, size: usize) -> Result<()> {
        let written = SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, size))?;
        self.uncompressed += written.uncompressed_size;
        Ok(())
    }

    fn finish(self, statistics: Option<Statistics>) -> Result<Chunk> {
        let bytes = Bytes::from(self.sink.into_inner()?);
        let mut metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(Compression::ZSTD(Default::default()))
            .set_encodings(self.encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.rows as i64)
            .set_data_page_offset(self.dictionary_end.unwrap_or(0) as i64)
            .set_dictionary_page_offset(self.dictionary_end.map(|_| 0));
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes, close })
    }
}

/// Minimum, maximum and number of nulls.
fn statistics_of(kind: Type, cells: &Dictionary, nulls: u64) -> Statistics {
    let eight = |value: &[u8]| <[u8; 8]>::try_from(value).unwrap_or_default();
    match kind {
        Type::INT64 => {
            let longs = || cells.values().map(|value| i64::from_le_bytes(eight(value)));
            Statistics::int64(longs().min(), longs().max(), None, Some(nulls), false)
        }
        Type::DOUBLE => {
            let doubles = || cells.values().map(|value| f64::from_le_bytes(eight(value)));
            // Zero counts as negative for the minimum and as positive for the maximum.
            let least = doubles().reduce(f64::min).map(|least| if least == 0.0 { -0.0 } else { least });
            let most = doubles().reduce(f64::max).map(|most| if most == 0.0 { 0.0 } else { most });
            Statistics::double(least, most, None, Some(nulls), false)
        }
        _ => {
            let bounds = cells.values().min().zip(cells.values().max());
            let short = bounds.filter(|(least, most)| least.len().max(most.len()) <= MAX_STATISTIC);
            let owned = |value: &[u8]| ByteArray::from(value.to_vec());
            let (least, most) = short.map(|(least, most)| (owned(least), owned(most))).unzip();
            Statistics::byte_array(least, most, None, Some(nulls), false)
        }
    }
}

/// Parquet's hybrid of runs and packed groups of eight, `width` bits a value.
fn hybrid(out: &mut Vec<u8>, width: u32, runs: impl Iterator<Item = Run>) {
    const GROUP: usize = 8;
    let mut packed: Vec<u32> = Vec::new();
    for (value, mut count) in runs {
        let missing = packed.len().next_multiple_of(GROUP) - packed.len();
        let taken = missing.min(count as usize);
        packed.extend(std::iter::repeat_n(value, taken));
        count -= taken as u32;
        if count as usize >= GROUP {
            pack(out, width, &mut packed);
            varint(out, u64::from(count) << 1);
            out.extend_from_slice(&value.to_le_bytes()[..width.div_ceil(8) as usize]);
        } else {
            packed.extend(std::iter::repeat_n(value, count as usize));
        }
    }
    pack(out, width, &mut packed);
}

/// Writes what waits as groups of eight, the last one filled up with zeros.
fn pack(out: &mut Vec<u8>, width: u32, values: &mut Vec<u32>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    values.resize(groups * 8, 0);
    varint(out, (groups as u64) << 1 | 1);
    let (mut bits, mut held) = (0u64, 0);
    for value in values.drain(..) {
        bits |= u64::from(value) << held;
        held += width;
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray as _;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use proptest::prelude::*;

    use super::*;

    /// What a reader finds in a file of one chunk.
    fn read_back(write: impl FnOnce(ChunkWriter<'_>) -> Result<Chunk>) -> Vec<Option<String>> {
        let schema = parse_message_type("message rows { optional binary text (UTF8); }").expect("a schema");
        let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).expect("a file");
        let mut zstd = Compressor::new(1).expect("a context");
        let chunk = write(ChunkWriter::new(file.schema_descr().column(0), &mut zstd)).expect("a chunk");
        let mut group = file.next_row_group().expect("a row group");
        group.append_column(&chunk.bytes, chunk.close).expect("appended");
        group.close().expect("closed");
        let bytes = Bytes::from(file.into_inner().expect("written"));
        let batches = ParquetRecordBatchReaderBuilder::try_new(bytes).and_then(|builder| builder.build());
        let batches = batches.expect("a reader").map(|batch| batch.expect("rows"));
        let owned = |text: Option<&str>| text.map(str::to_string);
        batches.flat_map(|batch| batch.column(0).as_string::<i32>().iter().map(owned).collect::<Vec<_>>()).collect()
    }

    proptest! {
        #[test]
        fn readers_find_the_rows_again(
            runs in proptest::collection::vec((proptest::option::of("[a-c]{0,3}"), 1usize..40), 0..80),
            distinct in any::<bool>(),
        ) {
            let (mut dictionary, mut plain) = (Dictionary::default(), PlainText::default());
            let mut rows = Vec::new();
            for (index, (text, count)) in runs.into_iter().enumerate() {
                let text = text.map(|text| if distinct { format!("{text}{index}") } else { text });
                for _ in 0..if distinct { 1 } else { count } {
                    dictionary.push(text.as_deref().map(str::as_bytes));
                    plain.push(text.as_deref());
                    rows.push(text.clone());
                }
            }
            prop_assert_eq!(&read_back(|chunk| chunk.dictionary(&dictionary, true)), &rows);
            prop_assert_eq!(&read_back(|chunk| chunk.plain_text(&plain)), &rows);
        }
    }
}
