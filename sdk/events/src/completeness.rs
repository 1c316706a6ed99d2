//! `em.<domain>.completeness.v1`: up to when a source has said all that it will say, so that whoever reads can tell "no rain" from "no data". A
//! status message, with `completeness` as the last token of its subject. The host says it for what its sources promise; a plugin that is pushed
//! its data may say it itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, checked, instant};

/// The last token of the subject.
pub const DETAIL: &str = "completeness";

/// The type of a domain's completeness.
#[must_use]
pub fn type_of(domain: &str) -> String {
    format!("em.{domain}.completeness.v1")
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Completeness")]
pub struct Completeness {
    /// Nothing older than this will come any more, as far as the source can promise. RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub complete_until: String,
}

checked!(Completeness);

impl Completeness {
    pub fn check(&self) -> Checked {
        instant("completeUntil", &self.complete_until)
    }
}
