//! A release linked for one installation, and its roles as functions. Each call has a fresh instance.

use std::collections::BTreeSet;
use std::sync::Arc;

use dongting_manifest::message::Reject;
use dongting_manifest::plugin::{Capability, Role};
use dongting_manifest::record::Collections;
use dongting_manifest::{Draft, Message, Timestamp};
use tokio::sync::Semaphore;
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre, Linker};

use crate::bindings::exports::dongting::decoder::decoder;
use crate::bindings::exports::dongting::handover::handover;
use crate::bindings::exports::dongting::migration::migration;
use crate::bindings::exports::dongting::service::service as service_role;
use crate::bindings::exports::dongting::session::session as session_role;
use crate::bindings::exports::dongting::sink::sink as sink_role;
use crate::bindings::exports::dongting::source::source;
use crate::bindings::exports::dongting::transform::transform;
use crate::bindings::exports::dongting::views::views as views_role;
use crate::call::{Call, CallState, Stopped, run};
use crate::capability::{config, history, http, keys, log, records, state, timers};
use crate::convert;
use crate::load::{LoadError, Release};
use crate::outcome::{
    Applied, Attempt, Decoded, Delivered, Document, Fault, Outcome, Polled, Refusal, Reply, Request, Response,
};
use crate::places::{ASKED_OF_ONE, Places, Room, weight};
use crate::views::{Acted, Context, Listed, Panel};

/// At most this many views of one plugin.
const MAX_VIEWS: usize = 32;

/// Linked to what was granted and nothing else.
#[derive(Clone)]
pub struct Plugin {
    pub(crate) pre: InstancePre<CallState>,
    /// Its collections of records.
    pub(crate) collections: Arc<Collections>,
    pub(crate) places: Arc<Places>,
    /// How many of them an instance takes.
    pub(crate) weight: u32,
    /// Its calls that are asked for.
    pub(crate) asked: Arc<Semaphore>,
    source: Option<source::GuestIndices>,
    decoder: Option<decoder::GuestIndices>,
    pub(crate) session: Option<session_role::GuestIndices>,
    pub(crate) handover: Option<handover::GuestIndices>,
    transform: Option<transform::GuestIndices>,
    sink: Option<sink_role::GuestIndices>,
    service: Option<service_role::GuestIndices>,
    views: Option<views_role::GuestIndices>,
    migration: Option<migration::GuestIndices>,
}

