//! A service at work: a request in, its messages stored, then the answer. Over HTTP by way of the API, and by NATS requests.

use std::sync::Arc;

use dongting_bus::{Asked, Requests};
use dongting_manifest::Timestamp;
use dongting_manifest::plugin::Role;
use dongting_sandbox::{Outcome, Refusal, Request, Response};
use tokio::sync::{Semaphore, watch};

use crate::decoder::{LATER, PushError};
use crate::given::{Heard, told_in_response};
use crate::installed::{Installed, chain};
use crate::publish::Inputs;
use crate::transform::Effects;
use crate::worker::Shared;

/// Calls of one service at once over NATS.
const AT_ONCE: usize = 8;

impl Installed {
    pub fn is_service(&self) -> bool {
        self.has(Role::Service)
    }

    /// One request, answered when what it made is stored.
    pub async fn handle(&self, shared: &Shared, request: Request) -> Result<Response, PushError> {
        let later = |reason: String| PushError::Later { reason, after: LATER };
        let received = request.received;
        let (place, turn) = self.entered(shared).await.map_err(later)?;
        if let Some((reason, after)) = self.rests() {
            return Err(PushError::Later { reason, after });
        }
        let (note, call) = (self.note_request(&request), self.call_to_handle(&request));
        let mut outcome = self.log(self.plugin.handle(&place, call, request).await);
        let heard = Heard::of(&mut outcome);
        let Outcome { result, writes, .. } = outcome;
        self.was_asked(&result);
        let mut response = match result {
            Ok(response) => response,
            Err(Refusal::Retry { reason, after }) => {
                return Err(PushError::Later { reason, after: after.unwrap_or(LATER) });
            }
            Err(Refusal::Other(reason)) => return Err(later(reason)),
            Err(refusal) => return Err(PushError::Rejected(refusal.to_string())),
        };
        let inputs = Inputs { messages: &[], received };
        let drafts = std::mem::take(&mut response.drafts);
        let outputs =
            self.messages(&inputs, drafts).map_err(|fault| PushError::Rejected(fault.to_string()))?;
        let effects = Effects { outputs, writes, ..Effects::default() };
        let noted = self.noted(note, heard, &effects, Some(told_in_response(&response)));
        self.store(shared, turn, (effects, Vec::new(), None), noted).await.map_err(later)?;
        self.status.active();
        Ok(response)
    }
}

/// Answers NATS requests until it is aborted. Of an installation that one host at a time works for, the one with the lease listens, and no
/// other: over NATS nobody can choose which host to ask.
pub async fn run(mut current: watch::Receiver<Arc<Installed>>, shared: Arc<Shared>) {
    let answers = Answers { current: current.clone(), shared, turns: Arc::new(Semaphore::new(AT_ONCE)) };
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        let pinned = installed.is_pinned();
        if pinned && installed.pin.lease().is_err() {
            let goes_on = tokio::select! {
                _ = installed.pin.wait() => true,
                changed = current.changed() => changed.is_ok(),
            };
            if goes_on {
                continue;
            }
            return;
        }
        let (bus, id) = (answers.shared.publisher.bus(), installed.id());
        let asked = if pinned { bus.asked_alone(id).await } else { bus.asked(id).await };
        let mut asked = match asked {
            Ok(asked) => asked,
            Err(error) => {
                tracing::warn!(installation = id, "It cannot be asked now: {}", chain(&error));
                tokio::time::sleep(LATER).await;
                continue;
            }
        };
        let goes_on = tokio::select! {
            () = answers.all(&mut asked) => true,
            () = installed.pin.lost(), if pinned => true,
            goes_on = another_way(&mut current, pinned) => goes_on,
        };
        // Before this host listens again, in the other way or with another lease: it would hear the same request twice.
        asked.end().await;
        if !goes_on {
            return;
        }
        // Beside that: what has come waits for its turn, and a host that has the lease again at once answers it.
        let rest = answers.clone();
        tokio::spawn(async move { rest.all(&mut asked).await });
    }
}

/// Returns when a release is at work that must be listened for in another way, or none is any more. False where none is.
async fn another_way(current: &mut watch::Receiver<Arc<Installed>>, pinned: bool) -> bool {
    current.wait_for(|installed| installed.is_pinned() != pinned).await.is_ok()
}

/// What it takes to answer requests.
#[derive(Clone)]
struct Answers {
    current: watch::Receiver<Arc<Installed>>,
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
}

impl Answers {
    /// Answers what comes, each by the release that is at work by then, until no more comes. Cancelled, it loses none.
    async fn all(&self, asked: &mut Requests) {
        loop {
            // What waits for a turn meanwhile piles up in the client, which drops what is beyond its own bound. Who asked then asks again.
            let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else { return };
            let Some(request) = asked.next().await else { return };
            let (current, shared) = (self.current.clone(), Arc::clone(&self.shared));
            tokio::spawn(async move {
                let installed = Arc::clone(&current.borrow());
                answer(&installed, &shared, request).await;
                drop(turn);
            });
        }
    }
}

async fn answer(installed: &Installed, shared: &Shared, asked: Asked) {
    let request = Request {
        transport: "nats".to_owned(),
        method: asked.header("method").unwrap_or("POST").to_owned(),
        path: asked.header("path").unwrap_or("/").to_owned(),
        query: None,
        headers: asked.headers.clone(),
        received: Timestamp::now(),
        body: asked.body.to_vec(),
    };
    let (status, headers, body) = match installed.handle(shared, request).await {
        Ok(response) => (response.status, response.headers, response.body),
        // It was asked before it lost the lease. The host that has it by now may have been asked as well, and then it is its answer that
        // counts; else who asked hears nothing, and asks again.
        Err(PushError::Later { .. }) if installed.is_pinned() && installed.pin.lease().is_err() => return,
        Err(error) => {
            let status = if matches!(error, PushError::Rejected(_)) { 422 } else { 503 };
            (status, Vec::new(), error.to_string().into_bytes())
        }
    };
    asked.answer(status, headers, body).await;
}
