//! The catalogue with all that is known of each earthquake, and its magnitudes over time.

use dongting_sdk::views::{Cell, Kind, Level, Line, Panel, Point, Row, SeriesPanel, Threshold};

use crate::instant;
use crate::notices::{self, notice};
use crate::situation::{Event, Situation};
use crate::table::{self, column, figures, number};
use crate::text::Text;

#[must_use]
pub fn panels(situation: &Situation, text: Text) -> Vec<Panel> {
    notices::catalogue(situation, text)
        .into_iter()
        .chain(notices::gaps(situation, text))
        .chain(extent(situation, text))
        .chain([series(situation, text), events(situation, text)])
        .collect()
}

/// How far back it goes.
fn extent(situation: &Situation, text: Text) -> Option<Panel> {
    let first = situation.events.last()?;
    let (since, count) = (instant::seconds(first.origin), situation.events.len());
    let withdrawn = situation.events.iter().filter(|event| event.is_withdrawn()).count();
    let more = situation.full.contains(&Kind::Observation);
    let title = match text.is_chinese() {
        true => format!("本目录起自 {since}（北京时间），共 {count} 条，其中已撤销 {withdrawn} 条"),
        false => {
            format!("From {since} (Beijing time) on: {count} earthquakes, {withdrawn} of them withdrawn")
        }
    };
    let complete = situation.complete_until.map(|until| match text.is_chinese() {
        true => format!("目录完整至 {}（北京时间）。", instant::seconds(until)),
        false => format!("It is complete until {} (Beijing time).", instant::seconds(until)),
    });
    let cut = more.then(|| {
        text.own(
            "已达显示上限，报文更早的地震未列出。",
            "That is the most that is shown; earthquakes with older statements are left out.",
        )
    });
    let between = text.either("", " ");
    let body: Vec<String> = complete.into_iter().chain(cut).collect();
    Some(notice("extent", Level::None, title, body.join(between)))
}

fn series(situation: &Situation, text: Text) -> Panel {
    let line = |inside: bool, name: &str| Line {
        name: name.to_owned(),
        points: situation
            .recent(i64::MAX)
            .filter(|event| event.inside == inside)
            .filter_map(point)
            .collect::<Vec<Point>>()
            .into_iter()
            .rev()
            .collect(),
    };
    let lines =
        [line(true, text.either("省内", "In the province")), line(false, text.either("省外", "Elsewhere"))];
    // As the national earthquake plan grades them at first sight, in populated places.
    let thresholds = [
        (4.0, text.either("一般", "General"), Level::Blue),
        (5.0, text.either("较大", "Larger"), Level::Yellow),
        (6.0, text.either("重大", "Major"), Level::Orange),
        (7.0, text.either("特别重大", "Extreme"), Level::Red),
    ];
    Panel::Series(SeriesPanel {
        id: "magnitudes".to_owned(),
        title: text.own("震级随时间变化", "Magnitudes over time"),
        unit: text.own("级", "M"),
        lines: lines.into_iter().filter(|line| !line.points.is_empty()).collect(),
        thresholds: thresholds
            .into_iter()
            .map(|(value, label, level)| Threshold { label: label.to_owned(), value, level })
            .collect(),
    })
}

fn point(event: &Event) -> Option<Point> {
    event.magnitude.as_ref().map(|magnitude| Point { time: event.origin, value: magnitude.mag })
}

fn events(situation: &Situation, text: Text) -> Panel {
    let rows = situation.events.iter().map(|event| Row {
        id: event.message.clone(),
        cells: vec![
            Cell::Time(event.origin),
            table::place(event, text),
            table::magnitude(situation, event, text),
            number(event.depth_km, 1, Some("km")),
            number(Some(event.longitude), 3, Some("°")),
            number(Some(event.latitude), 3, Some("°")),
            Cell::Text(text.status(event.status).to_owned()),
            table::words(&event.agency),
            Cell::Time(event.stated),
            Cell::Time(event.received),
            Cell::Text(if event.inside {
                text.own("省内", "In the province")
            } else {
                text.own("省外", "Elsewhere")
            }),
            table::words(&crate::text::line(&event.event_id)),
        ],
        message: Some(event.message.clone()),
    });
    table::panel(
        "events",
        text.own("地震目录", "Earthquake catalogue"),
        vec![
            column(text.either("发震时刻", "Origin time")),
            column(text.either("地点", "Place")),
            figures(text.either("震级", "Magnitude")),
            figures(text.either("深度", "Depth")),
            figures(text.either("经度", "Longitude")),
            figures(text.either("纬度", "Latitude")),
            column(text.either("状态", "Status")),
            column(text.either("测定机构", "Agency")),
            column(text.either("报文时间", "Stated")),
            column(text.either("接收时间", "Received")),
            column(text.either("范围", "Where")),
            column(text.either("事件编号", "Event id")),
        ],
        rows.collect(),
    )
}

#[cfg(test)]
mod tests;
