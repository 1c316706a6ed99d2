//! A deadline that an installation has set itself.

use crate::Timestamp;

pub const MAX_NAME_BYTES: usize = 256;
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    pub at: Timestamp,
    pub payload: Vec<u8>,
}
