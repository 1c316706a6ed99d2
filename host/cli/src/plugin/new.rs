//! `dongting plugin new`: a project of its own, outside any workspace, with the SDK in it.

mod template;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use dongting_manifest::name::is_token;
use dongting_registry::name as registry_name;
use dongting_toolchain::{crates, kit};

use template::Template;

/// Words that cargo or the compiler keeps for itself.
const RESERVED: [&str; 16] = [
    "as",
    "async",
    "build",
    "core",
    "crate",
    "deps",
    "dyn",
    "examples",
    "fn",
    "impl",
    "incremental",
    "mod",
    "self",
    "std",
    "test",
    "type",
];
const VERSION: &str = "0.1.0";

#[derive(Args)]
pub struct New {
    /// 1 to 32 of a-z, 0-9 and -, beginning with a letter.
    name: String,
    #[arg(long)]
    role: Role,
    /// Your namespace in the registry.
    #[arg(long, default_value = "example")]
    vendor: String,
    /// Where to make it. Default: a folder of that name here.
    #[arg(long)]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Fetches from another system on a schedule.
    Source,
    /// Reads documents that are delivered.
    Decoder,
    /// Speaks with devices over their connections.
    Session,
    /// Makes messages of messages.
    Transform,
    /// Delivers outward.
    Sink,
    /// Answers requests.
    Service,
    /// Shows things in the portal.
    Views,
}

pub fn run(options: &New) -> Result<()> {
    let name = options.name.as_str();
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    if !(is_token(name) && begins) || RESERVED.contains(&name) {
        bail!(
            "`{name}` can be no plugin's name: take 1 to 32 of a-z, 0-9 and -, beginning with a letter, and no Rust keyword"
        );
    }
    if registry_name::vendor(&options.vendor).is_err() {
        bail!(
            "`{}` is no vendor's namespace: take a-z and 0-9, parted by single `.`, `_` or `-`, at most 128 characters",
            options.vendor
        );
    }
    let folder = options.dir.clone().unwrap_or_else(|| name.into());
    // The SDK may stay from a project that was there before.
    let is_other = |entry: &std::io::Result<std::fs::DirEntry>| {
        entry.as_ref().is_ok_and(|entry| entry.file_name() != kit::FOLDER)
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.any(|entry| is_other(&entry))) {
        bail!("{} is there already and not empty: name another folder with --dir", folder.display());
    }
    let template = template::of(options.role);
    for (path, text) in template.files {
        write(&folder.join(path), &filled(text, name, &options.vendor))?;
    }
    write(&folder.join("Cargo.toml"), &cargo_toml(name, &template))?;
    write(&folder.join("Cargo.lock"), &crates::lock_for(name, VERSION, &all(&template)))?;
    kit::write_sdk(&folder)?;
    crate::print(&format!("{}\n", folder.display()))?;
    crate::say(&format!(
        "Made `{name}`. Go on with: cd {} && dongting plugin build && cargo test",
        folder.display()
    ));
    Ok(())
}

fn filled(text: &str, name: &str, vendor: &str) -> String {
    text.replace("plugin-name", name)
        .replace("plugin-vendor", vendor)
        .replace("plugin_crate", &name.replace('-', "_"))
}

fn cargo_toml(name: &str, template: &Template) -> String {
    let lines =
        |names: &[&str]| -> String { names.iter().map(|name| crates::dependency(name) + "\n").collect() };
    let (dependencies, tested_with) = (lines(template.crates), lines(template.tested_with));
    format!(
        "[package]\nname = \"{name}\"\nversion = \"{VERSION}\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\n{dependencies}\n\
         [dev-dependencies]\n{tested_with}\n\
         # The library is for native tests, the cdylib becomes the component.\n\
         [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n\
         # Alone even inside another workspace; the SDK has its own.\n\
         [workspace]\nexclude = [\"{}\"]\n",
        kit::FOLDER
    )
}

fn all(template: &Template) -> Vec<&'static str> {
    template.crates.iter().chain(template.tested_with).copied().collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    std::fs::write(path, text).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str, vendor: &str| {
            run(&New {
                name: name.to_owned(),
                role: Role::Decoder,
                vendor: vendor.to_owned(),
                dir: Some(folder.path().join("made")),
            })
            .map_err(|error| error.to_string())
        };
        for name in ["", "Rain", "9rain", "-", "../rain", "core", "rain_gauge"] {
            assert!(made(name, "acme").unwrap_err().contains("no plugin's name"), "{name}");
        }
        for vendor in ["", "Acme", "a..b", "acme/x", "-acme", "a\"b"] {
            assert!(made("rain", vendor).unwrap_err().contains("no vendor's namespace"), "{vendor}");
        }
        made("rain", "acme").unwrap();
        assert!(made("rain", "acme").unwrap_err().contains("there already"));
    }

    #[test]
    fn every_template_names_its_plugin_and_vendor() {
        for role in Role::value_variants() {
            let template = template::of(*role);
            let (_, manifest) = template.files.iter().find(|(path, _)| *path == "plugin.toml").unwrap();
            let manifest = dongting_manifest::Manifest::parse(&filled(manifest, "river", "acme")).unwrap();
            assert_eq!((manifest.name.as_str(), manifest.vendor.as_str()), ("river", "acme"));
        }
    }
}
