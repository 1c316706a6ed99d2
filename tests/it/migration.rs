//! A release that keeps what it keeps in another form: what the one before has kept is brought along, whole and once, or not at all.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use dongting_manifest::section;
use dongting_tests::database::DatabaseKind;
use dongting_tests::documents;
use dongting_tests::host::{Host, dongting, eventually, plugin};
use dongting_tests::hosts_on_both;
use dongting_tests::nats::Nats;
use dongting_tests::postgres::Postgres;
use dongting_tests::restamp::stripped;
use serde_json::Value;

const ONE: &str = "guests/form-one.wasm";
const TWO: &str = "guests/form-two.wasm";
const NAMES: [&str; 3] = ["a", "b", "c"];

hosts_on_both! {
    fn {
        an_upgrade_under_load_migrates_once_and_loses_nothing
        a_migration_that_fails_leaves_the_old_release_at_work
        killed_in_the_middle_it_is_done_or_not
        there_is_no_way_back
    }
}

fn configuration(guest: &str, settings: &str) -> String {
    let settings = if guest == ONE { String::new() } else { format!("settings = {{ {settings} }}") };
    let installation = format!(
        r#"
        id = "levels"
        region = "430000"
        {settings}
        limits.cpu_ms = 60000
        limits.wall_ms = 60000
        grants.capabilities = ["config", "state", "records", "timers"]
        "#
    );
    documents::configuration(guest, &installation).unwrap()
}

fn reload(host: &Host, configuration: &str) -> (bool, String) {
    host.configure(configuration).unwrap();
    let ran = dongting(&["reload", "--url", &host.url]).unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (ran.status.success(), said)
}

/// One more document of each name.
fn push(host: &Host, round: u64) {
    for name in NAMES {
        let body = format!("\"{name}/{round}\"");
        assert_eq!(documents::push(host, body.as_bytes()).unwrap().status, 200, "{body}");
    }
}

/// Name, count and migrations of everything that was counted.
fn counted(host: &Host) -> Vec<(String, u64, u64)> {
    let mut counted: Vec<(String, u64, u64)> = host
        .messages("assessment")
        .unwrap()
        .iter()
        .map(|message| serde_json::from_value(message["data"].clone()).unwrap())
        .collect();
    counted.sort();
    counted
}

/// Waits until each name was counted to `rounds`, each number once.
fn counts_to(host: &Host, rounds: u64) {
    let all: Vec<(String, u64)> =
        NAMES.iter().flat_map(|name| (1..=rounds).map(|n| ((*name).to_owned(), n))).collect();
    let numbers = || counted(host).into_iter().map(|(name, n, _)| (name, n)).collect::<Vec<_>>();
    eventually(&format!("{rounds} of each"), || Ok(numbers().len() >= all.len())).unwrap();
    assert_eq!(numbers(), all);
}

fn migrations(host: &Host) -> Vec<u64> {
    let mut all: Vec<u64> = counted(host).into_iter().map(|(_, _, migrations)| migrations).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn an_upgrade_under_load_migrates_once_and_loses_nothing(database: DatabaseKind) {
    let host = Host::start_on(database, &configuration(ONE, "")).unwrap();
    push(&host, 1);
    counts_to(&host, 1);
    let (upgraded, rounds) = (AtomicBool::new(false), std::sync::atomic::AtomicU64::new(1));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut after = 0;
            while after < 10 {
                push(&host, rounds.fetch_add(1, Ordering::Relaxed) + 1);
                after += u32::from(upgraded.load(Ordering::Acquire));
            }
        });
        eventually("some load", || Ok(rounds.load(Ordering::Relaxed) > 10)).unwrap();
        let (done, said) = reload(&host, &configuration(TWO, "work = 20"));
        upgraded.store(true, Ordering::Release);
        assert!(done && said.contains("levels\tchanged\tlevels@1.0.0#"), "{said}");
    });
    counts_to(&host, rounds.load(Ordering::Relaxed));
    assert_eq!(migrations(&host), [0, 1], "the new release counted on, after one migration");
    let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap();
    assert_eq!(log.matches("has brought along what `levels` keeps").count(), 1, "{log}");
    assert_eq!(host.rejects("levels").unwrap(), 0);
    assert_eq!(host.state("levels").unwrap().0, "running");
}

