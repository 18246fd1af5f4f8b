//! A column of a flat file: what its type admits of the values that it is given.

use std::sync::Arc;

use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int64Type};
use arrow_array::{ArrayRef, BooleanArray, ListArray, PrimitiveArray, StringArray};

use super::super::event::{Column, ColumnKind, Node};
use super::element;
use crate::cells::{HELD, ListColumn, NULL, NumberColumn, PlainNumbers, PlainText, Run, TextColumn};
use crate::columns::internal;
use crate::error::Result;
use crate::otlp::Value;
use crate::parquet::{is_id, is_unique};
use crate::semconv::integer;
use crate::text::{push_double, push_plain};

/// The row at hand, and the longest text of any row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct At {
    pub row: u32,
    pub longest: usize,
}

/// A column under construction.
pub(crate) struct Cells {
    kind: ColumnKind,
    held: Held,
}

enum Held {
    /// Text that repeats
    Text(TextColumn),
    /// Integers, doubles or flags that repeat
    Number(NumberColumn),
    /// Ids of one length each
    Ids(PlainText),
    /// Numbers that hardly repeat
    PlainNumber(PlainNumbers),
    List(ListColumn),
}

impl Cells {
    /// Without rows; `by_code` if rows are told by codes.
    pub fn new(column: &Column, by_code: bool) -> Self {
        let is_unique = is_unique(column.name) && !by_code;
        let held = match column.kind {
            ColumnKind::Text if is_id(column.name) => Held::Ids(PlainText::default()),
            ColumnKind::Text => Held::Text(TextColumn::new(!by_code)),
            ColumnKind::Long | ColumnKind::Double if is_unique => Held::PlainNumber(PlainNumbers::default()),
            ColumnKind::Long | ColumnKind::Double | ColumnKind::Bool => Held::Number(NumberColumn::default()),
            ColumnKind::LongList | ColumnKind::DoubleList => Held::List(ListColumn::default()),
        };
        Self { kind: column.kind, held }
    }

    /// No value; only of columns that repeat this has to be said.
    #[inline]
    pub fn null(&mut self, at: &At) {
        match &mut self.held {
            Held::Text(column) => column.set_code(at.row, NULL),
            Held::Number(column) => column.runs.set(at.row, NULL),
            Held::Ids(_) | Held::PlainNumber(_) | Held::List(_) => {}
        }
    }

    /// A text; null where the column is of another type.
    #[inline]
    pub fn text(&mut self, at: &mut At, text: &str) {
        at.longest = at.longest.max(text.len());
        match &mut self.held {
            Held::Text(column) => column.set(at.row, text.as_bytes()),
            Held::Ids(column) => column.set(at.row, text.as_bytes()),
            _ => self.null(at),
        }
    }

    #[inline]
    pub fn long(&mut self, at: &At, value: i64) {
        if self.kind == ColumnKind::Long { self.number(at, value as u64) } else { self.null(at) }
    }

    /// A double; null when it is not finite.
    #[inline]
    pub fn double(&mut self, at: &At, value: Option<f64>) {
        match value {
            Some(value) if value.is_finite() && self.kind == ColumnKind::Double => self.number(at, value.to_bits()),
            _ => self.null(at),
        }
    }

    #[inline]
    fn number(&mut self, at: &At, number: u64) {
        match &mut self.held {
            Held::Number(column) => column.set(at.row, number),
            Held::PlainNumber(column) => column.set(at.row, number),
            _ => {}
        }
    }

    /// A list of numbers as they are kept; null where the column has none.
    pub fn list(&mut self, at: &At, list: impl Iterator<Item = Option<u64>>) {
        match &mut self.held {
            Held::List(column) => column.set(at.row, list),
            _ => self.null(at),
        }
    }

