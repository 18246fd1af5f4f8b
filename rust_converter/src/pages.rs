//! Column chunks of the flat files: dictionary and data pages made from the columns of [`crate::cells`].
//!
//! The parquet crate writes headers, metadata and the nested files; it would hash each cell again, make a zstd context
//! a page, and set 70 KB aside for each column of text.

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

use crate::cells::{
    ListColumn, NULL, NumberColumn, PlainNumbers, PlainText, Presence, Run, TextColumn, TextPage, pays,
};
use crate::encodings::{Hybrid, delta_packed, levels, packed_width};
use crate::values::{LENGTH, Texts};

/// Longer texts are no use as minimum or maximum.
const MAX_STATISTIC: usize = 64;

/// A chunk that only has to be appended.
pub(crate) struct Chunk {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

/// zstd level: 3 was slower and larger on telemetry.
pub(crate) const ZSTD_LEVEL: i32 = 1;

/// What one chunk after the other is made with.
pub(crate) struct Workbench {
    zstd: Compressor<'static>,
    body: Vec<u8>,
}

impl Workbench {
    /// With a context of this zstd level.
    pub fn new(level: i32) -> std::io::Result<Self> {
        Ok(Self { zstd: Compressor::new(level)?, body: Vec::new() })
    }
}

/// Writes the pages of one chunk after the other.
pub(crate) struct ChunkWriter<'z> {
    bench: &'z mut Workbench,
    column: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    /// Rows, and values with their nulls: as many, unless they are lists.
    rows: u32,
    values: u64,
    nulls: u64,
    dictionary_end: Option<usize>,
    encodings: Vec<Encoding>,
}

impl<'z> ChunkWriter<'z> {
    /// A chunk of this column without pages, for as many rows.
    pub fn new(column: ColumnDescPtr, rows: usize, bench: &'z mut Workbench) -> Self {
        Self {
            bench,
            column,
            sink: TrackedWrite::new(Vec::new()),
            uncompressed: 0,
            rows: rows as u32,
            values: 0,
            nulls: 0,
            dictionary_end: None,
            encodings: vec![Encoding::RLE],
        }
    }

    /// A chunk of texts that repeat, with their minimum and maximum if `statistics`.
    pub fn texts(mut self, column: &mut TextColumn, statistics: bool) -> Result<Chunk> {
        if let Some(plain) = &mut column.plain {
            for page in plain.finish(self.rows) {
                self.data_page(page.runs, Encoding::PLAIN, |out| page.texts().for_each(|text| plain_text(out, text)))?;
            }
            return self.finish(None);
        }
        let (texts, runs) = (&column.texts, column.runs.finish(self.rows));
        let sizes = held(runs).map(|(code, count)| (texts.get(code).len() + LENGTH) * count as usize);
        if pays(texts.plain_size(), sizes.sum()) {
            self.dictionary_page(texts.len(), |out| texts.iter().for_each(|text| plain_text(out, text)))?;
            self.codes_page(runs, texts.len())?;
        } else {
            self.data_page(runs, Encoding::PLAIN, |out| {
                held(runs).for_each(|(code, count)| (0..count).for_each(|_| plain_text(out, texts.get(code))));
            })?;
        }
        let statistics = statistics.then(|| text_statistics(texts, self.nulls));
        self.finish(statistics)
    }

    /// A chunk of ids: of texts that hardly repeat and are equally long.
    pub fn ids(mut self, column: &mut PlainText) -> Result<Chunk> {
        for TextPage { runs, bytes, lengths } in column.finish(self.rows) {
            self.data_page(runs, Encoding::DELTA_LENGTH_BYTE_ARRAY, |out| {
                let lengths: Vec<u64> = lengths.iter().map(|length| u64::from(*length)).collect();
                delta_packed(out, &lengths);
                out.extend_from_slice(bytes);
            })?;
        }
        self.finish(None)
    }