fn a_migration_that_fails_leaves_the_old_release_at_work(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration(ONE, "")).unwrap();
    push(&host, 1);
    counts_to(&host, 1);
    let refuses = |host: &Host, fails: &str, reason: &str| {
        let (done, said) = reload(host, &configuration(TWO, &format!("fails = \"{fails}\"")));
        assert!(!done && said.contains("levels\trefused\t"), "{said}");
        let whole = "levels 2.0.0 cannot bring what it keeps from state_version 1 to 2, and nothing of it was changed";
        assert!(said.contains(whole) && said.contains(reason), "{said}");
    };
    refuses(&host, "trap", "the plugin trapped");
    refuses(&host, "refuse", "the form of the gauges cannot be understood");
    refuses(&host, "large", "the operator can raise limits.state_kib");
    let (done, said) =
        reload(&host, &configuration(TWO, "fails = \"spin\"").replace("cpu_ms = 60000", "cpu_ms = 300"));
    assert!(!done && said.contains("used more than 300ms of CPU time"), "{said}");
    push(&host, 2);
    counts_to(&host, 2);
    assert_eq!((migrations(&host), host.state("levels").unwrap().0), (vec![0], "running".into()));
    // At a start there is no old release: it says why it cannot work, and what comes waits.
    host.kill_and_restart().unwrap();
    eventually("it is refused", || Ok(host.state("levels")?.0 == "refused")).unwrap();
    let (_, reason) = host.state("levels").unwrap();
    assert!(reason.contains("nothing of it was changed: the plugin used more than"), "{reason}");
    push(&host, 3);
    let (done, said) = reload(&host, &configuration(TWO, ""));
    assert!(done, "{said}");
    counts_to(&host, 3);
    assert_eq!(migrations(&host), [0, 1]);
}

fn killed_in_the_middle_it_is_done_or_not(database: DatabaseKind) {
    let mut host = Host::start_on(database, &configuration(ONE, "")).unwrap();
    push(&host, 1);
    counts_to(&host, 1);
    // It computes for seconds: the kill is in the middle of it.
    host.configure(&configuration(TWO, "work = 20000")).unwrap();
    for _ in 0..2 {
        let before = log(&host).matches("begins to bring along").count();
        std::thread::scope(|scope| {
            let url = host.url.clone();
            scope.spawn(move || dongting(&["reload", "--url", &url]).unwrap());
            eventually("the migration", || Ok(log(&host).matches("begins to bring along").count() > before))
                .unwrap();
            let pid = host.pid().to_string();
            std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
        });
        // Nothing of it was done: the old release counts on.
        host.configure(&configuration(ONE, "")).unwrap();
        host.kill_and_restart().unwrap();
        host.configure(&configuration(TWO, "work = 20000")).unwrap();
    }
    push(&host, 2);
    counts_to(&host, 2);
    assert_eq!(migrations(&host), [0]);
    // Killed at once after it is reported, it was done: the old release does not run any more.
    let (done, said) = reload(&host, &configuration(TWO, ""));
    assert!(done, "{said}");
    host.configure(&configuration(ONE, "")).unwrap();
    host.kill_and_restart().unwrap();
    eventually("it is refused", || Ok(host.state("levels")?.0 == "refused")).unwrap();
    host.configure(&configuration(TWO, "")).unwrap();
    host.kill_and_restart().unwrap();
    push(&host, 3);
    counts_to(&host, 3);
    assert_eq!(migrations(&host), [0, 1]);
}

fn log(host: &Host) -> String {
    std::fs::read_to_string(host.folder.path().join("log")).unwrap()
}

fn there_is_no_way_back(database: DatabaseKind) {
    // It begins with the second: there is nothing to bring along.
    let mut host = Host::start_on(database, &configuration(TWO, "fails = \"trap\"")).unwrap();
    push(&host, 1);
    counts_to(&host, 1);
    assert_eq!(migrations(&host), [0]);
    let whole = "keeps has state_version 2, and levels 1.0.0 reads 1: nothing leads back from a migration";
    let (done, said) = reload(&host, &configuration(ONE, ""));
    assert!(!done && said.contains("levels\trefused\t") && said.contains(whole), "{said}");
    assert!(said.contains("whose state_version is 3"), "it says what to do: {said}");
    push(&host, 2);
    counts_to(&host, 2);
    host.kill_and_restart().unwrap();
    eventually("it is refused", || Ok(host.state("levels")?.0 == "refused")).unwrap();
    assert!(host.state("levels").unwrap().1.contains(whole));
    let (done, said) = reload(&host, &configuration(TWO, ""));
    assert!(done, "{said}");
    push(&host, 3);
    counts_to(&host, 3);
}

#[test]
fn a_later_form_without_a_migration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let component = std::fs::read(plugin("guests/form-one.wasm").unwrap()).unwrap();
    let manifest = section::read(&component).unwrap().replace("roles =", "state_version = 2\nroles =");
    let path = folder.path().join("levels.wasm");
    std::fs::write(&path, section::append(&stripped(&component).unwrap(), &manifest).unwrap()).unwrap();
    let ran = dongting(&["plugin", "check", path.to_str().unwrap()]).unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(!ran.status.success() && said.contains("grade E"), "{said}");
    assert!(
        said.contains("state_version = 2") && said.contains("export `dongting:migration/migration"),
        "{said}"
    );
}

