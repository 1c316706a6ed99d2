//! A component's manifest is found and read or refused, and one that is embedded is found again.

use dongting_manifest::{Manifest, section};

/// The first line may be a manifest that is put into the rest.
pub fn component(bytes: &[u8]) {
    if let Ok(found) = section::read(bytes) {
        drop(Manifest::parse(found));
    }
    let (manifest, component) = super::line(bytes);
    let manifest = String::from_utf8_lossy(manifest);
    if let Ok(with) = section::append(component, &manifest) {
        assert_eq!(section::read(&with).ok(), Some(manifest.as_ref()));
    }
    drop(Manifest::parse(&String::from_utf8_lossy(bytes)));
}
