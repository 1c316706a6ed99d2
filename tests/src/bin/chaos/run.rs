//! One run: start, kill, drain, count.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::nats::{is_alive, kill};
use dongting_tests::postgres::Postgres;

use crate::ledger::{Figures, Ledger, Letters};
use crate::plan::{Event, plan};
use crate::verdict::{Done, failures, judges_the_rate, tells_the_rate};

const TOKEN: &str = "a-token-of-the-chaos-run";
/// Seconds that JetStream knows an id in these runs.
const WINDOW: u64 = 8;

pub struct Options {
    pub kills: u32,
    pub load: Duration,
    pub seed: u64,
    pub rate: u32,
    pub outage: Duration,
    pub postgres: bool,
    pub poison: u32,
    pub receiver_down: Duration,
    /// Of a hundred good messages that come due at the end, so many are to be made up for.
    pub keep: u32,
}

/// What the run is made of.
struct Running {
    ledger: Ledger,
    host: Host,
    postgres: Option<Postgres>,
    done: Done,
    /// Since when the receiver is down, and since when it is back.
    receiver_down: Option<Instant>,
    receiver_back: Option<Instant>,
}

/// Whether nothing was lost, doubled or out of order, and what else the options ask for.
pub fn run(options: &Options) -> Result<bool> {
    let ledger = Ledger::start(options)?;
    let postgres = if options.postgres { Some(Postgres::start()?) } else { None };
    let url = postgres.as_ref().map(Postgres::url);
    let environment: Vec<(&str, &str)> = url.iter().map(|url| ("DONGTING_DATABASE", url.as_str())).collect();
    let host = Host::start_with(&configuration(&ledger.url)?, &environment)?;
    ledger.tell("host", &host.url)?;
    let done = Done::default();
    let mut running = Running { ledger, host, postgres, done, receiver_down: None, receiver_back: None };
    let began = Instant::now();
    for (at, event) in plan(options) {
        std::thread::sleep((began + at).saturating_duration_since(Instant::now()));
        if matches!(event, Event::HostDown | Event::ReceiverDown | Event::ReceiverBack) {
            println!("{:>7.1} s: {event:?}", began.elapsed().as_secs_f64());
        }
        running.make(event, options)?;
    }
    // What comes after the receiver is back has its time, however late that was.
    let after = options.load.saturating_sub(options.load / 3 + options.receiver_down);
    let end = running.receiver_back.map_or(began, |back| back + after).max(began + options.load);
    std::thread::sleep(end.saturating_duration_since(Instant::now()));
    let Running { ledger, host, done, .. } = &running;
    ledger.tell("stop", "")?;
    let drained = ledger.drained()?;
    println!(
        "{} kills of the host, {} of nats-server, {} of PostgreSQL; {:.0} s of load at {} a second, drained {:.1} s later",
        done.hosts,
        done.servers,
        done.databases,
        options.load.as_secs_f64(),
        options.rate,
        drained.as_secs_f64(),
    );
    let figures = ledger.figures()?;
    let letters = ledger.letters();
    if let Err(error) = &letters {
        println!("the dead letters cannot be had: {error:#}");
    }
    let letters = letters.ok();
    let failures = failures(options, done, &figures, letters.as_ref());
    if !failures.is_empty() {
        let kept = std::env::temp_dir().join(format!("chaos-{}", std::process::id()));
        let copied = Command::new("cp").arg("-r").arg(host.folder.path()).arg(&kept).status()?;
        println!("the host's folder is kept in {} ({copied})", kept.display());
    }
    for failure in &failures {
        println!("failed: {failure}");
    }
    print(options, &figures, letters.as_ref());
    Ok(failures.is_empty())
}

