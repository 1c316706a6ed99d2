//! What a client still sends of a body that was refused. A server that closes its side meanwhile resets the connection, and the client
//! is told of a broken pipe instead of the reason; so the rest is heard out, for a while.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header;
use bytes::Bytes;
use futures::StreamExt;
use http_body::{Frame, SizeHint};

/// As much as the largest component that a host takes, and how long it may be on its way. Who sends more than that has not listened.
const MOST: usize = 64 << 20;
const LONGEST: Duration = Duration::from_secs(10);
/// Between two pieces. Who waits for an answer before it sends anything is not kept waiting.
const PAUSE: Duration = Duration::from_millis(500);

/// A body of which what its first reader leaves can be read by another.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

/// What the handler of a request leaves of its body.
pub struct Rest(Option<Shared>);

/// The request as its handler gets it, and what will be left of it.
pub fn of(request: Request) -> (Request, Rest) {
    // Reading would ask a client for the body that it holds back until it is wanted.
    if request.headers().contains_key(header::EXPECT) {
        return (request, Rest(None));
    }
    let (head, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body)));
    (Request::from_parts(head, Body::new(shared.clone())), Rest(Some(shared)))
}

impl Rest {
    /// Reads it and throws it away.
    pub async fn hear_out(self) {
        let Some(shared) = self.0 else { return };
        let mut pieces = Body::new(shared).into_data_stream();
        let all = async {
            let mut heard = 0usize;
            while heard < MOST
                && let Ok(Some(Ok(piece))) = tokio::time::timeout(PAUSE, pieces.next()).await
            {
                heard = heard.saturating_add(piece.len());
            }
        };
        let _ = tokio::time::timeout(LONGEST, all).await;
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
