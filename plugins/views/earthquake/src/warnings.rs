//! The warnings that stand, those that stood, and the form to acknowledge one.

use dongting_sdk::views::{
    Cell, Choice, Field, FormPanel, Input, Layer, Level, MapPanel, Marks, Panel, Row, StatItem, StatPanel,
};

use crate::acknowledge::{self, MAX_BY, MAX_NOTE};
use crate::notices::{self, notice};
use crate::overview;
use crate::situation::{Situation, Standing, Warned};
use crate::table::{self, badge, column};
use crate::text::Text;
use crate::{instant, level, list};

const MAX_PAST: usize = 200;
/// More than anybody chooses from; the gravest come first.
const MAX_CHOICES: usize = 300;

#[must_use]
pub fn panels(situation: &Situation, text: Text) -> Vec<Panel> {
    let nothing = situation.standing().next().is_none().then(|| {
        notice(
            "nothing",
            Level::None,
            text.own("当前没有生效的地震预警", "No earthquake warning stands"),
            String::new(),
        )
    });
    nothing
        .into_iter()
        .chain(notices::doubts(situation, text))
        .chain(notices::gaps(situation, text))
        .chain([figures(situation, text)])
        .chain(form(situation, text))
        .chain([standing(situation, text), map(situation, text), past(situation, text)])
        .collect()
}

fn figures(situation: &Situation, text: Text) -> Panel {
    let actual = || situation.standing().filter(|warned| warned.is_actual());
    let mut items: Vec<StatItem> = level::COLOURS
        .iter()
        .map(|colour| {
            let count = actual().filter(|warned| warned.level == *colour).count();
            StatItem {
                label: match text.is_chinese() {
                    true => format!("{}预警", text.colour(*colour)),
                    false => text.colour(*colour).to_owned(),
                },
                value: count.to_string(),
                unit: text.is_chinese().then(|| "条".to_owned()),
                level: if count > 0 { *colour } else { Level::None },
                detail: None,
            }
        })
        .collect();
    let open = || actual().filter(|warned| warned.acknowledged.is_none());
    items.push(StatItem {
        label: text.own("未确认", "Not acknowledged"),
        value: open().count().to_string(),
        unit: text.is_chinese().then(|| "条".to_owned()),
        level: open().map(|warned| warned.level).max().unwrap_or(Level::None),
        // The longest waiting is the one to see to.
        detail: open().map(|warned| warned.sent).min().map(|sent| match text.is_chinese() {
            true => format!("最早发布于 {}", instant::minutes(sent)),
            false => format!("oldest of {} (Beijing)", instant::minutes(sent)),
        }),
    });
    Panel::Stat(StatPanel {
        id: "figures".to_owned(),
        title: text.own("生效中的预警", "Warnings that stand"),
        items,
    })
}

/// None where nothing is left to acknowledge.
fn form(situation: &Situation, text: Text) -> Option<Panel> {
    let choices: Vec<Choice> = acknowledge::open(situation)
        .take(MAX_CHOICES)
        .map(|warned| Choice {
            value: acknowledge::choice(warned),
            label: format!(
                "{} {} · {}",
                warned.area(text),
                warned.colour(text),
                event(situation, warned, text)
            ),
        })
        .collect();
    if choices.is_empty() {
        return None;
    }
    let field = |name: &str, zh: &str, en: &str, input: Input, required: bool| Field {
        name: name.to_owned(),
        label: text.own(zh, en),
        input,
        required,
        value: None,
    };
    Some(Panel::Form(FormPanel {
        id: "acknowledge".to_owned(),
        title: text.own("确认预警", "Acknowledge a warning"),
        action: acknowledge::ACTION.to_owned(),
        fields: vec![
            field(acknowledge::WARNING, "预警", "Warning", Input::Choice(choices), true),
            field(acknowledge::BY, "确认人", "Your name", Input::Text(MAX_BY), true),
            field(acknowledge::NOTE, "备注", "Note", Input::Paragraph(MAX_NOTE), false),
        ],
        submit: text.own("确认收到", "Acknowledge"),
        confirm: Some(text.own(
            "以此姓名确认已收到这条预警？确认后将记录在案，不能撤回。",
            "Acknowledge this warning under this name? It goes on record and cannot be taken back.",
        )),
    }))
}

