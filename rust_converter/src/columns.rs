//! Events to Arrow columns: the nested layout's structs, built field by field from the declared schema.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer};
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

use crate::error::{Error, Result};
use crate::ocsf::event::{self, Class, Event, Kind, Node};
use crate::ocsf::schema::EVENT;

/// Field metadata that says what OCSF type a text column holds.
const OCSF_TYPE: &str = "ocsf_type";

/// Parquet's and Arrow's standard name of a list's element.
const ELEMENT: &str = "element";

/// Text that a column may hold before the rows are cut, so that a very long line cannot overflow an Arrow column.
pub(crate) const MOST_TEXT: usize = 64 << 20;

/// The Arrow schema of a class in the nested layout.
pub(crate) fn nested_schema(class: &Class, core: bool) -> SchemaRef {
    let indexes = if core { class.core_fields } else { class.fields };
    let fields: Vec<Field> = indexes.iter().map(|index| arrow_field(&EVENT.fields[*index])).collect();
    Arc::new(Schema::new(fields))
}

fn arrow_field(field: &event::Field) -> Field {
    let made = Field::new(field.name, data_type(&field.kind), true);
    match field.kind {
        Kind::Json => made.with_metadata(HashMap::from([
            (OCSF_TYPE.to_string(), "json_t".to_string()),
            (EXTENSION_TYPE_NAME_KEY.to_string(), "arrow.json".to_string()),
            (EXTENSION_TYPE_METADATA_KEY.to_string(), String::new()),
        ])),
        _ => made,
    }
}

fn data_type(kind: &Kind) -> DataType {
    match kind {
        Kind::Bool => DataType::Boolean,
        Kind::Long => DataType::Int64,
        Kind::Double => DataType::Float64,
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Object(schema) => {
            DataType::Struct(schema.fields.iter().map(|field| Arc::new(arrow_field(field))).collect())
        }
        Kind::List(item) => DataType::List(Arc::new(Field::new(ELEMENT, data_type(item), true))),
    }
}

/// A column under construction. Rows that were not told have no value, and take no memory until the column is finished.
struct Column {
    cells: Cells,
    /// Rows that the cells hold.
    rows: usize,
}

enum Cells {
    Bool(BooleanBuilder),
    Long(Int64Builder),
    Double(Float64Builder),
    Text(StringBuilder),
    /// Its fields have the rows of the object itself.
    Struct {
        fields: Fields,
        children: Vec<Column>,
        validity: NullBufferBuilder,
    },
    /// Its items have rows of their own.
    List {
        field: FieldRef,
        item: Box<Column>,
        offsets: Vec<i32>,
        validity: NullBufferBuilder,
    },
}

/// What became of a value.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// It has another type than the schema declares.
    is_other: bool,
    /// The column has as much text as it may.
    is_full: bool,
}

impl Told {
    fn add(&mut self, other: Self) {
        self.is_other |= other.is_other;
        self.is_full |= other.is_full;
    }
}

impl Column {
    fn new(kind: &Kind) -> Self {
        let cells = match kind {
            // Most of some hundred columns stay empty, and Arrow would set 5 KB aside for each.
            Kind::Bool => Cells::Bool(BooleanBuilder::with_capacity(0)),
            Kind::Long => Cells::Long(Int64Builder::with_capacity(0)),
            Kind::Double => Cells::Double(Float64Builder::with_capacity(0)),
            Kind::Text | Kind::Json => Cells::Text(StringBuilder::with_capacity(0, 0)),
            Kind::Object(schema) => Cells::Struct {
                fields: schema.fields.iter().map(|field| Arc::new(arrow_field(field))).collect(),
                children: schema.fields.iter().map(|field| Self::new(&field.kind)).collect(),
                validity: NullBufferBuilder::new(0),
            },
            Kind::List(item) => Cells::List {
                field: Arc::new(Field::new(ELEMENT, data_type(item), true)),
                item: Box::new(Self::new(item)),
                offsets: vec![0],
                validity: NullBufferBuilder::new(0),
            },
        };
        Self { cells, rows: 0 }
    }

