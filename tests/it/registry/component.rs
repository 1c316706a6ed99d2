//! What is pushed as a plugin is looked into.

use dongting_tests::oci::{self, Artifact};
use dongting_tests::registry::Client;

use super::hydro;

fn refused(client: &Client, component: Vec<u8>) -> String {
    let artifact = Artifact::of("hydro/gauge", "1.2.0", component);
    let reply = client.push(&artifact).unwrap();
    let (code, said) = reply.error();
    assert_eq!((reply.status, code.as_str()), (422, "MANIFEST_INVALID"), "{said}");
    said
}

#[test]
fn a_component_belongs_to_its_repository_and_version() {
    let (_registry, client) = hydro();
    for (vendor, name, version, sentence) in [
        (
            "Quake",
            "gauge",
            "1.2.0",
            "plugin.toml names the vendor `Quake`, but it is pushed to `hydro/gauge`",
        ),
        ("hydro", "meter", "1.2.0", "push it to `hydro/meter`"),
        ("hydro", "gauge", "1.2.1", "push it as `hydro/gauge:1.2.1`"),
    ] {
        let said = refused(&client, oci::component(vendor, name, version, 10).unwrap());
        assert!(said.contains(sentence), "{said}");
    }
    // A vendor writes itself as it likes.
    let component = oci::component("Hydro", "gauge", "1.2.0", 10).unwrap();
    assert_eq!(client.push(&Artifact::of("hydro/gauge", "1.2.0", component)).unwrap().status, 201);
}

#[test]
fn what_is_no_plugin_is_named() {
    let (_registry, client) = hydro();
    assert!(refused(&client, b"<html>".to_vec()).contains("not a WebAssembly binary"));
    assert!(refused(&client, wat::parse_str("(module)").unwrap()).contains("this is a core module"));
    assert!(
        refused(&client, wat::parse_str("(component)").unwrap())
            .contains("has no `dongting:manifest` section")
    );
    let mut broken = oci::component("hydro", "gauge", "1.2.0", 10).unwrap();
    broken.extend([9, 200]);
    assert!(refused(&client, broken).contains("not a WebAssembly binary"));
}

#[test]
fn a_zip_bomb_of_a_component_is_refused_without_being_run() {
    let (_registry, client) = hydro();
    let bomb = |text: &str| {
        let component = wat::parse_str(text).unwrap();
        assert!(component.len() < 10_000);
        refused(&client, oci::with_manifest(&component, "hydro", "gauge", "1.2.0").unwrap())
    };
    let memories = "(memory 65536)".repeat(90);
    let said = bomb(&format!("(component (core module {memories}))"));
    assert!(
        said.contains("its memories and tables begin with") && said.contains("declare what it needs"),
        "{said}"
    );
    let tables = "(table 4294967295 funcref)".repeat(90);
    let said = bomb(&format!("(component (core module {tables}))"));
    assert!(said.contains("its memories and tables begin with"), "{said}");
    let modules = "(core module)".repeat(400);
    assert!(bomb(&format!("(component {modules})")).contains("more than 256 modules"));
    // Each level has the one below ten times: a hundred thousand instances in a few hundred bytes.
    let mut nested = "(core module $m) (core instance (instantiate $m))".to_owned();
    for _ in 0..5 {
        nested = format!("(component $c {nested}) {}", "(instance (instantiate $c))".repeat(10));
    }
    assert!(bomb(&format!("(component {nested})")).contains("when its nested components are unfolded"));
}

#[test]
fn a_layer_that_was_changed_on_the_disk_is_refused_until_it_is_pushed_again() {
    let (registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 1000).unwrap();
    client.push_blobs(&artifact).unwrap();
    let file = registry.blob_file(&artifact.component);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    let reply = client.push_manifest("hydro/gauge", "1.2.0", &artifact.manifest).unwrap();
    let (_, said) = reply.error();
    assert_eq!(reply.status, 500);
    assert!(said.contains("are no longer those that were pushed"), "{said}");
    assert!(said.contains("push the same release again, which replaces them"), "{said}");
    assert_eq!(client.push(&artifact).unwrap().status, 201);
    assert_eq!(std::fs::read(&file).unwrap(), artifact.component);
}

#[tokio::test]
async fn a_component_is_verified_each_time_the_host_reads_it() {
    let artifact = Artifact::gauge("1.2.0", 1000).unwrap();
    let pushed = artifact.clone();
    let (mut registry, _client) = tokio::task::spawn_blocking(move || {
        let (registry, client) = hydro();
        assert_eq!(client.push(&pushed).unwrap().status, 201);
        (registry, client)
    })
    .await
    .unwrap();
    registry.kill().unwrap();
    let store = dongting_registry::Registry::open(&registry.directory()).await.unwrap();
    let release = store.release(&"hydro/gauge:1.2.0".parse().unwrap()).await.unwrap();
    assert_eq!(release.manifest_digest.to_string(), artifact.digest());
    assert_eq!(store.component(&release.component_digest).await.unwrap(), artifact.component);
    std::fs::write(registry.blob_file(&artifact.component), b"\0asm other").unwrap();
    let said = store.component(&release.component_digest).await.unwrap_err().to_string();
    assert!(said.contains("are no longer those that were pushed"), "{said}");
    store.close().await;
}