#[test]
fn a_check_tries_the_migration() {
    let two = plugin(TWO).unwrap();
    let checked = |settings: &str| {
        let samples = tempfile::tempdir().unwrap();
        std::fs::write(samples.path().join("settings.toml"), settings).unwrap();
        let (path, folder) = (two.to_str().unwrap(), samples.path().to_str().unwrap());
        let ran = dongting(&["plugin", "check", path, "--samples", folder, "--json"]).unwrap();
        serde_json::from_slice::<Value>(&ran.stdout).unwrap()
    };
    let verdict = |report: &Value, name: &str| {
        let checks = report["compliance"]["checks"].as_array().unwrap();
        let of = checks.iter().find(|check| check["role"] == "migration" && check["name"] == name).unwrap();
        (of["verdict"]["is"].as_str().unwrap().to_owned(), of["failures"].to_string())
    };
    let good = checked("");
    assert_eq!(verdict(&good, "nothing-kept").0, "passed", "{good}");
    assert_eq!(verdict(&good, "repeat").0, "passed", "{good}");
    let (is, why) = verdict(&checked("fails = \"trap\""), "nothing-kept");
    assert!(is == "failed" && why.contains("trapped"), "{why}");
}

fn now(host: &Host) -> String {
    host.get("health").unwrap().body["now"].as_str().unwrap().to_owned()
}

fn replay(host: &Host, from: &str, to: &str, release: Option<&Path>) -> Value {
    let mut arguments =
        vec!["replay", "--url", &host.url, "--installation", "levels", "--from", from, "--to", to, "--json"];
    let release: Option<PathBuf> = release.map(Path::to_owned);
    arguments.extend(release.iter().flat_map(|path| ["--release", path.to_str().unwrap()]));
    let ran = dongting(&arguments).unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    serde_json::from_slice(&ran.stdout).unwrap_or(Value::String(said))
}

#[test]
fn a_replay_brings_a_copy_along() {
    let host = Host::start(&configuration(ONE, "")).unwrap();
    let start = now(&host);
    push(&host, 1);
    counts_to(&host, 1);
    let middle = now(&host);
    let (done, said) = reload(&host, &configuration(TWO, ""));
    assert!(done, "{said}");
    let after = now(&host);
    push(&host, 2);
    counts_to(&host, 2);
    let end = now(&host);
    let same = |all: &Value| {
        assert!(all["calls"].as_u64() > Some(0) && all["same"] == all["calls"], "{all}");
        all["calls"].as_u64().unwrap()
    };
    // The migration is one of the calls, and comes to the same.
    let with = same(&replay(&host, &middle, &end, None));
    assert_eq!(with, same(&replay(&host, &after, &end, None)) + 1);
    // From before it: the release at work brings along what was kept then, which was nothing, and counts as the one before it did.
    let all = replay(&host, &start, &end, None);
    assert!(all["otherwise"].as_u64() > Some(0) && all["incomplete"] == 0, "{all}");
    // The old release goes on in its own form, as if there had been no upgrade.
    let one = plugin(ONE).unwrap();
    let old = replay(&host, &start, &end, Some(&one));
    let differences = old["differences"].as_array().unwrap();
    assert!(!differences.is_empty() && differences.iter().all(|one| one["what"] == "changed"), "{old}");
    // It cannot begin behind the migration.
    let refused = replay(&host, &after, &end, Some(&one)).to_string();
    assert!(
        refused.contains("kept then has state_version 2, and levels@1.0.0 reads 1")
            && refused.contains("state_version 2 or later"),
        "{refused}"
    );
}

/// The host that stood by with the new release brings along what the one that died has kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_takes_over_migrates() {
    let postgres = Postgres::start().unwrap();
    let nats = Nats::start().await.unwrap();
    let login = nats.server.credentials();
    let address = nats.server.url().strip_prefix("nats://").unwrap().to_owned();
    let nats_url = format!("nats://{}:{}@{address}", login.user, login.password);
    let database = postgres.url();
    let environment = [("DONGTING_DATABASE", database.as_str()), ("DONGTING_NATS", nats_url.as_str())];
    let state = |host: &Host| host.state("levels").unwrap().0;

    let mut first = Host::start_with(&configuration(ONE, ""), &environment).unwrap();
    eventually("the first has it", || Ok(state(&first) == "running")).unwrap();
    push(&first, 1);
    let second = Host::start_with(&configuration(TWO, ""), &environment).unwrap();
    eventually("the second stands by", || Ok(state(&second) == "standby")).unwrap();
    push(&second, 2);
    counts_to(&second, 2);
    assert_eq!(migrations(&second), [0]);
    first.stop().unwrap();
    push(&second, 3);
    counts_to(&second, 3);
    assert_eq!((migrations(&second), state(&second)), (vec![0, 1], "running".into()));
    first.kill_and_restart().unwrap();
    eventually("the first is refused", || Ok(state(&first) == "refused")).unwrap();
    push(&first, 4);
    counts_to(&second, 4);
}
