//! A transform or sink on one lane: its durable consumer, fetched from when there is a turn, in order where the plugin asks for it.
//!
//! Order holds because a consumer of such an installation begins anew behind what was used up, whenever the host starts, the connection
//! breaks or a delivery is missing: JetStream would give the missing one after its `ack_wait`, behind later ones.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use dongting_bus::{AtWork, Consumer, ConsumerOptions, Delivery, FetchError, Start, lane};
use dongting_manifest::plugin::Ordering;
use dongting_manifest::{Lane, Timestamp};
use dongting_sandbox::Refusal;
use dongting_store::{Input, Store};
use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, broadcast, watch};

use crate::breaker::Breaker;
use crate::courtesy::Courtesy;
use crate::floor::Floor;
use crate::host::Host;
use crate::installed::{Installed, chain};
use crate::item::Item;
use crate::leases::Leases;
use crate::leaving::{self, Leaving};
use crate::parking::Parking;
use crate::permits::Permits;
use crate::publisher::Publisher;
use crate::reading::{Reading, another, options, told};
use crate::recorder::Recorder;
use crate::threads::Threads;
use crate::tidying::Tidying;
use crate::transform::Effects;
use crate::{State, backoff, outbox};

pub(crate) const BATCH: usize = 64;
/// How long a fetch waits for a message. Long, since ten thousand installations may be idle; each for a time of its own, so that they do
/// not ask anew all at once.
const FETCH: Range<u64> = 480_000..960_000;

/// What all installations share.
pub struct Shared {
    pub publisher: Publisher,
    pub store: Store,
    pub permits: Permits,
    pub recorder: Recorder,
    pub tidying: Arc<Tidying>,
    pub leases: Leases,
    /// Where requests are answered, and all is done that is not said to be elsewhere.
    pub usual: Handle,
    /// What works for all lanes but bulk.
    pub urgent: Threads,
    /// Where the calls of bulk lanes compute, and their history is read.
    pub bulk: Threads,
    /// Where those of shadows do, below that.
    pub beside: Threads,
    /// Calls of shadows at once.
    pub shadows: Semaphore,
    /// Between the lanes.
    pub courtesy: Courtesy,
    /// Streams and consumers of which JetStream has given up on a message.
    pub exhausted: broadcast::Sender<(String, String)>,
    /// Consumers that may be made at once.
    pub making: Semaphore,
    /// What all of this belongs to, once it has started.
    pub host: OnceLock<Weak<Host>>,
}

pub struct Worker {
    /// The release at work, changed by an upgrade between two batches.
    pub(crate) current: watch::Receiver<Arc<Installed>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) lane: Lane,
    pub(crate) breaker: Arc<Mutex<Breaker>>,
    pub(crate) parking: Parking,
    /// When the next timer is due, as of so many changes.
    pub(crate) next_timer: Option<(u64, Option<Timestamp>)>,
    /// Of the lease under which all this is known.
    pub(crate) epoch: Option<i64>,
    /// The batch that was committed last, while the next one is called.
    pub(crate) leaving: Leaving,
    /// Since when its batch has given way to urgent calls of the installation, where it has not committed anything since.
    pub(crate) gives_way_since: Option<Instant>,
    /// When it may publish what the call comes to that gave way.
    pub(crate) until: Option<Instant>,
    /// Inputs of a consumer that was made anew may be used up: they are looked for before a call, until a batch has none.
    pub(crate) unsure: bool,
    consumer: Option<Reading>,
    floor: Floor,
    /// Streams and consumers of which JetStream has given up on a message.
    exhausted: broadcast::Receiver<(String, String)>,
}

/// The lanes on which an installation listens.
pub fn lanes(installed: &Installed) -> BTreeSet<Lane> {
    installed.manifest.subscribe.iter().map(|topic| topic.kind.lane()).collect()
}

impl Worker {
    pub fn new(
        current: watch::Receiver<Arc<Installed>>,
        shared: Arc<Shared>,
        lane: Lane,
        breaker: Arc<Mutex<Breaker>>,
    ) -> Self {
        let (parking, floor, leaving) = (Parking::default(), Floor::default(), Leaving::default());
        let (next_timer, consumer, unsure) = (None, None, true);
        let exhausted = shared.exhausted.subscribe();
        Self {
            current,
            shared,
            lane,
            breaker,
            parking,
            next_timer,
            epoch: None,
            leaving,
            gives_way_since: None,
            until: None,
            unsure,
            consumer,
            floor,
            exhausted,
        }
    }

