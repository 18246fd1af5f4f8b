//! The mapping: OTLP records to OCSF events.
//!
//! Everything that decides what a record becomes stands here, following `docs/mapping.md`. It knows no files, threads
//! or Parquet. The sinks read events as trees over the declared schema ([`event`], [`schema`]).

mod address;
mod calls;
mod datastore;
mod draft;
pub(crate) mod event;
mod flat;
mod group;
mod identity;
mod logs;
mod metrics;
mod observables;
mod operations;
mod parties;
mod remembered;
#[rustfmt::skip]
pub(crate) mod schema;
mod severity;
mod status;
mod time;
mod traces;
mod words;

use bumpalo::Bump;

use crate::otlp::canonical::Canonical;
use crate::otlp::{Fault, LogRecord, Metric, Point, ResourceGroup, Span, write_json};
use event::Event;
pub(crate) use flat::{Flat, FlatColumn, FlatRow, flat_schema};
use group::Groups;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Vanilla OCSF, without the extension.
    pub core: bool,
    /// Whether whole events are wanted, not only what the flat files have columns for.
    pub whole: bool,
}

/// Where a record was read, for the message of a Translation Error.
pub(crate) trait Place {
    /// `file:line`
    fn text(&self) -> String;
}

/// Takes each event of a record, with its flat row where one is wanted.
pub(crate) trait Sink {
    /// An event of the signal; `row` projects it.
    fn event(&mut self, event: &Event<'_>, row: &FlatRow<'_>);
}

/// The mapper with what it reuses from record to record.
pub(crate) struct Mapper<'u> {
    mode: Mode,
    groups: Groups<'u>,
    canonical: Canonical,
    arena: Bump,
}

/// What became of the records of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mapped {
    /// Records read; each is written.
    pub records: u64,
    /// Of them, those that became a Translation Error.
    pub translation_errors: u64,
    /// Metrics without points: nothing to write.
    pub empty_metrics: u64,
}

impl<'u> Mapper<'u> {
    /// A mapper; what records share lives in `arena`.
    pub fn new(mode: Mode, arena: &'u Bump) -> Self {
        Self { mode, groups: Groups::new(arena), canonical: Canonical::default(), arena: Bump::new() }
    }

    /// Maps log records in received order.
    pub fn logs(
        &mut self,
        groups: &[ResourceGroup<'_, LogRecord<'_>>],
        place: &dyn Place,
        sink: &mut dyn Sink,
    ) -> Mapped {
        let mut mapped = Mapped::default();
        for resource in groups {
            for scope in resource.scopes {
                let group_arena = Bump::new();
                let group = self.groups.get(&group_arena, &mut self.canonical, resource, scope);
                let outer = resource.fault.or(scope.fault);
                for record in scope.records {
                    mapped.records += 1;
                    let arena = &self.arena;
                    let hash = self.canonical.log(record);
                    let event = match record.fault.or(outer) {
                        None => logs::map(arena, group, self.mode, record, hash),
                        Some(fault) => {
                            mapped.translation_errors += 1;
                            let raw = raw_text(
                                arena,
                                record.fault,
                                outer,
                                |out| write_json::log(record, out),
                                |out| {
                                    let names = ["resourceLogs", "scopeLogs", "logRecords"];
                                    write_json::request(
                                        group.surroundings(),
                                        names,
                                        |out| write_json::log(record, out),
                                        out,
                                    );
                                },
                            );
                            let hash = self.canonical.text(raw);
                            logs::faulty(arena, group, self.mode, record, hash).translation_error(
                                fault,
                                &place.text(),
                                raw,
                            )
                        }
                    };
                    sink.event(&event, &FlatRow::log(&event, group, record));
                    self.arena.reset();
                }
            }
        }
        mapped
    }

    /// Maps spans in received order.
    pub fn spans(&mut self, groups: &[ResourceGroup<'_, Span<'_>>], place: &dyn Place, sink: &mut dyn Sink) -> Mapped {
        let mut mapped = Mapped::default();
        for resource in groups {
            for scope in resource.scopes {
                let group_arena = Bump::new();
                let group = self.groups.get(&group_arena, &mut self.canonical, resource, scope);
                let outer = resource.fault.or(scope.fault);
                for record in scope.records {
                    mapped.records += 1;
                    let arena = &self.arena;
                    match record.fault.or(outer) {
                        None => {
                            let lacks_id = record.trace_id.is_empty() || record.span_id.is_empty();
                            let hash = if lacks_id { self.canonical.span(record) } else { 0 };
                            for (index, event) in traces::map(arena, group, self.mode, record, hash).iter().enumerate()
                            {
                                let row = if index == 0 {
                                    FlatRow::span(event, group, record)
                                } else {
                                    FlatRow::exception(event, group, record, index - 1)
                                };
                                sink.event(event, &row);
                            }
                        }
                        Some(fault) => {
                            mapped.translation_errors += 1;
                            let raw = raw_text(
                                arena,
                                record.fault,
                                outer,
                                |out| write_json::span(record, out),
                                |out| {
                                    let names = ["resourceSpans", "scopeSpans", "spans"];
                                    write_json::request(
                                        group.surroundings(),
                                        names,
                                        |out| write_json::span(record, out),
                                        out,
                                    );
                                },
                            );
                            let hash = self.canonical.text(raw);
                            let event = traces::faulty(arena, group, self.mode, record, hash).translation_error(
                                fault,
                                &place.text(),
                                raw,
                            );
                            sink.event(&event, &FlatRow::span(&event, group, record));
                        }
                    }
                    self.arena.reset();
                }
            }
        }
        mapped
    }

