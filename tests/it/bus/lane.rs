use std::time::Duration;

use dongting_bus::{Bus, BusError, Server};
use dongting_manifest::{Kind, Lane};
use dongting_tests::nats::{Nats, Raw, options, small};
use serde_json::json;

use super::{message, observations};

#[tokio::test]
async fn limits_are_changed_where_the_lane_exists() {
    let nats = Nats::start().await.unwrap();
    nats.bus.publish(&observations(0..10)).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let mut limits = small();
    limits.bulk.duplicate_window = Duration::from_secs(7 * 60);
    limits.alert.max_bytes = 1 << 20;
    let bus = Bus::connect(&nats.server.url(), nats.server.credentials(), &limits).await.unwrap();
    assert_eq!(bus.lane(Lane::Bulk).await.unwrap().messages, 10);
    let mut raw = nats.raw().await.unwrap();
    let bulk = raw.request("$JS.API.STREAM.INFO.EM_BULK", &[], "").await.unwrap();
    assert_eq!(bulk["config"]["duplicate_window"], json!(7 * 60 * 1_000_000_000_u64));
    assert_eq!(bulk["config"]["max_consumers"], 100_000);
    assert_eq!(bulk["config"]["storage"], "file");
    assert_eq!(bulk["config"]["discard"], "old");
    let alert = raw.request("$JS.API.STREAM.INFO.EM_ALERT", &[], "").await.unwrap();
    assert_eq!(alert["config"]["max_bytes"], 1 << 20);
    assert_eq!(alert["config"]["duplicate_window"], json!(2 * 24 * 3600 * 1_000_000_000_u64));
}

#[tokio::test]
async fn a_lane_that_cannot_be_made_right_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(&options(&directory)).await.unwrap();
    let mut raw = Raw::connect(&server.url(), Some(server.credentials())).await.unwrap();
    let config = json!({ "name": "EM_BULK", "subjects": ["x"], "storage": "memory" });
    let made = raw.request("$JS.API.STREAM.CREATE.EM_BULK", &[], &config.to_string()).await.unwrap();
    assert!(made["error"].is_null(), "{made}");
    let error = Bus::connect(&server.url(), server.credentials(), &small()).await.unwrap_err();
    assert!(matches!(error, BusError::Lane { stream: "EM_BULK", .. }), "{error}");
}

#[tokio::test]
async fn a_full_lane_drops_its_oldest() {
    let nats = Nats::start().await.unwrap();
    let mut limits = small();
    limits.alert.max_bytes = 1 << 20;
    let bus = Bus::connect(&nats.server.url(), nats.server.credentials(), &limits).await.unwrap();
    let warnings: Vec<_> = (0..20)
        .map(|n| dongting_manifest::Message {
            body: vec![b'x'; 100_000],
            ..message("430000", Kind::Warning, n)
        })
        .collect();
    bus.publish(&warnings).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    let lane = bus.lane(Lane::Alert).await.unwrap();
    assert_eq!(lane.last_sequence, 20);
    assert!(lane.first_sequence > 1 && lane.bytes <= 1 << 20, "{lane:?}");
}
