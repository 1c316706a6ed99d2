use super::*;

fn purls(sbom: &Sbom) -> Vec<(&str, bool)> {
    sbom.parts.iter().map(|part| (part.purl.as_str(), part.is_tool)).collect()
}

#[test]
fn a_cargo_project_names_what_is_linked_and_what_only_builds() {
    let package = |name: &str, kind: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "targets": [{ "kind": [kind] }] });
    let needs = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
    let metadata = json!({
        "packages": [package("root", "cdylib"), package("linked", "lib"), package("macro", "proc-macro"),
                     package("parser", "lib"), package("tested", "lib")],
        "resolve": { "root": "root", "nodes": [
            { "id": "root", "deps": [needs("linked", Value::Null), needs("macro", Value::Null), needs("tested", json!("dev"))] },
            { "id": "macro", "deps": [needs("parser", Value::Null)] },
        ] },
    });
    let lock = "[[package]]\nname = \"linked\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n";
    let sbom = of_cargo(&metadata, lock, Some("1.96.0"));
    assert_eq!(
        purls(&sbom),
        [
            ("pkg:cargo/linked@1.0.0", false),
            ("pkg:cargo/macro@1.0.0", true),
            ("pkg:cargo/parser@1.0.0", true),
            ("pkg:generic/rust-std@1.96.0", false),
        ]
    );
    assert_eq!(sbom.parts[0].sha256.as_deref(), Some("ab"));
    let document: Value = serde_json::from_str(&sbom.to_json()).unwrap();
    assert_eq!(document["specVersion"], "1.6");
    assert_eq!(document["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(document["components"][1]["scope"], "excluded");
}

#[test]
fn other_lock_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        of_lock(&path)
    };
    let npm = read(
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"":{"name":"root"},
            "node_modules/@a/tool":{"version":"2.0.0","dev":true,"license":"MIT"},
            "node_modules/b/node_modules/c":{"version":"1.0.0"}}}"#,
    )
    .unwrap();
    assert_eq!(purls(&npm), [("pkg:npm/%40a/tool@2.0.0", true), ("pkg:npm/c@1.0.0", false)]);
    let pip = read("requirements.txt", "# pinned\nSome-Package==0.25.1 \\\n    --hash=sha256:aa\n").unwrap();
    assert_eq!(purls(&pip), [("pkg:pypi/some-package@0.25.1", false)]);
    assert!(matches!(read("requirements.txt", "loose>=1\n"), Err(SbomError::Lock(_))));
    assert!(matches!(read("package-lock.json", "{}"), Err(SbomError::Lock(_))));
    assert!(matches!(of_lock(Path::new("/nowhere")), Err(SbomError::Read(..))));
}
