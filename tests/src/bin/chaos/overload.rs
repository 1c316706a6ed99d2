//! Alerts under ten times as much bulk as the host can do. Each alert is a document that is pushed: from there through a decoder, the
//! alert lane and a transform that keeps state, until its warning is read on the bus.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dongting_bus::{Bus, Credentials, Tailed};
use dongting_engine::threads::Threads;
use dongting_manifest::{Kind, Lane, Message, Region, Subject, Timestamp, message};
use dongting_priority::Priority;
use dongting_tests::host::{Host, deliver, plugin};
use dongting_tests::nats::{Nats, small};
use serde_json::json;
use tokio::task::JoinSet;

const TOKEN: &str = "a-token-of-the-overload-run";
/// The cities that the bulk is from.
const CITIES: [[u8; 3]; 4] = [[43, 1, 0], [43, 2, 0], [43, 3, 0], [43, 4, 0]];
/// Rounds that each reading makes its transform compute: about ten milliseconds, so that ten times what the host can do is something that
/// nats-server and this program can still send.
const WORK: u64 = 8_000_000;
const TIMES: f64 = 10.0;
const WARM_UP: Duration = Duration::from_secs(3);
const CAPACITY: Duration = Duration::from_secs(10);
/// As many readings wait for the host while its capacity is measured.
const WAITING: u64 = 1_000;
const BETWEEN_ALERTS: Duration = Duration::from_millis(50);
/// For the last alerts to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// The p99 under load may be so many times the one without.
const TARGET: f64 = 2.0;

/// The alerts on their way, and how long those took that have arrived.
#[derive(Default)]
struct Alerts {
    under_way: BTreeMap<String, UnderWay>,
    arrived: Vec<Arrived>,
}

struct UnderWay {
    pushed: Instant,
    pushed_at: Timestamp,
    /// When nats-server stored its assessment.
    assessed_at: Option<Timestamp>,
}

struct Arrived {
    took: Duration,
    /// From the push until its assessment was stored, from there until its warning was, from there until that was read.
    stretches: [Duration; 3],
}

/// Who pushes alerts and reads warnings. It is another machine, which the load does not slow: here its threads go before what makes the load,
/// and it has a connection of its own.
struct Outside {
    /// The host's.
    url: String,
    threads: Threads,
    alerts: Arc<Mutex<Alerts>>,
}

/// How long the alerts of one phase took, the quickest first; and their stretches.
struct Phase {
    took: Vec<Duration>,
    stretches: [Vec<Duration>; 3],
}

/// Whether alerts were about as prompt as without the load.
pub async fn run(load: Duration) -> Result<bool> {
    let nats = Nats::start().await?;
    let login = nats.server.credentials();
    let address = nats.server.url();
    let address = address.strip_prefix("nats://").context("a nats:// URL")?;
    let url = format!("nats://{}:{}@{address}", login.user, login.password);
    let host = Host::start_with(&configuration()?, &[("DONGTING_NATS", &url)])?;
    let alerts = Arc::new(Mutex::new(Alerts::default()));
    let threads = Threads::start("outside", Priority::Urgent)?;
    let watching = threads.handle.spawn(watch(nats.server.url(), login.clone(), Arc::clone(&alerts)));
    let outside = Outside { url: host.url.clone(), threads, alerts };
    let (mut number, mut sent) = (0, 0);
    outside.measure(&mut number, WARM_UP).await?;
    let calm = outside.measure(&mut number, load).await?;
    println!("without load: {calm}");
    let capacity = capacity(&nats.bus, &mut sent).await?;
    println!("bulk that the host can do: {capacity:.0} a second");
    let (began, before) = (Instant::now(), sent);
    let sending = tokio::spawn(send(nats.bus.clone(), sent, capacity * TIMES, load));
    let loaded = outside.measure(&mut number, load).await?;
    let rate = (sending.await?? - before) as f64 / began.elapsed().as_secs_f64();
    ensure!(!watching.is_finished(), "the alerts could not be read: {:?}", watching.await);
    println!("with {rate:.0} a second, {:.1} times as much: {loaded}", rate / capacity);
    let ratio = loaded.percentile(99).as_secs_f64() / calm.percentile(99).as_secs_f64();
    println!("p99 with load / without: {ratio:.2} (target: at most {TARGET})");
    ensure!(rate > 0.9 * TIMES * capacity, "the load could not be made: use a quieter machine");
    Ok(ratio <= TARGET)
}

