//! What the harness answers.

use dongting_engine::line::exact;
use dongting_engine::panels::Listed;
use dongting_engine::trial::memory::Kept;
use dongting_engine::trial::{Acted, Applied, Conversed, Decoded, Handled, Polled, Tried};
use dongting_engine::{Delivered, Fault, LogLevel, Refusal};
use dongting_manifest::message::Reject;
use dongting_manifest::{Message, Timestamp};
use serde_json::{Map, Value, json};

/// A call with all that surrounds it. `made` turns the plugin's answer into JSON.
pub fn tried<T>(tried: Tried<T>, made: impl FnOnce(T) -> Value) -> Value {
    let result = match tried.result {
        Ok(answer) => json!({ "is": "done", "answer": made(answer) }),
        Err(refusal) => refused(&refusal),
    };
    let log: Vec<Value> =
        tried.log.iter().map(|line| json!({ "level": level(line.level), "text": line.text })).collect();
    let asked: Vec<Value> = tried
        .asked
        .iter()
        .map(|asked| {
            json!({
                "method": asked.method,
                "url": asked.url,
                "headers": asked.headers,
                "body": bytes(&asked.body),
                "answered": asked.answered,
            })
        })
        .collect();
    json!({
        "result": result,
        "log": log,
        "logDropped": tried.log_dropped,
        "asked": asked,
        "cpuMicros": u64::try_from(tried.cpu.as_micros()).unwrap_or(u64::MAX),
    })
}

fn refused(refusal: &Refusal) -> Value {
    let reason = refusal.to_string();
    match refusal {
        Refusal::Retry { reason, after } => {
            let after = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
            json!({ "is": "retry", "reason": reason, "afterMillis": after })
        }
        Refusal::Reject(_) => json!({ "is": "reject", "reason": reason }),
        Refusal::Other(_) => json!({ "is": "other", "reason": reason }),
        Refusal::Fault(fault) => json!({ "is": "fault", "reason": reason, "fault": kind(fault) }),
    }
}

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Trap(_) => "trap",
        Fault::Deadline(_) => "deadline",
        Fault::Cpu(_) => "cpu",
        Fault::Memory(_) => "memory",
        Fault::Instantiate(_) => "instantiate",
        Fault::Output(_) => "output",
    }
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

pub fn decoded(decoded: Decoded) -> Value {
    let reply =
        decoded.reply.map(|reply| json!({ "contentType": reply.content_type, "body": bytes(&reply.body) }));
    json!({ "messages": messages(&decoded.messages), "rejects": rejects(&decoded.rejects), "reply": reply })
}

pub fn conversed(made: Conversed) -> Value {
    json!({
        "messages": messages(&made.messages),
        "rejects": rejects(&made.rejects),
        "sent": bytes(&made.sent),
        "closed": made.closed,
    })
}

pub fn polled(polled: Polled) -> Value {
    json!({
        "messages": messages(&polled.messages),
        "rejects": rejects(&polled.rejects),
        "cursor": polled.cursor,
        "completeUntil": polled.complete_until,
        "nextMillis": polled.next.map(|next| u64::try_from(next.as_millis()).unwrap_or(u64::MAX)),
    })
}

pub fn applied(applied: Applied) -> Value {
    let rejected: Vec<Value> =
        applied.rejected.iter().map(|one| json!({ "input": one.input, "reason": one.reason })).collect();
    json!({ "messages": messages(&applied.messages), "rejected": rejected })
}

pub fn delivered(delivered: Vec<Delivered>) -> Value {
    let one = |one: Delivered| match one {
        Delivered::Done => json!({ "is": "delivered" }),
        Delivered::Rejected(reason) => json!({ "is": "rejected", "reason": reason }),
        Delivered::Retry { reason, after } => {
            let after = after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
            json!({ "is": "retry", "reason": reason, "afterMillis": after })
        }
        Delivered::Unknown(reason) => json!({ "is": "unknown", "reason": reason }),
    };
    delivered.into_iter().map(one).collect()
}

pub fn handled(handled: Handled) -> Value {
    json!({
        "status": handled.status,
        "headers": handled.headers,
        "body": bytes(&handled.body),
        "messages": messages(&handled.messages),
    })
}

pub fn acted(acted: Acted) -> Value {
    json!({ "text": acted.text, "messages": messages(&acted.messages) })
}

pub fn listed(views: Vec<Listed>) -> Value {
    views
        .into_iter()
        .map(|view| {
            let reads: Vec<String> = view.reads.iter().map(|read| read.topic.to_string()).collect();
            json!({
                "id": view.id,
                "title": { "zh": view.title.zh, "en": view.title.en },
                "order": view.order,
                "reads": reads,
            })
        })
        .collect()
}

pub fn kept(kept: &Kept, next_due: Option<Timestamp>) -> Value {
    let state: Map<String, Value> =
        kept.state.iter().map(|(key, value)| (key.clone(), bytes(value))).collect();
    let timers: Vec<Value> = kept
        .timers
        .iter()
        .map(|(name, timer)| json!({ "name": name, "at": timer.at, "payload": bytes(&timer.payload) }))
        .collect();
    let records: Vec<Value> = kept
        .records
        .iter()
        .map(|((collection, id), written)| {
            let record = &written.record;
            json!({
                "collection": collection,
                "id": id,
                "revision": record.revision,
                "body": bytes(&record.body),
            })
        })
        .collect();
    json!({ "state": state, "timers": timers, "records": records, "nextDue": next_due })
}

fn messages(messages: &[Message]) -> Vec<Value> {
    messages.iter().map(exact).collect()
}

fn rejects(rejects: &[Reject]) -> Vec<Value> {
    rejects.iter().map(|one| json!({ "reason": one.reason, "raw": bytes(&one.raw) })).collect()
}

/// As text where it is one, else `{"hex": "…"}`.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({ "hex": hex::encode(bytes) }),
    }
}
