//! Regions: GB/T 2260 codes, their tree, and Hunan's 14 prefectures and 122 counties by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Text;

/// A GB/T 2260 code: province, city and county as two digits each. `000000` is outside the province, and the root
/// of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 3]);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `000000`, what lies outside the province.
    Outside,
    Province,
    City,
    County,
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a GB/T 2260 code: six digits, for example 430102, with nothing below a 00")]
pub struct RegionError(String);

/// A region with its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub region: Region,
    pub name: Text,
}

impl Region {
    pub const OUTSIDE: Self = Self([0, 0, 0]);
    pub const HUNAN: Self = Self([43, 0, 0]);

    #[must_use]
    pub fn level(self) -> Level {
        match self.0 {
            [0, 0, 0] => Level::Outside,
            [_, 0, 0] => Level::Province,
            [_, _, 0] => Level::City,
            _ => Level::County,
        }
    }

    #[must_use]
    pub fn parent(self) -> Option<Self> {
        match self.0 {
            [0, 0, 0] => None,
            [_, 0, 0] => Some(Self::OUTSIDE),
            [p, _, 0] => Some(Self([p, 0, 0])),
            [p, c, _] => Some(Self([p, c, 0])),
        }
    }

    /// The region's parent, its parent and so on, up to `000000`.
    pub fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), |region| region.parent())
    }

    /// Whether `other` is this region or lies in it. Only `000000` itself lies in `000000`: it is the root
    /// for those who listen, not a grant of the whole country.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        match self.level() {
            Level::Outside => other == self,
            Level::Province => self.0[0] == other.0[0],
            Level::City => self.0[..2] == other.0[..2],
            Level::County => self == other,
        }
    }

    /// Whether a person who looks at `self` is concerned by `other`: the same, inside it, or above it.
    #[must_use]
    pub fn concerns(self, other: Self) -> bool {
        self.contains(other) || self.ancestors().any(|above| above == other)
    }

    /// The three two-digit tokens of a subject.
    #[must_use]
    pub fn digits(self) -> [u8; 3] {
        self.0
    }

    /// None where the digits are over 99 or a 00 has something below it.
    #[must_use]
    pub fn from_digits([p, c, d]: [u8; 3]) -> Option<Self> {
        let whole = (p != 0 || (c, d) == (0, 0)) && (c != 0 || d == 0);
        (p <= 99 && c <= 99 && d <= 99 && whole).then_some(Self([p, c, d]))
    }

    /// Hunan, its cities and its counties, by code.
    #[must_use]
    pub fn hunan() -> Vec<Named> {
        include_str!("../data/gb2260-hunan.csv")
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split(',');
                let region = cells.next()?.parse().ok()?;
                let zh = cells.next()?.to_owned();
                let en = cells.next()?.to_owned();
                Some(Named { region, name: Text { zh, en } })
            })
            .collect()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p, c, d] = self.0;
        write!(f, "{p:02}{c:02}{d:02}")
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || RegionError(text.chars().take(32).collect());
        if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let pair = |at: usize| text.get(at..at + 2).and_then(|t| t.parse().ok());
        match (pair(0), pair(2), pair(4)) {
            (Some(p), Some(c), Some(d)) => Self::from_digits([p, c, d]).ok_or_else(bad),
            _ => Err(bad()),
        }
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
