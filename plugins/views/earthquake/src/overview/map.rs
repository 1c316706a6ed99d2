//! Counties, isoseismals and epicentres.

use dongting_events::impact::Isoseismal;
use dongting_sdk::views::{Layer, Level, MapPanel, Marks, Panel, PointMark, RegionMark, ShapeMark, Symbol};

use crate::instant;
use crate::situation::{Affected, Assessed, Event, Situation, TODAY};
use crate::text::Text;

const WEEK: i64 = 7 * TODAY;
const MAX_EPICENTRES: usize = 200;
/// More of them hide one another.
const MAX_ISOSEISMALS: usize = 5;

pub fn panel(situation: &Situation, affected: &[Affected<'_>], text: Text) -> Panel {
    let layer =
        |id: &str, title: &str, marks: Marks| Layer { id: id.to_owned(), title: title.to_owned(), marks };
    Panel::Map(MapPanel {
        id: "map".to_owned(),
        title: text.own("震中与影响范围", "Epicentres and affected counties"),
        layers: vec![
            layer(
                "counties",
                text.either("受影响县区", "Affected counties"),
                Marks::Regions(affected.iter().map(|county| mark(county, text)).collect()),
            ),
            layer(
                "isoseismals",
                text.either("估计等震线", "Estimated isoseismals"),
                Marks::Shapes(isoseismals(situation, text)),
            ),
            layer(
                "epicentres",
                text.either("震中（近7天）", "Epicentres (7 days)"),
                Marks::Points(epicentres(situation, text)),
            ),
        ],
    })
}

/// A county in the words for its mark; the portal adds its name.
pub fn mark(county: &Affected<'_>, text: Text) -> RegionMark {
    let degree = county.intensity.map(|degree| {
        let degree = text.degree(degree);
        county.share.map_or(degree.clone(), |share| format!("{degree} {}", text.percent(share)))
    });
    let said = degree.into_iter().chain(county.warned.map(|warned| warned.name(text)));
    RegionMark {
        region: county.region.to_owned(),
        level: county.level(),
        label: said.collect::<Vec<String>>().join(text.either("，", ", ")),
        value: county.intensity.map(f64::from),
        message: county.message(),
    }
}

/// Of what reaches the province. Weak ones first, so that the strong are drawn over them.
fn isoseismals(situation: &Situation, text: Text) -> Vec<ShapeMark> {
    let drawn = situation.current().filter(|assessed| !assessed.counties.is_empty());
    let mut lines: Vec<(&Assessed, &Isoseismal)> = drawn
        .take(MAX_ISOSEISMALS)
        .flat_map(|assessed| assessed.isoseismals.iter().map(move |line| (assessed, line)))
        .collect();
    lines.sort_by_key(|(_, line)| line.intensity);
    lines.into_iter().map(|(assessed, line)| shape(assessed, line, text)).collect()
}

fn shape(assessed: &Assessed, line: &Isoseismal, text: Text) -> ShapeMark {
    let geometry = serde_json::json!({ "type": "Polygon", "coordinates": line.polygon });
    let degree = text.degree(line.intensity);
    let name = text.earthquake(assessed.magnitude.as_ref(), &assessed.place);
    ShapeMark {
        id: format!("{}/{}", assessed.message, line.intensity),
        geometry: geometry.to_string(),
        level: crate::level::of_intensity(line.intensity),
        label: match text.is_chinese() {
            true => format!("{degree}区，{name}"),
            false => format!("Intensity {degree}, {name}"),
        },
        message: Some(assessed.message.clone()),
    }
}

/// The newest is a star and is drawn last.
fn epicentres(situation: &Situation, text: Text) -> Vec<PointMark> {
    let newest = situation.recent(WEEK).next();
    let mut marks: Vec<PointMark> = situation
        .recent(WEEK)
        .take(MAX_EPICENTRES)
        .map(|event| {
            let newest = newest.is_some_and(|newest| newest.message == event.message);
            epicentre(event, newest, situation.level(event), text)
        })
        .collect();
    marks.reverse();
    marks
}

fn epicentre(event: &Event, newest: bool, level: Level, text: Text) -> PointMark {
    let magnitude = event.magnitude.as_ref().map_or(1.0, |magnitude| magnitude.mag.round().clamp(1.0, 10.0));
    // Within 1 to 10.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let size = magnitude as u8;
    let name = text.earthquake(event.magnitude.as_ref(), &event.place);
    PointMark {
        id: event.message.clone(),
        longitude: event.longitude,
        latitude: event.latitude,
        symbol: if newest { Symbol::Star } else { Symbol::Circle },
        size,
        level,
        label: format!("{name} {}", instant::minutes(event.origin)),
        message: Some(event.message.clone()),
    }
}
