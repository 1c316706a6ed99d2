//! What the operator set: where the catalogue is, what it speaks, how much of it to take.

use std::ops::RangeInclusive;

use serde::Deserialize;

/// Two years of hours: beyond it a service refuses for sure.
const LOOKBACK_HOURS: RangeInclusive<u32> = 1..=17_520;
const OVERLAP_SECONDS: RangeInclusive<u32> = 0..=86_400;
const MAX_EVENTS: RangeInclusive<u32> = 1..=5000;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Given")]
pub struct Settings {
    pub format: Format,
    /// The event service's `query` or the feed itself. Needed to poll; a document that is pushed needs none.
    pub url: Option<String>,
    /// Weaker events are left out, unless a statement about the same event was already made.
    pub min_magnitude: Option<f64>,
    /// Who speaks, where the catalogue does not say.
    pub agency: Option<String>,
    /// How far back the first poll goes, and every poll of a service that does not know `updatedafter`.
    pub lookback_hours: u32,
    /// Each poll asks again for this much of what was already seen: an agency stamps a solution some time before it serves it.
    pub overlap_seconds: u32,
    /// Events in one answer; a fuller answer is followed by further requests.
    pub max_events: u32,
}

/// Settings before their values are checked, so that there is no other way to read them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    format: Option<Format>,
    url: Option<String>,
    min_magnitude: Option<f64>,
    agency: Option<String>,
    lookback_hours: Option<u32>,
    overlap_seconds: Option<u32>,
    max_events: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// FDSN event service, QuakeML 1.2.
    #[default]
    FdsnXml,
    /// FDSN event service, `|`-separated text.
    FdsnText,
    /// USGS real-time feed.
    UsgsGeojson,
    /// CENC list.
    Cenc,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    #[error("the settings cannot be read: {0}")]
    Json(String),
    #[error("`min_magnitude` is {0}, not within -5 to 10")]
    Magnitude(f64),
    #[error("`{name}` is {value}, not within {least} to {most}")]
    Count { name: &'static str, value: u32, least: u32, most: u32 },
    #[error("`url` is missing: set the address of the catalogue's event service or feed")]
    NoUrl,
    #[error("`url` is `{0}`; it must be http:// or https://, a host, and no user, no `#`, no spaces")]
    Url(String),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::default(),
            url: None,
            min_magnitude: None,
            agency: None,
            lookback_hours: 72,
            overlap_seconds: 600,
            max_events: 1000,
        }
    }
}

impl Settings {
    pub fn parse(json: &str) -> Result<Self, SettingsError> {
        serde_json::from_str(json).map_err(|error| SettingsError::Json(error.to_string()))
    }

    pub fn url(&self) -> Result<&str, SettingsError> {
        self.url.as_deref().ok_or(SettingsError::NoUrl)
    }

    /// Who speaks where a document in `format` does not say.
    #[must_use]
    pub fn agency(&self, format: Format) -> &str {
        self.agency.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(match format {
            Format::FdsnXml | Format::FdsnText => "unknown",
            Format::UsgsGeojson => "USGS",
            Format::Cenc => "CENC",
        })
    }
}

impl Format {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FdsnXml => "QuakeML",
            Self::FdsnText => "FDSN text",
            Self::UsgsGeojson => "GeoJSON",
            Self::Cenc => "a CENC list",
        }
    }

    /// Whether the feed is a service that is asked, not a file that is fetched.
    #[must_use]
    pub const fn is_fdsn(self) -> bool {
        matches!(self, Self::FdsnXml | Self::FdsnText)
    }
}

impl TryFrom<Given> for Settings {
    type Error = SettingsError;

    fn try_from(given: Given) -> Result<Self, SettingsError> {
        let default = Self::default();
        let settings = Self {
            format: given.format.unwrap_or_default(),
            url: given.url,
            min_magnitude: given.min_magnitude,
            agency: given.agency,
            lookback_hours: given.lookback_hours.unwrap_or(default.lookback_hours),
            overlap_seconds: given.overlap_seconds.unwrap_or(default.overlap_seconds),
            max_events: given.max_events.unwrap_or(default.max_events),
        };
        if let Some(least) = settings.min_magnitude.filter(|least| !(-5.0..=10.0).contains(least)) {
            return Err(SettingsError::Magnitude(least));
        }
        within("lookback_hours", settings.lookback_hours, LOOKBACK_HOURS)?;
        within("overlap_seconds", settings.overlap_seconds, OVERLAP_SECONDS)?;
        within("max_events", settings.max_events, MAX_EVENTS)?;
        if let Some(url) = &settings.url {
            check_url(url)?;
        }
        Ok(settings)
    }
}

fn within(name: &'static str, value: u32, limits: RangeInclusive<u32>) -> Result<(), SettingsError> {
    if limits.contains(&value) {
        return Ok(());
    }
    Err(SettingsError::Count { name, value, least: *limits.start(), most: *limits.end() })
}

fn check_url(url: &str) -> Result<(), SettingsError> {
    let refused = || SettingsError::Url(url.chars().take(200).collect());
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).ok_or_else(refused)?;
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '#' || !c.is_ascii();
    if host.is_empty() || host.contains('@') || url.contains(odd) {
        return Err(refused());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_say_what_is_wrong_with_them() {
        let none = Settings::parse("{}").unwrap();
        assert_eq!((none.format, none.lookback_hours, none.overlap_seconds), (Format::FdsnXml, 72, 600));
        assert!(none.url().unwrap_err().to_string().contains("`url` is missing"));
        let all = Settings::parse(
            r#"{"format":"cenc","url":"http://10.1.2.3:8080/eqlist.json","min_magnitude":3,"agency":"湖南局",
                "lookback_hours":24,"overlap_seconds":0,"max_events":10}"#,
        )
        .unwrap();
        assert_eq!((all.format, all.agency(all.format)), (Format::Cenc, "湖南局"));
        let said = |json: &str| Settings::parse(json).unwrap_err().to_string();
        assert!(said(r#"{"format":"csv"}"#).contains("csv"));
        assert!(said(r#"{"adress":"x"}"#).contains("adress"));
        assert!(said(r#"{"lookback_hours":0}"#).contains("`lookback_hours` is 0"));
        assert!(said(r#"{"min_magnitude":77}"#).contains("77"));
        assert!(said(r#"{"url":"a","url":"b"}"#).contains("duplicate"));
        for url in ["ftp://h/", "http://", "http://u@h/", "http://h/ x", "http://h/#f", "http://常德/"] {
            assert!(said(&format!(r#"{{"url":"{url}"}}"#)).contains("must be http"), "{url}");
        }
    }
}
