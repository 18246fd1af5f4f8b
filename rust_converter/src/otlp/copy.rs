//! Attributes that outlive their request, and whether two lists of them are the same.

use bumpalo::Bump;

use super::{Attributes, KeyValue, Resource, Scope, Value};

/// A resource in an arena of its own.
pub(crate) fn resource<'u>(arena: &'u Bump, held: &Resource<'_>) -> Resource<'u> {
    Resource { attributes: attributes(arena, held.attributes), ..*held }
}

/// A scope in an arena of its own.
pub(crate) fn scope<'u>(arena: &'u Bump, held: &Scope<'_>) -> Scope<'u> {
    Scope {
        name: arena.alloc_str(held.name),
        version: arena.alloc_str(held.version),
        attributes: attributes(arena, held.attributes),
        dropped_attributes_count: held.dropped_attributes_count,
    }
}

/// Attributes in an arena of their own.
pub(crate) fn attributes<'u>(arena: &'u Bump, entries: Attributes<'_>) -> Attributes<'u> {
    arena.alloc_slice_fill_iter(
        entries.iter().map(|entry| KeyValue { key: arena.alloc_str(entry.key), value: value(arena, &entry.value) }),
    )
}

fn value<'u>(arena: &'u Bump, held: &Value<'_>) -> Value<'u> {
    match held {
        Value::Empty => Value::Empty,
        Value::Str(text) => Value::Str(arena.alloc_str(text)),
        Value::Bool(flag) => Value::Bool(*flag),
        Value::Int(number) => Value::Int(*number),
        Value::Double(number) => Value::Double(*number),
        Value::Bytes(bytes) => Value::Bytes(arena.alloc_slice_copy(bytes)),
        Value::List(items) => Value::List(arena.alloc_slice_fill_iter(items.iter().map(|item| value(arena, item)))),
        Value::Map(entries) => Value::Map(attributes(arena, entries)),
    }
}

/// Whether two lists are the same to the last bit: zero and minus zero differ, a NaN is itself.
pub(crate) fn is_same(one: Attributes<'_>, other: Attributes<'_>) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| one.key == other.key && is_same_value(&one.value, &other.value))
}

fn is_same_value(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Double(one), Value::Double(other)) => one.to_bits() == other.to_bits(),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(*other).all(|(one, other)| is_same_value(one, other))
        }
        (Value::Map(one), Value::Map(other)) => is_same(one, other),
        (one, other) => one == other,
    }
}
