//! OTLP/JSON to borrowed records, as the specification allows it and as old Collectors wrote it.
//!
//! Accepted: 64-bit integers as strings or numbers, enums as numbers or names, `"NaN"` and `"Infinity"`, unknown fields
//! (skipped), `null` (absent), snake_case keys, and the pre-1.0 spellings that mean one thing only. A field whose value
//! no OTLP field can hold makes its record faulty, not its line. Of a field that stands twice the last counts, but lists of
//! records go on.

mod fields;
mod logs;
mod memo;
mod metrics;
mod numerals;
mod scanner;
mod traces;
mod usual;

use bumpalo::Bump;

use super::{Fault, LogRecord, Metric, Request, ResourceGroup, ScopeGroup, Span};
pub(crate) use fields::MAX_VALUE_DEPTH;
use fields::Reader;
pub use memo::Memo;
use memo::Recall;
pub use scanner::SyntaxError;
use scanner::{Scan, Token};

/// Why a line is not an export request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineError {
    /// It is not JSON.
    Syntax(SyntaxError),
    /// It is JSON, yet nothing of OTLP.
    NotOtlp(&'static str),
}

impl From<SyntaxError> for LineError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// Reads one export request; everything it gives borrows from `text` or lives in `arena`.
#[cfg(any(test, fuzzing))]
pub fn parse<'a>(text: &'a str, arena: &'a Bump) -> Result<Request<'a>, LineError> {
    request(text, arena, None)
}

/// Reads one export request with a memory of what those before it said; what repeats is given from it.
pub fn parse_next<'a, 'u: 'a>(text: &'a str, arena: &'a Bump, memo: &'a Memo<'u>) -> Result<Request<'a>, LineError> {
    request(text, arena, Some(memo))
}

