//! Host I/O must not be charged as CPU: a guest that waits for the host uses nothing, but its time on the wall.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dongting_manifest::installation::Limits;
use dongting_sandbox::{Applied, Call, Fault, Outcome, Read, Readers, StateReader};

use super::{NOW, call, fault, message, plugin};

/// A database that takes its time.
struct Slow(Duration);

impl StateReader for Slow {
    fn get(&self, _: &str) -> Read<'_, Option<Vec<u8>>> {
        Box::pin(async {
            tokio::time::sleep(self.0).await;
            Ok(None)
        })
    }

    fn keys(&self, _: &str, _: u32) -> Read<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

async fn waiting(limits: Limits) -> Outcome<Applied> {
    let slow = Arc::new(Slow(Duration::from_millis(30)));
    let call = Call { readers: Readers { state: Some(slow), ..Readers::default() }, ..call(limits, NOW, 1) };
    plugin("slow-host-calls").apply(call, &[message("a")]).await
}

#[tokio::test]
async fn slow_host_calls() {
    let limits = Limits { cpu_ms: 200, ..Limits::default() };
    let began = Instant::now();
    let outcome = waiting(limits).await;
    assert!(outcome.result.is_ok(), "{:?}", outcome.result);
    assert!(began.elapsed() >= Duration::from_millis(600), "it waited twenty times");
    assert!(outcome.cpu < Duration::from_millis(100), "{:?}", outcome.cpu);
}

#[tokio::test]
async fn slow_host_calls_are_ended_by_the_wall_clock() {
    let limits = Limits { wall_ms: 150, ..Limits::default() };
    assert_eq!(fault(waiting(limits).await), Fault::Deadline(Duration::from_millis(150)));
}
