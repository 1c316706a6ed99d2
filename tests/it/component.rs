//! Components that must be refused before anything of them runs, each with a sentence that says what to do.

use dongting_manifest::section;
use dongting_sandbox::{Sandbox, SandboxOptions};
use dongting_tests::restamp;

const MANIFEST: &str = r#"
    name = "bad"
    version = "0.1.0"
    vendor = "v"
    title = { zh = "坏", en = "Bad" }
    description = { zh = "坏", en = "Bad" }
    roles = ["transform"]
"#;

fn refused(bytes: &[u8]) -> String {
    let sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    match sandbox.load(bytes) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error.to_string(),
    }
}

fn component(text: &str) -> Vec<u8> {
    section::append(&wat::parse_str(text).unwrap(), MANIFEST).unwrap()
}

fn guest(name: &str) -> Vec<u8> {
    std::fs::read(dongting_tests::host::plugin(name).unwrap()).unwrap()
}

#[test]
fn not_a_component() {
    assert!(refused(b"<html>not found</html>").contains("not a WebAssembly binary"));
    assert!(refused(&[]).contains("not a WebAssembly binary"));
}

#[test]
fn core_module() {
    assert!(refused(&wat::parse_str("(module)").unwrap()).contains("core module, not a component"));
}

#[test]
fn no_manifest_or_two() {
    assert!(refused(&wat::parse_str("(component)").unwrap()).contains("no `dongting:manifest` section"));
    let twice = "(component (@custom \"dongting:manifest\" \"a\") (@custom \"dongting:manifest\" \"b\"))";
    assert!(refused(&wat::parse_str(twice).unwrap()).contains("two `dongting:manifest` sections"));
}

#[test]
fn role_that_is_not_exported() {
    let said = refused(&component("(component)"));
    assert!(said.contains("names the role `transform`, but the component does not export"), "{said}");
}

#[test]
fn role_that_is_not_exported_by_a_real_plugin() {
    let text = include_str!("../guests/trap/plugin.toml");
    let more = text.replace("roles = [\"transform\"]", "roles = [\"transform\", \"views\"]");
    let said = refused(&section::append(&stripped(&guest("guests/trap.wasm")), &more).unwrap());
    assert!(said.contains("names the role `views`, but the component does not export"), "{said}");
}

#[test]
fn role_that_is_not_named() {
    let text = include_str!("../../plugins/adapters/earthquake/plugin.toml");
    let fewer = text.replace("roles = [\"source\", \"decoder\"]", "roles = [\"source\"]");
    assert_ne!(fewer, text);
    let said = refused(&section::append(&stripped(&guest("earthquake.wasm")), &fewer).unwrap());
    assert!(said.contains("plugin.toml does not name the role `decoder`"), "{said}");
}

#[test]
fn unknown_import() {
    let text = r#"(component (import "evil:socket/raw@1.0.0" (instance (export "open" (func)))))"#;
    let said = refused(&component(text));
    assert!(said.contains("imports `evil:socket/raw@1.0.0`, which this host does not offer"), "{said}");
}

#[test]
fn old_contract_version() {
    for version in ["0.0.9", "9.9.0"] {
        let text = format!(
            r#"(component (import "dongting:log/log@{version}" (instance (export "write" (func)))))"#
        );
        let said = refused(&component(&text));
        let expected = format!("imports `dongting:log/log@{version}`: this host speaks version 0.1.0");
        assert!(said.contains(&expected), "{said}");
        let text = format!(
            r#"(component (instance $role) (export "dongting:transform/transform@{version}" (instance $role)))"#
        );
        let said = refused(&component(&text));
        let expected =
            format!("exports `dongting:transform/transform@{version}` in a version that this host");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn import_that_the_manifest_does_not_ask_for() {
    let text = include_str!("../guests/counter/plugin.toml");
    let cut = text.split("[capabilities]").next().unwrap();
    let plain = stripped(&guest("guests/counter.wasm"));
    let said = refused(&section::append(&plain, cut).unwrap());
    assert!(said.contains("does not ask for the capability `state`"), "{said}");
}

#[test]
fn ungranted_import() {
    let sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    let release = sandbox.load(&guest("guests/counter.wasm")).unwrap();
    let Err(error) = release.link(&Default::default()) else { panic!("it was linked without a grant") };
    assert!(error.to_string().contains("dongting:state/state"), "{error}");
}

#[test]
fn cache_entries_that_are_not_genuine_are_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let options = || SandboxOptions { cache: Some(folder.path().to_owned()) };
    let bytes = guest("guests/trap.wasm");
    Sandbox::new(options()).unwrap().load(&bytes).unwrap();
    let entry = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
        .expect("an entry was made");
    let genuine = std::fs::read(&entry).unwrap();
    let mut forged = genuine.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    std::fs::write(&entry, &forged).unwrap();
    Sandbox::new(options()).unwrap().load(&bytes).unwrap();
    assert_ne!(std::fs::read(&entry).unwrap(), forged, "the forged entry was replaced");
}

fn stripped(component: &[u8]) -> Vec<u8> {
    restamp::stripped(component).unwrap()
}
