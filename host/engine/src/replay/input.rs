//! What a recorded call was given, found again; and the call made with it once more.

use std::collections::BTreeMap;

use dongting_manifest::Message;
use dongting_manifest::message::hash;
use dongting_sandbox::views::{Context, Language};
use dongting_sandbox::{Call, Decoded, Document, Outcome, Polled, Refusal, Request};
use dongting_store::{CallRecord, Given, GivenForm, Poll, Recorded, Store, StoreError};

use crate::difference::{self, Difference};
use crate::given::{told_in_reply, told_in_response, told_in_text};
use crate::installed::Installed;
use crate::item::End;
use crate::publish::{Inputs, messages};
use crate::transform::{Effects, Made, apply};

pub enum Input {
    Batch(Vec<Message>),
    Poll(Poll),
    Document(Document),
    Request(Request),
    Form(GivenForm, Context),
}

/// What was there before, and is asked for by its digest or ids; none where it is no longer all kept.
pub async fn find(
    store: &Store,
    installed: &Installed,
    recorded: &Recorded,
) -> Result<Option<Input>, StoreError> {
    let Recorded { position, record, .. } = recorded;
    if let Some(poll) = &record.poll {
        return Ok(Some(Input::Poll(poll.clone())));
    }
    match &record.given {
        Some(Given::Document(given)) => {
            let given = given.clone();
            let document = |body| Document {
                transport: given.transport,
                name: given.name,
                content_type: given.content_type,
                received: given.received,
                body,
            };
            Ok(store.body(&given.body).await?.map(document).map(Input::Document))
        }
        Some(Given::Request(given)) => {
            let given = given.clone();
            let request = |body| Request {
                transport: given.transport,
                method: given.method,
                path: given.path,
                query: given.query,
                headers: given.headers,
                received: given.received,
                body,
            };
            Ok(store.body(&given.body).await?.map(request).map(Input::Request))
        }
        Some(Given::Form(given)) => Ok(context(store, given).await?.map(|c| Input::Form(given.clone(), c))),
        // Made again with the rest of its connection.
        Some(Given::Steps(_)) => Ok(None),
        None if record.timers.is_empty() => Ok(all(store, std::slice::from_ref(&record.inputs))
            .await?
            .map(|lists| lists.concat())
            .map(Input::Batch)),
        None => {
            // Timers were on no lane: they are made again of what they carried then.
            let mut batch = Vec::with_capacity(record.timers.len());
            for (name, at) in &record.timers {
                let timer = store.timer_before(installed.id(), name, *position).await?;
                let Some(timer) = timer.filter(|timer| timer.at == *at) else { return Ok(None) };
                batch.push(installed.timer_message(name, timer, &record.plugin));
            }
            Ok(Some(Input::Batch(batch)))
        }
    }
}

impl Input {
    /// The call's surroundings as they were, but for what was kept then and what it heard of the world.
    pub fn surroundings(&self, installed: &Installed) -> Call {
        match self {
            Self::Batch(batch) => installed.call_for(batch),
            Self::Poll(poll) => installed.call_to_poll(poll.now, poll.from.as_deref()),
            Self::Document(document) => {
                installed.call_to_decode(document.received, &hash([document.body.as_slice()]))
            }
            Self::Request(request) => installed.call_to_handle(request),
            Self::Form(given, _) => installed.call_to_act(&given.view, &given.action, given.now),
        }
    }

    /// What the call comes to by now, and how it differs in what is no message and no verdict.
    pub async fn call(
        self,
        made: &Made<'_>,
        call: Call,
        record: &CallRecord,
    ) -> Result<(Effects, Option<Difference>), Refusal> {
        let release = (made.name, made.reference);
        match self {
            Self::Batch(batch) => apply(made, call, &batch).await.result.map(|effects| (effects, None)),
            Self::Poll(poll) => poll_again(made, call, &poll).await,
            Self::Document(document) => {
                let inputs = Inputs { messages: &[], received: document.received };
                let Outcome { result, writes, .. } = made.plugin.decode(call, document).await;
                let Decoded { drafts, rejects, reply } = result?;
                let outputs = messages(made.installation, release, &inputs, drafts)?;
                let ends = rejects.into_iter().map(|reject| End::Dead(reject.reason)).collect();
                let said = reply.as_ref().map(|reply| String::from_utf8_lossy(&reply.body));
                let told = (told_in_reply(reply.as_ref()), said.as_deref());
                let told = difference::told(record.told.as_ref(), told);
                Ok((Effects { outputs, ends, writes, ..Effects::default() }, told))
            }
            Self::Request(request) => {
                let inputs = Inputs { messages: &[], received: request.received };
                let Outcome { result, writes, .. } = made.plugin.handle(call, request).await;
                let mut response = result?;
                let drafts = std::mem::take(&mut response.drafts);
                let outputs = messages(made.installation, release, &inputs, drafts)?;
                let said = format!("{} {}", response.status, String::from_utf8_lossy(&response.body));
                let told = (Some(told_in_response(&response)), Some(said.as_str()));
                let told = difference::told(record.told.as_ref(), told);
                Ok((Effects { outputs, writes, ..Effects::default() }, told))
            }
            Self::Form(given, context) => {
                let GivenForm { view, action, form, .. } = given;
                let Outcome { result, writes, .. } =
                    made.plugin.act(call, &view, &action, &form, &context).await;
                let acted = result?;
                let shown: Vec<Message> = context.messages.into_iter().flatten().collect();
                let inputs = Inputs { messages: &shown, received: context.now };
                let outputs = messages(made.installation, release, &inputs, acted.drafts)?;
                let told = (Some(told_in_text(&acted.text)), Some(acted.text.as_str()));
                let told = difference::told(record.told.as_ref(), told);
                Ok((Effects { outputs, writes, ..Effects::default() }, told))
            }
        }
    }
}

/// A source's call made again: what it comes to, and whether its cursor went elsewhere.
async fn poll_again(
    made: &Made<'_>,
    call: Call,
    poll: &Poll,
) -> Result<(Effects, Option<Difference>), Refusal> {
    let Outcome { result, writes, .. } = made.plugin.poll(call, poll.from.as_deref()).await;
    let Polled { drafts, rejects, cursor, .. } = result?;
    let inputs = Inputs { messages: &[], received: poll.now };
    let outputs = messages(made.installation, (made.name, made.reference), &inputs, drafts)?;
    let to = cursor.or_else(|| poll.from.clone());
    let moved = (to != poll.to).then(|| difference::cursor(poll.to.clone(), to));
    let ends = rejects.into_iter().map(|reject| End::Dead(reject.reason)).collect();
    Ok((Effects { outputs, ends, writes, ..Effects::default() }, moved))
}

/// What a view was shown.
async fn context(store: &Store, given: &GivenForm) -> Result<Option<Context>, StoreError> {
    let language = if given.language == "en" { Language::En } else { Language::Zh };
    let (region, now) = (given.region, given.now);
    let context = |messages| Context { region, language, now, messages };
    Ok(all(store, &given.shown).await?.map(context))
}

/// The messages by their ids, in lists as these; none where one is no longer kept.
async fn all(store: &Store, lists: &[Vec<String>]) -> Result<Option<Vec<Vec<Message>>>, StoreError> {
    let kept = store.messages(&lists.concat()).await?;
    let kept: BTreeMap<&str, &Message> = kept.iter().map(|m| (m.id.as_str(), m)).collect();
    let list = |ids: &Vec<String>| ids.iter().map(|id| kept.get(id.as_str()).map(|m| (*m).clone())).collect();
    Ok(lists.iter().map(list).collect())
}
