//! The same plugin as another release: its component with another version in its manifest, and so another digest.

use anyhow::{Context, Result};
use dongting_manifest::section;

/// `component` as version `version`.
pub fn restamped(component: &[u8], version: &str) -> Result<Vec<u8>> {
    stamped(component, &[("version", version)])
}

/// `component` with other values for keys at the top of its manifest that have a text.
pub fn stamped(component: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut manifest = section::read(component)?.to_owned();
    for (key, value) in values {
        let start = format!("{key} =");
        let line = manifest.lines().find(|line| line.starts_with(&start)).context("no such key")?.to_owned();
        manifest = manifest.replacen(&line, &format!("{key} = {value:?}"), 1);
    }
    Ok(section::append(&stripped(component)?, &manifest)?)
}

/// The component without its manifest, which is its last section: section id, LEB128 size, LEB128 name length, name, text.
pub fn stripped(component: &[u8]) -> Result<Vec<u8>> {
    let content = 1 + section::NAME.len() + section::read(component)?.len();
    let size = match content {
        0..128 => 1,
        128..16_384 => 2,
        _ => 3,
    };
    let end = component.len().checked_sub(content + size + 1).context("it ends before its manifest")?;
    Ok(component.get(..end).unwrap_or_default().to_vec())
}
