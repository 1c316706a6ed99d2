use dongting_manifest::dead_letter::DocumentHead;
use dongting_manifest::{Kind, Region, Subject, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::Database;
use crate::sql::sql;

fn message(key: &str, body: Vec<u8>) -> Message {
    let time: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
    let region = Region::HUNAN;
    Message {
        id: format!("id of {key}"),
        source: "/systems/测站".to_owned(),
        r#type: "em.water.observation.v1".to_owned(),
        subject: Subject { region, domain: "water".to_owned(), kind: Kind::Observation, detail: None },
        time,
        received: time,
        key: key.to_owned(),
        revision: "1".to_owned(),
        partition: String::new(),
        causation: vec!["cause".to_owned()],
        plugin: "p@1.0.0#0".to_owned(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: vec![("region".to_owned(), "430000".to_owned())],
        body,
    }
}

fn letter(payload: Vec<u8>) -> DeadLetter {
    DeadLetter {
        installation: "model".to_owned(),
        reason: "no number".to_owned(),
        plugin: "p@1.0.0#0".to_owned(),
        traceparent: String::new(),
        region: Some(Region::HUNAN),
        origin: None,
        attributes: vec![("ce-id".to_owned(), "x".to_owned())],
        document: Some(DocumentHead {
            transport: "http".to_owned(),
            name: None,
            received: "2026-11-24T00:00:00.5Z".parse().unwrap(),
        }),
        content_type: "text/plain".to_owned(),
        payload,
    }
}

fn output() -> impl Strategy<Value = Output> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        (".{0,12}", bytes.clone()).prop_map(|(key, body)| Output::Message(message(&key, body))),
        bytes.prop_map(|payload| Output::DeadLetter(letter(payload))),
    ]
}

proptest! {
    #[test]
    fn what_is_packed_comes_out_again(outputs in proptest::collection::vec(output(), 0..200)) {
        let mut found = Vec::new();
        for these in together(&outputs) {
            prop_assert!(!these.is_empty() && these.len() <= OUTPUTS);
            let letters = these.iter().filter(|one| matches!(one, Output::DeadLetter(_))).count();
            prop_assert!(letters == 0 || letters == these.len(), "one kind in a row");
            let (text, body) = packed(these).unwrap();
            found.extend(unpacked(&text, &body).unwrap());
        }
        prop_assert_eq!(found, outputs);
    }
}

#[test]
fn a_row_holds_a_mebibyte_and_one_more() {
    let large = |bytes: usize| Output::DeadLetter(letter(vec![0; bytes]));
    let lengths = |outputs: &[Output]| together(outputs).map(<[Output]>::len).collect::<Vec<_>>();
    assert_eq!(lengths(&[large(BYTES - 1), large(8 * BYTES), large(1)]), [2, 1]);
    assert_eq!(lengths(&[large(BYTES), large(1)]), [1, 1]);
    assert_eq!(lengths(&vec![large(1); OUTPUTS + 1]), [OUTPUTS, 1]);
    assert!(lengths(&[]).is_empty());
}

#[test]
fn a_row_that_was_cut_off_is_damaged() {
    let (text, body) = packed(&[Output::Message(message("a", vec![1, 2, 3]))]).unwrap();
    let cut = unpacked(&text, body.get(..2).unwrap());
    assert!(matches!(cut, Err(StoreError::Damaged(_))), "{cut:?}");
}

#[tokio::test]
async fn rows_of_an_earlier_version_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Database::Sqlite(folder.path().join("dongting.db"))).await.unwrap();
    // Which knew nothing of how a document came.
    let (first, second) = (message("a", vec![1]), DeadLetter { document: None, ..letter(vec![2]) });
    for (kind, text, body) in [
        (MESSAGE, row::attributes(&first).unwrap(), &first.body),
        (DEAD_LETTER, row::json(&row::LetterAttributes::of(&second)).unwrap(), &second.payload),
    ] {
        assert!(!text.contains("document"), "{text}");
        let statement =
            sql("INSERT INTO outbox (installation, kind, message, body) VALUES ('model', $1, $2, $3)");
        statement.bind(kind).bind(text).bind(body).execute_alone(&store.writer).await.unwrap();
    }
    let outputs: Vec<Vec<Output>> =
        store.pending("model", 9).await.unwrap().into_iter().map(|pending| pending.outputs).collect();
    assert_eq!(outputs, [vec![Output::Message(first)], vec![Output::DeadLetter(second)]]);
    store.close().await;
}
