//! How a sink's call differs: what it says of each message, and what it asks the receiver.

use dongting_manifest::exchange::{Exchange, Sent};
use dongting_store::Said;

use super::{Difference, What, cut};

/// A message that was to be delivered, and what a receiver knows it by.
pub struct Told<'m> {
    pub id: &'m str,
    pub key: &'m str,
}

/// From what was said of each message to what is said of it by now.
pub fn said(messages: &[Told<'_>], before: &[Said], after: &[Said]) -> Vec<Difference> {
    let of = |all: &[Said], at: usize| all.get(at).map(in_words);
    (0..before.len().max(after.len()))
        .filter(|at| before.get(*at) != after.get(*at))
        .map(|at| Difference {
            what: What::Verdict,
            id: messages.get(at).map(|message| message.id.to_owned()).unwrap_or_default(),
            before: of(before, at),
            after: of(after, at),
        })
        .collect()
}

/// From the requests that were made to those that are made by now, each with the message that it is for, as far as its key or its being alone
/// tells.
pub fn requests(messages: &[Told<'_>], before: &[Exchange], after: &[Exchange]) -> Vec<Difference> {
    if before.len() == after.len() && before.iter().zip(after).all(|(before, after)| alike(before, after)) {
        return Vec::new();
    }
    let mut gone: Vec<&Exchange> = before.iter().collect();
    let mut new = Vec::new();
    for one in after {
        match gone.iter().position(|before| alike(before, one)) {
            Some(at) => drop(gone.remove(at)),
            None => new.push(one),
        }
    }
    if gone.is_empty() && new.is_empty() {
        return vec![in_another_order(before, after)];
    }
    let mut gone: Vec<_> = gone.into_iter().map(|one| (of(messages, one), one)).collect();
    let mut differences = Vec::new();
    for one in new {
        let id = of(messages, one);
        let to = |before: &Exchange| before.method == one.method && before.url == one.url;
        let at = gone.iter().position(|(of, before)| *of == id && to(before));
        let at = at.or_else(|| gone.iter().position(|(of, _)| *of == id));
        let was = at.map(|at| gone.remove(at).1);
        let hidden = was.map(|was| hidden(was, one)).unwrap_or_default();
        differences.push(Difference {
            what: What::Request,
            id: id.to_owned(),
            before: was.map(in_full),
            after: Some(in_full(one) + &hidden),
        });
    }
    differences.extend(gone.into_iter().map(|(id, was)| Difference {
        what: What::Request,
        id: id.to_owned(),
        before: Some(in_full(was)),
        after: None,
    }));
    differences
}

/// Whether two requests are the same, byte for byte.
fn alike(before: &Exchange, after: &Exchange) -> bool {
    let same = |before: &Sent, after: &Sent| before.headers == after.headers && before.body == after.body;
    let sent = match (&before.sent, &after.sent) {
        (Some(before), Some(after)) => same(before, after),
        (None, None) => true,
        _ => false,
    };
    sent && before.method == after.method && before.url == after.url
}

fn in_another_order(before: &[Exchange], after: &[Exchange]) -> Difference {
    let listed = |all: &[Exchange]| {
        let all: Vec<String> = all.iter().map(in_full).collect();
        Some(cut(&format!("in this order: {}", all.join("; "))))
    };
    Difference { what: What::Request, id: String::new(), before: listed(before), after: listed(after) }
}

/// The message that a request is for; empty where that cannot be told.
fn of<'m>(messages: &[Told<'m>], one: &Exchange) -> &'m str {
    if let [alone] = messages {
        return alone.id;
    }
    let named = |key: &str| {
        let within = |bytes: &[u8]| bytes.windows(key.len().max(1)).any(|part| part == key.as_bytes());
        let sent = one.sent.as_ref();
        one.url.contains(key)
            || sent.is_some_and(|sent| {
                sent.headers.iter().any(|(_, value)| within(value)) || within(&sent.start)
            })
    };
    let mut found = messages.iter().filter(|message| named(message.key));
    match (found.next(), found.next()) {
        (Some(only), None) => only.id,
        _ => "",
    }
}

fn in_full(one: &Exchange) -> String {
    let start = one.sent.as_ref().map(|sent| String::from_utf8_lossy(&sent.start)).unwrap_or_default();
    cut(&format!("{} {} {start}", one.method, one.url))
}

