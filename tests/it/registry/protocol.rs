//! The OCI Distribution API, end by end, and its errors.

use dongting_registry::Digest;
use dongting_tests::oci::{Artifact, CONFIG_BYTES, INDEX, MANIFEST};
use dongting_tests::registry::rest;
use serde_json::json;

use super::hydro;

#[test]
fn manifests_are_pulled_by_version_and_by_digest() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    let pushed = client.push(&artifact).unwrap();
    assert_eq!(pushed.status, 201, "{:?}", pushed.error());
    assert_eq!(pushed.header("docker-content-digest"), artifact.digest());
    assert_eq!(pushed.location(), format!("/v2/hydro/gauge/manifests/{}", artifact.digest()));
    for reference in ["1.2.0", &artifact.digest()] {
        let path = format!("/v2/hydro/gauge/manifests/{reference}");
        let got = client.get(&path).unwrap();
        assert_eq!((got.status, &got.body), (200, &artifact.manifest));
        assert_eq!(got.header("content-type"), MANIFEST);
        assert_eq!(got.header("docker-content-digest"), artifact.digest());
        let head = client.send("HEAD", &path, &[], &[]).unwrap();
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), artifact.manifest.len().to_string());
    }
}

#[test]
fn blobs_are_pulled_whole_or_in_parts() {
    let (_registry, client) = hydro();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    assert_eq!(client.push_blob("hydro/gauge", &bytes).unwrap().status, 201);
    let path = format!("/v2/hydro/gauge/blobs/{}", Digest::of(&bytes));
    let whole = client.get(&path).unwrap();
    assert_eq!((whole.status, whole.body.len()), (200, bytes.len()));
    assert_eq!(whole.header("docker-content-digest"), Digest::of(&bytes).to_string());
    let part = |range: &str| client.send("GET", &path, &[("range", range)], &[]).unwrap();
    let some = part("bytes=1000-200999");
    assert_eq!((some.status, some.header("content-range")), (206, "bytes 1000-200999/300000"));
    assert_eq!(some.body, bytes[1000..201_000]);
    assert_eq!(part("bytes=-3").body, bytes[299_997..]);
    assert_eq!(part("bytes=299999-").body.len(), 1);
    let none = part("bytes=300000-");
    assert_eq!((none.status, none.header("content-range")), (416, "bytes */300000"));
    let head = client.send("HEAD", &path, &[], &[]).unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, "300000"));
    assert_eq!(head.header("accept-ranges"), "bytes");
}

#[test]
fn lists_of_tags_and_repositories_come_in_pages() {
    let (registry, client) = hydro();
    for version in ["1.0.0", "1.1.0", "1.10.0", "1.2.0"] {
        assert_eq!(client.push(&Artifact::gauge(version, 10).unwrap()).unwrap().status, 201);
    }
    let list = |query: &str| client.get(&format!("/v2/hydro/gauge/tags/list{query}")).unwrap();
    assert_eq!(
        list("").json(),
        json!({ "name": "hydro/gauge", "tags": ["1.0.0", "1.1.0", "1.10.0", "1.2.0"] })
    );
    let first = list("?n=3");
    assert_eq!(first.json()["tags"], json!(["1.0.0", "1.1.0", "1.10.0"]));
    let link = first.header("link").to_owned();
    let next = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let second = client.get(next).unwrap();
    assert_eq!((second.json()["tags"].clone(), second.header("link")), (json!(["1.2.0"]), ""));
    assert_eq!(list("?n=0").json()["tags"], json!([]));
    assert_eq!(list("?n=x").status, 400);
    assert_eq!(list("?last=1.2.0").json()["tags"], json!([]));

    let other = registry.token("quake", "push,pull").unwrap();
    let quake = registry.client(Some(format!("Bearer {other}")));
    let component = dongting_tests::oci::component("quake", "model", "1.0.0", 10).unwrap();
    assert_eq!(quake.push(&Artifact::of("quake/model", "1.0.0", component)).unwrap().status, 201);
    let all = registry.admin().unwrap().get("/v2/_catalog?n=1").unwrap();
    assert_eq!(all.json(), json!({ "repositories": ["hydro/gauge"] }));
    assert!(all.header("link").contains("last=hydro%2Fgauge"), "{}", all.header("link"));
    // A vendor's token lists its own.
    assert_eq!(quake.get("/v2/_catalog").unwrap().json(), json!({ "repositories": ["quake/model"] }));
}

