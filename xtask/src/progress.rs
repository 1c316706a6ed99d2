//! Says what is going on while a step takes long, and how long it took.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Steps that end sooner than this say nothing of time.
const WORTH_TELLING: Duration = Duration::from_secs(1);
const TERMINAL_PERIOD: Duration = Duration::from_secs(1);
const LOG_PERIOD: Duration = Duration::from_secs(15);

/// Runs a step that prints nothing itself: on a terminal the elapsed seconds count up in place, in a log a line comes every
/// quarter of a minute.
pub fn counted<T>(name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let terminal = std::io::stderr().is_terminal();
    let (done, wait) = mpsc::channel::<()>();
    let shown = name.to_owned();
    let ticker = thread::spawn(move || {
        let period = if terminal { TERMINAL_PERIOD } else { LOG_PERIOD };
        while wait.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
            let seconds = start.elapsed().as_secs();
            if terminal {
                eprint!("\r\x1b[2K  {shown}: {seconds} s");
                let _ = std::io::stderr().flush();
            } else {
                eprintln!("  {shown}: {seconds} s");
            }
        }
    });
    say(name);
    let result = step();
    drop(done);
    let _ = ticker.join();
    if terminal && start.elapsed() >= TERMINAL_PERIOD {
        eprint!("\r\x1b[2K");
    }
    finish(name, start, &result);
    result
}

/// Runs a step that prints for itself, such as cargo.
pub fn shown<T>(name: &str, step: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    say(name);
    let result = step();
    finish(name, start, &result);
    result
}

/// One line to the person at the terminal.
pub fn say(line: &str) {
    eprintln!("▸ {line}");
}

/// One line that says what is wrong and what to do.
pub fn failed(line: &str) {
    eprintln!("✗ {line}");
}

fn finish<T>(name: &str, start: Instant, result: &Result<T>) {
    let elapsed = start.elapsed();
    if result.is_err() {
        eprintln!("✗ {name}: failed after {:.1} s", elapsed.as_secs_f32());
    } else if elapsed >= WORTH_TELLING {
        eprintln!("✓ {name}: {:.1} s", elapsed.as_secs_f32());
    }
}
