//! `form-one` with its counts in documents instead of under keys: its migration brings along what that one has kept, or fails as the
//! settings say.

#![cfg(any(target_family = "wasm", test))]
#![allow(unsafe_code, reason = "the exports that the macro generates")]

use dongting_sdk::migration::Guest as Migration;
use dongting_sdk::transform::*;
use serde::{Deserialize, Serialize};

struct Plugin;

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    fails: String,
    #[serde(default)]
    work: u64,
}

#[derive(Serialize, Deserialize)]
struct Level {
    count: u64,
}

impl Guest for Plugin {
    fn apply(batch: Vec<Message>) -> Result<Applied, Error> {
        let migrations: u64 = state::get("migrations")?.unwrap_or(0);
        each(&batch, |message| {
            let said: String = message.payload()?;
            let name = said.split('/').next().unwrap_or_default().to_owned();
            let before = records::get("levels", &name)?;
            let count =
                before.map(|stored| stored.json::<Level>()).transpose()?.map_or(1, |level| level.count + 1);
            records::put("levels", &name, &Level { count }, None)?;
            // A timer that the release before has set says by now that it was brought along.
            let kept = timers::get(&name)?.is_none_or(|timer| timer.payload == b"two");
            let to = ("test", Kind::Assessment);
            let at = (message.key.as_str(), message.time);
            let said = (name, count, if kept { migrations } else { 99 });
            Draft::json("em.test.assessment.v1", to, &message.region, at, &said).map(|draft| vec![draft])
        })
    }
}

impl Migration for Plugin {
    fn migrate(from: u32) -> Result<(), Error> {
        let Settings { fails, work } = config::settings()?;
        if from != 1 {
            return Err(Error::Other(format!("nothing is known of a form {from}")));
        }
        for key in state::keys()? {
            let Some(name) = key.strip_prefix("count/") else { continue };
            let count = state::get(&key)?.unwrap_or_default();
            records::put("levels", name, &Level { count }, Some(0))?;
            state::delete(&key)?;
            if let Some(timer) = timers::get(name)? {
                timers::set(name, timer.at, b"two")?;
            }
        }
        let migrations: u64 = state::get("migrations")?.unwrap_or(0);
        state::set("migrations", &(migrations + 1))?;
        let mut mixed = u64::from(from);
        for step in 0..work * 1_000_000 {
            mixed = std::hint::black_box(mixed.rotate_left(5) ^ step);
        }
        match fails.as_str() {
            "trap" => std::process::abort(),
            "refuse" => Err(Error::Reject("the form of the gauges cannot be understood".to_owned())),
            "large" => (0..1_000).try_for_each(|n| state::set(&format!("large/{n}"), &"x".repeat(200_000))),
            "spin" => loop {
                std::hint::black_box(mixed);
            },
            _ => Ok(()),
        }
    }
}

dongting_sdk::export_transform!(Plugin);
dongting_sdk::export_migration!(Plugin);
