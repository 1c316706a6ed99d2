//! The JSON of the API. These types are the contract with the portal: `portal/openapi.json` is made of them.

pub mod catalogue;
pub mod dead_letter;
pub mod health;
pub mod installation;
pub mod listening;
pub mod message;
pub mod panel;
pub mod parked;
pub mod plugin;
pub mod region;
pub mod reload;
pub mod replay;
pub mod review;
pub mod schema;
pub mod view;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

impl From<&dongting_manifest::Text> for Text {
    fn from(text: &dongting_manifest::Text) -> Self {
        Self { zh: text.zh.clone(), en: text.en.clone() }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Zh,
    En,
}

impl From<Language> for dongting_engine::panels::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Zh => Self::Zh,
            Language::En => Self::En,
        }
    }
}
