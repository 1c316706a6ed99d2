//! What a plugin asks of the messages that were said before.

use crate::plugin::Topic;
use crate::{Message, Region, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub topic: Topic,
    /// What concerns it is read: what lies in it, itself and its ancestors.
    pub region: Region,
    pub source: Option<String>,
    pub key_prefix: Option<String>,
    /// All statements from the one instant to before the other; none asks for those that hold.
    pub span: Option<(Timestamp, Timestamp)>,
    /// At most this many messages.
    pub limit: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub messages: Vec<Message>,
    /// Whether nothing was left off.
    pub complete: bool,
}
