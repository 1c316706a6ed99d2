//! The published schemas are those of the types, and both take the good examples and refuse the bad ones. What only the types refuse (a rule
//! between members, a day that no month has) stands in a file whose name begins with `rule-`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use dongting_events::{
    Assessment, Completeness, Earthquake, Feedback, Hotspot, Impact, Observations, Outage, Task, Warning,
    schema,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn examples(schema: &str, kind: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder("tests/data").join(schema).join(kind)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        found.push((name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()));
    }
    assert!(!found.is_empty(), "{schema} has no {kind} examples");
    found
}

#[test]
fn the_files_are_those_of_the_types() {
    for (file, text) in schema::generated() {
        let kept = std::fs::read_to_string(folder("schemas").join(file)).unwrap_or_default();
        assert!(kept == text, "sdk/events/schemas/{file} is stale: run `cargo xtask schemas`");
    }
    let files = std::fs::read_dir(folder("schemas")).unwrap().count();
    assert_eq!(files, schema::ALL.len(), "a schema of a type that is gone");
}

/// Writing checks what reading of what people are shown does not.
fn check<T: Serialize + DeserializeOwned>(name: &str, read_in_full: bool) {
    let published = schema::ALL.iter().find(|one| one.file == format!("{name}.v1.json")).unwrap();
    let document: Value = serde_json::from_str(published.text).unwrap();
    assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let validator = jsonschema::validator_for(&document).unwrap();
    for (example, value) in examples(name, "good") {
        let said: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(said.is_empty(), "{name}/{example}: {said:?}");
        let read: T =
            serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("{name}/{example}: {e}"));
        let written = serde_json::to_value(&read).unwrap();
        assert!(validator.is_valid(&written), "{name}/{example} as it is written: {written}");
        let again: T = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), written);
    }
    for (example, value) in examples(name, "bad") {
        let rule = example.starts_with("rule-");
        assert_eq!(validator.is_valid(&value), rule, "{name}/{example} by the schema");
        let read = serde_json::from_value::<T>(value);
        let refused = match read {
            Err(_) => true,
            Ok(read) => !read_in_full && serde_json::to_value(&read).is_err(),
        };
        assert!(refused, "{name}/{example} is taken by the type");
    }
}

#[test]
fn examples_fit() {
    check::<Earthquake>("earthquake.observation", false);
    check::<Impact>("earthquake.assessment", false);
    check::<Hotspot>("hotspot.observation", true);
    check::<Outage>("outage.observation", true);
    check::<Observations>("observation", true);
    check::<Warning>("warning", false);
    check::<Assessment>("assessment", true);
    check::<Task>("task", true);
    check::<Feedback>("feedback", true);
    check::<Completeness>("completeness", true);
}

#[test]
fn nobody_publishes_what_is_no_number() {
    let golden = examples("hotspot.observation", "good").remove(0).1;
    let mut hotspot: Hotspot = serde_json::from_value(golden).unwrap();
    hotspot.frp_megawatts = Some(f64::NAN);
    assert!(serde_json::to_vec(&hotspot).unwrap_err().to_string().contains("frpMegawatts"));
}

#[test]
fn members_that_are_not_known_are_passed_over() {
    for (_, mut value) in examples("task", "good") {
        value["colour"] = "red".into();
        serde_json::from_value::<Task>(value).unwrap();
    }
}