    /// A value that the column's type admits; anything else is null.
    #[inline]
    pub fn node(&mut self, at: &mut At, node: &Node<'_>) {
        match (self.kind, node) {
            (ColumnKind::Text, Node::Text(text) | Node::Json(text)) => self.text(at, text),
            (ColumnKind::Long, Node::Long(value)) => self.long(at, *value),
            (ColumnKind::Double, Node::Long(value)) => self.double(at, Some(*value as f64)),
            (ColumnKind::Double, Node::Double(value)) => self.double(at, Some(*value)),
            (ColumnKind::Bool, Node::Bool(value)) => self.number(at, u64::from(*value)),
            _ => self.other_node(at, node),
        }
    }

    fn other_node(&mut self, at: &mut At, node: &Node<'_>) {
        match (self.kind, node) {
            (ColumnKind::Text, Node::Long(value)) => self.text(at, itoa::Buffer::new().format(*value)),
            (ColumnKind::Text, Node::Bool(value)) => self.text(at, if *value { "true" } else { "false" }),
            (ColumnKind::Text, Node::Double(value)) => {
                let mut out = String::new();
                push_double(&mut out, *value);
                self.text(at, &out);
            }
            (ColumnKind::LongList, Node::List(items)) => {
                self.list(
                    at,
                    items.iter().map(|item| if let Node::Long(value) = item { Some(*value as u64) } else { None }),
                );
            }
            (ColumnKind::DoubleList, Node::List(items)) => {
                let bits = |item: &Node<'_>| if let Node::Double(value) = item { Some(value.to_bits()) } else { None };
                self.list(at, items.iter().map(bits));
            }
            _ => self.null(at),
        }
    }

    /// An attribute's value.
    pub fn value(&mut self, at: &mut At, value: Value<'_>) {
        match (self.kind, value) {
            (ColumnKind::Text, Value::Str(text)) => self.text(at, text),
            (ColumnKind::Text, other) => {
                let mut out = String::new();
                push_plain(&mut out, &other);
                self.text(at, &out);
            }
            (ColumnKind::Long, value) => match integer(value) {
                Some(value) => self.long(at, value),
                None => self.null(at),
            },
            (ColumnKind::Double, value) => self.double(at, number(value)),
            _ => self.null(at),
        }
    }

    /// The code of the last row's value, of a column that repeats.
    pub fn code(&self) -> u32 {
        match &self.held {
            Held::Text(column) => column.runs.code(),
            Held::Number(column) => column.runs.code(),
            _ => NULL,
        }
    }

    /// The value of a code that [`Self::code`] gave.
    #[inline]
    pub fn set_code(&mut self, at: &At, code: u32) {
        match &mut self.held {
            Held::Text(column) => column.set_code(at.row, code),
            Held::Number(column) => column.set_code(at.row, code),
            _ => {}
        }
    }

    /// Bytes of text in this many rows, as an Arrow column would hold them.
    pub fn text_len(&self, rows: u32) -> usize {
        match &self.held {
            Held::Text(column) => column.plain_len(rows),
            Held::Ids(column) => column.len(),
            _ => 0,
        }
    }

