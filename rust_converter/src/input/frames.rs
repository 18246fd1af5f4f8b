//! The exporter's frames: a 4-byte big-endian length and a request; finding the next one after damage.

use std::io::Read;

use super::MAX_REQUEST;
use super::detect::ZSTD_MAGIC;

/// Bytes of the length prefix.
pub(super) const PREFIX: usize = 4;

/// The length in a prefix.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let prefix: [u8; PREFIX] = bytes.get(..PREFIX)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(prefix)).ok()
}

/// The most bytes of a varint.
pub(super) const MAX_VARINT: usize = 10;

/// A varint and the bytes it takes.
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(MAX_VARINT).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if *byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Unpacks a zstd body into `scratch`; the reason when it cannot be.
pub(super) fn unpack(body: &[u8], scratch: &mut Vec<u8>) -> Result<(), String> {
    scratch.clear();
    let plain = |error: std::io::Error| format!("a zstd frame that cannot be unpacked: {error}");
    let decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(plain)?;
    let read = decoder.take(MAX_REQUEST as u64 + 1).read_to_end(scratch).map_err(plain)?;
    if read > MAX_REQUEST {
        scratch.clear();
        return Err("a zstd frame that expands to more than 128 MiB".to_string());
    }
    Ok(())
}

/// How much a body expands to: what its header says, else a guess.
pub(super) fn unpacked_size(body: &[u8], is_zstd: bool) -> usize {
    const GUESS: usize = 8;
    if !is_zstd {
        return body.len();
    }
    match zstd::zstd_safe::get_frame_content_size(body) {
        Ok(Some(size)) if size <= MAX_REQUEST as u64 => size as usize,
        _ => body.len().saturating_mul(GUESS),
    }
}

/// Whether the bytes begin like a frame, as far as they go.
pub(super) fn begins(bytes: &[u8], is_zstd: bool) -> bool {
    let Some(claimed) = length(bytes) else {
        return true;
    };
    let body = &bytes[PREFIX..];
    if claimed > MAX_REQUEST {
        return false;
    }
    if claimed == 0 {
        return true;
    }
    if is_zstd {
        let seen = body.len().min(ZSTD_MAGIC.len());
        return body[..seen] == ZSTD_MAGIC[..seen];
    }
    body.is_empty() || super::detect::looks_like_proto(&body[..claimed.min(body.len())], claimed, body.len() >= claimed)
}

/// Whether a complete body is what its length says: a zstd frame that unpacks and ends there, or protobuf whose parts fit
/// together. Asked only where something is wrong: unpacking checks the frame's checksum.
pub(super) fn is_sound(body: &[u8], is_zstd: bool) -> bool {
    if is_zstd {
        let ends_there = zstd::zstd_safe::find_frame_compressed_size(body).is_ok_and(|size| size == body.len());
        return ends_there && unpack(body, &mut Vec::new()).is_ok();
    }
    tiles(body, 0)
}

/// Whether the fields of a message fill it exactly, down to the records' own fields.
fn tiles(mut bytes: &[u8], depth: usize) -> bool {
    const RECORD: usize = 3;
    while !bytes.is_empty() {
        let Some((tag, used)) = varint(bytes) else { return false };
        bytes = &bytes[used..];
        let number = tag >> 3;
        let skip = match tag & 7 {
            0 => match varint(bytes) {
                Some((_, used)) => used,
                None => return false,
            },
            1 => 8,
            5 => 4,
            2 => {
                let Some((size, used)) = varint(bytes) else { return false };
                let end = usize::try_from(size).ok().and_then(|size| size.checked_add(used));
                let Some(inner) = end.and_then(|end| bytes.get(used..end)) else { return false };
                let descends = if depth == 0 { number == 1 } else { number == 2 };
                if depth < RECORD && descends && !tiles(inner, depth + 1) {
                    return false;
                }
                used + inner.len()
            }
            _ => return false,
        };
        if number == 0 || bytes.len() < skip {
            return false;
        }
        bytes = &bytes[skip..];
    }
    true
}

/// Where the frame that begins at `start` ends, if it is sound.
fn sound_end(bytes: &[u8], start: usize, is_zstd: bool) -> Option<usize> {
    let rest = &bytes[start..];
    let claimed = length(rest).filter(|claimed| (1..=MAX_REQUEST).contains(claimed))?;
    let body = rest.get(PREFIX..PREFIX + claimed)?;
    (begins(rest, is_zstd) && is_sound(body, is_zstd)).then_some(start + PREFIX + claimed)
}

/// Whether a sound frame begins inside the protobuf frame at the start of `bytes` and reaches beyond its `end`: then this
/// one was cut and has borrowed its last bytes, which a text takes without complaint.
pub(super) fn has_borrowed(bytes: &[u8], end: usize) -> bool {
    memchr::memchr_iter(0x0a, &bytes[..(end + PREFIX).min(bytes.len())])
        .filter_map(|found| found.checked_sub(PREFIX))
        .any(|start| start > 0 && start < end && sound_end(bytes, start, false).is_some_and(|next| next > end))
}

/// Where the next sound frame begins behind a damaged one: its position in `bytes`, which start with the damaged frame.
pub(super) fn resynchronise(bytes: &[u8], is_zstd: bool) -> Option<usize> {
    let sound_at = |start: usize| sound_end(bytes, start, is_zstd).is_some();
    if is_zstd {
        let behind = PREFIX + ZSTD_MAGIC.len();
        return memchr::memmem::find_iter(bytes.get(behind..)?, ZSTD_MAGIC)
            .filter_map(|found| (found + behind).checked_sub(PREFIX))
            .find(|start| *start > 0 && sound_at(*start));
    }
    memchr::memchr_iter(0x0a, bytes)
        .filter_map(|found| found.checked_sub(PREFIX))
        .find(|start| *start > 0 && sound_at(*start))
}
