//! A decoder that keeps something: what it wrote is committed with its messages.

use dongting_tests::host::{Host, eventually, plugin};

const TOKEN: &str = "a-token-of-the-tests";

#[test]
fn what_a_decoder_wrote_is_there_for_the_next_document_and_after_a_kill() {
    let tally = plugin("guests/tally.wasm").unwrap();
    let mut host = Host::start(&format!(
        r#"
        [[installation]]
        id = "tally"
        component = {tally:?}
        region = "430000"
        push_token = "{TOKEN}"
        [installation.grants]
        capabilities = ["state"]
        publish = [{{ domain = "test", kind = "observation" }}]
        "#
    ))
    .unwrap();
    for expected in [vec![1, 2, 3], vec![1, 2, 3, 4, 5, 6]] {
        for _ in 0..3 {
            let answer = host.push("tally", TOKEN, b"a document").unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        eventually("every count once", || {
            let mut counts: Vec<u64> =
                host.messages("observation")?.iter().filter_map(|one| one["data"].as_u64()).collect();
            counts.sort_unstable();
            Ok(counts == expected)
        })
        .unwrap();
        host.kill_and_restart().unwrap();
    }
}
