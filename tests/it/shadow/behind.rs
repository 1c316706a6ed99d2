//! A candidate that is slower than what is at work: that does not wait, and what is left out is counted.

use dongting_tests::documents;
use dongting_tests::host::{Host, eventually, plugin};

use super::{count, shadow};

/// More than a shadow lets wait.
const MANY: u64 = 5_000;

/// The first call of the candidate lasts for longer than the whole test: whoever waited for it would be stuck, and no call is ever compared.
#[test]
fn one_that_never_answers_keeps_nobody_waiting() {
    let spin = plugin("guests/spin.wasm").unwrap();
    let installation = format!(
        r#"
        id = "model"
        region = "430000"
        shadow = {spin:?}
        limits.cpu_ms = 600000
        limits.wall_ms = 600000
        grants.capabilities = ["state"]
        "#
    );
    let host = Host::start(&documents::configuration("guests/counter.wasm", &installation).unwrap()).unwrap();
    let counted = || {
        let all = host.messages("assessment").unwrap();
        all.iter().filter_map(|message| message["data"].as_u64()).max().unwrap_or(0)
    };
    let mut pushed = 0;
    while count(&shadow(&host, "model"), "skipped") == 0 {
        assert!(pushed < MANY, "{}", shadow(&host, "model"));
        for _ in 0..10 {
            pushed += 1;
            assert_eq!(documents::push(&host, pushed.to_string().as_bytes()).unwrap().status, 200);
        }
        eventually("all are counted", || Ok(counted() == pushed)).unwrap();
    }
    let found = shadow(&host, "model");
    assert_eq!((count(&found, "calls"), count(&found, "different")), (0, 0), "{found}");
    assert!(count(&found, "skipped") >= 256, "{found}");
}
