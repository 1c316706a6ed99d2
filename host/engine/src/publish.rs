//! From drafts to messages: the host writes what a plugin may not, checks the grants, and keeps to the rate.

use std::time::Duration;

use dongting_bus::{PublishError, cloudevents};
use dongting_manifest::installation::PublishGrant;
use dongting_manifest::message::{INSTALLATION, hash, id};
use dongting_manifest::{Draft, Installation, Message, Region, Subject, Timestamp};
use dongting_sandbox::Fault;

use crate::installed::Installed;
use crate::publisher::Publisher;
use crate::rate::Bucket;

const MAX_CAUSES: usize = 256;

/// What a call's drafts are made of.
pub struct Inputs<'i> {
    /// Messages; empty for a source or a decoder, whose input is a document.
    pub messages: &'i [Message],
    pub received: Timestamp,
}

/// The messages of a call, or the verdict on the first draft that the installation may not publish.
pub fn messages(
    installation: &Installation,
    (plugin_name, reference): (&str, &str),
    inputs: &Inputs<'_>,
    drafts: Vec<Draft>,
) -> Result<Vec<Message>, Fault> {
    let source = source(installation, plugin_name);
    drafts
        .into_iter()
        .enumerate()
        .map(|(index, draft)| {
            let refused = |why: String| Fault::Output(format!("draft {index}: {why}"));
            granted(installation, &draft).map_err(refused)?;
            let causes = causes(inputs, &draft.from).map_err(refused)?;
            let message = message((&source, reference, &installation.id), inputs, &causes, draft);
            // What the bus can never take must not be committed: it would stand before all that comes after it.
            cloudevents::check(&message).map_err(|error| refused(error.to_string()))?;
            Ok(message)
        })
        .collect()
}

/// What the host says for an installation: nobody granted it, and nothing is asked of it.
pub fn by_host(
    installation: &Installation,
    (plugin_name, reference): (&str, &str),
    received: Timestamp,
    draft: Draft,
) -> Message {
    let inputs = Inputs { messages: &[], received };
    message((&source(installation, plugin_name), reference, &installation.id), &inputs, &[], draft)
}

/// The system that is observed.
fn source(installation: &Installation, plugin_name: &str) -> String {
    format!("/systems/{}", installation.system.as_deref().unwrap_or(plugin_name))
}

fn granted(installation: &Installation, draft: &Draft) -> Result<(), String> {
    let grant = installation
        .grants
        .publish
        .iter()
        .find(|grant| grant.topic().covers_message(&draft.domain, draft.kind, draft.detail.as_deref()))
        .ok_or_else(|| format!("publishing `{} {}` is not granted", draft.domain, draft.kind))?;
    let inside = installation.region.contains(draft.region);
    if inside || (draft.region == Region::OUTSIDE && grant.outside) {
        return Ok(());
    }
    Err(format!("the region {} lies outside the installation's {}", draft.region, installation.region))
}

fn causes<'i>(inputs: &Inputs<'i>, from: &[u32]) -> Result<Vec<&'i Message>, String> {
    if from.is_empty() {
        return Ok(inputs.messages.iter().take(MAX_CAUSES).collect());
    }
    let mut causes = Vec::with_capacity(from.len().min(MAX_CAUSES));
    for index in from {
        let input = inputs
            .messages
            .get(*index as usize)
            .ok_or_else(|| format!("it derives from input {index}; there are {}", inputs.messages.len()))?;
        if causes.len() < MAX_CAUSES {
            causes.push(input);
        }
    }
    Ok(causes)
}

