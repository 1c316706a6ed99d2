//! A nats-server of its own for each test, and a client that speaks the bare protocol: what a stranger on the
//! network could say.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use dongting_bus::lane::LaneLimits;
use dongting_bus::server::ServerOptions;
use dongting_bus::{Bus, Credentials, Server};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::process::{Signal, signal};

/// No test waits longer for anything.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Child and directory go when this is dropped.
pub struct Nats {
    pub bus: Bus,
    pub server: Server,
    pub directory: TempDir,
}

impl Nats {
    pub async fn start() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let server = Server::start(&options(&directory)).await?;
        let bus = Bus::connect(&server.url(), server.credentials(), &small()).await?;
        Ok(Self { bus, server, directory })
    }

    /// With its login, as a host is told it.
    #[must_use]
    pub fn url(&self) -> String {
        let login = self.server.credentials();
        self.server.url().replacen("nats://", &format!("nats://{}:{}@", login.user, login.password), 1)
    }

    /// `kill -9`, without waiting for anything.
    pub fn kill(&self) -> Result<u32> {
        let pid = self.server.pid().context("nats-server is down already")?;
        kill(pid)?;
        Ok(pid)
    }

    /// A raw client with the host's credentials.
    pub async fn raw(&self) -> Result<Raw> {
        Raw::connect(&self.server.url(), Some(self.server.credentials())).await
    }
}

/// `nats-server`: the one that xtask names, else the one on `PATH`.
#[must_use]
pub fn binary() -> PathBuf {
    std::env::var_os("NATS_SERVER").map_or_else(|| PathBuf::from("nats-server"), PathBuf::from)
}

#[must_use]
pub fn options(directory: &TempDir) -> ServerOptions {
    ServerOptions { start_timeout: DEADLINE, ..ServerOptions::new(binary(), directory.path().join("nats")) }
}

/// Lanes that fit a test machine.
#[must_use]
pub fn small() -> LaneLimits {
    let mut limits = LaneLimits::default();
    for lane in [&mut limits.bulk, &mut limits.alert, &mut limits.command, &mut limits.dead] {
        lane.max_bytes = 256 << 20;
    }
    limits
}

pub fn kill(pid: u32) -> Result<()> {
    signal(pid, Signal::KILL)
}

/// Whether the process runs. One that nobody has waited for does not.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z') && !state.starts_with('X'))
}

/// Asks again until the answer is something.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask().await {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("not within {} s: {what}", DEADLINE.as_secs());
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// The NATS protocol by hand.
pub struct Raw {
    stream: BufReader<TcpStream>,
}

impl Raw {
    /// The server's refusal, where there is one, comes with the first [`Self::line`].
    pub async fn connect(url: &str, credentials: Option<&Credentials>) -> Result<Self> {
        let address = url.strip_prefix("nats://").context("a nats:// URL")?;
        let mut raw = Self { stream: BufReader::new(TcpStream::connect(address).await?) };
        let info = raw.line().await?;
        if !info.starts_with("INFO ") {
            bail!("no INFO but {info}");
        }
        let connect = match credentials {
            Some(Credentials { user, password }) => serde_json::json!({
                "verbose": false, "pedantic": false, "headers": true, "user": user, "pass": password,
            }),
            None => serde_json::json!({ "verbose": false, "pedantic": false, "headers": true }),
        };
        raw.send(&format!("CONNECT {connect}\r\nPING\r\n")).await?;
        Ok(raw)
    }

    pub async fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.write_all(text.as_bytes()).await?)
    }

    pub async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        timeout(DEADLINE, self.stream.read_line(&mut line)).await??;
        Ok(line.trim_end().to_owned())
    }

    /// A request to JetStream's API; its answer as JSON.
    pub async fn request(
        &mut self,
        subject: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<serde_json::Value> {
        let mut block = "NATS/1.0\r\n".to_owned();
        for (name, value) in headers {
            block.push_str(&format!("{name}: {value}\r\n"));
        }
        block.push_str("\r\n");
        let (head, total) = (block.len(), block.len() + body.len());
        self.send(&format!(
            "SUB _INBOX.answer 1\r\nUNSUB 1 1\r\nHPUB {subject} _INBOX.answer {head} {total}\r\n{block}{body}\r\n"
        ))
        .await?;
        loop {
            let line = self.line().await?;
            if line.starts_with("-ERR") {
                bail!("{line}");
            }
            let Some(rest) = line.strip_prefix("MSG ").or_else(|| line.strip_prefix("HMSG ")) else {
                continue;
            };
            let mut sizes = rest.rsplit(' ');
            let size: usize = sizes.next().context("a size")?.parse()?;
            // The headers' length stands before that of the whole.
            let head: usize =
                if line.starts_with('H') { sizes.next().context("a size")?.parse()? } else { 0 };
            let mut payload = vec![0; size + 2];
            timeout(DEADLINE, self.stream.read_exact(&mut payload)).await??;
            return Ok(serde_json::from_slice(payload.get(head..).context("a body")?)?);
        }
    }
}
