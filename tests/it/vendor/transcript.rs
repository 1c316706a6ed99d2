//! `examples/ten-minutes.md`: from nothing to an adapter in the real sandbox, line by line.

use dongting_tests::host::binary;
use dongting_tests::transcript::{Shell, read};

use super::{root, target};

#[test]
fn ten_minutes_go_as_they_are_written() {
    let text = std::fs::read_to_string(root().join("examples/ten-minutes.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binary = binary().unwrap();
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    // A transcript for people names the usual port; here the system chooses a free one.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let environment = [
        ("DONGTING_LISTEN", format!("127.0.0.1:{port}")),
        ("DONGTING_URL", format!("http://127.0.0.1:{port}")),
        ("PATH", path),
        ("CARGO_TARGET_DIR", target().display().to_string()),
        ("NATS_SERVER", dongting_tests::nats::binary().display().to_string()),
        ("NO_COLOR", "1".to_owned()),
    ];
    let mut shell = Shell::new(folder.path(), &environment).unwrap();
    for step in read(&text).unwrap() {
        shell.run(&step).unwrap_or_else(|error| panic!("examples/ten-minutes.md, {error:#}"));
    }
}
