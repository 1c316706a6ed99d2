//! Room in the pool of instances. Each use has its own, so that none takes what another needs.

use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::component::Component;

/// For instances that are kept, one for a connection.
pub const SESSIONS: u32 = 1024;
/// For calls of transforms and sinks, of which the engine above makes fewer at once.
const LANES: u32 = 128;
/// For calls that are asked for: documents, requests, views, polls, checks.
const ASKED: u32 = 128;
/// What an installation may have of these: one whose calls take long keeps no other from its own.
pub const ASKED_OF_ONE: usize = 16;

/// Memories and tables of a place; a component that has more takes several.
pub const MEMORIES: u32 = 2;
pub const TABLES: u32 = 4;

pub const INSTANCES: u32 = SESSIONS + LANES + ASKED;

pub struct Places {
    pub sessions: Arc<Semaphore>,
    pub lanes: Semaphore,
    pub asked: Semaphore,
}

impl Default for Places {
    fn default() -> Self {
        let places = |count| Semaphore::new(count as usize);
        Self { sessions: Arc::new(places(SESSIONS)), lanes: places(LANES), asked: places(ASKED) }
    }
}

/// How many places an instance takes.
pub fn weight(component: &Component) -> u32 {
    let Some(needs) = component.resources_required() else { return LANES.min(ASKED) };
    needs.num_memories.div_ceil(MEMORIES).max(needs.num_tables.div_ceil(TABLES)).max(1)
}
