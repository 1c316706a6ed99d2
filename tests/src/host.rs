//! The real binary, run by a test: started, asked over HTTP, killed, started again on what it left.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use dongting_store::Database;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde_json::Value;
use tempfile::TempDir;

use crate::database::DatabaseKind;
use crate::postgres::Postgres;

/// No test waits longer for anything.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Lines of its log that a failing test tells.
const TOLD: usize = 40;

pub struct Host {
    pub folder: TempDir,
    pub url: String,
    child: Child,
    environment: Vec<(String, String)>,
    /// The server that has its database, where that is of its own.
    postgres: Option<Postgres>,
}

/// An HTTP answer.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Host {
    /// `configuration` is the text of dongting.toml.
    pub fn start(configuration: &str) -> Result<Self> {
        Self::start_with(configuration, &[])
    }

    /// With these variables in its environment, also after a restart.
    pub fn start_with(configuration: &str, environment: &[(&str, &str)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("dongting.toml"), for_development(configuration))?;
        let environment: Vec<(String, String)> =
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (child, url) = spawn(folder.path(), &environment)?;
        Ok(Self { folder, url, child, environment, postgres: None })
    }

    /// With a database of this kind.
    pub fn start_on(database: DatabaseKind, configuration: &str) -> Result<Self> {
        Self::start_on_with(database, configuration, &[])
    }

    /// With a database of this kind, and these variables in its environment besides.
    pub fn start_on_with(
        database: DatabaseKind,
        configuration: &str,
        environment: &[(&str, &str)],
    ) -> Result<Self> {
        match database {
            DatabaseKind::Sqlite => Self::start_with(configuration, environment),
            DatabaseKind::Postgres => {
                let postgres = Postgres::start()?;
                let url = postgres.url();
                let environment = [environment, &[("DONGTING_DATABASE", &*url)]].concat();
                let mut host = Self::start_with(configuration, &environment)?;
                host.postgres = Some(postgres);
                Ok(host)
            }
        }
    }

    /// The database of one that was started with its kind, or with none.
    pub fn database(&self) -> Result<Database> {
        match &self.postgres {
            Some(postgres) => Ok(postgres.url().parse()?),
            None => Ok(Database::Sqlite(self.folder.path().join("data/dongting.db"))),
        }
    }

    /// Another text of dongting.toml, for the next start or reload.
    pub fn configure(&self, configuration: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.path().join("dongting.toml"), for_development(configuration))?)
    }

    /// The host and its nats-server on one CPU between them.
    pub fn start_on_one_cpu(configuration: &str) -> Result<Self> {
        on_one_cpu(|| Self::start(configuration))
    }

    /// `kill -9`, and a new process on the same data.
    pub fn kill_and_restart(&mut self) -> Result<()> {
        self.stop()?;
        let (child, url) = spawn(self.folder.path(), &self.environment)?;
        self.child = child;
        self.url = url;
        Ok(())
    }

    /// `kill -9`.
    pub fn stop(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The nats-server that this host supervises.
    pub fn nats_pid(&self) -> Result<u32> {
        let children = format!("/proc/{0}/task", self.pid());
        for task in std::fs::read_dir(children)? {
            let listed = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
            for pid in listed.split_whitespace() {
                let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                if name.trim() == "nats-server" {
                    return Ok(pid.parse()?);
                }
            }
        }
        bail!("the host has no nats-server child")
    }

    pub fn get(&self, path: &str) -> Result<Answer> {
        answer(agent().get(format!("{}api/v1/{path}", self.url)).call()?)
    }

    pub fn push(&self, installation: &str, token: &str, body: &[u8]) -> Result<Answer> {
        deliver(&self.url, (installation, token), body)
    }

    /// What a service answers.
    pub fn ask(&self, service: &str, token: &str, method: &str, body: &str) -> Result<String> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}api/v1/services/{service}/any", self.url))
            .header("authorization", format!("Bearer {token}"))
            .body(body.to_owned())?;
        let mut answer = agent().run(request)?;
        let (status, text) = (answer.status(), answer.body_mut().read_to_string()?);
        if status.is_success() { Ok(text) } else { bail!("{status}: {text}") }
    }

    pub fn act(&self, path: &str, body: &Value) -> Result<Answer> {
        let request =
            agent().post(format!("{}api/v1/{path}", self.url)).header("content-type", "application/json");
        answer(request.send(body.to_string())?)
    }

    /// The newest messages of a kind.
    pub fn messages(&self, kind: &str) -> Result<Vec<Value>> {
        let found = self.get(&format!("messages?kind={kind}&limit=1000"))?.body;
        Ok(found.get("messages").and_then(Value::as_array).cloned().unwrap_or_default())
    }

    /// What the API says of an installation.
    pub fn installation(&self, id: &str) -> Result<Value> {
        let Answer { status, body } = self.get(&format!("installations/{id}"))?;
        if status == 200 { Ok(body) } else { bail!("not there: {body}") }
    }

    /// How many dead letters an installation has made.
    pub fn rejects(&self, id: &str) -> Result<u64> {
        self.installation(id)?.pointer("/counts/rejects").and_then(Value::as_u64).context("no count")
    }

    /// An installation's state and the reason for it.
    pub fn state(&self, id: &str) -> Result<(String, String)> {
        let one = self.installation(id)?;
        let text = |name| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((text("state"), text("reason")))
    }
}

