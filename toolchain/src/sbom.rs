//! The bill of materials beside a component: CycloneDX 1.6 in JSON, the same for the same sources.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use dongting_manifest::Manifest;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::crates::Lock;

/// What a component is made of.
#[derive(Debug, Default)]
pub struct Sbom {
    /// The plugin itself.
    root: Value,
    parts: Vec<Part>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    version: String,
    /// Package URL.
    purl: String,
    /// SPDX expression.
    license: Option<String>,
    /// SHA-256 of the package, hexadecimal.
    sha256: Option<String>,
    /// The package URLs of what it needs.
    needs: Vec<String>,
    /// Used for building, not in the component.
    is_tool: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    #[error("{path}, the lock file that build.toml names, cannot be read", path = .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error("{path} is no lock file that is understood: name a package-lock.json (version 2 or 3), or requirements with `name==version` on each line", path = .0.display())]
    Lock(PathBuf),
}

impl Sbom {
    /// Says which plugin this is the bill of.
    pub(crate) fn describe(&mut self, manifest: &Manifest, component: &[u8]) {
        self.root = json!({
            "type": "application",
            "bom-ref": reference(&manifest.name, &manifest.version),
            "name": manifest.name,
            "version": manifest.version,
            "supplier": { "name": manifest.vendor },
            "description": manifest.description.en,
            "hashes": [{ "alg": "SHA-256", "content": hex::encode(Sha256::digest(component)) }],
        });
    }

    #[must_use]
    pub fn to_json(&self) -> String {
        let components: Vec<Value> = self.parts.iter().map(Part::to_json).collect();
        let mut dependencies: Vec<Value> = Vec::new();
        if let Some(root) = self.root.get("bom-ref") {
            let direct: Vec<&str> = self.parts.iter().map(|part| part.purl.as_str()).collect();
            dependencies.push(json!({ "ref": root, "dependsOn": direct }));
        }
        dependencies
            .extend(self.parts.iter().map(|part| json!({ "ref": part.purl, "dependsOn": part.needs })));
        let document = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "tools": { "components": [{ "type": "application", "name": "dongting", "version": env!("CARGO_PKG_VERSION") }] },
                "component": self.root,
            },
            "components": components,
            "dependencies": dependencies,
        });
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }
}

impl Part {
    fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("type".into(), "library".into());
        fields.insert("bom-ref".into(), self.purl.clone().into());
        fields.insert("name".into(), self.name.clone().into());
        fields.insert("version".into(), self.version.clone().into());
        fields.insert("scope".into(), if self.is_tool { "excluded" } else { "required" }.into());
        fields.insert("purl".into(), self.purl.clone().into());
        if let Some(license) = &self.license {
            fields.insert("licenses".into(), json!([{ "expression": license }]));
        }
        if let Some(sha256) = &self.sha256 {
            fields.insert("hashes".into(), json!([{ "alg": "SHA-256", "content": sha256 }]));
        }
        Value::Object(fields)
    }
}

fn reference(name: &str, version: &str) -> String {
    format!("pkg:generic/{name}@{version}")
}

