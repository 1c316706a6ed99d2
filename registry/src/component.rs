//! What a component declares, counted without running or compiling any of it. A small file can declare more memories, tables and
//! instances than any machine has: it is refused here, before somebody else tries.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef,
    Encoding, Instance, MemoryType, Parser, Payload, TableType, Validator, WasmFeatures,
};

/// All memories and tables that its modules begin with.
const MAX_START_BYTES: u64 = 1 << 30;
/// A table's element in the host's memory.
const ELEMENT_BYTES: u64 = 8;
const PAGE_BYTES: u64 = 1 << 16;
/// Modules and components inside it.
const MAX_PARTS: u64 = 256;
const MAX_DEPTH: usize = 8;
/// Instances it comes to when every component inside it is unfolded.
const MAX_INSTANCES: u64 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum BombError {
    #[error(
        "its memories and tables begin with {declared} bytes, and at most {MAX_START_BYTES} are allowed: declare what it needs at the start and let it grow"
    )]
    Start { declared: u64 },
    #[error("it has more than {MAX_PARTS} modules and components inside it")]
    Parts,
    #[error("its components are nested more than {MAX_DEPTH} deep")]
    Depth,
    #[error("it comes to more than {MAX_INSTANCES} instances when its nested components are unfolded")]
    Instances,
    #[error("it is no valid component: {0}")]
    Invalid(String),
}

/// A component whose end was not seen yet.
#[derive(Default)]
struct Open {
    /// For each component that it can instantiate, what one instance comes to.
    components: Vec<u64>,
    instances: u64,
}

/// Checks a component, then whether it is a valid one.
pub fn check(component: &[u8]) -> Result<(), BombError> {
    count(component)?;
    // What the host cannot run is the host's to say: its features change, those of a stored component do not.
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(component)
        .map(drop)
        .map_err(|error| BombError::Invalid(error.message().to_owned()))
}

fn count(component: &[u8]) -> Result<(), BombError> {
    let invalid = |error: wasmparser::BinaryReaderError| BombError::Invalid(error.message().to_owned());
    let (mut start, mut parts) = (0u64, 0u64);
    // The heaviest component seen: an alias can stand for no heavier one.
    let mut heaviest = 1u64;
    let mut open: Vec<Open> = Vec::new();
    // For each encoding still open whether it is a component; a module has no instances of its own.
    let mut nested: Vec<bool> = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(invalid)? {
            Payload::Version { encoding, .. } => {
                parts = parts.saturating_add(1);
                nested.push(encoding == Encoding::Component);
                if encoding == Encoding::Component {
                    open.push(Open::default());
                }
                if parts > MAX_PARTS {
                    return Err(BombError::Parts);
                }
                if nested.len() > MAX_DEPTH {
                    return Err(BombError::Depth);
                }
            }
            Payload::End(_) => {
                if nested.pop() == Some(true)
                    && let Some(ended) = open.pop()
                {
                    let weight = ended.instances.max(1);
                    heaviest = heaviest.max(weight);
                    if let Some(outer) = open.last_mut() {
                        outer.components.push(weight);
                    }
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    start = start.saturating_add(memory_bytes(&memory.map_err(invalid)?));
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    start = start.saturating_add(table_bytes(&table.map_err(invalid)?.ty));
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    start = start.saturating_add(match import.map_err(invalid)?.ty {
                        wasmparser::TypeRef::Memory(memory) => memory_bytes(&memory),
                        wasmparser::TypeRef::Table(table) => table_bytes(&table),
                        _ => 0,
                    });
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    if matches!(instance.map_err(invalid)?, Instance::Instantiate { .. }) {
                        add(&mut open, 1)?;
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    if let ComponentInstance::Instantiate { component_index, .. } =
                        instance.map_err(invalid)?
                    {
                        let index = usize::try_from(component_index).unwrap_or(usize::MAX);
                        let weight = open.last().and_then(|open| open.components.get(index)).copied();
                        add(&mut open, weight.unwrap_or(heaviest))?;
                    }
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    if matches!(import.map_err(invalid)?.ty, ComponentTypeRef::Component(_)) {
                        name(&mut open, heaviest);
                    }
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    match alias.map_err(invalid)? {
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. }
                        | ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, .. } => {
                            name(&mut open, heaviest);
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    if export.map_err(invalid)?.kind == ComponentExternalKind::Component {
                        name(&mut open, heaviest);
                    }
                }
            }
            _ => {}
        }
        if start > MAX_START_BYTES {
            return Err(BombError::Start { declared: start });
        }
    }
    Ok(())
}

fn add(open: &mut [Open], weight: u64) -> Result<(), BombError> {
    if let Some(open) = open.last_mut() {
        open.instances = open.instances.saturating_add(weight);
        if open.instances > MAX_INSTANCES {
            return Err(BombError::Instances);
        }
    }
    Ok(())
}

/// A component that is named here without being defined here.
fn name(open: &mut [Open], weight: u64) {
    if let Some(open) = open.last_mut() {
        open.components.push(weight);
    }
}

fn memory_bytes(memory: &MemoryType) -> u64 {
    let page = memory.page_size_log2.map_or(PAGE_BYTES, |log2| 1u64.checked_shl(log2).unwrap_or(u64::MAX));
    memory.initial.saturating_mul(page)
}

fn table_bytes(table: &TableType) -> u64 {
    table.initial.saturating_mul(ELEMENT_BYTES)
}

#[cfg(test)]
mod tests;
