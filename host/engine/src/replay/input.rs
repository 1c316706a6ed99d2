//! What a recorded call was given, found again; and the call made with it once more.

use std::collections::BTreeMap;

use dongting_manifest::Message;
use dongting_manifest::exchange::Exchange;
use dongting_manifest::message::hash;
use dongting_sandbox::views::{Context, Language};
use dongting_sandbox::{Attempt, Call, Decoded, Document, Fault, Outcome, Polled, Refusal, Request};
use dongting_store::{
    CallRecord, Complete, Given, GivenAttempt, GivenForm, Poll, Recorded, Store, StoreError,
};

use crate::completeness;
use crate::difference::delivered::{Told, requests, said};
use crate::difference::{self, Difference};
use crate::given::{told_in_reply, told_in_response, told_in_text};
use crate::installed::Installed;
use crate::item::End;
use crate::publish::{Inputs, messages};
use crate::sink;
use crate::transform::{Effects, Made, apply};

pub enum Input {
    Batch(Vec<Message>),
    Attempts(Vec<Message>, Vec<GivenAttempt>),
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
    let record = &recorded.record;
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
        Some(Given::Attempts(given)) => {
            Ok(batch(store, &record.inputs).await?.map(|batch| Input::Attempts(batch, given.clone())))
        }
        // Made again with the rest of its connection.
        Some(Given::Steps(_)) => Ok(None),
        None if record.timers.is_empty() => Ok(batch(store, &record.inputs).await?.map(Input::Batch)),
        None => {
            // Timers were on no lane: they are made again of what they carried then.
            let mut batch = Vec::with_capacity(record.timers.len());
            for (name, at) in &record.timers {
                let timer = store.timer_before(installed.id(), name, recorded.sees_before()).await?;
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
            Self::Batch(batch) | Self::Attempts(batch, _) => installed.call_for(batch),
            Self::Poll(poll) => installed.call_to_poll(poll.now, poll.from.as_deref()),
            Self::Document(document) => {
                installed.call_to_decode(document.received, &hash([document.body.as_slice()]))
            }
            Self::Request(request) => installed.call_to_handle(request),
            Self::Form(given, _) => installed.call_to_act(&given.view, &given.action, given.now),
        }
    }

    /// What the call comes to by now, and how it differs in what is no message and no verdict. `asked` is what it asked of the network then.
    pub async fn call(
        self,
        made: &Made<'_>,
        call: Call,
        (record, asked): (&CallRecord, &[Exchange]),
    ) -> Result<(Effects, Vec<Difference>), Refusal> {
        let release = (made.name, made.reference);
        match self {
            Self::Batch(batch) => apply(made, call, &batch).await.result.map(|effects| (effects, Vec::new())),
            Self::Attempts(batch, given) => {
                let attempt = |(message, given): (_, &GivenAttempt)| Attempt {
                    message,
                    key: given.key.clone(),
                    number: given.number,
                };
                let attempts: Vec<_> = batch.iter().zip(&given).map(attempt).collect();
                let Outcome { result, writes, exchanges, .. } = made.plugin.deliver(call, &attempts).await;
                // It says nothing of any message: one that came to the same then could not be made again.
                if let Err(late @ Refusal::Fault(Fault::Deadline(_))) = result {
                    return Err(late);
                }
                let told: Vec<_> =
                    attempts.iter().map(|one| Told { id: &one.message.id, key: &one.key }).collect();
                let mut found = said(&told, &record.said, &sink::said(&result, attempts.len()));
                found.extend(requests(&told, asked, &exchanges));
                Ok((Effects { writes, ..Effects::default() }, found))
            }
            Self::Poll(poll) => poll_again(made, call, &poll).await,
            Self::Document(document) => {
                let inputs = Inputs { messages: &[], received: document.received };
                let Outcome { result, writes, .. } =
                    made.plugin.decode(&made.plugin.asked().await, call, document).await;
                let Decoded { drafts, rejects, reply } = result?;
                let outputs = messages(made.installation, release, &inputs, drafts)?;
                let ends = rejects.into_iter().map(|reject| End::Dead(reject.reason)).collect();
                let said = reply.as_ref().map(|reply| String::from_utf8_lossy(&reply.body));
                let told = (told_in_reply(reply.as_ref()), said.as_deref());
                let told = difference::told(record.told.as_ref(), told).into_iter().collect();
                Ok((Effects { outputs, ends, writes, ..Effects::default() }, told))
            }
            Self::Request(request) => {
                let inputs = Inputs { messages: &[], received: request.received };
                let Outcome { result, writes, .. } =
                    made.plugin.handle(&made.plugin.asked().await, call, request).await;
                let mut response = result?;
                let drafts = std::mem::take(&mut response.drafts);
                let outputs = messages(made.installation, release, &inputs, drafts)?;
                let said = format!("{} {}", response.status, String::from_utf8_lossy(&response.body));
                let told = (Some(told_in_response(&response)), Some(said.as_str()));
                let told = difference::told(record.told.as_ref(), told).into_iter().collect();
                Ok((Effects { outputs, writes, ..Effects::default() }, told))
            }
            Self::Form(given, context) => {
                let GivenForm { view, action, form, .. } = given;
                let Outcome { result, writes, .. } =
                    made.plugin.act(&made.plugin.asked().await, call, &view, &action, &form, &context).await;
                let acted = result?;
                let shown: Vec<Message> = context.messages.into_iter().flatten().collect();
                let inputs = Inputs { messages: &shown, received: context.now };
                let outputs = messages(made.installation, release, &inputs, acted.drafts)?;
                let told = (Some(told_in_text(&acted.text)), Some(acted.text.as_str()));
                let told = difference::told(record.told.as_ref(), told).into_iter().collect();
                Ok((Effects { outputs, writes, ..Effects::default() }, told))
            }
        }
    }
}

/// A source's call made again: what it comes to, and whether its cursor went elsewhere.
async fn poll_again(made: &Made<'_>, call: Call, poll: &Poll) -> Result<(Effects, Vec<Difference>), Refusal> {
    let Outcome { result, writes, .. } =
        made.plugin.poll(&made.plugin.polling().await, call, poll.from.as_deref()).await;
    let Polled { drafts, rejects, cursor, complete_until, .. } = result?;
    let inputs = Inputs { messages: &[], received: poll.now };
    let release = (made.name, made.reference);
    let mut outputs = messages(made.installation, release, &inputs, drafts)?;
    if let Some(Complete { before }) = poll.complete {
        outputs
            .extend(completeness::moved(made.installation, release, poll.now, (before, complete_until))?.1);
    }
    let to = cursor.or_else(|| poll.from.clone());
    let moved = (to != poll.to).then(|| difference::cursor(poll.to.clone(), to)).into_iter().collect();
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

async fn batch(store: &Store, ids: &[String]) -> Result<Option<Vec<Message>>, StoreError> {
    Ok(all(store, &[ids.to_vec()]).await?.map(|lists| lists.concat()))
}

/// The messages by their ids, in lists as these; none where one is no longer kept.
async fn all(store: &Store, lists: &[Vec<String>]) -> Result<Option<Vec<Vec<Message>>>, StoreError> {
    let kept = store.messages(&lists.concat()).await?;
    let kept: BTreeMap<&str, &Message> = kept.iter().map(|m| (m.id.as_str(), m)).collect();
    let list = |ids: &Vec<String>| ids.iter().map(|id| kept.get(id.as_str()).map(|m| (*m).clone())).collect();
    Ok(lists.iter().map(list).collect())
}
