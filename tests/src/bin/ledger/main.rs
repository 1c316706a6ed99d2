//! `ledger`: the verifier of the chaos run. It is the feed that is polled, the deliverer that pushes and the receiver of the effects, and keeps
//! its own book on what it said and what it was told. It shares no code with the host: nothing of this workspace is imported here.

#![allow(clippy::print_stdout, reason = "its output is its product")]

mod book;
mod letters;
mod load;
mod pace;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::book::{Book, Effect, Figures};
use crate::letters::Compared;
use crate::load::{Load, Reading};

/// Keeps book on a chaos run.
#[derive(Parser)]
struct Arguments {
    /// Readings a second, half of them polled and half pushed.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    #[arg(long, default_value_t = 20)]
    partitions: u32,
    /// Of a hundred readings, so many are poison.
    #[arg(long, default_value_t = 0)]
    poison_percent: u32,
}

struct Ledger {
    load: Load,
    book: Mutex<Book>,
    /// Where to push to; empty while the host is down.
    host: Mutex<String>,
    receiver: Mutex<Receiver>,
}

/// The receiver of the effects.
#[derive(Default)]
struct Receiver {
    is_down: bool,
    /// When it was there again.
    back: Option<Instant>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let ledger = Arc::new(Ledger {
        load: Load::new(arguments.rate, arguments.partitions, arguments.poison_percent),
        book: Mutex::default(),
        host: Mutex::default(),
        receiver: Mutex::default(),
    });
    let app = Router::new()
        .route("/feed", get(feed))
        .route("/effect", post(effect))
        .route("/host", post(host))
        .route("/outage", post(outage))
        .route("/stop", post(stop))
        .route("/figures", get(figures))
        .route("/letters", get(letters))
        .with_state(Arc::clone(&ledger));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let pusher = tokio::spawn(load::push(Arc::clone(&ledger)));
    axum::serve(listener, app).await?;
    pusher.abort();
    Ok(())
}

#[derive(Deserialize)]
struct After {
    after: u64,
}

#[derive(Serialize)]
struct Page {
    next: u64,
    readings: Vec<Reading>,
}

async fn feed(State(ledger): State<Arc<Ledger>>, Query(After { after }): Query<After>) -> Json<Page> {
    let (next, readings) = ledger.load.polled(after, Instant::now());
    ledger.book().said(&readings);
    Json(Page { next, readings })
}

async fn effect(
    State(ledger): State<Arc<Ledger>>,
    headers: HeaderMap,
    Json(effect): Json<Effect>,
) -> StatusCode {
    if ledger.receiver().is_down {
        ledger.book().refused();
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.is_empty() {
        return StatusCode::BAD_REQUEST;
    }
    ledger.book().arrived(key, effect);
    StatusCode::NO_CONTENT
}

async fn host(State(ledger): State<Arc<Ledger>>, url: String) {
    *ledger.host.lock().unwrap_or_else(PoisonError::into_inner) = url;
}

async fn outage(State(ledger): State<Arc<Ledger>>, on: String) {
    let is_down = on == "on";
    let back = (!is_down).then(Instant::now);
    *ledger.receiver() = Receiver { is_down, back };
}

async fn stop(State(ledger): State<Arc<Ledger>>) {
    ledger.load.stop(Instant::now());
}

async fn figures(State(ledger): State<Arc<Ledger>>) -> Json<Figures> {
    let now = Instant::now();
    let expected = ledger.load.expected(now);
    let (from, to) = ledger.end(now);
    let due = ledger.load.due_between(from, to);
    let book = ledger.book();
    let made = book.between(from, to);
    Json(Figures {
        poison: ledger.load.poison(now).len() as u64,
        end_millis: u64::try_from(to.duration_since(from).as_millis()).unwrap_or(u64::MAX),
        end_due: due.len() as u64,
        end_made: made.len() as u64,
        end_kept: pace::kept(&due, &made),
        ..book.figures(&expected)
    })
}

/// The dead letters that the host has by now, beside the poison.
async fn letters(State(ledger): State<Arc<Ledger>>) -> Result<Json<Compared>, (StatusCode, String)> {
    let url = ledger.host();
    let read = tokio::task::spawn_blocking(move || letters::read(&url)).await;
    let read = read.map_err(anyhow::Error::from).flatten();
    let failed = |error: anyhow::Error| (StatusCode::BAD_GATEWAY, format!("{error:#}"));
    Ok(Json(letters::compare(&ledger.load.poison(Instant::now()), &read.map_err(failed)?)))
}

impl Ledger {
    /// The last ten seconds of the load, or what there is of it since the receiver is back.
    fn end(&self, now: Instant) -> (Instant, Instant) {
        let to = self.load.ended().unwrap_or(now);
        let from = to.checked_sub(END).unwrap_or(to);
        (self.receiver().back.map_or(from, |back| from.max(back).min(to)), to)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receiver(&self) -> MutexGuard<'_, Receiver> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn host(&self) -> String {
        self.host.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The pause between two questions or tries.
const PAUSE: Duration = Duration::from_millis(20);
/// What is told apart of the load.
const END: Duration = Duration::from_secs(10);
