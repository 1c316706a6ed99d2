use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn numbers_are_ordered_by_their_keys(a: f64, b: f64) {
        let (key, other) = (number(a), number(b));
        prop_assert_eq!(a.partial_cmp(&b), key.zip(other).map(|(key, other)| key.cmp(&other)));
    }

    #[test]
    fn texts_are_ordered_by_their_keys(a in ".{0,20}", b in ".{0,20}") {
        prop_assert_eq!(a.cmp(&b), text(&a).unwrap().cmp(&text(&b).unwrap()));
    }

    #[test]
    fn a_range_holds_its_own_type_and_no_other(a: f64, b in ".{0,20}") {
        let (number, text) = (number(a).unwrap_or_else(|| number(0.0).unwrap()), text(&b).unwrap());
        for (own, other) in [(&number, &text), (&text, &number)] {
            for (first, last) in [range(Some(own.clone()), None), range(None, Some(own.clone()))] {
                prop_assert!(first <= *own && *own <= last);
                prop_assert!(*other < first || last < *other);
            }
        }
        let (first, last) = range(None, None);
        prop_assert!([boolean(false), number, text].iter().all(|key| first <= *key && *key <= last));
    }
}

#[test]
fn a_document_is_in_the_indexes_whose_values_it_has() {
    let collection = Collection { indexes: ["/level", "/place/0", "/ok", "/none"].map(Into::into).into() };
    let keys = collection.keys(br#"{"level": -0.0, "place": ["a"], "ok": true, "none": null}"#).unwrap();
    let expected = [("", ""), ("/level", "n8000000000000000"), ("/place/0", "s61"), ("/ok", "b1")];
    assert_eq!(keys, expected.map(|(index, key)| (index.to_owned(), key.to_owned())));
    assert!(collection.keys(b"{").unwrap_err().contains("no JSON"));
    assert!(collection.keys(&[b'['; 1_000]).unwrap_err().contains("recursion"));
    let long = format!(r#"{{"level": "{}"}}"#, "x".repeat(257));
    assert!(collection.keys(long.as_bytes()).unwrap_err().contains("over 256 bytes"));
}

#[test]
fn declarations_say_what_is_wrong_with_them() {
    let said = |name: &str, indexes: &[&str]| {
        let indexes = indexes.iter().map(|index| (*index).to_owned()).collect();
        fault(&Collections::from([(name.to_owned(), Collection { indexes })]))
    };
    assert_eq!(said("stations", &["/level"]), None);
    assert!(said("Stations", &[]).unwrap().contains("no name of a collection"));
    assert!(said("stations", &["level"]).unwrap().contains("no JSON Pointer"));
    assert!(said("stations", &["/a"; 9]).unwrap().contains("over 8 indexes"));
}
