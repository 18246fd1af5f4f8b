//! Nested rows of many units, until they are enough for a row group.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::work::lock;
use crate::error::Result;
use crate::pieces::{Piece, Press};
use crate::unit::Part;

/// When a row group is large enough: the smaller it is, the more of a file are its footers, which are kept in memory until
/// the file is closed.
const ENOUGH_ROWS: usize = 128 << 10;

/// When the largest one is encoded though it is small, so that what waits is bounded.
const MOST_BYTES: usize = 24 << 20;

/// Rows of one part, in order.
pub(super) type Group = (Part, Vec<Piece>);

/// Takes the pieces of units in any order; which rows go together depends on the order of the units alone.
#[derive(Default)]
pub(super) struct Gathering {
    state: Mutex<State>,
    presses: Mutex<Vec<Press>>,
}

#[derive(Default)]
struct State {
    /// The unit whose pieces are to be added next, and those of units behind it.
    next: u64,
    early: BTreeMap<u64, Vec<(Part, Piece)>>,
    held: BTreeMap<Part, Held>,
}

#[derive(Default)]
struct Held {
    pieces: Vec<Piece>,
    rows: usize,
    bytes: usize,
}

impl Gathering {
    /// Takes the pieces of a unit; gives what has become enough for row groups by it.
    pub(super) fn add(&self, unit: u64, pieces: Vec<(Part, Piece)>) -> Result<Vec<Group>> {
        let mut state = lock(&self.state)?;
        state.early.insert(unit, pieces);
        let mut enough = Vec::new();
        while let Some(pieces) = {
            let next = state.next;
            state.early.remove(&next)
        } {
            state.next += 1;
            for (part, piece) in pieces {
                let held = state.held.entry(part).or_default();
                held.rows += piece.rows();
                held.bytes += piece.bytes();
                held.pieces.push(piece);
                if held.rows >= ENOUGH_ROWS {
                    enough.push((part, std::mem::take(held).pieces));
                }
            }
            if state.held.values().map(|held| held.bytes).sum::<usize>() > MOST_BYTES
                && let Some((part, held)) = state.held.iter_mut().max_by_key(|(_, held)| held.bytes)
            {
                enough.push((*part, std::mem::take(held).pieces));
            }
        }
        Ok(enough)
    }

    /// What is left when there are no more units.
    pub(super) fn rest(&self) -> Result<Vec<Group>> {
        let held = std::mem::take(&mut lock(&self.state)?.held);
        Ok(held.into_iter().filter(|(_, held)| held.rows > 0).map(|(part, held)| (part, held.pieces)).collect())
    }

    /// Does something with a press that is free, or with a new one; the next to ask has it again.
    pub(super) fn with_press<T>(&self, work: impl FnOnce(&mut Press) -> Result<T>) -> Result<T> {
        let free = lock(&self.presses)?.pop();
        let mut press = free.map_or_else(Press::new, Ok)?;
        let result = work(&mut press);
        lock(&self.presses)?.push(press);
        result
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::Signal;

    /// What becomes of units of so many rows in each of three classes when they come in this order.
    fn gathered(units: &[[usize; 3]], order: &[usize]) -> BTreeMap<Part, Vec<Vec<usize>>> {
        let gathering = Gathering::default();
        let mut groups: BTreeMap<Part, Vec<Vec<usize>>> = BTreeMap::new();
        let mut take = |enough: Vec<Group>| {
            for (part, pieces) in enough {
                groups.entry(part).or_default().push(pieces.iter().map(Piece::rows).collect());
            }
        };
        for unit in order {
            let rows = units[*unit].iter().enumerate().filter(|(_, rows)| **rows > 0);
            let pieces = rows.map(|(class, rows)| (Part::Nested(class, Signal::Logs), Piece::of_nulls(*rows)));
            take(gathering.add(*unit as u64, pieces.collect()).expect("added"));
        }
        take(gathering.rest().expect("the rest"));
        groups
    }

    proptest! {
        #[test]
        fn groups_depend_on_the_order_of_the_units_alone(
            (units, order) in proptest::collection::vec([0..3 * ENOUGH_ROWS / 2, 0..9000usize, 0..2usize], 0..40)
                .prop_flat_map(|units| {
                    let order: Vec<usize> = (0..units.len()).collect();
                    (Just(units), Just(order).prop_shuffle())
                }),
        ) {
            let in_order: Vec<usize> = (0..units.len()).collect();
            let found = gathered(&units, &order);
            prop_assert_eq!(&found, &gathered(&units, &in_order));
            for class in 0..3 {
                let groups = found.get(&Part::Nested(class, Signal::Logs)).cloned().unwrap_or_default();
                let rows: Vec<usize> = units.iter().map(|unit| unit[class]).filter(|rows| *rows > 0).collect();
                prop_assert_eq!(groups.concat(), rows);
                for group in groups.iter().rev().skip(1) {
                    let (last, before) = group.split_last().expect("no group is empty");
                    prop_assert!(before.iter().sum::<usize>() < ENOUGH_ROWS);
                    prop_assert!(before.iter().sum::<usize>() + last >= ENOUGH_ROWS);
                }
            }
        }
    }
}
