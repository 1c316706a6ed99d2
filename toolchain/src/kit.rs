//! The SDK and the contract as files, for projects outside this workspace: they are on no registry, so this program carries them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use dongting_manifest::Manifest;
use dongting_manifest::plugin::{Capability, Role};

use crate::component::{ComponentError, place};
use crate::crates;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

pub(crate) use embedded::{LOCK, WORKSPACE};

/// Where a project keeps what was written for it.
pub const FOLDER: &str = ".dongting";

/// Writes the SDK as a small workspace of its own below `<project>/.dongting`, with the versions this program was built with.
pub fn write_sdk(project: &Path) -> Result<(), ComponentError> {
    let folder = project.join(FOLDER);
    for (path, text) in embedded::FILES {
        place(&folder.join(path), text.as_bytes())?;
    }
    place(&folder.join("Cargo.toml"), crates::kit_workspace(&members()).as_bytes())
}

/// Whether the project has the SDK of this very program.
#[must_use]
pub fn is_current(project: &Path) -> bool {
    let folder = project.join(FOLDER);
    embedded::FILES
        .iter()
        .all(|(path, text)| std::fs::read(folder.join(path)).is_ok_and(|there| there == text.as_bytes()))
}

/// The crates among the embedded files, by their folders.
fn members() -> Vec<&'static str> {
    embedded::FILES.iter().filter_map(|(path, _)| path.strip_suffix("/Cargo.toml")).collect()
}

/// The `Cargo.toml` of each embedded crate.
pub(crate) fn manifests() -> impl Iterator<Item = &'static str> {
    embedded::FILES.iter().filter(|(path, _)| path.ends_with("/Cargo.toml")).map(|(_, text)| *text)
}

/// Writes the contract below `<project>/.dongting/wit` with a world of exactly what the manifest says, for languages whose tools take
/// everything that a world imports. Packages of the project's own folder `wit` are put beside it.
pub fn write_contract(project: &Path, manifest: &Manifest) -> Result<(), ComponentError> {
    let folder = project.join(FOLDER).join("wit");
    for (path, text) in
        embedded::FILES.iter().filter_map(|(path, text)| Some((path.strip_prefix("wit/deps/")?, text)))
    {
        place(&folder.join("deps").join(path), text.as_bytes())?;
    }
    place(&folder.join("world.wit"), world(manifest).as_bytes())
}

/// The world `plugin`: the roles are its exports, the capabilities its imports.
fn world(manifest: &Manifest) -> String {
    let mut world = String::from(
        "// Written by `dongting plugin build` from plugin.toml: changes are lost.\npackage project:plugin;\n\nworld plugin {\n",
    );
    let roles: BTreeSet<Role> = manifest.roles.iter().copied().collect();
    for capability in manifest.capabilities.keys().filter(|capability| **capability != Capability::Http) {
        let _ = writeln!(world, "    import dongting:{capability}/{capability}@0.1.0;");
    }
    if manifest.capabilities.contains_key(&Capability::State) && manifest.state_version > 1 {
        world.push_str("    import dongting:keys/keys@0.1.0;\n");
    }
    for role in roles {
        let _ = writeln!(world, "    export dongting:{role}/{role}@0.1.0;");
    }
    if manifest.state_version > 1 {
        world.push_str("    export dongting:migration/migration@0.1.0;\n");
    }
    world.push_str("}\n");
    world
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_what_the_manifest_says() {
        let manifest = Manifest::parse(
            "name = \"x\"\nversion = \"0.1.0\"\nvendor = \"V\"\nroles = [\"transform\", \"decoder\"]\n\
             [title]\nzh = \"一\"\nen = \"x\"\n[description]\nzh = \"一\"\nen = \"x\"\n\
             [capabilities]\nlog = { zh = \"一\", en = \"x\" }\nhttp = { zh = \"一\", en = \"x\" }\n",
        )
        .unwrap();
        let text = world(&manifest);
        assert!(
            text.contains("    import dongting:log/log@0.1.0;\n    export dongting:decoder/decoder@0.1.0;\n")
        );
        assert!(text.contains("    export dongting:transform/transform@0.1.0;\n}"));
        assert!(!text.contains("http"), "a language's own library brings wasi:http: {text}");
    }

    #[test]
    fn the_sdk_is_written_once_and_known_again() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_current(folder.path()));
        write_sdk(folder.path()).unwrap();
        assert!(is_current(folder.path()));
        std::fs::write(folder.path().join(".dongting/sdk/src/lib.rs"), "changed").unwrap();
        assert!(!is_current(folder.path()));
    }
}
