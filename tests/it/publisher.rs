//! What was published before an outage is not published again, though JetStream has forgotten it. And over which connection it goes.

use std::sync::Arc;
use std::time::Duration;

use dongting_bus::Bus;
use dongting_bus::lane::LaneLimits;
use dongting_engine::buses::Buses;
use dongting_engine::publisher::Publisher;
use dongting_engine::threads::Threads;
use dongting_manifest::{Lane, Message, Timestamp};
use dongting_priority::Priority;
use dongting_store::{Checkpoint, Database, Held, Store};
use dongting_tests::nats::{Nats, Raw, eventually, small};
use dongting_tests::postgres::Postgres;

use crate::bus::observations;

const LONG: Duration = Duration::from_secs(600);

struct Place {
    bus: Bus,
    store: Store,
    nats: Nats,
    _folder: tempfile::TempDir,
}

/// Lanes on which JetStream knows an id for so long.
fn lanes(window: Duration) -> LaneLimits {
    let mut limits = small();
    limits.bulk.duplicate_window = window;
    limits
}

impl Place {
    /// JetStream knows ids for as short as it can.
    async fn forgetful() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("dongting.db"));
        Self::on(&database, folder, Duration::from_millis(100)).await
    }

    async fn on(database: &Database, folder: tempfile::TempDir, window: Duration) -> Self {
        let nats = Nats::start().await.unwrap();
        let (url, credentials) = (nats.server.url(), nats.server.credentials());
        let bus = Bus::connect(&url, credentials, &lanes(window)).await.unwrap();
        let store = Store::open(database).await.unwrap();
        Self { bus, store, nats, _folder: folder }
    }

    /// A host that takes `window` for the lanes' window and goes on from this checkpoint.
    async fn goes_on(&self, window: Duration, at: Timestamp, held: Option<Held>) -> Arc<Publisher> {
        let lane = self.bus.lane(Lane::Bulk).await.unwrap();
        let checkpoint = Checkpoint { at, stream_created: lane.created, sequence: lane.last_sequence, held };
        self.store.keep_checkpoint(Lane::Bulk, &checkpoint).await.unwrap();
        let publisher = Publisher::new(self.bus.clone(), &lanes(window), &self.store).await.unwrap();
        let publisher = Arc::new(publisher);
        let (keeps, store) = (Arc::clone(&publisher), self.store.clone());
        tokio::spawn(async move { keeps.keep(&store).await });
        publisher
    }

    async fn publish(&self, messages: &[Message]) {
        self.bus.publish(messages).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    }

    /// What was published before is not known to JetStream any more.
    async fn forgotten(&self) {
        let probe = observations(1_000_000..1_000_001);
        self.publish(&probe).await;
        let again = async || {
            let stored = self.bus.publish(&probe).await.remove(0).unwrap();
            (!stored.duplicate).then_some(())
        };
        eventually("an id is forgotten", again).await.unwrap();
    }

    /// Who is told each time that the lane is read from now on.
    async fn watch(&self) -> Raw {
        let mut raw = self.nats.raw().await.unwrap();
        raw.send("SUB $JS.EVENT.ADVISORY.CONSUMER.CREATED.EM_BULK.* 1\r\n").await.unwrap();
        // Of the connecting itself.
        assert_eq!(raw.line().await.unwrap(), "PONG");
        raw
    }

    async fn messages(&self) -> u64 {
        self.bus.lane(Lane::Bulk).await.unwrap().messages
    }
}

/// How many it was told since it was asked last.
async fn readings(watch: &mut Raw) -> usize {
    watch.send("PING\r\n").await.unwrap();
    let mut readings = 0;
    loop {
        let line = watch.line().await.unwrap();
        if line == "PONG" {
            return readings;
        }
        readings += usize::from(line.starts_with("MSG "));
    }
}

fn ago(length: Duration) -> Timestamp {
    Timestamp::now().saturating_sub(length)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_takes_long_to_read_is_published_to() {
    let place = Place::forgetful().await;
    let earlier = observations(0..20_000);
    place.publish(&earlier).await;
    place.forgotten().await;
    let before = place.messages().await;
    // A quarter of this is much less than it takes to read the lane.
    let publisher = place.goes_on(Duration::from_millis(320), ago(LONG), None).await;
    let messages = [&earlier[19_000..], &observations(20_000..20_010)[..]].concat();
    publisher.publish(&messages).await.unwrap();
    assert_eq!(place.messages().await, before + 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_comes_back_at_once_knows_what_an_earlier_outage_left() {
    let place = Place::forgetful().await;
    let earlier = observations(0..5_000);
    place.publish(&earlier).await;
    place.forgotten().await;
    let before = place.messages().await;
    let held = Held { since: ago(LONG), at: Timestamp::now() };
    let publisher = place.goes_on(Duration::from_secs(60), Timestamp::now(), Some(held)).await;
    publisher.publish(&earlier).await.unwrap();
    assert_eq!(place.messages().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_is_known_when_the_database_is_back() {
    let mut postgres = Postgres::start().unwrap();
    let window = Duration::from_secs(4);
    let place = Place::on(&postgres.url().parse().unwrap(), tempfile::tempdir().unwrap(), window).await;
    let mut watch = place.watch().await;
    let publisher = place.goes_on(window, Timestamp::now(), None).await;
    publisher.publish(&observations(0..10)).await.unwrap();
    assert_eq!(readings(&mut watch).await, 0);
    postgres.kill().unwrap();
    let closed = async || publisher.publish(&observations(0..10)).await.err();
    eventually("nothing is published", closed).await.unwrap();
    postgres.restart().unwrap();
    let open = async || publisher.publish(&observations(0..20)).await.ok();
    eventually("what is new is published", open).await.unwrap();
    let read = async || (readings(&mut watch).await > 0).then_some(());
    eventually("the lane was read again", read).await.unwrap();
    assert_eq!(place.messages().await, 20);
}

#[tokio::test]
async fn each_kind_of_threads_has_a_connection_of_its_own() {
    let nats = Nats::start().await.unwrap();
    let (url, credentials) = (nats.server.url(), nats.server.credentials());
    let connect = async || Bus::connect(&url, credentials, &small()).await.unwrap();
    let (urgent, usual, bulk) = (connect().await, connect().await, connect().await);
    let buses = Arc::new(Buses { urgent, usual, bulk });
    let mine = |buses: Arc<Buses>| {
        let all = [("urgent", &buses.urgent), ("usual", &buses.usual), ("bulk", &buses.bulk)];
        all.into_iter().find(|(_, bus)| std::ptr::eq(*bus, buses.mine())).map(|(name, _)| name)
    };
    assert_eq!(mine(Arc::clone(&buses)), Some("usual"));
    for (priority, own) in
        [(Priority::Urgent, "urgent"), (Priority::Bulk, "bulk"), (Priority::Beside, "usual")]
    {
        let (threads, buses) = (Threads::start("threads", priority).unwrap(), Arc::clone(&buses));
        let found = threads.handle.spawn(async move { mine(buses) }).await.unwrap();
        assert_eq!(found, Some(own), "{priority:?}");
    }
}
