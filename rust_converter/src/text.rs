//! Numbers and OTLP values as text: the one place that decides how a value reads in JSON.
//!
//! Integers are integer literals, doubles always have a point or an exponent, bytes and non-finite numbers are objects
//! of one `$` key, key-value lists are objects unless a key repeats or starts with `$`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bumpalo::Bump;
use wide::u8x16;

use crate::otlp::{KeyValue, Value};

/// The first byte from `start` on that a JSON string cannot hold as it is (a quote, a backslash, a control character), or
/// the end; sixteen bytes at a time.
#[inline]
pub fn plain_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let block = u8x16::new(*block);
        let [quote, slash] = [b'"', b'\\'].map(|mark| block.simd_eq(u8x16::splat(mark)));
        let marks = (block.min(u8x16::splat(0x1f)).simd_eq(block) | quote | slash).to_bitmask();
        if marks != 0 {
            return at + marks.trailing_zeros() as usize;
        }
        at += 16;
    }
    short_plain_end(bytes, at)
}

/// [`plain_end`] where less than sixteen bytes are left.
fn short_plain_end(bytes: &[u8], mut at: usize) -> usize {
    if let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let found = unplain(u64::from_le_bytes(*word));
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| *byte == b'"' || *byte == b'\\' || *byte < 0x20).unwrap_or(rest.len())
}

/// The high bit of the first byte that a JSON string cannot hold as it is; those of later bytes may be wrong.
#[inline]
fn unplain(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * u64::from(b'"'));
    let slash = word ^ (ONES * u64::from(b'\\'));
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (slash.wrapping_sub(ONES) & !slash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}

/// Appends a JSON string literal; only what JSON requires is escaped.
#[inline]
pub fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    push_inside(out, text);
    out.push('"');
}

/// The inside of a JSON string literal.
#[inline]
fn push_inside(out: &mut String, text: &str) {
    let end = plain_end(text.as_bytes(), 0);
    if end == text.len() {
        out.push_str(text);
    } else {
        push_escaped(out, text, end);
    }
}

/// The inside of a JSON string literal whose first byte to be escaped stands at `end`.
fn push_escaped(out: &mut String, text: &str, mut end: usize) {
    let bytes = text.as_bytes();
    let mut start = 0;
    loop {
        out.push_str(&text[start..end]);
        let Some(byte) = bytes.get(end) else { break };
        start = end + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            other => {
                out.push_str("\\u00");
                push_hex(out, &[*other]);
            }
        }
        end = plain_end(bytes, start);
    }
}

/// Appends a finite double in its shortest form that reads back, always with a point or an exponent.
pub fn push_double(out: &mut String, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    out.push_str(text);
    if !text.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
        out.push_str(".0");
    }
}

/// `NaN`, `Infinity` or `-Infinity`: the names that OTLP/JSON gives them.
pub fn non_finite_name(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Appends an OTLP value as compact JSON.
pub fn push_value(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Empty => out.push_str("null"),
        Value::Str(text) => push_json_string(out, text),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
        Value::Double(number) if number.is_finite() => push_double(out, *number),
        Value::Double(number) => {
            out.push_str("{\"$double\":\"");
            out.push_str(non_finite_name(*number));
            out.push_str("\"}");
        }
        Value::Bytes(bytes) => {
            out.push_str("{\"$bytes\":\"");
            BASE64.encode_string(bytes, out);
            out.push_str("\"}");
        }
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_value(out, item);
            }
            out.push(']');
        }
        Value::Map(entries) => push_map(out, entries),
    }
}

