//! Bodies on their way in to the routes that devices use. Whoever may not use a route is told so before any of the body is read. Of the
//! others' large bodies so many arrive at once: what has arrived in part has a bound in memory, however many connections there are.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{ErrorResponse, IntoResponse};
use dongting_engine::PushError;
use futures::StreamExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::ApiError;

/// Larger documents are refused before they are read: one that the plugin refuses must fit a dead letter.
pub const MAX_BYTES: usize = dongting_manifest::message::MAX_RAW_BYTES;
/// A body that says that it is no larger waits for no place: what a device measured does not wait behind large documents.
const SMALL_BYTES: u64 = 64 << 10;
/// For what a refused request still sends.
const LINGER: Duration = Duration::from_secs(5);

/// Of the one host in this process.
static DOOR: Door = Door {
    places: Semaphore::const_new(32),
    place: Duration::from_secs(5),
    piece: Duration::from_secs(60),
    whole: Duration::from_secs(300),
};

/// How bodies come in.
struct Door {
    /// Of large bodies that arrive at once, of all installations together.
    places: Semaphore,
    /// How long one waits for a place.
    place: Duration,
    /// From one piece of a body to the next.
    piece: Duration,
    /// From its first piece to its last.
    whole: Duration,
}

/// What keeps a body out. Where axum would say so as well, in its words.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("too many large bodies are arriving already")]
    Full { after: Duration },
    #[error("Failed to buffer the request body: length limit exceeded")]
    TooLarge,
    #[error("the body did not arrive in time")]
    Late,
    #[error("Failed to buffer the request body: {0}")]
    Broken(axum::Error),
}

/// Whom a request is for, and its body. `addressed` gives none where the request is not let in; it is asked before the body is read and
/// after, as that may take minutes, in which installations change.
pub async fn admitted<T>(
    addressed: impl Fn() -> Option<T>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(T, Vec<u8>), ErrorResponse> {
    // An unknown installation and a wrong token are the same answer: a guess learns nothing.
    let unknown = || ApiError::from(PushError::Token);
    if addressed().is_none() {
        discard(headers, body);
        return Err(unknown().into());
    }
    let bytes = DOOR.read(headers, body).await?;
    Ok((addressed().ok_or_else(unknown)?, bytes))
}

impl Door {
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refused> {
        // Known where there is none and where its length was announced.
        let announced = body.size_hint().exact();
        if announced.is_some_and(|bytes| bytes > MAX_BYTES as u64) {
            discard(headers, body);
            return Err(Refused::TooLarge);
        }
        if announced.is_some_and(|bytes| bytes <= SMALL_BYTES) {
            return self.collect(body).await;
        }
        let Ok(Ok(_place)) = timeout(self.place, self.places.acquire()).await else {
            discard(headers, body);
            return Err(Refused::Full { after: self.place });
        };
        self.collect(body).await
    }

    async fn collect(&self, body: Body) -> Result<Vec<u8>, Refused> {
        let end = Instant::now() + self.whole;
        let mut pieces = body.into_data_stream();
        let mut bytes = Vec::new();
        loop {
            let next = timeout_at(end.min(Instant::now() + self.piece), pieces.next());
            let Some(piece) = next.await.map_err(|_| Refused::Late)? else { return Ok(bytes) };
            let piece = piece.map_err(Refused::Broken)?;
            if bytes.len().saturating_add(piece.len()) > MAX_BYTES {
                return Err(Refused::TooLarge);
            }
            bytes.extend_from_slice(&piece);
        }
    }
}

/// Goes on reading for a moment and keeps none of it. Were the connection closed at once, a client that is still sending would see it
/// break and not the answer.
fn discard(headers: &HeaderMap, body: Body) {
    // One that asked whether to send has its answer.
    if body.is_end_stream() || headers.contains_key(header::EXPECT) {
        return;
    }
    let mut pieces = body.into_data_stream();
    tokio::spawn(timeout(LINGER, async move { while let Some(Ok(_)) = pieces.next().await {} }));
}

impl IntoResponse for Refused {
    fn into_response(self) -> axum::response::Response {
        let said = self.to_string();
        match self {
            Self::Full { after } => ApiError::from(PushError::Later { reason: said, after }).into_response(),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, said).into_response(),
            Self::Late => ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", said)
                .hint("Nothing is lost: deliver the same document again.")
                .into_response(),
            Self::Broken(_) => (StatusCode::BAD_REQUEST, said).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::HeaderValue;
    use futures::stream;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3600);

    fn door(places: usize) -> Door {
        Door { places: Semaphore::const_new(places), place: SHORT, piece: LONG, whole: LONG }
    }

    /// A body that does not say how long it is.
    fn chunked(pieces: &[usize]) -> Body {
        let pieces: Vec<Result<Bytes, axum::Error>> =
            pieces.iter().map(|length| Ok(Bytes::from(vec![b'x'; *length]))).collect();
        Body::from_stream(stream::iter(pieces))
    }

    /// Half a body, and then nothing more.
    fn half() -> Body {
        let first: Result<Bytes, axum::Error> = Ok(Bytes::from_static(b"half"));
        Body::from_stream(stream::iter([first]).chain(stream::pending()))
    }

    async fn status(door: &Door, body: Body) -> u16 {
        match door.read(&HeaderMap::new(), body).await {
            Ok(_) => 200,
            Err(refused) => refused.into_response().status().as_u16(),
        }
    }

    #[tokio::test]
    async fn up_to_the_limit_and_not_beyond() {
        let door = door(1);
        for (body, expected) in [
            (Body::empty(), 200),
            (Body::from(vec![0; MAX_BYTES]), 200),
            (Body::from(vec![0; MAX_BYTES + 1]), 413),
            (chunked(&[MAX_BYTES - 1, 1]), 200),
            (chunked(&[MAX_BYTES - 1, 2]), 413),
        ] {
            assert_eq!(status(&door, body).await, expected);
        }
        let read = door.read(&HeaderMap::new(), chunked(&[2, 0, 3])).await.unwrap();
        assert_eq!(read, b"xxxxx");
    }

    #[tokio::test]
    async fn without_a_place_only_small_ones_come_in() {
        let door = door(0);
        let small = vec![0; SMALL_BYTES as usize];
        let large = vec![0; SMALL_BYTES as usize + 1];
        for (body, expected) in
            [(Body::from(small), 200), (Body::empty(), 200), (Body::from(large), 503), (chunked(&[1]), 503)]
        {
            assert_eq!(status(&door, body).await, expected);
        }
        let answer = Refused::Full { after: Duration::from_secs(5) }.into_response();
        assert_eq!(answer.headers().get(header::RETRY_AFTER), Some(&HeaderValue::from_static("5")));
    }

    #[tokio::test]
    async fn one_that_stops_gives_its_place_back() {
        let silent = Door { piece: SHORT, ..door(1) };
        let endless = Door { whole: SHORT, ..door(1) };
        for door in [silent, endless] {
            assert_eq!(status(&door, half()).await, 408);
            assert_eq!(status(&door, chunked(&[1])).await, 200);
        }
    }
}
