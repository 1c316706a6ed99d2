//! The glue between the contract and the pure parts.

use dongting_events::Earthquake;
use dongting_sdk::config::{attachment, settings};
use dongting_sdk::geo::Boundaries;
use dongting_sdk::message::{Draft, Error, Kind, Message};
use dongting_sdk::transform::{Applied, Guest, Rejected};
use dongting_sdk::{log, state};

use crate::apply::{self, PureDraft};
use crate::names::Names;
use crate::settings::Settings;

struct Model;

impl Guest for Model {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let settings: serde_json::Value = settings()?;
        let settings = Settings::from_json(&settings.to_string())
            .map_err(|error| Error::Other(format!("the settings cannot be used: {error}")))?;
        let counties = attachment("counties")
            .ok_or_else(|| Error::Other("the attachment `counties` is missing".to_owned()))?;
        let boundaries = Boundaries::from_topojson(&counties, "counties")
            .map_err(|error| Error::Other(format!("the attachment `counties`: {error}")))?;
        let names =
            attachment("regions").map_or_else(|| Ok(Names::default()), |bytes| Names::from_csv(&bytes));
        let names = names.map_err(|error| Error::Other(format!("the attachment `regions`: {error}")))?;
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            match one(&settings, &boundaries, &names, message)? {
                Ok(drafts) => {
                    for draft in drafts {
                        applied.drafts.push(made(draft, input)?);
                    }
                }
                Err(reason) => applied.rejected.push(Rejected { input, reason }),
            }
        }
        Ok(applied)
    }
}

/// The inner error is the message's fault.
fn one(
    settings: &Settings,
    boundaries: &Boundaries,
    names: &Names,
    message: &Message,
) -> Result<Result<Vec<PureDraft>, String>, Error> {
    let statement: Earthquake = match message.json() {
        Ok(statement) => statement,
        Err(reason) => return Ok(Err(reason)),
    };
    // Two catalogues may use one event id for two earthquakes.
    let key = apply::state_key(&format!("{}/{}", message.source, statement.event_id));
    let done = match apply::apply(settings, boundaries, names, state::get(&key)?, &statement) {
        Ok(done) => done,
        Err(reason) => return Ok(Err(reason)),
    };
    if let Some(remembered) = &done.state {
        state::set(&key, remembered)?;
    }
    let warnings = done.drafts.iter().filter(|draft| draft.kind == apply::Kind::Warning).count();
    if warnings > 0 {
        log::info(&format!("{}: {warnings} warnings", statement.event_id));
    }
    Ok(Ok(done.drafts))
}

fn made(draft: PureDraft, input: u32) -> Result<Draft, Error> {
    let kind = match draft.kind {
        apply::Kind::Assessment => Kind::Assessment,
        apply::Kind::Warning => Kind::Warning,
    };
    let mut made = Draft::json(
        draft.r#type,
        ("earthquake", kind),
        &draft.region,
        (&draft.key, draft.time),
        &draft.body,
    )?;
    made.from = vec![input];
    Ok(made)
}

dongting_sdk::export_transform!(Model);
