//! One call: the store's data, the limits around it, and running it to its outcome.

use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::Timestamp;
use dongting_manifest::installation::Limits;
use dongting_manifest::record::Collections;
use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::clocks::WasiClocksCtxView;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::capability::config::Config;
use crate::capability::history::History;
use crate::capability::http::{Egress, Requests};
use crate::capability::records::Records;
use crate::capability::state::State;
use crate::capability::timers::Timers;
use crate::clock::{Clocks, Standing, Stepping, random};
use crate::limiter::Limiter;
use crate::meter::{Meter, Metered};
use crate::outcome::{Fault, LogLevel, Outcome, Refusal, Unkept, Writes};
use crate::output::{Log, Stream};
use crate::reader::Readers;

/// What surrounds one call. Cheap to make: the parts are shared.
#[derive(Clone)]
pub struct Call {
    pub config: Config,
    pub limits: Limits,
    /// Where the virtual clock stands.
    pub now: Timestamp,
    /// Follows from the installation and the ids of the inputs.
    pub seed: [u8; 32],
    pub readers: Readers,
    pub egress: Egress,
}

/// Resources of WASI that a call may hold at once, and bytes of the fields of one: they lie in the host's memory, beside what `memory_mib`
/// counts.
const MAX_RESOURCES: usize = 1024;
const MAX_FIELDS_BYTES: usize = 32 * 1024;

/// The data of a call's store.
pub struct CallState {
    pub(crate) log: Log,
    pub(crate) clock: Standing,
    pub(crate) passing: Stepping,
    /// It has asked to be told when time has passed.
    waited: bool,
    pub(crate) config: Config,
    pub(crate) state: State,
    pub(crate) history: History,
    pub(crate) timers: Timers,
    pub(crate) records: Records,
    limiter: Limiter,
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    requests: Requests,
    streams: [Stream; 2],
}

impl CallState {
    /// How many resources of WASI it may hold at once.
    pub(crate) fn bound_resources(&mut self, most: usize) {
        self.table.set_max_capacity(most);
    }

    pub(crate) fn clocks(&mut self) -> Clocks<'_> {
        let view = WasiClocksCtxView { ctx: self.wasi.clocks(), table: &mut self.table };
        Clocks { view, waited: &mut self.waited }
    }

    fn writes(&mut self) -> Writes {
        Writes {
            state: self.state.take_writes(),
            timers: self.timers.take_writes(),
            records: self.records.take_writes(),
        }
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.requests, table: &mut self.table, ctx: &mut self.http }
    }
}

impl Call {
    fn state(self, collections: Arc<Collections>) -> CallState {
        let log = Log::new(self.limits.log_lines);
        let streams = [log.stream(LogLevel::Info), log.stream(LogLevel::Warn)];
        let [stdout, stderr] = streams.clone();
        let (clock, passing) = (Standing::at(self.now.since_epoch()), Stepping::default());
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout)
            .stderr(stderr)
            .wall_clock(clock.clone())
            .monotonic_clock(passing.clone())
            .secure_random(random(self.seed, 0))
            .insecure_random(random(self.seed, 1))
            .insecure_random_seed(u128::from_le_bytes(std::array::from_fn(|i| {
                self.seed.get(i).copied().unwrap_or(0)
            })))
            .max_random_size(1 << 20);
        let (mut table, mut http) = (ResourceTable::new(), WasiHttpCtx::new());
        table.set_max_capacity(MAX_RESOURCES);
        http.set_field_size_limit(MAX_FIELDS_BYTES);
        CallState {
            log,
            clock,
            passing,
            waited: false,
            state: State::new(self.readers.state, self.limits.state_kib),
            history: History::new(self.readers.history),
            timers: Timers::new(self.readers.timers, self.limits.timers),
            records: Records::new(self.readers.records, collections, self.limits.records_kib),
            limiter: Limiter::new(self.limits.memory_mib as usize * 1024 * 1024),
            wasi: wasi.build(),
            table,
            http,
            requests: Requests::new(self.egress, self.limits),
            streams,
            config: self.config,
        }
    }
}

/// Runs `body` (instantiate and call) in a fresh store under the call's limits.
pub async fn run<T>(
    engine: &wasmtime::Engine,
    call: Call,
    collections: Arc<Collections>,
    body: impl AsyncFnOnce(&mut Store<CallState>) -> Result<Result<T, Refusal>, Stopped>,
) -> Outcome<T> {
    Running::new(engine, call, collections).step(body).await
}