    /// A chunk of whole numbers or doubles that repeat.
    pub fn numbers(mut self, column: &mut NumberColumn) -> Result<Chunk> {
        let (numbers, runs) = (column.numbers.held(), column.runs.finish(self.rows));
        let plain_size = held(runs).map(|(_, count)| NUMBER * count as usize).sum();
        if pays(NUMBER * numbers.len(), plain_size) {
            self.dictionary_page(numbers.len(), |out| plain_numbers(out, numbers))?;
            self.codes_page(runs, numbers.len())?;
        } else {
            self.data_page(runs, Encoding::PLAIN, |out| {
                let each = held(runs).map(|(code, count)| (numbers[code as usize].to_le_bytes(), count));
                each.for_each(|(bytes, count)| (0..count).for_each(|_| out.extend_from_slice(&bytes)));
            })?;
        }
        let statistics = number_statistics(self.column.physical_type(), numbers, self.nulls);
        self.finish(Some(statistics))
    }

    /// A chunk of flags, which are numbers other than zero.
    pub fn flags(mut self, column: &mut NumberColumn) -> Result<Chunk> {
        let (numbers, runs) = (column.numbers.held(), column.runs.finish(self.rows));
        let flag = |code: u32| numbers[code as usize] != 0;
        self.data_page(runs, Encoding::PLAIN, |out| {
            let rows = held(runs).flat_map(|(code, count)| std::iter::repeat_n(flag(code), count as usize));
            let mut bit = 0;
            for is_set in rows {
                if bit == 0 {
                    out.push(0);
                }
                if let Some(byte) = out.last_mut() {
                    *byte |= u8::from(is_set) << bit;
                }
                bit = (bit + 1) % 8;
            }
        })?;
        let flags = || (0..numbers.len() as u32).map(flag);
        let statistics = Statistics::boolean(flags().min(), flags().max(), None, Some(self.nulls), false);
        self.finish(Some(statistics))
    }

    /// A chunk of numbers that hardly repeat.
    pub fn plain_numbers(mut self, column: &mut PlainNumbers) -> Result<Chunk> {
        let (numbers, runs) = (column.held.as_slice(), column.presence.finish(self.rows));
        let kind = self.column.physical_type();
        if kind == Type::INT64 {
            self.data_page(runs, Encoding::DELTA_BINARY_PACKED, |out| delta_packed(out, numbers))?;
        } else {
            self.data_page(runs, Encoding::PLAIN, |out| plain_numbers(out, numbers))?;
        }
        let statistics = number_statistics(kind, numbers, self.nulls);
        self.finish(Some(statistics))
    }

    /// A chunk of lists of numbers.
    pub fn lists(mut self, column: &mut ListColumn) -> Result<Chunk> {
        let ListColumn { numbers, codes, lengths, presence } = column;
        let numbers = numbers.held();
        let Lists { repetition, definition } = Lists::new(presence, self.rows, lengths, codes);
        let entries: u64 = definition.iter().map(|(_, count)| u64::from(*count)).sum();
        let elements = || codes.iter().filter(|code| **code != NULL);
        let held = elements().count();
        let put_levels = |body: &mut Vec<u8>| {
            levels(body, 1, repetition.iter().copied());
            levels(body, 2, definition.iter().copied());
        };
        self.values = entries;
        self.nulls = entries - held as u64;
        if pays(NUMBER * numbers.len(), NUMBER * held) {
            self.dictionary_page(numbers.len(), |out| plain_numbers(out, numbers))?;
            self.page(entries, Encoding::RLE_DICTIONARY, |body| {
                put_levels(body);
                put_codes(body, numbers.len(), elements().map(|code| (*code, 1)));
            })?;
        } else {
            self.page(entries, Encoding::PLAIN, |body| {
                put_levels(body);
                elements().for_each(|code| body.extend_from_slice(&numbers[*code as usize].to_le_bytes()));
            })?;
        }
        let statistics = number_statistics(self.column.physical_type(), numbers, self.nulls);
        self.finish(Some(statistics))
    }

