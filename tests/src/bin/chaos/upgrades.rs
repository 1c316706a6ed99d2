//! Live upgrades under load: a stateful, ordered transform changes its release again and again while messages flow past it on the bus.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use dongting_bus::Bus;
use dongting_manifest::{Kind, Lane, Message, Region, Subject, Timestamp, message};
use dongting_tests::host::{Host, plugin};
use dongting_tests::nats::Nats;
use dongting_tests::restamp::restamped;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

const PARTITIONS: u64 = 200;
/// Load until it is measured, and after that.
const CALM: Duration = Duration::from_secs(3);
const BETWEEN: Duration = Duration::from_millis(300);
/// All is there, or nothing more comes.
const STILL: Duration = Duration::from_secs(60);
/// What comes twice may come late.
const SETTLED: Duration = Duration::from_secs(3);
/// Where a gap is held against the host, so much of the rate must have been sent.
const MADE: f64 = 0.9;

/// What was read of a lane.
#[derive(Default)]
struct Seen {
    messages: u64,
    duplicated: u64,
    reordered: u64,
    miscounted: u64,
    /// Of each partition, how many there were and the largest number.
    partitions: BTreeMap<String, (u64, u64)>,
    /// When each was stored, as the lane has them.
    stored: Vec<Timestamp>,
    /// When that of each partition and number was.
    stored_of: BTreeMap<(String, u64), Timestamp>,
}

