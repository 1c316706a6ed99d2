//! `dongting plugin new` and `build`: a project of each role stands by itself.

use std::path::Path;

use serde_json::Value;

use super::{run, target, tried};

/// Empty but for the SDK, which the next project finds as it left it: it is compiled once.
fn emptied(folder: &Path) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if entry.file_name() == ".dongting" {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
}

#[test]
fn a_project_of_each_role_builds_passes_its_tests_and_is_graded_a() {
    let folder = target().join("of-each-role");
    let dir = folder.to_str().unwrap();
    for role in ["decoder", "session", "source", "transform", "sink", "service", "views"] {
        emptied(&folder);
        let name = format!("my-{role}");
        run(
            &target(),
            "dongting",
            &["plugin", "new", &name, "--role", role, "--vendor", "acme", "--dir", dir],
        );
        let built = run(&folder, "dongting", &["plugin", "build"]);
        assert_eq!(built.trim(), format!("./dist/{name}.wasm"));
        run(&folder, "cargo", &["test", "--quiet"]);
        let bill = std::fs::read(folder.join(format!("dist/{name}.cdx.json"))).unwrap();
        let bill: Value = serde_json::from_slice(&bill).unwrap();
        assert_eq!(bill["bomFormat"], "CycloneDX");
        assert_eq!(bill["metadata"]["component"]["name"], name.as_str());
        let names: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"dongting-sdk") && names.contains(&"serde_json"), "{names:?}");
        let report = run(
            &folder,
            "dongting",
            &["plugin", "check", built.trim(), "--json", "--report", "dist/quality.json"],
        );
        let report: Value = serde_json::from_str(&report).unwrap();
        assert_eq!(report["grade"], "A", "{role}: {report:#}");
        assert_eq!(report["digest"], format!("sha256:{}", digest(&folder.join(built.trim()))));
        assert!(folder.join("dist/quality.json").is_file());
        // Built again from the same sources it is the same to the byte.
        let before = std::fs::read(folder.join(built.trim())).unwrap();
        run(&folder, "dongting", &["plugin", "build"]);
        assert_eq!(std::fs::read(folder.join(built.trim())).unwrap(), before);
    }
}

fn digest(path: &Path) -> String {
    let printed = run(Path::new("/"), "sha256sum", &[path.to_str().unwrap()]);
    printed.split(' ').next().unwrap().to_owned()
}

#[test]
fn what_is_no_project_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = tried(folder.path(), "dongting", arguments);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["plugin", "build"]).contains("dongting plugin new"));
    let manifest = "name = \"x\"\nversion = \"0.1.0\"\nvendor = \"v\"\nroles = [\"decoder\"]\n\
                    title = { zh = \"雨\", en = \"Rain\" }\ndescription = { zh = \"雨\", en = \"Rain\" }\n";
    std::fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    assert!(said(&["plugin", "build"]).contains("neither a Cargo.toml nor a build.toml"));
    std::fs::write(
        folder.path().join("build.toml"),
        "command = [\"no-such-tool\"]\ncomponent = \"x.wasm\"\n",
    )
    .unwrap();
    assert!(said(&["plugin", "build"]).contains("`no-such-tool`"));
    std::fs::write(folder.path().join("build.toml"), "command = [\"true\"]\ncomponent = \"x.wasm\"\n")
        .unwrap();
    assert!(said(&["plugin", "build"]).contains("x.wasm cannot be read"));
    std::fs::write(folder.path().join("plugin.toml"), manifest.replace("decoder", "encoder")).unwrap();
    assert!(said(&["plugin", "build"]).contains("encoder"));
}

#[test]
fn a_component_that_says_something_else_than_its_manifest_is_not_built() {
    // The recipe hands over a component that exports a transform; the manifest says decoder.
    let folder = tempfile::tempdir().unwrap();
    let echo = dongting_tests::host::plugin("guests/memory.wasm").unwrap();
    let bytes = without_manifest(&std::fs::read(echo).unwrap());
    std::fs::write(folder.path().join("linked.wasm"), bytes).unwrap();
    std::fs::write(
        folder.path().join("plugin.toml"),
        "name = \"x\"\nversion = \"0.1.0\"\nvendor = \"v\"\nroles = [\"service\"]\n\
         title = { zh = \"雨\", en = \"Rain\" }\ndescription = { zh = \"雨\", en = \"Rain\" }\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("build.toml"), "command = [\"true\"]\ncomponent = \"linked.wasm\"\n")
        .unwrap();
    let output = tried(folder.path(), "dongting", &["plugin", "build"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no host would take it") && said.contains("role"), "{said}");
}

/// The manifest is the last section: what comes before it is the component as it was linked.
fn without_manifest(component: &[u8]) -> Vec<u8> {
    let name = b"dongting:manifest";
    let at = component.windows(name.len()).rposition(|window| window == name).unwrap();
    // Before the name: its length, the section's size in LEB128, the section's id 0.
    let begin = component[..at].iter().rposition(|byte| *byte == 0).unwrap();
    component[..begin].to_vec()
}
