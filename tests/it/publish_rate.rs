//! A grant names how much may be published: an average over a minute, and what is faster waits, reloaded or not.

use std::time::{Duration, Instant};

use dongting_tests::documents::{self, TOKEN};
use dongting_tests::host::{Host, dongting, eventually};

#[test]
fn publish_rate() {
    let began = Instant::now();
    let grants = r#"publish = [{ domain = "test", kind = "observation", per_second = 1 }]"#;
    let configuration = |every_seconds: u32| {
        let asked = documents::asked("document", "guests/document.wasm", grants).unwrap();
        asked.replacen("push_token", &format!("every_seconds = {every_seconds}\npush_token"), 1)
    };
    let host = Host::start(&configuration(60)).unwrap();
    // A minute's worth comes at once, and each one more when its second has come. A change of something else brings no other minute.
    for number in 0..64 {
        if number == 60 {
            host.configure(&configuration(61)).unwrap();
            let ran = dongting(&["reload", "--url", &host.url]).unwrap();
            assert!(ran.stdout.starts_with(b"document\tchanged"), "{ran:?}");
        }
        let pushed = host.push("document", TOKEN, number.to_string().as_bytes()).unwrap();
        assert_eq!(pushed.status, 200, "{}", pushed.body);
    }
    assert!(began.elapsed() >= Duration::from_secs(4), "{:?}", began.elapsed());
    eventually("all of them", || Ok(host.messages("observation")?.len() == 64)).unwrap();
    let waiting = std::thread::scope(|threads| {
        let push = threads.spawn(|| host.push("document", TOKEN, b"one more"));
        let said = eventually("the operator is told", || {
            Ok(host.state("document")?.1.contains("more `test observation` than the 1 a second"))
        });
        push.join().unwrap().unwrap();
        said
    });
    waiting.unwrap();
}
