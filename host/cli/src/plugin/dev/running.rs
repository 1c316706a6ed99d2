//! The host of a development run: `dongting serve` as a child, with what it says passed on.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;

use anyhow::{Context, Result, bail};
use dongting_manifest::plugin::Role;
use serde_json::Value;

use super::configuration::Configuration;
use super::{Dev, Event};
use crate::remote::{answered, child_agent};

/// What the environment may say of other hosts.
const ELSEWHERE: [&str; 7] = [
    "DONGTING_CONFIG",
    "DONGTING_DATA",
    "DONGTING_DATABASE",
    "DONGTING_LISTEN",
    "DONGTING_NATS",
    "DONGTING_TLS_CERT",
    "DONGTING_TLS_KEY",
];

pub struct Running {
    url: String,
    child: Child,
}

impl Running {
    pub fn start(
        options: &Dev,
        home: &Path,
        configuration: &Configuration,
        events: &Sender<Event>,
    ) -> Result<Self> {
        let binary = std::env::current_exe().context("this program cannot find itself")?;
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data").arg(home.join("data"));
        command.arg("--config").arg(home.join("dongting.toml"));
        command.args(["--listen", &options.listen, "--log-json", "--while-stdin"]);
        command.arg("--nats-server").arg(&options.nats_server);
        match &options.portal {
            Some(portal) => command.arg("--portal").arg(portal),
            None => command.env_remove("DONGTING_PORTAL"),
        };
        // Where this host is to be is said above, whatever the environment says of others.
        for name in ELSEWHERE {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C in a terminal goes to the whole group; this program ends the host itself.
        command.process_group(0);
        let mut child = command.spawn().context("the host cannot be started")?;
        if let Some(said) = child.stderr.take() {
            let events = events.clone();
            thread::spawn(move || {
                pass_on(said);
                // Whoever is gone knows already.
                let _ = events.send(Event::Ended);
            });
        }
        let mut first = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut first).context("the host cannot be heard")?;
        }
        let url = first.trim().trim_end_matches('/').to_owned();
        if url.is_empty() {
            // It has said why.
            let _ = child.wait();
            bail!("the host ended before it was ready; is the nats-server there? Name it with --nats-server");
        }
        crate::print(&format!("{url}/\n"))?;
        let running = Self { url, child };
        running.follow()?;
        running.say_how(configuration);
        Ok(running)
    }

    /// Messages from now on, each as a line on standard output.
    fn follow(&self) -> Result<()> {
        let url = self.url.clone();
        // The stream stays open for as long as the host runs. It is open before anything is pushed.
        let stream =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().new_agent();
        let answer =
            stream.get(format!("{url}/api/v1/stream")).call().context("the host's stream cannot be read")?;
        thread::spawn(move || {
            for line in BufReader::new(answer.into_body().into_reader()).lines() {
                let Ok(line) = line else { return };
                if let Some(id) = line.strip_prefix("id:")
                    && let Err(error) = show(&url, id.trim())
                {
                    crate::say(&format!("a message cannot be shown: {error:#}"));
                }
            }
        });
        Ok(())
    }

    /// Makes the host take the new release between two batches.
    pub fn reload(&self, configuration: &Configuration) {
        let address = format!("{}/api/v1/reload", self.url);
        match answered(child_agent().post(&address).send_empty(), &address) {
            Err(error) => crate::say(&format!("✗ the host cannot be told: {error:#}")),
            Ok(answer) => {
                let all = answer.get("installations").and_then(Value::as_array);
                for one in all.into_iter().flatten() {
                    let text = |name| one.get(name).and_then(Value::as_str).unwrap_or_default();
                    if text("id") == configuration.id {
                        let (outcome, reason) = (text("outcome"), text("reason"));
                        let rest = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                        crate::say(&format!("▸ {} {outcome}{rest}", configuration.id));
                    }
                }
            }
        }
    }

    /// Pushes documents, as a deliverer would.
    pub fn push(&self, configuration: &Configuration, documents: &[PathBuf]) {
        for path in documents {
            let pushed = self.push_one(configuration, path);
            let said = pushed.unwrap_or_else(|error| format!("✗ {error:#}"));
            crate::say(&format!("push {}: {said}", path.display()));
        }
    }

    fn push_one(&self, configuration: &Configuration, path: &Path) -> Result<String> {
        let body = std::fs::read(path).context("it cannot be read")?;
        let address = format!("{}/api/v1/push/{}", self.url, configuration.id);
        let request =
            child_agent().post(&address).header("authorization", format!("Bearer {}", configuration.token));
        let answer = answered(request.send(&body), &address)?;
        let count = |name| answer.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        Ok(format!("{} messages, {} rejects", count("messages"), count("rejects")))
    }

    fn say_how(&self, configuration: &Configuration) {
        let (url, id, token) = (&self.url, &configuration.id, &configuration.token);
        if configuration.roles.contains(&Role::Decoder) {
            crate::say(&format!(
                "Push to it: curl -H 'Authorization: Bearer {token}' --data-binary @FILE {url}/api/v1/push/{id}"
            ));
        }
        if configuration.roles.contains(&Role::Service) {
            crate::say(&format!(
                "Ask it: curl -H 'Authorization: Bearer {token}' {url}/api/v1/services/{id}/"
            ));
        }
        if configuration.roles.contains(&Role::Session) {
            // The system chooses the port when the host listens, which is after this.
            crate::say(&format!(
                "Connect to it: `listening.address` in {url}/api/v1/installations/{id} says where"
            ));
        }
        crate::say("Ctrl-C ends it.");
    }

    /// Lets the host end as it does: what it was told not to read any more is its sign.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        // It has ended one way or the other.
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn show(url: &str, id: &str) -> Result<()> {
    let address = format!("{url}/api/v1/messages/{id}");
    let found = answered(child_agent().get(&address).call(), &address)?;
    let message = found.get("message").context("the host answers no message")?;
    let mut shown = serde_json::Map::new();
    for name in ["type", "subject", "region", "id", "time", "key", "plugin", "data"] {
        shown.insert(name.to_owned(), message.get(name).cloned().unwrap_or_default());
    }
    crate::print(&format!("{}\n", Value::Object(shown)))
}

