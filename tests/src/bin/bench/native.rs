//! The work without a sandbox: the guests' pure functions.

use anyhow::{Result, anyhow, ensure};
use dongting_adapters_earthquake::settings::Settings;
use dongting_adapters_earthquake::{document, instant, locate};
use dongting_guests_echo::{Kind, Message};

use crate::{Answer, sample};

pub fn messages(count: usize) -> Vec<Message> {
    let message = |at| Message {
        id: sample::id(at),
        source: "bench".to_owned(),
        type_: sample::TYPE.to_owned(),
        subject: "em.43.00.00.test.observation.-".to_owned(),
        domain: "test".to_owned(),
        kind: Kind::Observation,
        detail: None,
        region: sample::REGION.to_owned(),
        time: sample::NOW,
        received: sample::NOW,
        key: sample::key(at),
        revision: "1".to_owned(),
        partition: sample::key(at),
        causation: Vec::new(),
        plugin: sample::PLUGIN.to_owned(),
        content_type: "application/json".to_owned(),
        extensions: vec![("traceparent".to_owned(), sample::TRACEPARENT.to_owned())],
        body: sample::body(at),
    };
    (0..count).map(message).collect()
}

pub fn apply(batch: &[Message]) -> Result<Answer> {
    let applied = dongting_guests_echo::apply(batch);
    ensure!(applied.rejected.is_empty(), "the native side rejected an event");
    Ok(Answer { bodies: applied.drafts.into_iter().map(|draft| draft.body).collect() })
}

/// What the adapter's glue does of a pushed document, without an attachment.
pub fn decode(feed: &[u8]) -> Result<Answer> {
    let settings = Settings::parse("{}")?;
    let received = instant::from_millis(sample::NOW / 1000).map_err(|reason| anyhow!(reason))?;
    let (format, document) = document::decode(feed, received)?;
    let body = |reading: &dongting_adapters_earthquake::reading::Reading| {
        let statement = reading.statement(settings.agency(format), locate::in_bounding_box);
        serde_json::to_vec(&statement.earthquake)
    };
    Ok(Answer { bodies: document.readings.iter().map(body).collect::<Result<_, _>>()? })
}
