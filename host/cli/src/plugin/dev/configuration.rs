//! The `dongting.toml` of a development host: everything is granted that the manifest asks for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use dongting_manifest::plugin::{Capability, Role, Topic};
use dongting_manifest::{Kind, Manifest};
use toml::{Table, Value};

use super::Dev;
use crate::plugin::build::load;

pub struct Configuration {
    /// The id of the project's installation.
    pub id: String,
    /// What a deliverer shows.
    pub token: String,
    pub roles: Vec<Role>,
    table: Table,
}

impl Configuration {
    pub fn new(
        manifest: &Manifest,
        component: PathBuf,
        options: &Dev,
        settings: Table,
        attachments: BTreeMap<String, PathBuf>,
    ) -> Result<Self> {
        let token = format!("development-{}", manifest.name);
        let mut installations =
            vec![installation(manifest, &component, (&options.region, &token), settings, attachments)?];
        for path in &options.beside {
            let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let beside = load(&bytes).with_context(|| path.display().to_string())?.manifest;
            let token = format!("development-{}", beside.name);
            let place = (options.region.as_str(), token.as_str());
            installations.push(installation(&beside, path, place, Table::new(), BTreeMap::new())?);
        }
        let mut table = Table::new();
        // What a power cut takes is made again by the next change.
        table.insert("nats".into(), Value::Table(pairs([("sync_always", Value::Boolean(false))])));
        table.insert("trust".into(), Value::Table(pairs([("allow_unsigned", Value::Boolean(true))])));
        table.insert(
            "installation".into(),
            Value::Array(installations.into_iter().map(Value::Table).collect()),
        );
        Ok(Self { id: manifest.name.clone(), token, roles: manifest.roles.clone(), table })
    }

    /// As `dongting.toml` in that folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join("dongting.toml");
        let text = toml::to_string(&self.table).context("the settings cannot be written as TOML")?;
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}

fn installation(
    manifest: &Manifest,
    component: &Path,
    (region, token): (&str, &str),
    settings: Table,
    attachments: BTreeMap<String, PathBuf>,
) -> Result<Table> {
    let component =
        component.canonicalize().with_context(|| format!("{} cannot be found", component.display()))?;
    let text = |text: &str| Value::String(text.to_owned());
    let list = |values: Vec<Value>| Value::Array(values);
    let mut grants = Table::new();
    let capabilities = manifest.capabilities.keys().map(|one| text(one.as_str())).collect();
    grants.insert("capabilities".into(), list(capabilities));
    grants.insert("publish".into(), list(manifest.publish.iter().map(publish).collect()));
    grants.insert(
        "subscribe".into(),
        list(manifest.subscribe.iter().map(|one| Value::Table(topic(one))).collect()),
    );
    if manifest.capabilities.contains_key(&Capability::Http) {
        grants.insert("http".into(), list(hosts(&settings)));
    }
    if manifest.roles.contains(&Role::Session) {
        grants.insert("listen".into(), text("127.0.0.1:0"));
    }
    let mut table = pairs([
        ("id", text(&manifest.name)),
        ("component", text(&component.display().to_string())),
        ("region", text(region)),
        ("push_token", text(token)),
        ("every_seconds", Value::Float(5.0)),
        ("grants", Value::Table(grants)),
        ("settings", Value::Table(settings)),
    ]);
    if !attachments.is_empty() {
        let files =
            attachments.into_iter().map(|(name, path)| (name, Value::String(path.display().to_string())));
        table.insert("attachments".into(), Value::Table(files.collect()));
    }
    Ok(table)
}

fn publish(one: &Topic) -> Value {
    let mut table = topic(one);
    table.insert("outside".into(), Value::Boolean(true));
    table.insert("per_second".into(), Value::Integer(1_000));
    Value::Table(table)
}

fn topic(one: &Topic) -> Table {
    let kind: Kind = one.kind;
    let mut table =
        pairs([("domain", Value::String(one.domain.clone())), ("kind", Value::String(kind.to_string()))]);
    if let Some(detail) = &one.detail {
        table.insert("detail".into(), Value::String(detail.clone()));
    }
    table
}

/// The hosts that the settings name by URL, wherever they are: a stand-in runs on this machine.
fn hosts(settings: &Table) -> Vec<Value> {
    let mut found = Vec::new();
    for value in settings.values() {
        let Some((host, port)) = value.as_str().and_then(authority) else { continue };
        let networks = ["0.0.0.0/0", "::/0"].map(|network| Value::String(network.to_owned())).to_vec();
        let grant = Value::Table(pairs([
            ("host", Value::String(host)),
            ("port", Value::Integer(port.into())),
            ("networks", Value::Array(networks)),
        ]));
        if !found.contains(&grant) {
            found.push(grant);
        }
    }
    found
}

/// Host and port of a URL.
fn authority(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn pairs<const N: usize>(pairs: [(&str, Value); N]) -> Table {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_taken_from_the_settings() {
        let settings: Table = toml::from_str(
            "url = \"http://127.0.0.1:9000/levels?a=1\"\nother = \"https://feed.example\"\nsame = \"http://127.0.0.1:9000\"\nname = \"no url\"\nnumber = 3",
        )
        .unwrap();
        let named: Vec<(String, i64)> = hosts(&settings)
            .iter()
            .map(|one| (one["host"].as_str().unwrap().to_owned(), one["port"].as_integer().unwrap()))
            .collect();
        assert_eq!(named, [("feed.example".to_owned(), 443), ("127.0.0.1".to_owned(), 9000)]);
        assert_eq!(authority("http://[::1]:80/x"), Some(("[::1]".to_owned(), 80)));
        assert_eq!(authority("http://user@host/"), Some(("host".to_owned(), 80)));
        assert_eq!(authority("ftp://host/"), None);
    }

    #[test]
    fn what_is_asked_for_is_granted() {
        let manifest = Manifest::parse(
            "name = \"x\"\nversion = \"0.1.0\"\nvendor = \"v\"\nroles = [\"source\"]\n\
             publish = [{ domain = \"water\", kind = \"observation\", detail = \"rain\" }]\n\
             title = { zh = \"雨\", en = \"Rain\" }\ndescription = { zh = \"雨\", en = \"Rain\" }\n\
             settings.url = { type = \"string\", title = { zh = \"地址\", en = \"Address\" } }\n\
             [capabilities]\nhttp = { zh = \"读\", en = \"asks\" }\n",
        )
        .unwrap();
        let component = tempfile::NamedTempFile::new().unwrap();
        let settings: Table = toml::from_str("url = \"http://h/\"").unwrap();
        let place = ("430000", "development-x-0123");
        let table = installation(&manifest, component.path(), place, settings, BTreeMap::new()).unwrap();
        let read: dongting_manifest::Installation = table.try_into().unwrap();
        read.check(&manifest).unwrap();
        assert_eq!(read.grants.http.len(), 1);
    }
}
