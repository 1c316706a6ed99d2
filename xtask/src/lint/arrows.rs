//! DESIGN.md's arrows: which folder's crates may depend on which. What is not allowed here is a finding.

use crate::workspace::Workspace;

/// A crate's folder, or the folder its crates are in, and the layers that it may use.
struct Layer {
    folder: &'static str,
    may_use: &'static [&'static str],
    /// What its tests may use besides.
    tests_may_use: &'static [&'static str],
}

/// A crate of the outside that only some layers may name.
struct Guarded {
    /// Its name, or where it ends in `*` what its name begins with.
    name: &'static str,
    folders: &'static [&'static str],
}

/// sdk and host meet only in the payload types; a layer may reach past the one below it, never up or sideways.
const LAYERS: &[Layer] = &[
    layer("manifest", &[]),
    layer("sdk/events", &[]),
    layer("sdk", &["sdk/events"]),
    // Tests of plugins; it meets the host in lines of JSON alone.
    layer("sdk/testkit", &["sdk/events"]),
    layer("host/priority", &[]),
    layer("host/sandbox", BELOW_ENGINE),
    layer("host/bus", BELOW_ENGINE),
    layer("host/store", BELOW_ENGINE),
    layer(
        "host/engine",
        &[
            "host/priority",
            "host/sandbox",
            "host/bus",
            "host/store",
            "registry",
            "trust",
            "manifest",
            "sdk/events",
        ],
    ),
    layer(
        "host/api",
        &["host/engine", "host/sandbox", "host/bus", "host/store", "registry", "manifest", "sdk/events"],
    ),
    layer("host/cli", PRODUCT),
    layer("trust", &["manifest"]),
    layer("registry", &["trust", "manifest"]),
    // It carries the SDK's sources as text and depends on none of its crates.
    layer("toolchain", &["manifest"]),
    // A plugin's tests read its own plugin.toml as the host will.
    Layer { folder: "plugins", may_use: GUEST, tests_may_use: TESTED },
    Layer { folder: "examples", may_use: GUEST, tests_may_use: TESTED },
    layer("tests/guests", GUEST),
    // The harness starts the product from outside, and may look into any part of it; tests and the benchmark compare it with
    // the guests' pure parts, and what the SDK reads is fuzzed like the rest.
    layer("tests", HARNESS),
    layer("xtask", &["toolchain", "manifest", "sdk/events"]),
];
const BELOW_ENGINE: &[&str] = &["host/priority", "manifest", "sdk/events"];
const GUEST: &[&str] = &["sdk", "sdk/events"];
const TESTED: &[&str] = &["manifest", "sdk/testkit"];
const HARNESS: &[&str] = &[
    "host/api",
    "host/engine",
    "host/priority",
    "host/sandbox",
    "host/bus",
    "host/store",
    "plugins",
    "registry",
    "trust",
    "manifest",
    "sdk",
    "sdk/events",
    "sdk/testkit",
    "tests/guests",
];
const PRODUCT: &[&str] = &[
    "host/api",
    "host/engine",
    "host/sandbox",
    "host/bus",
    "host/store",
    "registry",
    "trust",
    "toolchain",
    "manifest",
    "sdk/events",
];

const fn layer(folder: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { folder, may_use, tests_may_use: &[] }
}

const GUARDED: [Guarded; 5] = [
    Guarded { name: "async-nats", folders: &["host/bus"] },
    Guarded { name: "sqlx*", folders: &["host/store", "registry"] },
    Guarded { name: "axum*", folders: &["host/api", "registry", "tests"] },
    Guarded { name: "utoipa-axum", folders: &["host/api", "registry"] },
    // The benchmark measures the sandbox beside wasmtime as it is.
    Guarded { name: "wasmtime*", folders: &["host/sandbox", "tests"] },
];

/// A workspace crate as this check sees it.
#[derive(Debug)]
struct Node {
    folder: String,
    name: String,
    dependencies: Vec<Arrow>,
}

#[derive(Debug)]
struct Arrow {
    to: String,
    /// Drawn by a dev dependency.
    by_tests: bool,
}

pub fn findings(workspace: &Workspace) -> Vec<String> {
    let nodes: Vec<Node> = workspace
        .members()
        .map(|package| Node {
            folder: package.folder(&workspace.root).to_string_lossy().into_owned(),
            name: package.name.clone(),
            dependencies: package
                .dependencies
                .iter()
                .map(|dependency| Arrow {
                    to: dependency.name.clone(),
                    by_tests: dependency.kind.as_deref() == Some("dev"),
                })
                .collect(),
        })
        .collect();
    check(&nodes)
}

fn check(nodes: &[Node]) -> Vec<String> {
    let mut findings = Vec::new();
    for node in nodes {
        let folder = &node.folder;
        let Some(layer) = holding(folder) else {
            findings.push(format!("{folder}: no layer is known for it; add it to xtask/src/lint/arrows.rs"));
            continue;
        };
        for Arrow { to, by_tests } in &node.dependencies {
            if let Some(target) = nodes.iter().find(|other| other.name == *to) {
                // A folder that is no layer has its own finding.
                let Some(used) = holding(&target.folder) else { continue };
                let tested = *by_tests && layer.tests_may_use.contains(&used.folder);
                if !tested && !layer.may_use.contains(&used.folder) {
                    findings.push(format!(
                        "{folder}/Cargo.toml: {} must not depend on {}",
                        layer.folder, used.folder
                    ));
                }
            } else if let Some(guarded) = GUARDED.iter().find(|guarded| guarded.covers(to))
                && !guarded.folders.contains(&layer.folder)
            {
                findings.push(format!(
                    "{folder}/Cargo.toml: only {} may depend on {to}",
                    guarded.folders.join(", ")
                ));
            }
        }
    }
    findings
}

