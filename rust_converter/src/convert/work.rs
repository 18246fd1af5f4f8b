//! The threads of a conversion.
//!
//! The only place that knows them. Units are cut by bytes; a worker reads one while no other does, and converts it while
//! others read. The last of those that go together is followed by their encoding, and results are taken in input order, so
//! that the output does not depend on the number of threads. A bounded number is in flight.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::{Options, Progress, Tick};
use crate::error::{Error, Result};
use crate::input::{self, GiveBack, Inputs, Reader, Unit};
use crate::report::{Incomplete, Report};
use crate::unit::{Done, Wanted, Worker};

/// Decoded bytes in a unit. Each thread holds one.
pub(crate) const UNIT_BYTES: usize = 2 << 20;

/// How often the caller is asked whether to go on.
const TICK: Duration = Duration::from_millis(100);

/// What the workers tell the thread that takes the results.
enum News<T> {
    /// The result of units that follow upon each other, by the number of their bundle.
    Result(u64, Result<T>),
    /// The input's end: units in all, and the last frames that are still being written.
    End(u64, Vec<input::Incomplete>),
    /// What ends the run.
    Failed(Error),
}

/// Units that wait for others to be written with.
struct Bundles {
    /// How many go together.
    size: u64,
    held: BTreeMap<u64, BTreeMap<u64, Done>>,
    /// Units in all, once the reader knows.
    total: u64,
}

/// The results of units that go together, in order, and the number of their bundle.
type Bundle = (u64, Vec<Done>);

impl Bundles {
    /// Takes the result of a unit; gives its bundle when that is complete.
    fn add(&mut self, number: u64, done: Done) -> Option<Bundle> {
        let bundle = number / self.size;
        self.held.entry(bundle).or_default().insert(number, done);
        self.take(bundle)
    }

    /// Learns how many units there are; gives the last bundle when that is complete now.
    fn end(&mut self, total: u64) -> Option<Bundle> {
        self.total = total;
        self.take(total.checked_sub(1)? / self.size)
    }

    fn take(&mut self, bundle: u64) -> Option<Bundle> {
        let size = self.size.min(self.total.saturating_sub(bundle * self.size));
        let complete = self.held.get(&bundle)?.len() as u64 == size;
        complete.then(|| self.held.remove(&bundle)).flatten().map(|units| (bundle, units.into_values().collect()))
    }
}

/// A conversion of all inputs: `early` does what it can for one unit, by its number; `after` makes something of those that
/// go together.
pub(super) struct Work<'w, T> {
    pub(super) options: &'w Options,
    pub(super) wanted: &'w Wanted,
    pub(super) inputs: &'w Inputs,
    pub(super) together: usize,
    pub(super) early: &'w (dyn Fn(u64, Done) -> Result<Done> + Sync),
    pub(super) after: &'w (dyn Fn(Vec<Done>) -> Result<T> + Sync),
}

/// Where workers get units from, one worker at a time.
struct Source<'i> {
    reader: Reader<'i>,
    /// One for each unit that may be read and is not taken.
    permits: mpsc::Receiver<()>,
    read: u64,
    ended: bool,
}

/// What a worker finds.
enum Next {
    Unit(u64, Unit),
    /// Told once: there are no more than so many.
    End(u64, Vec<input::Incomplete>),
    /// Another worker has met the end, or nobody wants more.
    Over,
}

impl Source<'_> {
    fn next(&mut self) -> Result<Next> {
        if self.ended || self.permits.recv().is_err() {
            return Ok(Next::Over);
        }
        let unit = self.reader.next_unit();
        self.ended = !matches!(unit, Ok(Some(_)));
        let Some(unit) = unit? else {
            return Ok(Next::End(self.read, self.reader.incomplete().to_vec()));
        };
        self.read += 1;
        Ok(Next::Unit(self.read - 1, unit))
    }
}

