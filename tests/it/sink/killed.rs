//! A host that is killed while a receiver has its request and has not answered: nobody knows whether it arrived.

use dongting_tests::database::DatabaseKind;
use dongting_tests::host::{Host, dongting, eventually};
use dongting_tests::hosts_on_both;
use serde_json::Value;

use super::{Manner, Receiver, configuration, push};

hosts_on_both! {
    fn {
        what_was_in_the_middle_is_held_for_a_person
        what_was_in_the_middle_is_tried_again_with_the_same_key
        what_was_in_the_middle_without_order_is_held_for_a_person
        what_was_in_the_middle_without_order_is_tried_again_with_the_same_key
    }
}

/// A host that was killed in the middle of its only attempt, and has started again. Its receiver answers from then on.
fn killed(database: DatabaseKind, sink: &str, policy: &str) -> (Receiver, Host) {
    let receiver = Receiver::start(Manner::Hangs);
    // It waits for as long as the host lets any request wait, and ends by itself in no case before it is killed.
    let more = format!("limits.wall_ms = 600000\non_unknown = {policy:?}");
    let mut host = Host::start_on(database, &configuration(receiver.address, sink, &more)).unwrap();
    push(&host);
    eventually("the request is there", || Ok(receiver.keys().len() == 1)).unwrap();
    host.stop().unwrap();
    assert_eq!(receiver.keys().len(), 1);
    receiver.answers();
    host.kill_and_restart().unwrap();
    (receiver, host)
}

/// How the sink's only message ended, once it has.
fn dispatched(host: &Host) -> Value {
    let told = || -> Option<Value> {
        let id = host.messages("assessment").ok()?.first()?["id"].as_str()?.to_owned();
        host.get(&format!("messages/{id}")).ok()?.body["message"]["dispatched"].get(0).cloned()
    };
    eventually("its end", || Ok(told().is_some())).unwrap();
    told().unwrap()
}

fn letters(host: &Host) -> Vec<Value> {
    host.get("dead-letters").unwrap().body["deadLetters"].as_array().unwrap().clone()
}

fn is_held(database: DatabaseKind, sink: &str) {
    let (receiver, host) = killed(database, sink, "hold");
    eventually("it is held", || Ok(host.rejects("sink")? == 1)).unwrap();
    let letter = letters(&host).remove(0);
    let reason = letter["reason"].as_str().unwrap();
    let said = "held, since it may have arrived (an attempt was begun and its end is not known)";
    assert!(reason.starts_with(said), "{reason}");
    assert_eq!(dispatched(&host)["reason"], reason);
    assert_eq!(receiver.keys().len(), 1, "it is not tried again by itself");
    // A person sends it again, and the receiver can tell that it is the same.
    let sent =
        dongting(&["dead-letters", "--url", &host.url, "redrive", &letter["sequence"].to_string()]).unwrap();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let keys = receiver.keys();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    assert!(letters(&host).is_empty());
}

fn is_tried_again(database: DatabaseKind, sink: &str) {
    let (receiver, host) = killed(database, sink, "retry");
    let sent = dispatched(&host);
    let keys = receiver.keys();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
    assert_eq!((&sent["key"], &sent["reason"]), (&keys[0].as_str().into(), &Value::Null), "{sent}");
    assert!(letters(&host).is_empty());
}

/// The guest wants order, so its consumer begins anew with what was not used up.
fn what_was_in_the_middle_is_held_for_a_person(database: DatabaseKind) {
    is_held(database, "ledger-sink");
}

fn what_was_in_the_middle_is_tried_again_with_the_same_key(database: DatabaseKind) {
    is_tried_again(database, "ledger-sink");
}

/// Without order it is JetStream that delivers it again, after its `ack_wait`.
fn what_was_in_the_middle_without_order_is_held_for_a_person(database: DatabaseKind) {
    is_held(database, "courier");
}

fn what_was_in_the_middle_without_order_is_tried_again_with_the_same_key(database: DatabaseKind) {
    is_tried_again(database, "courier");
}
