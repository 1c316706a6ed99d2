//! One installation of a built plugin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Call, read};
use crate::harness::Harness;
use crate::message::Bytes;
use crate::role::{Acted, Applied, Conversed, Decoded, Delivery, Document, Polled, Request, Response, View};
use crate::{Error, Kept, Message, Report, Samples, Script};

/// A plugin that is started, and its clock.
pub struct Plugin {
    harness: Harness,
    clock: Timestamp,
    cursor: Option<String>,
    roles: Vec<String>,
    state_version: u32,
}

/// What an operator would say of it.
#[derive(Debug, Clone)]
pub struct Builder {
    component: Result<PathBuf, (String, String)>,
    settings: Value,
    attachments: BTreeMap<String, Bytes>,
    region: Option<String>,
    system: Option<String>,
    limits: Value,
    clock: Option<String>,
}

/// Where the clock of a test stands that does not set it.
const CLOCK: &str = "2026-08-29T00:00:00Z";

impl Plugin {
    /// The component `name.wasm` as the build left it: in `DONGTING_PLUGINS`, in the project's `dist`, or in the folder `plugins` of a target folder here or above.
    #[must_use]
    pub fn built(name: &str) -> Builder {
        Builder::new(find(name))
    }

    /// A component by its path.
    #[must_use]
    pub fn file(path: impl AsRef<Path>) -> Builder {
        Builder::new(Ok(path.as_ref().to_owned()))
    }

    /// The roles that its manifest names.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The form in which it keeps what it keeps, as its manifest numbers it.
    #[must_use]
    pub fn state_version(&self) -> u32 {
        self.state_version
    }

    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Puts the clock at an instant after RFC 3339.
    pub fn set_clock(&mut self, instant: &str) -> Result<(), Error> {
        self.clock = instant.parse().map_err(|_| Error::Instant(instant.to_owned()))?;
        Ok(())
    }

    /// Lets time go by. Timers that are due then ring when `ring` is called.
    pub fn advance(&mut self, span: Duration) {
        let span = jiff::SignedDuration::try_from(span).unwrap_or(jiff::SignedDuration::MAX);
        self.clock = self.clock.saturating_add(span).unwrap_or(Timestamp::MAX);
    }

    /// What other systems answer from now on. Without a script nobody answers.
    pub fn script(&mut self, script: &Script) -> Result<(), Error> {
        self.harness.ask(&json!({ "op": "http", "rules": script.rules() })).map(drop)
    }

    /// Puts messages into the history: what views and the capability `history` read.
    pub fn tell(&mut self, messages: &[Message]) -> Result<(), Error> {
        let now = self.clock.to_string();
        self.harness.ask(&json!({ "op": "tell", "messages": messages, "now": now })).map(drop)
    }

    /// What the calls so far have left.
    pub fn kept(&mut self) -> Result<Kept, Error> {
        read(self.harness.ask(&json!({ "op": "kept" }))?)
    }

    pub fn decode(&mut self, document: &Document) -> Result<Call<Decoded>, Error> {
        self.call("decode", json!(document))
    }

    /// A connection of its own, on which a device sends these pieces, stays silent until the plugin is woken (if it wants that), and goes.
    pub fn converse(&mut self, pieces: &[&[u8]]) -> Result<Call<Conversed>, Error> {
        let pieces: Vec<Bytes> = pieces.iter().map(|piece| Bytes(piece.to_vec())).collect();
        self.call("converse", json!({ "pieces": pieces }))
    }

    /// Polls; the cursor is where the last poll that was done has left it.
    pub fn poll(&mut self) -> Result<Call<Polled>, Error> {
        let polled: Call<Polled> = self.call("poll", json!({ "cursor": self.cursor }))?;
        if let Some(Some(cursor)) = polled.answer().map(|polled| polled.cursor.clone()) {
            self.cursor = Some(cursor);
        }
        Ok(polled)
    }

