//! Where a message comes from and what became of it: each step with what its plugin was granted, with what was sent outward, and the first ones with
//! what came from outside.

pub mod raw;

use dongting_manifest::Message;
use dongting_manifest::installation::Grants;
use dongting_manifest::message::INSTALLATION;
use dongting_store::{Dispatched, Granted, StoreError};

use crate::host::Host;
use crate::installed::Installed;
use raw::Raw;

pub struct Lineage {
    pub message: Step,
    /// What it was made of, nearest first.
    pub causes: Vec<Step>,
    /// What was made of it, nearest first.
    pub effects: Vec<Step>,
}

pub struct Step {
    pub message: Message,
    /// The installation whose call made it; none where it came onto the bus in another way.
    pub installation: Option<String>,
    /// What that was granted then; none where it is not known any more.
    pub grants: Option<Grants>,
    /// What sinks have done with it.
    pub dispatched: Vec<Dispatched>,
    /// What it was made of, where that was no message. None where the record of the call is not kept, and of what came onto the bus in another way.
    pub raw: Option<Raw>,
}

impl Step {
    /// Whether it was made of no other message.
    pub fn is_first(&self) -> bool {
        self.message.causation.is_empty()
    }
}

impl Host {
    pub async fn lineage(&self, id: &str) -> Result<Option<Lineage>, StoreError> {
        let Some(found) = self.store().lineage(id).await? else { return Ok(None) };
        let mut message = self.steps(vec![found.message]).await?;
        let Some(message) = message.pop() else { return Ok(None) };
        let causes = self.steps(found.causes).await?;
        Ok(Some(Lineage { message, causes, effects: self.steps(found.effects).await? }))
    }

    async fn steps(&self, messages: Vec<Message>) -> Result<Vec<Step>, StoreError> {
        let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
        let mut dispatched = self.store().dispatched(&ids).await?;
        let mut steps = Vec::with_capacity(messages.len());
        for message in messages {
            let named = message.extensions.iter().find(|(name, _)| name == INSTALLATION);
            let installation = named.map(|(_, id)| id.clone());
            let granted = match &installation {
                Some(id) => self.store().granted(id, message.received).await?,
                None => None,
            };
            let grants = granted
                .filter(|granted| granted.plugin == message.plugin)
                .and_then(|granted| serde_json::from_str(&granted.grants).ok());
            let dispatched = dispatched.remove(&message.id).unwrap_or_default();
            let raw = match &installation {
                Some(id) if message.causation.is_empty() => raw::of(self.store(), id, &message).await?,
                _ => None,
            };
            steps.push(Step { message, installation, grants, dispatched, raw });
        }
        Ok(steps)
    }

    /// Remembers what an installation is granted from now on.
    pub(crate) async fn keep_grants(&self, installed: &Installed) -> Result<(), StoreError> {
        let grants = serde_json::to_string(&installed.installation.grants)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        let granted = Granted {
            since: dongting_manifest::Timestamp::now(),
            plugin: installed.reference.clone(),
            grants,
        };
        self.store().keep_grants(installed.id(), &granted).await
    }
}
