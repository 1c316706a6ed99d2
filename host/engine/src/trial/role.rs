//! The roles of a plugin that is tried, one function each. What the host does around a call is done here as in the files of the same names
//! above this one: where the clock stands, what chance follows from, what is kept.

use std::time::Duration;

use dongting_manifest::message::hash;
use dongting_sandbox::views::{Context, Language, Listed, Panel};
use dongting_sandbox::{Attempt, Call, Delivered, Document, Egress, Readers, Reply, Request};
use dongting_sandbox::{Rejected, Response};

use super::{Draft, Message, Refusal, Region, Reject, Timestamp, Trial, TrialError, Tried, Writes};
use crate::timers;

/// Timers given to one call, as many as messages.
const BATCH: usize = 64;

#[derive(Debug)]
pub struct Decoded {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    pub reply: Option<Reply>,
}

#[derive(Debug)]
pub struct Polled {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    pub cursor: Option<String>,
    pub complete_until: Option<Timestamp>,
    pub next: Option<Duration>,
}

#[derive(Debug)]
pub struct Applied {
    pub messages: Vec<Message>,
    pub rejected: Vec<Rejected>,
}

#[derive(Debug)]
pub struct Handled {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub messages: Vec<Message>,
}

#[derive(Debug)]
pub struct Acted {
    pub text: String,
    pub messages: Vec<Message>,
}

impl Trial {
    pub async fn decode(&self, document: Document) -> Tried<Decoded> {
        self.decoded(document, |_| true).await
    }

    /// As `decode`, leaving out what lies outside the installation's region: of that a plugin knows nothing.
    pub async fn decode_anywhere(&self, document: Document) -> Tried<Decoded> {
        let region = self.installation.region;
        let inside = |draft: &Draft| region.contains(draft.region) || draft.region == Region::OUTSIDE;
        self.decoded(document, inside).await
    }

    async fn decoded(&self, document: Document, wanted: impl Fn(&Draft) -> bool) -> Tried<Decoded> {
        let received = document.received;
        let call = self.call(received, &["decode", &hash([document.body.as_slice()])]);
        let outcome = self.plugin.decode(&self.plugin.asked().await, call, document).await;
        self.tried(outcome, |mut decoded, writes| {
            decoded.drafts.retain(wanted);
            let messages = self.messages(&[], received, decoded.drafts)?;
            self.keep(writes, &[], received)?;
            Ok(Decoded { messages, rejects: decoded.rejects, reply: decoded.reply })
        })
    }

    pub async fn poll(&self, cursor: Option<&str>, now: Timestamp) -> Tried<Polled> {
        let call = self.call(now, &["poll", cursor.unwrap_or(""), &now.to_string()]);
        let outcome = self.plugin.poll(&self.plugin.polling().await, call, cursor).await;
        self.tried(outcome, |polled, writes| {
            let messages = self.messages(&[], now, polled.drafts)?;
            self.keep(writes, &[], now)?;
            Ok(Polled {
                messages,
                rejects: polled.rejects,
                cursor: polled.cursor,
                complete_until: polled.complete_until,
                next: polled.next,
            })
        })
    }

    pub async fn apply(&self, batch: &[Message]) -> Tried<Applied> {
        let tried = self.applied(batch, &[]).await;
        self.tell(batch);
        tried
    }

    /// Gives the timers that are due at `now`, as the host does: in a batch of their own. None where none is.
    pub async fn ring(&self, now: Timestamp) -> Option<Tried<Applied>> {
        let due = self.memory.due(now, BATCH);
        if due.is_empty() {
            return None;
        }
        let reference = self.release.reference();
        let of = (self.installation.id.as_str(), self.installation.region);
        let names: Vec<String> = due.iter().map(|(name, _)| name.clone()).collect();
        let batch: Vec<Message> =
            due.into_iter().map(|(name, timer)| timers::message(of, &name, timer, &reference)).collect();
        Some(self.applied(&batch, &names).await)
    }

    async fn applied(&self, batch: &[Message], rung: &[String]) -> Tried<Applied> {
        let now = newest(batch);
        let ids: Vec<&str> = batch.iter().map(|message| message.id.as_str()).collect();
        let outcome = self.plugin.apply(self.call(now, &ids), batch).await;
        self.tried(outcome, |applied, writes| {
            let messages = self.messages(batch, now, applied.drafts)?;
            self.keep(writes, rung, now)?;
            self.memory.tell(&messages);
            Ok(Applied { messages, rejected: applied.rejected })
        })
    }

