//! One life of the child process.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use dongting_priority::Priority;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStderr, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// A thread that starts the children. The parent-death signal is tied to the *thread* that started a child,
/// and those of the runtime come and go.
pub struct Spawner {
    pub binary: PathBuf,
    requests: mpsc::Sender<oneshot::Sender<io::Result<Child>>>,
}

pub struct Child {
    process: tokio::process::Child,
    lines: Lines<BufReader<ChildStderr>>,
    /// The last thing it complained about: most likely why it ended.
    complaint: Option<String>,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    pub reason: String,
    pub port_in_use: bool,
}

impl Spawner {
    pub fn start(binary: PathBuf, config: PathBuf, lock: File) -> io::Result<Self> {
        let (requests, mut inbox) = mpsc::channel::<oneshot::Sender<io::Result<Child>>>(1);
        let runtime = Handle::current();
        let run = binary.clone();
        std::thread::Builder::new().name("nats-server".to_owned()).spawn(move || {
            // The children inherit it. Where that is not allowed, the host says so.
            let _ = Priority::Urgent.take();
            while let Some(answer) = inbox.blocking_recv() {
                let _context = runtime.enter();
                // Nobody waits any more when the host is being dropped; then the child is, too.
                let _ = answer.send(spawn(&run, &config, &lock));
            }
        })?;
        Ok(Self { binary, requests })
    }

    pub async fn spawn(&self) -> io::Result<Child> {
        let (answer, spawned) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts nats-server is gone");
        self.requests.send(answer).await.map_err(|_| gone())?;
        spawned.await.map_err(|_| gone())?
    }
}

fn spawn(binary: &PathBuf, config: &PathBuf, lock: &File) -> io::Result<Child> {
    let mut command = Command::new(binary);
    command
        .arg("--config")
        .arg(config)
        // nats-server reads nothing from here; what it inherits is the lock on its directory.
        .stdin(lock.try_clone()?)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Ctrl-C in a terminal goes to the whole group; the host stops the child itself, after the last
        // publish.
        .process_group(0)
        .kill_on_drop(true);
    die_with_this_thread(&mut command);
    let mut process = command.spawn()?;
    let stderr = process.stderr.take().ok_or_else(|| io::Error::other("the child has no stderr"))?;
    let lines = BufReader::new(stderr).lines();
    Ok(Child { process, lines, complaint: None })
}

#[cfg(target_os = "linux")]
#[allow(
    unsafe_code,
    reason = "the parent-death signal can only be set in the child, between fork and exec. The closure makes two system calls and allocates nothing, which is all that is sound there."
)]
fn die_with_this_thread(command: &mut Command) {
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let host = getpid();
    // SAFETY: after fork only async-signal-safe work is allowed. prctl and getppid are bare system calls, and
    // the error is made from an errno without allocating.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // The host may have died before the signal was set; then nobody would ever send it.
            if getppid() == Some(host) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_this_thread(_: &mut Command) {}

impl Child {
    /// None once it has been waited for.
    pub fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Until it listens. Its own word is taken for it: a connection would be accepted by whoever has the port.
    pub async fn ready(&mut self) -> Result<(), Ended> {
        while let Ok(Some(line)) = self.lines.next_line().await {
            if self.log(&line).ends_with("Server is ready") {
                return Ok(());
            }
        }
        Err(self.ended().await)
    }

    /// Until it is gone.
    pub async fn ended(&mut self) -> Ended {
        while let Ok(Some(line)) = self.lines.next_line().await {
            self.log(&line);
        }
        let status = match self.process.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let complaint = self.complaint.take();
        let port_in_use = complaint.as_ref().is_some_and(|said| said.contains("address already in use"));
        let reason = complaint.map_or_else(|| status.clone(), |said| format!("{said} ({status})"));
        Ended { reason, port_in_use }
    }

    pub async fn kill(&mut self) {
        if let Err(error) = self.process.kill().await {
            tracing::error!("nats-server cannot be killed: {error}");
        }
    }

    /// Into the host's log. Gives back what it says without pid and level.
    fn log<'l>(&mut self, line: &'l str) -> &'l str {
        let (level, said) = parse(line);
        match level {
            "FTL" | "ERR" => {
                self.complaint = Some(said.chars().take(512).collect());
                tracing::error!(target: "nats_server", "{said}");
            }
            // Bcrypt is for files that others may read, and takes a tenth of a second per connection.
            "WRN" if !said.starts_with("Plaintext passwords") => {
                tracing::warn!(target: "nats_server", "{said}")
            }
            _ => tracing::debug!(target: "nats_server", "{said}"),
        }
        said
    }
}

/// `[pid] [LVL] text`; other lines are text alone.
fn parse(line: &str) -> (&str, &str) {
    let levelled = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] ["))
        .and_then(|(_, rest)| rest.split_once("] "));
    levelled.unwrap_or(("", line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_child() {
        assert_eq!(parse("[18338] [INF] Server is ready"), ("INF", "Server is ready"));
        assert_eq!(parse("[1] [FTL] a [b] c"), ("FTL", "a [b] c"));
        assert_eq!(parse("goroutine 1 [running]:"), ("", "goroutine 1 [running]:"));
        assert_eq!(parse(""), ("", ""));
    }
}
