use proptest::prelude::*;

use super::*;

#[test]
fn names_of_repositories() {
    for good in ["hydro/gauge", "a/b/c", "a.b/c_d", "a__b/c---d", "0/1"] {
        assert_eq!(good.parse::<Repository>().unwrap().as_str(), good);
    }
    let long = format!("a/{}", "b".repeat(254));
    let bad = [
        "", "/", "gauge", "hydro/", "/gauge", "a//b", "../etc", "a/..", "a/.", "a/b..c", "A/b", "a/b_",
        "a/-b", "a/b___c", "a/b.-c", "水/b", "a/b c", "a/%2e%2e", "a\\b/c", "a/b\0", &long,
    ];
    for bad in bad {
        assert!(bad.parse::<Repository>().is_err(), "{bad}");
    }
    let repository: Repository = "hydro/gauge".parse().unwrap();
    assert_eq!((repository.vendor(), repository.plugin()), ("hydro", "gauge"));
}

#[test]
fn tags() {
    for good in ["1.2.0", "latest", "_x", &"a".repeat(128)] {
        assert!(good.parse::<Tag>().is_ok(), "{good}");
    }
    for bad in ["", ".", "..", "-a", "a/b", "a b", "标签", "a:b", &"a".repeat(129)] {
        assert!(bad.parse::<Tag>().is_err(), "{bad}");
    }
}

#[test]
fn a_vendor_has_one_namespace() {
    assert_eq!(namespace("Dongting").as_deref(), Some("dongting"));
    assert_eq!(namespace("Hunan  Water").as_deref(), Some("hunan-water"));
    assert_eq!(namespace("湖南水利"), None);
    assert_eq!(namespace(""), None);
}

proptest! {
    #[test]
    fn the_grammar_is_the_specification_s(parts in proptest::collection::vec("[a-z0-9]{1,5}((\\.|_|__|-{1,3})[a-z0-9]{1,5}){0,3}", 2..5)) {
        let name = parts.join("/");
        let repository = name.parse::<Repository>();
        prop_assert!(repository.is_ok(), "{}", name);
    }

    #[test]
    fn no_name_leaves_its_folder(text in "[a-z./_%\\\\-]{0,20}") {
        if let Ok(repository) = text.parse::<Repository>() {
            prop_assert!(repository.as_str().split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
            prop_assert_eq!(repository.to_string(), text);
        }
    }
}
