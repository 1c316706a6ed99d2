//! A memory bomb in parts: each is below the limit, and together they are above it.

use dongting_manifest::installation::Limits;
use dongting_sandbox::Fault;

use super::{NOW, call, core_module, fault, load, message};

/// Grows its two memories by so many pages of 64 KiB and its table by so many elements, and traps where it is refused.
async fn grown(memory_mib: u32, (first, second, elements): (u32, u32, u32)) -> Result<(), Fault> {
    let component = core_module::transform(
        r#"(memory (export "memory") 1) (memory $second 1) (table $table 0 funcref)"#,
        &format!(
            "(if (i32.eq (memory.grow (i32.const {first})) (i32.const -1)) (then unreachable))
             (if (i32.eq (memory.grow $second (i32.const {second})) (i32.const -1)) (then unreachable))
             (if (i32.eq (table.grow $table (ref.null func) (i32.const {elements})) (i32.const -1))
                 (then unreachable))"
        ),
    );
    let limits = Limits { memory_mib, ..Limits::default() };
    let outcome = load(&component).apply(call(limits, NOW, 1), &[message("a")]).await;
    if outcome.result.is_ok() { Ok(()) } else { Err(fault(outcome)) }
}

#[tokio::test]
async fn two_memories() {
    // 40 MiB each.
    assert_eq!(grown(64, (640, 0, 0)).await, Ok(()));
    assert_eq!(grown(64, (0, 640, 0)).await, Ok(()));
    assert_eq!(grown(64, (640, 640, 0)).await, Err(Fault::Memory(64)));
    assert_eq!(grown(128, (640, 640, 0)).await, Ok(()));
}

#[tokio::test]
async fn a_memory_and_a_table() {
    // 576 KiB beside the 128 KiB that it begins with, and 80,000 pointers.
    assert_eq!(grown(1, (9, 0, 0)).await, Ok(()));
    assert_eq!(grown(1, (0, 0, 80_000)).await, Ok(()));
    assert_eq!(grown(1, (9, 0, 80_000)).await, Err(Fault::Memory(1)));
    assert_eq!(grown(2, (9, 0, 80_000)).await, Ok(()));
}
