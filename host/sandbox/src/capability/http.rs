//! `wasi:http/outgoing-handler` and the WASI that every component gets. Requests leave through our own `send_request`: grants are checked
//! on the URL, the name is resolved once, each address is checked, and that address is dialled.

mod address;
mod authorities;
mod budget;
mod dial;
mod failure;
mod kept;
mod outgoing;
pub mod scripted;
mod tape;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use dongting_manifest::exchange::Exchange;
use dongting_manifest::installation::Limits;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Linker;
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::WasiClocks;
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi_http::p2::bindings::http as wasi_http;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttp, WasiHttpHooks, WasiHttpView};

use crate::call::CallState;
use crate::clock::Clocks;
use budget::Budget;
use tape::Tape;

pub use authorities::{Authorities, AuthoritiesError};
pub use dial::{Network, NetworkError};
pub use scripted::Scripted;
pub use tape::Recorded;

/// Where the requests of a call go.
#[derive(Clone, Default)]
pub enum Egress {
    /// Nowhere: the capability is not granted.
    #[default]
    Closed,
    /// To the network, as far as the grants allow. Calls that have the same one share how many requests may be out at once. What is asked and
    /// answered is written down.
    Network(Arc<Network>),
    /// Answered as another call was: a replay, a shadow. What is asked is written down.
    Recorded(Recorded),
    /// Answered from a script, for `dongting try` and tests.
    Scripted(Scripted),
}

/// The hooks of one call: its share of requests and bytes.
pub struct Requests {
    egress: Egress,
    left: u32,
    response_bytes: usize,
    budget: Budget,
    tape: Tape,
}

/// A request's place among those of its installation, held until its answer is read to the end or given up.
type Place = OwnedSemaphorePermit;

impl Requests {
    pub fn new(egress: Egress, limits: Limits) -> Self {
        // Recorded answers are held already.
        let to_record = match egress {
            Egress::Recorded(_) => usize::MAX,
            _ => limits.http_record_kib as usize * 1024,
        };
        Self {
            egress,
            left: limits.http_requests,
            response_bytes: limits.http_response_kib as usize * 1024,
            budget: Budget::new(limits.http_total_kib as usize * 1024),
            tape: Tape::new(to_record),
        }
    }

    /// What was asked of the network, and answered; none where that is too much to be kept.
    pub fn take_exchanges(&self) -> Option<Vec<Exchange>> {
        self.tape.take()
    }
}

type Worker = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Worker), Error>> + Send>;

impl WasiHttpHooks for Requests {
    /// Two pieces of a body wait in the host's memory for each request that is begun, sent or not.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        16 * 1024
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sent {
        let Some(left) = self.left.checked_sub(1) else {
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        };
        self.left = left;
        let (cap, budget) = (self.response_bytes, self.budget.clone());
        let within = |(answer, worker): (http::Response<WasiBody>, Worker)| {
            (answer.map(|body| budget.spent_on(body)), worker)
        };
        match self.egress.clone() {
            Egress::Closed => Box::new(async { Err(Error::HttpRequestDenied) }),
            Egress::Recorded(recorded) => {
                let (request, line) = self.tape.begin(request);
                let answered = line.answered(recorded.answer(&request));
                Box::new(async move { answered })
            }
            Egress::Network(network) => {
                let (request, line) = self.tape.begin(request);
                let place = queued(network.place());
                Box::new(async move {
                    let Ok(place) = place.await else {
                        return line.answered(Err(Error::ConnectionLimitReached));
                    };
                    let sent = network.send(request, options.unwrap_or_default(), cap, place).await;
                    line.answered(sent.map(within))
                })
            }
            Egress::Scripted(scripted) => {
                let chosen = scripted.choose(&request);
                let sent = scripted.send(request, chosen, cap);
                Box::new(async move { sent.await.map(within) })
            }
        }
    }

    fn p2_error_from_hyper(
        &mut self,
        error: &hyper::Error,
    ) -> wasmtime_wasi_http::p2::bindings::http::types::ErrorCode {
        tracing::debug!(%error, "An answer to a plugin's request broke off");
        wasmtime_wasi_http::p2::bindings::http::types::ErrorCode::HttpResponseIncomplete
    }
}

/// Polls once, here and now: requests are sent by tasks of their own, which run in no certain order, and a guest that
/// waits for its first answer must not find its later requests in front of it.
fn queued<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let mut future = Box::pin(future);
    let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    async move {
        match polled {
            Poll::Ready(done) => done,
            Poll::Pending => future.await,
        }
    }
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    wasi_http::outgoing_handler::add_to_linker::<_, WasiHttp>(linker, CallState::http)
}

/// WASI with nothing in it. Sockets are not among it, and the types of HTTP reach nothing without the handler.
pub fn add_wasi_to_linker(l: &mut Linker<CallState>) -> wasmtime::Result<()> {
    type S = CallState;
    wasmtime_wasi::p2::bindings::io::error::add_to_linker::<S, Io>(l, |s| s.ctx().table)?;
    wasmtime_wasi::p2::bindings::io::poll::add_to_linker::<S, Io>(l, |s| s.ctx().table)?;
    wasmtime_wasi::p2::bindings::io::streams::add_to_linker::<S, Io>(l, |s| s.ctx().table)?;
    clocks::wall_clock::add_to_linker::<S, WasiClocks>(l, |s| s.clocks().view)?;
    clocks::monotonic_clock::add_to_linker::<S, Clocks<'static>>(l, S::clocks)?;
    random::random::add_to_linker::<S, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    random::insecure::add_to_linker::<S, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<S, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    cli::exit::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::environment::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_input::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_output::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    filesystem::preopens::add_to_linker::<S, WasiFilesystem>(l, S::filesystem)?;
    filesystem::types::add_to_linker::<S, WasiFilesystem>(l, S::filesystem)?;
    let options = wasi_http::types::LinkOptions::default();
    wasi_http::types::add_to_linker::<S, WasiHttp>(l, &options, S::http)
}

struct Io;

impl wasmtime::component::HasData for Io {
    type Data<'a> = &'a mut wasmtime::component::ResourceTable;
}