#[test]
fn a_blob_is_mounted_from_where_the_caller_may_read_it() {
    let (registry, client) = hydro();
    client.push_blob("hydro/gauge", b"shared").unwrap();
    let digest = Digest::of(b"shared");
    let mount = |from: &str, to: &str| {
        let path = format!("/v2/{to}/blobs/uploads/?mount={digest}&from={}", from.replace('/', "%2F"));
        client.send("POST", &path, &[], &[]).unwrap()
    };
    let mounted = mount("hydro/gauge", "hydro/flood");
    assert_eq!(
        (mounted.status, mounted.location()),
        (201, format!("/v2/hydro/flood/blobs/{digest}").as_str())
    );
    assert_eq!(client.get(&format!("/v2/hydro/flood/blobs/{digest}")).unwrap().body, b"shared");
    // Otherwise it has to be sent, and an upload is begun.
    assert_eq!(mount("hydro/nothing", "hydro/third").status, 202);
    registry.admin().unwrap().push_blob("quake/model", b"theirs").unwrap();
    let theirs = Digest::of(b"theirs");
    let path = format!("/v2/hydro/third/blobs/uploads/?mount={theirs}&from=quake/model");
    assert_eq!(client.send("POST", &path, &[], &[]).unwrap().status, 202);
    assert_eq!(client.get(&format!("/v2/hydro/third/blobs/{theirs}")).unwrap().status, 404);
}

#[test]
fn deleting_takes_what_is_asked_and_nothing_that_is_used() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    client.push(&artifact).unwrap();
    let layer = format!("/v2/hydro/gauge/blobs/{}", Digest::of(&artifact.component));
    let refused = client.send("DELETE", &layer, &[], &[]).unwrap();
    assert_eq!(refused.status, 409);
    let (code, said) = refused.error();
    assert_eq!(code, "DENIED");
    assert!(said.contains("Delete the manifest first"), "{said}");

    let manifest = format!("/v2/hydro/gauge/manifests/{}", artifact.digest());
    assert_eq!(client.send("DELETE", &manifest, &[], &[]).unwrap().status, 202);
    assert_eq!(client.get(&manifest).unwrap().status, 404);
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().status, 404);
    assert_eq!(client.send("DELETE", &manifest, &[], &[]).unwrap().status, 404);
    assert_eq!(client.send("DELETE", &layer, &[], &[]).unwrap().status, 202);
    assert_eq!(client.get(&layer).unwrap().status, 404);
}

#[test]
fn deleting_a_tag_leaves_the_manifest() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    client.push(&artifact).unwrap();
    assert_eq!(client.send("DELETE", "/v2/hydro/gauge/manifests/1.2.0", &[], &[]).unwrap().status, 202);
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().status, 404);
    assert_eq!(client.get(&format!("/v2/hydro/gauge/manifests/{}", artifact.digest())).unwrap().status, 200);
}

#[test]
fn errors_are_those_of_the_specification() {
    let (_registry, client) = hydro();
    client.push(&Artifact::gauge("1.2.0", 10).unwrap()).unwrap();
    let nothing = Digest::of(b"nothing");
    for (method, path, status, code, sentence) in [
        ("GET", "/v2/hydro/gauge/manifests/9.9.9".to_owned(), 404, "MANIFEST_UNKNOWN", "has no release"),
        ("GET", format!("/v2/hydro/gauge/blobs/{nothing}"), 404, "BLOB_UNKNOWN", "has no blob"),
        ("GET", "/v2/hydro/none/tags/list".to_owned(), 404, "NAME_UNKNOWN", "there is no repository"),
        ("GET", "/v2/hydro/Gauge/tags/list".to_owned(), 400, "NAME_INVALID", "no name of a repository"),
        ("GET", "/v2/hydro/gauge/blobs/sha256:00".to_owned(), 400, "DIGEST_INVALID", "no digest"),
        (
            "GET",
            format!("/v2/hydro/gauge/blobs/sha512:{}", "0".repeat(128)),
            400,
            "DIGEST_INVALID",
            "use sha256",
        ),
        (
            "GET",
            format!("/v2/hydro/gauge/blobs/uploads/{}", "0".repeat(32)),
            404,
            "BLOB_UPLOAD_UNKNOWN",
            "Begin it anew",
        ),
        ("POST", "/v2/hydro/gauge/tags/list".to_owned(), 405, "UNSUPPORTED", "does nothing here"),
        ("GET", "/v2/hydro/gauge".to_owned(), 404, "NAME_UNKNOWN", "nothing is under this address"),
    ] {
        let reply = client.send(method, &path, &[], &[]).unwrap();
        let (said_code, said) = reply.error();
        assert_eq!((reply.status, said_code.as_str()), (status, code), "{path}: {said}");
        assert!(said.contains(sentence), "{path}: {said}");
    }
}

