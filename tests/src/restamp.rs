//! The same plugin as another release: its component with another version in its manifest, and so another digest.

use anyhow::{Context, Result, ensure};
use dongting_manifest::section;

/// `component` as version `version`.
pub fn restamped(component: &[u8], version: &str) -> Result<Vec<u8>> {
    stamped(component, &[("version", version)])
}

/// `component` with other values for keys at the top of its manifest that have a text.
pub fn stamped(component: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>> {
    let values: Vec<(&str, String)> =
        values.iter().map(|(key, value)| (*key, format!("{value:?}"))).collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
    rewritten(component, &values)
}

/// The same for values as they are written in TOML, each of one line.
pub fn rewritten(component: &[u8], values: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut manifest = section::read(component)?.to_owned();
    for (key, value) in values {
        let start = format!("{key} =");
        let line = manifest.lines().find(|line| line.starts_with(&start)).context("no such key")?.to_owned();
        manifest = manifest.replacen(&line, &format!("{key} = {value}"), 1);
    }
    Ok(section::append(&stripped(component)?, &manifest)?)
}

/// `component` as version `version`, with other words of the same length wherever it says `was`.
pub fn reworded(component: &[u8], version: &str, (was, is): (&str, &str)) -> Result<Vec<u8>> {
    ensure!(was.len() == is.len(), "`{was}` and `{is}` are not of one length");
    let mut component = restamped(component, version)?;
    let mut rest = component.as_mut_slice();
    let mut found = false;
    while let Some(at) = rest.windows(was.len()).position(|bytes| bytes == was.as_bytes()) {
        let (place, behind) = rest.split_at_mut(at).1.split_at_mut(was.len());
        place.copy_from_slice(is.as_bytes());
        rest = behind;
        found = true;
    }
    ensure!(found, "it does not say `{was}`");
    Ok(component)
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