/// The layer with the longest folder that holds the crate.
fn holding(folder: &str) -> Option<&'static Layer> {
    let holds = |layer: &&Layer| {
        folder.strip_prefix(layer.folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    LAYERS.iter().filter(holds).max_by_key(|layer| layer.folder.len())
}

impl Guarded {
    fn covers(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dependency written `dev NAME` is one of its tests only.
    fn node(folder: &str, dependencies: &[&str]) -> Node {
        let arrow = |name: &&str| match name.strip_prefix("dev ") {
            Some(name) => Arrow { to: name.to_owned(), by_tests: true },
            None => Arrow { to: (*name).to_owned(), by_tests: false },
        };
        let dependencies = dependencies.iter().map(arrow).collect();
        Node {
            folder: folder.to_owned(),
            name: format!("dongting-{}", folder.replace('/', "-")),
            dependencies,
        }
    }

    /// Checks one crate in a workspace that has one of each other kind.
    fn check_one(folder: &str, dependencies: &[&str]) -> Vec<String> {
        let mut nodes: Vec<Node> = [
            "manifest",
            "sdk",
            "sdk/events",
            "sdk/testkit",
            "host/sandbox",
            "host/bus",
            "host/store",
            "registry",
            "trust",
            "host/engine",
            "host/api",
            "plugins/adapters/water",
            "tests",
        ]
        .iter()
        .filter(|other| **other != folder)
        .map(|other| node(other, &[]))
        .collect();
        nodes.push(node(folder, dependencies));
        check(&nodes)
    }

    #[test]
    fn arrows_that_go_down_are_allowed() {
        let cases: [(&str, &[&str]); 13] = [
            ("host/cli", &["dongting-host-api", "dongting-host-sandbox", "clap"]),
            ("host/engine", &["dongting-host-bus", "dongting-host-store", "dongting-manifest"]),
            ("host/bus", &["async-nats", "dongting-manifest"]),
            ("registry", &["axum", "sqlx", "dongting-trust", "dongting-manifest"]),
            ("host/engine", &["dongting-registry", "dongting-trust"]),
            ("host/api", &["axum", "utoipa-axum", "dongting-host-engine"]),
            ("host/sandbox", &["wasmtime", "wasmtime-wasi"]),
            ("plugins/models/flood", &["dongting-sdk", "dongting-sdk-events"]),
            ("plugins/models/flood", &["dongting-sdk", "dev dongting-manifest"]),
            ("plugins/models/flood", &["dev dongting-sdk-testkit"]),
            ("tests", &["dev dongting-plugins-adapters-water"]),
            ("tests/guests/spin", &["dongting-sdk"]),
            (
                "tests",
                &[
                    "axum",
                    "wasmtime",
                    "dongting-sdk",
                    "dongting-host-engine",
                    "dongting-plugins-adapters-water",
                ],
            ),
        ];
        for (folder, dependencies) in cases {
            assert_eq!(check_one(folder, dependencies), Vec::<String>::new(), "{folder}");
        }
    }

    #[test]
    fn all_other_arrows_are_findings() {
        let cases = [
            ("manifest", "dongting-host-bus", "manifest must not depend on host/bus"),
            ("host/bus", "dongting-host-store", "host/bus must not depend on host/store"),
            ("host/sandbox", "dongting-sdk", "host/sandbox must not depend on sdk"),
            ("sdk", "dongting-manifest", "sdk must not depend on manifest"),
            ("plugins/models/flood", "dongting-plugins-adapters-water", "plugins must not depend on plugins"),
            ("plugins/models/flood", "dongting-manifest", "plugins must not depend on manifest"),
            ("plugins/models/flood", "dev dongting-host-bus", "plugins must not depend on host/bus"),
            ("sdk/testkit", "dongting-host-engine", "sdk/testkit must not depend on host/engine"),
            ("plugins/models/flood", "dongting-sdk-testkit", "plugins must not depend on sdk/testkit"),
            ("registry", "dongting-sdk", "registry must not depend on sdk"),
            ("tests/guests/spin", "dongting-tests", "tests/guests must not depend on tests"),
            ("host/engine", "async-nats", "only host/bus may depend on async-nats"),
            ("xtask", "sqlx-core", "only host/store, registry may depend on sqlx-core"),
            ("registry", "dongting-host-store", "registry must not depend on host/store"),
            ("trust", "dongting-registry", "trust must not depend on registry"),
            ("host/store", "dongting-registry", "host/store must not depend on registry"),
            ("host/engine", "axum", "only host/api, registry, tests may depend on axum"),
            ("host/cli", "wasmtime-wasi", "only host/sandbox, tests may depend on wasmtime-wasi"),
            ("attic", "serde", "no layer is known"),
        ];
        for (folder, dependency, wanted) in cases {
            let findings = check_one(folder, &[dependency]);
            assert!(matches!(findings.as_slice(), [one] if one.contains(wanted)), "{folder}: {findings:?}");
        }
    }

    #[test]
    fn every_finding_is_told() {
        assert_eq!(check_one("host/store", &["axum", "async-nats", "dongting-host-api", "sqlx"]).len(), 3);
    }
}
