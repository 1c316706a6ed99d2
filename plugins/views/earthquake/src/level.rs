//! From colours, intensities and magnitudes to the portal's levels.

use dongting_events::warning::Severity;
use dongting_sdk::views::Level;

pub const COLOURS: [Level; 4] = [Level::Red, Level::Orange, Level::Yellow, Level::Blue];

/// By the damage that GB/T 17742 describes: V frightens, VI cracks weak houses, VII damages many, VIII destroys some.
#[must_use]
pub const fn of_intensity(degree: u8) -> Level {
    match degree {
        0..=4 => Level::None,
        5 => Level::Blue,
        6 => Level::Yellow,
        7 => Level::Orange,
        _ => Level::Red,
    }
}

/// The first judgement of the national earthquake plan for populated places: 4.0 general, 5.0 larger, 6.0 major, 7.0
/// exceptional. For earthquakes of which nothing better is known.
#[must_use]
pub fn of_magnitude(magnitude: f64) -> Level {
    match magnitude {
        m if m >= 7.0 => Level::Red,
        m if m >= 6.0 => Level::Orange,
        m if m >= 5.0 => Level::Yellow,
        m if m >= 4.0 => Level::Blue,
        _ => Level::None,
    }
}

/// As `cn.severityColor` writes it.
#[must_use]
pub fn of_colour(colour: &str) -> Option<Level> {
    match colour.trim().to_ascii_lowercase().as_str() {
        "blue" => Some(Level::Blue),
        "yellow" => Some(Level::Yellow),
        "orange" => Some(Level::Orange),
        "red" => Some(Level::Red),
        _ => None,
    }
}

/// As the Chinese Meteorological Administration's CAP feed pairs them.
#[must_use]
pub const fn of_severity(severity: Severity) -> Level {
    match severity {
        Severity::Extreme => Level::Red,
        Severity::Severe => Level::Orange,
        Severity::Moderate => Level::Yellow,
        Severity::Minor => Level::Blue,
        Severity::Unknown => Level::None,
    }
}
