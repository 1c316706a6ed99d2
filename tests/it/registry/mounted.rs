//! The registry in `dongting serve`: the same routes beside the API, and the catalogue in JSON.

use dongting_tests::host::Host;
use dongting_tests::oci::Artifact;
use dongting_tests::registry::Client;

#[test]
fn a_host_serves_its_registry_and_its_catalogue() {
    let host = Host::start("[registry]\nquota_mib = 16\n").unwrap();
    let token = std::fs::read_to_string(host.folder.path().join("data/registry/admin-token")).unwrap();
    let address = host.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let client = Client { address, authorization: Some(format!("Bearer {}", token.trim())) };
    let artifact = Artifact::gauge("1.2.0", 100_000).unwrap();
    let pushed = client.push(&artifact).unwrap();
    assert_eq!(pushed.status, 201, "{:?}", pushed.error());
    // Its bytes are not compressed on the way, whatever the client takes: parts and digests are of what is stored.
    let layer = format!("/v2/hydro/gauge/blobs/{}", dongting_registry::Digest::of(&artifact.component));
    let got = client.send("GET", &layer, &[("accept-encoding", "gzip")], &[]).unwrap();
    assert_eq!((got.header("content-encoding"), &got.body), ("", &artifact.component));

    let catalogue = host.get("catalogue").unwrap().body;
    assert_eq!(catalogue["plugins"][0]["repository"], "hydro/gauge");
    assert_eq!(catalogue["plugins"][0]["title"]["zh"], "雨量计");
    assert_eq!(catalogue["plugins"][0]["versions"][0]["digest"], artifact.digest());
    let release = host.get("catalogue/hydro/gauge/1.2.0").unwrap().body;
    assert_eq!((&release["version"], &release["publish"][0]), (&"1.2.0".into(), &"water observation".into()));
    assert_eq!(release["capabilities"]["log"]["zh"], "记录");
    let unknown = host.get("catalogue/hydro/gauge/9.9.9").unwrap();
    assert_eq!((unknown.status, &unknown.body["error"]["code"]), (404, &"not_found".into()));
    assert_eq!(host.get("catalogue/hydro/gauge/..%2f").unwrap().status, 400);
}

#[test]
fn a_setting_that_is_unknown_is_named() {
    let said = match Host::start("[registry]\nquota_gib = 16\n") {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    };
    assert!(said.contains("unknown field `quota_gib`"), "{said}");
}
