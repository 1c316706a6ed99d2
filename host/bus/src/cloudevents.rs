//! A message as CloudEvents 1.0 in NATS binary mode: the attributes are `ce-` headers, the body is the
//! payload. This is section 3.1 of the CloudEvents NATS protocol binding (1.0.3), which maps
//! `datacontenttype` to `ce-datacontenttype` and leaves `Content-Type` to tell structured mode apart.

use std::collections::BTreeMap;

use dongting_manifest::message::MAX_BODY_BYTES;
use dongting_manifest::name::is_extension;
use dongting_manifest::subject::SubjectError;
use dongting_manifest::timestamp::TimestampError;
use dongting_manifest::{Message, Region, Subject};

pub mod percent;

/// Names and values as they stand on the wire.
pub type Headers = Vec<(String, String)>;

/// All headers of one message together, names and values. JetStream takes 65,535 bytes: what is left is for its own, and for what a dead
/// letter says beside the attributes of what it holds.
pub const MAX_HEADER_BYTES: usize = 40 * 1024;
/// With what publishing adds to a message's own: the stream that is meant, the batch.
pub const MAX_READ_BYTES: usize = MAX_HEADER_BYTES + 1024;
pub const MAX_CAUSATION: usize = 256;
/// What JetStream knows a message by inside its duplicate window.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";

/// The attributes that have a field in [`Message`], so that no extension may bear their name.
const FIELDS: [&str; 16] = [
    "id",
    "source",
    "specversion",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "data",
    "region",
    "received",
    "key",
    "revision",
    "partitionkey",
    "causationid",
    "plugin",
    "traceparent",
];

/// Why a message cannot be put on the bus. It never can: trying again is of no use.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("the attribute `{0}` is empty")]
    Empty(&'static str),
    #[error(
        "`{0}` cannot name an extension attribute: 1 to 20 of a-z and 0-9, not a name that the host writes"
    )]
    Extension(String),
    #[error("the extension attribute `{0}` is given twice or empty")]
    ExtensionValue(String),
    #[error("{count} causation ids are more than {MAX_CAUSATION}")]
    Causation { count: usize },
    #[error("the causation id `{0}` is empty or has a comma in it")]
    CausationId(String),
    #[error("the attribute `{0}` has a NUL, which PostgreSQL does not keep")]
    Nul(String),
    #[error("the attributes take {bytes} bytes as headers, more than {MAX_HEADER_BYTES}")]
    Headers { bytes: usize },
    #[error(
        "the body has {bytes} bytes, more than {MAX_BODY_BYTES}: put it into the object store and name it in `dataref`"
    )]
    Body { bytes: usize },
}

/// Why what came from NATS is not one of our messages. Goes to the dead letters as its reason.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(
        "this is a CloudEvent in structured mode (Content-Type {0}); the bus speaks binary mode: attributes in ce- headers, data as the payload"
    )]
    Structured(String),
    #[error("the header `ce-{0}` is missing")]
    Missing(&'static str),
    #[error("the header `ce-{0}` is empty")]
    Empty(String),
    #[error("the header `ce-{0}` is given twice")]
    Twice(String),
    #[error("`ce-{0}` is no CloudEvents attribute: 1 to 20 of a-z and 0-9")]
    Name(String),
    #[error("the value of `ce-{0}` is not percent-encoded UTF-8")]
    Encoding(String),
    #[error("the value of `ce-{0}` has a NUL, which PostgreSQL does not keep")]
    Nul(String),
    #[error("ce-specversion is `{0}`; the bus speaks 1.0")]
    Version(String),
    #[error("the NATS subject is wrong")]
    Subject(#[source] SubjectError),
    #[error("ce-subject says `{header}`, but the message came on `{subject}`")]
    SubjectMismatch { header: String, subject: String },
    #[error("ce-region says `{header}`, but the subject is about {region}")]
    RegionMismatch { header: String, region: Region },
    #[error("the value of `ce-{name}` is no instant")]
    Time {
        name: &'static str,
        #[source]
        source: TimestampError,
    },
    #[error(
        "ce-causationid names {count} messages, more than {MAX_CAUSATION}, or has an empty one among them"
    )]
    Causation { count: usize },
    #[error("the headers take {bytes} bytes, more than {MAX_READ_BYTES}")]
    Headers { bytes: usize },
    #[error("the body has {bytes} bytes, more than {MAX_BODY_BYTES}")]
    Body { bytes: usize },
}

