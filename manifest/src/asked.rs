//! What one release asks for that another did not: what a reviewer and an operator look at first.

use std::collections::BTreeSet;
use std::fmt;

use crate::Manifest;
use crate::plugin::{Ordering, Setting, SettingType, Topic};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub what: What,
    pub change: Change,
    /// Its name, or before and after with an arrow between.
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Role,
    /// An interface that the component imports.
    Import,
    Capability,
    Publish,
    Subscribe,
    Setting,
    Attachment,
    Records,
    Ordering,
    /// The form of what it keeps. There is no way back from a higher one.
    StateVersion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

/// What a release says of itself and what its bytes say.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    pub manifest: &'a Manifest,
    /// Interfaces by their full names.
    pub imports: &'a BTreeSet<String>,
}

/// Everything in which `after` asks for something else than `before`, in a certain order. Texts and version are no difference.
#[must_use]
pub fn differences(before: Side<'_>, after: Side<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let (old, new) = (before.manifest, after.manifest);
    let roles = |manifest: &Manifest| names(manifest.roles.iter());
    compare(What::Role, &roles(old), &roles(new), &mut found);
    compare(What::Import, before.imports, after.imports, &mut found);
    compare(What::Capability, &names(old.capabilities.keys()), &names(new.capabilities.keys()), &mut found);
    let topics = |topics: &[Topic]| names(topics.iter());
    compare(What::Publish, &topics(&old.publish), &topics(&new.publish), &mut found);
    compare(What::Subscribe, &topics(&old.subscribe), &topics(&new.subscribe), &mut found);
    compare(What::Setting, &names(old.settings.keys()), &names(new.settings.keys()), &mut found);
    for (name, setting) in &new.settings {
        let earlier = old.settings.get(name).map(described);
        changed(What::Setting, name, earlier, Some(described(setting)), &mut found);
    }
    compare(What::Attachment, &names(old.attachments.keys()), &names(new.attachments.keys()), &mut found);
    compare(What::Records, &names(old.records.keys()), &names(new.records.keys()), &mut found);
    for (name, collection) in &new.records {
        let earlier = old.records.get(name).map(|collection| collection.indexes.join(" "));
        changed(What::Records, name, earlier, Some(collection.indexes.join(" ")), &mut found);
    }
    let ordering = |manifest: &Manifest| {
        Some(match manifest.ordering {
            Ordering::None => "none".to_owned(),
            Ordering::Partition => "partition".to_owned(),
        })
    };
    changed(What::Ordering, "", ordering(old), ordering(new), &mut found);
    let form = |manifest: &Manifest| Some(manifest.state_version.to_string());
    changed(What::StateVersion, "", form(old), form(new), &mut found);
    found
}

fn names<T: ToString>(all: impl Iterator<Item = T>) -> BTreeSet<String> {
    all.map(|one| one.to_string()).collect()
}

fn compare(what: What, old: &BTreeSet<String>, new: &BTreeSet<String>, found: &mut Vec<Difference>) {
    let one = |change, name: &String| Difference { what, change, name: name.clone() };
    found.extend(new.difference(old).map(|name| one(Change::Added, name)));
    found.extend(old.difference(new).map(|name| one(Change::Removed, name)));
}

/// Only where both sides have it; else it was added or removed.
fn changed(what: What, name: &str, old: Option<String>, new: Option<String>, found: &mut Vec<Difference>) {
    if let (Some(old), Some(new)) = (old, new)
        && old != new
    {
        let name = format!("{name}{}{old} → {new}", if name.is_empty() { "" } else { ": " });
        found.push(Difference { what, change: Change::Changed, name });
    }
}

fn described(setting: &Setting) -> String {
    let kind = match setting.r#type {
        SettingType::String => "string",
        SettingType::Number => "number",
        SettingType::Integer => "integer",
        SettingType::Boolean => "boolean",
        SettingType::Array => "array",
        SettingType::Object => "object",
    };
    if setting.required { format!("{kind}, required") } else { kind.to_owned() }
}

impl What {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Import => "import",
            Self::Capability => "capability",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
            Self::Setting => "setting",
            Self::Attachment => "attachment",
            Self::Records => "records",
            Self::Ordering => "ordering",
            Self::StateVersion => "state-version",
        }
    }
}

impl Change {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.change {
            Change::Added => '+',
            Change::Removed => '-',
            Change::Changed => '~',
        };
        write!(f, "{sign} {} {}", self.what.as_str(), self.name)
    }
}

#[cfg(test)]
mod tests;