/// Whether nothing was lost, doubled or out of order, and no gap while upgrading was longer than `target`, in milliseconds.
pub async fn run(upgrades: u32, rate: u32, target: Option<u32>) -> Result<bool> {
    let nats = Nats::start().await?;
    let login = nats.server.credentials();
    let address = nats.server.url();
    let address = address.strip_prefix("nats://").context("a nats:// URL")?;
    let url = format!("nats://{}:{}@{address}", login.user, login.password);
    let folder = tempfile::tempdir()?;
    let releases = releases(folder.path())?;
    let first = releases.first().context("a release")?;
    let host = Host::start_with(&configuration(first), &[("DONGTING_NATS", &url)])?;
    let over = Arc::new(AtomicBool::new(false));
    let (told, all) = watch::channel(None);
    let sending = tokio::spawn(send(nats.bus.clone(), u64::from(rate), Arc::clone(&over)));
    let watching = tokio::spawn(read(nats.bus.clone(), Lane::Alert, all, SETTLED));
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
    tokio::time::sleep(CALM).await;
    over.store(true, Ordering::Relaxed);
    let sent = sending.await??;
    told.send_replace(Some(sent));
    let seen = watching.await??;
    // Only now: reading them takes as much as reading the outputs.
    let given = read(nats.bus.clone(), Lane::Bulk, watch::channel(Some(sent)).1, Duration::ZERO).await?;
    for (when, from, to) in [("before", calm, began), ("while upgrading", began, ended)] {
        println!("longest gap between two inputs {when}: {:.1} ms", millis(gap(&given.stored, from, to)));
        let way = millis(way(&given, &seen, from, to));
        println!("longest from an input to its output {when}: {way:.1} ms");
        println!("longest gap between two outputs {when}: {:.1} ms", millis(gap(&seen.stored, from, to)));
    }
    let upgrading = given.stored.iter().filter(|at| (began..=ended).contains(*at)).count();
    let made = upgrading as f64 / ended.since(began).as_secs_f64();
    println!("{upgrades} upgrades at {rate} messages a second; while upgrading {made:.0} a second were sent");
    let slow = target.filter(|_| made < f64::from(rate) * MADE);
    if slow.is_some() {
        println!("failed: the load could not be made: use a quieter machine");
    }
    let long = target.filter(|most| gap(&seen.stored, began, ended) > Duration::from_millis((*most).into()));
    if let Some(most) = long {
        println!("failed: the longest gap while upgrading is over {most} ms");
    }
    let (lost, invented) = compare(sent, &seen);
    println!("sent: {sent}");
    println!("arrived: {}", seen.messages);
    println!("lost: {lost}");
    println!("duplicated: {}", seen.duplicated);
    println!("reordered: {}", seen.reordered);
    println!("miscounted: {}", seen.miscounted);
    println!("invented: {invented}");
    let wrong = lost + seen.duplicated + seen.reordered + seen.miscounted + invented;
    Ok(wrong == 0 && sent > 0 && slow.is_none() && long.is_none())
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

/// Sends until it is over. How many there were.
async fn send(bus: Bus, rate: u64, over: Arc<AtomicBool>) -> Result<u64> {
    let began = Instant::now();
    let mut sent = 0;
    while !over.load(Ordering::Relaxed) {
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

/// The partition of a message and its number there.
fn place(at: u64) -> (String, u64) {
    (format!("p{:03}", at % PARTITIONS), at / PARTITIONS + 1)
}

fn reading(at: u64) -> Message {
    let (partition, n) = place(at);
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

/// Reads a lane, the outputs or the inputs, until all are there and nothing more comes for as long as `settled`.
async fn read(
    bus: Bus,
    lane: Lane,
    mut all: watch::Receiver<Option<u64>>,
    settled: Duration,
) -> Result<Seen> {
    let mut tail = bus.tail(lane, 1);
    let mut seen = Seen::default();
    let mut last = Instant::now();
    loop {
        let complete = all.borrow_and_update().is_some_and(|all| seen.messages >= all);
        let batch = tokio::select! {
            batch = tail.batch(Duration::ZERO) => batch,
            Ok(()) = all.changed() => continue,
            () = tokio::time::sleep_until(last + if complete { settled } else { STILL }) => return Ok(seen),
        };
        last = Instant::now();
        for tailed in batch {
            let Ok(message) = tailed.message else { bail!("something else is on the lane") };
            let body: Value = serde_json::from_slice(&message.body)?;
            let number = |name| body.get(name).and_then(Value::as_u64).unwrap_or_default();
            seen.arrived((message.partition, number("n")), number("count"), tailed.stored_at);
        }
    }
}

impl Seen {
    fn arrived(&mut self, place: (String, u64), count: u64, at: Timestamp) {
        self.messages += 1;
        self.stored.push(at);
        if self.stored_of.contains_key(&place) {
            self.duplicated += 1;
            return;
        }
        let (arrived, largest) = self.partitions.entry(place.0.clone()).or_default();
        *arrived += 1;
        self.reordered += u64::from(place.1 < *largest);
        self.miscounted += u64::from(count != *arrived);
        *largest = place.1.max(*largest);
        self.stored_of.insert(place, at);
    }
}

/// How many of those that were sent did not arrive, and how many arrived that were not sent.
fn compare(sent: u64, seen: &Seen) -> (u64, u64) {
    let lost = (0..sent).filter(|at| !seen.stored_of.contains_key(&place(*at))).count() as u64;
    (lost, (seen.stored_of.len() as u64).saturating_sub(sent - lost))
}

/// The longest between two that were stored one after the other, of those that reach into the time.
fn gap(stored: &[Timestamp], from: Timestamp, to: Timestamp) -> Duration {
    let pairs = stored.iter().zip(stored.iter().skip(1));
    let within = pairs.filter(|(before, after)| **after >= from && **before <= to);
    within.map(|(before, after)| after.since(*before)).max().unwrap_or_default()
}

/// The longest from an input until its output, of the outputs that were stored then.
fn way(given: &Seen, seen: &Seen, from: Timestamp, to: Timestamp) -> Duration {
    let within = seen.stored_of.iter().filter(|(_, at)| (from..=to).contains(*at));
    let ways = within.filter_map(|(of, at)| Some(at.since(*given.stored_of.get(of)?)));
    ways.max().unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1_000).unwrap()
    }

    #[test]
    fn a_gap_counts_where_it_reaches_into_the_time() {
        let stored = [10, 20, 60, 65, 165].map(at);
        let longest = |from, to| gap(&stored, at(from), at(to)).as_millis();
        assert_eq!(longest(12, 62), 40);
        assert_eq!(longest(25, 30), 40, "in the middle of one");
        assert_eq!(longest(12, 66), 100, "the last is not over yet");
        assert_eq!(longest(0, 15), 10);
        assert_eq!(longest(200, 300), 0);
    }

    #[test]
    fn it_finds_what_is_wrong() {
        let mut seen = Seen::default();
        let place = |at| super::place(at * PARTITIONS);
        for (number, count) in [(0, 1), (2, 2), (1, 3), (2, 4), (4, 9), (900, 5)] {
            seen.arrived(place(number), count, at(1));
        }
        assert_eq!((seen.messages, seen.duplicated, seen.reordered, seen.miscounted), (6, 1, 1, 1));
        let sent = 4 * PARTITIONS + 1;
        let (lost, invented) = compare(sent, &seen);
        assert_eq!((sent - lost, invented), (4, 1));
    }
}
