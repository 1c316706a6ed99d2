//! The line that the duty system takes, and what its answers mean.

use dongting_sdk::events::assessment::{Assessment, Level};

/// What the receiver says of a telegram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Taken,
    /// It will never be taken.
    Wrong,
    /// Not now.
    Busy,
}

/// `region|time|level|text`, with the time in Beijing. The error is a sentence for the operator.
pub fn write(region: &str, time: i64, body: &[u8]) -> Result<String, String> {
    let assessment: Assessment = serde_json::from_slice(body)
        .map_err(|error| format!("the body is no assessment: {error}"))?;
    let digit = match assessment.level {
        Level::Red => '1',
        Level::Orange => '2',
        Level::Yellow => '3',
        Level::Blue => '4',
        Level::None => return Err("there is nothing to tell: the level is `none`".to_owned()),
    };
    let time =
        jiff::Timestamp::from_microsecond(time).map_err(|_| format!("{time} is no instant"))?;
    let local = jiff::tz::Offset::constant(8).to_datetime(time);
    // The separator in the text would shift the fields.
    let text: String = assessment.reasons.join(" ").replace(['|', '\n', '\r'], " ");
    Ok(format!(
        "{region}|{}|{digit}|{text}",
        local.strftime("%Y%m%d%H%M%S")
    ))
}

#[must_use]
pub const fn verdict(status: u16) -> Verdict {
    match status {
        // 409: it has that key already.
        200..=299 | 409 => Verdict::Taken,
        408 | 429 | 500..=599 => Verdict::Busy,
        _ => Verdict::Wrong,
    }
}