/// What the tests enable are mostly files that nobody signed. One that says something of trust itself stays as it is.
fn for_development(configuration: &str) -> String {
    if configuration.contains("[trust]") {
        return configuration.to_owned();
    }
    format!("{configuration}\n[trust]\nallow_unsigned = true\n")
}

impl Drop for Host {
    #[allow(clippy::print_stderr, reason = "a failing test tells it")]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let from = log.lines().count().saturating_sub(TOLD);
            let told: Vec<&str> = log.lines().skip(from).collect();
            eprintln!("The host said last:\n{}", told.join("\n"));
        }
    }
}

/// Delivers a document to the host at this address.
pub fn deliver(url: &str, (installation, token): (&str, &str), body: &[u8]) -> Result<Answer> {
    let request = agent()
        .post(format!("{url}api/v1/push/{installation}"))
        .header("authorization", format!("Bearer {token}"));
    answer(request.send(body)?)
}

/// Asks again and again until it holds. The pause is between questions, not instead of an answer.
pub fn eventually(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + DEADLINE;
    loop {
        let last = holds();
        if matches!(last, Ok(true)) {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("never came: {what} ({last:?})");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `dongting` with these arguments, to its end.
pub fn dongting(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(binary()?).args(arguments).stdin(Stdio::null()).output()?)
}

/// The built binary, as `cargo xtask test` names it.
pub fn binary() -> Result<PathBuf> {
    named("DONGTING_BIN", "release/dongting")
}

/// A built plugin: `earthquake.wasm`, `guests/trap.wasm`.
pub fn plugin(name: &str) -> Result<PathBuf> {
    Ok(named("DONGTING_PLUGINS", "plugins")?.join(name))
}

pub fn boundaries() -> Result<PathBuf> {
    named("DONGTING_BOUNDARIES", "boundaries/hunan.topojson")
}

fn named(variable: &str, below_target: &str) -> Result<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let path = std::env::var_os(variable).map_or_else(|| target.join(below_target), PathBuf::from);
    if !path.exists() {
        bail!("{} is not there: run the tests with `cargo xtask test`", path.display());
    }
    Ok(path.canonicalize()?)
}

/// `dongting serve` on a folder.
pub fn serve(folder: &Path, listen: &str) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command.arg("serve").arg("--data").arg(folder.join("data"));
    command.arg("--config").arg(folder.join("dongting.toml"));
    command.args(["--listen", listen]).env("NATS_SERVER", crate::nats::binary());
    Ok(command)
}

fn spawn(folder: &Path, environment: &[(String, String)]) -> Result<(Child, String)> {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    let mut command = serve(folder, "127.0.0.1:0")?;
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?;
    let out = child.stdout.take().context("no standard output")?;
    let mut first = String::new();
    BufReader::new(out).read_line(&mut first)?;
    if first.trim().is_empty() {
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        bail!("the host ended before it was ready: {log}");
    }
    Ok((child, first.trim().to_owned()))
}

/// With this thread on one CPU, which what it starts inherits.
fn on_one_cpu<T>(start: impl FnOnce() -> Result<T>) -> Result<T> {
    let all = sched_getaffinity(None)?;
    let first = (0..CpuSet::MAX_CPU).find(|cpu| all.is_set(*cpu)).context("no CPU")?;
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one)?;
    let started = start();
    sched_setaffinity(None, &all)?;
    started
}

/// With a time limit for each of its steps: for one of all of them it would look addresses up in a thread of its own, which under load may
/// be late by milliseconds that are not the host's.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(DEADLINE))
        .timeout_send_request(Some(DEADLINE))
        .timeout_send_body(Some(DEADLINE))
        .timeout_recv_response(Some(DEADLINE))
        .timeout_recv_body(Some(DEADLINE))
        .build()
        .new_agent()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let text = response.body_mut().with_config().limit(64 << 20).read_to_string()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, body })
}
