//! How far a source is complete, said on the bus: a model that reads it can tell "no rain" from "no data", a person whether a catalogue is
//! current. As a message it is granted, kept, replayed and handed upward like all others.

use std::collections::BTreeSet;

use dongting_events::{Completeness, completeness};
use dongting_manifest::{Draft, Installation, Kind, Message, Timestamp};
use dongting_sandbox::Fault;

use crate::publish;

/// How far a source is complete after a poll at `now` that told so, and what is said of it where that is news.
pub fn moved(
    installation: &Installation,
    release: (&str, &str),
    now: Timestamp,
    (before, told): (Option<Timestamp>, Option<Timestamp>),
) -> Result<(Option<Timestamp>, Vec<Message>), Fault> {
    let after = after(now, before, told);
    let news = after.filter(|after| before.is_none_or(|before| is_news(before, *after)));
    let said = news.map_or(Ok(Vec::new()), |until| messages(installation, release, now, until))?;
    Ok((after, said))
}

/// What has not happened yet is not complete, whatever a feed's clock says.
fn after(now: Timestamp, before: Option<Timestamp>, told: Option<Timestamp>) -> Option<Timestamp> {
    told.map(|until| until.min(now)).or(before)
}

/// Where it goes on, once a minute is enough: a feed that is asked each second would say little else. Where it is taken back, all of it is news.
fn is_news(before: Timestamp, after: Timestamp) -> bool {
    let minute = |at: Timestamp| at.as_micros().div_euclid(60_000_000);
    after < before || minute(after) != minute(before)
}

/// A message for each domain that the installation may publish in, for all of its region. Its key is the installation: several sources of a
/// domain are complete each by itself.
fn messages(
    installation: &Installation,
    release: (&str, &str),
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Message>, Fault> {
    let body = serde_json::to_vec(&Completeness { complete_until: until.to_string() })
        .map_err(|error| Fault::Output(error.to_string()))?;
    let domains: BTreeSet<&str> =
        installation.grants.publish.iter().map(|grant| grant.domain.as_str()).collect();
    let said = |domain: &str| Draft {
        r#type: completeness::type_of(domain),
        domain: domain.to_owned(),
        kind: Kind::Status,
        detail: Some(completeness::DETAIL.to_owned()),
        region: installation.region,
        time: now,
        key: installation.id.clone(),
        // What was said an hour ago and holds again is another statement.
        revision: Some(now.to_string()),
        partition: None,
        from: Vec::new(),
        content_type: None,
        extensions: Vec::new(),
        body: body.clone(),
    };
    Ok(domains.into_iter().map(|domain| publish::by_host(installation, release, now, said(domain))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000).unwrap()
    }

    #[test]
    fn nothing_is_complete_that_has_not_happened() {
        assert_eq!(after(at(10), None, None), None);
        assert_eq!(after(at(10), Some(at(5)), None), Some(at(5)), "what was said holds");
        assert_eq!(after(at(10), Some(at(5)), Some(at(9))), Some(at(9)));
        assert_eq!(after(at(10), Some(at(5)), Some(at(3))), Some(at(3)), "a source may take it back");
        assert_eq!(after(at(10), Some(at(5)), Some(at(11))), Some(at(10)));
    }

    #[test]
    fn going_on_is_said_once_a_minute_and_taking_back_at_once() {
        assert!(!is_news(at(60), at(60)) && !is_news(at(60), at(119)) && is_news(at(119), at(120)));
        assert!(is_news(at(-1), at(0)) && !is_news(at(-60), at(-1)));
        assert!(is_news(at(119), at(118)) && is_news(at(120), at(0)));
    }
}
