//! The glue between the contract and the pure part.

use dongting_sdk::config;
use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message, Rejected};

use crate::judge::{self, Reading};

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
        let mut applied = Applied {
            drafts: Vec::new(),
            rejected: Vec::new(),
        };
        for (input, message) in (0u32..).zip(&batch) {
            let judged = message
                .json::<Reading>()
                .and_then(|reading| judge::judge(&reading, settings.threshold_mm));
            match judged {
                Ok(None) => {}
                Ok(Some(assessment)) => {
                    let mut draft = Draft::json(
                        "em.water.assessment.v1",
                        ("water", Kind::Assessment),
                        &message.region,
                        // About the same thing as the reading: a corrected reading corrects the assessment.
                        (&message.key, message.time),
                        &assessment,
                    )?;
                    // Its id follows from this input alone, however the stream is cut into batches.
                    draft.from = vec![input];
                    applied.drafts.push(draft);
                }
                Err(reason) => applied.rejected.push(Rejected { input, reason }),
            }
        }
        Ok(applied)
    }
}

dongting_sdk::export_transform!(Plugin);
