//! The province's data standard: payloads of messages, as serde types with JSON Schemas. A payload is JSON; its
//! schema is named by the message's type, `em.<domain>.<kind>.v<n>`: a domain's own where it has one, else that of the kind. One kind has
//! several: of `status` there is `em.<domain>.completeness.v1`.
//!
//! What a type alone cannot say is checked when a payload is written and when it is read: numbers are finite and in their
//! ranges, instants are instants, what is missing says so. So a plugin cannot publish what others cannot read, and the error is a
//! sentence. Warnings, earthquakes and their assessments are checked in full only when they are written: it does more harm to hide one
//! from people than to show it without the part that cannot be. Members that are not known are passed over, so that a payload can gain one.
//!
//! Units stand in the names of members, or in their descriptions where a standard has named them.

pub mod assessment;
mod check;
pub mod completeness;
pub mod earthquake;
pub mod feedback;
pub mod geometry;
pub mod hotspot;
pub mod impact;
pub mod observation;
pub mod outage;
pub mod schema;
pub mod task;
pub mod warning;

pub use assessment::Assessment;
pub use completeness::Completeness;
pub use earthquake::Earthquake;
pub use feedback::Feedback;
pub use geometry::Geometry;
pub use hotspot::Hotspot;
pub use impact::Impact;
pub use observation::{Observations, Quality, Reading};
pub use outage::Outage;
pub use task::Task;
pub use warning::Warning;
