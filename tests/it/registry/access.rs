//! Tokens: who may do what, and how a client logs in.

use dongting_tests::oci::Artifact;
use dongting_tests::registry::{Registry, Reply, said};

use super::{hydro, with};

/// What a client that was challenged gets for its credentials, which are `name:secret` in base64.
fn login(registry: &Registry, challenged: &Reply, basic: Option<&str>) -> Reply {
    let challenge = challenged.header("www-authenticate").to_owned();
    let part = |name: &str| {
        let after = challenge.split_once(&format!("{name}=\"")).unwrap().1;
        after.split_once('"').unwrap().0.to_owned()
    };
    assert!(challenge.starts_with("Bearer "), "{challenge}");
    let realm = part("realm");
    let path = realm.strip_prefix(&format!("http://{}", registry.address)).unwrap().to_owned();
    let query =
        if challenge.contains("scope=") { format!("&scope={}", part("scope")) } else { String::new() };
    registry
        .client(basic.map(|basic| format!("Basic {basic}")))
        .get(&format!("{path}?service={}{query}", part("service")))
        .unwrap()
}

/// A few letters of base64, which tests need and nothing else here does.
fn basic(name: &str, secret: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{name}:{secret}");
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits =
            three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit > three.len() { '=' } else { char::from(DIGITS[index as usize]) });
        }
    }
    out
}

#[test]
fn a_client_is_challenged_and_lent_a_bearer_token_for_its_credentials() {
    let (registry, _client) = hydro();
    let secret = registry.dongting(&["tokens", "create", "ci", "--vendor", "hydro"]).unwrap();
    let secret = said(secret).unwrap();
    let nobody = registry.client(None);
    assert_eq!(nobody.get("/v2/").unwrap().status, 401);
    let challenged = nobody.send("POST", "/v2/hydro/gauge/blobs/uploads/", &[], b"").unwrap();
    assert_eq!((challenged.status, challenged.error().0.as_str()), (401, "UNAUTHORIZED"));
    assert!(challenged.header("www-authenticate").contains("scope=\"repository:hydro/gauge:pull,push\""));

    let lent = login(&registry, &challenged, Some(&basic("ci", &secret)));
    assert_eq!(lent.status, 200);
    let bearer = format!("Bearer {}", lent.json()["token"].as_str().unwrap());
    let client = registry.client(Some(bearer));
    assert_eq!(client.get("/v2/").unwrap().status, 200);
    assert_eq!(client.push(&Artifact::gauge("1.0.0", 10).unwrap()).unwrap().status, 201);
    // It was lent for one repository: for another the client is asked to get another.
    let other = client.send("POST", "/v2/hydro/flood/blobs/uploads/", &[], b"").unwrap();
    assert!(other.status == 401 && !other.header("www-authenticate").is_empty());
    // Basic itself will do as well.
    let direct = registry.client(Some(format!("Basic {}", basic("ci", &secret))));
    assert_eq!(direct.get("/v2/").unwrap().status, 200);

    let wrong = login(&registry, &challenged, Some(&basic("ci", "guessed")));
    assert_eq!(wrong.status, 401);
    assert!(wrong.error().1.contains("name or secret is wrong"), "{:?}", wrong.error());

    // Revoked, it is of no use from the next request on, and neither is what was lent for it.
    said(registry.dongting(&["tokens", "revoke", "ci"]).unwrap()).unwrap();
    assert!(client.push(&Artifact::gauge("1.0.1", 10).unwrap()).is_err());
    assert_eq!(direct.get("/v2/").unwrap().status, 401);
    let listed = said(registry.dongting(&["tokens", "list"]).unwrap()).unwrap();
    assert!(listed.contains("ci\thydro\tpull,push\t") && listed.contains("\trevoked "), "{listed}");
}

#[test]
fn a_forged_bearer_token_is_refused() {
    let (registry, client) = hydro();
    let lent = client.get("/v2/_dongting/token?scope=repository:hydro/gauge:pull").unwrap();
    let token = lent.json()["token"].as_str().unwrap().to_owned();
    let (note, mac) = token.split_once('.').unwrap();
    let mut turned = note.to_owned();
    // The third letter is of the name of the first field.
    turned.replace_range(2..3, if &note[2..3] == "A" { "B" } else { "A" });
    for forged in
        [format!("{turned}.{mac}"), format!("{note}.{}", &mac[1..]), format!("{note}."), ".".to_owned()]
    {
        let reply = registry.client(Some(format!("Bearer {forged}"))).get("/v2/").unwrap();
        assert_eq!(reply.status, 401, "{forged}");
    }
}

