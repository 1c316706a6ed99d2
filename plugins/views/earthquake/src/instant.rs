//! Instants as the payloads write them and as people read them.

use dongting_sdk::views::Timestamp;
use jiff::tz::Offset;

pub const MINUTE: Timestamp = 60 * 1_000_000;
pub const HOUR: Timestamp = 60 * MINUTE;

/// RFC 3339 to microseconds since 1970.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

/// RFC 3339 in UTC; empty for instants no calendar has.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at).map(|at| at.to_string()).unwrap_or_default()
}

/// Month, day, hour and minute in Beijing.
#[must_use]
pub fn minutes(at: Timestamp) -> String {
    written(at, |at| format!("{:02}-{:02} {:02}:{:02}", at.month(), at.day(), at.hour(), at.minute()))
}

/// Date and time of day in Beijing.
#[must_use]
pub fn seconds(at: Timestamp) -> String {
    written(at, |at| {
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    })
}

fn written(at: Timestamp, write: impl Fn(jiff::civil::DateTime) -> String) -> String {
    jiff::Timestamp::from_microsecond(at)
        .map_or_else(|_| "—".to_owned(), |at| write(Offset::constant(8).to_datetime(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beijing_is_eight_hours_ahead() {
        let at = parse("2026-11-23T19:00:05.25Z").unwrap();
        assert_eq!(minutes(at), "11-24 03:00");
        assert_eq!(seconds(at), "2026-11-24 03:00:05");
        assert_eq!(parse("2026-11-24T03:00:05.25+08:00"), Some(at));
        assert_eq!(rfc3339(at), "2026-11-23T19:00:05.25Z");
    }

    #[test]
    fn what_no_calendar_has_is_a_dash() {
        assert_eq!((minutes(i64::MAX), rfc3339(i64::MIN)), ("—".to_owned(), String::new()));
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse(""), None);
    }
}
