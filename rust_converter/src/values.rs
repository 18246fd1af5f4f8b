//! Values that are kept once and have a number: the dictionaries of flat columns.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bytes of a text's length in Parquet's plain encoding.
pub(crate) const LENGTH: usize = 4;

/// So that nobody can choose values that collide; the order of the codes does not depend on it.
static SEEDS: LazyLock<[u64; 2]> = LazyLock::new(|| [0, 1].map(|number| RandomState::new().hash_one(number)));

#[inline]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

/// Texts, each kept once, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Texts {
    /// One after the other
    bytes: Vec<u8>,
    /// Where each begins, and where the next one will.
    places: Vec<usize>,
    /// Open addressing: the hash, and the code plus one; zero is free.
    slots: Vec<(u32, u32)>,
    seed: u64,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Vec::new(), places: vec![0], slots: Vec::new(), seed: SEEDS[0] }
    }
}

/// Slots of a table to begin with.
const SLOTS: usize = 32;

impl Texts {
    /// The code of a text.
    #[inline]
    pub fn code(&mut self, text: &[u8]) -> u32 {
        let hash = xxh3_64_with_seed(text, self.seed) as u32;
        let mut at = hash as usize;
        while let Some((held, code)) = self.slots.get(at & self.slots.len().wrapping_sub(1)) {
            if *code == 0 {
                break;
            }
            if *held == hash && is_same(text, self.get(*code - 1)) {
                return *code - 1;
            }
            at += 1;
        }
        self.add(text, hash)
    }

    fn add(&mut self, text: &[u8], hash: u32) -> u32 {
        if (self.len() + 1) * 2 > self.slots.len() {
            let larger = vec![(0, 0); (self.slots.len() * 2).max(SLOTS)];
            let slots = std::mem::replace(&mut self.slots, larger);
            slots.into_iter().filter(|(_, code)| *code > 0).for_each(|(hash, code)| self.settle(hash, code));
        }
        self.bytes.extend_from_slice(text);
        self.places.push(self.bytes.len());
        let code = self.len() as u32;
        self.settle(hash, code);
        code - 1
    }

    fn settle(&mut self, hash: u32, code: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = (hash, code);
    }

    /// The text of a code.
    #[inline]
    pub fn get(&self, code: u32) -> &[u8] {
        match self.places.get(code as usize..) {
            Some([start, end, ..]) => &self.bytes[*start..*end],
            _ => &[],
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len() - 1
    }

    /// Bytes of all of them in Parquet's plain encoding.
    pub fn plain_size(&self) -> usize {
        self.bytes.len() + LENGTH * self.len()
    }

    /// The texts in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len() as u32).map(|code| self.get(code))
    }

    /// Forgets all of them and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.places.truncate(1);
        self.slots.fill((0, 0));
    }
}

/// Whether two texts are equal; most are short, and a call would cost more than the comparison.
#[inline]
pub(crate) fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(start), Some(other_start)) if one.len() <= 16 => {
            start == other_start && one.last_chunk::<8>() == other.last_chunk()
        }
        (Some(start), Some(other_start)) => start == other_start && one[8..] == other[8..],
        _ => match (one.first_chunk::<4>(), other.first_chunk::<4>()) {
            (Some(start), Some(other_start)) => start == other_start && one.last_chunk::<4>() == other.last_chunk(),
            _ => one.iter().eq(other),
        },
    }
}

/// Numbers of 64 bits, each kept once, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Numbers {
    held: Vec<u64>,
    /// Open addressing: the code plus one; zero is free.
    slots: Vec<u32>,
    seeds: [u64; 2],
}

impl Default for Numbers {
    fn default() -> Self {
        Self { held: Vec::new(), slots: Vec::new(), seeds: *SEEDS }
    }
}

impl Numbers {
    /// The code of a number.
    #[inline]
    pub fn code(&mut self, number: u64) -> u32 {
        let mut at = self.place(number);
        while let Some(code) = self.slots.get(at & self.slots.len().wrapping_sub(1)) {
            if *code == 0 {
                break;
            }
            if self.held[*code as usize - 1] == number {
                return *code - 1;
            }
            at += 1;
        }
        self.add(number)
    }

    #[inline]
    fn place(&self, number: u64) -> usize {
        fold(number ^ self.seeds[0], self.seeds[1]) as usize
    }

    fn add(&mut self, number: u64) -> u32 {
        if (self.held.len() + 1) * 2 > self.slots.len() {
            self.slots = vec![0; (self.slots.len() * 2).max(SLOTS)];
            (0..self.held.len()).for_each(|index| self.settle(self.held[index], index as u32 + 1));
        }
        self.held.push(number);
        let code = self.held.len() as u32;
        self.settle(number, code);
        code - 1
    }

    fn settle(&mut self, number: u64, code: u32) {
        let mask = self.slots.len() - 1;
        let mut at = self.place(number) & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = code;
    }

    /// The codes of other numbers, in their order.
    pub fn codes(&mut self, others: &[u64]) -> Vec<u32> {
        others.iter().map(|number| self.code(*number)).collect()
    }

    /// The numbers in the order of their codes.
    pub fn held(&self) -> &[u64] {
        &self.held
    }

    /// Forgets all of them and keeps the memory.
    pub fn clear(&mut self) {
        self.held.clear();
        self.slots.fill(0);
    }
}
