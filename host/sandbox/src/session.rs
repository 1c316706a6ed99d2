//! One connection's instance: kept from step to step in a store of its own, under the limits that a call has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use crate::bindings::dongting::session::types as wit;
use crate::bindings::exports::dongting::handover::handover;
use crate::bindings::exports::dongting::session::session;
use crate::call::{Call, Running, Stopped};
use crate::convert;
use crate::outcome::{Ending, Fault, Outcome, Refusal, Step};
use crate::plugin::{Plugin, bounded, indices};

/// Bytes that one step may send.
pub const MAX_SEND_BYTES: usize = 64 * 1024;
/// A connection's state on its way to another release.
pub const MAX_HANDOVER_BYTES: usize = 256 * 1024;
/// Resources of WASI that an instance may hold at once: they lie in the host's memory, for as long as the connection lasts.
const MAX_RESOURCES: usize = 128;
const WAKE: std::ops::RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(3600);
/// How many log lines a connection may write is counted anew after so long.
const LOG_SPAN: Duration = Duration::from_secs(60);

/// An instance that is kept.
pub struct Session {
    running: Running,
    guest: session::Guest,
    handover: Option<handover::Guest>,
    opened: Timestamp,
    /// Lines logged since an instant.
    logged: (Timestamp, u32),
    _place: Place,
}

