//! The words that every part of Dongting shares: regions, kinds and lanes, subjects, messages, the plugin's
//! manifest and the operator's installation. No I/O.

pub mod asked;
pub mod dead_letter;
pub mod exchange;
pub mod history;
pub mod imports;
pub mod installation;
pub mod kind;
pub mod message;
pub mod name;
pub mod plugin;
pub mod record;
pub mod region;
pub mod section;
pub mod subject;
pub mod text;
pub mod timer;
pub mod timestamp;
pub mod version;

pub use dead_letter::{DeadLetter, Origin};
pub use installation::Installation;
pub use kind::{Kind, Lane};
pub use message::{Draft, Message};
pub use plugin::Manifest;
pub use region::Region;
pub use subject::Subject;
pub use text::Text;
pub use timestamp::Timestamp;
pub use version::Version;
