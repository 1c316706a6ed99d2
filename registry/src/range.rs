//! The two headers that speak of a part of a blob: `Range` of a download and `Content-Range` of a chunk.

use std::str::FromStr;

/// The bytes that a download asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: no range was asked for, or none that this server knows, which RFC 9110 lets it pass over.
    Whole,
    /// From the first to the last byte, both counted in.
    Part { first: u64, last: u64 },
    /// Nothing of the blob lies in the range.
    Nothing,
}

/// `<first>-<last>`: where a chunk belongs, both counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    pub first: u64,
    pub last: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no Content-Range of a chunk: write the first and the last byte's number, as 0-1023")]
pub struct ChunkError(String);

/// What a `Range` header means for a blob of `size` bytes.
#[must_use]
pub fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else { return Wanted::Whole };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        // The last so many bytes.
        return match (number(last), size) {
            (None, _) => Wanted::Whole,
            (Some(0), _) | (_, 0) => Wanted::Nothing,
            (Some(count), size) => {
                Wanted::Part { first: size.saturating_sub(count), last: size.saturating_sub(1) }
            }
        };
    }
    let Some(first) = number(first) else { return Wanted::Whole };
    let last = match last {
        "" => u64::MAX,
        last => match number(last) {
            Some(last) if last >= first => last,
            _ => return Wanted::Whole,
        },
    };
    if first >= size {
        Wanted::Nothing
    } else {
        Wanted::Part { first, last: last.min(size.saturating_sub(1)) }
    }
}

/// The `Range` of an upload. It has no way to say that there is nothing: clients know `0-0` for it.
#[must_use]
pub fn so_far(received: u64) -> String {
    format!("0-{}", received.saturating_sub(1))
}

impl Chunk {
    /// How many bytes it has: at least one.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }
}

impl FromStr for Chunk {
    type Err = ChunkError;

    fn from_str(text: &str) -> Result<Self, ChunkError> {
        let fault = || ChunkError(text.chars().take(100).collect());
        let (first, last) = text.split_once('-').ok_or_else(fault)?;
        let (first, last) = number(first).zip(number(last)).ok_or_else(fault)?;
        if last < first || last == u64::MAX {
            return Err(fault());
        }
        Ok(Self { first, last })
    }
}

/// Digits alone: `u64::from_str` would take a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
