//! `cargo xtask schemas`: the data standard's JSON Schemas, from the types in `sdk/events`. A test fails where the files are stale.

use anyhow::{Context, Result};

use crate::workspace::Workspace;

pub fn write(workspace: &Workspace) -> Result<()> {
    for (file, text) in dongting_events::schema::generated() {
        let path = workspace.root.join("sdk/events/schemas").join(file);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