    fn dictionary_page(&mut self, count: usize, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let body = &mut self.bench.body;
        body.clear();
        fill(body);
        let page = Page::DictionaryPage {
            buf: self.bench.zstd.compress(body)?.into(),
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.write(page)?;
        self.dictionary_end = Some(self.sink.bytes_written());
        self.encodings.push(Encoding::PLAIN);
        Ok(())
    }

    fn codes_page(&mut self, runs: &[Run], count: usize) -> Result<()> {
        self.data_page(runs, Encoding::RLE_DICTIONARY, |out| put_codes(out, count, held(runs)))
    }

    /// A page of these rows, none of which is a list.
    fn data_page(&mut self, runs: &[Run], encoding: Encoding, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let rows: u64 = runs.iter().map(|(_, count)| u64::from(*count)).sum();
        let filled: u64 = held(runs).map(|(_, count)| u64::from(count)).sum();
        self.values += rows;
        self.nulls += rows - filled;
        let is_nullable = self.column.max_def_level() > 0;
        if filled < rows && !is_nullable {
            return Err(ParquetError::General(format!("{} lacks a value", self.column.name())));
        }
        self.page(rows, encoding, |body| {
            if is_nullable {
                levels(body, 1, runs.iter().map(|(code, count)| (u32::from(*code != NULL), *count)));
            }
            fill(body);
        })
    }

    fn page(&mut self, values: u64, encoding: Encoding, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let body = &mut self.bench.body;
        body.clear();
        fill(body);
        let page = Page::DataPage {
            buf: self.bench.zstd.compress(body)?.into(),
            num_values: values as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.write(page)?;
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        Ok(())
    }

    fn write(&mut self, page: Page) -> Result<()> {
        let page = CompressedPage::new(page, self.bench.body.len());
        self.uncompressed += SerializedPageWriter::new(&mut self.sink).write_page(page)?.uncompressed_size;
        Ok(())
    }

    fn finish(self, statistics: Option<Statistics>) -> Result<Chunk> {
        let bytes = Bytes::from(self.sink.into_inner()?);
        let mut metadata = ColumnChunkMetaData::builder(self.column)
            .set_compression(Compression::ZSTD(Default::default()))
            .set_encodings(self.encodings)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.values as i64)
            .set_data_page_offset(self.dictionary_end.unwrap_or(0) as i64)
            .set_dictionary_page_offset(self.dictionary_end.map(|_| 0));
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: u64::from(self.rows),
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes, close })
    }
}

/// Bytes of a number.
const NUMBER: usize = 8;

/// The runs that have a value.
fn held(runs: &[Run]) -> impl Iterator<Item = Run> {
    runs.iter().filter(|(code, _)| *code != NULL).copied()
}

fn put_codes(out: &mut Vec<u8>, count: usize, codes: impl Iterator<Item = Run>) {
    let width = packed_width(u32::BITS - (count as u32 - 1).leading_zeros());
    out.push(width as u8);
    let mut hybrid = Hybrid::new(out, width);
    codes.for_each(|(code, count)| hybrid.push(code, count));
    hybrid.finish();
}

fn plain_text(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text);
}

fn plain_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// The levels of a column of lists, as runs.
struct Lists {
    /// 1 goes on with a list.
    repetition: Vec<Run>,
    /// 0 is no list, 1 an empty one, 2 an element without a value, 3 one with a value.
    definition: Vec<Run>,
}

impl Lists {
    fn new(presence: &mut Presence, rows: u32, lengths: &[u32], codes: &[u32]) -> Self {
        let (mut repetition, mut definition) = (Vec::new(), Vec::new());
        let (mut lengths, mut codes) = (lengths.iter(), codes.iter());
        for (code, count) in presence.finish(rows) {
            if *code == NULL {
                repetition.push((0, *count));
                definition.push((0, *count));
                continue;
            }
            for length in lengths.by_ref().take(*count as usize) {
                repetition.push((0, 1));
                match length {
                    0 => definition.push((1, 1)),
                    1.. => repetition.push((1, length - 1)),
                }
                let elements = codes.by_ref().take(*length as usize);
                definition.extend(elements.map(|code| (if *code == NULL { 2 } else { 3 }, 1)));
            }
        }
        Self { repetition, definition }
    }
}

