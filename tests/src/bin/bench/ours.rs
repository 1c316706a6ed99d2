//! The sandbox as the engine uses it.

use anyhow::{Context, Result, ensure};
use dongting_manifest::installation::Limits;
use dongting_manifest::{Message, Timestamp};
use dongting_sandbox::capability::config::Config;
use dongting_sandbox::{Call, Document, Egress, Plugin, Readers, Sandbox, SandboxOptions};

use crate::{Answer, sample};

pub struct Host {
    /// Its epoch ticker runs as long as it lives, as in the product.
    _sandbox: Sandbox,
    echo: Plugin,
    adapter: Plugin,
    call: Call,
}

impl Host {
    pub fn new(echo: &[u8], adapter: &[u8]) -> Result<Self> {
        let sandbox = Sandbox::new(SandboxOptions::default())?;
        let linked = |component: &[u8]| {
            let release = sandbox.load(component)?;
            let granted = release.manifest.capabilities.keys().copied().collect();
            anyhow::Ok(release.link(&granted)?)
        };
        let (echo, adapter) = (linked(echo)?, linked(adapter)?);
        let call = Call {
            config: Config::default(),
            limits: Limits::default(),
            now: now()?,
            seed: [0; 32],
            readers: Readers::default(),
            egress: Egress::Closed,
        };
        Ok(Self { _sandbox: sandbox, echo, adapter, call })
    }

    pub async fn instantiate(&self) -> Result<Answer> {
        self.echo.instantiate(self.call.clone()).await.result?;
        Ok(Answer { bodies: Vec::new() })
    }

    pub async fn apply(&self, batch: &[Message]) -> Result<Answer> {
        let applied = self.echo.apply(self.call.clone(), batch).await.result?;
        ensure!(applied.rejected.is_empty(), "the sandbox's side rejected an event");
        Ok(Answer { bodies: applied.drafts.into_iter().map(|draft| draft.body).collect() })
    }

    pub async fn decode(&self, feed: &[u8]) -> Result<Answer> {
        let document = Document {
            transport: "http".to_owned(),
            name: None,
            content_type: Some("application/json".to_owned()),
            received: self.call.now,
            body: feed.to_vec(),
        };
        let decoded =
            self.adapter.decode(&self.adapter.asked().await, self.call.clone(), document).await.result?;
        Ok(Answer { bodies: decoded.drafts.into_iter().map(|draft| draft.body).collect() })
    }
}

fn now() -> Result<Timestamp> {
    Timestamp::from_micros(sample::NOW).context("the sample's instant")
}
