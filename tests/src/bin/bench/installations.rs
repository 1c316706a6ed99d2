//! Ten thousand installations of forty plugins, enabled and idle: what they take to start, to be there, and to do nothing.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dongting_manifest::Region;
use dongting_tests::host::{Host, eventually};
use dongting_tests::process::{cpu_time, resident_bytes};
use dongting_tests::restamp::stamped;
use serde_json::{Value, json};

use crate::started;

/// Guests, and of how many plugins each is the code. Every plugin has a name and a digest of its own and is compiled by itself.
const PLUGINS: [(&str, usize); 7] = [
    ("echo", 14),
    ("counter", 8),
    ("history", 4),
    ("timers", 4),
    ("records", 4),
    ("ledger-count", 4),
    ("ledger-sink", 2),
];
/// What is measured idle is measured this long after the last has started, for this long.
const SETTLE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
const TOKEN: &str = "a-token-of-the-benchmark";
/// Where the guest `ledger-feed` says its readings are from.
const CHANGSHA: &str = "430100";

struct Plugin {
    guest: &'static str,
    path: PathBuf,
}

/// A host with everything enabled, at one moment.
struct Figures {
    ready: Duration,
    host_bytes: u64,
    nats_bytes: u64,
    /// Of one core.
    host_cpu: f64,
    nats_cpu: f64,
}

pub fn run(guests: &Path, count: usize) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let plugins = plugins(guests, folder.path())?;
    // One of each first: it fills the compile cache, and says what the host is without the many.
    let (few, _) = configuration(guests, &plugins, plugins.len())?;
    let (mut host, _) = started::host(&few)?;
    std::thread::sleep(SETTLE);
    let (alone, nats_alone) = (resident_bytes(host.pid())?, resident_bytes(host.nats_pid()?)?);
    let (many, hearing) = configuration(guests, &plugins, count)?;
    // Ten thousand consumers are made once in a host's life; with the disk's pace it would take most of the benchmark's time.
    host.configure(&format!("[nats]\nsync_always = false\n{many}"))?;
    let first = figures(started::again(&mut host)?, &host)?;
    let reached = reach(&host, hearing)?;
    host.configure(&many)?;
    let second = figures(started::again(&mut host)?, &host)?;
    ensure!(running(&host)? == count + 1, "not all are running");
    let each = |bytes: u64, without: u64| {
        bytes.saturating_sub(without) as f64 / 1024.0 / count.saturating_sub(plugins.len()).max(1) as f64
    };
    let mut text = format!(
        "| {count} installations of {} plugins | consumers made, not synced | started again |\n| --- | ---: | ---: |\n",
        plugins.len()
    );
    let mut row = |name: &str, of: &dyn Fn(&Figures) -> String| {
        writeln!(text, "| {name} | {} | {} |", of(&first), of(&second))
    };
    row("seconds until all have started", &|f| format!("{:.1}", f.ready.as_secs_f64()))?;
    row("host: KiB resident for each, all of its memory shared out", &|f| {
        format!("{:.1}", f.host_bytes as f64 / 1024.0 / count as f64)
    })?;
    row("host: KiB resident for each one more", &|f| format!("{:.1}", each(f.host_bytes, alone)))?;
    row("host: idle CPU, of one core", &|f| format!("{:.2} %", f.host_cpu * 100.0))?;
    row("nats-server: KiB resident for each one more", &|f| {
        format!("{:.1}", each(f.nats_bytes, nats_alone))
    })?;
    row("nats-server: idle CPU, of one core", &|f| format!("{:.2} %", f.nats_cpu * 100.0))?;
    writeln!(
        text,
        "\nOne reading had all of its {hearing} effects {:.2} s after it was pushed.",
        reached.as_secs_f64()
    )?;
    Ok(text)
}

fn plugins(guests: &Path, folder: &Path) -> Result<Vec<Plugin>> {
    let mut plugins = Vec::new();
    for (guest, count) in PLUGINS {
        let component = std::fs::read(guests.join(format!("{guest}.wasm")))
            .with_context(|| format!("the guest {guest} is missing: run `cargo xtask bench`"))?;
        for at in 1..=count {
            let name = format!("{guest}-{at}");
            let path = folder.join(format!("{name}.wasm"));
            std::fs::write(&path, stamped(&component, &[("name", &name)])?)?;
            plugins.push(Plugin { guest, path });
        }
    }
    Ok(plugins)
}

