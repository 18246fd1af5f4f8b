//! Nested rows on their way from the unit they come from to the row group they become a part of.
//!
//! A row group is worth its footer, and its dictionaries say things once, when it has the rows of many units. As Arrow's
//! columns those would take hundreds of megabytes; compressed, they take some.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, ListArray, PrimitiveArray, StringArray, StructArray,
    new_null_array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::compress_bound;

use crate::columns::{Nested, internal};
use crate::error::Result;
use crate::pages::ZSTD_LEVEL;

/// The nested rows of a unit and class.
pub(crate) struct Piece {
    /// Absent where no row has a value.
    columns: Vec<Option<Packed>>,
    rows: usize,
}

/// A column: its buffers one after the other, compressed.
struct Packed {
    bytes: Box<[u8]>,
    /// Before compression
    size: usize,
}

/// What one piece after the other is packed and unpacked with.
pub(crate) struct Press {
    pack: Compressor<'static>,
    unpack: Decompressor<'static>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl Press {
    /// With contexts of its own.
    pub fn new() -> Result<Self> {
        let pack = Compressor::new(ZSTD_LEVEL).map_err(internal)?;
        let unpack = Decompressor::new().map_err(internal)?;
        Ok(Self { pack, unpack, plain: Vec::new(), packed: Vec::new() })
    }

    fn pack(&mut self, array: &dyn Array) -> Result<Packed> {
        self.plain.clear();
        put(&mut self.plain, array)?;
        self.packed.resize(compress_bound(self.plain.len()), 0);
        let end = self.pack.compress_to_buffer(&self.plain, &mut self.packed).map_err(internal)?;
        Ok(Packed { bytes: self.packed[..end].into(), size: self.plain.len() })
    }

    fn unpack(&mut self, packed: &Packed) -> Result<Plain<'_>> {
        self.plain.resize(packed.size, 0);
        self.unpack.decompress_to_buffer(&packed.bytes, &mut self.plain).map_err(internal)?;
        Ok(Plain(&self.plain))
    }
}

impl Piece {
    /// Packs rows column by column; each is made for it and freed when it is done.
    pub fn pack(nested: Nested, press: &mut Press) -> Result<Self> {
        let rows = nested.rows();
        let columns = nested.into_told().map(|array| array?.map(|array| press.pack(&array)).transpose());
        Ok(Self { columns: columns.collect::<Result<_>>()?, rows })
    }

    /// Rows of no columns.
    #[cfg(test)]
    pub fn of_nulls(rows: usize) -> Self {
        Self { columns: Vec::new(), rows }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        self.columns.iter().flatten().map(|packed| packed.bytes.len()).sum()
    }

    /// Whether any row has a value in this column.
    pub fn tells(&self, index: usize) -> bool {
        self.columns.get(index).is_some_and(Option::is_some)
    }

    /// A column as it was, of the type that it had; it is no longer kept.
    pub fn take(&mut self, index: usize, kind: &DataType, press: &mut Press) -> Result<ArrayRef> {
        match self.columns.get_mut(index).and_then(Option::take) {
            Some(packed) => press.unpack(&packed)?.array(kind, self.rows),
            None => Ok(new_null_array(kind, self.rows)),
        }
    }
}

/// Which rows of an array have a value: all of them, those whose bits follow, or none, and then nothing follows.
const ALL: u8 = 0;
const SOME: u8 = 1;
const NONE: u8 = 2;

/// Appends an array: which rows have a value, then its buffers, then its children.
fn put(out: &mut Vec<u8>, array: &dyn Array) -> Result<()> {
    if array.null_count() == array.len() {
        out.push(NONE);
        return Ok(());
    }
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    out.push(if nulls.is_some() { SOME } else { ALL });
    if let Some(nulls) = nulls {
        out.extend_from_slice(&nulls.inner().sliced());
    }
    match array.data_type() {
        DataType::Boolean => out.extend_from_slice(&array.as_boolean().values().sliced()),
        DataType::Int64 => out.extend_from_slice(array.as_primitive::<Int64Type>().values().inner()),
        DataType::Float64 => out.extend_from_slice(array.as_primitive::<Float64Type>().values().inner()),
        DataType::Utf8 => {
            let texts = array.as_string::<i32>();
            out.extend_from_slice(texts.offsets().inner().inner());
            out.extend_from_slice(texts.values());
        }
        DataType::Struct(_) => {
            for child in array.as_struct().columns() {
                put(out, child)?;
            }
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            out.extend_from_slice(lists.offsets().inner().inner());
            put(out, lists.values())?;
        }
        other => return Err(internal(format!("no nested column is {other}"))),
    }
    Ok(())
}

/// What [`put`] wrote, read from its front.
struct Plain<'p>(&'p [u8]);

impl Plain<'_> {
    /// The next bytes, copied to where numbers may begin.
    fn take(&mut self, count: usize) -> Result<Buffer> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| internal("a packed column is too short"))?;
        self.0 = rest;
        Ok(Buffer::from(taken))
    }

    fn bits(&mut self, count: usize) -> Result<BooleanBuffer> {
        Ok(BooleanBuffer::new(self.take(count.div_ceil(8))?, 0, count))
    }

    fn numbers<T: ArrowPrimitiveType>(&mut self, rows: usize, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
        let values = ScalarBuffer::new(self.take(rows * size_of::<T::Native>())?, 0, rows);
        Ok(Arc::new(PrimitiveArray::<T>::try_new(values, nulls).map_err(internal)?))
    }

    /// Where each row's part of a child or text begins, and where the last one ends.
    fn offsets(&mut self, rows: usize) -> Result<(OffsetBuffer<i32>, usize)> {
        let offsets = ScalarBuffer::<i32>::new(self.take((rows + 1) * size_of::<i32>())?, 0, rows + 1);
        let end = offsets.last().copied().unwrap_or_default() as usize;
        Ok((OffsetBuffer::new(offsets), end))
    }

    fn array(&mut self, kind: &DataType, rows: usize) -> Result<ArrayRef> {
        let nulls = match self.take(1)?.as_slice() {
            [ALL] => None,
            [SOME] => Some(NullBuffer::new(self.bits(rows)?)),
            _ => return Ok(new_null_array(kind, rows)),
        };
        Ok(match kind {
            DataType::Boolean => Arc::new(BooleanArray::new(self.bits(rows)?, nulls)),
            DataType::Int64 => self.numbers::<Int64Type>(rows, nulls)?,
            DataType::Float64 => self.numbers::<Float64Type>(rows, nulls)?,
            DataType::Utf8 => {
                let (offsets, end) = self.offsets(rows)?;
                Arc::new(StringArray::try_new(offsets, self.take(end)?, nulls).map_err(internal)?)
            }
            DataType::Struct(fields) => {
                let children = fields.iter().map(|field| self.array(field.data_type(), rows));
                let children = children.collect::<Result<Vec<_>>>()?;
                Arc::new(StructArray::try_new(fields.clone(), children, nulls).map_err(internal)?)
            }
            DataType::List(field) => {
                let (offsets, end) = self.offsets(rows)?;
                let items = self.array(field.data_type(), end)?;
                Arc::new(ListArray::try_new(Arc::clone(field), offsets, items, nulls).map_err(internal)?)
            }
            other => return Err(internal(format!("no nested column is {other}"))),
        })
    }
}