fn configuration() -> Result<String> {
    let (alarm, toil) = (plugin("guests/alarm.wasm")?, plugin("guests/toil.wasm")?);
    let mut text = format!(
        r#"
        [[installation]]
        id = "alarm"
        component = {alarm:?}
        region = "430000"
        push_token = "{TOKEN}"
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "alarm", kind = "assessment" }}]
        publish = [{{ domain = "alarm", kind = "assessment" }}, {{ domain = "alarm", kind = "warning" }}]
        "#
    );
    for [province, city, county] in CITIES {
        text.push_str(&format!(
            r#"
            [[installation]]
            id = "toil-{city}"
            component = {toil:?}
            region = "{province:02}{city:02}{county:02}"
            [installation.grants]
            capabilities = ["state"]
            subscribe = [{{ domain = "toil", kind = "observation" }}, {{ domain = "toil", kind = "assessment" }}]
            publish = [{{ domain = "toil", kind = "status", per_second = 1000000 }}, {{ domain = "toil", kind = "warning" }}]
            "#
        ));
    }
    Ok(text)
}

impl Outside {
    /// Pushes alerts at their pace and waits for all of them.
    async fn measure(&self, number: &mut u64, length: Duration) -> Result<Phase> {
        let mut every = tokio::time::interval(BETWEEN_ALERTS);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let (began, before) = (Instant::now(), *number);
        let mut pushes = JoinSet::new();
        while began.elapsed() < length {
            every.tick().await;
            *number += 1;
            let (n, alerts, url) = (*number, Arc::clone(&self.alerts), self.url.clone());
            let push = move || {
                let under_way =
                    UnderWay { pushed: Instant::now(), pushed_at: Timestamp::now(), assessed_at: None };
                held(&alerts).under_way.insert(n.to_string(), under_way);
                let answer = deliver(&url, ("alarm", TOKEN), json!({ "n": n }).to_string().as_bytes())?;
                ensure!(answer.status == 200, "an alert was not taken: {}", answer.body);
                Ok(())
            };
            pushes.spawn_blocking_on(push, &self.threads.handle);
        }
        while let Some(pushed) = pushes.join_next().await {
            pushed??;
        }
        let (count, end) = (usize::try_from(*number - before)?, Instant::now() + PATIENCE);
        while held(&self.alerts).arrived.len() < count {
            let arrived = held(&self.alerts).arrived.len();
            ensure!(Instant::now() < end, "{} of {count} alerts never arrived", count - arrived);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let arrived = std::mem::take(&mut held(&self.alerts).arrived);
        let stretch =
            |at: usize| sorted(arrived.iter().filter_map(|arrived| arrived.stretches.get(at).copied()));
        let stretches = [stretch(0), stretch(1), stretch(2)];
        Ok(Phase { took: sorted(arrived.iter().map(|arrived| arrived.took)), stretches })
    }
}

/// Notes when each warning is there.
async fn watch(url: String, login: Credentials, alerts: Arc<Mutex<Alerts>>) -> Result<()> {
    let bus = Bus::connect(&url, &login, &small()).await?;
    let mut tail = bus.tail(Lane::Alert, 1);
    loop {
        let batch = tail.batch(Duration::ZERO).await;
        let (now, read_at) = (Instant::now(), Timestamp::now());
        let mut alerts = held(&alerts);
        for Tailed { stored_at, message, .. } in batch {
            let Ok(message) = message else { continue };
            if message.subject.kind == Kind::Assessment {
                if let Some(under_way) = alerts.under_way.get_mut(&message.key) {
                    under_way.assessed_at = Some(stored_at);
                }
            } else if let Some(UnderWay { pushed, pushed_at, assessed_at: Some(assessed_at) }) =
                alerts.under_way.remove(&message.key)
            {
                let stretches =
                    [assessed_at.since(pushed_at), stored_at.since(assessed_at), read_at.since(stored_at)];
                alerts.arrived.push(Arrived { took: now.duration_since(pushed), stretches });
            }
        }
    }
}

fn sorted(durations: impl Iterator<Item = Duration>) -> Vec<Duration> {
    let mut durations: Vec<Duration> = durations.collect();
    durations.sort_unstable();
    durations
}

fn held(alerts: &Mutex<Alerts>) -> std::sync::MutexGuard<'_, Alerts> {
    alerts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Readings a second that the host handles when there are always more.
async fn capacity(bus: &Bus, sent: &mut u64) -> Result<f64> {
    let began = Instant::now();
    let mut measured = None;
    loop {
        let done = bus.lane(Lane::Bulk).await?.messages.saturating_sub(*sent);
        if began.elapsed() > WARM_UP && measured.is_none() {
            measured = Some((Instant::now(), done));
        }
        if let Some((since, before)) = measured
            && since.elapsed() > CAPACITY
        {
            let rate = (done - before) as f64 / since.elapsed().as_secs_f64();
            ensure!(rate > 0.0, "the host handles no bulk");
            return Ok(rate);
        }
        if *sent < done + WAITING {
            publish(bus, *sent..done + WAITING).await?;
            *sent = done + WAITING;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Publishes readings at a rate. How many there are then.
async fn send(bus: Bus, from: u64, rate: f64, length: Duration) -> Result<u64> {
    let began = Instant::now();
    let mut sent = from;
    while began.elapsed() < length {
        let due = from + (began.elapsed().as_secs_f64() * rate) as u64;
        publish(&bus, sent..due).await?;
        sent = sent.max(due);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(sent)
}

async fn publish(bus: &Bus, numbers: std::ops::Range<u64>) -> Result<()> {
    let messages: Vec<Message> = numbers.map(reading).collect();
    for stored in bus.publish(&messages).await {
        stored?;
    }
    Ok(())
}

fn reading(at: u64) -> Message {
    let city = usize::try_from(at).unwrap_or_default() % CITIES.len();
    let region = CITIES.get(city).and_then(|city| Region::from_digits(*city)).unwrap_or(Region::HUNAN);
    let (r#type, key) = ("em.toil.observation.v1".to_owned(), at.to_string());
    let now = Timestamp::now();
    Message {
        id: message::id("/systems/toil", &r#type, &key, "1"),
        source: "/systems/toil".to_owned(),
        r#type,
        subject: Subject { region, domain: "toil".to_owned(), kind: Kind::Observation, detail: None },
        time: now,
        received: now,
        partition: key.clone(),
        key,
        revision: "1".to_owned(),
        causation: Vec::new(),
        plugin: String::new(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body: json!({ "work": WORK }).to_string().into_bytes(),
    }
}

impl Phase {
    fn percentile(&self, percent: usize) -> Duration {
        percentile(&self.took, percent)
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [half, most, slowest] = [50, 99, 100].map(|percent| millis(self.percentile(percent)));
        let count = self.took.len();
        write!(f, "{count} alerts, p50 {half:.1} ms, p99 {most:.1} ms, slowest {slowest:.1} ms")?;
        let [assessed, warned, read] =
            self.stretches.each_ref().map(|stretch| millis(percentile(stretch, 99)));
        write!(
            f,
            " (p99 of each stretch: assessed {assessed:.1} ms, warned {warned:.1} ms, read {read:.1} ms)"
        )
    }
}