/// The plugin's log and what the host complains of, each as a line on standard error.
fn pass_on(said: ChildStderr) {
    for line in BufReader::new(said).lines() {
        let Ok(line) = line else { return };
        if let Some(text) = told(&line) {
            crate::say(&text);
        }
    }
    let _ = std::io::stderr().flush();
}

fn told(line: &str) -> Option<String> {
    let Ok(value) = serde_json::from_str::<Value>(line) else {
        // Not from the log: a last word.
        return Some(line.to_owned());
    };
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (level, message) = (text("/level"), text("/fields/message"));
    match (text("/target"), level) {
        ("plugin", _) => Some(format!("log: {level}: {message}")),
        (_, "WARN" | "ERROR") => {
            let reason = text("/fields/reason");
            let rest = if reason.is_empty() { String::new() } else { format!(": {reason}") };
            Some(format!("host: {level}: {message}{rest}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugins_log_and_the_hosts_complaints_are_told() {
        let line = |target: &str, level: &str| {
            format!(
                r#"{{"level":"{level}","fields":{{"message":"said","reason":"why"}},"target":"{target}"}}"#
            )
        };
        assert_eq!(told(&line("plugin", "INFO")).as_deref(), Some("log: INFO: said"));
        assert_eq!(told(&line("dongting_engine", "WARN")).as_deref(), Some("host: WARN: said: why"));
        assert_eq!(told(&line("dongting_engine", "INFO")), None);
        assert_eq!(told("dongting: no such file").as_deref(), Some("dongting: no such file"));
    }
}