fn standing(situation: &Situation, text: Text) -> Panel {
    let rows = situation.standing().map(|warned| {
        let answer = warned.acknowledged.as_ref().map_or_else(
            || badge(warned.level, text.either("未确认", "not acknowledged")),
            |answer| {
                Cell::Text(match text.is_chinese() {
                    true => format!("{} {}", answer.by, instant::minutes(answer.time)),
                    false => format!("{}, {}", answer.by, instant::minutes(answer.time)),
                })
            },
        );
        let note = warned.acknowledged.as_ref().and_then(|answer| answer.note.as_deref());
        Row {
            id: warned.message.clone(),
            cells: vec![
                Cell::Region(warned.region.clone()),
                badge(warned.level, warned.colour(text)),
                degree(warned, text),
                Cell::Text(event(situation, warned, text)),
                Cell::Time(warned.sent),
                warned.expires.map_or(Cell::Empty, Cell::Time),
                answer,
                table::words(note.unwrap_or_default()),
            ],
            message: Some(warned.message.clone()),
        }
    });
    table::panel(
        "standing",
        text.own("生效中的预警", "Warnings that stand"),
        vec![
            column(text.either("县区", "County")),
            column(text.either("颜色", "Colour")),
            column(text.either("估计烈度", "Estimated intensity")),
            column(text.either("地震", "Earthquake")),
            column(text.either("发布时间", "Sent")),
            column(text.either("失效时间", "Expires")),
            column(text.either("确认", "Acknowledged")),
            column(text.either("备注", "Note")),
        ],
        rows.collect(),
    )
}

fn past(situation: &Situation, text: Text) -> Panel {
    let mut past: Vec<(&Warned, Standing)> = situation
        .warned
        .iter()
        .map(|warned| (warned, warned.state(situation.now)))
        .filter(|(_, state)| *state != Standing::Stands)
        .collect();
    past.sort_by_key(|(warned, _)| std::cmp::Reverse(warned.sent));
    let rows = past.into_iter().take(MAX_PAST).map(|(warned, state)| {
        let (said, ended) = match state {
            Standing::Cancelled => (text.either("已解除", "Lifted"), Some(warned.sent)),
            Standing::Expired | Standing::Stands => (text.either("已过期", "Expired"), warned.expires),
        };
        Row {
            id: warned.message.clone(),
            cells: vec![
                Cell::Region(warned.region.clone()),
                // In words only: a coloured badge would look like a warning.
                Cell::Text(warned.colour(text)),
                Cell::Text(said.to_owned()),
                ended.map_or(Cell::Empty, Cell::Time),
                Cell::Text(event(situation, warned, text)),
            ],
            message: Some(warned.message.clone()),
        }
    });
    table::panel(
        "past",
        text.own("已解除或过期的预警", "Lifted and expired warnings"),
        vec![
            column(text.either("县区", "County")),
            column(text.either("原颜色", "Colour it had")),
            column(text.either("状态", "State")),
            column(text.either("结束时间", "Ended")),
            column(text.either("地震", "Earthquake")),
        ],
        rows.collect(),
    )
}

fn map(situation: &Situation, text: Text) -> Panel {
    let affected = situation.affected();
    let marks = affected.iter().filter(|county| county.warned.is_some());
    let marks = Marks::Regions(marks.map(|county| overview::mark(county, text)).collect());
    let title = text.own("预警县区", "Counties under warning");
    Panel::Map(MapPanel {
        id: "map".to_owned(),
        title: title.clone(),
        layers: vec![Layer { id: list::WARNINGS.to_owned(), title, marks }],
    })
}

fn degree(warned: &Warned, text: Text) -> Cell {
    warned.intensity.map_or(Cell::Empty, |degree| Cell::Text(text.degree(degree)))
}

/// What the warning is about, as well as it is known.
pub fn event(situation: &Situation, warned: &Warned, text: Text) -> String {
    let assessed = warned.event_id.as_deref().and_then(|event| situation.assessed(event));
    assessed.map_or_else(
        || warned.magnitude.clone().unwrap_or_else(|| text.own("地震", "Earthquake")),
        |assessed| text.earthquake(assessed.magnitude.as_ref(), &assessed.place),
    )
}

#[cfg(test)]
mod tests;
