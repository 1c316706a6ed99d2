//! The next batch, fetched while one is at work.

use dongting_manifest::Message;
use dongting_tests::database::DatabaseKind;
use dongting_tests::host::Host;
use dongting_tests::hosts_on_both;
use dongting_tests::nats::Nats;
use serde_json::Value;

use super::{toil, toil_message, told};

hosts_on_both! {
    async fn {
        the_next_batch_is_there_before_the_first_is_done
    }
}

const MESSAGES: u64 = 200;
/// Rounds that the first reading is computed for: a second or two.
const WORK: u64 = 1_500_000_000;

async fn the_next_batch_is_there_before_the_first_is_done(database: DatabaseKind) {
    let nats = Nats::start().await.unwrap();
    let messages: Vec<Message> =
        (0..MESSAGES).map(|n| toil_message("observation", n, if n == 0 { WORK } else { 0 })).collect();
    for stored in nats.bus.publish(&messages).await {
        stored.unwrap();
    }
    let url = nats.url();
    let _host = Host::start_on_with(database, &toil(100), &[("DONGTING_NATS", &url)]).unwrap();
    let mut raw = nats.raw().await.unwrap();
    let ahead = |told: &Value| {
        told["num_ack_pending"] == 128 && told["ack_floor"]["consumer_seq"] == 0 && told["num_pending"] == 72
    };
    told(&mut raw, super::CONSUMER_INFO, "a batch at work and one ahead", ahead).await;
    // Neither comes a second time, and each has its effect.
    let done = |told: &Value| told["ack_floor"]["consumer_seq"] == MESSAGES;
    let info = told(&mut raw, super::CONSUMER_INFO, "the end", done).await;
    assert_eq!(info["delivered"]["consumer_seq"], MESSAGES, "{info}");
    let stream = raw.request("$JS.API.STREAM.INFO.EM_BULK", &[], "").await.unwrap();
    assert_eq!(stream["state"]["messages"], 2 * MESSAGES, "{stream}");
}