    /// Works until there is no release any more, and what is on its way has left.
    pub async fn run(mut self) {
        let mut releases = self.current.clone();
        let ended = async move { while releases.changed().await.is_ok() {} };
        tokio::select! {
            biased;
            () = ended => {}
            never = self.work() => match never {},
        }
        if let Err(reason) = self.leaving.ended().await {
            let installation = self.installed().id().to_owned();
            tracing::warn!(
                installation,
                reason,
                "A batch of `{installation}` did not get out before it was stopped; it is delivered again when it is enabled again"
            );
        }
    }

    async fn work(&mut self) -> Infallible {
        let mut failures = 0u32;
        loop {
            match self.step().await {
                Ok(()) => failures = 0,
                // Only another release, or what another host does meanwhile, can change that.
                Err(_) if matches!(self.installed().status.state(), State::Refused(_)) => {
                    let _ = self.leaving.ended().await;
                    let pin = Arc::clone(&self.installed().pin);
                    tokio::select! {
                        _ = self.current.changed() => {}
                        () = pin.lost() => {}
                    }
                }
                Err(reason) => {
                    // Before anything is read again. What is wrong with it is the same, or will be said again.
                    let _ = self.leaving.ended().await;
                    failures = failures.saturating_add(1);
                    // The breaker has said so itself.
                    if !self.breaker().on_trial() {
                        self.installed().failing(reason);
                    }
                    tokio::time::sleep(backoff::pause(failures, None, u64::from(failures))).await;
                }
            }
        }
    }

    /// The release as it is now.
    pub(crate) fn installed(&self) -> Arc<Installed> {
        Arc::clone(&self.current.borrow())
    }