/// Appends attributes or a key-value list as a JSON object, or as `$kvlist` where an object would lose something.
pub fn push_map(out: &mut String, entries: &[KeyValue<'_>]) {
    push_map_without(out, entries, &|_| false);
}

/// [`push_map`] leaving out the entries whose index is `moved`.
pub fn push_map_without(out: &mut String, entries: &[KeyValue<'_>], moved: &dyn Fn(usize) -> bool) {
    if needs_list(entries) {
        return push_list_without(out, entries, moved);
    }
    out.push('{');
    let mut first = true;
    for (index, entry) in entries.iter().enumerate() {
        if moved(index) {
            continue;
        }
        out.push_str(if first { "\"" } else { ",\"" });
        first = false;
        push_inside(out, entry.key);
        if let Value::Str(text) = entry.value {
            out.push_str("\":\"");
            push_inside(out, text);
            out.push('"');
        } else {
            out.push_str("\":");
            push_value(out, &entry.value);
        }
    }
    out.push('}');
}

/// [`push_map_without`] in the form that keeps repeated keys.
#[cold]
fn push_list_without(out: &mut String, entries: &[KeyValue<'_>], moved: &dyn Fn(usize) -> bool) {
    out.push_str("{\"$kvlist\":[");
    let mut first = true;
    for (_, entry) in entries.iter().enumerate().filter(|(index, _)| !moved(*index)) {
        out.push_str(if first { "[" } else { ",[" });
        first = false;
        push_json_string(out, entry.key);
        out.push(',');
        push_value(out, &entry.value);
        out.push(']');
    }
    out.push_str("]}");
}

/// Whether a JSON object would merge keys or be taken for one of the `$` forms.
fn needs_list(entries: &[KeyValue<'_>]) -> bool {
    // Keys are compared only when two agree in length and in two of their bytes, as far as 256 marks tell.
    let (mut marks, mut again) = ([0u64; 4], false);
    for entry in entries {
        let key = entry.key.as_bytes();
        if key.first() == Some(&b'$') {
            return true;
        }
        let [middle, last] = [key.get(key.len() / 2), key.last()].map(|byte| usize::from(byte.copied().unwrap_or(0)));
        let mark = (key.len() * 53 + middle * 29 + last * 7) % 256;
        let (word, bit) = (&mut marks[mark / 64], 1 << (mark % 64));
        again |= *word & bit != 0;
        *word |= bit;
    }
    if !again {
        return false;
    }
    if entries.len() <= 32 {
        return entries.iter().enumerate().any(|(i, a)| entries[..i].iter().any(|b| a.key == b.key));
    }
    let mut seen = std::collections::HashSet::with_capacity(entries.len());
    entries.iter().any(|entry| !seen.insert(entry.key))
}

/// Text that `write` makes, in the arena.
pub fn written(arena: &Bump, write: impl FnOnce(&mut String)) -> &str {
    // Enough for most records' attributes, so that it need not grow.
    const USUAL: usize = 1000;
    let mut out = String::with_capacity(USUAL);
    write(&mut out);
    arena.alloc_str(&out)
}

/// A value as plain text: strings as they are, everything else as JSON.
pub fn push_plain(out: &mut String, value: &Value<'_>) {
    match value {
        Value::Str(text) => out.push_str(text),
        other => push_value(out, other),
    }
}

/// Appends bytes as lower-case hexadecimal digits; `out` must be a growing text, which cannot fail.
pub fn push_hex(out: &mut impl fmt::Write, bytes: &[u8]) {
    for byte in bytes {
        // Digits are ASCII.
        let _ = out.write_str(std::str::from_utf8(hex_digits(&[*byte]).as_flattened()).unwrap_or_default());
    }
}

/// The two lower-case hexadecimal digits of each byte.
#[inline]
pub fn hex_digits<const N: usize>(bytes: &[u8; N]) -> [[u8; 2]; N] {
    let mut digits = [[0; 2]; N];
    for (pair, byte) in digits.iter_mut().zip(bytes) {
        *pair = [byte >> 4, byte & 15];
    }
    for digit in digits.as_flattened_mut() {
        *digit += if *digit < 10 { b'0' } else { b'a' - 10 };
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &Value<'_>) -> String {
        let mut out = String::new();
        push_value(&mut out, value);
        out
    }

    #[test]
    fn doubles_are_told_apart_from_integers() {
        assert_eq!(json(&Value::Double(12.0)), "12.0");
        assert_eq!(json(&Value::Int(12)), "12");
        for number in [1e300, 5e-324, 1e21, -0.0, 0.1] {
            let text = json(&Value::Double(number));
            assert!(text.contains('.') || text.contains('e'), "{text}");
            assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(number.to_bits()));
        }
    }

    #[test]
    fn what_json_lacks_is_an_object_of_one_key() {
        assert_eq!(json(&Value::Bytes(&[0, 255])), r#"{"$bytes":"AP8="}"#);
        assert_eq!(json(&Value::Double(f64::NEG_INFINITY)), r#"{"$double":"-Infinity"}"#);
        let twice = [KeyValue { key: "a", value: Value::Int(1) }, KeyValue { key: "a", value: Value::Empty }];
        assert_eq!(json(&Value::Map(&twice)), r#"{"$kvlist":[["a",1],["a",null]]}"#);
        let dollar = [KeyValue { key: "$x", value: Value::Bool(true) }];
        assert_eq!(json(&Value::Map(&dollar)), r#"{"$kvlist":[["$x",true]]}"#);
    }

    #[test]
    fn control_characters_are_escaped_and_the_rest_is_not() {
        assert_eq!(json(&Value::Str("a\"\\\n\u{1}é\u{2028}")), "\"a\\\"\\\\\\n\\u0001é\u{2028}\"");
    }
}
