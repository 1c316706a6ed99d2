//! The published JSON Schemas (draft 2020-12): the files of `schemas/`, made from the types here by `cargo xtask schemas`.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use crate::{
    Assessment, Completeness, Earthquake, Feedback, Hotspot, Impact, Observations, Outage, Task, Warning,
    earthquake, hotspot, impact, outage,
};

/// A schema and the messages that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The message type, `em.earthquake.observation.v1`; with a `*` for its domain, that of every domain without one of its own.
    pub r#type: &'static str,
    /// Below `schemas/`.
    pub file: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! published {
    ($type:expr, $file:literal) => {
        Published { r#type: $type, file: $file, text: include_str!(concat!("../schemas/", $file)) }
    };
}

/// All of them, those of one domain first.
pub const ALL: [Published; 10] = [
    published!(earthquake::TYPE, "earthquake.observation.v1.json"),
    published!(impact::TYPE, "earthquake.assessment.v1.json"),
    published!(hotspot::TYPE, "hotspot.observation.v1.json"),
    published!(outage::TYPE, "outage.observation.v1.json"),
    published!("em.*.observation.v1", "observation.v1.json"),
    published!("em.*.warning.v1", "warning.v1.json"),
    published!("em.*.assessment.v1", "assessment.v1.json"),
    published!("em.*.task.v1", "task.v1.json"),
    published!("em.*.feedback.v1", "feedback.v1.json"),
    published!("em.*.completeness.v1", "completeness.v1.json"),
];

/// The schema of a message type; none where nothing is published for it.
#[must_use]
pub fn of_type(r#type: &str) -> Option<&'static Published> {
    ALL.iter().find(|published| match published.r#type.split_once('*') {
        None => published.r#type == r#type,
        Some((begin, end)) => r#type
            .strip_prefix(begin)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|domain| !domain.is_empty() && !domain.contains('.')),
    })
}

/// What the files must be, by name.
#[must_use]
pub fn generated() -> Vec<(&'static str, String)> {
    ALL.iter()
        .map(|published| {
            let mut schema = match published.r#type {
                earthquake::TYPE => of::<Earthquake>(),
                impact::TYPE => of::<Impact>(),
                hotspot::TYPE => of::<Hotspot>(),
                outage::TYPE => of::<Outage>(),
                other => match other.split('.').nth(2) {
                    Some("observation") => of::<Observations>(),
                    Some("warning") => of::<Warning>(),
                    Some("assessment") => of::<Assessment>(),
                    Some("task") => of::<Task>(),
                    Some("completeness") => of::<Completeness>(),
                    _ => of::<Feedback>(),
                },
            };
            let id = format!("urn:dongting:schema:{}", published.file.trim_end_matches(".json"));
            schema.insert("$id".to_owned(), id.into());
            (published.file, format!("{:#}\n", sorted(schema.to_value())))
        })
        .collect()
}

/// With the members in the order of their names, however the JSON library was built.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members.into_iter().collect();
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_its_own_schema_or_that_of_its_kind() {
        let file = |r#type: &str| of_type(r#type).map(|published| published.file);
        assert_eq!(file("em.earthquake.observation.v1"), Some("earthquake.observation.v1.json"));
        assert_eq!(file("em.water.observation.v1"), Some("observation.v1.json"));
        assert_eq!(file("em.earthquake.warning.v1"), Some("warning.v1.json"));
        assert_eq!(file(&crate::assessment::type_of("flood")), Some("assessment.v1.json"));
        for none in
            ["em.water.observation.v2", "em..observation.v1", "em.a.b.observation.v1", "observation", ""]
        {
            assert_eq!(file(none), None, "{none}");
        }
    }
}
