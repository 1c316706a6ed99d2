//! The glue between the contract and the pure parts.

use dongting_events::earthquake::{DOMAIN, TYPE};
use dongting_sdk::config::{attachment, settings};
use dongting_sdk::decoder::{self, Decoded};
use dongting_sdk::geo::Boundaries;
use dongting_sdk::http;
use dongting_sdk::log;
use dongting_sdk::message::{Draft, Error, Kind, Reject, Timestamp};
use dongting_sdk::source::{self, Polled};

use crate::document::{self, Document};
use crate::fetch::{self, Answer, Refusal, Request};
use crate::locate;
use crate::reading::Reading;
use crate::settings::Settings;

struct Adapter;

impl source::Guest for Adapter {
    fn poll(cursor: Option<String>) -> Result<Polled, Error> {
        let settings: Settings = settings()?;
        let polled =
            fetch::poll(&settings, cursor.as_deref(), jiff::Timestamp::now(), send).map_err(refused)?;
        let drafts = drafts(&polled.readings, settings.agency(settings.format))?;
        if !drafts.is_empty() || !polled.rejects.is_empty() {
            log::info(&format!("{} statements, {} rejects", drafts.len(), polled.rejects.len()));
        }
        Ok(Polled {
            drafts,
            rejects: rejects(polled.rejects),
            cursor: Some(polled.cursor),
            complete_until: Some(polled.complete_until.as_microsecond()),
            next: None,
        })
    }
}

impl decoder::Guest for Adapter {
    fn decode(pushed: decoder::Document) -> Result<Decoded, Error> {
        let settings: Settings = settings()?;
        let received = instant(pushed.received)?;
        let (format, document) =
            document::decode(&pushed.body, received).map_err(|error| Error::Reject(error.to_string()))?;
        let Document { readings, rejects: refused } = document.without_future(received);
        Ok(Decoded {
            drafts: drafts(&readings, settings.agency(format))?,
            rejects: rejects(refused),
            reply: None,
        })
    }
}

fn drafts(readings: &[Reading], agency: &str) -> Result<Vec<Draft>, Error> {
    // Decoded only when there is something to locate: most polls bring nothing.
    let boundaries = match attachment("counties") {
        Some(bytes) if !readings.is_empty() => Some(
            Boundaries::from_topojson(&bytes, "counties")
                .map_err(|error| Error::Other(format!("the attachment `counties`: {error}")))?,
        ),
        _ => None,
    };
    let county = |longitude, latitude| match &boundaries {
        Some(boundaries) => boundaries.locate(longitude, latitude).map(str::to_owned),
        None => locate::in_bounding_box(longitude, latitude),
    };
    readings
        .iter()
        .map(|reading| {
            let statement = reading.statement(agency, county);
            Draft::json(
                TYPE,
                (DOMAIN, Kind::Observation),
                statement.region,
                (&statement.key, statement.time),
                &statement.earthquake,
            )
        })
        .collect()
}

fn rejects(rejects: Vec<document::Reject>) -> Vec<Reject> {
    rejects.into_iter().map(|reject| Reject { reason: reject.reason, raw: reject.raw }).collect()
}

fn send(request: &Request) -> Result<Answer, String> {
    let response =
        http::get(&request.url, &[("accept", request.accept), ("user-agent", "dongting-earthquake/0.1")])?;
    let header = |name| response.header(name).map(str::to_owned);
    Ok(Answer {
        status: response.status,
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        location: header("location"),
        retry_after: header("retry-after"),
        body: response.body,
    })
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Retry { reason, after } => {
            let after = after.map(|after| u32::try_from(after.as_millis()).unwrap_or(u32::MAX));
            Error::Retry((reason, after))
        }
        Refusal::Reject(reason) => Error::Reject(reason),
    }
}

fn instant(micros: Timestamp) -> Result<jiff::Timestamp, Error> {
    jiff::Timestamp::from_microsecond(micros).map_err(|error| Error::Other(error.to_string()))
}

dongting_sdk::export_source!(Adapter);
dongting_sdk::export_decoder!(Adapter);
