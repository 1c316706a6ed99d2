//! The situation at a glance.

use dongting_sdk::views::{Cell, Panel, Row};

use crate::notices;
use crate::situation::{Affected, Situation};
use crate::table::{self, badge, column, figures, number};
use crate::text::Text;

mod figures;
mod headline;
mod map;
mod timeline;

pub use map::mark;

const MAX_EVENTS: usize = 100;

#[must_use]
pub fn panels(situation: &Situation, text: Text) -> Vec<Panel> {
    let affected = situation.affected();
    headline::panel(situation, text)
        .into_iter()
        .chain(notices::catalogue(situation, text))
        .chain(notices::doubts(situation, text))
        .chain(notices::gaps(situation, text))
        .chain([
            figures::panel(situation, &affected, text),
            map::panel(situation, &affected, text),
            counties(&affected, text),
            events(situation, text),
            timeline::panel(situation, text),
        ])
        .collect()
}

fn counties(affected: &[Affected<'_>], text: Text) -> Panel {
    let rows = affected.iter().map(|county| {
        let (name, origin) = county.assessed.map_or((Cell::Empty, Cell::Empty), |assessed| {
            let name = text.earthquake(assessed.magnitude.as_ref(), &assessed.place);
            (Cell::Text(name), Cell::Time(assessed.origin))
        });
        let degree = county
            .intensity
            .map_or(Cell::Empty, |degree| badge(crate::level::of_intensity(degree), text.degree(degree)));
        let warning = county.warned.map_or_else(
            || Cell::Text(text.own("无", "none")),
            |warned| badge(warned.level, warned.colour(text)),
        );
        Row {
            id: county.region.to_owned(),
            cells: vec![
                Cell::Region(county.region.to_owned()),
                degree,
                number(county.share.map(|share| share * 100.0), 1, Some("%")),
                warning,
                name,
                origin,
            ],
            message: county.message(),
        }
    });
    table::panel(
        "counties",
        text.own(
            "受影响县区（估计烈度，未经现场核实）",
            "Affected counties (estimated intensity, not checked on the ground)",
        ),
        vec![
            column(text.either("县区", "County")),
            column(text.either("最高烈度", "Highest intensity")),
            figures(text.either("该烈度面积占比", "Share of area")),
            column(text.either("预警", "Warning")),
            column(text.either("地震", "Earthquake")),
            column(text.either("发震时刻", "Origin time")),
        ],
        rows.collect(),
    )
}

fn events(situation: &Situation, text: Text) -> Panel {
    let rows = situation.events.iter().take(MAX_EVENTS).map(|event| Row {
        id: event.message.clone(),
        cells: vec![
            Cell::Time(event.origin),
            table::place(event, text),
            table::magnitude(situation, event, text),
            number(event.depth_km, 0, Some("km")),
            Cell::Text(text.status(event.status).to_owned()),
            table::words(&event.agency),
        ],
        message: Some(event.message.clone()),
    });
    table::panel(
        "events",
        text.own("最近的地震", "Latest earthquakes"),
        vec![
            column(text.either("发震时刻", "Origin time")),
            column(text.either("地点", "Place")),
            figures(text.either("震级", "Magnitude")),
            figures(text.either("深度", "Depth")),
            column(text.either("状态", "Status")),
            column(text.either("测定机构", "Agency")),
        ],
        rows.collect(),
    )
}

#[cfg(test)]
mod tests;
