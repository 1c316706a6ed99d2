//! Sets and cancels timers as its inputs say, counts those that are due, and traps on one whose payload is `poison`.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::transform::{Applied, Draft, Error, Guest, Kind, Message};
use dongting_sdk::{config, state, timers};

struct Plugin;

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Settings {
    waits: bool,
}

/// The body of an input.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Wish {
    /// Name, milliseconds from now, payload.
    set: Vec<(String, i64, String)>,
    /// An instant as it is.
    set_at: Option<i64>,
    /// So many timers of a kilobyte.
    flood: u32,
    /// How many, from which millisecond from now, and how many of them apart.
    many: (u32, i64, i64),
    cancel: Vec<String>,
    get: Option<String>,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let mut applied = Applied { drafts: Vec::new(), rejected: Vec::new() };
        for (input, message) in (0u32..).zip(&batch) {
            let said = if message.is_timer() { due(message)? } else { wish(message)? };
            let Some(said) = said else { continue };
            let about = (message.key.as_str(), message.time);
            let subject = ("test", Kind::Assessment);
            let mut draft = Draft::json("em.test.assessment.v1", subject, &message.region, about, &said)?;
            draft.from = vec![input];
            applied.drafts.push(draft);
        }
        Ok(applied)
    }
}

fn due(message: &Message) -> Result<Option<(u64, String)>, Error> {
    let settings: Settings = config::settings()?;
    if settings.waits {
        return Err(Error::Retry(("they are to wait".to_owned(), None)));
    }
    if message.body == b"poison" {
        let nothing = message.body.len().checked_sub(message.body.len() + 1);
        #[allow(clippy::unwrap_used, reason = "it is to trap")]
        return Err(Error::Other(nothing.unwrap().to_string()));
    }
    if message.body == b"again" {
        timers::set(&message.key, message.time + 1_000_000, b"done")?;
    }
    let count: u64 = state::get("count")?.unwrap_or(0) + 1;
    state::set("count", &count)?;
    Ok(Some((count, format!("{} {}", message.key, String::from_utf8_lossy(&message.body)))))
}

fn wish(message: &Message) -> Result<Option<(u64, String)>, Error> {
    let Ok(wish) = message.json::<Wish>() else { return Ok(None) };
    for (name, milliseconds, payload) in &wish.set {
        timers::set(name, message.received + milliseconds * 1_000, payload.as_bytes())?;
    }
    if let Some(at) = wish.set_at {
        timers::set("at", at, b"")?;
    }
    let (many, begin, step) = wish.many;
    for n in 0..many {
        let after = begin + i64::from(n) * step;
        timers::set(&format!("t{n}"), message.received + after * 1_000, b"ring")?;
    }
    for n in 0..wish.flood {
        timers::set(&n.to_string(), message.received, &[0; 1024])?;
    }
    for name in &wish.cancel {
        timers::cancel(name)?;
    }
    let Some(name) = wish.get else { return Ok(None) };
    let found = timers::get(&name)?;
    Ok(Some((
        0,
        found.map_or_else(String::new, |timer| String::from_utf8_lossy(&timer.payload).into_owned()),
    )))
}

dongting_sdk::export_transform!(Plugin);
