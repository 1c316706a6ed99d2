//! Between the generated types and the host's own. What comes from a guest is checked here for form; whether the
//! installation may say it is checked by the engine.

use std::collections::BTreeSet;
use std::time::Duration;

use dongting_manifest::message::{MAX_BODY_BYTES, MAX_KEY_BYTES, MAX_RAW_BYTES, Reject};
use dongting_manifest::name::{is_extension, is_message_type, is_token};
use dongting_manifest::plugin::Topic;
use dongting_manifest::{Draft, Kind, Message, Timestamp};

use crate::bindings::dongting::message::types as wit;
use crate::bindings::exports::dongting::service::service as wit_service;
use crate::bindings::exports::dongting::sink::sink as wit_sink;
use crate::bindings::exports::dongting::transform::transform as wit_transform;
use crate::bindings::exports::dongting::views::views as wit_views;
use crate::outcome::{Delivered, Fault, Refusal, Rejected, Response};
use crate::views;

const MAX_EXTENSIONS: usize = 16;
const MAX_EXTENSION_BYTES: usize = 1024;
const MAX_REASON_BYTES: usize = 1024;
const MAX_RETRY: Duration = Duration::from_secs(3600);

pub fn to_wit(message: &Message) -> wit::Message {
    let mut extensions = Vec::with_capacity(message.extensions.len() + 1);
    extensions.push(("traceparent".to_owned(), message.traceparent.clone()));
    extensions.extend(message.extensions.iter().cloned());
    wit::Message {
        id: message.id.clone(),
        source: message.source.clone(),
        type_: message.r#type.clone(),
        subject: message.subject.to_string(),
        domain: message.subject.domain.clone(),
        kind: kind_to_wit(message.subject.kind),
        detail: message.subject.detail.clone(),
        region: message.subject.region.to_string(),
        time: message.time.as_micros(),
        received: message.received.as_micros(),
        key: message.key.clone(),
        revision: message.revision.clone(),
        partition: message.partition.clone(),
        causation: message.causation.clone(),
        plugin: message.plugin.clone(),
        content_type: message.content_type.clone(),
        extensions,
        body: message.body.clone(),
    }
}

/// The drafts, or the sentence that refuses the first bad one.
pub fn drafts(drafts: Vec<wit::Draft>) -> Result<Vec<Draft>, Fault> {
    drafts
        .into_iter()
        .enumerate()
        .map(|(index, one)| draft(one).map_err(|why| Fault::Output(format!("draft {index}: {why}"))))
        .collect()
}

fn draft(draft: wit::Draft) -> Result<Draft, String> {
    if !is_message_type(&draft.type_) {
        return Err(format!(
            "`{}` is no message type: dotted lower-case words that end in .v<number>",
            cut(&draft.type_)
        ));
    }
    for token in std::iter::once(&draft.domain).chain(&draft.detail) {
        if !is_token(token) {
            return Err(format!("`{}` is no subject token: 1 to 32 of a-z, 0-9 and -", cut(token)));
        }
    }
    let region = draft.region.parse().map_err(|error| format!("{error}"))?;
    let time = Timestamp::from_micros(draft.time)
        .ok_or_else(|| format!("the time {} lies outside the years 1 to 9999", draft.time))?;
    for (what, text) in [
        ("key", Some(&draft.key)),
        ("revision", draft.revision.as_ref()),
        ("partition", draft.partition.as_ref()),
    ] {
        // PostgreSQL keeps no text with a NUL.
        if text.is_some_and(|text| text.is_empty() || text.len() > MAX_KEY_BYTES || text.contains('\0')) {
            return Err(format!("the {what} must have 1 to {MAX_KEY_BYTES} bytes and no NUL"));
        }
    }
    if draft.body.len() > MAX_BODY_BYTES {
        return Err(format!("the body has {} bytes; at most {MAX_BODY_BYTES} are carried", draft.body.len()));
    }
    if draft.extensions.len() > MAX_EXTENSIONS {
        return Err(format!(
            "{} extension attributes; at most {MAX_EXTENSIONS} are carried",
            draft.extensions.len()
        ));
    }
    for (name, value) in &draft.extensions {
        if !is_extension(name) || dongting_manifest::message::HOST_ATTRIBUTES.contains(&name.as_str()) {
            return Err(format!("`{}` may not name an extension attribute", cut(name)));
        }
        if value.len() > MAX_EXTENSION_BYTES {
            return Err(format!("the extension attribute `{name}` has over {MAX_EXTENSION_BYTES} bytes"));
        }
        if value.contains('\0') {
            return Err(format!("the extension attribute `{name}` has a NUL"));
        }
    }
    if draft.content_type.as_ref().is_some_and(|text| !is_media_type(text)) {
        return Err("the content type is no media type".to_owned());
    }
    Ok(Draft {
        r#type: draft.type_,
        domain: draft.domain,
        kind: kind_from_wit(draft.kind),
        detail: draft.detail,
        region,
        time,
        key: draft.key,
        revision: draft.revision,
        partition: draft.partition,
        from: draft.from,
        content_type: draft.content_type,
        extensions: draft.extensions,
        body: draft.body,
    })
}

/// The rejects, or the sentence that refuses the first that no dead letter can carry.
pub fn rejects(rejects: Vec<wit::Reject>) -> Result<Vec<Reject>, Fault> {
    let one = |(index, reject): (usize, wit::Reject)| match reject.raw.len() {
        bytes if bytes > MAX_RAW_BYTES => {
            let said = format!("reject {index}: {bytes} bytes; at most {MAX_RAW_BYTES} can be kept");
            Err(Fault::Output(said))
        }
        _ => Ok(Reject { reason: cut(&reject.reason), raw: reject.raw }),
    };
    rejects.into_iter().enumerate().map(one).collect()
}

