//! A person acknowledges a warning: what they sent is checked against what stands now, not against what they saw.

use dongting_events::earthquake::DOMAIN;
use dongting_events::feedback::{Answer, Feedback};
use dongting_sdk::views::{Acted, Context, Draft, Error, Kind};
use sha2::{Digest, Sha256};

use crate::situation::{Answered, Situation, Standing, Warned};
use crate::text::{Text, line};
use crate::{instant, list, region};

pub const ACTION: &str = "acknowledge";
pub const WARNING: &str = "warning";
pub const BY: &str = "by";
pub const NOTE: &str = "note";

/// In characters.
pub const MAX_BY: u32 = 32;
pub const MAX_NOTE: u32 = 500;

/// What a bus message can carry as a key.
const MAX_KEY: usize = 256;

/// The warnings still to be acknowledged in the region that the person chose, gravest first.
pub fn open(situation: &Situation) -> impl Iterator<Item = &Warned> {
    situation
        .standing()
        .filter(|warned| warned.acknowledged.is_none() && region::contains(&situation.region, &warned.region))
}

/// A warning in the form: the message that the person sees, and the key by which what became of it is found.
#[must_use]
pub fn choice(warned: &Warned) -> String {
    format!("{} {}", warned.message, warned.key)
}

pub fn act(view: &str, action: &str, form: &[(String, String)], context: &Context) -> Result<Acted, Error> {
    let text = Text::of(context.language);
    let reject = |zh: &str, en: &str| Err(Error::Reject(text.own(zh, en)));
    if (view, action) != (list::WARNINGS, ACTION) {
        return reject("没有这项操作。", "There is no such action.");
    }
    let by = match entry(form, BY, MAX_BY) {
        Entered::Text(by) => line(by),
        Entered::Nothing => String::new(),
        Entered::TooLong => {
            return Err(Error::Reject(match text.is_chinese() {
                true => format!("姓名过长，最多 {MAX_BY} 个字符。"),
                false => format!("The name is too long: at most {MAX_BY} characters."),
            }));
        }
    };
    // Also where all of it was invisible.
    if by.is_empty() {
        return reject("请填写确认人姓名。", "Please give your name.");
    }
    let note = match entry(form, NOTE, MAX_NOTE) {
        Entered::Text(note) => Some(note.to_owned()),
        Entered::Nothing => None,
        Entered::TooLong => {
            return Err(Error::Reject(match text.is_chinese() {
                true => format!("备注过长，最多 {MAX_NOTE} 个字符。"),
                false => format!("The note is too long: at most {MAX_NOTE} characters."),
            }));
        }
    };
    let situation = Situation::gather(context);
    let Entered::Text(chosen) = entry(form, WARNING, u32::MAX) else {
        return reject("请选择要确认的预警。", "Please choose a warning.");
    };
    let warned = chosen_warning(&situation, chosen, text).map_err(Error::Reject)?;
    let feedback = Feedback {
        about: warned.key.clone(),
        answer: Answer::Received,
        by: by.clone(),
        note,
        progress_percent: None,
        at: instant::rfc3339(situation.now),
    };
    let mut draft = Draft::json(
        Answered::TYPE,
        (DOMAIN, Kind::Feedback),
        &warned.region,
        (&key(&warned.key, &by), situation.now),
        &feedback,
    )?;
    draft.from = vec![warned.index];
    let (area, name, at) = (warned.area(text), warned.name(text), instant::minutes(situation.now));
    Ok(Acted {
        text: match text.is_chinese() {
            true => format!("已确认{area}地震{name}（{by}，{at}）。"),
            false => format!("{name} for {area} acknowledged ({by}, {at} Beijing time)."),
        },
        drafts: vec![draft],
    })
}

/// The warning that the person means, if they may acknowledge it; else why not, in their language.
fn chosen_warning<'s>(situation: &'s Situation, chosen: &str, text: Text) -> Result<&'s Warned, String> {
    let Some((message, key)) = chosen.split_once(' ') else {
        return Err(text.own("请选择要确认的预警。", "Please choose a warning."));
    };
    let same = situation.warned.iter().find(|warned| warned.message == message);
    // Two systems may use one key; where the message is gone, its successor is the newest of that key.
    let successor =
        || situation.warned.iter().filter(|warned| warned.key == key).max_by_key(|warned| warned.sent);
    let Some(warned) =
        same.or_else(successor).filter(|warned| region::contains(&situation.region, &warned.region))
    else {
        return Err(text.own(
            "所选区域内没有这条预警，请刷新页面后再试。",
            "There is no such warning in the region you chose. Reload the page and try again.",
        ));
    };
    let (area, name) = (warned.area(text), warned.name(text));
    match (warned.state(situation.now), text.is_chinese()) {
        (Standing::Cancelled, true) => return Err(format!("{area}地震预警已解除，无需确认。")),
        (Standing::Cancelled, false) => {
            return Err(format!("The warning for {area} was lifted; there is nothing to acknowledge."));
        }
        (Standing::Expired, true) => return Err(format!("{area}地震预警已过期，无需确认。")),
        (Standing::Expired, false) => {
            return Err(format!("The warning for {area} has expired; there is nothing to acknowledge."));
        }
        (Standing::Stands, _) => {}
    }
    if warned.message != message {
        return Err(match text.is_chinese() {
            true => format!("{area}的预警已更新，现为{name}。请查看后再确认。"),
            false => {
                format!("The warning for {area} has changed: {name}. Look at it, then acknowledge that.")
            }
        });
    }
    if let Some(answer) = &warned.acknowledged {
        let (by, at) = (&answer.by, instant::minutes(answer.time));
        return Err(match text.is_chinese() {
            true => format!("{area}地震{name}已由{by}于 {at} 确认。"),
            false => format!("{name} for {area} was acknowledged by {by} at {at} (Beijing time)."),
        });
    }
    Ok(warned)
}

enum Entered<'f> {
    Text(&'f str),
    Nothing,
    TooLong,
}

/// A field of the form without the blanks around it.
fn entry<'f>(form: &'f [(String, String)], name: &str, most: u32) -> Entered<'f> {
    let value = form.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim());
    match value {
        None | Some("") => Entered::Nothing,
        Some(value) if value.chars().count() > most as usize => Entered::TooLong,
        Some(value) => Entered::Text(value),
    }
}

/// The same for the same person and warning however often they press the button; that the warning has meanwhile changed is
/// told by the message it derives from.
fn key(warning: &str, by: &str) -> String {
    let key = format!("{warning}/{by}");
    if key.len() <= MAX_KEY {
        return key;
    }
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests;