#[test]
fn a_token_is_for_its_vendor_and_its_rights() {
    let (registry, hydro) = hydro();
    let artifact = Artifact::gauge("1.0.0", 10).unwrap();
    hydro.push(&artifact).unwrap();
    let quake = registry.client(Some(format!("Bearer {}", registry.token("quake", "pull,push").unwrap())));
    let refused = quake.send("POST", "/v2/hydro/gauge/blobs/uploads/", &[], b"").unwrap();
    let (code, sentence) = refused.error();
    assert_eq!((refused.status, code.as_str()), (403, "DENIED"));
    assert!(sentence.contains("the token `quake` is for `quake/…`"), "{sentence}");
    assert_eq!(quake.get("/v2/hydro/gauge/manifests/1.0.0").unwrap().status, 403);
    // A namespace that only begins alike is another's.
    assert_eq!(quake.send("POST", "/v2/quake-x/y/blobs/uploads/", &[], b"").unwrap().status, 403);
    let refused = quake.send("DELETE", "/v2/quake/model/manifests/1.0.0", &[], &[]).unwrap();
    assert!(
        refused.status == 403 && refused.error().1.contains("this needs delete"),
        "{:?}",
        refused.error()
    );
    for path in ["/v2/_dongting/tokens", "/v2/_dongting/quotas/quake"] {
        assert_eq!(quake.get(path).unwrap().status, 403, "{path}");
    }
}

#[test]
fn reading_without_a_token_is_the_operator_s_choice() {
    let (registry, client) = with("anonymous_read = \"never\"");
    client.push(&Artifact::gauge("1.0.0", 10).unwrap()).unwrap();
    let path = "/v2/hydro/gauge/manifests/1.0.0";
    assert_eq!(client.get(path).unwrap().status, 200);
    let nobody = registry.client(None);
    let challenged = nobody.get(path).unwrap();
    assert_eq!(challenged.status, 401);
    let lent = login(&registry, &challenged, None);
    let bearer = format!("Bearer {}", lent.json()["token"].as_str().unwrap());
    assert_eq!(registry.client(Some(bearer)).get(path).unwrap().status, 401);
}

#[test]
fn a_page_of_another_site_does_not_read_as_this_machine() {
    let (registry, client) = hydro();
    client.push(&Artifact::gauge("1.0.0", 10).unwrap()).unwrap();
    let path = "/v2/hydro/gauge/manifests/1.0.0";
    assert_eq!(registry.client(None).get(path).unwrap().status, 200);
    let rebound = registry.client(None).send("GET", path, &[("host", "evil.example:80")], &[]).unwrap();
    assert_eq!(rebound.status, 401);
}

#[test]
fn the_admin_token_is_private_and_stays() {
    use std::os::unix::fs::PermissionsExt;
    let (mut registry, _client) = hydro();
    let file = registry.directory().join("admin-token");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = registry.admin_token().unwrap();
    registry.kill().unwrap();
    registry.restart().unwrap();
    assert_eq!(registry.admin_token().unwrap(), before);
    assert_eq!(registry.admin().unwrap().get("/v2/_dongting/tokens").unwrap().status, 200);
    let guessed = registry.client(Some("Bearer dga_0000".to_owned()));
    assert_eq!(guessed.get("/v2/_dongting/tokens").unwrap().status, 401);
}

#[test]
fn a_token_that_cannot_be_is_refused_with_what_to_do() {
    let (registry, _client) = hydro();
    let refused = |words: &[&str]| {
        let output = registry.dongting(&[&["tokens", "create"], words].concat()).unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["hydro", "--vendor", "hydro"]).contains("there is or was a token `hydro`"));
    assert!(refused(&["x", "--vendor", "../hydro"]).contains("no vendor's namespace"));
    assert!(refused(&["x", "--vendor", "hydro", "--rights", "steal"]).contains("`steal` is no right"));
    assert!(refused(&["x", "--vendor", "hydro", "--days", "0"]).contains("1 to 3650 days"));
    assert!(refused(&["admin", "--vendor", "hydro"]).contains("is not `admin`"));
}
