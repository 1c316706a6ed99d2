//! GET /stream: server-sent events for whoever looks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use dongting_engine::Host;
use futures::stream::{self, Stream};
use tokio::sync::broadcast::error::RecvError;

use crate::dto::message::Arrived;

const HEARTBEAT: Duration = Duration::from_secs(15);

/// `message` for each message that can now be read, `installations` when a state has changed, `reload` to one who has missed some.
#[utoipa::path(get, path = "/stream", operation_id = "stream", responses((status = 200, body = String, content_type = "text/event-stream")))]
pub async fn stream(State(host): State<Arc<Host>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let arrivals = host.arrivals();
    let changes = host.changes();
    drop(host);
    let events = stream::unfold((arrivals, changes), |(mut arrivals, mut changes)| async move {
        let event = tokio::select! {
            arrival = arrivals.recv() => match arrival {
                Ok(arrival) => {
                    let data = serde_json::to_string(&Arrived::from(&*arrival.message)).unwrap_or_default();
                    Event::default().event("message").id(arrival.message.id.clone()).data(data)
                }
                Err(RecvError::Lagged(_)) => Event::default().event("reload").data("{}"),
                Err(RecvError::Closed) => return None,
            },
            changed = changes.changed() => match changed {
                Ok(()) => Event::default().event("installations").data("{}"),
                Err(_) => return None,
            },
        };
        Some((Ok(event), (arrivals, changes)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here"))
}
