use proptest::prelude::*;

use super::*;

fn statement() -> Statement {
    Statement {
        repository: "hydro/gauge".to_owned(),
        version: "1.2.0".parse().unwrap(),
        component_digest: "0f".repeat(32),
        predicate: Predicate::Review { approved: true, note: "读过".to_owned() },
    }
}

#[test]
fn it_is_an_in_toto_statement() {
    let release = Statement { predicate: Predicate::Release, ..statement() };
    let digest = "0f".repeat(32);
    let wanted = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"hydro/gauge","digest":{{"sha256":"{digest}"}}}}],"predicateType":"urn:dongting:release:v1","predicate":{{"name":"hydro/gauge","version":"1.2.0"}}}}"#
    );
    assert_eq!(release.to_json(), wanted);
    assert_eq!(Statement::parse(wanted.as_bytes()), Ok(release));
}

#[test]
fn bad_statements_are_named() {
    let good = statement().to_json();
    let said = |from: &str, to: &str| {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        Statement::parse(bad.as_bytes()).unwrap_err().to_string()
    };
    assert!(said("Statement/v1", "Statement/v0.1").contains("not an in-toto Statement v1"));
    assert!(said("urn:dongting:review:v1", "https://slsa.dev/provenance/v1").contains("this host knows"));
    assert!(said(r#""name":"hydro/gauge","digest""#, r#""name":"hydro/other","digest""#).contains("differ"));
    assert!(said(r#""sha256":"0f"#, r#""sha256":"0F"#).contains("no SHA-256"));
    assert!(said(r#""sha256":"#, r#""sha256":"00","sha256":"#).contains("duplicate field"));
    assert!(said(r#""version":"1.2.0""#, r#""version":"1.2""#).contains("no version"));
    assert!(said(r#""version":"#, r#""version":"9.9.9","version":"#).contains("duplicate field"));
    assert!(said("approved", "perhaps").contains("neither approved nor rejected"));
    assert!(said("读过", &"x".repeat(2049)).contains("over 2048"));
    let twice = format!(r#""subject":[{{"name":"a/b","digest":{{"sha256":"{}"}}}},"#, "0f".repeat(32));
    assert!(said(r#""subject":["#, &twice).contains("2 components"));
    // What later versions add is stepped over.
    let more = good.replacen(r#""predicate":{"#, r#""predicate":{"extra":{"a":1},"#, 1);
    assert_eq!(Statement::parse(more.as_bytes()), Ok(statement()));
}

#[test]
fn another_type_of_payload_is_no_statement() {
    let key = SecretKey::generate(crate::Algorithm::Ed25519).unwrap();
    let mut envelope = statement().sign(&key).unwrap();
    assert_eq!(Statement::of(&envelope), Ok(statement()));
    envelope.payload_type = "application/json".to_owned();
    assert!(Statement::of(&envelope).is_err());
}

proptest! {
    #[test]
    fn it_reads_what_it_writes(
        repository in "[a-z0-9._-]{1,40}/[a-z0-9-]{1,32}",
        (major, minor, patch) in any::<(u32, u32, u32)>(),
        digest in "[0-9a-f]{64}",
        review in prop::option::of((any::<bool>(), ".{0,200}")),
    ) {
        let predicate = review.map_or(Predicate::Release, |(approved, note)| Predicate::Review { approved, note });
        let statement = Statement {
            repository,
            version: Version { major, minor, patch },
            component_digest: digest,
            predicate,
        };
        prop_assert_eq!(Statement::parse(statement.to_json().as_bytes()), Ok(statement));
    }
}
