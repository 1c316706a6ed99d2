//! `dongting plugin dev` with the real thing: a source file is changed, and the host behaves in the new way.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use dongting_tests::host::binary;

use super::{run, target};

/// Builds take long on a busy machine.
const DEADLINE: Duration = Duration::from_secs(600);

struct Dev {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Dev {
    /// Lines of both outputs until one holds this.
    fn until(&mut self, part: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("never came: {part}\n{}", self.seen.join("\n")),
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_change_is_built_and_takes_over_and_an_error_leaves_the_old_one() {
    let folder = target().join("dev");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    run(
        &target(),
        "dongting",
        &["plugin", "new", "rain", "--role", "decoder", "--dir", folder.to_str().unwrap()],
    );
    let mut child = Command::new(binary().unwrap())
        .args(["plugin", "dev", "--push", "samples/documents/report.csv", "--nats-server"])
        .arg(dongting_tests::nats::binary())
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (send, lines) = mpsc::channel();
    let outputs: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for output in outputs {
        let send = send.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
    }
    let mut dev = Dev { child, lines, seen: Vec::new() };

    dev.until("http://127.0.0.1:");
    dev.until("2 messages, 3 rejects");
    let report = folder.join("src/report.rs");
    let before = std::fs::read_to_string(&report).unwrap();
    let limit = "(0.0..=500.0)";
    assert!(before.contains(limit));

    // What does not compile is shown, and the release before answers on.
    std::fs::write(&report, before.replace(limit, "(0.0..=!)")).unwrap();
    dev.until("✗ the plugin does not compile");
    dev.until("the release before goes on");

    // 900 mm is taken now.
    std::fs::write(&report, before.replace(limit, "(0.0..=1000.0)")).unwrap();
    dev.until("rain changed");
    dev.until("3 messages, 2 rejects");
    let pid = dev.child.id().to_string();
    run(&folder, "kill", &["-INT", &pid]);
    dev.until("Stopped.");
    assert!(dev.child.wait().unwrap().success());
}
