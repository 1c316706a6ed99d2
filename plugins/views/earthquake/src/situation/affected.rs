//! The counties that an earthquake concerns: what was estimated, and what they were warned of.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use dongting_sdk::views::Level;

use super::{Assessed, Situation, Warned};
use crate::{level, region};

/// One county, by the strongest of the current earthquakes.
#[derive(Debug, Clone, Copy)]
pub struct Affected<'s> {
    pub region: &'s str,
    pub intensity: Option<u8>,
    /// What part of it lies in that degree.
    pub share: Option<f64>,
    pub assessed: Option<&'s Assessed>,
    /// The gravest warning that stands.
    pub warned: Option<&'s Warned>,
}

impl Affected<'_> {
    /// As it is warned, else as strongly as it shook.
    #[must_use]
    pub fn level(&self) -> Level {
        let by_intensity = self.intensity.map_or(Level::None, level::of_intensity);
        self.warned.map_or(by_intensity, |warned| warned.level)
    }

    #[must_use]
    pub fn message(&self) -> Option<String> {
        let warned = self.warned.map(|warned| &warned.message);
        warned.or(self.assessed.map(|assessed| &assessed.message)).cloned()
    }
}

impl Situation {
    /// Of the region that the person chose; gravest first.
    #[must_use]
    pub fn affected(&self) -> Vec<Affected<'_>> {
        let mut counties: BTreeMap<&str, Affected<'_>> = BTreeMap::new();
        for assessed in self.current() {
            for county in assessed.counties.iter().filter(|c| region::contains(&self.region, &c.region)) {
                let here = counties.entry(&county.region).or_insert_with(|| nothing(&county.region));
                // The newest comes first and gives way only to a stronger one.
                if here.intensity.is_none_or(|before| before < county.intensity) {
                    here.intensity = Some(county.intensity);
                    here.share = Assessed::share(county);
                    here.assessed = Some(assessed);
                }
            }
        }
        for warned in self.standing() {
            let here = counties.entry(&warned.region).or_insert_with(|| nothing(&warned.region));
            // An exercise never covers a warning that is for real.
            if here.warned.is_none_or(|before| !before.is_actual() && warned.is_actual()) {
                here.warned = Some(warned);
            }
        }
        let mut counties: Vec<Affected<'_>> = counties.into_values().collect();
        counties.sort_by_key(|county| {
            // A share is never negative, so its bits are in the order of its value.
            Reverse((county.level(), county.intensity, county.share.map(|share| share.abs().to_bits())))
        });
        counties
    }
}

const fn nothing(region: &str) -> Affected<'_> {
    Affected { region, intensity: None, share: None, assessed: None, warned: None }
}