impl<T: Send> Work<'_, T> {
    /// Lets workers read and convert units, and takes the results in input order.
    pub(super) fn run(
        &self,
        tick: &mut Tick<'_>,
        report: &mut Report,
        take: &mut dyn FnMut(&mut Report, T) -> Result<()>,
    ) -> Result<()> {
        let threads = self.options.threads();
        let together = self.together;
        let total: u64 = self.inputs.files.iter().map(|file| file.bytes).sum();
        let reader = Reader::new(self.inputs, UNIT_BYTES);
        let (consumed, stop) = (reader.consumed(), reader.stop());
        let give_back: Vec<GiveBack> = (0..threads).map(|_| reader.give_back()).collect();
        let bundles = Mutex::new(Bundles { size: together as u64, held: BTreeMap::new(), total: u64::MAX });
        let (permit, permits) = mpsc::channel::<()>();
        let source = Mutex::new(Source { reader, permits, read: 0, ended: false });
        std::thread::scope(|scope| {
            let (send_news, receive_news) = mpsc::channel::<News<T>>();
            let give = |count: usize| (0..count).all(|_| permit.send(()).is_ok());
            give(threads + 2 * together);
            for give_back in give_back {
                let (news, source, bundles) = (send_news.clone(), &source, &bundles);
                scope.spawn(move || {
                    if let Err(error) = self.work(source, bundles, &give_back, &news) {
                        let _ = news.send(News::Failed(error));
                    }
                });
            }
            drop(send_news);

            let result = (|| {
                let mut waiting: BTreeMap<u64, T> = BTreeMap::new();
                let mut taken = 0u64;
                let mut bundles = None;
                let mut last_tick = Instant::now();
                loop {
                    match receive_news.recv_timeout(TICK) {
                        Ok(News::Result(number, result)) => {
                            waiting.insert(number, result?);
                        }
                        Ok(News::Failed(error)) => return Err(error),
                        Ok(News::End(units, tails)) => {
                            bundles = Some(units.div_ceil(together as u64));
                            for tail in tails {
                                let (file, line) = (tail.file as usize, tail.number);
                                report.files[file].incomplete =
                                    Some(Incomplete { file, line, offset: tail.offset, bytes: tail.bytes });
                            }
                        }
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return Err(Error::Internal("a worker died".into())),
                    }
                    while let Some(result) = waiting.remove(&taken) {
                        take(report, result)?;
                        taken += 1;
                        give(together);
                    }
                    if bundles == Some(taken) {
                        return Ok(());
                    }
                    if last_tick.elapsed() >= TICK {
                        last_tick = Instant::now();
                        let records = report.events.values().map(|events| events.total).sum();
                        let bytes_read = consumed.load(Ordering::Relaxed);
                        if !tick(Progress { bytes_read, bytes_total: total, records }) {
                            return Err(Error::Interrupted);
                        }
                    }
                }
            })();
            // The others end when nobody takes their results and no unit may be read any more.
            stop.store(true, Ordering::Relaxed);
            drop((permit, receive_news));
            result
        })
    }

    /// What one worker does, until there is no more or nobody takes it.
    fn work(
        &self,
        source: &Mutex<Source<'_>>,
        bundles: &Mutex<Bundles>,
        give_back: &GiveBack,
        news: &Sender<News<T>>,
    ) -> Result<()> {
        let mut worker = Worker::new(self.inputs, self.wanted.clone());
        loop {
            let next = lock(source)?.next()?;
            let bundle = match next {
                Next::Over => return Ok(()),
                Next::End(units, incomplete) => {
                    let _ = news.send(News::End(units, incomplete));
                    lock(bundles)?.end(units)
                }
                Next::Unit(number, unit) => {
                    let done = worker.convert(&unit);
                    give_back.unit(unit);
                    let done = (self.early)(number, done)?;
                    lock(bundles)?.add(number, done)
                }
            };
            if let Some((number, units)) = bundle
                && news.send(News::Result(number, (self.after)(units))).is_err()
            {
                return Ok(());
            }
        }
    }
}

/// What threads share, for one of them.
pub(super) fn lock<T>(held: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    held.lock().map_err(|_| Error::Internal("a worker died".into()))
}

/// Does the same to each item on several threads; gives the results in the order of the items.
pub(super) fn side_by_side<I: Send, T: Send>(
    options: &Options,
    items: Vec<I>,
    work: impl Fn(I) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let threads = options.threads().min(items.len());
    let results = Mutex::new(BTreeMap::new());
    let items = Mutex::new(items.into_iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Ok(Some((index, item))) = items.lock().map(|mut items| items.next()) else { return };
                    let result = work(item);
                    let Ok(mut results) = results.lock() else { return };
                    results.insert(index, result);
                }
            });
        }
    });
    results.into_inner().map_err(|_| Error::Internal("a worker died".into()))?.into_values().collect()
}
