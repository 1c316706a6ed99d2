//! More than a call may hand over, in drafts, in bytes, and in what it would take of the host's memory.

use dongting_manifest::installation::Limits;
use dongting_sandbox::{Applied, Fault, Outcome};
use serde_json::json;

use super::{NOW, call, core_module, fault, load, message, plugin, told};

async fn flood(limits: Limits, drafts: u32, bytes: u32, rejects: u32) -> Outcome<Applied> {
    let flood = json!({ "drafts": drafts, "bytes": bytes, "rejects": rejects });
    told(&plugin("output-flood"), limits, &flood).await
}

fn refused(outcome: Outcome<Applied>) -> String {
    match fault(outcome) {
        Fault::Output(said) => said,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn output_flood() {
    let ten = Limits { outputs: 10, ..Limits::default() };
    assert_eq!(flood(ten, 10, 1, 0).await.result.unwrap().drafts.len(), 10);
    assert_eq!(refused(flood(ten, 11, 1, 0).await), "11 drafts and rejects; a call may make 10");

    let tight = Limits { output_kib: 1024, ..Limits::default() };
    assert!(flood(tight, 2, 512 * 1024, 0).await.result.is_ok());
    let said = refused(flood(tight, 3, 512 * 1024, 0).await);
    assert_eq!(said, "1536 KiB of output; a call may make 1024 KiB");

    // What is far too much is not copied out of the guest first.
    let fault = fault(flood(tight, 1, 8 << 20, 0).await);
    assert!(
        matches!(&fault, Fault::Trap(said) if said.contains("fuel allocated for hostcalls")),
        "{fault:?}"
    );
}

/// Each would become a dead letter.
#[tokio::test]
async fn an_input_is_rejected_once() {
    assert_eq!(flood(Limits::default(), 0, 0, 1).await.result.unwrap().rejected.len(), 1);
    assert_eq!(refused(flood(Limits::default(), 0, 0, 100_000).await), "input 0 is rejected twice");
}

/// 4,000 drafts in 480 KB, all with the same body of 512 KiB: 2 GiB, were each copied.
#[tokio::test]
async fn one_body_a_thousand_times() {
    const DRAFT: u32 = 120;
    const BODY: u32 = 108;
    let component = core_module::transform(
        r#"(memory (export "memory") 17)"#,
        &format!(
            "(i32.store (i32.const 20) (i32.const 65536))
             (i32.store (i32.const 24) (i32.const 4000))
             (loop $next
                 (i32.store offset={pointer} (i32.mul (local.get $n) (i32.const {DRAFT})) (i32.const 65536))
                 (i32.store offset={length} (i32.mul (local.get $n) (i32.const {DRAFT})) (i32.const 524288))
                 (local.set $n (i32.add (local.get $n) (i32.const 1)))
                 (br_if $next (i32.lt_u (local.get $n) (i32.const 4000))))",
            pointer = 65536 + BODY,
            length = 65536 + BODY + 4,
        ),
    );
    let before = peak_kib();
    let outcome = load(&component).apply(call(Limits::default(), NOW, 1), &[message("a")]).await;
    let fault = fault(outcome);
    assert!(
        matches!(&fault, Fault::Trap(said) if said.contains("fuel allocated for hostcalls")),
        "{fault:?}"
    );
    let taken = peak_kib() - before;
    assert!(taken < 1 << 20, "{taken} KiB of the host's memory");
}

/// The most memory that this process ever had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
