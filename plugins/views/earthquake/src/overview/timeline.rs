//! Who said what when.

use std::collections::BTreeMap;

use dongting_events::earthquake::Status;
use dongting_events::warning::MsgType;
use dongting_sdk::views::{Entry, Level, Panel, TimelinePanel};

use crate::instant;
use crate::situation::{Answered, Event, Situation, Warned};
use crate::text::Text;

const MAX_ENTRIES: usize = 200;
/// One earthquake may warn dozens of counties at once; more than these become one entry.
const MAX_SINGLE: usize = 4;
/// Counties named in such an entry.
const MAX_NAMED: usize = 12;

pub fn panel(situation: &Situation, text: Text) -> Panel {
    let statements = situation.events.iter().map(|event| statement(situation, event, text));
    let answers = situation.answers.iter().take(MAX_ENTRIES).map(|answer| answered(situation, answer, text));
    let mut entries: Vec<Entry> = statements.chain(warnings(situation, text)).chain(answers).collect();
    entries.sort_by(|a, b| (b.time, b.level, &a.id).cmp(&(a.time, a.level, &b.id)));
    entries.truncate(MAX_ENTRIES);
    Panel::Timeline(TimelinePanel {
        id: "timeline".to_owned(),
        title: text.own("过程", "Course of events"),
        entries,
    })
}

fn statement(situation: &Situation, event: &Event, text: Text) -> Entry {
    let name = text.earthquake(event.magnitude.as_ref(), &event.place);
    let status = text.status(event.status);
    let origin = instant::seconds(event.origin);
    let depth = event.depth_km.map(|km| match text.is_chinese() {
        true => format!("深度 {km:.0} 千米"),
        false => format!("depth {km:.0} km"),
    });
    let origin = match text.is_chinese() {
        true => format!("发震 {origin}"),
        false => format!("origin {origin}"),
    };
    let agency = Some(event.agency.clone()).filter(|agency| !agency.is_empty());
    let detail: Vec<String> = std::iter::once(origin).chain(depth).chain(agency).collect();
    Entry {
        id: event.message.clone(),
        time: event.stated,
        title: match (text.is_chinese(), event.status) {
            (true, Status::Deleted) => format!("撤销地震：{name}"),
            (false, Status::Deleted) => format!("Earthquake withdrawn: {name}"),
            (true, _) => format!("{status}：{name}"),
            (false, _) => format!("{status}: {name}"),
        },
        detail: Some(detail.join(text.either("，", ", "))),
        level: situation.level(event),
        message: Some(event.message.clone()),
    }
}

fn warnings(situation: &Situation, text: Text) -> Vec<Entry> {
    let mut occasions: BTreeMap<(i64, Option<&str>, u8), Vec<&Warned>> = BTreeMap::new();
    for warned in &situation.warned {
        let event = warned.event_id.as_deref();
        occasions.entry((warned.sent, event, order(warned.msg_type))).or_default().push(warned);
    }
    let entries = |group: Vec<&Warned>| {
        if group.len() > MAX_SINGLE {
            together(situation, &group, text).into_iter().collect()
        } else {
            group.into_iter().map(|warned| single(situation, warned, text)).collect::<Vec<Entry>>()
        }
    };
    occasions.into_values().flat_map(entries).collect()
}

const fn order(msg_type: MsgType) -> u8 {
    match msg_type {
        MsgType::Alert => 0,
        // `Warned::read` takes no acknowledgements and errors for warnings.
        MsgType::Update | MsgType::Ack | MsgType::Error => 1,
        MsgType::Cancel => 2,
    }
}

fn single(situation: &Situation, warned: &Warned, text: Text) -> Entry {
    let (area, name) = (warned.area(text), warned.name(text));
    Entry {
        id: warned.message.clone(),
        time: warned.sent,
        title: match (text.is_chinese(), warned.msg_type) {
            (true, MsgType::Alert) => format!("发布{area}地震{name}"),
            (true, MsgType::Update | MsgType::Ack | MsgType::Error) => {
                format!("{area}地震预警更新为{}", warned.colour(text))
            }
            (true, MsgType::Cancel) => format!("解除{area}地震{name}"),
            (false, MsgType::Alert) => format!("{name} for {area}"),
            (false, MsgType::Update | MsgType::Ack | MsgType::Error) => {
                format!("Warning for {area} changed to {}", warned.colour(text))
            }
            (false, MsgType::Cancel) => format!("{name} for {area} lifted"),
        },
        detail: cause(situation, warned, 1, text),
        level: level(warned),
        message: Some(warned.message.clone()),
    }
}

