//! Inputs that are delivered again, and of which another release has published something: that release takes them again. Its messages are
//! then known by their ids; those of the release at work might have other keys, and a consumer would see some of both.
//!
//! Who keeps nothing writes nothing down before its messages are on the bus, so it is the bus that tells: the history has read the lanes,
//! and each message names its causes and its maker.

use std::collections::BTreeMap;
use std::sync::Arc;

use dongting_manifest::installation::Code;
use dongting_manifest::plugin::Role;

use crate::history::caught_up;
use crate::host::Host;
use crate::installed::{Installed, chain};
use crate::item::Item;
use crate::worker::Worker;

impl Worker {
    /// The items by the release that takes them: the one at work, and those that have begun some of them. The order of each is kept.
    pub(crate) async fn by_release(
        &self,
        installed: &Arc<Installed>,
        items: Vec<Item>,
    ) -> Result<Vec<(Arc<Installed>, Vec<Item>)>, String> {
        let again: Vec<&str> =
            items.iter().filter(|item| item.tries > 1).map(|item| item.message.id.as_str()).collect();
        if again.is_empty() {
            return Ok(vec![(Arc::clone(installed), items)]);
        }
        caught_up(&self.shared).await?;
        let begun = self.shared.store.makers(installed.id(), &again).await.map_err(|error| chain(&error))?;
        let mut releases: BTreeMap<&str, Option<Arc<Installed>>> = BTreeMap::new();
        let mut taken: Vec<(Arc<Installed>, Vec<Item>)> = vec![(Arc::clone(installed), Vec::new())];
        for item in items {
            let maker = begun.get(&item.message.id).filter(|maker| **maker != installed.reference);
            let release = match maker {
                None => None,
                Some(maker) => match releases.get(maker.as_str()) {
                    Some(known) => known.clone(),
                    None => {
                        let found = self.that_has_begun(installed, maker).await;
                        releases.insert(maker, found.clone());
                        found
                    }
                },
            };
            let release = release.unwrap_or_else(|| Arc::clone(installed));
            match taken.iter_mut().find(|(one, _)| Arc::ptr_eq(one, &release)) {
                Some((_, items)) => items.push(item),
                None => taken.push((release, vec![item])),
            }
        }
        taken.retain(|(_, items)| !items.is_empty());
        Ok(taken)
    }

    /// None where it is not to be had any more: what it has published stays, and the release at work adds its own.
    async fn that_has_begun(&self, installed: &Installed, maker: &str) -> Option<Arc<Installed>> {
        let host = self.shared.host.get().and_then(std::sync::Weak::upgrade)?;
        let (id, at_work) = (installed.id(), &installed.reference);
        match host.release_of(installed, maker).await {
            Ok(release) => {
                tracing::info!(installation = id, maker, "`{maker}` finishes for `{id}` what it has begun");
                Some(Arc::new(release))
            }
            Err(reason) => {
                tracing::warn!(
                    installation = id,
                    maker,
                    reason,
                    "`{maker}` has begun inputs of `{id}` and cannot finish them ({reason}): `{at_work}` takes them, and what the other has published of them stays"
                );
                None
            }
        }
    }
}

impl Host {
    /// A release by its reference, `name@version#digest`, in place of the one at work: from the registry, or the file that another
    /// installation here runs.
    async fn release_of(&self, enabled: &Installed, reference: &str) -> Result<Installed, String> {
        let parts = reference.split_once('@').and_then(|(name, rest)| Some((name, rest.split_once('#')?)));
        let (name, (version, digest)) = parts.ok_or("its name is not understood")?;
        let mut codes: Vec<Code> = Vec::new();
        if let Some(signed) = enabled.signed.as_ref().filter(|signed| signed.repository.plugin() == name) {
            codes.push(Code::Release(format!("{}:{version}", signed.repository)));
        }
        for other in self.all().into_iter().filter_map(|enabled| enabled.installed) {
            if other.digest == digest {
                codes.extend(other.installation.code().ok());
            }
            let candidate = other.shadow.as_ref().and_then(|shadow| shadow.called());
            if candidate.is_some_and(|candidate| candidate.release.digest() == digest) {
                codes.extend(other.installation.candidate().ok().flatten());
            }
        }
        let mut reason = "neither the registry nor another installation has it".to_owned();
        for code in codes {
            match self.in_place_of(enabled, code, version.parse().ok()).await {
                Ok(found) if found.digest != digest => {}
                // What such a one has done is told by the inputs that it has used up.
                Ok(found) if found.fenced() || !found.has(Role::Transform) => {}
                Ok(found) => return Ok(found),
                Err(error) => reason = chain(&error),
            }
        }
        Err(reason)
    }
}
