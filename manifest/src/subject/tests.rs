use super::*;
use proptest::prelude::*;

fn any_region() -> impl Strategy<Value = Region> {
    (0u8..=99, 0u8..=99, 0u8..=99).prop_filter_map("whole code", |(p, c, d)| Region::from_digits([p, c, d]))
}

fn any_subject() -> impl Strategy<Value = Subject> {
    (
        any_region(),
        "[a-z][a-z0-9-]{0,31}",
        0..Kind::ALL.len(),
        proptest::option::of("[a-z0-9][a-z0-9-]{0,31}"),
    )
        .prop_map(|(region, domain, kind, detail)| Subject {
            region,
            domain,
            kind: Kind::ALL[kind],
            detail,
        })
}

proptest! {
    #[test]
    fn a_subject_is_read_as_written(subject in any_subject()) {
        prop_assert_eq!(subject.to_string().parse::<Subject>().unwrap(), subject);
    }

    #[test]
    fn any_text_is_refused_or_written_back(text in "[em.0-9a-z*>-]{0,60}") {
        if let Ok(subject) = text.parse::<Subject>() {
            prop_assert_eq!(subject.to_string(), text);
        }
    }

    /// A region's filters match exactly what concerns it, each subject by one filter only.
    #[test]
    fn filters_match_what_concerns_a_region(here in any_region(), subject in any_subject()) {
        let filters = filters(here, &subject.domain, subject.kind, None);
        let hits = filters.iter().filter(|filter| matches(filter, &subject.to_string())).count();
        prop_assert_eq!(hits, usize::from(here.concerns(subject.region)));
    }

    #[test]
    fn normalised_filters_match_the_same_once(
        places in proptest::collection::vec(any_region(), 1..6),
        subject in any_subject(),
    ) {
        let all: Vec<String> =
            places.iter().flat_map(|place| filters(*place, &subject.domain, subject.kind, None)).collect();
        let before = all.iter().any(|filter| matches(filter, &subject.to_string()));
        let kept = normalise(all).unwrap();
        let hits = kept.iter().filter(|filter| matches(filter, &subject.to_string())).count();
        prop_assert_eq!(hits, usize::from(before));
    }
}

#[test]
fn the_design_s_own_examples() {
    let subject: Subject = "em.43.01.02.water.observation.-".parse().unwrap();
    assert_eq!(subject.region.to_string(), "430102");
    assert_eq!(subject.detail, None);
    assert_eq!(
        filters("430100".parse().unwrap(), "water", Kind::Observation, None),
        [
            "em.43.01.*.water.observation.*",
            "em.43.00.00.water.observation.*",
            "em.00.00.00.water.observation.*"
        ]
    );
    for bad in
        ["em.43.01.02.water.observation", "em.43.1.02.water.observation.-", "em.43.01.02.water.news.-", "x"]
    {
        assert!(bad.parse::<Subject>().is_err(), "{bad}");
    }
}

#[test]
fn filters_that_cross_are_named() {
    let crossing =
        vec!["em.43.*.*.water.observation.rain".to_owned(), "em.43.01.*.water.observation.*".to_owned()];
    assert!(normalise(crossing).is_err());
}
