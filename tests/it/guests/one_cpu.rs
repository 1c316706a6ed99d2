//! A guest that spins, in the real host with one CPU to itself and its nats-server: the neighbours go on, on the bulk lane and on that of
//! alerts.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dongting_manifest::section;
use dongting_tests::host::{Host, eventually, plugin};
use dongting_tests::restamp::stripped;

const TOKEN: &str = "a-token-of-the-tests";
const ROUNDS: usize = 150;
/// What a neighbour may wait longer than twice as long: a tenth of what a call of the one that spins may compute.
const SLACK: Duration = Duration::from_millis(50);
/// What else the machine does can spoil one comparison; a neighbour that is starved is so in each.
const TRIES: usize = 3;

/// What is pushed, and how far what is made of it is.
struct Way {
    configuration: fn(spin: bool, folder: &Path) -> String,
    body: fn(number: usize) -> String,
    reached: fn(&Host) -> u64,
}

const BULK: Way = Way {
    configuration: |spin, _| counting(spin),
    body: |number| number.to_string(),
    reached: |host| newest(host, "assessment", "/data"),
};

const ALERT: Way = Way {
    configuration: alarms,
    body: |number| format!("{{\"n\":{}}}", number + 1),
    reached: |host| newest(host, "warning", "/data/n"),
};

/// A decoder and a model that keeps state; with `spin` also a model that never answers.
fn counting(spin: bool) -> String {
    let model = |id: &str, more: &str| {
        let component = plugin(&format!("guests/{id}.wasm")).unwrap();
        format!(
            r#"
            [[installation]]
            id = "{id}"
            component = {component:?}
            region = "430000"
            {more}
            [installation.grants]
            capabilities = ["state"]
            subscribe = [{{ domain = "test", kind = "observation" }}]
            publish = [{{ domain = "test", kind = "assessment", per_second = 1000 }}]
            "#
        )
    };
    let document = plugin("guests/document.wasm").unwrap();
    format!(
        r#"
        [[installation]]
        id = "document"
        component = {document:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "observation", per_second = 1000 }}] }}
        {}
        {}
        "#,
        model("counter", ""),
        if spin { model("spin", "limits = { cpu_ms = 500 }") } else { String::new() },
    )
}

/// A decoder of alerts that makes a warning of each on the alert lane; with `spin` also a model on that lane that never answers.
fn alarms(spin: bool, folder: &Path) -> String {
    let alarm = plugin("guests/alarm.wasm").unwrap();
    let mut text = format!(
        r#"
        [[installation]]
        id = "document"
        component = {alarm:?}
        region = "430000"
        push_token = "{TOKEN}"
        [installation.grants]
        capabilities = ["state"]
        subscribe = [{{ domain = "alarm", kind = "assessment" }}]
        publish = [{{ domain = "alarm", kind = "assessment", per_second = 1000 }}, {{ domain = "alarm", kind = "warning", per_second = 1000 }}]
        "#
    );
    if spin {
        let spinning = spinning_on_alerts(folder);
        text.push_str(&format!(
            r#"
            [[installation]]
            id = "spin"
            component = {spinning:?}
            region = "430000"
            limits = {{ cpu_ms = 500 }}
            [installation.grants]
            subscribe = [{{ domain = "alarm", kind = "assessment" }}]
            publish = [{{ domain = "test", kind = "assessment" }}]
            "#
        ));
    }
    text
}

/// The guest that spins, as one that listens on the alert lane.
fn spinning_on_alerts(folder: &Path) -> PathBuf {
    let component = std::fs::read(plugin("guests/spin.wasm").unwrap()).unwrap();
    let manifest = section::read(&component).unwrap();
    let (bulk, alert) =
        (r#"domain = "test", kind = "observation""#, r#"domain = "alarm", kind = "assessment""#);
    assert!(manifest.contains(bulk), "{manifest}");
    let listening = section::append(&stripped(&component).unwrap(), &manifest.replace(bulk, alert)).unwrap();
    let path = folder.join("spin.wasm");
    std::fs::write(&path, listening).unwrap();
    path
}

/// The highest number in the newest messages. What one batch makes is equally new, so several are looked at.
fn newest(host: &Host, kind: &str, number: &str) -> u64 {
    let newest = host.get(&format!("messages?kind={kind}&limit=64")).unwrap().body;
    let all = newest["messages"].as_array().unwrap();
    all.iter().filter_map(|message| message.pointer(number)?.as_u64()).max().unwrap_or_default()
}

fn push(host: &Host, body: &str) {
    let pushed = host.push("document", TOKEN, body.as_bytes()).unwrap();
    assert_eq!(pushed.status, 200, "{}", pushed.body);
}

fn faults(host: &Host) -> u64 {
    host.installation("spin").unwrap()["counts"]["faults"].as_u64().unwrap()
}

/// How long a push takes, and how long until what is made of it can be read: the 99th of a hundred.
fn p99(host: &Host, way: &Way, first: usize) -> [Duration; 2] {
    let mut pushed = Vec::new();
    let mut read = Vec::new();
    for number in first..first + ROUNDS {
        let began = Instant::now();
        push(host, &(way.body)(number));
        pushed.push(began.elapsed());
        eventually("what is made of it", || Ok((way.reached)(host) > number as u64)).unwrap();
        read.push(began.elapsed());
    }
    [pushed, read].map(|mut all| {
        all.sort_unstable();
        all[ROUNDS * 99 / 100]
    })
}

fn neighbours_of_one_that_spins_go_on(way: &Way) {
    const BACKLOG: usize = 80;
    let run = |spin: bool| {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::start_on_one_cpu(&(way.configuration)(spin, folder.path())).unwrap();
        for number in 0..BACKLOG {
            push(&host, &(way.body)(number));
        }
        eventually("the backlog", || Ok((way.reached)(&host) == BACKLOG as u64)).unwrap();
        if !spin {
            return p99(&host, way, BACKLOG);
        }
        eventually("it spins", || Ok(faults(&host) > 1)).unwrap();
        let before = faults(&host);
        let measured = p99(&host, way, BACKLOG);
        assert!(faults(&host) > before, "it span all the while");
        measured
    };
    let keep_theirs = || {
        let [alone, beside] = [false, true].map(run);
        println!("p99 of a push and until it is there: {alone:?} alone, {beside:?} beside one that spins");
        std::iter::zip(alone, beside).all(|(alone, beside)| beside <= 2 * alone + SLACK)
    };
    assert!((0..TRIES).any(|_| keep_theirs()), "the neighbours wait for one that spins");
}

#[test]
fn spin_on_one_cpu() {
    neighbours_of_one_that_spins_go_on(&BULK);
}

#[test]
fn spin_on_one_cpu_on_the_alert_lane() {
    neighbours_of_one_that_spins_go_on(&ALERT);
}
