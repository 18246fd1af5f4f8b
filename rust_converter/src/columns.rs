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

/// A column under construction.
enum Cells {
    Bool(BooleanBuilder),
    Long(Int64Builder),
    Double(Float64Builder),
    Text(StringBuilder),
    Struct { fields: Fields, children: Vec<Cells>, validity: NullBufferBuilder },
    List { field: FieldRef, item: Box<Cells>, offsets: Vec<i32>, validity: NullBufferBuilder },
}

impl Cells {
    fn new(kind: &Kind) -> Self {
        match kind {
            // Most of some hundred columns stay empty, and Arrow would set 5 KB aside for each.
            Kind::Bool => Self::Bool(BooleanBuilder::with_capacity(0)),
            Kind::Long => Self::Long(Int64Builder::with_capacity(0)),
            Kind::Double => Self::Double(Float64Builder::with_capacity(0)),
            Kind::Text | Kind::Json => Self::Text(StringBuilder::with_capacity(0, 0)),
            Kind::Object(schema) => Self::Struct {
                fields: schema.fields.iter().map(|field| Arc::new(arrow_field(field))).collect(),
                children: schema.fields.iter().map(|field| Self::new(&field.kind)).collect(),
                validity: NullBufferBuilder::new(0),
            },
            Kind::List(item) => Self::List {
                field: Arc::new(Field::new(ELEMENT, data_type(item), true)),
                item: Box::new(Self::new(item)),
                offsets: vec![0],
                validity: NullBufferBuilder::new(0),
            },
        }
    }

    /// Appends a value; false when it has another type than the schema declares.
    fn push(&mut self, node: Option<Node<'_>>) -> bool {
        match (self, node) {
            (Self::Bool(cells), Some(Node::Bool(value))) => cells.append_value(value),
            (Self::Bool(cells), None) => cells.append_null(),
            (Self::Long(cells), Some(Node::Long(value))) => cells.append_value(value),
            (Self::Long(cells), None) => cells.append_null(),
            (Self::Double(cells), Some(Node::Double(value))) => cells.append_value(value),
            (Self::Double(cells), None) => cells.append_null(),
            (Self::Text(cells), Some(Node::Text(value) | Node::Json(value))) => cells.append_value(value),
            (Self::Text(cells), None) => cells.append_null(),
            (Self::Struct { children, validity, .. }, Some(Node::Object(object))) => {
                validity.append_non_null();
                return children
                    .iter_mut()
                    .zip(object.values)
                    .fold(true, |fine, (cells, value)| cells.push(*value) && fine);
            }
            (Self::Struct { children, validity, .. }, None) => {
                validity.append_null();
                for cells in children {
                    cells.push(None);
                }
            }
            (Self::List { item, offsets, validity, .. }, Some(Node::List(items))) => {
                validity.append_non_null();
                let mut fine = true;
                for value in items.iter() {
                    fine &= item.push(Some(*value));
                }
                offsets.push(offsets.last().copied().unwrap_or(0) + items.len() as i32);
                return fine;
            }
            (Self::List { offsets, validity, .. }, None) => {
                validity.append_null();
                offsets.push(offsets.last().copied().unwrap_or(0));
            }
            (cells, Some(_)) => {
                cells.push(None);
                return false;
            }
        }
        true
    }

    fn finish(&mut self) -> Result<ArrayRef> {
        Ok(match self {
            Self::Bool(cells) => Arc::new(cells.finish()),
            Self::Long(cells) => Arc::new(cells.finish()),
            Self::Double(cells) => Arc::new(cells.finish()),
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::Struct { fields, children, validity } => {
                let arrays = children.iter_mut().map(Self::finish).collect::<Result<Vec<_>>>()?;
                Arc::new(StructArray::try_new(fields.clone(), arrays, validity.finish()).map_err(internal)?)
            }
            Self::List { field, item, offsets, validity } => {
                let ends = std::mem::replace(offsets, vec![0]);
                let offsets = OffsetBuffer::new(ends.into());
                Arc::new(
                    ListArray::try_new(field.clone(), offsets, item.finish()?, validity.finish()).map_err(internal)?,
                )
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
    cells: Vec<Cells>,
    rows: usize,
}

impl Nested {
    /// No rows yet.
    pub fn new(class: &Class, core: bool) -> Self {
        let indexes = if core { class.core_fields } else { class.fields };
        Self {
            schema: nested_schema(class, core),
            indexes,
            cells: indexes.iter().map(|index| Cells::new(&EVENT.fields[*index].kind)).collect(),
            rows: 0,
        }
    }

    /// Appends an event of the class.
    pub fn push(&mut self, event: &Event<'_>) {
        for (index, cells) in self.indexes.iter().zip(&mut self.cells) {
            let fits = cells.push(event.root.get(*index).copied());
            debug_assert!(fits, "{} has another type than declared", EVENT.fields[*index].name);
        }
        self.rows += 1;
    }

    /// Takes the rows out as a batch.
    pub fn take(&mut self) -> Result<RecordBatch> {
        self.rows = 0;
        let arrays = self.cells.iter_mut().map(Cells::finish).collect::<Result<Vec<_>>>()?;
        RecordBatch::try_new(self.schema.clone(), arrays).map_err(internal)
    }
}