fn message(
    (source, reference, installation): (&str, &str, &str),
    inputs: &Inputs<'_>,
    causes: &[&Message],
    mut draft: Draft,
) -> Message {
    draft.extensions.push((INSTALLATION.to_owned(), installation.to_owned()));
    let causation: Vec<String> = causes.iter().map(|cause| cause.id.clone()).collect();
    let revision = draft.revision.unwrap_or_else(|| {
        if causation.is_empty() {
            hash([draft.body.as_slice()])
        } else {
            let mut sorted: Vec<&[u8]> = causation.iter().map(String::as_bytes).collect();
            sorted.sort_unstable();
            hash(sorted)
        }
    });
    let id = id(source, &draft.r#type, &draft.key, &revision);
    // One trace follows a reading through all that is made of it; the span is this message's own.
    let inherited = causes.first().and_then(|cause| cause.traceparent.split('-').nth(1));
    let trace = inherited.or(id.get(..32)).unwrap_or_default();
    let span = id.get(24..40).unwrap_or_default();
    Message {
        traceparent: format!("00-{trace}-{span}-01"),
        id,
        source: source.to_owned(),
        r#type: draft.r#type,
        subject: Subject {
            region: draft.region,
            domain: draft.domain,
            kind: draft.kind,
            detail: draft.detail,
        },
        time: draft.time,
        received: inputs.received,
        partition: draft.partition.unwrap_or_else(|| draft.key.clone()),
        key: draft.key,
        revision,
        causation,
        plugin: reference.to_owned(),
        content_type: draft.content_type.unwrap_or_else(|| "application/json".to_owned()),
        extensions: draft.extensions,
        body: draft.body,
    }
}

impl Installed {
    pub fn messages(&self, inputs: &Inputs<'_>, drafts: Vec<Draft>) -> Result<Vec<Message>, Fault> {
        messages(&self.installation, (&self.manifest.name, &self.reference), inputs, drafts)
    }

    /// Publishes and returns when the bus has stored every one of `messages`. The first that it has not is the error;
    /// publishing all again is right, since each is known by its id.
    pub async fn publish(&self, publisher: &Publisher, messages: &[Message]) -> Result<(), PublishError> {
        self.keep_rate(messages.iter()).await;
        self.publish_taken(publisher, messages).await
    }

    /// The same for what the rate has been kept with already.
    pub async fn publish_taken(
        &self,
        publisher: &Publisher,
        messages: &[Message],
    ) -> Result<(), PublishError> {
        publisher.publish(messages).await?;
        self.status.count(|counts| &counts.messages, messages.len());
        Ok(())
    }

    /// Waits until the installation may publish this much, and takes it. Who gives up waiting has taken nothing.
    pub async fn keep_rate<'m>(&self, messages: impl Iterator<Item = &'m Message> + Clone) {
        while let Some((wait, grant)) = self.beyond_rate(messages.clone()) {
            self.failing(format!(
                "it publishes more `{}` than the {} a second it was granted",
                grant.topic(),
                grant.per_second
            ));
            tokio::time::sleep(wait.max(Duration::from_millis(10))).await;
        }
        for (_, bucket, count) in self.counted(messages) {
            bucket.charge(count);
        }
    }

    /// How long the installation has to wait before it may publish this much, and by which grant; none where it may now.
    pub fn beyond_rate<'m>(
        &self,
        messages: impl Iterator<Item = &'m Message> + Clone,
    ) -> Option<(Duration, &PublishGrant)> {
        self.counted(messages).find_map(|(grant, bucket, count)| Some((bucket.wait_for(count)?, grant)))
    }

    /// How many of the messages each grant covers, where it covers any.
    fn counted<'m>(
        &self,
        messages: impl Iterator<Item = &'m Message> + Clone,
    ) -> impl Iterator<Item = (&PublishGrant, &Bucket, usize)> {
        let grants = self.installation.grants.publish.iter().zip(&self.buckets);
        let counted = grants.map(move |(grant, bucket)| {
            let topic = grant.topic();
            let covered = |m: &&Message| {
                topic.covers_message(&m.subject.domain, m.subject.kind, m.subject.detail.as_deref())
            };
            (grant, &**bucket, messages.clone().filter(covered).count())
        });
        counted.filter(|(_, _, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests;
