#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::*;

fn options(filters: &[&str]) -> ConsumerOptions {
    ConsumerOptions::new("quake", Lane::Bulk, filters.iter().map(|f| (*f).to_owned()).collect())
}

#[test]
fn what_jetstream_would_misread_is_refused() {
    let check = |options: ConsumerOptions, says: &str| {
        let error = options.config().unwrap_err().to_string();
        assert!(error.contains(says), "{error:?} should say {says:?}");
    };
    check(options(&[]), "has no filter");
    check(options(&["em.43.*.*.water.warning.*"]), "outside the lane bulk");
    check(options(&["em.>"]), "outside the lane bulk");
    check(options(&["em.43.*.*.water.observation.rain", "em.43.01.*.water.observation.*"]), "overlap");
    check(
        ConsumerOptions { installation: "a.b".to_owned(), ..options(&["em.*.*.*.*.status.*"]) },
        "cannot name",
    );
}

#[test]
fn covered_filters_are_left_out_and_deliveries_are_without_end() {
    let config = options(&["em.43.01.*.water.status.*", "em.43.*.*.water.status.*"]).config().unwrap();
    assert_eq!(config.filter_subjects, ["em.43.*.*.water.status.*"]);
    assert_eq!(config.max_deliver, -1);
    assert_eq!(config.ack_policy, AckPolicy::Explicit);
}

#[test]
fn one_filter_and_a_list_of_one_are_the_same() {
    let list = options(&["em.43.*.*.water.status.*"]).config().unwrap();
    let one = pull::Config {
        filter_subject: "em.43.*.*.water.status.*".to_owned(),
        filter_subjects: Vec::new(),
        ..list.clone()
    };
    assert!(same(&list, &one));
    assert!(!same(&list, &pull::Config { max_ack_pending: 1, ..one }));
}
