//! The newest word on one county and one earthquake.

use dongting_events::warning::{Info, MsgType, Status, Warning};
use dongting_sdk::views::{Level, Message, Timestamp};

use super::answer::Answered;
use crate::text::{Text, line};
use crate::{instant, level};

const TYPE: &str = "em.earthquake.warning.v1";

#[derive(Debug, Clone)]
pub struct Warned {
    /// Its place among all messages at hand.
    pub index: u32,
    pub message: String,
    pub key: String,
    pub region: String,
    pub msg_type: MsgType,
    pub status: Status,
    /// Of a cancellation: what held before.
    pub level: Level,
    pub intensity: Option<u8>,
    pub event_id: Option<String>,
    pub magnitude: Option<String>,
    pub sent: Timestamp,
    /// None where it does not say so in a way that can be read: then it stands until it is cancelled, for a warning that is
    /// shown too long does less harm than one that is hidden.
    pub expires: Option<Timestamp>,
    pub acknowledged: Option<Answered>,
    area_zh: String,
    area_en: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Stands,
    Expired,
    Cancelled,
}

impl Warned {
    /// None for what is no warning of the data standard, or warns of nothing.
    pub fn read(index: u32, message: &Message) -> Option<Self> {
        let warning: Warning = (message.type_ == TYPE).then(|| message.json().ok()).flatten()?;
        if matches!(warning.msg_type, MsgType::Ack | MsgType::Error) {
            return None;
        }
        let cancelled = warning.msg_type == MsgType::Cancel;
        let (zh, en) = (info(&warning, "zh"), info(&warning, "en"));
        // CAP 1.2 lets a cancellation go without `info`.
        let any = zh.or(en).or_else(|| warning.info.first());
        if any.is_none() && !cancelled {
            return None;
        }
        let parameter = |name: &str| {
            let values = any.into_iter().flat_map(|info| &info.parameter);
            values.filter(|value| value.value_name == name).map(|value| value.value.as_str()).next()
        };
        let level = parameter("cn.severityColor").and_then(level::of_colour);
        let named = message.key.rsplit_once('/').map(|(event, _)| event);
        Some(Self {
            index,
            message: message.id.clone(),
            key: message.key.clone(),
            region: message.region.clone(),
            msg_type: warning.msg_type,
            status: warning.status,
            level: level.or_else(|| any.map(|info| level::of_severity(info.severity))).unwrap_or(Level::None),
            intensity: parameter("intensity")
                .and_then(|degree| degree.parse().ok())
                .filter(|degree| (1..=12).contains(degree)),
            event_id: parameter("eventId").or(named).map(str::to_owned),
            magnitude: parameter("magnitude").map(line),
            sent: message.time,
            expires: any.and_then(|info| instant::parse(&info.expires)),
            acknowledged: None,
            area_zh: area(zh.or(any), &message.region),
            area_en: area(en.or(any), &message.region),
        })
    }

    #[must_use]
    pub fn state(&self, now: Timestamp) -> Standing {
        if self.msg_type == MsgType::Cancel {
            Standing::Cancelled
        } else if self.expires.is_some_and(|expires| expires <= now) {
            Standing::Expired
        } else {
            Standing::Stands
        }
    }

    #[must_use]
    pub fn is_actual(&self) -> bool {
        self.status == Status::Actual
    }

    /// The county's name.
    #[must_use]
    pub fn area(&self, text: Text) -> &str {
        text.either(&self.area_zh, &self.area_en)
    }

    /// `橙色预警`, and `橙色预警（演练）` where it is not for real.
    #[must_use]
    pub fn colour(&self, text: Text) -> String {
        self.marked(text, text.colour(self.level))
    }

    /// `Orange warning`.
    #[must_use]
    pub fn name(&self, text: Text) -> String {
        let colour = text.colour(self.level);
        let name = if text.is_chinese() { format!("{colour}预警") } else { format!("{colour} warning") };
        self.marked(text, &name)
    }

    fn marked(&self, text: Text, words: &str) -> String {
        match text.rehearsal(self.status) {
            Some(mark) if text.is_chinese() => format!("{words}（{mark}）"),
            Some(mark) => format!("{words} ({mark})"),
            None => words.to_owned(),
        }
    }
}

fn info<'w>(warning: &'w Warning, language: &str) -> Option<&'w Info> {
    warning.info.iter().find(|info| info.language.to_ascii_lowercase().starts_with(language))
}

/// The areas' names; the code where there are none.
fn area(info: Option<&Info>, region: &str) -> String {
    let areas = info.into_iter().flat_map(|info| &info.area).map(|area| area.area_desc.as_str());
    let names = line(&areas.collect::<Vec<&str>>().join("、"));
    if names.is_empty() { region.to_owned() } else { names }
}