/// Under the gravest one's message; the others are found in the table of warnings. None where there are none.
fn together(situation: &Situation, group: &[&Warned], text: Text) -> Option<Entry> {
    let first = group.first()?;
    let tally = text.tally(group.iter().map(|warned| warned.level));
    let count = group.len();
    let mut said: Vec<String> = group.iter().take(MAX_NAMED).map(|w| w.area(text).to_owned()).collect();
    if count > MAX_NAMED {
        said.push(text.own("等", "…"));
    }
    let areas = said.join(text.either("、", ", "));
    // Colours and degrees come from the message; one need not follow the other.
    let strongest = group.iter().max_by_key(|warned| warned.intensity).unwrap_or(first);
    let cause = cause(situation, strongest, count, text);
    let mark = text.rehearsal(first.status).map(|mark| format!("[{mark}] ")).unwrap_or_default();
    Some(Entry {
        id: first.message.clone(),
        time: first.sent,
        title: match (text.is_chinese(), first.msg_type) {
            (true, MsgType::Alert) => format!("{mark}发布 {count} 个县区地震预警：{tally}"),
            (true, MsgType::Update | MsgType::Ack | MsgType::Error) => {
                format!("{mark}更新 {count} 个县区地震预警：{tally}")
            }
            (true, MsgType::Cancel) => format!("{mark}解除 {count} 个县区地震预警（原{tally}）"),
            (false, MsgType::Alert) => format!("{mark}Warnings for {count} counties: {tally}"),
            (false, MsgType::Update | MsgType::Ack | MsgType::Error) => {
                format!("{mark}Warnings for {count} counties changed: {tally}")
            }
            (false, MsgType::Cancel) => format!("{mark}Warnings for {count} counties lifted (were {tally})"),
        },
        detail: Some(cause.into_iter().chain([areas]).collect::<Vec<String>>().join(text.either("；", "; "))),
        level: level(first),
        message: Some(first.message.clone()),
    })
}

/// What was lifted alarms nobody any more.
fn level(warned: &Warned) -> Level {
    if warned.msg_type == MsgType::Cancel { Level::None } else { warned.level }
}

/// The earthquake, and the highest intensity of so many warnings; of what was lifted no intensity, for that has fallen.
fn cause(situation: &Situation, warned: &Warned, count: usize, text: Text) -> Option<String> {
    let assessed = warned.event_id.as_deref().and_then(|event| situation.assessed(event));
    let name = assessed.map(|assessed| text.earthquake(assessed.magnitude.as_ref(), &assessed.place));
    let degree = warned.intensity.filter(|_| warned.msg_type != MsgType::Cancel).map(|degree| {
        let degree = text.degree(degree);
        match (text.is_chinese(), count > 1) {
            (true, false) => format!("估计烈度{degree}"),
            (true, true) => format!("最高估计烈度{degree}"),
            (false, false) => format!("estimated intensity {degree}"),
            (false, true) => format!("estimated intensity up to {degree}"),
        }
    });
    let said: Vec<String> = name.or_else(|| warned.magnitude.clone()).into_iter().chain(degree).collect();
    (!said.is_empty()).then(|| said.join(text.either("，", ", ")))
}

fn answered(situation: &Situation, answer: &Answered, text: Text) -> Entry {
    let about = situation.warned.iter().find(|warned| answer.answers(warned));
    let what = about.map_or_else(
        || match text.is_chinese() {
            true => format!("较早的预警（{}）", answer.region),
            false => format!("an earlier warning ({})", answer.region),
        },
        |warned| match text.is_chinese() {
            true => format!("{}地震{}", warned.area(text), warned.name(text)),
            false => format!("{} for {}", warned.name(text), warned.area(text)),
        },
    );
    let (by, verb) = (&answer.by, text.answer(answer.answer));
    Entry {
        id: answer.message.clone(),
        time: answer.time,
        title: match text.is_chinese() {
            true => format!("{by}{verb}：{what}"),
            false => format!("{by} {verb}: {what}"),
        },
        detail: answer.note.clone(),
        level: Level::None,
        message: Some(answer.message.clone()),
    }
}
