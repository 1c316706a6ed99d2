use dongting_manifest::plugin::Manifest;
use dongting_sdk::views::Language;

use super::*;
use crate::fixture::context;

#[test]
fn the_manifest_asks_for_what_the_views_read() {
    let manifest = Manifest::parse(include_str!("../../plugin.toml")).unwrap();
    assert!(manifest.capabilities.is_empty());
    for view in views() {
        assert!((1..=32).contains(&view.id.len()) && !view.title.zh.is_empty() && !view.title.en.is_empty());
        for read in view.reads {
            assert!((1..=1000).contains(&read.limit));
            let kind = format!("{:?}", read.kind).to_lowercase();
            let kind = kind.split("::").last().unwrap();
            let asked = |topic: &dongting_manifest::plugin::Topic| {
                topic.domain == read.domain && topic.kind.to_string() == kind && topic.detail == read.detail
            };
            assert!(manifest.subscribe.iter().any(asked), "{kind}");
        }
    }
    assert_eq!(manifest.publish.len(), 1);
    assert_eq!(manifest.publish[0].kind.to_string(), "feedback");
}

#[test]
fn every_view_can_be_shown_of_nothing() {
    for view in views() {
        for language in [Language::Zh, Language::En] {
            for reads in [0, view.reads.len()] {
                let context = context("430000", language, vec![Vec::new(); reads]);
                assert!(!render(&view.id, &context).unwrap().is_empty());
            }
        }
    }
    let refused = render("other", &context("430000", Language::En, Vec::new()));
    assert!(matches!(refused, Err(Error::Reject(said)) if said == "There is no such view."));
}

/// A view says nothing of how it is made.
#[test]
fn nobody_reads_of_plugins() {
    for language in [Language::Zh, Language::En] {
        for view in views() {
            let said =
                crate::fixture::read(&render(&view.id, &context("430000", language, Vec::new())).unwrap());
            for word in ["plugin", "插件", "NATS", "JSON", "render"] {
                assert!(!said.contains(word), "{word}: {said}");
            }
        }
    }
}