    /// Handles what is parked and due, else fetches one batch and handles it.
    async fn step(&mut self) -> Result<(), String> {
        let paused = self.breaker().paused_until(Instant::now());
        if let Some(until) = paused {
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {}
                // Another release is a reason to try at once.
                _ = self.current.changed() => *self.breaker() = Breaker::default(),
            }
        }
        let installed = Arc::clone(&self.current.borrow_and_update());
        if installed.is_pinned() {
            let waited = installed.pin.wait().await;
            let Ok(lease) = installed.lease() else { return Ok(()) };
            let epoch = lease.map(|lease| lease.epoch);
            if waited || self.epoch != epoch {
                // Another host has worked meanwhile: its consumer, what is parked and which timer is next are read anew.
                self.epoch = epoch;
                self.consumer = None;
                self.next_timer = None;
                return Ok(());
            }
        }
        let reading = self.reading(&installed).await?;
        // Between two batches, so that neither messages nor timers hold up the others.
        if self.next_timer(&installed).await?.is_some_and(|due| due <= Timestamp::now()) {
            let waiting = AtWork::new(self.shared.publisher.bus(), &reading.ahead);
            Box::pin(leaving::beside(&waiting, self.ring())).await?;
            self.leaving.ended().await?;
        }
        let due = self.parking.take_due(Timestamp::now());
        if !due.is_empty() {
            let waiting = AtWork::new(self.shared.publisher.bus(), &reading.ahead);
            Box::pin(leaving::beside(&waiting, self.unpark(&due))).await?;
            self.leaving.ended().await?;
            self.consumer = Some(reading);
            return Ok(());
        }
        let next_due = self.next_timer(&installed).await?.into_iter().chain(self.parking.next_due()).min();
        let longest = backoff::within(FETCH, installed.id());
        let patience = next_due.map_or(longest, |due| due.since(Timestamp::now())).min(longest);
        if self.parking.is_full() {
            let waiting = AtWork::new(self.shared.publisher.bus(), &reading.ahead);
            leaving::beside(&waiting, tokio::time::sleep(patience)).await;
            self.consumer = Some(reading);
            return Ok(());
        }
        if reading.is_ready() {
            // However much there is to do, word of what was given up is not left lying.
            let stream = self.stream();
            let given_up = told(&mut self.exhausted, stream, installed.id()).now_or_never().is_some();
            return Box::pin(self.handled(&installed, reading, None, given_up)).await;
        }
        let (rings, timers) = (installed.rings(self.lane), self.next_timer.map(|(known, _)| known));
        let (stream, mut given_up, mut trouble) = (self.stream(), false, None);
        let (current, lane, exhausted) = (&mut self.current, self.lane, &mut self.exhausted);
        let leaving = &mut self.leaving;
        let enough = async {
            tokio::select! {
                () = another(current, (lane, &reading.options, rings)) => {}
                () = installed.timer_changes.differs(timers.unwrap_or_default()), if rings => {}
                // What it would be given now is for the other host.
                () = installed.pin.lost(), if installed.is_pinned() => {}
                () = told(exhausted, stream, installed.id()) => given_up = true,
                reason = leaving.trouble() => trouble = Some(reason),
            }
        };
        let first = reading.consumer.first(patience.max(Duration::from_millis(1)), enough).await;
        if let Some(reason) = trouble {
            if !installed.ordered() {
                if let Ok(Some(first)) = &first {
                    leaving::give_back(&AtWork::new(self.shared.publisher.bus(), [first])).await;
                }
                self.consumer = Some(reading);
            }
            return Err(reason);
        }
        let first = match first {
            Ok(first) => first,
            // Somebody deleted the durable: it is made again, before anything that is not used up.
            Err(FetchError::Gone(name)) => {
                return Err(format!("the consumer `{name}` was deleted; it is made again"));
            }
            Err(error) => {
                if !installed.ordered() {
                    self.consumer = Some(reading);
                }
                return Err(chain(&error));
            }
        };
        let Some(first) = first else {
            // One that has given up on a message was changed by somebody: it is made again, which gives it its own settings.
            self.consumer = Some(reading).filter(|_| !given_up);
            return Ok(());
        };
        Box::pin(self.handled(&installed, reading, Some(first), given_up)).await
    }

    /// Handles a batch, and keeps the consumer for the next one where it can.
    async fn handled(
        &mut self,
        installed: &Arc<Installed>,
        mut reading: Reading,
        first: Option<Delivery>,
        given_up: bool,
    ) -> Result<(), String> {
        let handled = self.batch(&mut reading, first).await;
        if handled.is_ok() && self.floor.is_due(Instant::now()) {
            self.reconcile(installed, &reading.consumer).await?;
        }
        if !given_up && (handled.is_ok() || !installed.ordered()) {
            self.consumer = Some(reading);
        }
        handled
    }

    /// Fetches a batch, or the rest of it, when it is its turn, and handles it.
    async fn batch(&mut self, reading: &mut Reading, first: Option<Delivery>) -> Result<(), String> {
        let installed = self.installed();
        let bus = self.shared.publisher.bus().clone();
        let waiting = AtWork::new(&bus, first.iter().chain(&reading.ahead));
        let shared = Arc::clone(&self.shared);
        let turn = async {
            let permit = shared.permits.acquire(installed.caller(self.lane)).await;
            if self.lane == Lane::Bulk {
                shared.courtesy.step_aside().await;
            }
            permit
        };
        let permit = leaving::beside(&waiting, turn).await;
        let mut deliveries = reading.batch(first, BATCH).await;
        let complete = !installed.ordered() || reading.count(&mut deliveries);
        let at_work = AtWork::new(&bus, &deliveries);
        // Where no other host works for it, nobody else would have them.
        let ahead = installed.fenced() && !installed.is_sink() && !self.parking.is_full();
        let work = leaving::beside(&at_work, self.taken(deliveries));
        let handled = if ahead { reading.beside(BATCH, work).await } else { work.await };
        if handled.is_err() && !installed.ordered() {
            leaving::give_back(&at_work).await;
            reading.give_back();
        }
        handled?;
        drop(permit);
        if !complete {
            return Err("a delivery was lost on the way; its lane is read again".to_owned());
        }
        // Where more waits, it is called while this is on its way out.
        if reading.is_ready() { Ok(()) } else { self.leaving.ended().await }
    }

    /// Handles deliveries in the release that is enabled by now.
    async fn taken(&mut self, deliveries: Vec<Delivery>) -> Result<(), String> {
        let at_work = self.in_turn().await?;
        // Only now: a bulk batch that steps aside may have had the turn.
        let _urgent = (self.lane != Lane::Bulk).then(|| self.shared.courtesy.urgent());
        self.handle(at_work, deliveries).await
    }

    /// One call of its role; none where it gave way to an urgent one. What a plugin computes for a bulk lane is computed below all else; nothing
    /// but that: a commit that waits for a core would have the database meanwhile, and an alert would wait behind it.
    pub(crate) async fn called(
        &self,
        installed: &Arc<Installed>,
        items: Vec<Item>,
    ) -> Result<(Vec<Item>, Option<Result<Effects, Refusal>>), String> {
        // A sink writes down its attempts; and it computes little.
        if self.lane == Lane::Bulk && installed.is_sink() {
            let ran = installed.run(&self.shared, &items).await?;
            return Ok((items, Some(ran)));
        }
        let (brief, wanted) = (&installed.brief, self.wanted(installed));
        let enough = self.has_given_way();
        let (installed, shared) = (Arc::clone(installed), Arc::clone(&self.shared));
        let call = async move {
            let ran = tokio::select! {
                biased;
                () = wanted, if !enough => None,
                ran = installed.run(&shared, &items) => Some(ran?),
            };
            Ok::<_, String>((items, ran))
        };
        let called = self.shared.compute(self.lane, brief, call).await;
        called.unwrap_or_else(|| Err("the call was interrupted; the batch is taken again".to_owned()))
    }

    async fn unpark(&mut self, partitions: &[String]) -> Result<(), String> {
        let permits = self.shared.permits.clone();
        let _permit = permits.acquire(self.installed().caller(self.lane)).await;
        let at_work = self.in_turn().await?;
        let installed = Arc::clone(&at_work.installed);
        let rows = self.shared.store.parked(installed.id(), self.stream(), partitions, BATCH as u32).await;
        let items = rows.map_err(|error| chain(&error))?.into_iter().map(Item::parked).collect();
        let handled = self.process(at_work, items).await;
        self.load_parking(&installed).await?;
        handled
    }

    pub(crate) async fn load_parking(&mut self, installed: &Installed) -> Result<(), String> {
        let loaded = Parking::load(&self.shared.store, installed.id(), self.stream()).await;
        self.parking = loaded.map_err(|error| chain(&error))?;
        Ok(())
    }

    /// The consumer as the release wants it. Where there is order, one that is not the one read last begins anew.
    async fn reading(&mut self, installed: &Arc<Installed>) -> Result<Reading, String> {
        let options = options(installed, self.lane);
        if let Some(reading) = self.consumer.take()
            && reading.options == options
        {
            return Ok(reading);
        }
        Box::pin(self.made(installed, options)).await
    }

    /// The consumer, made or changed. So many at once that each has its answers in time.
    async fn made(&mut self, installed: &Installed, mut options: ConsumerOptions) -> Result<Reading, String> {
        let shared = Arc::clone(&self.shared);
        // Whoever begins here, or has taken over from another host, must read what is kept: said now, and not with the first message.
        drop(self.in_turn().await?);
        // The semaphore is never closed.
        let _making = shared.making.acquire().await;
        // Whatever was committed and not published goes first.
        outbox::drain(installed, &self.shared).await?;
        let bus = shared.publisher.bus();
        let wanted = options.clone();
        if installed.ordered()
            && let Some(floor) = bus.consumer_floor(installed.id(), self.lane).await.map_err(|e| chain(&e))?
        {
            self.raise_floor(installed, floor + 1).await?;
            bus.delete_consumer(installed.id(), self.lane).await.map_err(|error| chain(&error))?;
        }
        if installed.fenced() {
            options.start = self.stored_floor(installed).await?.map_or(Start::All, Start::At);
        }
        let consumer = bus.consumer(&options).await.map_err(|error| chain(&error))?;
        // Also where there is no order: a release that had one may have parked some.
        self.load_parking(installed).await?;
        if installed.status.state() == State::Starting {
            installed.status.set(State::Running);
        }
        self.unsure = true;
        Ok(Reading::new(bus.clone(), consumer, wanted, installed.ordered()))
    }

    /// Sees that the consumer is still what it was made, and forgets the inputs that will not be delivered again. One that somebody has
    /// changed is an error, and so made again with its own settings. What JetStream has given up on meanwhile does not come again by that:
    /// see `exhausted.rs`.
    async fn reconcile(&mut self, installed: &Installed, consumer: &Consumer) -> Result<(), String> {
        let told = consumer.ack_floor().await.map_err(|error| chain(&error))?;
        match self.floor.tell(Instant::now(), told) {
            Some(sequence) if installed.fenced() => self.raise_floor(installed, sequence).await,
            _ => Ok(()),
        }
    }

    async fn raise_floor(&self, installed: &Installed, sequence: u64) -> Result<(), String> {
        let stream_created = self.stream_created().await?;
        let floor = Input { stream: self.stream().to_owned(), stream_created, sequence };
        self.shared.store.raise_floor(installed.id(), &floor).await.map_err(|error| chain(&error))
    }

    async fn stored_floor(&self, installed: &Installed) -> Result<Option<u64>, String> {
        let created = self.stream_created().await?;
        let floor = self.shared.store.floor(installed.id(), self.stream(), created).await;
        floor.map_err(|error| chain(&error))
    }

    async fn stream_created(&self) -> Result<Timestamp, String> {
        Ok(self.shared.publisher.bus().lane(self.lane).await.map_err(|error| chain(&error))?.created)
    }

    fn stream(&self) -> &'static str {
        lane::stream(self.lane)
    }

    pub(crate) fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Installed {
    pub fn ordered(&self) -> bool {
        self.manifest.ordering == Ordering::Partition
    }

    /// Whether each input's use is written down, so that none has its effect twice.
    pub fn fenced(&self) -> bool {
        self.stateful || self.ordered() || self.is_sink()
    }
}