    /// The value of a row.
    fn set(&mut self, row: usize, node: Node<'_>) -> Told {
        self.skip(row);
        let mut told = Told::default();
        match (&mut self.cells, node) {
            (Cells::Bool(cells), Node::Bool(value)) => cells.append_value(value),
            (Cells::Long(cells), Node::Long(value)) => cells.append_value(value),
            (Cells::Double(cells), Node::Double(value)) => cells.append_value(value),
            (Cells::Text(cells), Node::Text(value) | Node::Json(value)) => {
                cells.append_value(value);
                told.is_full = cells.values_slice().len() > MOST_TEXT;
            }
            (Cells::Struct { children, validity, .. }, Node::Object(object)) => {
                validity.append_non_null();
                for (child, value) in children.iter_mut().zip(object.values) {
                    if let Some(value) = value {
                        told.add(child.set(row, *value));
                    }
                }
            }
            (Cells::List { item, offsets, validity, .. }, Node::List(items)) => {
                validity.append_non_null();
                let start = offsets.last().copied().unwrap_or(0);
                for (row, value) in (start as usize..).zip(items) {
                    told.add(item.set(row, *value));
                }
                offsets.push(start + items.len() as i32);
            }
            // It stays without a value.
            _ => return Told { is_other: true, ..told },
        }
        self.rows += 1;
        told
    }

    /// The rows before this one that were not told have no value.
    fn skip(&mut self, row: usize) {
        let missing = row - self.rows;
        if missing == 0 {
            return;
        }
        self.rows = row;
        match &mut self.cells {
            Cells::Bool(cells) => cells.append_nulls(missing),
            Cells::Long(cells) => cells.append_nulls(missing),
            Cells::Double(cells) => cells.append_nulls(missing),
            Cells::Text(cells) => cells.append_nulls(missing),
            Cells::Struct { validity, .. } => validity.append_n_nulls(missing),
            Cells::List { offsets, validity, .. } => {
                validity.append_n_nulls(missing);
                offsets.extend(std::iter::repeat_n(offsets.last().copied().unwrap_or(0), missing));
            }
        }
    }

    /// This many rows as an array.
    fn finish(mut self, rows: usize) -> Result<ArrayRef> {
        self.skip(rows);
        Ok(match self.cells {
            Cells::Bool(mut cells) => Arc::new(cells.finish()),
            Cells::Long(mut cells) => Arc::new(cells.finish()),
            Cells::Double(mut cells) => Arc::new(cells.finish()),
            Cells::Text(mut cells) => Arc::new(cells.finish()),
            Cells::Struct { fields, children, mut validity } => {
                let arrays = children.into_iter().map(|child| child.finish(rows)).collect::<Result<Vec<_>>>()?;
                Arc::new(StructArray::try_new(fields, arrays, validity.finish()).map_err(internal)?)
            }
            Cells::List { field, item, offsets, mut validity } => {
                let items = offsets.last().copied().unwrap_or(0) as usize;
                let offsets = OffsetBuffer::new(offsets.into());
                let items = item.finish(items)?;
                Arc::new(ListArray::try_new(field, offsets, items, validity.finish()).map_err(internal)?)
            }
        })
    }
}

/// An Arrow error here is a fault of ours: the schema is declared.
pub(crate) fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

/// The rows of one class in the nested layout.
pub(crate) struct Nested {
    schema: SchemaRef,
    indexes: &'static [usize],
    columns: Vec<Column>,
    rows: usize,
}

impl Nested {
    /// No rows yet.
    pub fn new(class: &Class, core: bool) -> Self {
        let indexes = if core { class.core_fields } else { class.fields };
        Self {
            schema: nested_schema(class, core),
            indexes,
            columns: indexes.iter().map(|index| Column::new(&EVENT.fields[*index].kind)).collect(),
            rows: 0,
        }
    }

    /// Appends an event of the class; gives whether the rows are to be cut behind it.
    pub fn push(&mut self, event: &Event<'_>) -> bool {
        let mut told = Told::default();
        for (index, column) in self.indexes.iter().zip(&mut self.columns) {
            if let Some(node) = event.root.get(*index) {
                told.add(column.set(self.rows, *node));
            }
        }
        debug_assert!(!told.is_other, "{} has a value of another type than declared", event.class.name);
        self.rows += 1;
        told.is_full
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, each made when it is asked for and no longer kept; nothing where no row has a value.
    pub fn into_told(self) -> impl Iterator<Item = Result<Option<ArrayRef>>> {
        let rows = self.rows;
        self.columns.into_iter().map(move |column| (column.rows > 0).then(|| column.finish(rows)).transpose())
    }

    /// The rows as a batch.
    pub fn into_batch(self) -> Result<RecordBatch> {
        let arrays = self.columns.into_iter().map(|column| column.finish(self.rows)).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(self.schema, arrays).map_err(internal)
    }
}
