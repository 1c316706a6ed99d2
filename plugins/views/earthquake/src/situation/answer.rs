//! What people answered to warnings.

use dongting_events::feedback::{Answer, Feedback};
use dongting_sdk::views::{Message, Timestamp};

use super::warned::Warned;
use crate::text::line;

#[derive(Debug, Clone)]
pub struct Answered {
    pub message: String,
    pub about: String,
    pub answer: Answer,
    pub by: String,
    pub note: Option<String>,
    pub region: String,
    pub time: Timestamp,
    causation: Vec<String>,
}

impl Answered {
    pub const TYPE: &str = "em.earthquake.feedback.v1";

    /// None for what is no feedback of the data standard.
    pub fn read(message: &Message) -> Option<Self> {
        let feedback: Feedback = (message.type_ == Self::TYPE).then(|| message.json().ok()).flatten()?;
        Some(Self {
            message: message.id.clone(),
            about: feedback.about,
            answer: feedback.answer,
            by: line(&feedback.by),
            note: feedback.note.as_deref().map(line).filter(|note| !note.is_empty()),
            region: message.region.clone(),
            time: message.time,
            causation: message.causation.clone(),
        })
    }

    /// Whether this very warning is meant: whoever acknowledged yellow has not seen the red that came after it. An answer
    /// that names no message, as from another department's system, goes for what had been sent by then.
    #[must_use]
    pub fn answers(&self, warned: &Warned) -> bool {
        self.about == warned.key
            && (self.causation.contains(&warned.message)
                || (self.causation.is_empty() && self.time >= warned.sent))
    }
}