    /// The column as it is written.
    pub fn column(&mut self) -> FlatColumn<'_> {
        match &mut self.held {
            Held::Text(column) => FlatColumn::Text(column),
            Held::Number(column) => match self.kind {
                ColumnKind::Bool => FlatColumn::Flag(column),
                _ => FlatColumn::Number(column),
            },
            Held::Ids(column) => FlatColumn::Ids(column),
            Held::PlainNumber(column) => FlatColumn::PlainNumber(column),
            Held::List(column) => FlatColumn::List(column),
        }
    }

    /// Appends the rows of the same column of another file, the first of them as row `at`.
    pub fn append(&mut self, at: u32, other: &mut Self, rows: u32) {
        match (&mut self.held, &mut other.held) {
            (Held::Text(column), Held::Text(other)) => column.append(at, other, rows),
            (Held::Number(column), Held::Number(other)) => column.append(at, other, rows),
            (Held::Ids(column), Held::Ids(other)) => column.append(at, other, rows),
            (Held::PlainNumber(column), Held::PlainNumber(other)) => column.append(at, other, rows),
            (Held::List(column), Held::List(other)) => column.append(at, other, rows),
            _ => debug_assert!(false, "another column"),
        }
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        match &mut self.held {
            Held::Text(column) => column.clear(),
            Held::Number(column) => column.clear(),
            Held::Ids(column) => column.clear(),
            Held::PlainNumber(column) => column.clear(),
            Held::List(column) => column.clear(),
        }
    }

    /// This many rows as a plain array.
    pub fn array(&mut self, rows: u32) -> Result<ArrayRef> {
        let kind = self.kind;
        Ok(match &mut self.held {
            Held::Text(TextColumn { plain: Some(plain), .. }) => plain_array(plain, rows),
            Held::Text(column) => {
                let texts = &column.texts;
                let rows = each(column.runs.finish(rows)).map(|code| Some(as_text(texts.get(code?))));
                Arc::new(StringArray::from_iter(rows))
            }
            Held::Number(column) => {
                let numbers = column.numbers.held();
                numbers_array(kind, each(column.runs.finish(rows)).map(|code| Some(numbers[code? as usize])))
            }
            Held::PlainNumber(column) => {
                let mut numbers = column.held.iter().copied();
                let rows = each(column.presence.finish(rows));
                numbers_array(kind, rows.map(|code| code.and_then(|_| numbers.next())))
            }
            Held::Ids(column) => plain_array(column, rows),
            Held::List(column) => return list_array(kind, column, rows),
        })
    }
}

/// The code of each row.
fn each(runs: &[Run]) -> impl Iterator<Item = Option<u32>> {
    runs.iter().flat_map(|(code, count)| std::iter::repeat_n((*code != NULL).then_some(*code), *count as usize))
}

fn as_text(bytes: &[u8]) -> &str {
    // Every text came as one.
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn plain_array(column: &mut PlainText, rows: u32) -> ArrayRef {
    let mut held = Vec::with_capacity(rows as usize);
    for page in column.finish(rows) {
        let mut texts = page.texts();
        held.extend(each(page.runs).map(|code| code.and_then(|_| texts.next()).map(as_text)));
    }
    Arc::new(StringArray::from_iter(held))
}

fn numbers_array(kind: ColumnKind, rows: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    match kind {
        ColumnKind::Long | ColumnKind::LongList => {
            Arc::new(PrimitiveArray::<Int64Type>::from_iter(rows.map(|row| row.map(|number| number as i64))))
        }
        ColumnKind::Bool => Arc::new(BooleanArray::from_iter(rows.map(|row| row.map(|number| number != 0)))),
        _ => Arc::new(PrimitiveArray::<Float64Type>::from_iter(rows.map(|row| row.map(f64::from_bits)))),
    }
}

fn list_array(kind: ColumnKind, column: &mut ListColumn, rows: u32) -> Result<ArrayRef> {
    let ListColumn { numbers, codes, lengths, presence } = column;
    let numbers = numbers.held();
    let elements = codes.iter().map(|code| (*code != NULL).then(|| numbers[*code as usize]));
    let runs = presence.finish(rows);
    let mut lengths = lengths.iter();
    let row_lengths = each(runs).map(|code| code.and_then(|_| lengths.next()).map_or(0, |length| *length as usize));
    let offsets = arrow_buffer::OffsetBuffer::from_lengths(row_lengths);
    let validity = each(runs).map(|code| code == Some(HELD)).collect();
    let item = if kind == ColumnKind::LongList { Int64Type::DATA_TYPE } else { Float64Type::DATA_TYPE };
    let array = ListArray::try_new(element(item), offsets, numbers_array(kind, elements), Some(validity));
    Ok(Arc::new(array.map_err(internal)?))
}

fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Int(number) => Some(number as f64),
        Value::Double(number) => Some(number),
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|number: &f64| number.is_finite())
}

/// A finished column.
pub(crate) enum FlatColumn<'c> {
    Text(&'c mut TextColumn),
    Number(&'c mut NumberColumn),
    Flag(&'c mut NumberColumn),
    Ids(&'c mut PlainText),
    PlainNumber(&'c mut PlainNumbers),
    List(&'c mut ListColumn),
}
