//! Times: nanoseconds to milliseconds, RFC 3339 to milliseconds.

/// Nanoseconds in a millisecond.
pub(crate) const NANOS_PER_MILLI: u64 = 1_000_000;

/// Milliseconds, rounded down; nothing for a time beyond 63 bits, which OCSF's `timestamp_t` would take for another.
pub(crate) fn millis(nanos: u64) -> Option<i64> {
    i64::try_from(nanos).ok().map(|nanos| nanos / NANOS_PER_MILLI as i64)
}

/// Milliseconds of a duration, rounded to the nearest.
pub(crate) fn duration_millis(nanos: i64) -> i64 {
    let milli = NANOS_PER_MILLI as i64;
    nanos.div_euclid(milli) + i64::from(nanos.rem_euclid(milli) >= milli / 2)
}

/// Milliseconds since the epoch of an RFC 3339 time (`2026-11-24T03:42:57.223Z`).
pub(crate) fn rfc3339_millis(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text.get(range).filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
    };
    let punctuation = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
    if punctuation.iter().any(|(at, mark)| text.get(*at..*at + 1) != Some(mark)) {
        return None;
    }
    if !matches!(text.get(10..11), Some("T" | "t" | " ")) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        for place in 0..3 {
            millis = millis * 10
                + fraction.as_bytes().get(place).filter(|_| place < digits).map_or(0, |b| i64::from(b - b'0'));
        }
        rest = &fraction[digits..];
    }
    let offset_minutes = match rest {
        "Z" | "z" => 0,
        _ => {
            let sign = match rest.get(..1)? {
                "+" => 1,
                "-" => -1,
                _ => return None,
            };
            let hours: i64 = rest.get(1..3)?.parse().ok()?;
            let minutes: i64 = rest.get(4..6).filter(|_| rest.len() == 6 && &rest[3..4] == ":")?.parse().ok()?;
            sign * (hours * 60 + minutes)
        }
    };
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
    Some(seconds * 1000 + millis)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_times_are_read_with_fraction_and_offset() {
        assert_eq!(rfc3339_millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(rfc3339_millis("2026-11-24T03:42:57.223Z"), Some(1_795_491_777_223));
        assert_eq!(rfc3339_millis("2026-11-24T05:42:57.2239+02:00"), Some(1_795_491_777_223));
        assert_eq!(rfc3339_millis("2026-11-24"), None);
        assert_eq!(rfc3339_millis("2026-13-24T03:42:57Z"), None);
        assert_eq!(rfc3339_millis("gestern"), None);
    }

    #[test]
    fn durations_round_and_times_floor() {
        assert_eq!((millis(1_999_999), duration_millis(1_500_000), duration_millis(1_499_999)), (Some(1), 2, 1));
        assert_eq!(millis(u64::MAX), None);
        assert_eq!(duration_millis(i64::MAX), 9_223_372_036_855);
    }
}
