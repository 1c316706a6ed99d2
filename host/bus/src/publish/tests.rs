use dongting_manifest::{Kind, Region, Subject, Timestamp};

use super::*;

fn of(partition: &str) -> Message {
    Message {
        id: partition.to_owned(),
        source: "station".to_owned(),
        r#type: "em.water.level.v1".to_owned(),
        subject: Subject {
            region: Region::HUNAN,
            domain: "water".to_owned(),
            kind: Kind::Observation,
            detail: None,
        },
        time: Timestamp::now(),
        received: Timestamp::now(),
        key: "reading".to_owned(),
        revision: "1".to_owned(),
        partition: partition.to_owned(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: Vec::new(),
    }
}

#[test]
fn nothing_goes_before_what_was_not_stored() {
    let (a, b) = (of("a"), of("b"));
    let id = || String::new();
    let unavailable = || Err(PublishError::Unavailable { id: id(), source: "no answer".into() });
    // What later tries make nothing of holds back none.
    let mut failed = Failed::default();
    failed.note(&a, &Err(PublishError::TooLarge { id: id(), bytes: 9, limit: 8 }));
    assert!(failed.is_empty() && failed.holds_back(&a).is_none());
    // A lane that is full holds back its partition.
    failed.note(&a, &Err(PublishError::Full { stream: "EM_DEAD" }));
    assert!(failed.holds_back(&a).is_some() && failed.holds_back(&b).is_none());
    // One that does not answer holds back all, also once another one is answered.
    let mut failed = Failed::default();
    failed.note(&a, &unavailable());
    let stored = Stored { stream: "EM_BULK".to_owned(), sequence: 1, duplicate: false };
    failed.note(&b, &Ok(stored));
    assert!(failed.holds_back(&b).is_some());
}
