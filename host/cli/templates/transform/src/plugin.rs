//! The glue between the contract and the pure part.

use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message, config, each, events};

use crate::judge;

struct Plugin;

#[derive(serde::Deserialize)]
struct Settings {
    #[serde(default = "default_threshold")]
    threshold_mm: f64,
}

fn default_threshold() -> f64 {
    50.0
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let settings: Settings = config::settings()?;
        // Each draft is made of one input: its id does not depend on how the stream is cut into batches.
        each(&batch, |message| one(message, settings.threshold_mm))
    }
}

fn one(message: &Message, threshold_mm: f64) -> Result<Vec<Draft>, Error> {
    let observations: events::Observations = message.payload()?;
    let mut drafts = Vec::new();
    for reading in &observations.readings {
        if let Some(assessment) = judge::judge(reading, threshold_mm).map_err(Error::reject)? {
            // About the same thing as the reading: a corrected reading corrects the assessment.
            let key = format!("{}/{}", message.key, reading.datastream);
            drafts.push(Draft::json(
                "em.water.assessment.v1",
                ("water", Kind::Assessment),
                &message.region,
                (&key, message.time),
                &assessment,
            )?);
        }
    }
    Ok(drafts)
}

dongting_sdk::export_transform!(Plugin);
