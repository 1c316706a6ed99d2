//! Collects the SDK's sources and the contract into the binary: a vendor's project is made of them, with no registry at hand.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let mut table = String::from("pub const FILES: &[(&str, &str)] = &[\n");
    for folder in ["sdk", "wit"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root, Path::new(folder), &mut table)?;
    }
    table.push_str("];\n");
    for (name, file) in [("WORKSPACE", "Cargo.toml"), ("LOCK", "Cargo.lock")] {
        let path = root.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let _ = writeln!(table, "pub const {name}: &str = include_str!({:?});", path.display().to_string());
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs"), table)
}

/// In the order of their names, so that the same tree gives the same binary.
fn collect(root: &Path, folder: &Path, table: &mut String) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(root.join(folder))?
        .map(|entry| entry.map(|entry| folder.join(entry.file_name())))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        if root.join(&entry).is_dir() {
            // The SDK's own tests stay here: they are no part of a vendor's project.
            if entry.file_name().is_none_or(|name| name != "tests" && name != "target") {
                collect(root, &entry, table)?;
            }
        } else if is_text(&entry) {
            let name = entry.display().to_string();
            let path = root.join(&entry).display().to_string();
            let _ = writeln!(table, "    ({name:?}, include_str!({path:?})),");
        }
    }
    Ok(())
}

fn is_text(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["rs", "toml", "wit", "json", "md"].iter().any(|known| extension == *known))
}
