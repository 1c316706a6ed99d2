//! From the bus through a transform to the bus: the engine beside a native loop that fetches, publishes, commits and acknowledges as
//! often. Both work off a lane that is full already.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use dongting_bus::{Bus, ConsumerOptions, Start};
use dongting_engine::{Host, HostConfig, HostOptions, Nats};
use dongting_manifest::subject::filters;
use dongting_manifest::{Kind, Lane, Message, Region, Subject, message};
use dongting_store::{Commit, Database, Store};

use crate::sample;

const MESSAGES: usize = 20_000;
const BATCH: usize = 64;
const DEADLINE: Duration = Duration::from_secs(120);

pub struct Row {
    pub name: String,
    /// Messages a second.
    pub engine: f64,
    pub native: f64,
}

/// The two take turns, twice, on one host; the better run of each counts.
pub async fn run(guests: &Path, stateful: bool, sync_always: bool) -> Result<Row> {
    let mut row = Row { name: name(stateful, sync_always), engine: 0.0, native: 0.0 };
    for round in 0..2 {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("dongting.toml");
        let off = format!("[nats]\nsync_always = {sync_always}\n[trust]\nallow_unsigned = true\n");
        std::fs::write(&config, &off)?;
        let host = Host::start(HostOptions {
            data: folder.path().join("data"),
            config: HostConfig::read(&config)?,
            database: None,
            nats: Nats::Child(dongting_tests::nats::binary()),
        })
        .await?;
        let guest = guests.join(if stateful { "counter.wasm" } else { "echo.wasm" });
        let on = off.clone() + &installation(&guest, stateful);
        // The component is compiled now, and comes from the cache when it counts: it is the bus that is measured here.
        std::fs::write(&config, &on)?;
        host.reload().await?;
        std::fs::write(&config, &off)?;
        host.reload().await?;
        fill(host.bus()).await?;
        let store = Store::open(&Database::Sqlite(folder.path().join("native.db"))).await?;
        for engine_turn in [round == 0, round == 1] {
            read(&host).await?;
            if engine_turn {
                std::fs::write(&config, &on)?;
                row.engine = row.engine.max(engine(&host).await?);
            } else {
                row.native = row.native.max(native(host.bus(), &store, stateful).await?);
            }
        }
        store.close().await;
        host.stop().await;
    }
    Ok(row)
}

fn name(stateful: bool, sync_always: bool) -> String {
    let state = if stateful { "stateful" } else { "stateless" };
    format!("{state}, {}", if sync_always { "each message synced" } else { "not synced" })
}

fn installation(guest: &Path, stateful: bool) -> String {
    let capabilities = if stateful { "\"state\"" } else { "" };
    format!(
        r#"
        [[installation]]
        id = "bench"
        component = {guest:?}
        region = "430000"
        [installation.grants]
        capabilities = [{capabilities}]
        subscribe = [{{ domain = "test", kind = "observation" }}]
        publish = [{{ domain = "test", kind = "assessment", per_second = 10000000 }}]
        "#
    )
}

async fn fill(bus: &Bus) -> Result<()> {
    let messages = sample::messages(MESSAGES)?;
    for stored in bus.publish(&messages).await {
        ensure!(!stored?.duplicate, "the sample has one message twice");
    }
    Ok(())
}

/// Waits until the history has read what was on the lanes before: neither side begins with the other's to be written down.
async fn read(host: &Host) -> Result<()> {
    let began = Instant::now();
    for lane in [Lane::Bulk, Lane::Alert] {
        let state = host.bus().lane(lane).await?;
        while host.store().tailed(lane).await?.map_or(0, |tailed| tailed.sequence) < state.last_sequence {
            ensure!(began.elapsed() < DEADLINE, "the history did not read lane `{lane}` in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

/// Counts from the first message that a side has stored, so that its start is not in the figure.
struct Pace {
    began: Option<(Instant, usize)>,
}

impl Pace {
    /// So many are stored by now. Messages a second, when all are.
    fn stored(&mut self, count: usize) -> Option<f64> {
        if count == 0 {
            return None;
        }
        let (began, before) = *self.began.get_or_insert_with(|| (Instant::now(), count));
        (count >= MESSAGES).then(|| (count - before) as f64 / began.elapsed().as_secs_f64())
    }
}

async fn engine(host: &Arc<Host>) -> Result<f64> {
    let before = host.bus().lane(Lane::Alert).await?.messages;
    let began = Instant::now();
    host.reload().await?;
    let mut pace = Pace { began: None };
    loop {
        let stored = host.bus().lane(Lane::Alert).await?.messages - before;
        if let Some(rate) = pace.stored(usize::try_from(stored)?) {
            return Ok(rate);
        }
        if began.elapsed() > DEADLINE {
            bail!("the engine was not done in time: {:?}", host.health().await?);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn native(bus: &Bus, store: &Store, stateful: bool) -> Result<f64> {
    let filters = filters(Region::HUNAN, "test", Kind::Observation, None);
    let options =
        ConsumerOptions { start: Start::All, ..ConsumerOptions::new("native", Lane::Bulk, filters) };
    let consumer = bus.consumer(&options).await?;
    let (mut done, mut count, mut pace) = (0, 0_u64, Pace { began: None });
    loop {
        let deliveries = consumer.fetch(BATCH, DEADLINE).await?;
        ensure!(!deliveries.is_empty(), "nothing came");
        let mut made = Vec::with_capacity(deliveries.len());
        for delivery in &deliveries {
            let input = delivery.message.as_ref().ok().context("the lane holds something else")?;
            made.push(answer(input, &mut count, stateful)?);
        }
        if stateful {
            let mut commit = Commit::new("native");
            commit.state_limit_bytes = 1 << 20;
            commit.state.insert("count".to_owned(), Some(serde_json::to_vec(&count)?));
            store.commit(commit).await?;
        }
        for stored in bus.publish(&made).await {
            stored?;
        }
        for delivery in &deliveries {
            delivery.ack().await?;
        }
        done += deliveries.len();
        if let Some(rate) = pace.stored(done) {
            return Ok(rate);
        }
    }
}

/// What the guests do: the echo says each body again, the counter counts.
fn answer(input: &Message, count: &mut u64, stateful: bool) -> Result<Message> {
    *count += 1;
    let body = if stateful {
        serde_json::to_vec(count)?
    } else {
        let _: serde_json::Value = serde_json::from_slice(&input.body)?;
        input.body.clone()
    };
    let r#type = "em.test.assessment.v1".to_owned();
    let revision = message::hash([input.id.as_bytes()]);
    let subject = Subject { kind: Kind::Assessment, ..input.subject.clone() };
    Ok(Message {
        id: message::id("/systems/native", &r#type, &input.key, &revision),
        source: "/systems/native".to_owned(),
        r#type,
        subject,
        revision,
        causation: vec![input.id.clone()],
        plugin: "native@0.1.0#0".to_owned(),
        body,
        ..input.clone()
    })
}

pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "| {:<34} | {:>12} | {:>12} | {:>8} |\n| {:-<34} | {:->11}: | {:->11}: | {:->7}: |\n",
        "messages a second", "engine", "native loop", "ratio", "", "", "", ""
    );
    for row in rows {
        let ratio = row.engine / row.native;
        text.push_str(&format!(
            "| {:<34} | {:>12.0} | {:>12.0} | {ratio:>8.2} |\n",
            row.name, row.engine, row.native
        ));
    }
    text
}