/// Of `cargo metadata` and `Cargo.lock`. What only macros and build scripts need is named as a tool.
pub(crate) fn of_cargo(metadata: &Value, lock: &str, standard_library: Option<&str>) -> Sbom {
    let lock = Lock::parse(lock).unwrap_or(Lock { packages: Vec::new() });
    let checksums = lock.checksums();
    let array =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Value> =
        array(metadata, "packages").into_iter().map(|package| (text(&package, "id"), package)).collect();
    let resolve = metadata.get("resolve").cloned().unwrap_or_default();
    // For each package what it is linked with, and what only its build needs.
    let mut edges: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for node in array(&resolve, "nodes") {
        let mut all = Vec::new();
        for dependency in array(&node, "deps") {
            let id = text(&dependency, "pkg");
            let kinds: Vec<String> =
                array(&dependency, "dep_kinds").iter().map(|kind| text(kind, "kind")).collect();
            let is_macro = packages.get(&id).is_some_and(is_macro);
            if kinds.iter().any(String::is_empty) {
                all.push((id, is_macro));
            } else if kinds.iter().any(|kind| kind == "build") {
                all.push((id, true));
            }
        }
        edges.insert(text(&node, "id"), all);
    }
    let root = text(&resolve, "root");
    let linked = reach(&root, &edges, false);
    let used = reach(&root, &edges, true);
    let purl = |id: &str| {
        packages
            .get(id)
            .map(|package| format!("pkg:cargo/{}@{}", text(package, "name"), text(package, "version")))
    };
    let mut parts: Vec<Part> = used
        .iter()
        .filter(|id| **id != root)
        .filter_map(|id| {
            let package = packages.get(id)?;
            let (name, version) = (text(package, "name"), text(package, "version"));
            let sha256 = checksums.get(&(name.as_str(), version.as_str())).map(|sum| (*sum).to_owned());
            Some(Part {
                purl: purl(id)?,
                license: package
                    .get("license")
                    .and_then(Value::as_str)
                    .map(|license| license.replace('/', " OR ")),
                sha256,
                needs: edges.get(id).into_iter().flatten().filter_map(|(id, _)| purl(id)).collect(),
                is_tool: !linked.contains(id),
                name,
                version,
            })
        })
        .collect();
    if let Some(version) = standard_library {
        parts.push(Part {
            name: "rust-std".to_owned(),
            version: version.to_owned(),
            purl: format!("pkg:generic/rust-std@{version}"),
            license: Some("MIT OR Apache-2.0".to_owned()),
            ..Part::default()
        });
    }
    parts.sort_by(|a, b| a.purl.cmp(&b.purl));
    Sbom { root: Value::Null, parts }
}

fn is_macro(package: &Value) -> bool {
    let targets = package.get("targets").and_then(Value::as_array);
    targets.into_iter().flatten().any(|target| {
        target.get("kind").and_then(Value::as_array).into_iter().flatten().any(|kind| kind == "proc-macro")
    })
}

fn reach(root: &str, edges: &BTreeMap<String, Vec<(String, bool)>>, with_tools: bool) -> BTreeSet<String> {
    let mut queue = VecDeque::from([root.to_owned()]);
    let mut seen = BTreeSet::from([root.to_owned()]);
    while let Some(id) = queue.pop_front() {
        for (next, is_tool) in edges.get(&id).into_iter().flatten() {
            if (with_tools || !is_tool) && seen.insert(next.clone()) {
                queue.push_back(next.clone());
            }
        }
    }
    seen
}

/// Of another language's lock file. What is locked there may be a tool or a library: all of it is named.
pub(crate) fn of_lock(path: &Path) -> Result<Sbom, SbomError> {
    let text = std::fs::read_to_string(path).map_err(|source| SbomError::Read(path.to_owned(), source))?;
    let is_npm = path.extension().is_some_and(|extension| extension == "json");
    let mut parts = if is_npm { of_npm(&text) } else { of_requirements(&text) }
        .ok_or_else(|| SbomError::Lock(path.to_owned()))?;
    parts.sort_by(|a, b| a.purl.cmp(&b.purl));
    parts.dedup();
    Ok(Sbom { root: Value::Null, parts })
}

fn of_npm(text: &str) -> Option<Vec<Part>> {
    let lock: Value = serde_json::from_str(text).ok()?;
    let packages = lock.get("packages")?.as_object()?;
    let mut parts = Vec::new();
    for (path, package) in packages.iter().filter(|(path, _)| !path.is_empty()) {
        let field = |name: &str| package.get(name).and_then(Value::as_str);
        // An alias has its own name in the folder and the real one beside it.
        let name = field("name").or_else(|| path.rsplit_once("node_modules/").map(|(_, name)| name))?;
        let version = field("version")?;
        parts.push(Part {
            name: name.to_owned(),
            version: version.to_owned(),
            purl: format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
            license: field("license").map(str::to_owned),
            is_tool: package.get("dev").and_then(Value::as_bool).unwrap_or(false),
            ..Part::default()
        });
    }
    Some(parts)
}

fn of_requirements(text: &str) -> Option<Vec<Part>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("--"))
        .map(|line| {
            let (name, rest) = line.split_once("==")?;
            let version = rest.split([' ', ';']).next()?;
            // A requirement may be any of several files: none is the hash of it.
            Some(Part {
                name: name.trim().to_owned(),
                version: version.to_owned(),
                purl: format!("pkg:pypi/{}@{version}", name.trim().to_lowercase()),
                ..Part::default()
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
