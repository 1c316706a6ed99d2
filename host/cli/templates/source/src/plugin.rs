//! The glue between the contract and the pure part.

use dongting_sdk::source::{Draft, Error, Guest, Kind, Polled, Reject};
use dongting_sdk::{config, http};

use crate::feed;

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    url: String,
}

impl Guest for Plugin {
    fn poll(cursor: Option<String>) -> Result<Polled, Error> {
        let settings: Settings = config::settings()?;
        let url = feed::request(&settings.url, cursor.as_deref());
        let answer = http::get(&url, &[("accept", "application/json")]).map_err(Error::Other)?;
        match answer.status {
            200 => {}
            // Nothing new: the cursor stays.
            204 => return polled(Vec::new(), Vec::new(), cursor),
            429 | 500..=599 => {
                return Err(Error::Retry((
                    format!("the feed answers {}", answer.status),
                    None,
                )));
            }
            status => {
                return Err(Error::Reject(format!(
                    "the feed answers {status}: look at the setting `url`"
                )));
            }
        }
        let page = feed::read(&answer.body).map_err(Error::Reject)?;
        let mut drafts = Vec::with_capacity(page.levels.len());
        for level in &page.levels {
            let time = level.time.as_microsecond();
            drafts.push(Draft::json(
                "em.water.observation.v1",
                ("water", Kind::Observation),
                &level.region,
                // What identifies the reading: fetched again it is the same message.
                (&format!("{}/{time}", level.reservoir), time),
                &level.payload(),
            )?);
        }
        let rejects = page.rejects.into_iter().map(|(reason, raw)| Reject {
            reason,
            raw: raw.into_bytes(),
        });
        polled(drafts, rejects.collect(), page.next.or(cursor))
    }
}

fn polled(
    drafts: Vec<Draft>,
    rejects: Vec<Reject>,
    cursor: Option<String>,
) -> Result<Polled, Error> {
    Ok(Polled {
        drafts,
        rejects,
        cursor,
        complete_until: None,
        next: None,
    })
}

dongting_sdk::export_source!(Plugin);