/// Differences that are not shown. Headers tell more than a person needs, and some are secret: they are named, where they differ.
fn hidden(before: &Exchange, after: &Exchange) -> String {
    let (Some(before), Some(after)) = (&before.sent, &after.sent) else { return String::new() };
    let missing = |these: &Sent, those: &Sent| -> Vec<String> {
        let missing = these.headers.iter().filter(|one| !those.headers.contains(one));
        missing.map(|(name, _)| name.clone()).collect()
    };
    let mut names = [missing(before, after), missing(after, before)].concat();
    names.sort();
    names.dedup();
    let mut said = String::new();
    if before.start == after.start && before.body != after.body {
        said.push_str(" (the body differs further on)");
    }
    if !names.is_empty() {
        said.push_str(&format!(" (other headers: {})", names.join(", ")));
    }
    said
}

fn in_words(said: &Said) -> String {
    let pause = |after: &Option<u64>| after.map(|after| format!(" (after {after} ms)")).unwrap_or_default();
    match said {
        Said::Done => "delivered".to_owned(),
        Said::Rejected(reason) => format!("rejected: {reason}"),
        Said::Retry { reason, after_ms } => format!("later: {reason}{}", pause(after_ms)),
        Said::Unknown(reason) => format!("unknown: {reason}"),
        Said::Nothing { reason, after_ms } => format!("nothing: {reason}{}", pause(after_ms)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use dongting_manifest::exchange::Failure;

    use super::*;

    fn post(key: &str, number: &str, body: &str) -> Exchange {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        Exchange {
            method: "POST".to_owned(),
            url: "http://receiver/".to_owned(),
            sent: Some(Sent {
                headers: vec![header("attempt", number), header("idempotency-key", key)],
                body: format!("digest of {body}"),
                start: body.as_bytes().to_vec(),
            }),
            answer: Err(Failure::Refused),
        }
    }

    const MESSAGES: [Told<'static>; 2] = [Told { id: "one", key: "k1" }, Told { id: "two", key: "k2" }];

    fn told(before: &[Exchange], after: &[Exchange]) -> Vec<(String, Option<String>, Option<String>)> {
        let found = requests(&MESSAGES, before, after);
        found.into_iter().map(|one| (one.id, one.before, one.after)).collect()
    }

    #[test]
    fn each_request_is_compared_with_that_of_its_message() {
        let (one, two) = (post("k1", "1", "a"), post("k2", "1", "b"));
        let both = [one.clone(), two.clone()];
        assert_eq!(told(&both, &both), []);
        let text = |body: &str| Some(format!("POST http://receiver/ {body}"));
        let other = post("k2", "1", "c");
        assert_eq!(told(&both, &[one.clone(), other]), [("two".to_owned(), text("b"), text("c"))]);
        let again = post("k2", "2", "b");
        let header = Some("POST http://receiver/ b (other headers: attempt)".to_owned());
        assert_eq!(told(&both, &[one.clone(), again]), [("two".to_owned(), text("b"), header)]);
        let mut long = two.clone();
        long.sent.as_mut().unwrap().body = "digest of b and more".to_owned();
        let further = Some("POST http://receiver/ b (the body differs further on)".to_owned());
        assert_eq!(told(&both, &[one.clone(), long]), [("two".to_owned(), text("b"), further)]);
        assert_eq!(told(&both, std::slice::from_ref(&two)), [("one".to_owned(), text("a"), None)]);
        assert_eq!(told(std::slice::from_ref(&one), &both), [("two".to_owned(), None, text("b"))]);
        let turned = told(&both, &[two, one]);
        assert!(matches!(turned.as_slice(), [(id, Some(_), Some(_))] if id.is_empty()), "{turned:?}");
    }

    #[test]
    fn what_is_said_is_compared_message_by_message() {
        let later = Said::Retry { reason: "down".to_owned(), after_ms: Some(5) };
        let found =
            said(&MESSAGES, &[Said::Done, later.clone()], &[Said::Done, Said::Unknown("?".to_owned())]);
        let found: Vec<_> = found.into_iter().map(|one| (one.id, one.before, one.after)).collect();
        let expected =
            ("two".to_owned(), Some("later: down (after 5 ms)".to_owned()), Some("unknown: ?".to_owned()));
        assert_eq!(found, [expected]);
        assert!(said(&MESSAGES, &[Said::Done, later.clone()], &[Said::Done, later]).is_empty());
    }
}
