//! Components that must be refused before anything of them runs, each with a sentence that says what to do.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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

/// A compile cache on a disk that somebody else can write to.
struct Cache(tempfile::TempDir);

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A new process that loads the component; what it leaves as the component's entry.
    fn load(&self, bytes: &[u8]) -> (PathBuf, Vec<u8>) {
        let sandbox = Sandbox::new(SandboxOptions { cache: Some(self.0.path().to_owned()) }).unwrap();
        let digest = sandbox.load(bytes).unwrap().digest;
        let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&digest);
        let mut entries = std::fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let entry = entries.find(named).expect("an entry was made");
        let content = std::fs::read(&entry).unwrap();
        (entry, content)
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key")
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn cache_entries_that_are_not_genuine_are_not_run() {
    let cache = Cache::new();
    let bytes = guest("guests/trap.wasm");
    let (entry, genuine) = cache.load(&bytes);
    for at in [0, 31, 32, genuine.len() / 2, genuine.len() - 1] {
        let mut forged = genuine.clone();
        forged[at] ^= 1;
        std::fs::write(&entry, &forged).unwrap();
        assert_ne!(cache.load(&bytes).1, forged, "the entry forged at byte {at} was replaced");
    }
    for cut in [0, 16, 32, genuine.len() - 1] {
        std::fs::write(&entry, &genuine[..cut]).unwrap();
        assert_ne!(cache.load(&bytes).1.len(), cut, "the entry cut at byte {cut} was replaced");
    }
}

/// A genuine entry of a component that may run, under the name of another.
#[test]
fn cache_entries_that_change_places_are_not_run() {
    let cache = Cache::new();
    let (trap, echo) = (guest("guests/trap.wasm"), guest("guests/echo.wasm"));
    let (at_trap, of_trap) = cache.load(&trap);
    let (at_echo, of_echo) = cache.load(&echo);
    std::fs::write(&at_trap, &of_echo).unwrap();
    std::fs::write(&at_echo, &of_trap).unwrap();
    assert_ne!(cache.load(&trap).1, of_echo);
    assert_ne!(cache.load(&echo).1, of_trap);
    // Nor is one from another host's cache, which has another key.
    let (_, elsewhere) = Cache::new().load(&trap);
    std::fs::write(&at_trap, &elsewhere).unwrap();
    assert_ne!(cache.load(&trap).1, elsewhere);
}

#[test]
fn the_cache_and_its_key_are_private() {
    let cache = Cache::new();
    let bytes = guest("guests/trap.wasm");
    std::fs::set_permissions(cache.0.path(), Permissions::from_mode(0o777)).unwrap();
    let (entry, genuine) = cache.load(&bytes);
    assert_eq!((mode(cache.0.path()), mode(&cache.key()), mode(&entry)), (0o700, 0o600, 0o600));
    // A key that others could read, or one that somebody laid there, is none: entries made with it are not genuine.
    let key = std::fs::read(cache.key()).unwrap();
    std::fs::set_permissions(cache.key(), Permissions::from_mode(0o644)).unwrap();
    assert_ne!(cache.load(&bytes).1, genuine);
    assert_ne!(std::fs::read(cache.key()).unwrap(), key);
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("key"), [7; 64]).unwrap();
    std::fs::remove_file(cache.key()).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("key"), cache.key()).unwrap();
    cache.load(&bytes);
    assert!(std::fs::symlink_metadata(cache.key()).unwrap().is_file());
    assert_ne!(std::fs::read(cache.key()).unwrap(), [7; 64]);
}

fn stripped(component: &[u8]) -> Vec<u8> {
    restamp::stripped(component).unwrap()
}
