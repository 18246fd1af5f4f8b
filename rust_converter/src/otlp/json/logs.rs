//! Log records.

use super::fields::Reader;
use super::scanner::Scan;
use super::usual;
use crate::otlp::{LogRecord, check};

const SEVERITY_NAMES: [&str; 25] = [
    "UNSPECIFIED",
    "TRACE",
    "TRACE2",
    "TRACE3",
    "TRACE4",
    "DEBUG",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "INFO",
    "INFO2",
    "INFO3",
    "INFO4",
    "WARN",
    "WARN2",
    "WARN3",
    "WARN4",
    "ERROR",
    "ERROR2",
    "ERROR3",
    "ERROR4",
    "FATAL",
    "FATAL2",
    "FATAL3",
    "FATAL4",
];

pub(super) fn record<'a>(reader: &mut Reader<'a>, log: &mut LogRecord<'a>) -> Scan<()> {
    let start = reader.usual_or_any(log, usual::log, any_log)?;
    let cause = reader.take_fault();
    log.fault = reader.fault_of(cause, start).or_else(|| check::log(log, reader.arena()));
    Ok(())
}

fn any_log<'a>(reader: &mut Reader<'a>) -> Scan<LogRecord<'a>> {
    let mut log = LogRecord::default();
    let mut old_name = "";
    reader.object_or_fault("log record", |reader, key| {
        match key {
            "timeUnixNano" => log.time_unix_nano = reader.u64(key)?,
            "observedTimeUnixNano" => log.observed_time_unix_nano = reader.u64(key)?,
            "severityNumber" => log.severity_number = reader.choice(key, "SEVERITY_NUMBER_", &SEVERITY_NAMES)?,
            "severityText" => log.severity_text = reader.text(key)?,
            "body" => log.body = Some(reader.value()?),
            "attributes" => log.attributes = reader.attributes(key)?,
            "droppedAttributesCount" => log.dropped_attributes_count = reader.u32(key)?,
            "flags" => log.flags = reader.u32(key)?,
            "traceId" => log.trace_id = reader.id(key, 16)?,
            "spanId" => log.span_id = reader.id(key, 8)?,
            "eventName" => log.event_name = reader.text(key)?,
            "name" => old_name = reader.text(key)?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    if log.event_name.is_empty() {
        log.event_name = old_name;
    }
    Ok(log)
}
