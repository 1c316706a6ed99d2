//! What a payload must hold to beyond its shape. An error is a sentence that names the member.

use std::ops::RangeInclusive;

pub type Checked = Result<(), String>;

/// RFC 3339 in a shape that a schema can say too; the calendar is checked below.
pub const INSTANT: &str =
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$";

/// An instant, or two with a `/` between: SensorThings' `phenomenonTime`.
pub const PERIOD: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})(/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2}))?$";

/// GB/T 2260.
pub const REGION: &str = "^[0-9]{6}$";

/// Serialising and deserialising of a payload with its `check` in both. `serde(remote = "…")` with the type's own name makes the derived functions inherent ones,
/// so that the traits can be implemented around them.
///
/// With `written` it is checked when it is written, and read as its shape alone has it: who shows such a payload to people leaves out what cannot
/// be, and shows the rest.
macro_rules! checked {
    ($payload:ty) => {
        checked!(@write $payload);

        impl<'de> serde::Deserialize<'de> for $payload {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let payload = Self::deserialize(deserializer)?;
                payload.check().map_err(serde::de::Error::custom)?;
                Ok(payload)
            }
        }
    };
    (written $payload:ty) => {
        checked!(@write $payload);

        impl<'de> serde::Deserialize<'de> for $payload {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    };
    (@write $payload:ty) => {
        impl serde::Serialize for $payload {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.check().map_err(serde::ser::Error::custom)?;
                Self::serialize(self, serializer)
            }
        }
    };
}
pub(crate) use checked;

pub fn range(name: &str, value: f64, range: RangeInclusive<f64>) -> Checked {
    // What is no number lies in no range.
    if range.contains(&value) {
        return Ok(());
    }
    Err(format!("`{name}` is {value} and must lie between {} and {}", range.start(), range.end()))
}

pub fn finite(name: &str, value: f64) -> Checked {
    if value.is_finite() { Ok(()) } else { Err(format!("`{name}` is {value} and must be a number")) }
}

/// Of characters, as a schema counts.
pub fn text(name: &str, text: &str, range: RangeInclusive<usize>) -> Checked {
    if range.contains(&text.chars().count()) {
        return Ok(());
    }
    Err(format!("`{name}` must have {} to {} characters", range.start(), range.end()))
}

pub fn count(name: &str, count: usize, range: RangeInclusive<usize>) -> Checked {
    if range.contains(&count) {
        return Ok(());
    }
    Err(format!("`{name}` has {count} items and must have {} to {}", range.start(), range.end()))
}

pub fn region(name: &str, code: &str) -> Checked {
    if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("`{name}` must be a GB/T 2260 code of six digits"))
}

pub fn instant(name: &str, text: &str) -> Checked {
    if is_instant(text) {
        return Ok(());
    }
    Err(format!("`{name}` must be an instant after RFC 3339, for example 2026-08-29T06:36:52Z"))
}

pub fn instant_if(name: &str, text: Option<&String>) -> Checked {
    text.map_or(Ok(()), |text| instant(name, text))
}

pub fn period(name: &str, text: &str) -> Checked {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() <= 2 && parts.iter().all(|part| is_instant(part)) {
        return Ok(());
    }
    Err(format!("`{name}` must be an instant after RFC 3339, or two with a / between"))
}

/// Each of a list, with its place in the name of what is wrong.
pub fn each<T>(name: &str, items: &[T], check: impl Fn(&T) -> Checked) -> Checked {
    items
        .iter()
        .enumerate()
        .try_for_each(|(at, item)| check(item).map_err(|why| format!("{name}[{at}]: {why}")))
}

fn is_instant(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else { return false };
    let Some(at) = rest.find(['Z', '+', '-']) else { return false };
    let (time, zone) = rest.split_at(at);
    let (time, fraction) = time.split_once('.').map_or((time, None), |(time, digits)| (time, Some(digits)));
    let fraction = fraction.is_none_or(|digits| (1..=9).contains(&digits.len()) && is_digits(digits));
    let zone = match zone.strip_prefix(['+', '-']) {
        None => zone == "Z",
        Some(offset) => {
            matches!(*numbers(offset, ':', &[2, 2]), [hours, minutes] if hours < 24 && minutes < 60)
        }
    };
    let time = matches!(
        *numbers(time, ':', &[2, 2, 2]),
        // RFC 3339, 5.7: a leap second.
        [hour, minute, second] if hour < 24 && minute < 60 && second <= 60
    );
    let date = matches!(
        *numbers(date, '-', &[4, 2, 2]),
        [year, month, day] if (1..=days(year, month)).contains(&day)
    );
    date && time && fraction && zone
}

/// Fields of digits, each of its width; nothing where they are not.
fn numbers(text: &str, between: char, widths: &[usize]) -> Vec<u32> {
    let fields: Vec<&str> = text.split(between).collect();
    let fit = fields.len() == widths.len()
        && fields.iter().zip(widths).all(|(field, width)| field.len() == *width && is_digits(field));
    if !fit {
        return Vec::new();
    }
    fields.iter().filter_map(|field| field.parse().ok()).collect()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Of a month; 0 where there is no such month.
fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        for (text, wanted) in [
            ("2026-08-29T06:36:52Z", true),
            ("2026-08-29T14:36:52.125+08:00", true),
            ("2024-02-29T00:00:00-00:00", true),
            ("2016-12-31T23:59:60Z", true),
            ("2023-02-29T00:00:00Z", false),
            ("2026-13-01T00:00:00Z", false),
            ("2026-08-29T24:00:00Z", false),
            ("2026-08-29T06:36:52", false),
            ("2026-08-29 06:36:52Z", false),
            ("2026-08-29T06:36:52.Z", false),
            ("2026-08-29T06:36:52+8:00", false),
            ("2026-08-29T06:36:52Zulu", false),
            ("+026-08-29T06:36:52Z", false),
            ("２０２６-08-29T06:36:52Z", false),
            ("", false),
        ] {
            assert_eq!(instant("time", text).is_ok(), wanted, "{text}");
        }
        assert!(period("time", "2026-08-29T06:00:00Z/2026-08-29T07:00:00Z").is_ok());
        assert!(period("time", "2026-08-29T06:00:00Z/").is_err());
    }

    #[test]
    fn what_is_no_number_lies_in_no_range() {
        assert!(range("latitude", f64::NAN, -90.0..=90.0).is_err());
        assert_eq!(
            range("latitude", 91.0, -90.0..=90.0),
            Err("`latitude` is 91 and must lie between -90 and 90".to_owned())
        );
        assert!(finite("result", f64::INFINITY).is_err());
        let bad = each("readings", &[1, 2], |item| if *item == 2 { Err("bad".to_owned()) } else { Ok(()) });
        assert_eq!(bad, Err("readings[1]: bad".to_owned()));
    }
}
