//! Regions with their names.

use dongting_manifest::Region;
use dongting_manifest::region::{Level, Named};
use serde::Serialize;
use utoipa::ToSchema;

use super::Text;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Region)]
pub struct RegionDto {
    pub code: String,
    pub level: RegionLevel,
    #[schema(required)]
    pub parent: Option<String>,
    pub name: Text,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegionLevel {
    Province,
    City,
    County,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionList {
    pub regions: Vec<RegionDto>,
}

impl RegionList {
    pub fn hunan() -> Self {
        Self { regions: Region::hunan().iter().map(RegionDto::from).collect() }
    }
}

impl From<&Named> for RegionDto {
    fn from(named: &Named) -> Self {
        let (level, parent) = match named.region.level() {
            Level::County => (RegionLevel::County, named.region.parent()),
            Level::City => (RegionLevel::City, named.region.parent()),
            Level::Province | Level::Outside => (RegionLevel::Province, None),
        };
        Self {
            code: named.region.to_string(),
            level,
            parent: parent.map(|parent| parent.to_string()),
            name: Text::from(&named.name),
        }
    }
}
