//! Messages as JSON: what `dongting try` and the test kit print and take.

use dongting_manifest::message::hash;
use dongting_manifest::region::RegionError;
use dongting_manifest::subject::SubjectError;
use dongting_manifest::timestamp::TimestampError;
use dongting_manifest::{Message, Subject, Timestamp};
use serde_json::{Map, Value, json};

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("the file is no JSON: one message a line, or an array of messages ({0})")]
    Json(String),
    #[error("message {number}: {source}")]
    Message { number: usize, source: MessageError },
}

#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    #[error("it is no JSON object")]
    NoObject,
    #[error("it has no `{0}`")]
    Missing(&'static str),
    #[error("its `bodyHex` is not hexadecimal")]
    Hex,
    #[error(transparent)]
    Subject(#[from] SubjectError),
    #[error(transparent)]
    Time(#[from] TimestampError),
    #[error(transparent)]
    Region(#[from] RegionError),
}

/// A message for people and for `try`: its body as `data`, if it is JSON.
pub fn line(message: &Message) -> String {
    let mut fields = attributes(message);
    let data = serde_json::from_slice(&message.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&message.body).into_owned()));
    fields.insert("data".to_owned(), data);
    Value::Object(fields).to_string()
}

/// A message with all it has, its body to the byte: as text in `body`, or else in `bodyHex`.
pub fn exact(message: &Message) -> Value {
    let mut fields = attributes(message);
    for (name, text) in [
        ("received", message.received.to_string()),
        ("partition", message.partition.clone()),
        ("traceparent", message.traceparent.clone()),
        ("contentType", message.content_type.clone()),
    ] {
        fields.insert(name.to_owned(), Value::String(text));
    }
    fields.insert("extensions".to_owned(), json!(message.extensions));
    let (name, body) = match std::str::from_utf8(&message.body) {
        Ok(text) => ("body", text.to_owned()),
        Err(_) => ("bodyHex", hex::encode(&message.body)),
    };
    fields.insert(name.to_owned(), Value::String(body));
    Value::Object(fields)
}

fn attributes(message: &Message) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, text) in [
        ("type", message.r#type.clone()),
        ("subject", message.subject.to_string()),
        ("region", message.subject.region.to_string()),
        ("id", message.id.clone()),
        ("time", message.time.to_string()),
        ("source", message.source.clone()),
        ("key", message.key.clone()),
        ("revision", message.revision.clone()),
        ("plugin", message.plugin.clone()),
    ] {
        fields.insert(name.to_owned(), Value::String(text));
    }
    fields.insert("causation".to_owned(), json!(message.causation));
    fields
}

/// The messages of a file: one JSON object, an array of them, or one a line.
pub fn read(text: &str, now: Timestamp) -> Result<Vec<Message>, LineError> {
    let values: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| LineError::Json(error.to_string()))?;
    let flat = values.into_iter().flat_map(|value| match value {
        Value::Array(all) => all,
        one => vec![one],
    });
    flat.enumerate()
        .map(|(index, value)| {
            message(&value, now).map_err(|source| LineError::Message { number: index + 1, source })
        })
        .collect()
}

/// One message. `type`, `subject` and a body (`data`, `body` or `bodyHex`) are needed, the rest is made up where it is missing.
pub fn message(value: &Value, now: Timestamp) -> Result<Message, MessageError> {
    let Value::Object(fields) = value else { return Err(MessageError::NoObject) };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let need = |name: &'static str| text(name).ok_or(MessageError::Missing(name));
    let instant = |name: &str| text(name).map(|time| time.parse()).transpose();
    let subject: Subject = need("subject")?.parse()?;
    let body = match (text("body"), text("bodyHex"), fields.get("data")) {
        (Some(body), _, _) => body.into_bytes(),
        (None, Some(hexadecimal), _) => hex::decode(hexadecimal).map_err(|_| MessageError::Hex)?,
        (None, None, Some(data)) => data.to_string().into_bytes(),
        (None, None, None) => return Err(MessageError::Missing("data")),
    };
    let id = text("id").unwrap_or_else(|| hash([body.as_slice()]));
    let key = text("key").unwrap_or_else(|| id.clone());
    Ok(Message {
        source: text("source").unwrap_or_else(|| "/systems/try".to_owned()),
        r#type: need("type")?,
        subject,
        time: instant("time")?.unwrap_or(now),
        received: instant("received")?.unwrap_or(now),
        revision: text("revision").unwrap_or_else(|| id.clone()),
        partition: text("partition").unwrap_or_else(|| key.clone()),
        key,
        causation: texts(fields.get("causation")),
        plugin: text("plugin").unwrap_or_default(),
        traceparent: text("traceparent").unwrap_or_default(),
        content_type: text("contentType").unwrap_or_else(|| "application/json".to_owned()),
        extensions: pairs(fields.get("extensions")),
        body,
        id,
    })
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let all = list.and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `[["name", "value"], …]`.
pub fn pairs(list: Option<&Value>) -> Vec<(String, String)> {
    let all = list.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|pair| match texts(Some(pair)).as_slice() {
        [name, value] => Some((name.clone(), value.clone())),
        _ => None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        r#"{"type":"em.water.observation.v1","subject":"em.43.01.02.water.observation.-","data":{"a":1}}"#;

    #[test]
    fn what_is_printed_is_taken() {
        let now = "2026-08-29T00:00:00Z".parse().unwrap();
        let first = read(&format!("{TEXT}\n{TEXT}"), now).unwrap();
        assert_eq!(first.len(), 2);
        let lines: Vec<String> = first.iter().map(line).collect();
        let again = read(&format!("[{}]", lines.join(",")), now).unwrap();
        assert_eq!(again, first);
        assert_eq!(read("{}", now).unwrap_err().to_string(), "message 1: it has no `subject`");
        assert!(read("<html>", now).is_err());
    }

    #[test]
    fn exact_is_exact() {
        let now = "2026-08-29T00:00:00Z".parse().unwrap();
        let mut message = read(TEXT, now).unwrap().remove(0);
        message.extensions = vec![("dept".into(), "水利".into())];
        for body in [b"{ \"b\": 1, \"a\": 2 }".to_vec(), vec![0xff, 0], Vec::new()] {
            message.body = body;
            message.received = "2026-08-29T01:00:00Z".parse().unwrap();
            assert_eq!(super::message(&exact(&message), now).unwrap(), message);
        }
    }
}
