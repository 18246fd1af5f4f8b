//! Parquet's encodings of levels, codes and whole numbers.

use crate::cells::Run;

/// Values in a group of Parquet's hybrid, which are packed together.
const GROUP: u32 = 8;
/// Groups behind one header, so that it is one byte long.
const GROUPS: u32 = 63;

/// The width that values of so many bits are packed with: in whole bytes, unless it is small, for zstd sees patterns of
/// bytes only, and what it then saves is more than the bits.
pub(crate) fn packed_width(bits: u32) -> u32 {
    if bits <= 4 { bits } else { bits.next_multiple_of(8) }
}

/// Parquet's hybrid of runs and packed groups of eight.
pub(crate) struct Hybrid<'o> {
    out: &'o mut Vec<u8>,
    /// Bits a value
    width: u32,
    /// Bits that wait for their byte, and how many.
    bits: u64,
    held: u32,
    /// Where the header of the packed groups stands, and the values behind it.
    header: usize,
    packed: u32,
}

impl<'o> Hybrid<'o> {
    /// Nothing yet behind what `out` holds; `width` is at most 32.
    pub fn new(out: &'o mut Vec<u8>, width: u32) -> Self {
        Self { out, width, bits: 0, held: 0, header: 0, packed: 0 }
    }

    /// Appends a value `count` times.
    #[inline]
    pub fn push(&mut self, value: u32, mut count: u32) {
        if count == 1 {
            return self.pack(value);
        }
        while count > 0 && (!self.packed.is_multiple_of(GROUP) || count < GROUP) {
            self.pack(value);
            count -= 1;
        }
        if count > 0 {
            self.end_groups();
            varint(self.out, u64::from(count) << 1);
            self.out.extend_from_slice(&value.to_le_bytes()[..self.width.div_ceil(8) as usize]);
        }
    }

    #[inline]
    fn pack(&mut self, value: u32) {
        if self.packed == 0 {
            self.header = self.out.len();
            self.out.push(0);
        }
        self.bits |= u64::from(value) << self.held;
        self.held += self.width;
        if self.held >= u32::BITS {
            self.out.extend_from_slice(&(self.bits as u32).to_le_bytes());
            self.bits >>= u32::BITS;
            self.held -= u32::BITS;
        }
        self.packed += 1;
        if self.packed == GROUPS * GROUP {
            self.end_groups();
        }
    }

    /// Ends the packed groups, if there are some.
    fn end_groups(&mut self) {
        if self.packed > 0 {
            let length = self.held.div_ceil(8) as usize;
            self.out.extend_from_slice(&self.bits.to_le_bytes()[..length]);
            self.out[self.header] = ((self.packed / GROUP) << 1 | 1) as u8;
            (self.bits, self.held, self.packed) = (0, 0, 0);
        }
    }

    /// Fills the last group up with zeros.
    pub fn finish(mut self) {
        while !self.packed.is_multiple_of(GROUP) {
            self.pack(0);
        }
        self.end_groups();
    }
}

/// Levels with their length before them; runs of one level may come in pieces.
pub(crate) fn levels(out: &mut Vec<u8>, width: u32, runs: impl Iterator<Item = Run>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let mut hybrid = Hybrid::new(out, width);
    let mut open: Run = (0, 0);
    for (level, count) in runs {
        if level != open.0 {
            hybrid.push(open.0, open.1);
            open = (level, 0);
        }
        open.1 += count;
    }
    hybrid.push(open.0, open.1);
    hybrid.finish();
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Appends a number, seven bits a byte.
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(out: &mut Vec<u8>, value: i64) {
    varint(out, (value << 1 ^ value >> 63) as u64);
}

/// Differences in a block, and in each of its parts, which have widths of their own.
const BLOCK: usize = 128;
const PART: usize = 32;

/// Parquet's packed differences of whole numbers.
pub(crate) fn delta_packed(out: &mut Vec<u8>, numbers: &[u64]) {
    varint(out, BLOCK as u64);
    varint(out, (BLOCK / PART) as u64);
    varint(out, numbers.len() as u64);
    zigzag(out, numbers.first().map_or(0, |number| *number as i64));
    let mut block = [0u64; BLOCK];
    for start in (0..numbers.len().saturating_sub(1)).step_by(BLOCK) {
        let count = (numbers.len() - 1 - start).min(BLOCK);
        let pairs = numbers[start..=start + count].windows(2);
        block.iter_mut().zip(pairs).for_each(|(slot, pair)| *slot = pair[1].wrapping_sub(pair[0]));
        let least = block[..count].iter().map(|delta| *delta as i64).min().unwrap_or(0);
        zigzag(out, least);
        block[..count].iter_mut().for_each(|delta| *delta = delta.wrapping_sub(least as u64));
        block[count..].fill(0);
        let parts = block.as_chunks::<PART>().0;
        let bits = |part: &[u64; PART]| u64::BITS - part.iter().fold(0, |bits, delta| bits | delta).leading_zeros();
        let widths = parts.iter().map(|part| packed_width(bits(part)));
        out.extend(widths.clone().map(|width| width as u8));
        // Parts behind the last number are left out.
        let used = count.div_ceil(PART);
        parts.iter().zip(widths).take(used).for_each(|(part, width)| pack_wide(out, part, width));
    }
}

fn pack_wide(out: &mut Vec<u8>, values: &[u64; PART], width: u32) {
    let (mut bits, mut held) = (0u128, 0);
    for value in values {
        bits |= u128::from(*value) << held;
        held += width;
        if held >= u64::BITS {
            out.extend_from_slice(&(bits as u64).to_le_bytes());
            bits >>= u64::BITS;
            held -= u64::BITS;
        }
    }
    out.extend_from_slice(&(bits as u64).to_le_bytes()[..held.div_ceil(8) as usize]);
}
