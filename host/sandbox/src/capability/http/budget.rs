//! The bytes that all answers of one call may have together: each may be as long as an answer may be, and many of them are too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use wasmtime_wasi_http::{Error, WasiBody};

/// Shared by the answers of a call.
#[derive(Clone)]
pub struct Budget {
    left: Arc<AtomicUsize>,
    all: usize,
}

impl Budget {
    pub fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)), all: bytes }
    }

    fn take(&self, bytes: usize) -> bool {
        let taken =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        taken.is_ok()
    }

    /// The body, cut off with an error where the call has had its bytes. Without trailers, which no plugin here has a use for.
    pub fn spent_on(self, body: WasiBody) -> WasiBody {
        let stream = futures::stream::unfold(Some((body, self)), |open| async move {
            let (mut body, budget) = open?;
            loop {
                match body.frame().await? {
                    Ok(frame) => {
                        let Ok(data) = frame.into_data() else { continue };
                        if !budget.take(data.len()) {
                            let over = Error::HttpResponseBodySize(Some(budget.all as u64));
                            return Some((Err(over), None));
                        }
                        return Some((Ok(Frame::data(data)), Some((body, budget))));
                    }
                    Err(error) => return Some((Err(error), None)),
                }
            }
        });
        BodyExt::boxed_unsync(StreamBody::new(stream))
    }
}
