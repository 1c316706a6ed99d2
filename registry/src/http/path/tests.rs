use proptest::prelude::*;

use super::*;

fn read(path: &str) -> Result<Target, RegistryError> {
    Target::read(path)
}

#[test]
fn every_address_of_the_specification() {
    let name: Repository = "hydro/gauge".parse().unwrap();
    let digest = Digest::of(b"");
    let id = "0123456789abcdef0123456789abcdef";
    for (path, target) in [
        ("/v2".to_owned(), Target::Base),
        ("/v2/".to_owned(), Target::Base),
        ("/v2/_catalog".to_owned(), Target::Catalog),
        ("/v2/hydro/gauge/tags/list".to_owned(), Target::Tags(name.clone())),
        (format!("/v2/hydro/gauge/referrers/{digest}"), Target::Referrers(name.clone(), digest)),
        (
            "/v2/hydro/gauge/manifests/1.2.0".to_owned(),
            Target::Manifest(name.clone(), "1.2.0".parse().unwrap()),
        ),
        (format!("/v2/hydro/gauge/manifests/{digest}"), Target::Manifest(name.clone(), At::Digest(digest))),
        (format!("/v2/hydro/gauge/blobs/sha256%3A{}", digest.hex()), Target::Blob(name.clone(), digest)),
        ("/v2/hydro/gauge/blobs/uploads/".to_owned(), Target::Uploads(name.clone())),
        ("/v2/hydro/gauge/blobs/uploads".to_owned(), Target::Uploads(name.clone())),
        (format!("/v2/hydro/gauge/blobs/uploads/{id}"), Target::Upload(name, id.to_owned())),
        ("/v2/_dongting/token".to_owned(), Target::Login),
        ("/v2/_dongting/tokens/x".to_owned(), Target::Admin(vec!["tokens".to_owned(), "x".to_owned()])),
        (
            "/v2/manifests/blobs/manifests/tags".to_owned(),
            Target::Manifest("manifests/blobs".parse().unwrap(), "tags".parse().unwrap()),
        ),
    ] {
        assert_eq!(read(&path).unwrap(), target, "{path}");
    }
}

#[test]
fn tricks_with_paths_are_refused() {
    for path in [
        "/v2/../../etc/passwd",
        "/v2/a/../b/manifests/1.0.0",
        "/v2/a/%2e%2e/b/manifests/1.0.0",
        "/v2/a%2f..%2fb/c/blobs/sha256:00",
        "/v2/a/b/blobs/../../../registry.db",
        "/v2/a/b/blobs/sha256:..%2f..%2fregistry.db",
        "/v2/a/b/blobs/uploads/../../registry.db",
        "/v2/a/b/blobs/uploads/..%2fregistry.db",
        "/v2/a/b/manifests/..",
        "/v2/a/b/manifests/%2e%2e%2fx",
        "/v2//a/b/tags/list",
        "/v2/A/B/tags/list",
        "/v2/a/b%00/tags/list",
        "/v2/%ff/b/tags/list",
        "/v2/_dongting/",
        "/v2/_dongting/a/b/c/d/e",
        "/v3/",
        "/v2x",
    ] {
        assert!(read(path).is_err(), "{path}");
    }
    assert!(read(&format!("/v2/{}", "a/".repeat(1000))).is_err());
}

proptest! {
    #[test]
    fn what_is_read_has_only_parts_that_are_named_safely(path in "/v2/[a-z0-9/._%:-]{0,60}") {
        if let Ok(target) = Target::read(&path)
            && let Some(repository) = target.repository()
        {
            prop_assert!(repository.as_str().split('/').all(|part| part != ".." && part != "." && !part.is_empty()));
        }
    }
}
