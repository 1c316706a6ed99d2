//! The real binary, started until every installation has.

use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use dongting_tests::host::Host;

/// What the host says when none is starting any more.
const READY: &str = "installations have started after";
const PATIENCE: Duration = Duration::from_secs(180);

/// A new host, and how long it took from the start of its process.
pub fn host(configuration: &str) -> Result<(Host, Duration)> {
    let began = Instant::now();
    let host = Host::start(configuration)?;
    ready(host.folder.path(), 0)?;
    Ok((host, began.elapsed()))
}

/// `kill -9`, and a new process on what it left.
pub fn again(host: &mut Host) -> Result<Duration> {
    host.stop()?;
    let log = host.folder.path().join("log");
    let read = std::fs::metadata(log)?.len();
    let began = Instant::now();
    host.kill_and_restart()?;
    ready(host.folder.path(), read)?;
    Ok(began.elapsed())
}

fn ready(folder: &Path, from: u64) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    let mut log = BufReader::new(std::fs::File::open(folder.join("log"))?);
    log.seek(SeekFrom::Start(from))?;
    let mut line = Vec::new();
    loop {
        // A line that is not whole yet is read on the next time.
        log.read_until(b'\n', &mut line)?;
        if line.ends_with(b"\n") {
            if String::from_utf8_lossy(&line).contains(READY) {
                return Ok(());
            }
            line.clear();
            continue;
        }
        if Instant::now() > end {
            bail!("the host was not ready in {} s: see {}", PATIENCE.as_secs(), folder.display());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
