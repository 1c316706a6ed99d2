//! A host to which documents are pushed, each an observation of the domain `test`, and one plugin that makes assessments of them.

use anyhow::Result;

use crate::host::{Answer, Host, plugin};

pub const TOKEN: &str = "a-token-of-the-tests";

/// The configuration without the plugin.
pub fn alone() -> Result<String> {
    let document = plugin("guests/document.wasm")?;
    Ok(format!(
        r#"
        [[installation]]
        id = "documents"
        component = {document:?}
        region = "430000"
        push_token = "{TOKEN}"
        grants = {{ publish = [{{ domain = "test", kind = "observation", per_second = 100000 }}] }}
        "#
    ))
}

/// What the guest `desk` asks for.
pub const DESK: &str = r#"
    capabilities = ["state", "history", "http"]
    subscribe = [{ domain = "test", kind = "observation" }]
    publish = [{ domain = "test", kind = "observation" }, { domain = "test", kind = "feedback" }]
    "#;

/// One installation of which something is asked with the token.
pub fn asked(id: &str, guest: &str, grants: &str) -> Result<String> {
    let component = plugin(guest)?;
    Ok(format!(
        r#"
        [[installation]]
        id = "{id}"
        component = {component:?}
        region = "430000"
        push_token = "{TOKEN}"
        [installation.grants]
        {grants}
        "#
    ))
}

/// The configuration. `installation` is what the plugin's entry says besides: its id, its region and what it is granted.
pub fn configuration(guest: &str, installation: &str) -> Result<String> {
    let (documents, guest) = (alone()?, plugin(guest)?);
    Ok(format!(
        r#"
        {documents}
        [[installation]]
        component = {guest:?}
        grants.subscribe = [{{ domain = "test", kind = "observation" }}]
        grants.publish = [{{ domain = "test", kind = "assessment", per_second = 100000 }}]
        {installation}
        "#
    ))
}

/// Delivers a document.
pub fn push(host: &Host, document: &[u8]) -> Result<Answer> {
    host.push("documents", TOKEN, document)
}
