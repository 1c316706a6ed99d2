//! Where a message comes from and what became of it: each step with what its plugin was granted, with what was sent outward, and the first ones with
//! what came from outside.

pub mod raw;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use dongting_manifest::installation::Grants;
use dongting_manifest::message::INSTALLATION;
use dongting_manifest::{Message, Timestamp};
use dongting_store::{Dispatched, Granted, Store, StoreError};

use crate::host::Host;
use crate::installed::{Installed, chain};
use raw::Raw;

pub struct Lineage {
    pub message: Step,
    /// What it was made of, nearest first.
    pub causes: Vec<Step>,
    /// Whether there may be more than these.
    pub causes_truncated: bool,
    /// What was made of it, nearest first.
    pub effects: Vec<Step>,
    pub effects_truncated: bool,
}

pub struct Step {
    pub message: Message,
    /// The installation whose call made it; none where it came onto the bus in another way.
    pub installation: Option<String>,
    /// What that was granted then; none where it is not known any more.
    pub grants: Option<Grants>,
    /// What sinks have done with it.
    pub dispatched: Vec<Outward>,
    /// What it was made of, where that was no message. None where the record of the call is not kept, and of what came onto the bus in another way.
    pub raw: Option<Raw>,
}

/// What a sink has done with a message, and what the sink was granted then; none where that is not known any more.
pub struct Outward {
    pub dispatched: Dispatched,
    pub grants: Option<Grants>,
}

/// What the releases of a lineage were granted, each read once.
struct Grantings<'s> {
    store: &'s Store,
    /// By installation and release.
    read: BTreeMap<(String, String), Vec<Granted>>,
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
        let mut grantings = Grantings { store: self.store(), read: BTreeMap::new() };
        let mut message = self.steps(vec![found.message], &mut grantings).await?;
        let Some(message) = message.pop() else { return Ok(None) };
        Ok(Some(Lineage {
            message,
            causes: self.steps(found.causes, &mut grantings).await?,
            causes_truncated: found.causes_truncated,
            effects: self.steps(found.effects, &mut grantings).await?,
            effects_truncated: found.effects_truncated,
        }))
    }

    async fn steps(
        &self,
        messages: Vec<Message>,
        grantings: &mut Grantings<'_>,
    ) -> Result<Vec<Step>, StoreError> {
        let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
        let mut sent = self.store().dispatched(&ids).await?;
        let mut steps = Vec::with_capacity(messages.len());
        for message in messages {
            let named = message.extensions.iter().find(|(name, _)| name == INSTALLATION);
            let installation = named.map(|(_, id)| id.clone());
            let grants = match &installation {
                Some(id) => grantings.at(id, &message.plugin, message.received).await?,
                None => None,
            };
            let mut dispatched = Vec::new();
            for one in sent.remove(&message.id).unwrap_or_default() {
                let grants = grantings.at(&one.installation, &one.plugin, one.at).await?;
                dispatched.push(Outward { dispatched: one, grants });
            }
            let raw = match &installation {
                Some(id) if message.causation.is_empty() => raw::of(self.store(), id, &message).await?,
                _ => None,
            };
            steps.push(Step { message, installation, grants, dispatched, raw });
        }
        Ok(steps)
    }

    /// Remembers what a release is granted in an installation from now on.
    pub(crate) async fn keep_grants(&self, installed: &Installed) {
        let kept = async {
            let grants = serde_json::to_string(&installed.installation.grants)
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
            let granted = Granted { since: Timestamp::now(), plugin: installed.reference.clone(), grants };
            self.store().keep_grants(installed.id(), &granted).await
        };
        if let Err(error) = kept.await {
            tracing::warn!("The lineage will not tell what it is granted: {}", chain(&error));
        }
    }
}

impl Grantings<'_> {
    async fn at(
        &mut self,
        installation: &str,
        plugin: &str,
        at: Timestamp,
    ) -> Result<Option<Grants>, StoreError> {
        let granted = match self.read.entry((installation.to_owned(), plugin.to_owned())) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(place) => place.insert(self.store.granted(installation, plugin).await?),
        };
        let granted = granted.iter().find(|granted| granted.since <= at);
        Ok(granted.and_then(|granted| serde_json::from_str(&granted.grants).ok()))
    }
}
