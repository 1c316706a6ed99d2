//! Live upgrades under load: a stateful, ordered transform changes its release again and again while messages flow past it on the bus.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use dongting_bus::Bus;
use dongting_manifest::{Kind, Lane, Message, Region, Subject, Timestamp, message};
use dongting_tests::host::{Host, plugin};
use dongting_tests::nats::Nats;
use dongting_tests::restamp::restamped;
use serde_json::{Value, json};
use tokio::time::Instant;

const PARTITIONS: u64 = 200;
/// Load until it is measured, and after that.
const CALM: Duration = Duration::from_secs(3);
const BETWEEN: Duration = Duration::from_millis(300);
const STILL: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Seen {
    messages: u64,
    wrong: u64,
    next: BTreeMap<String, u64>,
    /// When each was stored, as the lane has them.
    stored: Vec<Timestamp>,
    /// When that of each partition and number was.
    stored_of: BTreeMap<(String, u64), Timestamp>,
}

/// Whether nothing was lost, doubled or out of order.
pub async fn run(upgrades: u32, rate: u32) -> Result<bool> {
    let nats = Nats::start().await?;
    let login = nats.server.credentials();
    let address = nats.server.url();
    let address = address.strip_prefix("nats://").context("a nats:// URL")?;
    let url = format!("nats://{}:{}@{address}", login.user, login.password);
    let folder = tempfile::tempdir()?;
    let releases = releases(folder.path())?;
    let first = releases.first().context("a release")?;
    let host = Host::start_with(&configuration(first), &[("DONGTING_NATS", &url)])?;
    let load = CALM * 2 + BETWEEN * upgrades * 2;
    let sending = tokio::spawn(send(nats.bus.clone(), u64::from(rate), load));
    let watching = tokio::spawn(watch(nats.bus.clone(), Lane::Alert));
    tokio::time::sleep(CALM).await;
    // As long without upgrades as with them.
    let calm = Timestamp::now();
    tokio::time::sleep(BETWEEN * upgrades).await;
    let began = Timestamp::now();
    for release in releases.iter().cycle().skip(1).take(upgrades as usize) {
        let due = Instant::now() + BETWEEN;
        host.configure(&configuration(release))?;
        let answer = tokio::task::block_in_place(|| host.act("reload", &Value::Null))?.body;
        let outcome = answer.pointer("/installations/0/outcome").and_then(Value::as_str);
        ensure!(outcome == Some("changed"), "the upgrade was not made: {answer}");
        tokio::time::sleep_until(due).await;
    }
    let ended = Timestamp::now();
    let sent = sending.await??;
    let seen = watching.await??;
    // Only now: reading them takes as much as reading the outputs.
    let given = watch(nats.bus.clone(), Lane::Bulk).await?;
    let lost = sent.saturating_sub(seen.messages);
    println!("{upgrades} upgrades at {rate} messages a second");
    println!("sent: {sent}");
    println!("arrived: {}", seen.messages);
    println!("lost: {lost}");
    println!("doubled, out of order or miscounted: {}", seen.wrong);
    for (when, from, to) in [("before", calm, began), ("while upgrading", began, ended)] {
        println!("longest gap between two inputs {when}: {:.1} ms", gap(&given.stored, from, to));
        println!("longest from an input to its output {when}: {:.1} ms", way(&given, &seen, from, to));
        println!("longest gap between two outputs {when}: {:.1} ms", gap(&seen.stored, from, to));
    }
    Ok(lost == 0 && seen.wrong == 0 && sent > 0)
}

fn releases(folder: &Path) -> Result<Vec<PathBuf>> {
    let component = std::fs::read(plugin("guests/ledger-count.wasm")?)?;
    ["1.0.0", "2.0.0"]
        .iter()
        .map(|version| {
            let path = folder.join(format!("count-{version}.wasm"));
            std::fs::write(&path, restamped(&component, version)?)?;
            Ok(path)
        })
        .collect()
}

fn configuration(component: &Path) -> String {
    format!(
        r#"
        [[installation]]
        id = "count"
        component = {component:?}
        region = "430000"
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "ledger", kind = "observation" }}]
        publish = [{{ domain = "ledger", kind = "assessment", per_second = 100000 }}]
        "#
    )
}

async fn send(bus: Bus, rate: u64, load: Duration) -> Result<u64> {
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < load {
        let due = u64::try_from(began.elapsed().as_micros())? * rate / 1_000_000;
        let messages: Vec<Message> = (sent..due.min(sent + 500)).map(reading).collect();
        for stored in bus.publish(&messages).await {
            stored?;
        }
        sent += messages.len() as u64;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(sent)
}

fn reading(at: u64) -> Message {
    let (partition, n) = (format!("p{:03}", at % PARTITIONS), at / PARTITIONS + 1);
    let (r#type, key) = ("em.ledger.observation.v1".to_owned(), format!("{partition}/{n}"));
    let now = Timestamp::now();
    Message {
        id: message::id("/systems/ledger", &r#type, &key, "1"),
        source: "/systems/ledger".to_owned(),
        r#type,
        subject: Subject {
            region: Region::HUNAN,
            domain: "ledger".to_owned(),
            kind: Kind::Observation,
            detail: None,
        },
        time: now,
        received: now,
        key,
        revision: "1".to_owned(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: json!({ "partition": partition, "n": n }).to_string().into_bytes(),
        partition,
    }
}

/// Reads a lane until no more comes: the outputs, or the inputs.
async fn watch(bus: Bus, lane: Lane) -> Result<Seen> {
    let mut tail = bus.tail(lane, 1);
    let mut seen = Seen::default();
    while let Ok(batch) = tokio::time::timeout(STILL.min(CALM * 2), tail.batch(Duration::ZERO)).await {
        for tailed in batch {
            let Ok(message) = tailed.message else { bail!("something else is on the lane") };
            let body: Value = serde_json::from_slice(&message.body)?;
            let number = |name| body.get(name).and_then(Value::as_u64).unwrap_or_default();
            let next = seen.next.entry(message.partition.clone()).or_insert(1);
            if number("n") != *next || number("count") != *next {
                seen.wrong += 1;
            }
            *next = number("n") + 1;
            seen.messages += 1;
            seen.stored.push(tailed.stored_at);
            seen.stored_of.insert((message.partition, number("n")), tailed.stored_at);
        }
    }
    Ok(seen)
}

/// The longest between two that were stored one after the other, in milliseconds.
fn gap(stored: &[Timestamp], from: Timestamp, to: Timestamp) -> f64 {
    let within: Vec<&Timestamp> = stored.iter().filter(|at| (from..=to).contains(at)).collect();
    longest(within.windows(2).filter_map(|pair| match pair {
        [before, after] => Some(after.since(**before)),
        _ => None,
    }))
}

/// The longest from an input until its output, of the outputs that were stored then.
fn way(given: &Seen, seen: &Seen, from: Timestamp, to: Timestamp) -> f64 {
    let within = seen.stored_of.iter().filter(|(_, at)| (from..=to).contains(at));
    longest(within.filter_map(|(of, at)| Some(at.since(*given.stored_of.get(of)?))))
}

fn longest(times: impl Iterator<Item = Duration>) -> f64 {
    times.max().unwrap_or_default().as_secs_f64() * 1e3
}
