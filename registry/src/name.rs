//! Names of repositories and tags, after the grammar of the OCI Distribution specification. Nothing else ever becomes part of an
//! address, a query or a file's name.

use std::fmt;
use std::str::FromStr;

/// `<vendor>/<plugin>`. The part before the first slash is the vendor's namespace, which tokens and quotas are made for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

/// A tag. Of a release it is the plugin's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

#[derive(Debug, thiserror::Error)]
pub enum NameError {
    #[error(
        "`{0}` is no name of a repository: write <vendor>/<plugin>, each of a-z and 0-9, parted by single `.`, `_` or `-`; at most 255 characters"
    )]
    Repository(String),
    #[error(
        "`{0}` is no vendor's namespace: write it in a-z and 0-9, parted by single `.`, `_` or `-`; at most 128 characters"
    )]
    Vendor(String),
    #[error(
        "`{0}` is no tag: 1 to 128 of letters, digits, `_`, `.` and `-`, of which the last two do not begin it"
    )]
    Tag(String),
}

const MAX_REPOSITORY: usize = 255;
const MAX_VENDOR: usize = 128;
const MAX_TAG: usize = 128;
/// How much of a stranger's text is said back.
const SAID: usize = 100;

impl Repository {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The namespace: what stands before the first slash.
    #[must_use]
    pub fn vendor(&self) -> &str {
        self.0.split_once('/').map_or(self.0.as_str(), |(vendor, _)| vendor)
    }

    /// What stands behind it: the plugin's name, where it has no further slash.
    #[must_use]
    pub fn plugin(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, plugin)| plugin)
    }
}

impl FromStr for Repository {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let good = text.len() <= MAX_REPOSITORY
            && text.contains('/')
            && text.split('/').all(is_component)
            && text.split('/').next().is_some_and(|vendor| vendor.len() <= MAX_VENDOR);
        if good { Ok(Self(text.to_owned())) } else { Err(NameError::Repository(said(text))) }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Tag {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let good = (1..=MAX_TAG).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            && !text.starts_with(['.', '-']);
        if good { Ok(Self(text.to_owned())) } else { Err(NameError::Tag(said(text))) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A vendor's namespace, as tokens name it.
pub fn vendor(text: &str) -> Result<&str, NameError> {
    if text.len() <= MAX_VENDOR && is_component(text) { Ok(text) } else { Err(NameError::Vendor(said(text))) }
}

/// The namespace of a vendor as plugin.toml names it: `Hunan Water` is `hunan-water`. None where it has other letters.
#[must_use]
pub fn namespace(vendor: &str) -> Option<String> {
    let joined = vendor.split_whitespace().collect::<Vec<_>>().join("-").to_ascii_lowercase();
    is_component(&joined).then_some(joined)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut separator = String::new();
    for b in text.bytes() {
        if word(b) {
            separator.clear();
        } else {
            separator.push(char::from(b));
            let good = matches!(separator.as_str(), "." | "_" | "__") || separator.bytes().all(|b| b == b'-');
            if !good {
                return false;
            }
        }
    }
    text.bytes().next().is_some_and(word) && separator.is_empty()
}

fn said(text: &str) -> String {
    text.chars().take(SAID).collect()
}

#[cfg(test)]
mod tests;