fn request<'a>(text: &'a str, arena: &'a Bump, memo: Option<&'a dyn Recall<'a>>) -> Result<Request<'a>, LineError> {
    let mut reader = Reader::new(text, arena, memo);
    if reader.scanner.peek()? != Token::Object {
        reader.scanner.skip()?;
        ended(&mut reader)?;
        return Err(LineError::NotOtlp("not a JSON object"));
    }
    let (mut logs, mut spans, mut metrics) = (Vec::new(), Vec::new(), Vec::new());
    let (mut known, mut any, mut malformed) = (false, false, false);
    reader.object(|reader, key| {
        any = true;
        match key {
            "resourceLogs" => {
                known = true;
                malformed |= reader.scanner.peek()? != Token::Array;
                let keys = ["scopeLogs", "instrumentationLibraryLogs", "logRecords"];
                groups(reader, &mut logs, keys, logs::record)?;
            }
            "resourceSpans" => {
                known = true;
                malformed |= reader.scanner.peek()? != Token::Array;
                let keys = ["scopeSpans", "instrumentationLibrarySpans", "spans"];
                groups(reader, &mut spans, keys, traces::span)?;
            }
            "resourceMetrics" => {
                known = true;
                malformed |= reader.scanner.peek()? != Token::Array;
                let keys = ["scopeMetrics", "instrumentationLibraryMetrics", "metrics"];
                groups(reader, &mut metrics, keys, metrics::metric)?;
            }
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    ended(&mut reader)?;
    if malformed {
        return Err(LineError::NotOtlp("resourceLogs, resourceSpans or resourceMetrics is not a list"));
    }
    if any && !known {
        return Err(LineError::NotOtlp("JSON without resourceLogs, resourceSpans or resourceMetrics"));
    }
    Ok(Request {
        logs: arena.alloc_slice_copy(&logs),
        spans: arena.alloc_slice_copy(&spans),
        metrics: arena.alloc_slice_copy(&metrics),
    })
}

fn ended(reader: &mut Reader<'_>) -> Scan<()> {
    if reader.scanner.at_end() { Ok(()) } else { reader.scanner.error("more text behind the request") }
}

type Record<'a, R> = fn(&mut Reader<'a>, &mut R) -> Scan<()>;

/// A record that stands for a piece in which none could be read, so that nothing is dropped.
trait StandIn<'a>: Copy + Default {
    fn stand_in(fault: Fault<'a>) -> Self;
}

impl<'a> StandIn<'a> for LogRecord<'a> {
    fn stand_in(fault: Fault<'a>) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }
}

impl<'a> StandIn<'a> for Span<'a> {
    fn stand_in(fault: Fault<'a>) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }
}

impl<'a> StandIn<'a> for Metric<'a> {
    fn stand_in(fault: Fault<'a>) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }
}

/// `resourceLogs` and its like, behind those that `groups` has; a list that stands twice is one list, as in protobuf.
fn groups<'a, R: StandIn<'a>>(
    reader: &mut Reader<'a>,
    groups: &mut Vec<ResourceGroup<'a, R>>,
    [scopes_key, old_scopes_key, records_key]: [&'static str; 3],
    record: Record<'a, R>,
) -> Scan<()> {
    reader.list_into("resource groups", groups, |reader| {
        let start = reader.scanner.position();
        let mut group = ResourceGroup { resource: Default::default(), scopes: &[], schema_url: "", fault: None };
        let (mut scopes, mut old_scopes) = (Vec::new(), Vec::new());
        let mut fault = None;
        reader.object_or_fault("resource group", |reader, key| {
            if key == "resource" {
                group.resource = reader.resource()?;
            } else if key == "schemaUrl" {
                group.schema_url = reader.text("schemaUrl")?;
            } else if key == scopes_key {
                self::scopes(reader, &mut scopes, records_key, record)?;
            } else if key == old_scopes_key {
                self::scopes(reader, &mut old_scopes, records_key, record)?;
            } else {
                reader.scanner.skip()?;
            }
            fault = fault.or(reader.take_fault());
            Ok(())
        })?;
        fault = fault.or(reader.take_fault());
        group.fault = reader.fault_of(fault, start);
        if scopes.is_empty() {
            scopes = old_scopes;
        }
        if let Some(fault) = group.fault
            && scopes.iter().all(|scope: &ScopeGroup<'_, R>| scope.records.is_empty())
        {
            let records = reader.arena().alloc_slice_copy(&[R::stand_in(fault)]);
            scopes.push(ScopeGroup { scope: Default::default(), records, schema_url: "", fault: None });
        }
        group.scopes = reader.arena().alloc_slice_copy(&scopes);
        Ok(group)
    })
}

fn scopes<'a, R: StandIn<'a>>(
    reader: &mut Reader<'a>,
    scopes: &mut Vec<ScopeGroup<'a, R>>,
    records_key: &'static str,
    record: Record<'a, R>,
) -> Scan<()> {
    reader.list_into("scopes", scopes, |reader| {
        let start = reader.scanner.position();
        let mut group = ScopeGroup { scope: Default::default(), records: &[], schema_url: "", fault: None };
        let mut records = Vec::new();
        let mut fault = None;
        reader.object_or_fault("scope group", |reader, key| {
            match key {
                "scope" | "instrumentationLibrary" => group.scope = reader.scope()?,
                "schemaUrl" => group.schema_url = reader.text("schemaUrl")?,
                _ if key == records_key || (key == "logs" && records_key == "logRecords") => {
                    reader.records_into(records_key, &mut records, record)?;
                }
                _ => reader.scanner.skip()?,
            }
            fault = fault.or(reader.take_fault());
            Ok(())
        })?;
        fault = fault.or(reader.take_fault());
        group.fault = reader.fault_of(fault, start);
        if let Some(fault) = group.fault.filter(|_| records.is_empty()) {
            records.push(R::stand_in(fault));
        }
        group.records = reader.arena().alloc_slice_copy(&records);
        Ok(group)
    })
}

#[cfg(test)]
mod tests;