/// Room for one instance.
pub struct Place(#[expect(dead_code, reason = "held until the instance is dropped")] OwnedSemaphorePermit);

impl Plugin {
    /// Room for one more connection; none where all that sessions may have is taken.
    pub fn place(&self) -> Option<Place> {
        Arc::clone(&self.places.sessions).try_acquire_many_owned(self.weight).ok().map(Place)
    }

    pub fn is_session(&self) -> bool {
        self.session.is_some()
    }

    /// Whether it can give a connection's state to another release, and take one.
    pub fn hands_over(&self) -> bool {
        self.handover.is_some()
    }

    /// An instance for one connection, that nothing was told yet. Randomness follows from the call's seed for all of its life.
    pub async fn open(&self, call: Call, place: Place) -> Outcome<Session> {
        let now = call.now;
        let mut running = Running::new(self.pre.engine(), call, Arc::clone(&self.collections));
        running.store.data_mut().bound_resources(MAX_RESOURCES);
        let outcome = running
            .step(async |store| {
                let instance = self.pre.instantiate_async(&mut *store).await.map_err(Stopped::instantiate)?;
                let role = indices(self.session.as_ref())?;
                let guest = role.load(&mut *store, &instance).map_err(Stopped::instantiate)?;
                let handover = self.handover.as_ref().map(|indices| indices.load(&mut *store, &instance));
                Ok(Ok((guest, handover.transpose().map_err(Stopped::instantiate)?)))
            })
            .await;
        outcome.map(|(guest, handover)| Session {
            running,
            guest,
            handover,
            opened: now,
            logged: (now, 0),
            _place: place,
        })
    }
}

/// After an outcome that is a fault nothing else may be asked of the instance.
impl Session {
    pub async fn opened(&mut self, peer: SocketAddr, now: Timestamp) -> Outcome<Step> {
        let peer = to_wit(peer);
        self.step(now, async |guest, store| guest.call_opened(store, &peer, now.as_micros()).await).await
    }

    pub async fn received(&mut self, bytes: &[u8], now: Timestamp) -> Outcome<Step> {
        self.step(now, async |guest, store| guest.call_received(store, bytes, now.as_micros()).await).await
    }

    pub async fn tick(&mut self, now: Timestamp) -> Outcome<Step> {
        self.step(now, async |guest, store| guest.call_tick(store, now.as_micros()).await).await
    }

    pub async fn closed(&mut self, ending: &Ending, now: Timestamp) -> Outcome<Step> {
        let ending = ending_to_wit(ending);
        self.step(now, async |guest, store| guest.call_closed(store, &ending, now.as_micros()).await).await
    }

    /// The connection's state for another release.
    pub async fn leave(&mut self, now: Timestamp) -> Outcome<Vec<u8>> {
        self.begin(now);
        let handover = self.handover.as_ref();
        let outcome = self
            .running
            .step(async |store| {
                let left = indices(handover)?.call_leave(&mut *store, now.as_micros()).await;
                Ok(left.map_err(Stopped::trap)?.map_err(convert::refusal).and_then(|state| {
                    if state.len() > MAX_HANDOVER_BYTES {
                        let said =
                            format!("a state of {} bytes; {MAX_HANDOVER_BYTES} are carried", state.len());
                        return Err(Refusal::Other(said));
                    }
                    Ok(state)
                }))
            })
            .await;
        self.ended(outcome)
    }

    /// Goes on with another instance's connection.
    pub async fn resume(&mut self, peer: SocketAddr, state: &[u8], now: Timestamp) -> Outcome<Step> {
        self.begin(now);
        let (peer, handover, limits) = (to_wit(peer), self.handover.as_ref(), self.running.limits);
        let outcome = self
            .running
            .step(async |store| {
                let resumed =
                    indices(handover)?.call_resume(&mut *store, &peer, state, now.as_micros()).await;
                let resumed = resumed.map_err(Stopped::trap)?.map_err(convert::refusal);
                Ok(resumed.and_then(|step| self::step(step, limits)))
            })
            .await;
        self.ended(outcome)
    }

    async fn step(
        &mut self,
        now: Timestamp,
        call: impl AsyncFnOnce(
            &session::Guest,
            &mut wasmtime::Store<crate::call::CallState>,
        ) -> wasmtime::Result<wit::Step>,
    ) -> Outcome<Step> {
        self.begin(now);
        let (guest, limits) = (&self.guest, self.running.limits);
        let outcome = self
            .running
            .step(async |store| {
                let answer = call(guest, store).await.map_err(Stopped::trap)?;
                Ok(self::step(answer, limits))
            })
            .await;
        self.ended(outcome)
    }

    /// Sets the clocks, and what may be logged.
    fn begin(&mut self, now: Timestamp) {
        if now.since(self.logged.0) >= LOG_SPAN {
            self.logged = (now, 0);
        }
        let state = self.running.store.data_mut();
        state.clock.set(now.since_epoch());
        state.passing.to(now.since(self.opened));
        state.log.allow(self.running.limits.log_lines.saturating_sub(self.logged.1));
    }

    fn ended<T>(&mut self, outcome: Outcome<T>) -> Outcome<T> {
        let lines = u32::try_from(outcome.log.len()).unwrap_or(u32::MAX);
        self.logged.1 = self.logged.1.saturating_add(lines);
        outcome
    }
}

fn step(step: wit::Step, limits: dongting_manifest::installation::Limits) -> Result<Step, Refusal> {
    let drafts = convert::drafts(step.drafts)?;
    let rejects = convert::rejects(step.rejects)?;
    bounded(&drafts, &rejects, limits)?;
    if step.send.len() > MAX_SEND_BYTES {
        let said = format!("{} bytes to send; a step may send {MAX_SEND_BYTES}", step.send.len());
        return Err(Fault::Output(said).into());
    }
    let wake = step.wake.map(|ms| Duration::from_millis(ms.into()).clamp(*WAKE.start(), *WAKE.end()));
    Ok(Step { drafts, rejects, send: step.send, wake, close: step.close })
}

fn to_wit(peer: SocketAddr) -> wit::Peer {
    wit::Peer { address: peer.ip().to_canonical().to_string(), port: peer.port() }
}

fn ending_to_wit(ending: &Ending) -> wit::Ending {
    match ending {
        Ending::Peer => wit::Ending::Peer,
        Ending::Asked => wit::Ending::Asked,
        Ending::Idle => wit::Ending::Idle,
        Ending::Stalled => wit::Ending::Stalled,
        Ending::Broken(why) => wit::Ending::Broken(convert::cut(why)),
        Ending::Replaced => wit::Ending::Replaced,
        Ending::Stopped => wit::Ending::Stopped,
    }
}
