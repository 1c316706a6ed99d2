//! The province's data standard: payloads of messages, as serde types with JSON Schemas. A payload is JSON; its
//! schema is named by the message's type, `em.<domain>.<kind>.v<n>`.

pub mod earthquake;
pub mod feedback;
pub mod impact;
pub mod warning;

pub use earthquake::Earthquake;
pub use feedback::Feedback;
pub use impact::Impact;
pub use warning::Warning;
