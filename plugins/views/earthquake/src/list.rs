//! The views there are, and what each wants to read.

use dongting_events::completeness;
use dongting_events::earthquake::DOMAIN;
use dongting_sdk::views::{Context, Error, Kind, Panel, Read, Text as Title, View};

use crate::situation::Situation;
use crate::text::Text;
use crate::{catalogue, overview, warnings};

pub const OVERVIEW: &str = "overview";
pub const WARNINGS: &str = "warnings";
pub const CATALOGUE: &str = "catalogue";

const DAY: u32 = 24 * 60 * 60;

#[must_use]
pub fn views() -> Vec<View> {
    let view = |id: &str, order: u32, zh: &str, en: &str, kinds: &[Kind]| View {
        id: id.to_owned(),
        title: Title { zh: zh.to_owned(), en: en.to_owned() },
        order,
        reads: kinds.iter().map(|kind| read(*kind)).collect(),
    };
    vec![
        view(
            OVERVIEW,
            10,
            "地震态势",
            "Earthquake situation",
            &[Kind::Observation, Kind::Assessment, Kind::Warning, Kind::Feedback, Kind::Status],
        ),
        view(
            WARNINGS,
            20,
            "地震预警",
            "Earthquake warnings",
            &[Kind::Warning, Kind::Feedback, Kind::Assessment],
        ),
        view(
            CATALOGUE,
            30,
            "地震目录",
            "Earthquake catalogue",
            &[Kind::Observation, Kind::Assessment, Kind::Warning, Kind::Status],
        ),
    ]
}

pub fn render(view: &str, context: &Context) -> Result<Vec<Panel>, Error> {
    let text = Text::of(context.language);
    let situation = Situation::gather(context);
    match view {
        OVERVIEW => Ok(overview::panels(&situation, text)),
        WARNINGS => Ok(warnings::panels(&situation, text)),
        CATALOGUE => Ok(catalogue::panels(&situation, text)),
        _ => Err(Error::Reject(text.either("没有这个视图。", "There is no such view.").to_owned())),
    }
}

/// How many messages of a kind a view takes; as many as that may mean that there are more.
#[must_use]
pub const fn limit(kind: Kind) -> u32 {
    match kind {
        Kind::Observation => 500,
        // An assessment carries polygons of some ten kilobytes.
        Kind::Assessment => 200,
        _ => 1000,
    }
}

fn read(kind: Kind) -> Read {
    Read {
        domain: DOMAIN.to_owned(),
        kind,
        detail: (kind == Kind::Status).then(|| completeness::DETAIL.to_owned()),
        limit: limit(kind),
        // Neither a warning nor its acknowledgement may fall out of sight by age: how long a warning stands is for its
        // `expires` to say. And how old the catalogue's newest statement is, is itself news.
        max_age_seconds: matches!(kind, Kind::Assessment).then_some(7 * DAY),
    }
}

#[cfg(test)]
mod tests;
