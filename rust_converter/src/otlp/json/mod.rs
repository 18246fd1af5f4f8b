//! OTLP/JSON to borrowed records, as the specification allows it and as old Collectors wrote it.
//!
//! Accepted: 64-bit integers as strings or numbers, enums as numbers or names, `"NaN"` and `"Infinity"`, unknown fields
//! (skipped), `null` (absent), snake_case keys, and the pre-1.0 spellings that mean one thing only. A field whose value
//! no OTLP field can hold makes its record faulty, not its line.

mod fields;
mod logs;
mod metrics;
mod scanner;
mod traces;

use bumpalo::Bump;

use super::{Request, ResourceGroup, ScopeGroup};
pub(crate) use fields::MAX_VALUE_DEPTH;
use fields::Reader;
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
pub fn parse<'a>(text: &'a str, arena: &'a Bump) -> Result<Request<'a>, LineError> {
    let mut reader = Reader::new(text, arena);
    if reader.scanner.peek()? != Token::Object {
        reader.scanner.skip()?;
        return Err(LineError::NotOtlp("not a JSON object"));
    }
    let mut request = Request::default();
    let (mut known, mut any, mut malformed) = (false, false, false);
    reader.object(|reader, key| {
        any = true;
        match key {
            "resourceLogs" => {
                known = true;
                malformed |= reader.scanner.peek()? != Token::Array;
                request.logs = groups(reader, "scopeLogs", "instrumentationLibraryLogs", "logRecords", logs::record)?;
            }
            "resourceSpans" => {
                known = true;
                malformed |= reader.scanner.peek()? != Token::Array;
                request.spans = groups(reader, "scopeSpans", "instrumentationLibrarySpans", "spans", traces::span)?;
            }
            "resourceMetrics" => {
                known = true;
                malformed |= reader.scanner.peek()? != Token::Array;
                request.metrics =
                    groups(reader, "scopeMetrics", "instrumentationLibraryMetrics", "metrics", metrics::metric)?;
            }
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    if !reader.scanner.at_end() {
        return Err(reader
            .scanner
            .error::<()>("more text behind the request")
            .err()
            .map_or(LineError::NotOtlp("more text behind the request"), LineError::Syntax));
    }
    if malformed {
        return Err(LineError::NotOtlp("resourceLogs, resourceSpans or resourceMetrics is not a list"));
    }
    if any && !known {
        return Err(LineError::NotOtlp("JSON without resourceLogs, resourceSpans or resourceMetrics"));
    }
    Ok(request)
}

type Record<'a, R> = fn(&mut Reader<'a>) -> Scan<R>;

/// `resourceLogs` and its like.
fn groups<'a, R: Copy>(
    reader: &mut Reader<'a>,
    scopes_key: &'static str,
    old_scopes_key: &'static str,
    records_key: &'static str,
    record: Record<'a, R>,
) -> Scan<&'a [ResourceGroup<'a, R>]> {
    reader.list("resource groups", |reader| {
        let start = reader.scanner.position();
        let mut group = ResourceGroup { resource: Default::default(), scopes: &[], schema_url: "", fault: None };
        let (mut scopes, mut old_scopes): (&[_], &[_]) = (&[], &[]);
        let mut fault = None;
        reader.object_or_fault("resource group", |reader, key| {
            if key == "resource" {
                group.resource = reader.resource()?;
            } else if key == "schemaUrl" {
                group.schema_url = reader.text("schemaUrl")?;
            } else if key == scopes_key {
                scopes = self::scopes(reader, records_key, record)?;
            } else if key == old_scopes_key {
                old_scopes = self::scopes(reader, records_key, record)?;
            } else {
                reader.scanner.skip()?;
            }
            fault = fault.or(reader.take_fault());
            Ok(())
        })?;
        group.scopes = if scopes.is_empty() { old_scopes } else { scopes };
        group.fault = reader.fault_of(fault, start);
        Ok(group)
    })
}

fn scopes<'a, R: Copy>(
    reader: &mut Reader<'a>,
    records_key: &'static str,
    record: Record<'a, R>,
) -> Scan<&'a [ScopeGroup<'a, R>]> {
    reader.list("scopes", |reader| {
        let start = reader.scanner.position();
        let mut group = ScopeGroup { scope: Default::default(), records: &[], schema_url: "", fault: None };
        let mut fault = None;
        reader.object_or_fault("scope group", |reader, key| {
            match key {
                "scope" | "instrumentationLibrary" => group.scope = reader.scope()?,
                "schemaUrl" => group.schema_url = reader.text("schemaUrl")?,
                _ if key == records_key || (key == "logs" && records_key == "logRecords") => {
                    group.records = reader.list(records_key, record)?;
                }
                _ => reader.scanner.skip()?,
            }
            fault = fault.or(reader.take_fault());
            Ok(())
        })?;
        group.fault = reader.fault_of(fault, start);
        Ok(group)
    })
}

#[cfg(test)]
mod tests;