    /// Where the next poll goes on.
    pub fn set_cursor(&mut self, cursor: Option<&str>) {
        self.cursor = cursor.map(str::to_owned);
    }

    /// One batch of messages.
    pub fn apply(&mut self, messages: &[Message]) -> Result<Call<Applied>, Error> {
        self.call("apply", json!({ "messages": messages }))
    }

    /// Has it bring what is kept along from an earlier form. Where nothing is kept, as in an installation that has just begun.
    pub fn migrate(&mut self, from: u32) -> Result<Call<()>, Error> {
        self.call("migrate", json!({ "from": from }))
    }

    /// Another release takes its place, as when an operator enables it: what is kept stays, and where the other reads it in a later form its
    /// migration is called first. None where none is needed. Where it fails, this release goes on and all is as it was.
    pub fn upgrade(&mut self, to: Builder) -> Result<Option<Call<()>>, Error> {
        let mut request = to.load()?;
        if let Value::Object(fields) = &mut request {
            fields.insert("op".to_owned(), "upgrade".into());
            fields.insert("now".to_owned(), self.clock.to_string().into());
        }
        let mut loaded = self.harness.ask(&request)?;
        let migration = loaded.get_mut("migration").map(Value::take).map(Call::new).transpose()?;
        if migration.as_ref().is_none_or(|call: &Call<()>| call.answer().is_some()) {
            (self.roles, self.state_version) = told(&loaded);
        }
        Ok(migration)
    }

    /// Gives the timers that are due by the clock, in a batch of their own. None where none is.
    pub fn ring(&mut self) -> Result<Option<Call<Applied>>, Error> {
        match self.asked("ring", json!({}))? {
            Value::Null => Ok(None),
            answer => Ok(Some(Call::new(answer)?)),
        }
    }

    /// The first attempt to deliver these.
    pub fn deliver(&mut self, messages: &[Message]) -> Result<Call<Vec<Delivery>>, Error> {
        self.deliver_again(messages, 1)
    }

    /// An attempt of this number.
    pub fn deliver_again(&mut self, messages: &[Message], number: u32) -> Result<Call<Vec<Delivery>>, Error> {
        self.call("deliver", json!({ "messages": messages, "number": number }))
    }

    pub fn handle(&mut self, request: &Request) -> Result<Call<Response>, Error> {
        self.call("handle", json!({ "request": request.value() }))
    }

    pub fn views(&mut self) -> Result<Call<Vec<View>>, Error> {
        self.call("views", json!({}))
    }

    /// The panels as the portal gets them, from the messages that were told. `language` is `zh` or `en`.
    pub fn render(&mut self, view: &str, region: &str, language: &str) -> Result<Call<Vec<Value>>, Error> {
        self.call("render", json!({ "view": view, "region": region, "language": language }))
    }

    /// Submits a form.
    pub fn act(
        &mut self,
        (view, action): (&str, &str),
        form: &[(&str, &str)],
        (region, language): (&str, &str),
    ) -> Result<Call<Acted>, Error> {
        let form: BTreeMap<&str, &str> = form.iter().copied().collect();
        let asked =
            json!({ "view": view, "action": action, "form": form, "region": region, "language": language });
        self.call("act", asked)
    }

    /// Everything that a plugin must hold to, tried with these samples.
    pub fn comply(&mut self, samples: &Samples) -> Result<Report, Error> {
        Report::new(self.harness.ask(&samples.request(false))?)
    }

    /// What every decoder must hold to: it bears nothing, single bytes, good documents, each of them cut off at every length and with every
    /// byte wrong, and noise. Never a trap, never over its limits, never a message that its manifest does not name; and the same twice.
    pub fn comply_as_decoder(&mut self, samples: &Samples) -> Result<Report, Error> {
        Report::new(self.harness.ask(&samples.request(true))?)
    }

    fn call<T: DeserializeOwned>(&mut self, role: &str, asked: Value) -> Result<Call<T>, Error> {
        Call::new(self.asked(role, asked)?)
    }

