//! Numbers for the sets of attributes of metric points: a series comes again with every export.

use crate::otlp::{Attributes, KeyValue, Value};
use crate::values::Texts;

/// Sets of attributes with the group of their point, each kept once.
#[derive(Default)]
pub(super) struct Labels {
    held: Texts,
    key: Vec<u8>,
    /// Numbers by that of the series, each with the group and whether it was scraped.
    by_series: Vec<Option<(u64, bool, u32)>>,
}

impl Labels {
    /// The number of a set; those of new ones follow upon each other.
    pub fn code(&mut self, group: u64, scraped: bool, series: u32, attributes: Attributes<'_>) -> u32 {
        let place = series as usize;
        if let Some(Some((held, was_scraped, code))) = self.by_series.get(place)
            && (*held, *was_scraped) == (group, scraped)
        {
            return *code;
        }
        let code = self.code_of(group, scraped, attributes);
        if series != 0 {
            self.by_series.resize(self.by_series.len().max(place + 1), None);
            self.by_series[place] = Some((group, scraped, code));
        }
        code
    }

    fn code_of(&mut self, group: u64, scraped: bool, attributes: Attributes<'_>) -> u32 {
        self.key.clear();
        self.key.extend_from_slice(&group.to_le_bytes());
        self.key.push(scraped.into());
        push_all(&mut self.key, attributes);
        self.held.code(&self.key)
    }

    /// Forgets all of them and keeps the memory.
    pub fn clear(&mut self) {
        self.held.clear();
        self.by_series.clear();
    }
}

fn push_all(out: &mut Vec<u8>, attributes: &[KeyValue<'_>]) {
    for KeyValue { key, value } in attributes {
        push_bytes(out, 0, key.as_bytes());
        push_value(out, value);
    }
}

/// Appends a value so that no two values look the same.
fn push_value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Empty => out.push(1),
        Value::Str(text) => push_bytes(out, 2, text.as_bytes()),
        Value::Bool(flag) => out.extend_from_slice(&[3, (*flag).into()]),
        Value::Int(number) => push_number(out, 4, *number as u64),
        Value::Double(number) => push_number(out, 5, number.to_bits()),
        Value::Bytes(bytes) => push_bytes(out, 6, bytes),
        Value::List(values) => {
            push_number(out, 7, values.len() as u64);
            values.iter().for_each(|value| push_value(out, value));
        }
        Value::Map(entries) => {
            push_number(out, 8, entries.len() as u64);
            push_all(out, entries);
        }
    }
}

fn push_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    push_number(out, tag, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_number(out: &mut Vec<u8>, tag: u8, number: u64) {
    out.push(tag);
    out.extend_from_slice(&number.to_le_bytes());
}
