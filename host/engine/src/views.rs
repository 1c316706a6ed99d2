//! Views: what they read is taken from the store, and nothing else goes in.

use std::time::Duration;

use dongting_manifest::{Message, Region, Timestamp};
use dongting_sandbox::views::{Context, Language, Listed, Panel};
use dongting_sandbox::{Outcome, Refusal};
use dongting_store::{Store, StoreError};

use crate::given::{Heard, told_in_text};
use crate::installed::Installed;
use crate::publish::Inputs;
use crate::transform::Effects;
use crate::worker::Shared;

/// A view of an installation.
#[derive(Debug, Clone)]
pub struct ViewInfo {
    pub installation: String,
    pub region: Region,
    pub view: Listed,
}

#[derive(Debug)]
pub struct Rendered {
    pub panels: Vec<Panel>,
    pub rendered_at: Timestamp,
    /// When the newest of the messages shown arrived.
    pub newest: Option<Timestamp>,
}

#[derive(Debug)]
pub struct Acted {
    pub text: String,
    pub messages: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    #[error("there is no view `{view}` of an installation `{installation}`")]
    Unknown { installation: String, view: String },
    #[error("the view is enabled for {enabled}, not for {region}")]
    Region { enabled: Region, region: Region },
    /// The plugin says why; the person can read it.
    #[error("{0}")]
    Rejected(String),
    #[error("the view cannot be shown now: {0}")]
    Failed(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Installed {
    pub async fn render(
        &self,
        store: &Store,
        view: &str,
        region: Region,
        language: Language,
    ) -> Result<Rendered, ViewError> {
        let context = self.context(store, view, region, language).await?;
        let call = self.call(context.now, &["render", view, &region.to_string()]);
        let outcome = self.log(self.plugin.render(call, view, &context).await);
        let panels = outcome.result.map_err(|refusal| self.refused(&refusal))?;
        self.status.active();
        let newest = context.messages.iter().flatten().map(|message| message.received).max();
        Ok(Rendered { panels, rendered_at: context.now, newest })
    }

    pub async fn act(
        &self,
        shared: &Shared,
        (view, action): (&str, &str),
        form: &[(String, String)],
        (region, language): (Region, Language),
    ) -> Result<Acted, ViewError> {
        let context = self.context(&shared.store, view, region, language).await?;
        let (place, turn) = self.entered(shared).await.map_err(ViewError::Failed)?;
        let note = self.note_form((view, action), form, &context);
        let call = self.call_to_act(view, action, context.now);
        let mut outcome = self.log(self.plugin.act(&place, call, view, action, form, &context).await);
        let heard = Heard::of(&mut outcome);
        let Outcome { result, writes, .. } = outcome;
        let acted = result.map_err(|refusal| self.refused(&refusal))?;
        // What a view publishes rests on what it was shown; the plugin names which by index over all its reads.
        let shown: Vec<Message> = context.messages.into_iter().flatten().collect();
        let inputs = Inputs { messages: &shown, received: context.now };
        let outputs =
            self.messages(&inputs, acted.drafts).map_err(|fault| ViewError::Failed(fault.to_string()))?;
        let ids = outputs.iter().map(|message| message.id.clone()).collect();
        let effects = Effects { outputs, writes, ..Effects::default() };
        let noted = self.noted(note, heard, &effects, Some(told_in_text(&acted.text)));
        self.store(shared, turn, (effects, Vec::new(), None), noted).await.map_err(ViewError::Failed)?;
        self.status.active();
        Ok(Acted { text: acted.text, messages: ids })
    }

    async fn context(
        &self,
        store: &Store,
        view: &str,
        region: Region,
        language: Language,
    ) -> Result<Context, ViewError> {
        let unknown = || ViewError::Unknown { installation: self.id().to_owned(), view: view.to_owned() };
        let info = self.views.iter().find(|info| info.view.id == view).ok_or_else(unknown)?;
        if !self.installation.region.contains(region) {
            return Err(ViewError::Region { enabled: self.installation.region, region });
        }
        let now = Timestamp::now();
        let mut messages = Vec::with_capacity(info.view.reads.len());
        for read in &info.view.reads {
            let granted = self.installation.grants.subscribe.iter().any(|grant| grant.covers(&read.topic));
            let since = read.max_age_seconds.map(|age| now.saturating_sub(Duration::from_secs(age.into())));
            messages.push(if granted {
                store.latest(&read.topic, region, since, read.limit).await?
            } else {
                Vec::new()
            });
        }
        Ok(Context { region, language, now, messages })
    }

    fn refused(&self, refusal: &Refusal) -> ViewError {
        match refusal {
            Refusal::Reject(reason) => ViewError::Rejected(reason.clone()),
            other => {
                let reason = other.to_string();
                self.failing(reason.clone());
                ViewError::Failed(reason)
            }
        }
    }
}
