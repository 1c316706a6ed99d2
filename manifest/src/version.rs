//! A release's version: three numbers, ordered.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version: three numbers, for example 1.2.0")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    /// One way to write each version: `01.2.0` and `+1.2.0` are refused, so that two tags never mean the same release.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let error = || VersionError(text.chars().take(64).collect());
        let mut numbers = text.split('.').map(|number| number.parse::<u32>());
        let (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch)), None) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(error());
        };
        let version = Self { major, minor, patch };
        if version.to_string() == text { Ok(version) } else { Err(error()) }
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_version_is_three_numbers_written_in_one_way() {
        for bad in
            ["", "1", "1.2", "1.2.3.4", "1.2.x", "01.2.3", "+1.2.3", "1.2.3 ", "1.2.-3", "1.2.4294967296"]
        {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
        let ordered: Vec<Version> =
            ["0.9.10", "0.10.0", "1.0.0", "1.0.2", "1.0.10"].map(|text| text.parse().unwrap()).into();
        assert!(ordered.is_sorted());
    }

    proptest! {
        #[test]
        fn it_reads_what_it_writes(major: u32, minor: u32, patch: u32) {
            let version = Version { major, minor, patch };
            prop_assert_eq!(version.to_string().parse::<Version>(), Ok(version));
        }
    }
}
