//! The virtual clock and the virtual randomness of a call: both follow from its inputs, so that it can be run
//! again bit for bit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::clocks::WasiClocksCtxView;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::{self, Instant};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// Wall clock: stands at the call's instant, in microseconds. A session's is set for each step.
#[derive(Clone)]
pub struct Standing(Arc<AtomicU64>);

impl Standing {
    pub fn at(now: Duration) -> Self {
        Self(Arc::new(AtomicU64::new(micros(now))))
    }

    pub fn set(&self, now: Duration) {
        self.0.store(micros(now), Ordering::Relaxed);
    }
}

fn micros(now: Duration) -> u64 {
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}

impl HostWallClock for Standing {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Monotonic clock: a microsecond further at each look, so that a guest that waits for it to move is not stuck.
#[derive(Clone, Default)]
pub struct Stepping(Arc<AtomicU64>);

impl Stepping {
    /// Moves on to so long after its beginning, and never back.
    pub fn to(&self, passed: Duration) {
        self.0.fetch_max(micros(passed).saturating_mul(1_000), Ordering::Relaxed);
    }
}

impl HostMonotonicClock for Stepping {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

/// The clocks as a call sees them.
pub struct Clocks<'c> {
    pub view: WasiClocksCtxView<'c>,
    /// Real time can come into it.
    pub waited: &'c mut bool,
}

impl HasData for Clocks<'static> {
    type Data<'c> = Clocks<'c>;
}

impl monotonic_clock::Host for Clocks<'_> {
    fn now(&mut self) -> wasmtime::Result<Instant> {
        monotonic_clock::Host::now(&mut self.view)
    }

    fn resolution(&mut self) -> wasmtime::Result<Instant> {
        monotonic_clock::Host::resolution(&mut self.view)
    }

    fn subscribe_instant(&mut self, when: Instant) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.now()?;
        self.subscribe_duration(when.saturating_sub(now))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        *self.waited |= duration > 0;
        self.view.subscribe_duration(duration)
    }
}

/// One stream for each of WASI's three random interfaces, from one seed.
pub fn random(seed: [u8; 32], stream: u64) -> ChaCha20Rng {
    let mut random = ChaCha20Rng::from_seed(seed);
    random.set_stream(stream);
    random
}
