//! Processes: signals to them, and what they use, as the kernel counts it.

use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, kill_process};

pub use rustix::process::Signal;

/// What `/proc` counts in, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

/// Bytes of its memory that are in RAM.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// CPU time of all its threads since it started, in user and kernel mode.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything.
    let (_, fields) = stat.rsplit_once(") ").context("no name")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<_, _>>()?;
    Ok(TICK * u32::try_from(ticks)?)
}

pub fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(i32::try_from(pid)?).context("no pid")?;
    kill_process(pid, signal).with_context(|| format!("{signal:?} to the process {pid:?}"))
}
