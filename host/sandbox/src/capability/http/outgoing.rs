//! The body of a request on its way out, heard along. It is read to its end whatever becomes of the request: what a plugin is told of one is
//! its answer, and not how far it had come when a connection broke off. So a replay, in which nothing is sent, can tell it the same.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::future::poll_fn;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use wasmtime_wasi_http::{Error, WasiBody};

/// Kept of a body, for people.
const START: usize = 4_096;

/// Shared by who sends the body and who writes down what was sent.
#[derive(Clone)]
pub struct Outgoing(Arc<Mutex<Heard>>);

struct Heard {
    body: Source,
    /// Of who reads it.
    waiting: Option<Waker>,
    hash: Sha256,
    start: Vec<u8>,
}

enum Source {
    Open(WasiBody),
    Ended,
    /// The call ended before it did.
    Cut,
}

/// What the network reads. Given up before its end, the rest is read for nobody.
struct Sending(Outgoing);

impl Outgoing {
    /// With the body to be sent in place of `body`.
    pub fn new(body: WasiBody) -> (Self, WasiBody) {
        let (body, hash) = (Source::Open(body), Sha256::new());
        let outgoing = Self(Arc::new(Mutex::new(Heard { body, waiting: None, hash, start: Vec::new() })));
        let sending = Sending(outgoing.clone()).boxed_unsync();
        (outgoing, sending)
    }

    /// What the plugin wrote: a digest of all of it, and its beginning. Asked for when the call is over; what is still to be sent then is not
    /// sent any more.
    pub fn ended(&self) -> (String, Vec<u8>) {
        let waiting = self.lock().waiting.take();
        let mut unsent = false;
        while let Poll::Ready(Some(Ok(_))) = self.poll(&mut Context::from_waker(Waker::noop())) {
            unsent = true;
        }
        let mut heard = self.lock();
        // Whoever still sends it must not take this for its end, nor the receiver for a whole request.
        if unsent || matches!(heard.body, Source::Open(_)) {
            heard.body = Source::Cut;
        }
        let mut digest = hex::encode(heard.hash.clone().finalize());
        digest.truncate(40);
        let start = std::mem::take(&mut heard.start);
        drop(heard);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        (digest, start)
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut heard = self.lock();
        let Heard { body, waiting, hash, start } = &mut *heard;
        let polled = match body {
            Source::Open(body) => Pin::new(body).poll_frame(context),
            Source::Ended => return Poll::Ready(None),
            Source::Cut => return Poll::Ready(Some(Err(Error::ConnectionTerminated))),
        };
        match &polled {
            Poll::Pending => *waiting = Some(context.waker().clone()),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    hash.update(data);
                    start.extend(data.iter().take(START - start.len()));
                }
            }
            Poll::Ready(None | Some(Err(_))) => *body = Source::Ended,
        }
        polled
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.poll(context)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0.lock().body {
            Source::Open(body) => body.is_end_stream(),
            Source::Ended => true,
            Source::Cut => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0.lock().body {
            Source::Open(body) => body.size_hint(),
            Source::Ended | Source::Cut => SizeHint::with_exact(0),
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        // Else the plugin would find its body closed, or wait for ever for somebody to take the next piece. It ends with the call.
        if !self.is_end_stream()
            && let Ok(handle) = Handle::try_current()
        {
            let rest = self.0.clone();
            handle
                .spawn(async move { while let Some(Ok(_)) = poll_fn(|context| rest.poll(context)).await {} });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http_body_util::{Full, StreamBody};
    use tokio::sync::mpsc;

    use super::*;

    /// A body whose pieces come one by one, and never more than one ahead.
    fn written() -> (mpsc::Sender<Bytes>, WasiBody) {
        let (sender, receiver) = mpsc::channel(1);
        let pieces = futures::stream::unfold(receiver, |mut receiver| async move {
            let piece: Bytes = receiver.recv().await?;
            Some((Ok(Frame::data(piece)), receiver))
        });
        (sender, BodyExt::boxed_unsync(StreamBody::new(pieces)))
    }

    fn digest(bytes: &[u8]) -> String {
        let mut digest = hex::encode(Sha256::digest(bytes));
        digest.truncate(40);
        digest
    }

    #[tokio::test]
    async fn a_body_is_read_on_when_the_network_gives_it_up() {
        let (sender, body) = written();
        let (outgoing, mut sending) = Outgoing::new(body);
        sender.send(Bytes::from("one ")).await.unwrap();
        assert_eq!(sending.frame().await.unwrap().unwrap().into_data().unwrap(), "one ");
        drop(sending);
        for piece in ["two ", "three ", "four"] {
            sender.send(Bytes::from(piece)).await.unwrap();
        }
        drop(sender);
        let (whole, start) = outgoing.ended();
        assert_eq!((whole, start.as_slice()), (digest(b"one two three four"), &b"one two three four"[..]));
    }

    #[tokio::test]
    async fn what_was_not_sent_when_the_call_ended_is_cut_off_and_told() {
        let (sender, body) = written();
        let (outgoing, mut sending) = Outgoing::new(body);
        let mut first = std::pin::pin!(sending.frame());
        assert!(futures::poll!(&mut first).is_pending());
        sender.send(Bytes::from(vec![b'a'; START + 1])).await.unwrap();
        let (whole, start) = outgoing.ended();
        assert_eq!((whole, start.len()), (digest(&[b'a'; START + 1]), START));
        assert!(first.await.unwrap().is_err());
    }

    #[tokio::test]
    async fn what_was_written_to_its_end_and_not_sent_is_cut_off_too() {
        let body = Full::new(Bytes::from("abc")).map_err(|never| match never {}).boxed_unsync();
        let (outgoing, mut sending) = Outgoing::new(body);
        assert_eq!(outgoing.ended().0, digest(b"abc"));
        assert!(sending.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn a_body_that_is_there_says_how_long_it_is() {
        let body = Full::new(Bytes::from("abc")).map_err(|never| match never {}).boxed_unsync();
        let (outgoing, sending) = Outgoing::new(body);
        assert_eq!(sending.size_hint().exact(), Some(3));
        assert_eq!(sending.collect().await.unwrap().to_bytes(), "abc");
        assert_eq!(outgoing.ended().0, digest(b"abc"));
    }
}
