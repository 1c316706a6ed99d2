//! An old release is signed for ever, and so are its faults.

use super::{configuration, refused, release, reload, running, scene};

#[test]
fn an_older_release_needs_the_operators_word() {
    let (province, mut host) = scene("ed25519");
    province.publish(&host, "document", "1.0.0").unwrap();
    running(&host);
    province.publish(&host, "document", "1.10.0").unwrap();
    let (good, told) = reload(&host, &configuration(&province, &release("1.10.0")));
    assert!(good, "{told}");
    running(&host);

    let old = configuration(&province, &release("1.0.0"));
    let (good, told) = reload(&host, &old);
    let words = "version 1.0.0 of dongting/document is older than 1.10.0, which ran here before";
    assert!(!good && told.contains(words) && told.contains("allow_downgrade = \"1.0.0\""), "{told}");
    running(&host);
    assert_eq!(host.installation("documents").unwrap()["plugin"]["version"], "1.10.0");
    // Nor after a kill, when nothing runs that could go on.
    host.kill_and_restart().unwrap();
    refused(&host, words);

    let named =
        |version| configuration(&province, &format!("{}\nallow_downgrade = \"{version}\"", release("1.0.0")));
    let (good, told) = reload(&host, &named("0.9.0"));
    assert!(!good && told.contains(words), "another version's approval is none: {told}");
    let (good, told) = reload(&host, &named("1.0.0"));
    assert!(good, "{told}");
    running(&host);
    host.kill_and_restart().unwrap();
    running(&host);
}
