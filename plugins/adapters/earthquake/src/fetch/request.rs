//! The question put to a catalogue, and the address that puts it.

use jiff::{SignedDuration, Timestamp};

use super::answer::Refusal;
use super::cursor::Cursor;
use crate::document::Document;
use crate::instant;
use crate::settings::{Format, Settings, SettingsError};

/// A GET request. No compression is asked for: a page of events is small, and what a compressed answer unpacks to is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    pub accept: &'static str,
}

#[derive(Debug, Clone)]
pub struct Question<'s> {
    format: Format,
    url: &'s str,
    since: Since,
    window_start: Timestamp,
    limit: u32,
    /// Of the pages after the first: the oldest origin time of the page before.
    until: Option<Timestamp>,
    refused_updates: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Statements made after this.
    Update(Timestamp),
    /// Earthquakes after `window_start`.
    Window,
}

impl<'s> Question<'s> {
    pub fn new(settings: &'s Settings, cursor: &Cursor, now: Timestamp) -> Result<Self, SettingsError> {
        let back = |seconds: i64, from: Timestamp| {
            from.saturating_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN)
        };
        let overlap = i64::from(settings.overlap_seconds);
        Ok(Self {
            format: settings.format,
            url: settings.url()?,
            since: match cursor.watermark {
                // A watermark ahead of the clock would leave out what is stated until then.
                Some(watermark) if !cursor.refuses_updates => {
                    Since::Update(back(overlap, watermark.min(now)))
                }
                _ => Since::Window,
            },
            window_start: back(i64::from(settings.lookback_hours) * 3600 + overlap, now),
            limit: settings.max_events,
            until: None,
            refused_updates: false,
        })
    }

    pub fn asks_for_updates(&self) -> bool {
        self.format.is_fdsn() && self.since != Since::Window
    }

    /// The same question to a service that does not know `updatedafter`.
    pub fn without_updates(self) -> Self {
        Self { since: Since::Window, refused_updates: true, until: None, ..self }
    }

    pub fn was_refused_updates(&self) -> bool {
        self.refused_updates
    }

    /// An operator whose service cannot answer 204 writes `nodata=404` into the address; elsewhere 404 is a wrong address.
    pub fn takes_404_as_nothing(&self) -> bool {
        self.format.is_fdsn() && self.own_parameters().any(|pair| pair == "nodata=404")
    }

    pub fn request(&self) -> Request {
        let accept = match self.format {
            Format::FdsnXml => "application/xml, text/xml",
            Format::FdsnText => "text/plain",
            Format::UsgsGeojson | Format::Cenc => "application/json, application/geo+json",
        };
        if !self.format.is_fdsn() {
            return Request { url: self.url.to_owned(), accept };
        }
        let format = if self.format == Format::FdsnText { "text" } else { "xml" };
        let since = match self.since {
            Since::Update(after) => ("updatedafter", instant::to_parameter(after)),
            Since::Window => ("starttime", instant::to_parameter(self.window_start)),
        };
        let ours = [
            ("format", Some(format.to_owned())),
            (since.0, Some(since.1)),
            ("endtime", self.until.map(instant::to_parameter)),
            ("limit", Some(self.limit.to_string())),
            ("orderby", Some("time".to_owned())),
            ("nodata", Some("204".to_owned())),
        ];
        let mut url = self.url.trim_end_matches(['?', '&']).to_owned();
        let mut separator = if url.contains('?') { '&' } else { '?' };
        for (name, value) in ours {
            // What the operator wrote into the address stands: a service refuses a parameter that is given twice.
            let given = self.own_parameters().any(|pair| pair.split('=').next() == Some(name));
            if let Some(value) = value.filter(|_| !given) {
                url.push(separator);
                url.push_str(name);
                url.push('=');
                url.push_str(&value);
                separator = '&';
            }
        }
        Request { url, accept }
    }

    /// The question for the next page, where the answer was cut at the limit: events come newest first.
    pub fn next_page(&self, page: &Document) -> Result<Option<Self>, Refusal> {
        let events = page.readings.len() + page.rejects.len();
        if !self.format.is_fdsn() || events < usize::try_from(self.limit).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let oldest = page.readings.iter().map(|reading| reading.origin_time).min();
        match oldest {
            // The end is inclusive, so events at that very instant come twice rather than not at all.
            Some(oldest) if self.until.is_none_or(|until| oldest < until) => {
                Ok(Some(Self { until: Some(oldest), ..self.clone() }))
            }
            _ => Err(Refusal::Reject(format!(
                "the service answers {events} events at a time and goes no further back; raise max_events"
            ))),
        }
    }

    fn own_parameters(&self) -> impl Iterator<Item = &str> {
        self.url.split_once('?').map_or("", |(_, query)| query).split('&')
    }
}