/// Minimum, maximum and number of nulls.
fn number_statistics(kind: Type, numbers: &[u64], nulls: u64) -> Statistics {
    if kind == Type::INT64 {
        let longs = || numbers.iter().map(|number| *number as i64);
        return Statistics::int64(longs().min(), longs().max(), None, Some(nulls), false);
    }
    let doubles = || numbers.iter().map(|number| f64::from_bits(*number));
    // Zero counts as negative for the minimum and as positive for the maximum.
    let least = doubles().reduce(f64::min).map(|least| if least == 0.0 { -0.0 } else { least });
    let most = doubles().reduce(f64::max).map(|most| if most == 0.0 { 0.0 } else { most });
    Statistics::double(least, most, None, Some(nulls), false)
}

fn text_statistics(texts: &Texts, nulls: u64) -> Statistics {
    let bounds = texts.iter().min().zip(texts.iter().max());
    let short = bounds.filter(|(least, most)| least.len().max(most.len()) <= MAX_STATISTIC);
    let owned = |value: &[u8]| ByteArray::from(value.to_vec());
    let (least, most) = short.map(|(least, most)| (owned(least), owned(most))).unzip();
    Statistics::byte_array(least, most, None, Some(nulls), false)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray as _;
    use arrow_array::types::Int64Type;
    use arrow_array::{Array, ArrayRef, new_null_array};
    use arrow_schema::DataType;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use proptest::prelude::*;

    use super::*;

    /// What a reader finds in a file of one chunk.
    fn read_back(kind: &str, write: impl FnOnce(ChunkWriter<'_>) -> Result<Chunk>, rows: usize) -> ArrayRef {
        let schema = parse_message_type(&format!("message rows {{ {kind} }}")).expect("a schema");
        let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).expect("a file");
        let mut bench = Workbench::new(1).expect("a context");
        let chunk = write(ChunkWriter::new(file.schema_descr().column(0), rows, &mut bench)).expect("a chunk");
        let mut group = file.next_row_group().expect("a row group");
        group.append_column(&chunk.bytes, chunk.close).expect("appended");
        group.close().expect("closed");
        let bytes = Bytes::from(file.into_inner().expect("written"));
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("a reader").with_batch_size(rows.max(1));
        let batch = reader.build().expect("a reader").next();
        batch.map_or(new_null_array(&DataType::Null, 0), |batch| batch.expect("rows").column(0).clone())
    }

    fn texts(array: &ArrayRef) -> Vec<Option<String>> {
        array
            .as_string_opt::<i32>()
            .map_or_else(Vec::new, |array| array.iter().map(|text| text.map(str::to_string)).collect())
    }

    fn longs(array: &dyn Array) -> Vec<Option<i64>> {
        array.as_primitive_opt::<Int64Type>().map_or_else(Vec::new, |array| array.iter().collect())
    }

    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![-3i64..3, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
    }

    /// Columns of all rows: filled at once, and joined of two parts that are cut somewhere.
    macro_rules! columns {
        ($rows:expr, $fill:expr) => {{
            let fill = $fill;
            let cut = $rows.len() / 3;
            let mut joined = fill(&$rows[..cut]);
            joined.append(cut as u32, &mut fill(&$rows[cut..]), ($rows.len() - cut) as u32);
            [fill(&$rows), joined]
        }};
    }

    fn text_column(rows: &[Option<String>]) -> TextColumn {
        let mut column = TextColumn::new(true);
        for (row, text) in (0..).zip(rows) {
            match text {
                Some(text) => column.set(row, text.as_bytes()),
                None => column.set_code(row, NULL),
            }
        }
        column
    }

    fn id_column(rows: &[Option<String>]) -> PlainText {
        let mut column = PlainText::default();
        let held = (0..).zip(rows).filter_map(|(row, text)| Some((row, text.as_ref()?)));
        held.for_each(|(row, text)| column.set(row, text.as_bytes()));
        column
    }

    fn number_column(rows: &[Option<i64>]) -> NumberColumn {
        let mut column = NumberColumn::default();
        for (row, number) in (0..).zip(rows) {
            match number {
                Some(number) => column.set(row, *number as u64),
                None => column.set_code(row, NULL),
            }
        }
        column
    }

    fn plain_column(rows: &[Option<i64>]) -> PlainNumbers {
        let mut column = PlainNumbers::default();
        let held = (0..).zip(rows).filter_map(|(row, number)| Some((row, (*number)?)));
        held.for_each(|(row, number)| column.set(row, number as u64));
        column
    }

    fn list_column(rows: &[Option<Vec<Option<i64>>>]) -> ListColumn {
        let mut column = ListColumn::default();
        let held = (0..).zip(rows).filter_map(|(row, list)| Some((row, list.as_ref()?)));
        held.for_each(|(row, list)| column.set(row, list.iter().map(|number| number.map(|number| number as u64))));
        column
    }

    proptest! {
        #[test]
        fn readers_find_texts_again(
            runs in proptest::collection::vec((proptest::option::of("[a-c]{0,3}"), 1usize..40), 0..80),
            distinct in any::<bool>(),
        ) {
            let rows: Vec<_> = runs
                .into_iter()
                .enumerate()
                .flat_map(|(index, (text, count))| {
                    // More distinct texts than a dictionary is kept for.
                    let text = move |row| text.clone().map(|text| if distinct { format!("{text}{index} {row}") } else { text });
                    (0..count).map(text)
                })
                .collect();
            let kind = "optional binary text (UTF8);";
            for mut column in columns!(rows, text_column) {
                prop_assert_eq!(&texts(&read_back(kind, |chunk| chunk.texts(&mut column, true), rows.len())), &rows);
            }
            for mut column in columns!(rows, id_column) {
                prop_assert_eq!(&texts(&read_back(kind, |chunk| chunk.ids(&mut column), rows.len())), &rows);
            }
        }

        #[test]
        fn readers_find_numbers_again(
            rows in proptest::collection::vec(proptest::option::weighted(0.8, number()), 0..700),
        ) {
            let kind = "optional int64 number;";
            for mut column in columns!(rows, number_column) {
                prop_assert_eq!(&longs(&read_back(kind, |chunk| chunk.numbers(&mut column), rows.len())), &rows);
            }
            for mut column in columns!(rows, plain_column) {
                prop_assert_eq!(&longs(&read_back(kind, |chunk| chunk.plain_numbers(&mut column), rows.len())), &rows);
            }
            let rows: Vec<_> = rows.iter().map(|row| row.map(|number| i64::from(number > 0))).collect();
            for mut column in columns!(rows, number_column) {
                let read = read_back("optional boolean flag;", |chunk| chunk.flags(&mut column), rows.len());
                let read: Vec<_> = read.as_boolean_opt().map_or_else(Vec::new, |array| array.iter().collect());
                prop_assert_eq!(read, rows.iter().map(|row| row.map(|number| number > 0)).collect::<Vec<_>>());
            }
        }

        #[test]
        fn readers_find_lists_again(
            rows in proptest::collection::vec(
                proptest::option::of(proptest::collection::vec(proptest::option::weighted(0.9, number()), 0..9)),
                0..90,
            ),
        ) {
            let kind = "optional group lists (LIST) { repeated group list { optional int64 element; } }";
            for mut column in columns!(rows, list_column) {
                let read = read_back(kind, |chunk| chunk.lists(&mut column), rows.len());
                let read = read.as_list_opt::<i32>().map_or_else(Vec::new, |array| {
                    array.iter().map(|list| list.map(|list| longs(&list))).collect()
                });
                prop_assert_eq!(&read, &rows);
            }
        }
    }
}