/// Inputs of the batch, each once: every one becomes a dead letter.
pub fn rejected(rejected: Vec<wit_transform::Rejected>, batch: usize) -> Result<Vec<Rejected>, Fault> {
    let mut seen = BTreeSet::new();
    let one = |one: wit_transform::Rejected| {
        let input = one.input as usize;
        if input >= batch {
            return Err(Fault::Output(format!("input {input} is rejected; there are {batch}")));
        }
        if !seen.insert(input) {
            return Err(Fault::Output(format!("input {input} is rejected twice")));
        }
        Ok(Rejected { input, reason: cut(&one.reason) })
    };
    rejected.into_iter().map(one).collect()
}

pub fn refusal(error: wit::Error) -> Refusal {
    match error {
        wit::Error::Retry((reason, after)) => Refusal::Retry { reason: cut(&reason), after: wish(after) },
        wit::Error::Reject(reason) => Refusal::Reject(cut(&reason)),
        wit::Error::Other(reason) => Refusal::Other(cut(&reason)),
    }
}

pub fn delivered(outcome: wit_sink::Outcome) -> Delivered {
    match outcome {
        wit_sink::Outcome::Delivered => Delivered::Done,
        wit_sink::Outcome::Rejected(reason) => Delivered::Rejected(cut(&reason)),
        wit_sink::Outcome::Retry((reason, after)) => {
            Delivered::Retry { reason: cut(&reason), after: wish(after) }
        }
        wit_sink::Outcome::Unknown(reason) | wit_sink::Outcome::Other(reason) => {
            Delivered::Unknown(cut(&reason))
        }
    }
}

/// Headers that an answer may have; a plugin sets no cookie and changes nothing of the connection.
const ANSWER_HEADERS: [&str; 5] =
    ["content-type", "content-language", "cache-control", "etag", "last-modified"];

pub fn response(response: wit_service::Response) -> Result<Response, Fault> {
    if !(200..=599).contains(&response.status) {
        return Err(Fault::Output(format!("{} is no status of an answer: 200 to 599", response.status)));
    }
    let headers = response
        .headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, value)| ANSWER_HEADERS.contains(&name.as_str()) && value.len() <= MAX_EXTENSION_BYTES)
        .collect();
    Ok(Response { status: response.status, headers, body: response.body, drafts: drafts(response.drafts)? })
}

fn wish(milliseconds: Option<u32>) -> Option<Duration> {
    milliseconds.map(|ms| Duration::from_millis(ms.into()).min(MAX_RETRY))
}

/// A guest's sentence, short enough for a log line and a header.
pub fn cut(text: &str) -> String {
    let cut = text.get(..text.floor_char_boundary(MAX_REASON_BYTES.min(text.len()))).unwrap_or_default();
    // PostgreSQL keeps no text with a NUL.
    cut.replace('\0', " ")
}

pub fn listed(view: wit_views::View) -> Result<views::Listed, Fault> {
    let refused = |why: String| Fault::Output(format!("view `{}`: {why}", cut(&view.id)));
    if !is_token(&view.id) {
        return Err(refused("the id must be 1 to 32 of a-z, 0-9 and -".to_owned()));
    }
    let mut reads = Vec::with_capacity(view.reads.len());
    for read in &view.reads {
        if !(1..=1000).contains(&read.limit) || !is_token(&read.domain) {
            return Err(refused("a read names a domain and takes 1 to 1000 messages".to_owned()));
        }
        let topic = Topic {
            domain: read.domain.clone(),
            kind: kind_from_wit(read.kind),
            detail: read.detail.clone(),
        };
        reads.push(views::Read { topic, limit: read.limit, max_age_seconds: read.max_age_seconds });
    }
    let title = dongting_manifest::Text { zh: cut(&view.title.zh), en: cut(&view.title.en) };
    Ok(views::Listed { id: view.id, title, order: view.order, reads })
}

pub fn context(context: &views::Context) -> wit_views::Context {
    wit_views::Context {
        region: context.region.to_string(),
        language: context.language,
        now: context.now.as_micros(),
        messages: context.messages.iter().map(|read| read.iter().map(to_wit).collect()).collect(),
    }
}

fn is_media_type(text: &str) -> bool {
    text.len() <= 128 && text.contains('/') && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}

fn kind_to_wit(kind: Kind) -> wit::Kind {
    match kind {
        Kind::Observation => wit::Kind::Observation,
        Kind::Forecast => wit::Kind::Forecast,
        Kind::Status => wit::Kind::Status,
        Kind::Assessment => wit::Kind::Assessment,
        Kind::Warning => wit::Kind::Warning,
        Kind::Incident => wit::Kind::Incident,
        Kind::Order => wit::Kind::Order,
        Kind::Task => wit::Kind::Task,
        Kind::Feedback => wit::Kind::Feedback,
    }
}

pub fn kind_from_wit(kind: wit::Kind) -> Kind {
    match kind {
        wit::Kind::Observation => Kind::Observation,
        wit::Kind::Forecast => Kind::Forecast,
        wit::Kind::Status => Kind::Status,
        wit::Kind::Assessment => Kind::Assessment,
        wit::Kind::Warning => Kind::Warning,
        wit::Kind::Incident => Kind::Incident,
        wit::Kind::Order => Kind::Order,
        wit::Kind::Task => Kind::Task,
        wit::Kind::Feedback => Kind::Feedback,
    }
}
