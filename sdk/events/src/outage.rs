//! `em.outage.observation.v1`: what the grid says of an interruption. No public national format was found for it; the members are ours, after
//! what power companies publish of each interruption (line or transformer area, cause, times, customers).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{Checked, INSTANT, checked, instant, instant_if, text};
use crate::geometry::Geometry;

pub const TYPE: &str = "em.outage.observation.v1";
pub const DOMAIN: &str = "outage";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", remote = "Outage")]
pub struct Outage {
    /// The grid's identifier of the interruption. All statements about one share it.
    #[schemars(length(min = 1, max = 128))]
    pub outage_id: String,
    /// When the grid made this statement; of two about one interruption the later one holds. RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub updated: String,
    pub status: Status,
    pub cause: Cause,
    pub equipment: Equipment,
    /// When the power went, RFC 3339.
    #[schemars(regex(pattern = INSTANT))]
    pub began: String,
    /// When it was back for all; none while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub ended: Option<String>,
    /// When the grid expects it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = INSTANT))]
    pub expected: Option<String>,
    /// Households and firms that lost power; none where it is not known, which is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_affected: Option<u32>,
    /// Those of them that have it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_restored: Option<u32>,
    /// Load that was lost, megawatts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub load_lost_megawatts: Option<f64>,
    /// Hospitals, pumping stations and the like that are without power, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    pub important_users: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Geometry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Out,
    /// Some customers have power again.
    Partial,
    Restored,
    /// There was no such interruption.
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    Planned,
    Fault,
    /// Wind, ice, flood, lightning, an earthquake.
    Disaster,
    /// Load was shed on purpose.
    Shedding,
    Unknown,
}

/// What lost its power.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Equipment {
    pub class: Class,
    /// The grid's code.
    #[schemars(length(min = 1, max = 128))]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub name: Option<String>,
    /// Nominal voltage, kilovolts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kilovolts: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    Substation,
    Line,
    /// 台区: what one distribution transformer supplies.
    TransformerArea,
    Other,
}

checked!(Outage);

impl Outage {
    pub fn check(&self) -> Checked {
        text("outageId", &self.outage_id, 1..=128)?;
        text("equipment.code", &self.equipment.code, 1..=128)?;
        text("equipment.name", self.equipment.name.as_deref().unwrap_or_default(), 0..=256)?;
        instant("updated", &self.updated)?;
        instant("began", &self.began)?;
        instant_if("ended", self.ended.as_ref())?;
        instant_if("expected", self.expected.as_ref())?;
        crate::check::count("importantUsers", self.important_users.len(), 0..=256)?;
        if let (Some(affected), Some(restored)) = (self.customers_affected, self.customers_restored)
            && restored > affected
        {
            return Err(format!("`customersRestored` is {restored} of {affected} affected"));
        }
        if let Some(load) = self.load_lost_megawatts {
            crate::check::range("loadLostMegawatts", load, 0.0..=1_000_000.0)?;
        }
        self.area.as_ref().map_or(Ok(()), |area| area.check("area"))
    }
}
