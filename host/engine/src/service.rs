//! A service at work: a request in, its messages stored, then the answer. Over HTTP by way of the API, and by NATS requests.

use std::sync::Arc;

use dongting_bus::Asked;
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
        let turn = self.turn(shared).await.map_err(|error| later(chain(&error)))?;
        let (note, call) = (self.note_request(&request), self.call_to_handle(&request));
        let mut outcome = self.log(self.plugin.handle(call, request).await);
        let heard = Heard::of(&mut outcome);
        let Outcome { result, writes, .. } = outcome;
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

/// Answers NATS requests until it is aborted.
pub async fn run(mut current: watch::Receiver<Arc<Installed>>, shared: Arc<Shared>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let installed = Arc::clone(&current.borrow_and_update());
        let mut asked = match shared.publisher.bus().asked(installed.id()).await {
            Ok(asked) => asked,
            Err(error) => {
                tracing::warn!(installation = installed.id(), "It cannot be asked now: {}", chain(&error));
                tokio::time::sleep(LATER).await;
                continue;
            }
        };
        loop {
            let next = tokio::select! {
                next = asked.next() => next,
                _ = current.changed() => break,
            };
            let Some(request) = next else { break };
            // A client that waits longer than its patience asks again; what piles up here is bounded by the turns.
            let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
            let (current, shared) = (current.clone(), Arc::clone(&shared));
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
        Err(error) => {
            let status = if matches!(error, PushError::Rejected(_)) { 422 } else { 503 };
            (status, Vec::new(), error.to_string().into_bytes())
        }
    };
    asked.answer(status, headers, body).await;
}