    /// Brings what is kept from an earlier form to that of the release.
    pub async fn migrate(&self, from: u32, now: Timestamp) -> Tried<()> {
        let call = self.call(now, &["migrate", &from.to_string(), &now.to_string()]);
        let call =
            Call { readers: Readers { history: None, ..call.readers }, egress: Egress::Closed, ..call };
        let outcome = self.plugin.migrate(call, from).await;
        self.tried(outcome, |(), writes| self.keep(writes, &[], now))
    }

    /// Attempts numbered `number`: 1 the first time.
    pub async fn deliver(&self, batch: &[Message], number: u32) -> Tried<Vec<Delivered>> {
        let ids: Vec<&str> = batch.iter().map(|message| message.id.as_str()).collect();
        let key = |message: &Message| hash([self.installation.id.as_bytes(), message.id.as_bytes()]);
        let attempts: Vec<Attempt<'_>> =
            batch.iter().map(|message| Attempt { message, key: key(message), number }).collect();
        let now = newest(batch);
        let outcome = self.plugin.deliver(self.call(now, &ids), &attempts).await;
        self.tried(outcome, |delivered, writes| {
            self.keep(writes, &[], now)?;
            Ok(delivered)
        })
    }

    pub async fn handle(&self, request: Request) -> Tried<Handled> {
        let received = request.received;
        let seed = hash([request.path.as_bytes(), request.body.as_slice()]);
        let call = self.call(received, &["handle", &request.method, &seed]);
        let outcome = self.plugin.handle(&self.plugin.asked().await, call, request).await;
        self.tried(outcome, |Response { status, headers, body, drafts }, writes| {
            let messages = self.messages(&[], received, drafts)?;
            self.keep(writes, &[], received)?;
            Ok(Handled { status, headers, body, messages })
        })
    }

    pub async fn list_views(&self, now: Timestamp) -> Tried<Vec<Listed>> {
        let outcome = self.plugin.list_views(self.call(now, &["list"])).await;
        self.tried(outcome, |listed, _| Ok(listed))
    }

    /// A view as a person sees it who looks at a region, from the history that was told.
    pub async fn render(
        &self,
        view: &str,
        (region, language): (Region, Language),
        now: Timestamp,
    ) -> Result<Tried<Vec<Panel>>, TrialError> {
        let context = self.context(view, (region, language), now).await?;
        let call = self.call(now, &["render", view, &region.to_string()]);
        let outcome = self.plugin.render(call, view, &context).await;
        Ok(self.tried(outcome, |panels, _| Ok(panels)))
    }

    pub async fn act(
        &self,
        (view, action): (&str, &str),
        form: &[(String, String)],
        looks: (Region, Language),
        now: Timestamp,
    ) -> Result<Tried<Acted>, TrialError> {
        let context = self.context(view, looks, now).await?;
        let call = self.call(now, &["act", view, action, &now.to_string()]);
        let outcome = self.plugin.act(&self.plugin.asked().await, call, view, action, form, &context).await;
        Ok(self.tried(outcome, |acted, writes| {
            let shown: Vec<Message> = context.messages.iter().flatten().cloned().collect();
            let messages = self.messages(&shown, now, acted.drafts)?;
            self.keep(writes, &[], now)?;
            self.memory.tell(&messages);
            Ok(Acted { text: acted.text, messages })
        }))
    }

    async fn context(
        &self,
        view: &str,
        (region, language): (Region, Language),
        now: Timestamp,
    ) -> Result<Context, TrialError> {
        let listed = self.list_views(now).await.result?;
        let listed = listed.into_iter().find(|listed| listed.id == view);
        let listed = listed.ok_or_else(|| TrialError::NoView(view.to_owned()))?;
        let granted = &self.installation.grants.subscribe;
        let messages = listed
            .reads
            .iter()
            .map(|read| {
                let since =
                    read.max_age_seconds.map(|age| now.saturating_sub(Duration::from_secs(age.into())));
                if granted.iter().any(|grant| grant.covers(&read.topic)) {
                    self.memory.latest(&read.topic, region, since, (now, read.limit as usize))
                } else {
                    Vec::new()
                }
            })
            .collect();
        Ok(Context { region, language, now, messages })
    }

    /// What a call wrote, under the limits of the installation.
    fn keep(&self, writes: Writes, rung: &[String], now: Timestamp) -> Result<(), Refusal> {
        self.memory.commit(writes, rung, self.installation.limits, now).map_err(Refusal::Other)
    }
}

/// Where the clock of a call with messages stands.
fn newest(batch: &[Message]) -> Timestamp {
    batch.iter().map(|message| message.received).max().unwrap_or_else(Timestamp::now)
}
