//! OTLP/protobuf to borrowed records: the same records as from JSON.
//!
//! A hand-written reader that borrows text and ids from the bytes. The file exporter does not say which signal a request
//! is, and all three share field number 1: the structure decides. Unknown fields are skipped; of repeated singular
//! fields the last counts; a text that is not UTF-8 makes its record faulty. Field numbers follow opentelemetry-proto 1.9.

mod memo;
mod records;
mod wire;

use bumpalo::Bump;

use super::{Request, ResourceGroup, ScopeGroup};
pub use memo::Memo;
use memo::Recall;
use records::Reader;
pub use wire::ProtoError;
use wire::{Field, Message, Wire};

/// What the records of a request are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Log,
    Span,
    Metric,
    /// A record without fields, which all three may be.
    Any,
}

/// Reads one export request; everything it gives borrows from `bytes` or lives in `arena`.
#[cfg(test)]
pub fn parse<'a>(bytes: &'a [u8], arena: &'a Bump) -> Result<Request<'a>, ProtoError> {
    request(bytes, arena, None)
}

/// Reads one export request with a memory of what those before it said; what repeats is given from it.
pub fn parse_next<'a, 'u: 'a>(bytes: &'a [u8], arena: &'a Bump, memo: &'a Memo<'u>) -> Result<Request<'a>, ProtoError> {
    request(bytes, arena, Some(memo))
}

fn request<'a>(bytes: &'a [u8], arena: &'a Bump, memo: Option<&'a dyn Recall<'a>>) -> Result<Request<'a>, ProtoError> {
    let message = Message::new(bytes);
    let mut reader = Reader::new(arena, memo);
    let mut request = Request::default();
    match shape_of_request(message)? {
        Shape::Span => request.spans = groups(&mut reader, message, records::span)?,
        Shape::Metric => request.metrics = groups(&mut reader, message, records::metric)?,
        Shape::Log | Shape::Any => request.logs = groups(&mut reader, message, records::log)?,
    }
    Ok(request)
}

fn submessages<'a>(
    mut message: Message<'a>,
    wanted: u32,
    mut each: impl FnMut(Message<'a>) -> Wire<bool>,
) -> Wire<bool> {
    while let Some((number, field)) = message.next()? {
        if number == wanted {
            let Field::Bytes(inner) = field else {
                return message.error("a field of the wrong type");
            };
            if each(inner)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The shape of the first record that shows one.
fn shape_of_request(message: Message<'_>) -> Wire<Shape> {
    let mut found = Shape::Any;
    submessages(message, 1, |resource| {
        submessages(resource, 2, |scope| {
            submessages(scope, 2, |record| {
                found = shape_of_record(record)?;
                Ok(found != Shape::Any)
            })
        })
    })?;
    Ok(found)
}

/// Tells a record by wire types that only one signal has at a field number. Writers put fields in any order (the
/// Collector in descending order), so the whole record is looked at.
fn shape_of_record(mut record: Message<'_>) -> Wire<Shape> {
    let mut held = 0u32;
    let mut name_is_text = false;
    while let Some((number, field)) = record.next()? {
        match (number, field) {
            // LogRecord: fixed64 times 1 and 11, varints 2 and 7, fixed32 flags 8.
            (1 | 11, Field::Fixed64(_)) | (2 | 7, Field::Varint(_)) | (8, Field::Fixed32(_)) => return Ok(Shape::Log),
            // Span: varints 6, 10, 12, 14, fixed64 times 7 and 8, fixed32 flags 16; links 13 and status 15.
            (6 | 10 | 12 | 14, Field::Varint(_)) | (7 | 8, Field::Fixed64(_)) | (16, Field::Fixed32(_)) => {
                return Ok(Shape::Span);
            }
            (13 | 15, Field::Bytes(_)) => return Ok(Shape::Span),
            (1, Field::Bytes(inner)) => {
                held |= 1 << 1;
                name_is_text = inner.bytes.len() != 16 || inner.bytes.iter().all(|b| (0x20..0x7f).contains(b));
            }
            (1..=31, Field::Bytes(_)) => held |= 1 << number,
            _ => {}
        }
    }
    // Only lengths are left to tell by: Metric has a name 1 and its data 5, 7, 9, 10 or 11, a log body 5, attributes 6.
    let has = |number: u32| held & (1 << number) != 0;
    Ok(if has(1) {
        if name_is_text { Shape::Metric } else { Shape::Span }
    } else if has(7) {
        Shape::Metric
    } else if has(6) || has(12) || has(5) {
        Shape::Log
    } else {
        Shape::Any
    })
}

type Record<'a, R> = fn(&mut Reader<'a>, Message<'a>) -> Wire<R>;

fn groups<'a, R: Copy>(
    reader: &mut Reader<'a>,
    message: Message<'a>,
    record: Record<'a, R>,
) -> Wire<&'a [ResourceGroup<'a, R>]> {
    let mut groups = Vec::new();
    submessages(message, 1, |mut resource| {
        let mut group = ResourceGroup { resource: Default::default(), scopes: &[], schema_url: "", fault: None };
        let mut scopes = Vec::new();
        let mut fault = None;
        while let Some((number, field)) = resource.next()? {
            match (number, field) {
                (1, Field::Bytes(inner)) => group.resource = reader.resource(inner)?,
                (2, Field::Bytes(inner)) => scopes.push(scope_group(reader, inner, record)?),
                (3, Field::Bytes(inner)) => group.schema_url = reader.text("schemaUrl", inner),
                (1..=3, _) => return resource.error("a field of the wrong type"),
                _ => {}
            }
            fault = fault.or(reader.take_fault());
        }
        group.scopes = reader.arena.alloc_slice_copy(&scopes);
        group.fault = fault;
        groups.push(group);
        Ok(false)
    })?;
    Ok(reader.arena.alloc_slice_copy(&groups))
}

fn scope_group<'a, R: Copy>(
    reader: &mut Reader<'a>,
    mut message: Message<'a>,
    record: Record<'a, R>,
) -> Wire<ScopeGroup<'a, R>> {
    let mut group = ScopeGroup { scope: Default::default(), records: &[], schema_url: "", fault: None };
    let mut list = Vec::new();
    let mut fault = None;
    while let Some((number, field)) = message.next()? {
        match (number, field) {
            (1, Field::Bytes(inner)) => group.scope = reader.scope(inner)?,
            (2, Field::Bytes(inner)) => {
                let outer = reader.take_fault();
                list.push(record(reader, inner)?);
                fault = fault.or(outer);
            }
            (3, Field::Bytes(inner)) => group.schema_url = reader.text("schemaUrl", inner),
            (1..=3, _) => return message.error("a field of the wrong type"),
            _ => {}
        }
        fault = fault.or(reader.take_fault());
    }
    group.records = reader.arena.alloc_slice_copy(&list);
    group.fault = fault;
    Ok(group)
}

#[cfg(test)]
mod tests;