    /// Maps the points of metrics in received order.
    pub fn metrics(
        &mut self,
        groups: &[ResourceGroup<'_, Metric<'_>>],
        place: &dyn Place,
        sink: &mut dyn Sink,
    ) -> Mapped {
        let mut mapped = Mapped::default();
        for resource in groups {
            for scope in resource.scopes {
                let group_arena = Bump::new();
                let group = self.groups.get(&group_arena, &mut self.canonical, resource, scope);
                let outer = resource.fault.or(scope.fault);
                for metric in scope.records {
                    if metric.points.is_empty() && metric.fault.or(outer).is_none() {
                        mapped.empty_metrics += 1;
                        continue;
                    }
                    if self.mode.whole {
                        self.canonical.begin_metric(&group.scope, group.schema_url, metric);
                    }
                    // A faulty metric without a point is a record all the same: nothing is dropped.
                    let lone = [Point::default()];
                    let points = if metric.points.is_empty() { &lone[..] } else { metric.points };
                    for (index, point) in points.iter().enumerate() {
                        mapped.records += 1;
                        let arena = &self.arena;
                        // The flat file has no column for the id, which alone needs the hash.
                        let hash = if self.mode.whole { self.canonical.point(point) } else { 0 };
                        // The metric's own text holds all of its points, so it stands with the first of them only.
                        let shared = metric.fault.map(|fault| Fault { raw: fault.raw.filter(|_| index == 0), ..fault });
                        let own = point.fault.or(shared);
                        let event = match own.or(outer) {
                            None => metrics::map(arena, group, self.mode, metric, point, hash),
                            Some(fault) => {
                                mapped.translation_errors += 1;
                                let raw = raw_text(
                                    arena,
                                    own,
                                    outer,
                                    |out| write_json::metric_with_point(metric, point, out),
                                    |out| {
                                        let names = ["resourceMetrics", "scopeMetrics", "metrics"];
                                        let record =
                                            |out: &mut String| write_json::metric_with_point(metric, point, out);
                                        write_json::request(group.surroundings(), names, record, out);
                                    },
                                );
                                let hash = self.canonical.text(raw);
                                metrics::faulty(arena, group, self.mode, point, hash).translation_error(
                                    fault,
                                    &place.text(),
                                    raw,
                                )
                            }
                        };
                        sink.event(&event, &FlatRow::point(&event, group, metric, point, index));
                        self.arena.reset();
                    }
                }
            }
        }
        mapped
    }
}

/// Makes the ids of a flat file's records and nothing else; metric points have none there.
#[cfg(feature = "budget")]
pub(crate) fn event_ids(requests: &[crate::otlp::Request<'_>], arena: &Bump) {
    let mut canonical = Canonical::default();
    for request in requests {
        let logs = request.logs.iter().flat_map(|resource| resource.scopes);
        for record in logs.flat_map(|scope| scope.records) {
            let (resource, hash) = (0u128.to_be_bytes(), canonical.log(record).to_be_bytes());
            draft::uuid(arena, &[b"logs", &resource, &record.time_unix_nano.to_le_bytes(), &hash]);
        }
        let spans = request.spans.iter().flat_map(|resource| resource.scopes);
        for record in spans.flat_map(|scope| scope.records) {
            draft::uuid(arena, &[b"traces", record.trace_id, record.span_id]);
        }
    }
}

/// The text of a faulty record: its own JSON where it came with a value that no field can hold, else its canonical
/// form; in a whole request when the fault lies in its resource or scope.
fn raw_text<'a>(
    arena: &'a Bump,
    own: Option<Fault<'a>>,
    outer: Option<Fault<'a>>,
    record: impl Fn(&mut String),
    request: impl Fn(&mut String),
) -> &'a str {
    if let Some(raw) = own.and_then(|fault| fault.raw) {
        return raw;
    }
    let mut out = String::new();
    if own.is_none() && outer.is_some() {
        request(&mut out);
    } else {
        record(&mut out);
    }
    arena.alloc_str(&out)
}