/// `count` installations, and how many of them say something when a reading is pushed to one more.
fn configuration(guests: &Path, plugins: &[Plugin], count: usize) -> Result<(String, usize)> {
    let changsha: Region = CHANGSHA.parse()?;
    let regions: Vec<Region> = Region::hunan().into_iter().map(|named| named.region).collect();
    // What the readings lead to would go to a receiver that is not there; and a county must not speak for its city.
    let far = |region: &&Region| !region.concerns(changsha);
    let above = |region: &&Region| region.contains(changsha) || !region.concerns(changsha);
    let (far, above): (Vec<Region>, Vec<Region>) =
        (regions.iter().filter(far).copied().collect(), regions.iter().filter(above).copied().collect());
    let mut text = format!(
        r#"
        [[installation]]
        id = "push"
        component = {:?}
        region = "430000"
        poll = false
        push_token = "{TOKEN}"
        grants = {{ capabilities = ["config", "http"], publish = [{{ domain = "ledger", kind = "observation" }}] }}
        "#,
        guests.join("ledger-feed.wasm"),
    );
    let mut hearing = 0;
    for (at, plugin) in (0..count).zip(plugins.iter().cycle()) {
        let from = match plugin.guest {
            "ledger-sink" => &far,
            "ledger-count" => &above,
            _ => &regions,
        };
        let region = from.get(at / plugins.len() % from.len()).copied().unwrap_or(Region::HUNAN);
        hearing += usize::from(plugin.guest == "ledger-count" && region.contains(changsha));
        text.push_str(&installation(at, plugin, region));
    }
    Ok((text, hearing))
}

fn installation(at: usize, plugin: &Plugin, region: Region) -> String {
    let (domain, capabilities) = match plugin.guest {
        "counter" => ("test", "\"state\""),
        "history" => ("test", "\"history\""),
        "timers" => ("test", "\"config\", \"state\", \"timers\""),
        "records" => ("test", "\"records\""),
        "ledger-count" => ("ledger", "\"state\""),
        "ledger-sink" => ("ledger", "\"config\", \"http\""),
        _ => ("test", ""),
    };
    let topics = if plugin.guest == "ledger-sink" {
        r#"subscribe = [{ domain = "ledger", kind = "assessment" }]
        http = [{ host = "127.0.0.1", port = 9, networks = ["127.0.0.0/8"] }]"#
            .to_owned()
    } else {
        format!(
            r#"subscribe = [{{ domain = "{domain}", kind = "observation" }}]
        publish = [{{ domain = "{domain}", kind = "assessment" }}]"#
        )
    };
    format!(
        r#"
        [[installation]]
        id = "i{at:05}"
        system = "i{at:05}"
        component = {:?}
        region = "{region}"
        [installation.grants]
        capabilities = [{capabilities}]
        {topics}
        "#,
        plugin.path
    )
}

/// At rest, some time after the last has started.
fn figures(ready: Duration, host: &Host) -> Result<Figures> {
    std::thread::sleep(SETTLE);
    let (pid, nats) = (host.pid(), host.nats_pid()?);
    let (before, began) = ((cpu_time(pid)?, cpu_time(nats)?), Instant::now());
    std::thread::sleep(IDLE);
    let share = |now: Duration, before: Duration| {
        now.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64()
    };
    Ok(Figures {
        ready,
        host_cpu: share(cpu_time(pid)?, before.0),
        nats_cpu: share(cpu_time(nats)?, before.1),
        host_bytes: resident_bytes(pid)?,
        nats_bytes: resident_bytes(nats)?,
    })
}

/// Pushes one reading. How long it takes until everyone who hears it has said something.
fn reach(host: &Host, hearing: usize) -> Result<Duration> {
    let body = json!([{ "partition": "p", "n": 1 }]).to_string();
    let began = Instant::now();
    let answer = host.push("push", TOKEN, body.as_bytes())?;
    ensure!(answer.status == 200, "the reading was not taken: {}", answer.body);
    eventually("what each has made of the reading", || Ok(host.messages("assessment")?.len() >= hearing))?;
    Ok(began.elapsed())
}

fn running(host: &Host) -> Result<usize> {
    let health = host.get("health")?.body;
    let running = health.pointer("/installations/running").and_then(Value::as_u64);
    Ok(usize::try_from(running.context("no installations")?)?)
}
