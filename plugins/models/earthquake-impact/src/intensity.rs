//! Intensity from peak motion, GB/T 17742-2020: I_A = 3.17 lg PGA + 6.59 and I_V = 3.00 lg PGV + 9.77 (m/s², m/s),
//! put together and kept within 1 to 12.
//!
//! A degree n is what rounds to it: I from n − 0.5 up to, but not including, n + 0.5. The standard's own table of motions for
//! each degree is cut there.

use serde::{Deserialize, Serialize};

/// How the two become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// Their mean, everywhere.
    #[default]
    Mean,
    /// I_V where both are 6 or more, else the mean: how public implementations of the standard's annex A treat a record. From a
    /// relation whose I_A exceeds its I_V the result jumps down on the way in; what counts then is how far out a degree is reached.
    Velocity,
}

impl Combine {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Velocity => "velocity",
        }
    }
}

/// Where `Combine::Velocity` begins to look at velocity alone.
pub const STRONG: f64 = 6.0;

/// From m/s².
#[must_use]
pub fn from_acceleration(pga: f64) -> f64 {
    3.17 * pga.log10() + 6.59
}

/// From m/s.
#[must_use]
pub fn from_velocity(pgv: f64) -> f64 {
    3.00 * pgv.log10() + 9.77
}

/// m/s² at an intensity.
#[must_use]
pub fn to_acceleration(intensity: f64) -> f64 {
    10f64.powf((intensity - 6.59) / 3.17)
}

/// m/s at an intensity.
#[must_use]
pub fn to_velocity(intensity: f64) -> f64 {
    10f64.powf((intensity - 9.77) / 3.00)
}

#[must_use]
pub fn combined(by_acceleration: f64, by_velocity: Option<f64>, combine: Combine) -> f64 {
    let together = match by_velocity {
        None => by_acceleration,
        Some(by_velocity)
            if combine == Combine::Velocity && by_acceleration >= STRONG && by_velocity >= STRONG =>
        {
            by_velocity
        }
        Some(by_velocity) => f64::midpoint(by_acceleration, by_velocity),
    };
    together.clamp(1.0, 12.0)
}

#[must_use]
pub fn degree(intensity: f64) -> u8 {
    // Within 1 to 12, and so within a byte.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let degree = (intensity + 0.5).floor().clamp(1.0, 12.0) as u8;
    degree
}

/// The lowest intensity that counts as a degree.
#[must_use]
pub fn lower_bound(degree: u8) -> f64 {
    f64::from(degree) - 0.5
}

/// As Chinese texts print degrees: one character each.
#[must_use]
pub const fn roman(degree: u8) -> &'static str {
    match degree {
        0 | 1 => "Ⅰ",
        2 => "Ⅱ",
        3 => "Ⅲ",
        4 => "Ⅳ",
        5 => "Ⅴ",
        6 => "Ⅵ",
        7 => "Ⅶ",
        8 => "Ⅷ",
        9 => "Ⅸ",
        10 => "Ⅹ",
        11 => "Ⅺ",
        _ => "Ⅻ",
    }
}

/// The same in Latin letters.
#[must_use]
pub const fn roman_letters(degree: u8) -> &'static str {
    match degree {
        0 | 1 => "I",
        2 => "II",
        3 => "III",
        4 => "IV",
        5 => "V",
        6 => "VI",
        7 => "VII",
        8 => "VIII",
        9 => "IX",
        10 => "X",
        11 => "XI",
        _ => "XII",
    }
}

#[cfg(test)]
mod tests;
