//! Messages as JSON, one a line: what `dongting try` prints and takes.

use anyhow::{Context, bail};
use dongting_manifest::message::hash;
use dongting_manifest::{Message, Subject, Timestamp};
use serde_json::{Map, Value, json};

/// The line for a message.
pub fn line(message: &Message) -> String {
    let data = serde_json::from_slice(&message.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&message.body).into_owned()));
    json!({
        "type": message.r#type,
        "subject": message.subject.to_string(),
        "region": message.subject.region.to_string(),
        "id": message.id,
        "time": message.time.to_string(),
        "source": message.source,
        "key": message.key,
        "revision": message.revision,
        "causation": message.causation,
        "plugin": message.plugin,
        "data": data,
    })
    .to_string()
}

/// The messages of a file: one JSON object, an array of them, or one a line. `type`, `subject` and `data` are
/// needed, the rest is made up where it is missing.
pub fn read(text: &str, now: Timestamp) -> anyhow::Result<Vec<Message>> {
    let values: Vec<Value> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect::<Result<_, _>>()
        .context("the file is no JSON: one message a line, or an array of messages")?;
    let flat = values.into_iter().flat_map(|value| match value {
        Value::Array(all) => all,
        one => vec![one],
    });
    flat.enumerate()
        .map(|(index, value)| message(value, now).with_context(|| format!("message {}", index + 1)))
        .collect()
}

fn message(value: Value, now: Timestamp) -> anyhow::Result<Message> {
    let Value::Object(fields) = value else { bail!("a message is a JSON object") };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let need = |name: &str| text(name).with_context(|| format!("it has no `{name}`"));
    let subject: Subject = need("subject")?.parse()?;
    let body = serde_json::to_vec(fields.get("data").context("it has no `data`")?)?;
    let time = text("time").map(|time| time.parse()).transpose()?.unwrap_or(now);
    let id = text("id").unwrap_or_else(|| hash([body.as_slice()]));
    let key = text("key").unwrap_or_else(|| id.clone());
    Ok(Message {
        source: text("source").unwrap_or_else(|| "/systems/try".to_owned()),
        r#type: need("type")?,
        subject,
        time,
        received: now,
        revision: text("revision").unwrap_or_else(|| id.clone()),
        partition: key.clone(),
        key,
        causation: causation(&fields),
        plugin: text("plugin").unwrap_or_default(),
        traceparent: String::new(),
        content_type: "application/json".to_owned(),
        extensions: Vec::new(),
        body,
        id,
    })
}

fn causation(fields: &Map<String, Value>) -> Vec<String> {
    let all = fields.get("causation").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_taken() {
        let text = r#"{"type":"em.water.observation.v1","subject":"em.43.01.02.water.observation.-","data":{"a":1}}"#;
        let now = "2026-08-29T00:00:00Z".parse().unwrap();
        let first = read(&format!("{text}\n{text}"), now).unwrap();
        assert_eq!(first.len(), 2);
        let lines: Vec<String> = first.iter().map(line).collect();
        let again = read(&format!("[{}]", lines.join(",")), now).unwrap();
        assert_eq!(again, first);
        assert!(format!("{:#}", read("{}", now).unwrap_err()).contains("message 1: it has no `subject`"));
        assert!(read("<html>", now).is_err());
    }
}