impl Running {
    fn make(&mut self, event: Event, options: &Options) -> Result<()> {
        match event {
            Event::KillHost => {
                self.ledger.tell("host", "")?;
                self.host.kill_and_restart()?;
                self.ledger.tell("host", &self.host.url)?;
                self.done.hosts += 1;
            }
            Event::KillNats => {
                // Between two lives there is nothing to kill.
                eventually("a nats-server to kill", || {
                    let pid = self.host.nats_pid()?;
                    Ok(is_alive(pid) && kill(pid).is_ok())
                })?;
                self.done.servers += 1;
            }
            Event::RestartPostgres => {
                self.postgres.as_mut().context("there is no PostgreSQL")?.restart()?;
                self.done.databases += 1;
            }
            Event::HostDown => {
                self.ledger.tell("host", "")?;
                self.host.stop()?;
                let stopped = Instant::now();
                std::thread::sleep(options.outage);
                self.done.outage += stopped.elapsed();
                self.host.kill_and_restart()?;
                self.ledger.tell("host", &self.host.url)?;
            }
            Event::ReceiverDown => {
                self.ledger.tell("outage", "on")?;
                self.receiver_down = Some(Instant::now());
            }
            Event::ReceiverBack => {
                let since = self.receiver_down.take().context("the receiver is not down")?;
                std::thread::sleep(options.receiver_down.saturating_sub(since.elapsed()));
                // An outage that nobody meets is none.
                eventually("an attempt while the receiver is down", || {
                    Ok(self.ledger.figures()?.refused > 0)
                })?;
                self.ledger.tell("outage", "off")?;
                self.receiver_back = Some(Instant::now());
            }
        }
        Ok(())
    }
}

/// The ledger's figures, which a run tells last.
fn print(options: &Options, figures: &Figures, letters: Option<&Letters>) {
    if tells_the_rate(options) {
        let Figures { end_millis, end_due, end_made, end_kept, .. } = *figures;
        let percent = end_kept as f64 * 100.0 / end_due.max(1) as f64;
        let seconds = end_millis as f64 / 1e3;
        let target = if judges_the_rate(options) { format!("{} %", options.keep) } else { "none".to_owned() };
        println!("good messages due at the end: {end_due}, in the last {seconds:.1} s of load");
        println!("effects made then: {end_made}");
        println!("due messages made up for then: {end_kept}, {percent:.1} % (target: {target})");
        println!("attempts while the receiver was down: {}", figures.refused);
    }
    println!("expected: {}", figures.expected);
    println!("arrived: {}", figures.arrived);
    println!("lost: {}", figures.lost);
    println!("duplicated: {}", figures.duplicated);
    println!("reordered: {}", figures.reordered);
    println!("miscounted: {}", figures.miscounted);
    println!("invented: {}", figures.invented);
    println!("repeated: {}", figures.repeated);
    let sent = figures.expected + figures.poison;
    let percent = figures.poison as f64 * 100.0 / sent.max(1) as f64;
    println!("poison: {}, {percent:.2} % of {sent} that were sent", figures.poison);
    if let Some(Letters { letters, missing, stray }) = letters {
        println!("dead letters: {letters}");
        println!("poison without a dead letter: {missing}");
        println!("dead letters of no poison, or again: {stray}");
    }
}

fn configuration(ledger: &str) -> Result<String> {
    let guest = |name: &str| plugin(&format!("guests/{name}.wasm"));
    let (feed, count, sink) = (guest("ledger-feed")?, guest("ledger-count")?, guest("ledger-sink")?);
    let port = ledger.rsplit_once(':').context("the ledger's port")?.1;
    let http = format!(r#"http = [{{ host = "127.0.0.1", port = {port}, networks = ["127.0.0.0/8"] }}]"#);
    let observations = r#"publish = [{ domain = "ledger", kind = "observation", per_second = 100000 }]"#;
    Ok(format!(
        r#"
        [lanes]
        bulk = {{ duplicate_window_seconds = {WINDOW} }}
        alert = {{ duplicate_window_seconds = {WINDOW} }}
        [[installation]]
        id = "polled"
        component = {feed:?}
        region = "430000"
        system = "ledger"
        every_seconds = 0.1
        settings = {{ url = "{ledger}" }}
        grants = {{ capabilities = ["config", "http"], {observations}, {http} }}
        [[installation]]
        id = "pushed"
        component = {feed:?}
        region = "430000"
        system = "ledger"
        poll = false
        push_token = "{TOKEN}"
        grants = {{ capabilities = ["config", "http"], {observations} }}
        [[installation]]
        id = "count"
        component = {count:?}
        region = "430000"
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "ledger", kind = "observation" }}]
        publish = [{{ domain = "ledger", kind = "assessment", per_second = 100000 }}]
        [[installation]]
        id = "sink"
        component = {sink:?}
        region = "430000"
        settings = {{ url = "{ledger}" }}
        limits = {{ http_requests = 64 }}
        [installation.grants]
        capabilities = ["config", "http"]
        subscribe = [{{ domain = "ledger", kind = "assessment" }}]
        {http}
        "#
    ))
}
