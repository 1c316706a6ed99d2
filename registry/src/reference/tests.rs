use proptest::prelude::*;

use super::*;

#[test]
fn a_release_is_named_by_version_or_by_digest() {
    let by_tag: Reference = "hydro/gauge:1.2.0".parse().unwrap();
    assert!(matches!(&by_tag.at, At::Tag(tag) if tag.as_str() == "1.2.0"));
    let digest = Digest::of(b"");
    let by_digest: Reference = format!("hydro/gauge@{digest}").parse().unwrap();
    assert_eq!(by_digest.at, At::Digest(digest));
    let said = |text: &str| text.parse::<Reference>().unwrap_err().to_string();
    assert!(said("hydro/gauge").contains("names no release"));
    assert!(said("gauge:1.2.0").contains("no name of a repository"));
    assert!(said("hydro/gauge:").contains("no tag"));
    assert!(said("hydro/gauge:1.0.0@sha256:00").contains("no name of a repository"));
    assert!(said("hydro/gauge@sha256:00").contains("no digest"));
}

proptest! {
    #[test]
    fn noise_is_refused_or_prints_as_it_was_read(text in "[a-z0-9/:@._-]{0,40}") {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string(), text.clone());
        }
        if let Ok(at) = text.parse::<At>() {
            prop_assert_eq!(at.to_string(), text);
        }
    }
}
