//! wasmtime as a minimal host would use it: the same pool, a fresh store and instance for each call, and none of the sandbox's
//! limits, metering, checks and conversions.

use anyhow::{Result, anyhow};
use wasmtime::component::{Component, HasSelf, Instance, InstancePre, Linker, ResourceTable};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, bail, format_err,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::{Answer, sample};
use bindings::dongting::{config::config, log::log, message::types};
use bindings::exports::dongting::{decoder::decoder, transform::transform};
pub use start::start;

mod start;

mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package dongting:bench@0.1.0;
            world bench {
                import dongting:message/types@0.1.0;
                import dongting:log/log@0.1.0;
                import dongting:config/config@0.1.0;
                export dongting:decoder/decoder@0.1.0;
                export dongting:transform/transform@0.1.0;
            }
        ",
        path: "../wit",
        world: "dongting:bench/bench",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

const MEMORY_BYTES: usize = 1 << 30;

pub struct Host {
    engine: Engine,
    echo: InstancePre<State>,
    transform: transform::GuestIndices,
    adapter: InstancePre<State>,
    decoder: decoder::GuestIndices,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    http: WasiHttpCtx,
    requests: NoRequests,
}

/// The adapter makes requests as a source; as a decoder it makes none.
struct NoRequests;

impl Host {
    pub fn new(echo: &[u8], adapter: &[u8]) -> Result<Self> {
        Self::linked(echo, adapter).map_err(plain)
    }

    pub async fn instantiate(&self) -> Result<Answer> {
        self.fresh(&self.echo).await.map_err(plain)?;
        Ok(Answer { bodies: Vec::new() })
    }

    pub async fn apply(&self, batch: &[types::Message]) -> Result<Answer> {
        self.applied(batch).await.map_err(plain)
    }

    pub async fn decode(&self, feed: &[u8]) -> Result<Answer> {
        self.decoded(feed).await.map_err(plain)
    }

    fn linked(echo: &[u8], adapter: &[u8]) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let linked = |bytes: &[u8]| {
            let component = Component::new(&engine, bytes)?;
            let mut linker = Linker::new(&engine);
            wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
            config::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
            log::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
            wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
            linker.instantiate_pre(&component)
        };
        let (echo, adapter) = (linked(echo)?, linked(adapter)?);
        let transform = transform::GuestIndices::new(&echo)?;
        let decoder = decoder::GuestIndices::new(&adapter)?;
        Ok(Self { engine, echo, transform, adapter, decoder })
    }

    async fn applied(&self, batch: &[types::Message]) -> wasmtime::Result<Answer> {
        let (mut store, instance) = self.fresh(&self.echo).await?;
        let guest = self.transform.load(&mut store, &instance)?;
        let answer = guest.call_apply(&mut store, batch).await?;
        let applied = answer.map_err(|error| format_err!("{error:?}"))?;
        if !applied.rejected.is_empty() {
            bail!("the raw side rejected an event");
        }
        Ok(Answer { bodies: applied.drafts.into_iter().map(|draft| draft.body).collect() })
    }

    async fn decoded(&self, feed: &[u8]) -> wasmtime::Result<Answer> {
        let document = decoder::Document {
            transport: "http".to_owned(),
            name: None,
            content_type: Some("application/json".to_owned()),
            received: sample::NOW,
            body: feed.to_vec(),
        };
        let (mut store, instance) = self.fresh(&self.adapter).await?;
        let guest = self.decoder.load(&mut store, &instance)?;
        let answer = guest.call_decode(&mut store, &document).await?;
        let decoded = answer.map_err(|error| format_err!("{error:?}"))?;
        Ok(Answer { bodies: decoded.drafts.into_iter().map(|draft| draft.body).collect() })
    }

    async fn fresh(&self, pre: &InstancePre<State>) -> wasmtime::Result<(Store<State>, Instance)> {
        let state = State {
            wasi: WasiCtx::builder().build(),
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            requests: NoRequests,
        };
        let mut store = Store::new(&self.engine, state);
        // Nothing ticks here; the checks are compiled in and never fire.
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = pre.instantiate_async(&mut store).await?;
        Ok((store, instance))
    }
}

/// wasmtime's own error becomes anyhow's only with a feature that the host does without.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// What the sandbox cannot do without either, and the same sizes: the difference is to be the sandbox, not the pool.
fn config() -> Config {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(256)
        .total_core_instances(4096)
        .total_stacks(256)
        .total_memories(512)
        .total_tables(1024)
        .max_memory_size(MEMORY_BYTES)
        .linear_memory_keep_resident(64 * 1024)
        .table_keep_resident(16 * 1024);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_reservation(MEMORY_BYTES as u64)
        .concurrency_support(false)
        .epoch_interruption(true);
    config
}

pub fn messages(count: usize) -> Vec<types::Message> {
    let message = |at| types::Message {
        id: sample::id(at),
        source: "bench".to_owned(),
        type_: sample::TYPE.to_owned(),
        subject: "em.43.00.00.test.observation.-".to_owned(),
        domain: "test".to_owned(),
        kind: types::Kind::Observation,
        detail: None,
        region: sample::REGION.to_owned(),
        time: sample::NOW,
        received: sample::NOW,
        key: sample::key(at),
        revision: "1".to_owned(),
        partition: sample::key(at),
        causation: Vec::new(),
        plugin: sample::PLUGIN.to_owned(),
        content_type: "application/json".to_owned(),
        extensions: vec![("traceparent".to_owned(), sample::TRACEPARENT.to_owned())],
        body: sample::body(at),
    };
    (0..count).map(message).collect()
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.requests, table: &mut self.table, ctx: &mut self.http }
    }
}

type Worker = Box<dyn Future<Output = std::result::Result<(), Error>> + Send>;

impl WasiHttpHooks for NoRequests {
    fn send_request(
        &mut self,
        _: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Worker,
    ) -> Box<dyn Future<Output = std::result::Result<(http::Response<WasiBody>, Worker), Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }

    fn p2_error_from_hyper(&mut self, _: &hyper::Error) -> ErrorCode {
        ErrorCode::HttpResponseIncomplete
    }
}

impl config::Host for State {
    async fn settings(&mut self) -> wasmtime::Result<String> {
        Ok("{}".to_owned())
    }

    async fn attachment(&mut self, _name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

impl log::Host for State {
    async fn write(&mut self, _level: log::Level, _text: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl types::Host for State {}
