//! How two calls with the same inputs differ: a replay from what was recorded, a shadow from the release at work.

use std::collections::BTreeMap;

use dongting_manifest::Message;
use dongting_manifest::message::hash;

pub mod delivered;
pub mod kept;

/// A body is shown up to this many bytes.
const SHOWN: usize = 4_096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub what: What,
    /// Of the message, for a sink of the one that is delivered; empty where the difference is in another verdict, a cursor or an answer, or in a
    /// request that may be for any of them.
    pub id: String,
    /// What was there before.
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The same statement with other words.
    Changed,
    Missing,
    New,
    /// An input is rejected, or no longer, or for another reason; or the call gave nothing at all.
    Verdict,
    /// A source goes on from another place.
    Cursor,
    /// Whoever delivered, asked or submitted it is told something else.
    Answer,
    /// The same statements in another order, or one of them more often.
    Order,
    /// Something else is written to what the installation keeps.
    Kept,
    /// A sink asks something else of its receiver, or no longer, or newly.
    Request,
}

/// Everything of a message that its plugin decides.
pub fn digest(message: &Message) -> String {
    let (time, subject) = (message.time.as_micros().to_be_bytes(), message.subject.to_string());
    let mut parts: Vec<&[u8]> = vec![
        &time,
        subject.as_bytes(),
        message.r#type.as_bytes(),
        message.key.as_bytes(),
        message.revision.as_bytes(),
        message.partition.as_bytes(),
        message.content_type.as_bytes(),
        &message.body,
    ];
    parts.extend(message.causation.iter().map(String::as_bytes));
    parts.extend(message.extensions.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
    hash(parts)
}

/// From ids with digests to messages. `before` has the bodies of the first, as far as they are still known.
pub fn outputs(
    recorded: &[(String, String)],
    before: &BTreeMap<String, Message>,
    made: &[Message],
) -> Vec<Difference> {
    let shown = |id: &str| before.get(id).map(shown);
    let after: BTreeMap<&str, &Message> = made.iter().map(|message| (message.id.as_str(), message)).collect();
    let mut differences = Vec::new();
    for (id, was) in recorded {
        match after.get(id.as_str()) {
            None => differences.push(Difference {
                what: What::Missing,
                id: id.clone(),
                before: shown(id),
                after: None,
            }),
            Some(message) if digest(message) != *was => differences.push(Difference {
                what: What::Changed,
                id: id.clone(),
                before: shown(id),
                after: Some(self::shown(message)),
            }),
            Some(_) => {}
        }
    }
    for message in made {
        if !recorded.iter().any(|(id, _)| *id == message.id) {
            let after = Some(self::shown(message));
            differences.push(Difference { what: What::New, id: message.id.clone(), before: None, after });
        }
    }
    if differences.is_empty() && !recorded.iter().map(|(id, _)| id).eq(made.iter().map(|message| &message.id))
    {
        let listed = |ids: Vec<&str>| Some(cut(&ids.join(" ")));
        differences.push(Difference {
            what: What::Order,
            id: String::new(),
            before: listed(recorded.iter().map(|(id, _)| id.as_str()).collect()),
            after: listed(made.iter().map(|message| message.id.as_str()).collect()),
        });
    }
    differences
}

/// From one verdict a batch to another.
pub fn rejects(before: &[Option<String>], after: &[Option<String>]) -> Vec<Difference> {
    let said = |verdicts: &[Option<String>], at: usize| verdicts.get(at).cloned().flatten();
    (0..before.len().max(after.len()))
        .filter(|at| said(before, *at) != said(after, *at))
        .map(|at| Difference {
            what: What::Verdict,
            id: String::new(),
            before: said(before, at),
            after: said(after, at),
        })
        .collect()
}

/// From one cursor to another.
pub fn cursor(before: Option<String>, after: Option<String>) -> Difference {
    Difference { what: What::Cursor, id: String::new(), before, after }
}

/// From what somebody was told to what he is told by now, which is `said` in words. Of what was told before only the digest is kept.
pub fn told(before: Option<&String>, (after, said): (Option<String>, Option<&str>)) -> Option<Difference> {
    (before != after.as_ref()).then(|| Difference {
        what: What::Answer,
        id: String::new(),
        before: before.map(|digest| format!("an answer with the digest {digest}")),
        after: said.map(cut),
    })
}

pub fn nothing(reason: String) -> Difference {
    Difference { what: What::Verdict, id: String::new(), before: None, after: Some(reason) }
}

fn shown(message: &Message) -> String {
    let body = cut(&String::from_utf8_lossy(&message.body));
    format!("{} {} {body}", message.subject, message.key)
}

fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN.min(text.len()));
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn message(key: &str, body: &str) -> Message {
        Message {
            id: key.to_owned(),
            source: "s".into(),
            r#type: "t".into(),
            subject: "em.43.00.00.test.assessment.-".parse().unwrap(),
            time: "2026-11-24T00:00:00Z".parse().unwrap(),
            received: "2026-11-24T00:00:00Z".parse().unwrap(),
            key: key.to_owned(),
            revision: "1".into(),
            partition: key.to_owned(),
            causation: Vec::new(),
            plugin: String::new(),
            traceparent: String::new(),
            content_type: "application/json".into(),
            extensions: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn what_is_told_apart() {
        let was = [message("same", "1"), message("other", "1"), message("gone", "1")];
        let recorded: Vec<_> = was.iter().map(|m| (m.id.clone(), digest(m))).collect();
        let before = was.iter().map(|m| (m.id.clone(), m.clone())).collect();
        let mut later = message("same", "1");
        later.received = "2027-01-01T00:00:00Z".parse().unwrap();
        let made = [later, message("other", "2"), message("new", "1")];
        let found: Vec<(What, String)> =
            outputs(&recorded, &before, &made).into_iter().map(|d| (d.what, d.id)).collect();
        let expected = [(What::Changed, "other"), (What::Missing, "gone"), (What::New, "new")];
        assert_eq!(found, expected.map(|(what, id)| (what, id.to_owned())));
        assert!(outputs(&recorded, &before, &was).is_empty());
        let [same, other, gone] = was;
        for made in [vec![other.clone(), same.clone(), gone.clone()], vec![same, other.clone(), gone, other]]
        {
            let found = outputs(&recorded, &before, &made);
            assert_eq!(found.iter().map(|one| one.what).collect::<Vec<_>>(), [What::Order]);
        }
        let verdicts = rejects(&[None, Some("bad".into())], &[None, None]);
        assert_eq!(verdicts.len(), 1);
    }
}
