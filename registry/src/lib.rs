//! The registry: releases of plugins and what is said of them, over the OCI Distribution API. Blobs lie by digest in a directory that
//! one process owns; what is known of them is in an SQLite database beside them.

pub mod attachment;
pub mod bundle;
pub mod catalogue;
pub mod certificate;
pub mod component;
pub mod digest;
pub mod error;
pub mod keys;
pub mod manifest;
pub mod media_type;
pub mod name;
pub mod options;
pub mod quota;
pub mod range;
pub mod reference;
pub mod registry;
pub mod release;
pub mod report;
pub mod serve;
pub mod sweep;
pub mod token;

mod access;
mod answer;
mod blobs;
mod database;
mod http;
mod push;
mod stored;
mod upload;
mod yank;

pub use attachment::{Attachment, Referrer};
pub use catalogue::{Plugin, Version};
pub use certificate::{Certificate, CertificateError};
pub use digest::Digest;
pub use error::{OpenError, RegistryError};
pub use http::path::Target;
pub use name::{Repository, Tag};
pub use options::{AnonymousRead, RegistryOptions};
pub use reference::{At, Reference};
pub use registry::Registry;
pub use release::{Details, Release};
pub use serve::{Listening, ServeError, Served};
pub use sweep::Swept;
pub use token::{NewToken, Rights, TokenRecord};
