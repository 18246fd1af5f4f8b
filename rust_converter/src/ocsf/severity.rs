//! Severity: OTel's 24 numbers, or a text, to OCSF's six.

/// OCSF `severity_id`.
pub(crate) const UNKNOWN: i64 = 0;
pub(crate) const INFORMATIONAL: i64 = 1;
pub(crate) const LOW: i64 = 2;
pub(crate) const MEDIUM: i64 = 3;
pub(crate) const HIGH: i64 = 4;
pub(crate) const CRITICAL: i64 = 5;
pub(crate) const FATAL: i64 = 6;

/// OTel severity number from which a log counts as an error.
pub(crate) const ERROR_NUMBER: i32 = 17;

/// OTel severity texts and their numbers (log data model, "Displaying Severity"; syslog's names from its appendix B).
const TEXTS: &[(&str, i32)] = &[
    ("TRACE", 1),
    ("DEBUG", 5),
    ("INFO", 9),
    ("INFORMATION", 9),
    ("INFORMATIONAL", 9),
    ("NOTICE", 10),
    ("WARN", 13),
    ("WARNING", 13),
    ("ERR", 17),
    ("ERROR", 17),
    ("CRIT", 21),
    ("CRITICAL", 21),
    ("ALERT", 19),
    ("FATAL", 21),
    ("EMERG", 21),
    ("EMERGENCY", 21),
    ("PANIC", 21),
];

/// The severity number of a log: its own, else what its text stands for, else 0.
pub(crate) fn effective_number(number: i32, text: &str) -> i32 {
    if number != 0 || text.is_empty() {
        return number;
    }
    // `ERROR2` and its like are the base name and a step.
    let (base, step) = match text.as_bytes().last() {
        Some(digit @ b'2'..=b'4') => (&text[..text.len() - 1], i32::from(digit - b'1')),
        _ => (text, 0),
    };
    TEXTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(base)).map_or(0, |(_, number)| number + step)
}

/// OCSF `severity_id` of a log.
pub(crate) fn of_log(number: i32) -> i64 {
    match number {
        1..=9 => INFORMATIONAL,
        10..=12 => LOW,
        13..=16 => MEDIUM,
        17 => HIGH,
        18..=20 => CRITICAL,
        21..=24 => FATAL,
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_severity() {
        let expected = [
            (0, UNKNOWN),
            (1, 1),
            (8, 1),
            (9, 1),
            (10, 2),
            (12, 2),
            (13, 3),
            (16, 3),
            (17, 4),
            (18, 5),
            (20, 5),
            (21, 6),
            (24, 6),
        ];
        for (number, severity) in expected {
            assert_eq!(of_log(number), severity, "{number}");
        }
    }

    #[test]
    fn a_text_serves_where_there_is_no_number() {
        assert_eq!(effective_number(0, "warning"), 13);
        assert_eq!(effective_number(0, "Critical"), 21);
        assert_eq!(effective_number(0, "ERROR2"), 18);
        assert_eq!(effective_number(0, "whatever"), 0);
        assert_eq!(effective_number(9, "ERROR"), 9);
    }
}
