//! What a component imports, read from its bytes: before it is compiled, and by those who never compile it.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload};

use crate::section::SectionError;

/// The names of all that the outermost component imports, for example `dongting:log/log@0.1.0`.
pub fn read(component: &[u8]) -> Result<BTreeSet<String>, SectionError> {
    let no = |error: wasmparser::BinaryReaderError| SectionError::NotWasm(error.message().to_owned());
    let mut found = BTreeSet::new();
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(no)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    found.insert(import.map_err(no)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}
