//! The virtual clock and the virtual randomness of a call: both follow from its inputs, so that it can be run
//! again bit for bit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chacha20::ChaCha20Rng;
use chacha20::rand_core::SeedableRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// Wall clock: stands at the call's instant.
pub struct Standing(pub Duration);

impl HostWallClock for Standing {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        self.0
    }
}

/// Monotonic clock: a microsecond further at each look, so that a guest that waits for it to move is not stuck.
#[derive(Clone, Default)]
pub struct Stepping(Arc<AtomicU64>);

impl HostMonotonicClock for Stepping {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

/// One stream for each of WASI's three random interfaces, from one seed.
pub fn random(seed: [u8; 32], stream: u64) -> ChaCha20Rng {
    let mut random = ChaCha20Rng::from_seed(seed);
    random.set_stream(stream);
    random
}
