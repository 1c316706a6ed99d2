//! The manifest inside the component: one custom section at component level, appended after linking and read before
//! anything is compiled.

use std::borrow::Cow;

use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Encoding, Parser, Payload};

pub const NAME: &str = "dongting:manifest";
/// A manifest is a page of text.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    #[error("this is not a WebAssembly binary: {0}")]
    NotWasm(String),
    #[error(
        "this is a core module, not a component: build for wasm32-wasip2, or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    #[error(
        "the component has no `{NAME}` section: build it with `cargo xtask guests`, which embeds plugin.toml"
    )]
    Missing,
    #[error("the component has two `{NAME}` sections: build it afresh, a manifest is embedded once")]
    Two,
    #[error("the component's manifest has {0} bytes; at most {MAX_BYTES} are read")]
    TooLong(usize),
    #[error("the component's manifest is not UTF-8")]
    NotText,
}

/// The component with `manifest` embedded. Refuses one that has a manifest already.
pub fn append(component: &[u8], manifest: &str) -> Result<Vec<u8>, SectionError> {
    match read(component) {
        Err(SectionError::Missing) => {}
        Ok(_) => return Err(SectionError::Two),
        Err(error) => return Err(error),
    }
    if manifest.len() > MAX_BYTES {
        return Err(SectionError::TooLong(manifest.len()));
    }
    let section = CustomSection { name: Cow::Borrowed(NAME), data: Cow::Borrowed(manifest.as_bytes()) };
    let mut out = component.to_vec();
    section.append_to_component(&mut out);
    Ok(out)
}

/// The manifest's text. Nested components and modules are stepped over: only the outermost level counts.
pub fn read(component: &[u8]) -> Result<&str, SectionError> {
    let mut found = None;
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| SectionError::NotWasm(error.message().to_owned()))? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(SectionError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name() == NAME => {
                let earlier = found.replace(section.data());
                if earlier.is_some() {
                    return Err(SectionError::Two);
                }
            }
            _ => {}
        }
    }
    let data = found.ok_or(SectionError::Missing)?;
    if data.len() > MAX_BYTES {
        return Err(SectionError::TooLong(data.len()));
    }
    std::str::from_utf8(data).map_err(|_| SectionError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn a_manifest_is_read_back_and_embedded_once() {
        assert!(matches!(read(COMPONENT), Err(SectionError::Missing)));
        let built = append(COMPONENT, "name = \"x\"").unwrap();
        assert_eq!(read(&built).unwrap(), "name = \"x\"");
        assert!(matches!(append(&built, "again"), Err(SectionError::Two)));
        // Two sections put there by hand are refused as well.
        let mut twice = built.clone();
        CustomSection { name: NAME.into(), data: b"y".as_slice().into() }.append_to_component(&mut twice);
        assert!(matches!(read(&twice), Err(SectionError::Two)));
    }

    #[test]
    fn what_is_not_a_component_is_named() {
        assert!(matches!(read(MODULE), Err(SectionError::CoreModule)));
        assert!(matches!(read(b"<html>"), Err(SectionError::NotWasm(_))));
        assert!(matches!(read(b""), Err(SectionError::NotWasm(_))));
    }

    proptest! {
        #[test]
        fn noise_is_refused(noise in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = read(&noise);
            let mut after = COMPONENT.to_vec();
            after.extend(noise);
            let _ = read(&after);
        }
    }
}
