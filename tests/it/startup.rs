//! What keeps a host from starting, or an installation from running, is said in one sentence. And how the threads of one that started are
//! scheduled.

use dongting_priority::Priority;
use dongting_tests::documents;
use dongting_tests::host::{Host, eventually, plugin, serve};

fn refused(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn two_hosts_on_one_data_directory() {
    let host = Host::start("").unwrap();
    let said = refused(serve(host.folder.path(), "127.0.0.1:0").unwrap());
    assert!(said.contains("another dongting runs on the data directory"), "{said}");
    assert_eq!(host.get("health").unwrap().status, 200);
}

#[test]
fn two_hosts_on_one_port() {
    let host = Host::start("").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dongting.toml"), "").unwrap();
    let taken = host.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let said = refused(serve(folder.path(), &taken).unwrap());
    assert!(said.contains("is in use: stop what listens there"), "{said}");
}

#[test]
fn a_data_directory_from_a_newer_version() {
    let mut host = Host::start("").unwrap();
    host.stop().unwrap();
    let mark = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); \
        d.execute(\"INSERT INTO _sqlx_migrations VALUES (9999, 'later', '2030-01-01', 1, x'00', 0)\"); d.commit()";
    let database = host.folder.path().join("data/dongting.db");
    let marked = std::process::Command::new("python3").arg("-c").arg(mark).arg(&database).status().unwrap();
    assert!(marked.success());
    let said = refused(serve(host.folder.path(), "127.0.0.1:0").unwrap());
    assert!(said.contains("written by a newer version of dongting"), "{said}");
}

#[test]
fn an_installation_that_is_not_granted_what_it_asks_for() {
    let component = plugin("guests/counter.wasm").unwrap();
    let configuration = format!(
        "[[installation]]\nid = \"greedy\"\ncomponent = {component:?}\nregion = \"430000\"\n\
         [[installation]]\nid = \"missing\"\ncomponent = \"nowhere.wasm\"\nregion = \"430000\"\n"
    );
    let host = Host::start(&configuration).unwrap();
    let (state, reason) = host.state("greedy").unwrap();
    assert_eq!(state, "refused");
    assert!(reason.contains("capability `state`, which is not granted"), "{reason}");
    let (state, reason) = host.state("missing").unwrap();
    assert_eq!(state, "refused");
    assert!(reason.contains("nowhere.wasm cannot be read"), "{reason}");
    assert_eq!(host.get("health").unwrap().body["status"], "degraded");
}

#[test]
fn a_configuration_that_is_not_understood() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("dongting.toml"), "[[installations]]\nid = 1\n").unwrap();
    let said = refused(serve(folder.path(), "127.0.0.1:0").unwrap());
    assert!(said.contains("dongting.toml is not understood"), "{said}");
}

/// Of each of a process's threads its name, its scheduling policy and its nice value. Policy 2 is `SCHED_RR`, 0 the usual one (sched(7)).
fn scheduled(pid: u32) -> Vec<(String, String, String)> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    // One may end meanwhile.
    let stats = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("stat")).ok());
    stats
        .map(|stat| {
            let (_, named) = stat.split_once('(').unwrap();
            let (name, rest) = named.rsplit_once(')').unwrap();
            let fields: Vec<&str> = rest.split_whitespace().collect();
            // Fields 41 and 19 of proc_pid_stat(5), of which the first here is the third.
            (name.to_owned(), fields[38].to_owned(), fields[16].to_owned())
        })
        .collect()
}

#[test]
fn what_an_alert_waits_for_is_real_time_and_nothing_else_is() {
    // A component is compiled, on threads that whoever asks for it starts.
    let echo = documents::configuration("guests/echo.wasm", "id = \"echo\"\nregion = \"430000\"").unwrap();
    let host = Host::start(&echo).unwrap();
    eventually("it is compiled", || Ok(host.state("echo")?.0 == "running")).unwrap();
    let permitted = std::thread::spawn(|| Priority::Clock.take().is_ok()).join().unwrap();
    let real_time = if permitted { "2" } else { "0" };
    let threads = scheduled(host.pid());
    let of = |wanted: &str| {
        let found: Vec<_> = threads.iter().filter(|(name, ..)| name == wanted).collect();
        assert!(!found.is_empty(), "no thread is named {wanted}: {threads:?}");
        found
    };
    for name in ["urgent", "epoch-ticker"] {
        assert!(of(name).iter().all(|(_, policy, _)| policy == real_time), "{name}: {threads:?}");
    }
    // One writes what is committed, the other the history.
    let writers = of("sqlite-writer");
    assert!(writers.iter().any(|(_, policy, nice)| policy == real_time && nice == "0"), "{threads:?}");
    assert!(writers.iter().any(|(_, policy, nice)| policy == "0" && nice == "5"), "{threads:?}");
    assert!(of("bulk").iter().all(|(_, policy, nice)| policy == "0" && nice == "10"), "{threads:?}");
    assert!(of("beside").iter().all(|(_, policy, nice)| policy == "0" && nice == "19"), "{threads:?}");
    assert!(
        of("tokio-rt-worker").iter().all(|(_, policy, nice)| policy == "0" && nice == "0"),
        "{threads:?}"
    );
    // The last of them only starts the nats-server.
    let urgent = ["urgent", "epoch-ticker", "sqlite-writer", "nats-server"];
    assert!(
        threads.iter().all(|(name, policy, _)| policy == "0" || urgent.contains(&&**name)),
        "{threads:?}"
    );
    let server = scheduled(host.nats_pid().unwrap());
    assert!(server.iter().all(|(_, policy, _)| policy == real_time), "{server:?}");
}
