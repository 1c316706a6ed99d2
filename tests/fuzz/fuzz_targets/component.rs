//! A component's manifest is found and read or refused, and one that is embedded is found again.
#![no_main]

use dongting_manifest::{Manifest, section};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str)| {
    let (component, manifest) = input;
    if let Ok(found) = section::read(component) {
        drop(Manifest::parse(found));
    }
    if let Ok(with) = section::append(component, manifest) {
        assert_eq!(section::read(&with).ok(), Some(manifest));
    }
    drop(Manifest::parse(manifest));
});
