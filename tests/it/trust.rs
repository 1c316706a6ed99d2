//! Who may run: releases that a vendor has signed and a reviewer approved, on a real host with its registry, and all that is no such.

mod bad_input;
mod bundle;
mod candidate;
mod downgrade;
mod keys;
mod lifecycle;
mod unsigned;

use dongting_tests::host::{Host, eventually};
use dongting_tests::province::Province;

const TOKEN: &str = "a-token-of-the-tests";

/// One installation of `dongting/document`, to which documents are pushed. `named` says what it runs.
fn configuration(province: &Province, named: &str) -> String {
    format!(
        r#"{}
        [[installation]]
        id = "documents"
        {named}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "observation", per_second = 100000 }}] }}
        "#,
        province.trust()
    )
}

fn release(version: &str) -> String {
    format!("release = \"dongting/document:{version}\"")
}

/// A host that is to run `dongting/document:1.0.0`, and knows the keys.
fn scene(algorithm: &str) -> (Province, Host) {
    let province = Province::new(algorithm).unwrap();
    let host = Host::start(&configuration(&province, &release("1.0.0"))).unwrap();
    province.introduce(&host).unwrap();
    (province, host)
}

/// Waits until it is refused with these words.
fn refused(host: &Host, words: &str) {
    let refused = || {
        let (state, reason) = host.state("documents")?;
        anyhow::ensure!(state == "refused" && reason.contains(words), "{state}: {reason}");
        Ok(true)
    };
    eventually(&format!("refused: {words}"), refused).unwrap();
    assert_eq!(push(host), 401, "what is refused takes nothing");
}

fn running(host: &Host) {
    eventually("it runs", || Ok(host.state("documents")?.0 == "running")).unwrap();
    assert_eq!(push(host), 200);
}

/// Delivers a document; the answer's status.
fn push(host: &Host) -> u16 {
    host.push("documents", TOKEN, b"a document").unwrap().status
}

/// Writes the configuration and reloads. Whether all can run, and what was said.
fn reload(host: &Host, configuration: &str) -> (bool, String) {
    host.configure(configuration).unwrap();
    let ran = dongting_tests::host::dongting(&["reload", "--url", &host.url]).unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (ran.status.success(), said)
}