impl Release {
    /// Links the component to the granted capabilities among those it imports. Deny by absence: without a grant the
    /// interface is not there and the component cannot be instantiated at all.
    pub fn link(&self, granted: &BTreeSet<Capability>) -> Result<Plugin, LoadError> {
        let linked = |error: wasmtime::Error| LoadError::Link(format!("{error:#}"));
        let linker = self.linker(granted).map_err(linked)?;
        let pre = linker.instantiate_pre(&self.component).map_err(linked)?;
        let has = |role| self.manifest.roles.contains(&role);
        Ok(Plugin {
            collections: Arc::new(self.manifest.records.clone()),
            places: Arc::clone(&self.places),
            weight: weight(&self.component),
            asked: Arc::new(Semaphore::new(ASKED_OF_ONE)),
            source: has(Role::Source).then(|| source::GuestIndices::new(&pre)).transpose().map_err(linked)?,
            decoder: has(Role::Decoder)
                .then(|| decoder::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            session: has(Role::Session)
                .then(|| session_role::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            handover: self
                .hands_over()
                .then(|| handover::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            transform: has(Role::Transform)
                .then(|| transform::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            sink: has(Role::Sink).then(|| sink_role::GuestIndices::new(&pre)).transpose().map_err(linked)?,
            service: has(Role::Service)
                .then(|| service_role::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            views: has(Role::Views)
                .then(|| views_role::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            migration: self
                .migrates()
                .then(|| migration::GuestIndices::new(&pre))
                .transpose()
                .map_err(linked)?,
            pre,
        })
    }

    fn linker(&self, granted: &BTreeSet<Capability>) -> wasmtime::Result<Linker<CallState>> {
        let mut linker = Linker::new(&self.engine);
        http::add_wasi_to_linker(&mut linker)?;
        let imported = self.imported();
        for capability in imported.intersection(granted) {
            match capability {
                Capability::Log => log::add_to_linker(&mut linker)?,
                Capability::Config => config::add_to_linker(&mut linker)?,
                Capability::State => {
                    state::add_to_linker(&mut linker)?;
                    keys::add_to_linker(&mut linker)?;
                }
                Capability::History => history::add_to_linker(&mut linker)?,
                Capability::Timers => timers::add_to_linker(&mut linker)?,
                Capability::Records => records::add_to_linker(&mut linker)?,
                Capability::Http => http::add_to_linker(&mut linker)?,
            }
        }
        Ok(linker)
    }
}

impl Plugin {
    /// Makes an instance and calls nothing: what every other call begins with.
    pub async fn instantiate(&self, call: Call) -> Outcome<()> {
        self.run(call, async |_, _| Ok(Ok(()))).await
    }

    pub async fn poll(&self, _place: &Room, call: Call, cursor: Option<&str>) -> Outcome<Polled> {
        let limits = call.limits;
        self.run_in_place(call, async |store, instance| {
            let guest =
                indices(self.source.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let answer = guest.call_poll(&mut *store, cursor).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal).and_then(|polled| {
                let drafts = convert::drafts(polled.drafts)?;
                let rejects = convert::rejects(polled.rejects)?;
                bounded(&drafts, &rejects, limits)?;
                if polled
                    .cursor
                    .as_ref()
                    .is_some_and(|cursor| cursor.len() > 64 * 1024 || cursor.contains('\0'))
                {
                    return Err(Fault::Output("the cursor has over 64 KiB, or a NUL".to_owned()).into());
                }
                let complete_until = polled.complete_until.and_then(Timestamp::from_micros);
                let next = polled.next.map(|ms| std::time::Duration::from_millis(ms.into()));
                Ok(Polled { drafts, rejects, cursor: polled.cursor, complete_until, next })
            }))
        })
        .await
    }

    pub async fn decode(&self, _place: &Room, call: Call, document: Document) -> Outcome<Decoded> {
        let limits = call.limits;
        self.run_in_place(call, async |store, instance| {
            let guest =
                indices(self.decoder.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let document = decoder::Document {
                transport: document.transport,
                name: document.name,
                content_type: document.content_type,
                received: document.received.as_micros(),
                body: document.body,
            };
            let answer = guest.call_decode(&mut *store, &document).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal).and_then(|decoded| {
                let drafts = convert::drafts(decoded.drafts)?;
                let rejects = convert::rejects(decoded.rejects)?;
                bounded(&drafts, &rejects, limits)?;
                let reply = decoded
                    .reply
                    .map(|reply| Reply { content_type: convert::cut(&reply.content_type), body: reply.body });
                Ok(Decoded { drafts, rejects, reply })
            }))
        })
        .await
    }

    pub async fn apply(&self, call: Call, batch: &[Message]) -> Outcome<Applied> {
        let limits = call.limits;
        self.run_on_lane(call, async |store, instance| {
            let guest = indices(self.transform.as_ref())?
                .load(&mut *store, instance)
                .map_err(Stopped::instantiate)?;
            let inputs: Vec<_> = batch.iter().map(convert::to_wit).collect();
            let answer = guest.call_apply(&mut *store, &inputs).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal).and_then(|applied| {
                let drafts = convert::drafts(applied.drafts)?;
                bounded(&drafts, &[], limits)?;
                Ok(Applied { drafts, rejected: convert::rejected(applied.rejected, batch.len())? })
            }))
        })
        .await
    }

    /// One outcome for each attempt.
    pub async fn deliver(&self, call: Call, batch: &[Attempt<'_>]) -> Outcome<Vec<Delivered>> {
        self.run_on_lane(call, async |store, instance| {
            let guest =
                indices(self.sink.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let attempts: Vec<_> = batch
                .iter()
                .map(|attempt| sink_role::Attempt {
                    message: convert::to_wit(attempt.message),
                    key: attempt.key.clone(),
                    number: attempt.number,
                })
                .collect();
            let answer = guest.call_deliver(&mut *store, &attempts).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal).and_then(|outcomes| {
                if outcomes.len() != batch.len() {
                    let said = format!("{} outcomes for {} attempts", outcomes.len(), batch.len());
                    return Err(Fault::Output(said).into());
                }
                Ok(outcomes.into_iter().map(convert::delivered).collect())
            }))
        })
        .await
    }

    pub async fn handle(&self, _place: &Room, call: Call, request: Request) -> Outcome<Response> {
        let limits = call.limits;
        self.run_in_place(call, async |store, instance| {
            let guest =
                indices(self.service.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let request = service_role::Request {
                transport: request.transport,
                method: request.method,
                path: request.path,
                query: request.query,
                headers: request.headers,
                received: request.received.as_micros(),
                body: request.body,
            };
            let answer = guest.call_handle(&mut *store, &request).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal).and_then(|response| {
                let response = convert::response(response)?;
                bounded(&response.drafts, &[], limits)?;
                if response.body.len() > limits.output_kib as usize * 1024 {
                    let said = format!("a body of over {} KiB", limits.output_kib);
                    return Err(Fault::Output(said).into());
                }
                Ok(response)
            }))
        })
        .await
    }

    pub async fn list_views(&self, call: Call) -> Outcome<Vec<Listed>> {
        self.run(call, async |store, instance| {
            let guest =
                indices(self.views.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let views = guest.call_list(&mut *store).await.map_err(Stopped::trap)?;
            if views.len() > MAX_VIEWS {
                let said = format!("{} views; at most {MAX_VIEWS} are shown", views.len());
                return Ok(Err(Fault::Output(said).into()));
            }
            Ok(views.into_iter().map(|view| convert::listed(view).map_err(Refusal::Fault)).collect())
        })
        .await
    }

    pub async fn render(&self, call: Call, view: &str, context: &Context) -> Outcome<Vec<Panel>> {
        self.run(call, async |store, instance| {
            let guest =
                indices(self.views.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let context = convert::context(context);
            let answer = guest.call_render(&mut *store, view, &context).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal))
        })
        .await
    }

    pub async fn act(
        &self,
        _place: &Room,
        call: Call,
        view: &str,
        action: &str,
        form: &[(String, String)],
        context: &Context,
    ) -> Outcome<Acted> {
        let limits = call.limits;
        self.run_in_place(call, async |store, instance| {
            let guest =
                indices(self.views.as_ref())?.load(&mut *store, instance).map_err(Stopped::instantiate)?;
            let context = convert::context(context);
            let answer =
                guest.call_act(&mut *store, view, action, form, &context).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal).and_then(|acted| {
                let drafts = convert::drafts(acted.drafts)?;
                bounded(&drafts, &[], limits)?;
                Ok(Acted { text: convert::cut(&acted.text), drafts })
            }))
        })
        .await
    }

    /// Brings what an earlier release keeps to what this one reads. What it writes is in the outcome.
    pub async fn migrate(&self, call: Call, from: u32) -> Outcome<()> {
        self.run_on_lane(call, async |store, instance| {
            let guest = indices(self.migration.as_ref())?
                .load(&mut *store, instance)
                .map_err(Stopped::instantiate)?;
            let answer = guest.call_migrate(&mut *store, from).await.map_err(Stopped::trap)?;
            Ok(answer.map_err(convert::refusal))
        })
        .await
    }

    /// A call that is asked for and needs no turn.
    async fn run<T>(
        &self,
        call: Call,
        body: impl AsyncFnOnce(&mut Store<CallState>, &Instance) -> Result<Result<T, Refusal>, Stopped>,
    ) -> Outcome<T> {
        let _place = self.asked().await;
        self.run_in_place(call, body).await
    }

    /// A call within a turn, or of a lane.
    async fn run_on_lane<T>(
        &self,
        call: Call,
        body: impl AsyncFnOnce(&mut Store<CallState>, &Instance) -> Result<Result<T, Refusal>, Stopped>,
    ) -> Outcome<T> {
        let _place = self.places.lanes.acquire_many(self.weight).await;
        self.run_in_place(call, body).await
    }

    async fn run_in_place<T>(
        &self,
        call: Call,
        body: impl AsyncFnOnce(&mut Store<CallState>, &Instance) -> Result<Result<T, Refusal>, Stopped>,
    ) -> Outcome<T> {
        run(self.pre.engine(), call, Arc::clone(&self.collections), async |store| {
            let instance = self.pre.instantiate_async(&mut *store).await.map_err(Stopped::instantiate)?;
            body(store, &instance).await
        })
        .await
    }
}

/// The engine calls only the roles that the manifest names; this says so should it ever not.
pub(crate) fn indices<T>(role: Option<&T>) -> Result<&T, Stopped> {
    role.ok_or_else(|| Stopped::Instantiate("the plugin does not have this role".to_owned()))
}

pub(crate) fn bounded(
    drafts: &[Draft],
    rejects: &[Reject],
    limits: dongting_manifest::installation::Limits,
) -> Result<(), Refusal> {
    let count = drafts.len() + rejects.len();
    if count > limits.outputs as usize {
        let said = format!("{count} drafts and rejects; a call may make {}", limits.outputs);
        return Err(Fault::Output(said).into());
    }
    let bytes: usize = drafts.iter().map(|d| d.body.len()).chain(rejects.iter().map(|r| r.raw.len())).sum();
    if bytes > limits.output_kib as usize * 1024 {
        let said = format!("{} KiB of output; a call may make {} KiB", bytes / 1024, limits.output_kib);
        return Err(Fault::Output(said).into());
    }
    Ok(())
}
