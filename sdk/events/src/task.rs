//! `em.<domain>.task.v1`: something that a person, a team or a system is asked to do. Answered by feedback. The members are ours; what
//! they must allow for (an owner, a deadline, feedback, what is overdue) is what the province asks of task tracking.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, REGION, checked, count, instant, instant_if, region, text};
use crate::geometry::Geometry;

/// The type of a domain's tasks.
#[must_use]
pub fn type_of(domain: &str) -> String {
    format!("em.{domain}.task.v1")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Task")]
pub struct Task {
    /// All statements about one task share it; feedback names it in `about`.
    #[schemars(length(min = 1, max = 128))]
    pub task_id: String,
    /// When this was stated; of two statements about one task the later one holds. RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub updated: String,
    pub status: Status,
    pub priority: Priority,
    #[schemars(length(min = 1, max = 256))]
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub description: Option<String>,
    /// Keys of the warnings, incidents or orders that it comes from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub about: Vec<String>,
    /// Who asks.
    pub issued_by: Party,
    /// RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub issued: String,
    /// Who is to do it.
    #[schemars(length(min = 1, max = 64))]
    pub assigned_to: Vec<Party>,
    /// Until when it must be done; it is overdue from then on. RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub deadline: Option<String>,
    /// Until when it must be answered with `received`. RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub answer_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Geometry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Open,
    /// Done, and who asked agrees.
    Closed,
    /// It need not be done any more.
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Routine,
    Urgent,
    Immediate,
}

/// An office, a team or a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Party {
    #[schemars(length(min = 1, max = 256))]
    pub name: String,
    /// GB/T 2260 code of six digits, of whom it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = REGION))]
    pub region: Option<String>,
    /// By which its own systems know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub code: Option<String>,
}

checked!(Task);

impl Task {
    pub fn check(&self) -> Checked {
        text("taskId", &self.task_id, 1..=128)?;
        text("title", &self.title, 1..=256)?;
        text("description", self.description.as_deref().unwrap_or_default(), 0..=8192)?;
        instant("updated", &self.updated)?;
        instant("issued", &self.issued)?;
        instant_if("deadline", self.deadline.as_ref())?;
        instant_if("answerBy", self.answer_by.as_ref())?;
        count("about", self.about.len(), 0..=64)?;
        count("assignedTo", self.assigned_to.len(), 1..=64)?;
        self.issued_by.check()?;
        crate::check::each("assignedTo", &self.assigned_to, Party::check)?;
        self.place.as_ref().map_or(Ok(()), |place| place.check("place"))
    }
}

impl Party {
    fn check(&self) -> Checked {
        text("name", &self.name, 1..=256)?;
        text("code", self.code.as_deref().unwrap_or_default(), 0..=128)?;
        self.region.as_ref().map_or(Ok(()), |code| region("region", code))
    }
}
