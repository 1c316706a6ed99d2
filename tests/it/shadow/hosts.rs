//! Shadows on two hosts that share a NATS and a PostgreSQL: each calls its candidates for the calls that it has made itself.

use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};

use super::{alike, beside, figures, followed, push, recorded, shadow};
use crate::hosts::shared;

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_followed_once_where_it_was_made() {
    let (_postgres, _nats, environment) = shared().await;
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let folder = tempfile::tempdir().unwrap();
    let counter = beside(&alike(folder.path(), "counter"));
    let model = format!("id = \"model\"\nregion = \"430000\"\ngrants.capabilities = [\"state\"]\n{counter}");
    let configuration = documents::configuration("guests/counter.wasm", &model).unwrap();
    // The documents' decoder keeps nothing, and works on both.
    let other = tempfile::tempdir().unwrap();
    let document = beside(&alike(other.path(), "document"));
    let configuration =
        configuration.replacen("id = \"documents\"", &format!("id = \"documents\"\n{document}"), 1);
    let first = Host::start_with(&configuration, &environment).unwrap();
    eventually("the first has it", || Ok(first.state("model")?.0 == "running")).unwrap();
    let second = Host::start_with(&configuration, &environment).unwrap();
    eventually("the second stands by", || Ok(second.state("model")?.0 == "standby")).unwrap();
    for n in 0..10 {
        assert_eq!(push(&first, "documents", &n.to_string()), 200);
        assert_eq!(push(&second, "documents", &format!("1{n}")), 200);
    }
    eventually("all are counted", || Ok(first.messages("assessment")?.len() == 20)).unwrap();
    for host in [&first, &second] {
        let all = followed(host, "documents", 10);
        assert_eq!(figures(&all), [10, 0, 0, 0], "{all}");
    }
    let made = recorded(&first, "model");
    let all = followed(&first, "model", made);
    assert_eq!(figures(&all), [made, 0, 0, 0], "{all}");
    assert_eq!(figures(&shadow(&second, "model")), [0, 0, 0, 0], "it has made no call");
}
