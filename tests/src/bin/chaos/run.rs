//! One run: start, kill, drain, count.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use dongting_tests::host::{Host, plugin};
use dongting_tests::nats::kill;
use dongting_tests::postgres::Postgres;
use serde_json::Value;

use crate::random::Random;

const TOKEN: &str = "a-token-of-the-chaos-run";
/// Seconds that JetStream knows an id in these runs.
const WINDOW: u64 = 8;
/// The run is over when nothing has arrived for this long.
const STILL: Duration = Duration::from_secs(60);
/// Or when all has arrived, and nothing more, for this long: what comes twice may come late.
const SETTLED: Duration = Duration::from_secs(3);

pub struct Options {
    pub kills: u32,
    pub load: Duration,
    pub seed: u64,
    pub rate: u32,
    pub outage: Duration,
    pub postgres: bool,
    pub poison: u32,
    pub receiver_down: Duration,
}

/// The verifier's process.
struct Ledger {
    child: Child,
    url: String,
}

/// Whether nothing was lost, doubled or out of order.
pub fn run(options: &Options) -> Result<bool> {
    let ledger = Ledger::start(options)?;
    let mut postgres = if options.postgres { Some(Postgres::start()?) } else { None };
    let url = postgres.as_ref().map(Postgres::url);
    let environment: Vec<(&str, &str)> = url.iter().map(|url| ("DONGTING_DATABASE", url.as_str())).collect();
    let mut host = Host::start_with(&configuration(&ledger.url)?, &environment)?;
    ledger.tell("host", &host.url)?;
    let mut random = Random(options.seed);
    let load = u64::try_from(options.load.as_millis()).unwrap_or(u64::MAX);
    let mut instants: Vec<u64> = (0..options.kills).map(|_| random.below(load)).collect();
    instants.sort_unstable();
    let began = Instant::now();
    let mut rested = options.outage.is_zero();
    let (mut hosts, mut servers, mut databases) = (0, 0, 0);
    for (number, at) in instants.into_iter().enumerate() {
        if !rested && at > load / 2 {
            rested = true;
            println!("{:>7.1} s: the host is down for {:?}", began.elapsed().as_secs_f64(), options.outage);
            ledger.tell("host", "")?;
            host.stop()?;
            std::thread::sleep(options.outage);
            host.kill_and_restart()?;
            ledger.tell("host", &host.url)?;
        }
        std::thread::sleep((began + Duration::from_millis(at)).saturating_duration_since(Instant::now()));
        match (number % 3, number % 5, &mut postgres) {
            (_, 4, Some(postgres)) => {
                postgres.restart()?;
                databases += 1;
            }
            (2, _, _) => {
                // Between two lives there is nothing to kill.
                if let Ok(pid) = host.nats_pid() {
                    kill(pid)?;
                    servers += 1;
                }
            }
            _ => {
                ledger.tell("host", "")?;
                host.kill_and_restart()?;
                ledger.tell("host", &host.url)?;
                hosts += 1;
            }
        }
    }
    if !options.receiver_down.is_zero() {
        std::thread::sleep((began + options.load / 3).saturating_duration_since(Instant::now()));
        ledger.tell("outage", "on")?;
        std::thread::sleep(options.receiver_down);
        ledger.tell("outage", "off")?;
    }
    std::thread::sleep((began + options.load).saturating_duration_since(Instant::now()));
    ledger.ask("stop", Some(""))?;
    let drained = ledger.drained()?;
    println!(
        "{hosts} kills of the host, {servers} of nats-server, {databases} of PostgreSQL; {:.0} s of load at {} a second, drained {:.1} s later",
        options.load.as_secs_f64(),
        options.rate,
        drained.as_secs_f64(),
    );
    let figures = ledger.figures()?;
    let clean = ["lost", "duplicated", "reordered", "miscounted", "invented"]
        .iter()
        .all(|name| figures.get(name).and_then(Value::as_u64) == Some(0));
    if !clean {
        let kept = std::env::temp_dir().join(format!("chaos-{}", std::process::id()));
        let copied = Command::new("cp").arg("-r").arg(host.folder.path()).arg(&kept).status()?;
        println!("the host's folder is kept in {} ({copied})", kept.display());
    }
    for name in
        ["expected", "arrived", "lost", "duplicated", "reordered", "miscounted", "invented", "repeated"]
    {
        println!("{name}: {}", figures.get(name).unwrap_or(&Value::Null));
    }
    let poison = figures.get("poison").and_then(Value::as_u64).unwrap_or_default();
    if options.poison > 0 || !options.receiver_down.is_zero() {
        println!(
            "of the last ten seconds of load: {} of {}",
            figure(&figures, "late"),
            figure(&figures, "lateDue")
        );
        println!("poison: {poison}, dead letters: {}", host.rejects("count")?);
        return Ok(clean && host.rejects("count")? == poison && host.rejects("sink")? == 0);
    }
    Ok(clean && figures.get("expected").and_then(Value::as_u64) > Some(0))
}

fn figure(figures: &Value, name: &str) -> u64 {
    figures.get(name).and_then(Value::as_u64).unwrap_or_default()
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

impl Ledger {
    fn start(options: &Options) -> Result<Self> {
        let program = std::env::current_exe()?.with_file_name("ledger");
        let mut child = Command::new(&program)
            .args(["--rate", &options.rate.to_string(), "--poison-percent", &options.poison.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut url)?;
        if url.trim().is_empty() {
            bail!("the ledger ended before it was ready");
        }
        Ok(Self { child, url: url.trim().to_owned() })
    }

    fn tell(&self, path: &str, body: &str) -> Result<()> {
        self.ask(path, Some(body)).map(drop)
    }

    fn ask(&self, path: &str, body: Option<&str>) -> Result<String> {
        let url = format!("{}/{path}", self.url);
        let mut answer = match body {
            Some(body) => ureq::post(&url).send(body)?,
            None => ureq::get(&url).call()?,
        };
        Ok(answer.body_mut().read_to_string()?)
    }

    fn figures(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.ask("figures", None)?)?)
    }

    /// Until all has arrived and nothing came behind it, or nothing more comes. How long it took until then.
    fn drained(&self) -> Result<Duration> {
        let began = Instant::now();
        let mut last = (0, Instant::now());
        loop {
            let figures = self.figures()?;
            let number = |name| figures.get(name).and_then(Value::as_u64).unwrap_or_default();
            let seen = number("arrived") + number("repeated") + number("duplicated");
            if seen != last.0 {
                last = (seen, Instant::now());
            }
            let patience = if number("lost") == 0 { SETTLED } else { STILL };
            if last.1.elapsed() > patience {
                return Ok(last.1.duration_since(began));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
