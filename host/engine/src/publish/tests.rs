use super::*;
use dongting_manifest::Kind;

fn installation() -> Installation {
    toml::from_str(
        r#"
        id = "quake"
        component = "x.wasm"
        region = "430000"
        system = "cenc"
        [grants]
        publish = [{ domain = "earthquake", kind = "observation", outside = true }, { domain = "earthquake", kind = "warning" }]
        "#,
    )
    .unwrap()
}

fn draft(region: &str, kind: Kind) -> Draft {
    Draft {
        r#type: "em.earthquake.observation.v1".into(),
        domain: "earthquake".into(),
        kind,
        detail: None,
        region: region.parse().unwrap(),
        time: "2026-08-29T06:36:52Z".parse().unwrap(),
        key: "e1".into(),
        revision: None,
        partition: None,
        from: Vec::new(),
        content_type: None,
        extensions: Vec::new(),
        body: b"{}".to_vec(),
    }
}

fn make(inputs: &[Message], draft: Draft) -> Result<Message, Fault> {
    let inputs = Inputs { messages: inputs, received: Timestamp::now() };
    messages(&installation(), ("earthquake", "earthquake@1.0.0#00"), &inputs, vec![draft])
        .map(|mut made| made.remove(0))
}

#[test]
fn the_same_reading_is_the_same_message_and_a_correction_is_another() {
    let first = make(&[], draft("430102", Kind::Observation)).unwrap();
    assert_eq!(first.source, "/systems/cenc");
    assert_eq!(make(&[], draft("430102", Kind::Observation)).unwrap().id, first.id);
    let corrected = Draft { body: b"{\"mag\":5}".to_vec(), ..draft("430102", Kind::Observation) };
    assert_ne!(make(&[], corrected).unwrap().id, first.id);
}

#[test]
fn what_is_made_of_messages_names_them_and_keeps_their_trace() {
    let cause = make(&[], draft("430102", Kind::Observation)).unwrap();
    let warning = make(std::slice::from_ref(&cause), draft("430102", Kind::Warning)).unwrap();
    assert_eq!(warning.causation, std::slice::from_ref(&cause.id));
    let trace = |message: &Message| message.traceparent.split('-').nth(1).unwrap().to_owned();
    assert_eq!(trace(&warning), trace(&cause));
    assert_ne!(warning.traceparent, cause.traceparent);
    let stray = Draft { from: vec![1], ..draft("430102", Kind::Warning) };
    assert!(make(std::slice::from_ref(&cause), stray).unwrap_err().to_string().contains("input 1"));
}

#[test]
fn nothing_is_published_outside_the_grant() {
    assert!(make(&[], draft("000000", Kind::Observation)).is_ok());
    for (region, kind, said) in [
        ("000000", Kind::Warning, "lies outside"),
        ("440100", Kind::Observation, "lies outside"),
        ("430102", Kind::Order, "not granted"),
    ] {
        let error = make(&[], draft(region, kind)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