#[test]
fn a_manifest_is_refused_with_what_is_wrong() {
    let (_registry, client) = hydro();
    let artifact = Artifact::gauge("1.2.0", 10).unwrap();
    let put = |body: &[u8], content_type: &str| {
        let path = "/v2/hydro/gauge/manifests/1.2.0";
        client.send("PUT", path, &[("content-type", content_type)], body).unwrap()
    };
    let early = put(&artifact.manifest, MANIFEST);
    assert_eq!((early.status, early.error().0.as_str()), (404, "MANIFEST_BLOB_UNKNOWN"));
    assert!(early.error().1.contains("push the configuration and the layer before the manifest"));
    client.push_blobs(&artifact).unwrap();

    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }).to_string();
    assert!(put(index.as_bytes(), INDEX).error().1.contains("no index"));
    let longer = String::from_utf8(artifact.manifest.clone())
        .unwrap()
        .replace(&format!("\"size\":{}", CONFIG_BYTES.len()), "\"size\":1");
    let reply = put(longer.as_bytes(), MANIFEST);
    assert_eq!((reply.status, reply.error().0.as_str()), (400, "SIZE_INVALID"));
    assert_eq!(put(&vec![b' '; (4 << 20) + 1], MANIFEST).status, 413);
    assert!(put(b"{", MANIFEST).error().1.contains("no OCI image manifest"));

    let elsewhere = format!("/v2/hydro/gauge/manifests/{}", Digest::of(b"other"));
    let reply = client.send("PUT", &elsewhere, &[("content-type", MANIFEST)], &artifact.manifest).unwrap();
    assert_eq!((reply.status, reply.error().0.as_str()), (400, "DIGEST_INVALID"));
    // By its own digest it is taken, and its version is its tag all the same.
    let pushed = client.push_manifest("hydro/gauge", &artifact.digest(), &artifact.manifest).unwrap();
    assert_eq!(pushed.status, 201);
    assert_eq!(client.get("/v2/hydro/gauge/manifests/1.2.0").unwrap().status, 200);
}

#[test]
fn path_tricks_reach_nothing() {
    let (registry, client) = hydro();
    let secret = registry.admin_token().unwrap();
    for path in [
        "/v2/../../../../etc/passwd",
        "/v2/hydro/gauge/blobs/../../admin-token",
        "/v2/hydro/gauge/blobs/sha256:..%2f..%2f..%2fadmin-token",
        "/v2/hydro/%2e%2e/gauge/manifests/1.2.0",
        "/v2/hydro/gauge/manifests/..%2f..%2fadmin-token",
        "/v2/hydro/gauge/blobs/uploads/..%2f..%2fadmin-token",
        "/v2/hydro/gauge/blobs/uploads/%2e%2e",
        "/v2/hydro\\gauge/tags/list",
        "/v2/hydro/gauge%00/tags/list",
    ] {
        for method in ["GET", "DELETE"] {
            let answered = rest(&mut client.raw(method, path, &[("content-length", "0")]).unwrap());
            assert!(answered.starts_with("HTTP/1.1 40"), "{path}: {answered}");
            assert!(!answered.contains(&secret), "{path}");
        }
    }
    assert_eq!(registry.admin_token().unwrap(), secret);
}
