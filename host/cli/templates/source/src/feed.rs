//! The feed's answer: a page of levels, and where the next one begins.

use dongting_sdk::events::{self, Observations};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    pub reservoir: String,
    pub region: String,
    pub time: jiff::Timestamp,
    /// Metres above sea level.
    pub metres: f64,
}

impl Level {
    /// As the data standard says it.
    #[must_use]
    pub fn payload(&self) -> Observations {
        let time = self.time.to_string();
        let what = ("reservoir-level", "m");
        Observations {
            readings: vec![events::Reading::measure(
                &self.reservoir,
                what,
                &time,
                self.metres,
            )],
        }
    }
}

#[derive(Debug, Default, PartialEq)]
pub struct Page {
    pub levels: Vec<Level>,
    /// What could not be read: a sentence for the operator and the part itself.
    pub rejects: Vec<(String, String)>,
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<Value>,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    reservoir: String,
    region: String,
    time: String,
    level_m: f64,
}

/// The address of the next page.
#[must_use]
pub fn request(url: &str, cursor: Option<&str>) -> String {
    let Some(cursor) = cursor else {
        return url.to_owned();
    };
    let joint = if url.contains('?') { '&' } else { '?' };
    let escaped: String = cursor
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("{url}{joint}after={escaped}")
}

/// The error says that the answer as a whole is not what was agreed.
pub fn read(body: &[u8]) -> Result<Page, String> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| format!("the feed's answer is not understood: {error}"))?;
    let mut page = Page {
        next: answer.next,
        ..Page::default()
    };
    for item in answer.items {
        let raw = item.to_string();
        match level(item) {
            Ok(level) => page.levels.push(level),
            Err(reason) => page.rejects.push((reason, raw)),
        }
    }
    Ok(page)
}

fn level(item: Value) -> Result<Level, String> {
    let item: Item = serde_json::from_value(item)
        .map_err(|error| format!("a level is not understood: {error}"))?;
    if !(1..=64).contains(&item.reservoir.len()) {
        return Err("a reservoir has 1 to 64 bytes".to_owned());
    }
    if !is_region(&item.region) {
        return Err(format!("`{}` is no region", item.region));
    }
    let time: jiff::Timestamp = item
        .time
        .parse()
        .map_err(|_| format!("`{}` is no RFC 3339 instant", item.time))?;
    if !(-10.0..=2_000.0).contains(&item.level_m) {
        return Err(format!("a level of {} m cannot be", item.level_m));
    }
    Ok(Level {
        reservoir: item.reservoir,
        region: item.region,
        time,
        metres: item.level_m,
    })
}

/// GB/T 2260: two digits each for province, city and county; below 00 there is nothing.
fn is_region(code: &str) -> bool {
    let digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let [province, city, county] = [0..2, 2..4, 4..6].map(|part| code.get(part) != Some("00"));
    digits && province && (city || !county)
}
