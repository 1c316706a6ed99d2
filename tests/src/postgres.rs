//! A PostgreSQL cluster of its own for a test: on loopback, in a temporary directory, gone with the test.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::host::eventually;
use crate::link::Link;

const USER: &str = "dongting";
pub const PASSWORD: &str = "a-password-of-the-tests";
/// Another process may take the port between its choice and the server's start.
const ATTEMPTS: u32 = 5;

pub struct Postgres {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Postgres {
    /// A new cluster, ready to answer.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD)?;
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres:"]).arg(folder.path()))?;
        }
        let mut initdb = unprivileged(&program("initdb")?);
        initdb.args([
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            "--username",
            USER,
        ]);
        initdb.arg("--pwfile").arg(&password).arg("--pgdata").arg(data(&folder));
        run(&mut initdb)?;
        for _ in 0..ATTEMPTS {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            if let Some(child) = spawn(&folder, port)? {
                return Ok(Self { folder, port, child });
            }
        }
        bail!("PostgreSQL does not start: {}", log(&folder))
    }

    /// The cluster's one database, which is empty at first.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// By the port of somebody who passes on what is sent there.
    #[must_use]
    pub fn url_by(&self, port: u16) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres")
    }

    /// A way to it that can fall silent.
    pub fn link(&self) -> Result<Link> {
        Link::to(self.port)
    }

    /// From now on every statement is told in the log.
    pub fn log_statements(&self) -> Result<()> {
        self.run("ALTER SYSTEM SET log_statement = 'all'")?;
        self.run("SELECT pg_reload_conf()").map(drop)
    }

    /// Runs a statement; its answer.
    pub fn run(&self, statement: &str) -> Result<String> {
        let mut psql = self.psql()?;
        let output = psql.args(["--set=ON_ERROR_STOP=1", "-c", statement]).output()?;
        if !output.status.success() {
            bail!("{statement}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Nothing that writes state is committed as long as the session runs that this gives.
    pub fn hold_state(&self) -> Result<Child> {
        let wait = "CREATE OR REPLACE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$";
        let at_the_commit = "CREATE CONSTRAINT TRIGGER wait AFTER INSERT OR UPDATE ON state
                                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()";
        self.run(wait)?;
        self.run(at_the_commit)?;
        let mut session = self.psql()?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        session
            .stdin
            .as_mut()
            .context("no input")?
            .write_all(b"SELECT pg_advisory_lock(1); SELECT 'held';\n")?;
        let told = BufReader::new(session.stdout.as_mut().context("no output")?).lines();
        if told.map_while(Result::ok).any(|line| line == "held") {
            return Ok(session);
        }
        bail!("the lock cannot be had")
    }

    /// How many commits are held.
    pub fn holds(&self) -> Result<u64> {
        let waiting = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        Ok(self.run(waiting)?.parse()?)
    }

    /// A session that runs what it is told on its standard input, and ends with that.
    pub fn psql(&self) -> Result<Command> {
        let mut psql = Command::new(program("psql")?);
        psql.arg(self.url()).args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        Ok(psql)
    }

    /// What the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        log(&self.folder)
    }

    /// `kill -9`, as a crash of the machine would: nothing is written any more.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// `kill -9`, and a new server on the same data and the same port.
    pub fn restart(&mut self) -> Result<()> {
        self.kill()?;
        // The old server's sessions end by themselves, and no new one starts before the last of them has.
        eventually("PostgreSQL again", || {
            let Some(child) = spawn(&self.folder, self.port)? else { return Ok(false) };
            self.child = child;
            Ok(true)
        })
        .with_context(|| log(&self.folder))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // An immediate shutdown: the server takes its sessions along, so that the directory can go.
        let _ = Command::new("kill").arg("-QUIT").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// The server once it answers; none where it ended before.
fn spawn(folder: &TempDir, port: u16) -> Result<Option<Child>> {
    let log = OpenOptions::new().create(true).append(true).open(folder.path().join("log"))?;
    let mut command = unprivileged(&program("postgres")?);
    command.arg("-D").arg(data(folder)).arg("-p").arg(port.to_string());
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
    let mut child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    let pid = child.id().to_string();
    let mut ended = false;
    eventually("PostgreSQL", || {
        ended = child.try_wait()?.is_some();
        // The first line is the server's process, the eighth its state. After a crash it is there from the last one.
        let state = std::fs::read_to_string(data(folder).join("postmaster.pid")).unwrap_or_default();
        let mut lines = state.lines().map(str::trim);
        Ok(ended || lines.next() == Some(&pid) && lines.nth(6) == Some("ready"))
    })?;
    Ok((!ended).then_some(child))
}

/// PostgreSQL refuses to run as root. The parent-death signal is an immediate shutdown.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    // Where a test was started may be closed to that user.
    command.arg("--").arg(program).current_dir("/");
    command
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Debian keeps the server's programs away from `PATH`.
fn program(name: &str) -> Result<PathBuf> {
    let debian = Path::new("/usr/lib/postgresql/15/bin").join(name);
    if debian.exists() {
        return Ok(debian);
    }
    let output = Command::new("pg_config").arg("--bindir").output();
    let output = output.context("PostgreSQL is not installed: `apt-get install postgresql-15`")?;
    Ok(Path::new(String::from_utf8(output.stdout)?.trim()).join(name))
}

fn data(folder: &TempDir) -> PathBuf {
    folder.path().join("data")
}

fn log(folder: &TempDir) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
