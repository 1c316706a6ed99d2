//! What does not fit is refused before it is taken.

use std::io::{ErrorKind, Write};

use dongting_tests::host::eventually;
use dongting_tests::oci::Artifact;
use dongting_tests::registry::{rest, said};

use super::with;

const GIB: u64 = 1 << 30;

#[test]
fn a_gigabyte_that_is_announced_is_refused_before_it_is_sent() {
    let (registry, client) = with("quota_mib = 2");
    let location = client.begin("hydro/gauge").unwrap();
    // Larger than any blob may be, and larger than the quota though small enough for a blob.
    for (size, sentence) in
        [(GIB, "a blob has at most 67108864 bytes"), (40 << 20, "the quota of `hydro` is 2097152 bytes")]
    {
        let length = size.to_string();
        let mut stream = client.raw("PATCH", &location, &[("content-length", &length)]).unwrap();
        let answered = rest(&mut stream);
        assert!(answered.starts_with("HTTP/1.1 4"), "{answered}");
        assert!(answered.contains(sentence), "{answered}");
    }
    assert_eq!(registry.bytes_under("uploads").unwrap(), 0);
}

#[test]
fn a_gigabyte_that_is_not_announced_is_stopped_on_the_way() {
    let (registry, client) = with("quota_mib = 2");
    let location = client.begin("hydro/gauge").unwrap();
    let mut stream = client.raw("PATCH", &location, &[("transfer-encoding", "chunked")]).unwrap();
    let mut piece = b"10000\r\n".to_vec();
    piece.extend(vec![0; 0x10000]);
    piece.extend(b"\r\n");
    let mut sent = 0;
    let stopped = loop {
        match stream.write_all(&piece) {
            Ok(()) => sent += 0x10000,
            Err(error) => break error.kind(),
        }
        assert!(sent < GIB, "all of it was taken");
    };
    assert!(matches!(stopped, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{stopped:?}");
    // What is heard out before the answer and what the system's buffers take is all that was sent in vain.
    assert!(sent < 128 << 20, "{sent} bytes were sent");
    assert_eq!(registry.bytes_under("uploads").unwrap(), 0);
    assert_eq!(client.get(&location).unwrap().status, 404);
}

#[test]
fn a_full_quota_says_so_and_room_that_was_made_can_be_used() {
    let (registry, client) = with("quota_mib = 1");
    let first = Artifact::gauge("1.0.0", 700_000).unwrap();
    let second = Artifact::gauge("1.1.0", 700_001).unwrap();
    assert_eq!(client.push(&first).unwrap().status, 201);
    let refused = client.push_blob("hydro/gauge", &second.component).unwrap();
    let (code, sentence) = refused.error();
    assert_eq!((refused.status, code.as_str()), (403, "DENIED"));
    assert!(sentence.contains("the quota of `hydro` is 1048576 bytes, of which 7"), "{sentence}");
    assert!(sentence.contains("ask the registry's operator for more"), "{sentence}");
    assert_eq!(refused.json()["errors"][0]["detail"]["quota"], 1 << 20);
    // Another repository of the vendor is the same vendor.
    assert_eq!(client.push_blob("hydro/other", &second.component).unwrap().status, 403);

    let manifest = format!("/v2/hydro/gauge/manifests/{}", first.digest());
    assert_eq!(client.send("DELETE", &manifest, &[], &[]).unwrap().status, 202);
    said(registry.dongting(&["registry", "gc", "--grace-seconds", "0"]).unwrap()).unwrap();
    assert_eq!(client.push(&second).unwrap().status, 201);
}

#[test]
fn whoever_sends_all_before_it_listens_hears_why_it_is_refused() {
    let (_registry, client) = with("quota_mib = 1");
    // More than the sockets hold: the answer is there long before the client has sent its last byte.
    for _ in 0..3 {
        let refused = client.push_blob("hydro/gauge", &vec![0; 24 << 20]).unwrap();
        assert_eq!((refused.status, refused.error().0.as_str()), (403, "DENIED"));
    }
}

#[test]
fn the_operator_gives_a_vendor_its_own_quota() {
    let (registry, client) = with("quota_mib = 1");
    let shown = said(registry.dongting(&["registry", "quota", "hydro", "--mib", "3"]).unwrap()).unwrap();
    assert_eq!(shown, "hydro\t0 of 3145728 bytes used");
    assert_eq!(client.push_blob("hydro/gauge", &vec![1; 2 << 20]).unwrap().status, 201);
    let shown = said(registry.dongting(&["registry", "quota", "hydro", "--usual"]).unwrap()).unwrap();
    assert_eq!(shown, "hydro\t2097152 of 1048576 bytes used");
    assert_eq!(client.push_blob("hydro/gauge", b"more").unwrap().status, 403);
}

#[test]
fn what_two_uploads_are_promised_together_fits_the_quota() {
    let (registry, client) = with("quota_mib = 1");
    let (first, second) = (client.begin("hydro/gauge").unwrap(), client.begin("hydro/gauge").unwrap());
    let mut slow = client.raw("PATCH", &first, &[("content-length", "800000")]).unwrap();
    slow.write_all(&[0; 1000]).unwrap();
    eventually("the room to be taken", || {
        let shown = said(registry.dongting(&["registry", "quota", "hydro"])?)?;
        Ok(shown.starts_with("hydro\t804096 of"))
    })
    .unwrap();
    let other = client.send("PATCH", &second, &[("content-range", "0-499999")], &[0; 500_000]).unwrap();
    assert_eq!((other.status, other.error().0.as_str()), (403, "DENIED"));
    slow.write_all(&vec![0; 799_000]).unwrap();
    let answered = rest(&mut slow);
    assert!(answered.starts_with("HTTP/1.1 202"), "{answered}");
}
