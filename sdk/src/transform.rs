//! The role `transform`.

pub use crate::bindings::transform::exports::dongting::transform::transform::{Applied, Guest, Rejected};
pub use crate::message::{Draft, Error, Kind, Message, Timestamp};
pub use crate::{config, events, geo, history, http, log, records, state, timers};

/// Handles one input after the other. `Error::Reject` rejects its input and no other; any other error gives the whole batch again later.
///
/// A draft that names no inputs in `from` was made of this one, so that its id does not depend on how the stream was cut.
pub fn each(
    batch: &[Message],
    mut one: impl FnMut(&Message) -> Result<Vec<Draft>, Error>,
) -> Result<Applied, Error> {
    let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
    for (input, message) in (0u32..).zip(batch) {
        match one(message) {
            Ok(drafts) => applied.drafts.extend(drafts.into_iter().map(|mut draft| {
                if draft.from.is_empty() {
                    draft.from.push(input);
                }
                draft
            })),
            Err(Error::Reject(reason)) => applied.rejected.push(Rejected { input, reason }),
            Err(later) => return Err(later),
        }
    }
    Ok(applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> Message {
        Message {
            id: body.into(),
            source: "/systems/test".into(),
            type_: "em.test.observation.v1".into(),
            subject: "em.43.00.00.test.observation.-".into(),
            domain: "test".into(),
            kind: Kind::Observation,
            detail: None,
            region: "430000".into(),
            time: 0,
            received: 0,
            key: body.into(),
            revision: "1".into(),
            partition: body.into(),
            causation: Vec::new(),
            plugin: String::new(),
            content_type: "application/json".into(),
            extensions: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn doubled(message: &Message) -> Result<Vec<Draft>, Error> {
        let number: u32 = message.payload()?;
        if number == 0 {
            return Err(Error::retry("not yet"));
        }
        let to = ("test", Kind::Assessment);
        Draft::json("em.test.assessment.v1", to, "430000", ("k", 0), &(number * 2)).map(|draft| vec![draft])
    }

    #[test]
    fn a_bad_input_is_rejected_alone_and_a_retry_is_for_all() {
        let applied = each(&[message("1"), message("x"), message("3")], doubled).unwrap();
        let made: Vec<(&[u32], &[u8])> =
            applied.drafts.iter().map(|draft| (draft.from.as_slice(), draft.body.as_slice())).collect();
        assert_eq!(made, [(&[0][..], &b"2"[..]), (&[2], b"6")]);
        assert_eq!(applied.rejected.len(), 1);
        assert_eq!(applied.rejected[0].input, 1);
        assert!(applied.rejected[0].reason.contains("the body is no em.test.observation.v1"));
        assert!(
            matches!(each(&[message("1"), message("0")], doubled), Err(Error::Retry((why, None))) if why == "not yet")
        );
    }
}
