//! Code that nobody signed.

use dongting_tests::host::{Host, plugin};
use dongting_tests::province::Province;

use super::{configuration, push, refused, release, reload, running, scene};

fn component() -> String {
    format!("component = {:?}", plugin("guests/document.wasm").unwrap())
}

#[test]
fn a_file_does_not_run_unless_the_operator_says_so() {
    let province = Province::new("ed25519").unwrap();
    let strict = configuration(&province, &component());
    let host = Host::start(&strict).unwrap();
    refused(&host, "nobody has signed its component");
    assert_eq!(host.get("health").unwrap().body["allowUnsigned"], false);

    let lax = strict.replace("[trust]\n", "[trust]\nallow_unsigned = true\n");
    let (good, told) = reload(&host, &lax);
    assert!(good, "{told}");
    running(&host);
    assert_eq!(host.get("health").unwrap().body["allowUnsigned"], true);
    assert_eq!(host.installation("documents").unwrap()["unsigned"], true);

    // Taken back, it stops.
    let (good, told) = reload(&host, &strict);
    assert!(!good && told.contains("nobody has signed its component"), "{told}");
    refused(&host, "nobody has signed its component");
}

#[test]
fn a_shadow_that_nobody_signed_is_refused_and_the_release_goes_on() {
    let (province, host) = scene("ed25519");
    province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let with = format!("{}\nshadow = {:?}", release("1.0.0"), plugin("guests/document.wasm").unwrap());
    let (good, told) = reload(&host, &configuration(&province, &with));
    assert!(!good && told.contains("nobody has signed its component"), "{told}");
    assert_eq!(host.state("documents").unwrap().0, "running");
    assert_eq!(push(&host), 200);
}

#[test]
fn a_reviewer_who_is_no_longer_named_stops_what_he_approved() {
    let (province, host) = scene("ed25519");
    province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    let nobody = configuration(&province, &release("1.0.0")).replace(&province.trust(), "[trust]\n");
    let (good, told) = reload(&host, &nobody);
    assert!(!good && told.contains("which this host's operator does not trust"), "{told}");
    refused(&host, "which this host's operator does not trust");
}
