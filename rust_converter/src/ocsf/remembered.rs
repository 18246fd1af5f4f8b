//! What was made of a text that comes again and again, such as a span's name: looked up instead of made anew.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::thread::LocalKey;

use crate::semconv::ShortText;

/// Texts of this thread with what was made of them.
pub(super) type Remembered<T> = RefCell<HashMap<Box<str>, T, BuildHasherDefault<ShortText>>>;

/// The most texts that are kept, and the longest of them.
const MOST: usize = 1024;
const LONGEST: usize = 1024;

/// What `make` makes of the text, now or some time before; it must depend on nothing else.
pub(super) fn remembered<T: Copy>(
    held: &'static LocalKey<Remembered<T>>,
    text: &str,
    make: impl FnOnce(&str) -> T,
) -> T {
    held.with_borrow_mut(|held| {
        if let Some(found) = held.get(text) {
            return *found;
        }
        let made = make(text);
        if held.len() < MOST && text.len() <= LONGEST {
            held.insert(text.into(), made);
        }
        made
    })
}
