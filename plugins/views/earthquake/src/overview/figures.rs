//! The figures of the situation.

use dongting_sdk::views::{Level, Panel, StatItem, StatPanel};

use crate::instant;
use crate::notices;
use crate::situation::{Affected, Event, Situation, TODAY, Warned};
use crate::text::Text;

pub fn panel(situation: &Situation, affected: &[Affected<'_>], text: Text) -> Panel {
    Panel::Stat(StatPanel {
        id: "figures".to_owned(),
        title: text.own("概况", "At a glance"),
        items: vec![
            earthquakes(situation, text),
            strongest(situation, text),
            warned(affected, text),
            unanswered(situation, text),
            felt(affected, text),
            newest(situation, text),
        ],
    })
}

fn earthquakes(situation: &Situation, text: Text) -> StatItem {
    let inside = situation.recent(TODAY).filter(|event| event.inside);
    let outside = situation.recent(TODAY).filter(|event| !event.inside).count();
    StatItem {
        label: text.own("近24小时省内地震", "Earthquakes in the province, 24 h"),
        value: inside.clone().count().to_string(),
        unit: counted("次", text),
        level: inside.map(|event| situation.level(event)).max().unwrap_or(Level::None),
        detail: Some(match text.is_chinese() {
            true => format!("省外 {outside} 次"),
            false => format!("{outside} elsewhere"),
        }),
    }
}

/// Chinese has a word for each kind of thing that is counted; English needs none.
fn counted(word: &str, text: Text) -> Option<String> {
    text.is_chinese().then(|| word.to_owned())
}

/// A small earthquake at home is of more concern than a great one far away.
fn strongest(situation: &Situation, text: Text) -> StatItem {
    let magnitude = |event: &&Event| event.magnitude.as_ref().map(|magnitude| magnitude.mag);
    let strongest = |inside: bool| {
        let events = situation.recent(TODAY).filter(move |event| event.inside == inside);
        events
            .filter(|event| magnitude(event).is_some())
            .max_by(|a, b| magnitude(a).unwrap_or(f64::MIN).total_cmp(&magnitude(b).unwrap_or(f64::MIN)))
    };
    let event = strongest(true).or_else(|| strongest(false));
    StatItem {
        label: match event {
            Some(event) if event.inside => text.own("近24小时省内最大", "Strongest in the province, 24 h"),
            Some(_) => text.own("近24小时省外最大", "Strongest elsewhere, 24 h"),
            None => text.own("近24小时最大震级", "Strongest, 24 h"),
        },
        value: event.map_or_else(|| "—".to_owned(), |event| text.magnitude(event.magnitude.as_ref())),
        unit: None,
        level: event.map_or(Level::None, |event| situation.level(event)),
        detail: event
            .map(|event| format!("{} {}", event.place, instant::minutes(event.origin)).trim().to_owned()),
    }
}

fn warned(affected: &[Affected<'_>], text: Text) -> StatItem {
    let levels = affected
        .iter()
        .filter_map(|county| county.warned.filter(|warned| warned.is_actual()))
        .map(|warned| warned.level);
    StatItem {
        label: text.own("预警中的县区", "Counties under warning"),
        value: levels.clone().count().to_string(),
        unit: counted("个", text),
        level: levels.clone().max().unwrap_or(Level::None),
        detail: Some(text.tally(levels)).filter(|tally| !tally.is_empty()),
    }
}

fn unanswered(situation: &Situation, text: Text) -> StatItem {
    let open = situation
        .standing()
        .filter(|warned| warned.is_actual() && warned.acknowledged.is_none())
        .collect::<Vec<&Warned>>();
    let levels = open.iter().map(|warned| warned.level);
    StatItem {
        label: text.own("未确认的预警", "Warnings not acknowledged"),
        value: open.len().to_string(),
        unit: counted("条", text),
        level: levels.clone().max().unwrap_or(Level::None),
        detail: Some(text.tally(levels)).filter(|tally| !tally.is_empty()),
    }
}

fn felt(affected: &[Affected<'_>], text: Text) -> StatItem {
    let felt = affected.iter().filter_map(|county| county.intensity);
    let strongest = felt.clone().max();
    StatItem {
        label: text.own("估计最高烈度", "Highest intensity (estimate)"),
        value: strongest.map_or_else(|| "—".to_owned(), |degree| text.degree(degree)),
        unit: None,
        level: strongest.map_or(Level::None, crate::level::of_intensity),
        detail: Some(match text.is_chinese() {
            true => format!("近72小时受影响县区 {} 个", felt.count()),
            false => format!("{} counties affected in 72 h", felt.count()),
        }),
    }
}

/// How current all this is.
fn newest(situation: &Situation, text: Text) -> StatItem {
    let stated = situation.events.iter().map(|event| event.stated).max();
    let doubtful = notices::catalogue(situation, text).is_some();
    StatItem {
        label: text.own("最新目录报文（北京时间）", "Newest catalogue statement (Beijing)"),
        value: stated.map_or_else(|| "—".to_owned(), instant::minutes),
        unit: None,
        level: if doubtful { Level::Yellow } else { Level::None },
        detail: match (situation.complete_until, situation.last_received()) {
            (Some(until), _) => Some(match text.is_chinese() {
                true => format!("目录完整至 {}", instant::minutes(until)),
                false => format!("complete until {}", instant::minutes(until)),
            }),
            (None, Some(received)) => Some(match text.is_chinese() {
                true => format!("接收于 {}", instant::seconds(received)),
                false => format!("received {}", instant::seconds(received)),
            }),
            (None, None) => None,
        },
    }
}