/// A store with the limits around it. A call makes one and drops it; a session keeps it from step to step.
pub struct Running {
    pub store: Store<CallState>,
    pub limits: Limits,
    meter: Arc<Meter>,
}

impl Running {
    pub fn new(engine: &wasmtime::Engine, call: Call, collections: Arc<Collections>) -> Self {
        let limits = call.limits;
        let cpu = cpu(limits);
        let meter = Arc::new(Meter::default());
        let mut store = Store::new(engine, call.state(collections));
        store.limiter(|state| &mut state.limiter);
        // What a guest may hand to the host at once; lists count by what they take in the host's memory.
        store.set_hostcall_fuel(limits.output_kib as usize * 1024 * 4);
        let watched = Arc::clone(&meter);
        store.epoch_deadline_callback(move |_| {
            if watched.over(cpu) {
                return Ok(UpdateDeadline::Interrupt);
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        Self { store, limits, meter }
    }

    /// Runs `body` to its outcome. After one that failed nothing else may be run in the store.
    pub async fn step<T>(
        &mut self,
        body: impl AsyncFnOnce(&mut Store<CallState>) -> Result<Result<T, Refusal>, Stopped>,
    ) -> Outcome<T> {
        let Self { store, limits, meter } = self;
        let (wall, cpu) = (Duration::from_millis(limits.wall_ms.into()), cpu(*limits));
        meter.begin();
        store.data_mut().limiter.refused = false;
        // The epoch has moved on since the last step.
        store.set_epoch_deadline(1);
        let metered = Metered::new(body(store), Arc::clone(meter));
        let ended = tokio::time::timeout(wall, metered).await;
        let refused = store.data().limiter.refused;
        let result = match ended {
            Err(_) => Err(Fault::Deadline(wall).into()),
            Ok(_) if meter.over_after(cpu) => Err(Fault::Cpu(cpu).into()),
            Ok(Err(stopped)) if refused => {
                tracing::debug!(error = %stopped.reason(), "A call stopped after its memory was refused");
                Err(Fault::Memory(limits.memory_mib).into())
            }
            Ok(Err(Stopped::Instantiate(reason))) => Err(Fault::Instantiate(reason).into()),
            Ok(Err(Stopped::Trap(reason))) => Err(Fault::Trap(reason).into()),
            Ok(Ok(answer)) => answer,
        };
        let state = store.data_mut();
        for stream in &state.streams {
            stream.finish();
        }
        let (log, log_dropped) = state.log.take();
        let writes = if result.is_ok() { state.writes() } else { Writes::default() };
        let (history, exchanges) = (state.history.batch(), state.requests.take_exchanges());
        let waited = std::mem::take(&mut state.waited);
        let unkept = match &exchanges {
            None => Some(Unkept::Answers),
            // With nothing to come before or after it, that time passes is never seen.
            Some(exchanges) => (waited && !exchanges.is_empty()).then_some(Unkept::Time),
        };
        let exchanges = exchanges.unwrap_or_default();
        Outcome { result, log, log_dropped, writes, history, exchanges, unkept, cpu: meter.used() }
    }
}

fn cpu(limits: Limits) -> Duration {
    Duration::from_millis(limits.cpu_ms.into())
}

/// Where a call was stopped by wasmtime.
pub enum Stopped {
    Instantiate(String),
    Trap(String),
}

impl Stopped {
    pub fn instantiate(error: wasmtime::Error) -> Self {
        Self::Instantiate(sentence(&error))
    }

    pub fn trap(error: wasmtime::Error) -> Self {
        Self::Trap(sentence(&error))
    }

    fn reason(&self) -> &str {
        match self {
            Self::Instantiate(reason) | Self::Trap(reason) => reason,
        }
    }
}

/// The causes in one line, without the guest's backtrace: its first line says where.
fn sentence(error: &wasmtime::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default().trim().to_owned();
        let frame = lines.map(str::trim).find(|line| line.starts_with("0:"));
        parts.push(frame.map_or_else(|| first.clone(), |frame| format!("{first} ({frame})")));
    }
    parts.reverse();
    parts.dedup();
    let mut said = parts.join("; ");
    said.truncate(said.floor_char_boundary(1000));
    said
}