    fn asked(&mut self, role: &str, asked: Value) -> Result<Value, Error> {
        let mut request = asked;
        if let Value::Object(fields) = &mut request {
            fields.insert("op".to_owned(), "call".into());
            fields.insert("role".to_owned(), role.into());
            fields.insert("now".to_owned(), self.clock.to_string().into());
        }
        self.harness.ask(&request)
    }
}

impl Builder {
    fn new(component: Result<PathBuf, (String, String)>) -> Self {
        Self {
            component,
            settings: json!({}),
            attachments: BTreeMap::new(),
            region: None,
            system: None,
            limits: Value::Null,
            clock: None,
        }
    }

    /// An object, as `settings` in dongting.toml.
    #[must_use]
    pub fn settings(self, settings: Value) -> Self {
        Self { settings, ..self }
    }

    #[must_use]
    pub fn attachment(mut self, name: &str, file: impl Into<Vec<u8>>) -> Self {
        self.attachments.insert(name.to_owned(), Bytes(file.into()));
        self
    }

    /// Default: the province.
    #[must_use]
    pub fn region(self, code: &str) -> Self {
        Self { region: Some(code.to_owned()), ..self }
    }

    /// What is observed, for `source`. Default: the plugin's name.
    #[must_use]
    pub fn system(self, system: &str) -> Self {
        Self { system: Some(system.to_owned()), ..self }
    }

    /// An object, as `limits` in dongting.toml.
    #[must_use]
    pub fn limits(self, limits: Value) -> Self {
        Self { limits, ..self }
    }

    /// Where the clock begins, RFC 3339.
    #[must_use]
    pub fn clock(self, instant: &str) -> Self {
        Self { clock: Some(instant.to_owned()), ..self }
    }

    pub fn start(self) -> Result<Plugin, Error> {
        let clock = self.clock.as_deref().unwrap_or(CLOCK);
        let clock = clock.parse().map_err(|_| Error::Instant(clock.to_owned()))?;
        let request = self.load()?;
        let mut harness = Harness::start()?;
        let (roles, state_version) = told(&harness.ask(&request)?);
        Ok(Plugin { harness, clock, cursor: None, roles, state_version })
    }

    fn load(self) -> Result<Value, Error> {
        let component = self.component.map_err(|(name, looked)| Error::NoComponent { name, looked })?;
        Ok(json!({
            "op": "load",
            "component": component,
            "settings": self.settings,
            "attachments": self.attachments,
            "region": self.region,
            "system": self.system,
            "limits": self.limits,
        }))
    }
}

/// What is told of a component that was loaded: its roles and its state_version.
fn told(loaded: &Value) -> (Vec<String>, u32) {
    let roles = loaded.get("roles").and_then(Value::as_array).into_iter().flatten();
    let roles = roles.filter_map(Value::as_str).map(str::to_owned).collect();
    let version = loaded.get("stateVersion").and_then(Value::as_u64).and_then(|one| u32::try_from(one).ok());
    (roles, version.unwrap_or(1))
}

/// In the folder that is named, else in target folders from the package's upwards. The error is the name and where it was looked for.
fn find(name: &str) -> Result<PathBuf, (String, String)> {
    let file = format!("{name}.wasm");
    let mut folders: Vec<PathBuf> =
        std::env::var_os("DONGTING_PLUGINS").map(PathBuf::from).into_iter().collect();
    if folders.is_empty() {
        folders.extend(std::env::var_os("CARGO_TARGET_DIR").map(|target| Path::new(&target).join("plugins")));
        let package =
            std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
        // Where `dongting plugin build` leaves it, then where `cargo xtask guests` does.
        folders.push(package.join("dist"));
        folders.extend(package.ancestors().map(|folder| folder.join("target/plugins")));
    }
    let found = folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        (name.to_owned(), looked.join(", "))
    })
}
