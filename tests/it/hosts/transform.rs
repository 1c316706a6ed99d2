//! A transform that keeps nothing runs on both hosts: each input is one's, and what is made of it is on the bus once, whoever dies meanwhile.

use dongting_bus::Start;
use dongting_manifest::{Lane, Message, Timestamp, message};
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually};
use dongting_tests::nats::{self, Nats, Raw};
use dongting_tests::process::{Signal, signal};
use serde_json::Value;

use super::shared;

const OBSERVATION: &str = "em.test.observation.v1";
const ASSESSMENT: &str = "em.test.assessment.v1";

fn configuration() -> String {
    documents::configuration("guests/echo.wasm", "id = \"model\"\nregion = \"430000\"").unwrap()
}

fn calls(host: &Host) -> u64 {
    host.installation("model").unwrap()["counts"]["calls"].as_u64().unwrap()
}

/// Each in a partition of its own, so that they are stored many at once.
fn observation(number: usize) -> Message {
    let (now, key) = (Timestamp::now(), number.to_string());
    Message {
        id: message::id("/systems/test", OBSERVATION, &key, "1"),
        source: "/systems/test".to_owned(),
        r#type: OBSERVATION.to_owned(),
        subject: "em.43.01.00.test.observation.-".parse().unwrap(),
        time: now,
        received: now,
        partition: key.clone(),
        revision: "1".to_owned(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: key.clone().into_bytes(),
        key,
    }
}

/// Puts so many more on the bus.
async fn publish(nats: &Nats, inputs: &mut Vec<Message>, count: usize) {
    let more: Vec<Message> = (inputs.len()..inputs.len() + count).map(observation).collect();
    for stored in nats.bus.publish(&more).await {
        assert!(!stored.unwrap().duplicate);
    }
    inputs.extend(more);
}

/// The id of what is made of an input, by whichever host.
fn made_of(input: &Message) -> String {
    message::id("/systems/echo", ASSESSMENT, &input.key, &message::hash([input.id.as_bytes()]))
}

/// What is on the bus itself: the history would show one that is there twice once.
async fn each_is_there_once(nats: &Nats, inputs: &[Message]) {
    let last = nats.bus.lane(Lane::Alert).await.unwrap().last_sequence;
    let mut there = Vec::new();
    nats.bus.ids(Lane::Alert, Start::All, last, |id| there.push(id.to_owned())).await.unwrap();
    there.sort_unstable();
    let mut made: Vec<String> = inputs.iter().map(made_of).collect();
    made.sort_unstable();
    assert_eq!(there, made);
}

fn all_are_made(host: &Host, inputs: &[Message]) {
    let made = || Ok(host.messages("assessment")?.len() == inputs.len());
    eventually(&format!("what is made of {} inputs", inputs.len()), made).unwrap();
}

async fn consumer(raw: &mut Raw) -> Value {
    raw.request("$JS.API.CONSUMER.INFO.EM_BULK.model", &[], "").await.unwrap()
}

/// Waits until JetStream says so of the consumer that both share.
async fn told(raw: &mut Raw, what: &str, wanted: impl Fn(&Value) -> bool) {
    let told = nats::eventually(what, async || wanted(&consumer(raw).await).then_some(()));
    told.await.unwrap();
}

async fn both(environment: &[(&'static str, String); 2]) -> [Host; 2] {
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let hosts = [(); 2].map(|()| Host::start_with(&configuration(), &environment).unwrap());
    for host in &hosts {
        eventually("it runs", || Ok(host.state("model")?.0 == "running")).unwrap();
    }
    hosts
}

#[tokio::test(flavor = "multi_thread")]
async fn both_hosts_take_part_and_one_finishes_what_the_other_had_in_hand() {
    let (_postgres, nats, environment) = shared().await;
    let [mut first, second] = both(&environment).await;
    let mut raw = nats.raw().await.unwrap();
    let mut inputs = Vec::new();
    // Both wait for the next message, each in its turn.
    for _ in 0..20 {
        publish(&nats, &mut inputs, 8).await;
        all_are_made(&second, &inputs);
        if [&first, &second].iter().all(|host| calls(host) > 0) {
            break;
        }
    }
    assert!(calls(&first) > 0 && calls(&second) > 0, "{} and {}", calls(&first), calls(&second));
    each_is_there_once(&nats, &inputs).await;

    // Both stand still while they are given one each, and one of them for ever.
    told(&mut raw, "both wait", |told| told["num_waiting"] == 2 && told["num_ack_pending"] == 0).await;
    for host in [&first, &second] {
        signal(host.pid(), Signal::STOP).unwrap();
    }
    publish(&nats, &mut inputs, 50).await;
    told(&mut raw, "each has one", |told| told["num_ack_pending"] == 2).await;
    first.stop().unwrap();
    signal(second.pid(), Signal::CONT).unwrap();
    all_are_made(&second, &inputs);
    told(&mut raw, "all are acknowledged", |told| told["num_pending"] == 0 && told["num_ack_pending"] == 0)
        .await;
    let delivered = consumer(&mut raw).await["delivered"]["consumer_seq"].as_u64().unwrap();
    assert!(delivered > inputs.len() as u64, "what the first had in hand was delivered again");
    each_is_there_once(&nats, &inputs).await;
}

/// At whatever instant: between two calls, in one, between what it made and its acknowledgement.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_there_once_when_a_host_dies_under_load() {
    let (_postgres, nats, environment) = shared().await;
    let [mut first, second] = both(&environment).await;
    let mut inputs = Vec::new();
    publish(&nats, &mut inputs, 900).await;
    nats::eventually("some are made", async || {
        let made = nats.bus.lane(Lane::Alert).await.ok()?.last_sequence;
        (made >= 90).then_some(())
    })
    .await
    .unwrap();
    let by_first = calls(&first);
    first.stop().unwrap();
    all_are_made(&second, &inputs);
    println!("the first had made {by_first} calls, the second has made {}", calls(&second));
    each_is_there_once(&nats, &inputs).await;
}
