//! The same plugin as another release: its component with another version in its manifest, and so another digest.

use anyhow::{Context, Result};
use dongting_manifest::section;

/// `component` as version `version`.
pub fn restamped(component: &[u8], version: &str) -> Result<Vec<u8>> {
    let manifest = section::read(component)?;
    let line = manifest.lines().find(|line| line.starts_with("version")).context("no version")?;
    let other = manifest.replacen(line, &format!("version = {version:?}"), 1);
    Ok(section::append(&stripped(component)?, &other)?)
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