/// The headers of a message; its payload is its body. Extensions come back from [`decode`] sorted by name,
/// because NATS clients do not keep the order of headers.
pub fn encode(message: &Message) -> Result<Headers, EncodeError> {
    let mut headers = Headers::with_capacity(16 + message.extensions.len());
    each(message, |name, value| headers.push((format!("ce-{name}"), percent::encode(value))))?;
    headers.push((MESSAGE_ID.to_owned(), percent::encode(&message.id)));
    within(size(&headers))?;
    Ok(headers)
}

/// Whether [`encode`] can write the message. What it cannot must not be promised to anybody: it would be tried for ever.
pub fn check(message: &Message) -> Result<(), EncodeError> {
    let mut bytes = line(MESSAGE_ID.len(), percent::length(&message.id));
    each(message, |name, value| bytes += line("ce-".len() + name.len(), percent::length(value)))?;
    within(bytes)
}

fn within(bytes: usize) -> Result<(), EncodeError> {
    if bytes > MAX_HEADER_BYTES { Err(EncodeError::Headers { bytes }) } else { Ok(()) }
}

/// Tells the message's attributes, each of which may be written.
fn each(message: &Message, mut tell: impl FnMut(&str, &str)) -> Result<(), EncodeError> {
    let mut tell = |name: &str, value: &str| {
        if value.contains('\0') {
            return Err(EncodeError::Nul(name.to_owned()));
        }
        tell(name, value);
        Ok(())
    };
    if message.body.len() > MAX_BODY_BYTES {
        return Err(EncodeError::Body { bytes: message.body.len() });
    }
    let (time, received) = (message.time.to_string(), message.received.to_string());
    let (subject, region) = (message.subject.to_string(), message.subject.region.to_string());
    for (name, value) in [
        ("specversion", "1.0"),
        ("id", &message.id),
        ("source", &message.source),
        ("type", &message.r#type),
        ("subject", &subject),
        ("time", &time),
        ("region", &region),
        ("received", &received),
        ("key", &message.key),
        ("revision", &message.revision),
    ] {
        if value.is_empty() {
            return Err(EncodeError::Empty(name));
        }
        tell(name, value)?;
    }
    let causation = causation(&message.causation)?;
    for (name, value) in [
        ("datacontenttype", message.content_type.as_str()),
        ("partitionkey", &message.partition),
        ("causationid", &causation),
        ("plugin", &message.plugin),
        ("traceparent", &message.traceparent),
    ] {
        // CloudEvents has no empty attributes: absent is how nothing is written.
        if !value.is_empty() {
            tell(name, value)?;
        }
    }
    let mut extensions: Vec<_> = message.extensions.iter().collect();
    extensions.sort();
    let mut before = None;
    for (name, value) in extensions {
        if !is_extension(name) || FIELDS.contains(&name.as_str()) {
            return Err(EncodeError::Extension(name.chars().take(64).collect()));
        }
        if value.is_empty() || before == Some(name) {
            return Err(EncodeError::ExtensionValue(name.clone()));
        }
        before = Some(name);
        tell(name, value)?;
    }
    Ok(())
}

/// Reads a message that came on `subject`. Everything about it is checked: this is also what stands between
/// the plugins and whoever else got at the bus.
pub fn decode(subject: &str, headers: &[(String, String)], payload: &[u8]) -> Result<Message, DecodeError> {
    let bytes = size(headers);
    if bytes > MAX_READ_BYTES {
        return Err(DecodeError::Headers { bytes });
    }
    if payload.len() > MAX_BODY_BYTES {
        return Err(DecodeError::Body { bytes: payload.len() });
    }
    let content_type = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some((_, value)) = content_type
        && is_structured(value)
    {
        return Err(DecodeError::Structured(value.chars().take(128).collect()));
    }
    let mut attributes = attributes(headers)?;
    let mut optional = |name: &'static str| attributes.remove(name);
    let mut required = |name: &'static str| optional(name).ok_or(DecodeError::Missing(name));

    let version = required("specversion")?;
    if version != "1.0" {
        return Err(DecodeError::Version(version.chars().take(64).collect()));
    }
    let id = required("id")?;
    let source = required("source")?;
    let r#type = required("type")?;
    let named = required("subject")?;
    if named != subject {
        let header = named.chars().take(256).collect();
        return Err(DecodeError::SubjectMismatch { header, subject: subject.to_owned() });
    }
    let subject: Subject = subject.parse().map_err(DecodeError::Subject)?;
    let header = required("region")?;
    if header != subject.region.to_string() {
        let header = header.chars().take(64).collect();
        return Err(DecodeError::RegionMismatch { header, region: subject.region });
    }
    let mut instant = |name| required(name)?.parse().map_err(|source| DecodeError::Time { name, source });
    let (time, received) = (instant("time")?, instant("received")?);
    let key = required("key")?;
    let revision = required("revision")?;
    let causation: Vec<String> = match optional("causationid") {
        None => Vec::new(),
        Some(ids) => ids.split(',').map(str::to_owned).collect(),
    };
    if causation.len() > MAX_CAUSATION || causation.iter().any(String::is_empty) {
        return Err(DecodeError::Causation { count: causation.len() });
    }
    let partition = optional("partitionkey").unwrap_or_default();
    let plugin = optional("plugin").unwrap_or_default();
    let traceparent = optional("traceparent").unwrap_or_default();
    let content_type = optional("datacontenttype")
        .or_else(|| content_type.map(|(_, value)| value.clone()))
        .unwrap_or_default();
    if attributes.contains_key("data") {
        return Err(DecodeError::Name("data".to_owned()));
    }
    Ok(Message {
        id,
        source,
        r#type,
        subject,
        time,
        received,
        key,
        revision,
        partition,
        causation,
        plugin,
        traceparent,
        content_type,
        extensions: attributes.into_iter().collect(),
        body: payload.to_vec(),
    })
}

fn causation(ids: &[String]) -> Result<String, EncodeError> {
    if ids.len() > MAX_CAUSATION {
        return Err(EncodeError::Causation { count: ids.len() });
    }
    match ids.iter().find(|id| id.is_empty() || id.contains(',')) {
        Some(id) => Err(EncodeError::CausationId(id.chars().take(64).collect())),
        None => Ok(ids.join(",")),
    }
}

/// The `ce-` headers by attribute name, values decoded once. Header names are case-insensitive.
fn attributes(headers: &[(String, String)]) -> Result<BTreeMap<String, String>, DecodeError> {
    let mut attributes = BTreeMap::new();
    for (header, value) in headers {
        let Some(name) = header
            .split_at_checked(3)
            .filter(|(prefix, _)| prefix.eq_ignore_ascii_case("ce-"))
            .map(|(_, name)| name.to_ascii_lowercase())
        else {
            continue;
        };
        if !is_extension(&name) {
            return Err(DecodeError::Name(name.chars().take(64).collect()));
        }
        let value = percent::decode(value).ok_or_else(|| DecodeError::Encoding(name.clone()))?;
        if value.contains('\0') {
            return Err(DecodeError::Nul(name));
        }
        if value.is_empty() {
            return Err(DecodeError::Empty(name));
        }
        if attributes.insert(name.clone(), value).is_some() {
            return Err(DecodeError::Twice(name));
        }
    }
    Ok(attributes)
}

fn is_structured(content_type: &str) -> bool {
    const STRUCTURED: &str = "application/cloudevents";
    content_type
        .trim_start()
        .split_at_checked(STRUCTURED.len())
        .is_some_and(|(start, _)| start.eq_ignore_ascii_case(STRUCTURED))
}

fn size(headers: &[(String, String)]) -> usize {
    headers.iter().map(|(name, value)| line(name.len(), value.len())).sum()
}

/// Bytes on the wire: `name: value\r\n`.
pub(crate) const fn line(name: usize, value: usize) -> usize {
    name + value + 4
}

#[cfg(test)]
mod tests;
