//! `em.<domain>.feedback.v1`: a person's answer to a warning, an order or a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, checked, instant, text};

/// The type of a domain's feedback.
#[must_use]
pub fn type_of(domain: &str) -> String {
    format!("em.{domain}.feedback.v1")
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Feedback")]
pub struct Feedback {
    /// What is answered: the key of the warning, order or task.
    #[schemars(length(min = 1, max = 256))]
    pub about: String,
    pub answer: Answer,
    /// Who answers, in their own words.
    #[schemars(length(min = 1, max = 256))]
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub note: Option<String>,
    /// How much of a task is done, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 100))]
    pub progress_percent: Option<u8>,
    /// RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Received,
    Doing,
    Done,
    /// It cannot be done, and `note` says why.
    Unable,
}

checked!(Feedback);

impl Feedback {
    pub fn check(&self) -> Checked {
        text("about", &self.about, 1..=256)?;
        text("by", &self.by, 1..=256)?;
        text("note", self.note.as_deref().unwrap_or_default(), 0..=8192)?;
        if self.progress_percent.is_some_and(|done| done > 100) {
            return Err("`progressPercent` must lie between 0 and 100".to_owned());
        }
        instant("at", &self.at)
    }
}
