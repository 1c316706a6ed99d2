//! Room in the pool of instances. Each use has its own, so that none takes what another needs.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::Component;

use crate::plugin::Plugin;

/// For instances that are kept, one for a connection.
pub const SESSIONS: u32 = 1024;
/// For calls of transforms and sinks, of which the engine above makes fewer at once.
const LANES: u32 = 128;
/// For calls that somebody waits for: documents, requests, views, checks.
const ASKED: u32 = 64;
/// For polls, which may all hang at once where a network is away.
const POLLS: u32 = 64;
/// What an installation may have of these: one whose calls take long keeps no other from its own.
pub const ASKED_OF_ONE: usize = 16;

/// Memories and tables of a place; a component that has more takes several.
pub const MEMORIES: u32 = 2;
pub const TABLES: u32 = 4;

pub const INSTANCES: u32 = SESSIONS + LANES + ASKED + POLLS;

pub struct Places {
    pub sessions: Arc<Semaphore>,
    pub lanes: Semaphore,
    pub asked: Arc<Semaphore>,
    pub polls: Arc<Semaphore>,
}

/// Room for a call that is asked for. Whoever needs the installation's turn as well waits for this first: a lane that waits for the turn does
/// not wait for what others ask for.
pub struct Room {
    _own: Option<OwnedSemaphorePermit>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Default for Places {
    fn default() -> Self {
        let places = |count| Semaphore::new(count as usize);
        let [sessions, asked, polls] = [SESSIONS, ASKED, POLLS].map(|count| Arc::new(places(count)));
        Self { sessions, lanes: places(LANES), asked, polls }
    }
}

impl Plugin {
    /// Waits for room for a call that somebody waits for.
    pub async fn asked(&self) -> Room {
        // None of these is ever closed.
        let own = Arc::clone(&self.asked).acquire_owned().await.ok();
        Room { _own: own, _place: Arc::clone(&self.places.asked).acquire_many_owned(self.weight).await.ok() }
    }

    /// Waits for room for a poll, of which a source has one.
    pub async fn polling(&self) -> Room {
        Room { _own: None, _place: Arc::clone(&self.places.polls).acquire_many_owned(self.weight).await.ok() }
    }
}

/// How many places an instance takes.
pub fn weight(component: &Component) -> u32 {
    let Some(needs) = component.resources_required() else { return LANES.min(ASKED).min(POLLS) };
    needs.num_memories.div_ceil(MEMORIES).max(needs.num_tables.div_ceil(TABLES)).max(1)
}
