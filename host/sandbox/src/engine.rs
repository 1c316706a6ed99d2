//! One wasmtime engine for the process: deterministic settings, the pooling allocator, and the epoch ticker.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dongting_priority::Priority;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::cache::Cache;
use crate::places::{INSTANCES, MEMORIES, Places, TABLES};

/// How often a running guest can be interrupted or made to yield.
const TICK: Duration = Duration::from_millis(5);
/// A component of several modules (Python's has a dozen) counts each.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
const MEMORIES_PER_COMPONENT: u32 = 8;
const TABLES_PER_COMPONENT: u32 = 24;
const MAX_MEMORY_BYTES: usize = 1 << 30;
const WASM_STACK_BYTES: usize = 512 * 1024;
/// Host functions run on the same fiber, above what the guest may use.
const FIBER_STACK_BYTES: usize = 2 * 1024 * 1024;

pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) cache: Option<Cache>,
    pub(crate) places: Arc<Places>,
}

#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// Where compiled components are kept between starts; none compiles each time.
    pub cache: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Engine(String),
    #[error("the compile cache at {path} cannot be used: {source}", path = path.display())]
    Cache { path: PathBuf, source: std::io::Error },
}

impl Sandbox {
    pub fn new(options: SandboxOptions) -> Result<Self, SandboxError> {
        let engine = Engine::new(&config()).map_err(|error| SandboxError::Engine(format!("{error:#}")))?;
        let cache = options
            .cache
            .map(|path| Cache::open(&path, &engine).map_err(|source| SandboxError::Cache { path, source }))
            .transpose()?;
        // A tokio task would be starved by a guest that spins on every worker, so the ticker has a thread of its own. It
        // holds the engine weakly and ends with it: a linked plugin may outlive this struct, and must still be interrupted.
        let weak = engine.weak();
        std::thread::Builder::new()
            .name("epoch-ticker".into())
            .spawn(move || {
                // Where that is not allowed, calls that compute for long do so a little longer.
                let _ = Priority::Clock.take();
                while let Some(engine) = weak.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    std::thread::sleep(TICK);
                }
            })
            .map_err(|error| SandboxError::Engine(format!("no thread for the epoch ticker: {error}")))?;
        Ok(Self { engine, cache, places: Arc::default() })
    }
}

fn config() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(INSTANCES)
        .total_core_instances(CORE_INSTANCES_PER_COMPONENT * INSTANCES)
        .total_stacks(INSTANCES)
        .total_memories(MEMORIES * INSTANCES)
        .total_tables(TABLES * INSTANCES)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        // The limiter sums them: a guest with several memories gets no more bytes than one with a single memory.
        .max_memories_per_module(4)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_tables_per_module(8)
        .table_elements(100_000)
        .max_component_instance_size(16 * 1024 * 1024)
        .max_core_instance_size(16 * 1024 * 1024)
        .max_memory_size(MAX_MEMORY_BYTES)
        .linear_memory_keep_resident(64 * 1024)
        .table_keep_resident(16 * 1024);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .concurrency_support(false)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .wasm_component_model(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .memory_init_cow(true)
        // A slot reserves what its memory may grow to, and a guard behind it.
        .memory_reservation(MAX_MEMORY_BYTES as u64);
    config
}
