//! What a call writes to what its installation keeps: state, records and timers.

use dongting_manifest::message::hash;
use dongting_manifest::timer::Timer;
use dongting_sandbox::Writes;

use super::{Difference, What, cut};

/// Of all that it writes and deletes. Nothing is something, too.
pub fn digest(writes: &Writes) -> String {
    let instant = |timer: &Option<Timer>| timer.as_ref().map(|timer| timer.at.as_micros().to_be_bytes());
    let instants: Vec<[u8; 8]> =
        writes.timers.values().map(|timer| instant(timer).unwrap_or_default()).collect();
    let mut parts: Vec<&[u8]> = Vec::new();
    for (key, value) in &writes.state {
        parts.extend([b"state", key.as_bytes(), is_there(value), value.as_deref().unwrap_or_default()]);
    }
    for ((name, timer), instant) in writes.timers.iter().zip(&instants) {
        let payload = timer.as_ref().map_or([].as_slice(), |timer| &timer.payload);
        parts.extend([b"timer", name.as_bytes(), is_there(timer), instant, payload]);
    }
    for ((collection, id), written) in &writes.records.records {
        let body = written.as_ref().map_or([].as_slice(), |written| &written.record.body);
        parts.extend([b"record", collection.as_bytes(), id.as_bytes(), is_there(written), body]);
    }
    hash(parts)
}

/// What is deleted is told apart from what is empty.
fn is_there<T>(value: &Option<T>) -> &'static [u8] {
    if value.is_some() { b"+" } else { b"-" }
}

/// From what was written to what is written by now. Of what was written only the digest is known.
pub fn compared(before: Option<&String>, after: &Writes) -> Option<Difference> {
    let before = before.filter(|before| **before != digest(after))?;
    Some(Difference {
        what: What::Kept,
        id: String::new(),
        before: Some(format!("writes with the digest {before}")),
        after: Some(cut(&named(after))),
    })
}

/// What is written, by name.
fn named(writes: &Writes) -> String {
    let said = |is_there: bool, name: String| if is_there { name } else { format!("{name} (deleted)") };
    let state = writes.state.iter().map(|(key, value)| said(value.is_some(), format!("state {key}")));
    let timers = writes.timers.iter().map(|(name, timer)| said(timer.is_some(), format!("timer {name}")));
    let records = writes
        .records
        .records
        .iter()
        .map(|((collection, id), written)| said(written.is_some(), format!("record {collection}/{id}")));
    state.chain(timers).chain(records).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_otherwise_is_another() {
        let state = |key: &str, value: Option<&[u8]>| {
            let mut writes = Writes::default();
            writes.state.insert(key.to_owned(), value.map(<[u8]>::to_vec));
            writes
        };
        let timer = |at: i64| {
            let mut writes = Writes::default();
            let at = dongting_manifest::Timestamp::from_micros(at)
                .unwrap_or_else(dongting_manifest::Timestamp::now);
            writes.timers.insert("a".to_owned(), Some(Timer { at, payload: b"1".to_vec() }));
            writes
        };
        let all = [
            Writes::default(),
            state("a", Some(b"1")),
            state("a", Some(b"2")),
            state("b", Some(b"1")),
            state("a", None),
            state("a", Some(b"")),
            timer(1),
            timer(2),
        ];
        for (at, one) in all.iter().enumerate() {
            for (other_at, other) in all.iter().enumerate() {
                assert_eq!(
                    compared(Some(&digest(one)), other).is_none(),
                    at == other_at,
                    "{one:?} {other:?}"
                );
            }
        }
        assert_eq!(compared(None, &timer(1)), None, "what is not known is not compared");
        let found = compared(Some(&digest(&timer(1))), &state("a", None));
        assert_eq!(found.and_then(|found| found.after).as_deref(), Some("state a (deleted)"));
    }
}
