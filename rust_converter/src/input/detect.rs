//! What a file is, by its first bytes.

use super::frames::{self, PREFIX};
use super::{Compression, Encoding, Framing, MAX_REQUEST};

/// How much of a file is looked at.
pub(super) const LOOK: usize = 64 << 10;

/// Bytes that begin a zstd frame.
pub(super) const ZSTD_MAGIC: &[u8] = b"\x28\xb5\x2f\xfd";

/// Keys that only an export request has; old Collectors and protobuf's own JSON writers have the others.
const KEYS: [&[u8]; 6] = [
    b"\"resourceLogs\"",
    b"\"resourceSpans\"",
    b"\"resourceMetrics\"",
    b"\"resource_logs\"",
    b"\"resource_spans\"",
    b"\"resource_metrics\"",
];

/// The compression around a file.
pub(super) fn compression(start: &[u8]) -> Compression {
    if start.starts_with(b"\x1f\x8b") {
        Compression::Gzip
    } else if start.starts_with(ZSTD_MAGIC) {
        Compression::Zstd
    } else {
        Compression::None
    }
}

/// Whether a request is JSON rather than protobuf, whose first byte is a field's tag.
pub(super) fn starts_like_json(bytes: &[u8]) -> bool {
    // A line feed is also the tag of field 1, and a brace the length of 123 bytes.
    let is_tag = bytes.first() == Some(&0x0a) && has_control(bytes);
    without_mark(bytes).trim_ascii_start().first() == Some(&b'{') && !is_tag
}

/// Whether there are control characters that no text has. Every request in protobuf with a scope or an attribute has them.
fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().any(|b| *b < 0x20 && !b.is_ascii_whitespace())
}

/// The bytes behind a byte order mark.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// How requests follow each other in the decompressed file that starts like this; `is_all` when it is the whole file.
/// The error is one clause that says what the file is instead.
pub(super) fn framing(start: &[u8], is_all: bool) -> Result<Framing, &'static str> {
    let text = without_mark(start).trim_ascii_start();
    if text.is_empty() {
        return Ok(Framing::Empty);
    }
    if let Some(framing) = framed(start, is_all) {
        return Ok(framing);
    }
    if starts_like_json(start) {
        return json(text, is_all);
    }
    if is_bare(start, is_all) {
        return Ok(Framing::Whole(Encoding::Proto));
    }
    // A damaged first line does not hide the lines behind it.
    if KEYS.iter().any(|key| [b"\n{", *key].concat().len() <= text.len() && find(text, &[b"\n{", *key].concat())) {
        return Ok(Framing::Lines);
    }
    Err(instead(start))
}

fn find(text: &[u8], key: &[u8]) -> bool {
    memchr::memmem::find(text, key).is_some()
}

fn json(text: &[u8], is_all: bool) -> Result<Framing, &'static str> {
    let known = KEYS.iter().any(|key| find(text, key));
    let cut = is_all && KEYS.iter().any(|key| [b"{", *key].concat().starts_with(text));
    if !known && !cut {
        return Err("JSON without resourceLogs, resourceSpans or resourceMetrics");
    }
    // A brace alone is a line that is still being written.
    let is_pretty = memchr::memchr(b'\n', text).is_some_and(|end| text[..end].trim_ascii_end() == b"{");
    Ok(if is_pretty { Framing::Whole(Encoding::Json) } else { Framing::Lines })
}

/// The exporter's frames: a plausible length, then what the length says.
fn framed(start: &[u8], is_all: bool) -> Option<Framing> {
    let mut rest = start;
    // Empty requests have no body to look at.
    while rest.len() > PREFIX && frames::length(rest) == Some(0) {
        rest = &rest[PREFIX..];
    }
    let length = frames::length(rest)?;
    let body = &rest[PREFIX..];
    if length == 0 || length > MAX_REQUEST {
        return None;
    }
    if body.starts_with(ZSTD_MAGIC) {
        return Some(Framing::Frames { zstd: true });
    }
    let visible = &body[..length.min(body.len())];
    let complete = is_all || body.len() >= length;
    (rest[0] < 0x08 && looks_like_proto(visible, length, complete)).then_some(Framing::Frames { zstd: false })
}

/// A request without a length prefix: it starts with field 1.
fn is_bare(start: &[u8], is_all: bool) -> bool {
    let length = if is_all { start.len() } else { usize::MAX };
    has_control(start) && looks_like_proto(start, length, is_all)
}

/// Whether bytes begin like an export request: field 1, a message that fits, whose own first field is one of its three.
pub(super) fn looks_like_proto(visible: &[u8], length: usize, complete: bool) -> bool {
    if visible.first() != Some(&0x0a) {
        return false;
    }
    let Some((inner, header)) = frames::varint(&visible[1..]) else {
        // The length itself may still be being written.
        return !complete && visible.len() <= frames::MAX_VARINT;
    };
    if inner.saturating_add(1 + header as u64) > length as u64 {
        return false;
    }
    match visible.get(1 + header) {
        // An empty resource group, or one of fields 1 to 3, length-delimited.
        None => true,
        Some(_) if inner == 0 => true,
        Some(tag) => matches!(tag, 0x0a | 0x12 | 0x1a) || *tag >= 0x80,
    }
}

/// What a file that is not telemetry seems to be.
fn instead(start: &[u8]) -> &'static str {
    const MAGICS: [(&[u8], &str); 6] = [
        (b"PAR1", "a Parquet file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x89PNG", "a picture"),
        (b"SQLite format 3", "a SQLite database"),
        (b"\x7fELF", "a program"),
        (b"BZh", "a bzip2 file"),
    ];
    if let Some((_, name)) = MAGICS.iter().find(|(magic, _)| start.starts_with(magic)) {
        return name;
    }
    let text = start.get(..4096).unwrap_or(start);
    let is_text = match std::str::from_utf8(text) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    match text.trim_ascii_start().first() {
        Some(b'[') if is_text => "a JSON list, not one request a line",
        _ if is_text => "text that is not OTLP/JSON",
        _ => "neither OTLP/JSON nor OTLP/protobuf",
    }
}
