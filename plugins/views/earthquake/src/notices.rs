//! What is wrong with what is shown, said before it is shown.

use dongting_sdk::views::{Kind, Level, NoticePanel, Panel, Timestamp};

use crate::instant::{self, HOUR};
use crate::situation::{Situation, TODAY, Warned};
use crate::text::Text;

/// So long may a catalogue be silent before somebody should ask why.
const STALE: i64 = TODAY;

#[must_use]
pub fn notice(id: &str, level: Level, title: String, body: String) -> Panel {
    Panel::Notice(NoticePanel { id: id.to_owned(), level, title, body })
}

/// So far may a catalogue be behind that says how far it is complete.
const BEHIND: i64 = HOUR;

/// Of the catalogue: it is behind, or where it does not say how far it is complete, nothing came yet or nothing for long.
#[must_use]
pub fn catalogue(situation: &Situation, text: Text) -> Option<Panel> {
    match situation.complete_until {
        Some(until) => behind(situation.now, until, text),
        None => silent(situation, text),
    }
}

fn behind(now: Timestamp, until: Timestamp, text: Text) -> Option<Panel> {
    let until = (now.saturating_sub(until) > BEHIND).then(|| instant::seconds(until))?;
    Some(notice(
        "behind",
        Level::Yellow,
        match text.is_chinese() {
            true => format!("地震目录只完整到 {until}（北京时间）"),
            false => format!("The earthquake catalogue is complete only until {until} (Beijing time)"),
        },
        text.own(
            "此后发生的地震可能没有列出。请核实地震台网的数据接入，或电话询问地震部门。",
            "Later earthquakes may be missing. Check that the seismological network's data come in, or call it.",
        ),
    ))
}

fn silent(situation: &Situation, text: Text) -> Option<Panel> {
    let Some(last) = situation.last_received() else {
        return Some(notice(
            "no-catalogue",
            Level::Yellow,
            text.own("尚未收到任何地震目录", "No earthquake catalogue has come in yet"),
            text.own(
                "本页没有地震不代表没有发生地震。请核实地震台网的数据接入是否正常。",
                "That none are shown does not mean that there were none. Check that the seismological network's data come in.",
            ),
        ));
    };
    if situation.now.saturating_sub(last) < STALE {
        return None;
    }
    let since = instant::seconds(last);
    Some(if text.is_chinese() {
        notice(
            "stale",
            Level::Yellow,
            format!("{since}（北京时间）之后没有收到新的地震目录"),
            "数据可能已中断，也可能确无新的地震。请核实地震台网的数据接入，或电话询问地震部门。".to_owned(),
        )
    } else {
        notice(
            "stale",
            Level::Yellow,
            format!("No new catalogue statement since {since} (Beijing time)"),
            "The data may be cut off, or there were no new earthquakes. Check that the seismological network's data come in, or call it."
                .to_owned(),
        )
    })
}

/// Messages that are not what they should be, and more messages than were asked for.
pub fn gaps(situation: &Situation, text: Text) -> impl Iterator<Item = Panel> {
    let between = text.either("、", ", ");
    let unreadable: Vec<String> = situation
        .unreadable
        .iter()
        .map(|(kind, count)| match text.is_chinese() {
            true => format!("{} {count} 条", text.messages(*kind)),
            false => format!("{count} {}", text.messages(*kind)),
        })
        .collect();
    let total: usize = situation.unreadable.values().sum();
    let unreadable = (total > 0).then(|| {
        notice(
            "unreadable",
            Level::Yellow,
            match text.is_chinese() {
                true => format!("有 {total} 条报文无法读取，未计入本页"),
                false => format!("Messages that cannot be read and are not counted here: {total}"),
            },
            unreadable.join(between),
        )
    });
    // Of catalogue and assessments the newest are enough; a warning left out is one that nobody sees.
    let full = situation.full.iter().find(|kind| **kind == Kind::Warning).map(|kind| {
        let most = crate::list::limit(*kind);
        notice(
            "full",
            Level::Yellow,
            match text.is_chinese() {
                true => format!("预警超过显示上限，只列出最新 {most} 条"),
                false => format!("Only the newest {most} warnings are shown"),
            },
            text.own("请选择下级行政区查看其余预警。", "Choose a smaller region to see the others."),
        )
    });
    unreadable.into_iter().chain(full)
}

/// Warnings that are not for real, and those of an earthquake that never was.
pub fn doubts(situation: &Situation, text: Text) -> impl Iterator<Item = Panel> {
    let rehearsed = situation.standing().filter(|warned| !warned.is_actual()).count();
    let rehearsed = (rehearsed > 0).then(|| {
        notice(
            "rehearsal",
            Level::Blue,
            match text.is_chinese() {
                true => format!("其中 {rehearsed} 条为演练或测试预警，并非真实预警"),
                false => format!("Exercise or test, not for real: {rehearsed} of the warnings"),
            },
            String::new(),
        )
    });
    let orphans: Vec<&Warned> = situation.orphans().collect();
    let orphans = orphans.first().map(|first| {
        notice(
            "orphans",
            Level::Orange,
            match text.is_chinese() {
                true => {
                    format!("地震已撤销，但{}等 {} 条预警尚未解除", first.area(text), orphans.len())
                }
                false => format!(
                    "The earthquake was withdrawn, its warnings not yet lifted: {} ({} in all)",
                    first.area(text),
                    orphans.len()
                ),
            },
            text.own("请与预警发布单位核实。", "Ask those who issued them."),
        )
    });
    rehearsed.into_iter().chain(orphans)
}
