//! Uploads: in chunks, out of order, cut off, resumed, never finished, and of other bytes than were announced.

use std::io::Write;

use dongting_registry::Digest;
use dongting_tests::host::eventually;
use dongting_tests::registry::{Client, Reply, rest};

use super::{hydro, with};

fn chunk(client: &Client, location: &str, range: &str, bytes: &[u8]) -> Reply {
    client.send("PATCH", location, &[("content-range", range)], bytes).unwrap()
}

fn finish(client: &Client, location: &str, bytes: &[u8], last: &[u8]) -> Reply {
    client.send("PUT", &format!("{location}?digest={}", Digest::of(bytes)), &[], last).unwrap()
}

fn so_far(client: &Client, location: &str) -> String {
    let asked = client.get(location).unwrap();
    assert_eq!(asked.status, 204);
    asked.header("range").to_owned()
}

#[test]
fn chunks_come_in_order_or_are_told_where_to_go_on() {
    let (_registry, client) = hydro();
    let bytes = b"the first part, the second part, the last part";
    let location = client.begin("hydro/gauge").unwrap();
    let first = chunk(&client, &location, "0-15", &bytes[..16]);
    assert_eq!((first.status, first.header("range"), first.location()), (202, "0-15", location.as_str()));
    for (range, part) in [("20-23", &bytes[20..24]), ("0-15", &bytes[..16])] {
        let refused = chunk(&client, &location, range, part);
        assert_eq!((refused.status, refused.header("range")), (416, "0-15"), "{range}");
        let (code, said) = refused.error();
        assert_eq!(code, "BLOB_UPLOAD_INVALID");
        assert!(said.contains("16 bytes are here. Go on from there"), "{said}");
    }
    assert_eq!(chunk(&client, &location, "16-99", &bytes[16..33]).status, 400);
    assert_eq!(chunk(&client, &location, "16-", &bytes[16..33]).status, 400);
    assert_eq!(chunk(&client, &location, "16-32", &bytes[16..33]).header("range"), "0-32");
    assert_eq!(so_far(&client, &location), "0-32");
    let done = finish(&client, &location, bytes, &bytes[33..]);
    assert_eq!(
        (done.status, done.header("docker-content-digest")),
        (201, Digest::of(bytes).to_string().as_str())
    );
    let got = client.get(done.location()).unwrap();
    assert_eq!(got.body, bytes);
    assert_eq!(client.get(&location).unwrap().status, 404);
}

#[test]
fn a_digest_that_does_not_match_is_refused() {
    let (registry, client) = hydro();
    let path = format!("/v2/hydro/gauge/blobs/uploads/?digest={}", Digest::of(b"what was meant"));
    let refused = client.send("POST", &path, &[], b"what was sent").unwrap();
    assert_eq!(refused.status, 400);
    let (code, said) = refused.error();
    assert_eq!(code, "DIGEST_INVALID");
    let wanted = format!("{}, not {}", Digest::of(b"what was sent"), Digest::of(b"what was meant"));
    assert!(said.contains(&wanted) && said.contains("changed or cut on its way"), "{said}");
    assert_eq!(registry.bytes_under("uploads").unwrap(), 0);
    assert_eq!(registry.bytes_under("blobs").unwrap(), 0);
}

#[test]
fn an_upload_that_is_cut_off_half_way_goes_on_from_there() {
    let (_registry, client) = hydro();
    let bytes: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    let location = client.begin("hydro/gauge").unwrap();
    let length = bytes.len().to_string();
    let mut stream = client.raw("PATCH", &location, &[("content-length", &length)]).unwrap();
    stream.write_all(&bytes[..300_000]).unwrap();
    // The line is cut. All that the host had got is what it goes on from.
    drop(stream);
    eventually("the cut to be noticed", || Ok(so_far(&client, &location) == "0-299999")).unwrap();
    let rest = &bytes[300_000..];
    let went_on = chunk(&client, &location, &format!("300000-{}", bytes.len() - 1), rest);
    assert_eq!(went_on.status, 202, "{:?}", went_on.error());
    assert_eq!(finish(&client, &location, &bytes, b"").status, 201);
}

#[test]
fn an_upload_goes_on_after_the_registry_was_killed() {
    let (mut registry, mut client) = hydro();
    let bytes = vec![7; 3_000_000];
    let location = client.begin("hydro/gauge").unwrap();
    assert_eq!(chunk(&client, &location, "0-999999", &bytes[..1_000_000]).status, 202);
    // More of it is on the disk than was promised.
    let id = location.rsplit_once('/').unwrap().1;
    let file = registry.directory().join("uploads").join(id);
    registry.kill().unwrap();
    let mut torn = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(b"half a block").unwrap();
    registry.restart().unwrap();
    client.address.clone_from(&registry.address);
    assert_eq!(so_far(&client, &location), "0-999999");
    assert_eq!(chunk(&client, &location, "1000000-2999999", &bytes[1_000_000..]).status, 202);
    assert_eq!(finish(&client, &location, &bytes, b"").status, 201);
}

#[test]
fn an_upload_that_is_never_finished_expires() {
    let (registry, client) = with("upload_seconds = 1");
    let location = client.begin("hydro/gauge").unwrap();
    chunk(&client, &location, "0-3", b"abcd");
    eventually("the upload to expire", || Ok(client.get(&location)?.status == 404)).unwrap();
    let late = chunk(&client, &location, "4-7", b"efgh");
    let (code, said) = late.error();
    assert_eq!((late.status, code.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    assert!(said.contains("left for too long"), "{said}");
    registry.dongting(&["registry", "gc"]).unwrap();
    assert_eq!(registry.bytes_under("uploads").unwrap(), 0);
}

#[test]
fn an_upload_is_cancelled() {
    let (registry, client) = hydro();
    let location = client.begin("hydro/gauge").unwrap();
    chunk(&client, &location, "0-3", b"abcd");
    assert_eq!(client.send("DELETE", &location, &[], &[]).unwrap().status, 204);
    assert_eq!(client.get(&location).unwrap().status, 404);
    assert_eq!(registry.bytes_under("uploads").unwrap(), 0);
}

#[test]
fn two_requests_do_not_write_to_one_upload() {
    let (_registry, client) = hydro();
    let location = client.begin("hydro/gauge").unwrap();
    let mut slow = client.raw("PATCH", &location, &[("content-length", "8")]).unwrap();
    slow.write_all(b"abcd").unwrap();
    eventually("the second to hear of the first", || {
        let other = client.send("PATCH", &location, &[], b"")?;
        Ok(other.status == 409 && other.error().1.contains("another request is writing"))
    })
    .unwrap();
    slow.write_all(b"efgh").unwrap();
    assert!(rest(&mut slow).starts_with("HTTP/1.1 202"));
    assert_eq!(finish(&client, &location, b"abcdefgh", b"").status, 201);
}

#[test]
fn a_vendor_has_so_many_uploads_at_once() {
    let (_registry, client) = with("uploads_per_vendor = 2");
    let first = client.begin("hydro/gauge").unwrap();
    client.begin("hydro/other").unwrap();
    let third = client.send("POST", "/v2/hydro/gauge/blobs/uploads/", &[], &[]).unwrap();
    let (code, said) = third.error();
    assert_eq!((third.status, code.as_str()), (429, "TOOMANYREQUESTS"));
    assert!(said.contains("`hydro` has begun 2 uploads") && said.contains("finish or cancel one"), "{said}");
    assert!(!third.header("retry-after").is_empty());
    client.send("DELETE", &first, &[], &[]).unwrap();
    client.begin("hydro/gauge").unwrap();
}
