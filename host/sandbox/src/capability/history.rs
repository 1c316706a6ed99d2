//! `dongting:history`: what was said before on the bus. What the installation may read is decided by the reader.

use std::sync::Arc;

use dongting_manifest::Timestamp;
use dongting_manifest::history::Query;
use dongting_manifest::message::MAX_KEY_BYTES;
use dongting_manifest::name::is_token;
use dongting_manifest::plugin::Topic;
use wasmtime::component::{HasData, Linker};

use crate::bindings::dongting::history::history;
use crate::call::CallState;
use crate::convert;
use crate::reader::HistoryReader;

const MAX_MESSAGES: u32 = 1_000;
const MAX_SOURCE_BYTES: usize = 256;
/// Waiting for the host costs a guest no CPU time, so its questions are counted.
const MAX_QUESTIONS: u32 = 256;

pub struct History {
    reader: Option<Arc<dyn HistoryReader>>,
    questions: u32,
}

impl History {
    pub fn new(reader: Option<Arc<dyn HistoryReader>>) -> Self {
        Self { reader, questions: 0 }
    }

    pub fn batch(&self) -> Option<u64> {
        self.reader.as_ref()?.batch()
    }

    async fn find(
        &mut self,
        selection: history::Selection,
        span: Option<(i64, i64)>,
        limit: u32,
    ) -> wasmtime::Result<Result<history::Found, history::Error>> {
        self.questions = self.questions.saturating_add(1);
        if self.questions > MAX_QUESTIONS {
            let said = format!("a call may ask {MAX_QUESTIONS} times");
            return Ok(Err(history::Error::Other(said)));
        }
        let query = match query(selection, span, limit) {
            Ok(query) => query,
            Err(why) => return Ok(Err(history::Error::Invalid(why))),
        };
        let Some(reader) = &self.reader else {
            return Ok(Ok(history::Found { messages: Vec::new(), complete: true }));
        };
        // A database that cannot be read ends the call: the guest must not decide on an empty past.
        Ok(match reader.find(query).await.map_err(wasmtime::Error::msg)? {
            Ok(found) => Ok(history::Found {
                messages: found.messages.iter().map(convert::to_wit).collect(),
                complete: found.complete,
            }),
            Err(why) => Err(history::Error::Denied(why)),
        })
    }
}

fn query(selection: history::Selection, span: Option<(i64, i64)>, limit: u32) -> Result<Query, String> {
    let history::Selection { topic, region, source, key_prefix } = selection;
    for token in std::iter::once(&topic.domain).chain(&topic.detail) {
        if !is_token(token) {
            return Err(format!("`{}` is no subject token: 1 to 32 of a-z, 0-9 and -", convert::cut(token)));
        }
    }
    if source.as_ref().is_some_and(|text| text.len() > MAX_SOURCE_BYTES)
        || key_prefix.as_ref().is_some_and(|text| text.len() > MAX_KEY_BYTES)
    {
        return Err(format!("a source or key has at most {MAX_KEY_BYTES} bytes"));
    }
    if !(1..=MAX_MESSAGES).contains(&limit) {
        return Err(format!("the limit must lie between 1 and {MAX_MESSAGES}, and is {limit}"));
    }
    let instant = |micros| {
        Timestamp::from_micros(micros)
            .ok_or_else(|| format!("the time {micros} lies outside the years 1 to 9999"))
    };
    Ok(Query {
        topic: Topic { domain: topic.domain, kind: convert::kind_from_wit(topic.kind), detail: topic.detail },
        region: region.parse().map_err(|error| format!("{error}"))?,
        source,
        key_prefix,
        span: span.map(|(begin, end)| Ok::<_, String>((instant(begin)?, instant(end)?))).transpose()?,
        limit,
    })
}

pub struct HistoryCapability;

impl HasData for HistoryCapability {
    type Data<'a> = &'a mut History;
}

pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    history::add_to_linker::<_, HistoryCapability>(linker, |call| &mut call.history)
}

impl history::Host for &mut History {
    async fn latest(
        &mut self,
        selection: history::Selection,
        limit: u32,
    ) -> wasmtime::Result<Result<history::Found, history::Error>> {
        self.find(selection, None, limit).await
    }

    async fn series(
        &mut self,
        selection: history::Selection,
        begin: i64,
        end: i64,
        limit: u32,
    ) -> wasmtime::Result<Result<history::Found, history::Error>> {
        self.find(selection, Some((begin, end)), limit).await
    }
}
