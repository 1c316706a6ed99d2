//! `cargo xtask demo`: sets everything up, builds it, and runs it beside a stand-in for the seismological network.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command;
use crate::guests;
use crate::product;
use crate::progress;
use crate::setup::{self, Tools, node};
use crate::workspace::Workspace;

/// Where the portal is expected; any other where that is taken.
const ADDRESS: &str = "127.0.0.1:8080";

pub fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let tools = setup::run(workspace)?;
    guests::build(workspace)?;
    product::build()?;
    let folder = workspace.target.join(if check { "demo-check" } else { "demo" });
    // The replay is of now: what an earlier one left would only be in its way.
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;

    let mut network = Command::new(workspace.target.join("release/seismic-network"));
    if check {
        network.args(["--speed", "4"]);
    }
    let (network, feed) = started(network, Stdio::inherit())?;
    let config = folder.join("dongting.toml");
    fs::write(&config, configuration(&tools, workspace, &feed)?)?;
    let free = !check && TcpListener::bind(ADDRESS).is_ok();
    let mut host = Command::new(&tools.dongting);
    host.arg("serve").arg("--data").arg(folder.join("data")).arg("--config").arg(&config);
    host.arg("--portal").arg(&tools.portal).arg("--nats-server").arg(&tools.nats_server);
    host.args(["--listen", if free { ADDRESS } else { "127.0.0.1:0" }]);
    let log = if check { fs::File::create(folder.join("dongting.log"))?.into() } else { Stdio::inherit() };
    let (mut host, portal) = started(host, log)?;
    if check {
        let done = checked(workspace, &tools, &portal, &feed);
        drop((host, network));
        return done.with_context(|| format!("the host's log is {}", folder.join("dongting.log").display()));
    }
    progress::say(&format!("the portal: {portal}"));
    progress::say(&format!("the stand-in for the seismological network: {feed}/fdsnws/event/1/query"));
    progress::say("Ctrl-C ends both");
    let status = host.0.wait()?;
    drop(network);
    if status.success() { Ok(()) } else { bail!("dongting ended with {status}") }
}

/// A child that is ended with us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // SIGTERM lets the host take its nats-server down in order; an error says that it has ended by itself.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Starts it and reads its first line, which is its address.
fn started(command: Command, log: Stdio) -> Result<(Running, String)> {
    // Ended by the kernel should xtask be killed: nothing is left behind.
    let mut bound = match command::on_path("setpriv") {
        Some(setpriv) => {
            let mut bound = Command::new(setpriv);
            bound.args(["--pdeathsig", "TERM", "--"]).arg(command.get_program()).args(command.get_args());
            bound
        }
        None => {
            let mut bound = Command::new(command.get_program());
            bound.args(command.get_args());
            bound
        }
    };
    let mut child = bound
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", command::line(&command)))?;
    let out = child.stdout.take().context("no standard output")?;
    let running = Running(child);
    let mut first = String::new();
    BufReader::new(out).read_line(&mut first)?;
    if first.trim().is_empty() {
        bail!("{} ended before it was ready; it says why above", command::line(&command));
    }
    Ok((running, first.trim().to_owned()))
}

/// Drives the portal in Chromium. The script asserts, measures, and takes the README's picture.
fn checked(workspace: &Workspace, tools: &Tools, portal: &str, feed: &str) -> Result<()> {
    let folder = workspace.root.join("portal");
    let mut check = node::npm(&folder);
    check.args(["run", "--silent", "demo-check"]).envs(tools.environment());
    check.env("PORTAL_URL", portal).env("FEED_URL", feed);
    check.env("SCREENSHOT", workspace.root.join("docs/portal.png"));
    progress::shown("the portal in Chromium", || command::run(&mut check))
}

/// What the demo enables: the catalogue's source, the model and the views, each granted just what it asks for.
fn configuration(tools: &Tools, workspace: &Workspace, feed: &str) -> Result<String> {
    let authority = feed.strip_prefix("http://").context("the stand-in's address is not http")?;
    let (host, port) = authority.rsplit_once(':').context("the stand-in's address has no port")?;
    let file = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let plugin = |name: &str| file(&tools.plugins.join(name));
    Ok(format!(
        r#"boundaries = {boundaries}

# The demo's plugins were built a moment ago on this machine.
[trust]
allow_unsigned = true

[[installation]]
id = "quake-catalogue"
component = {adapter}
region = "430000"
system = "demo-network"
every_seconds = 0.5
push_token = "demo-push-token-0001"
attachments = {{ counties = {boundaries} }}
[installation.settings]
format = "fdsn-xml"
url = "{feed}/fdsnws/event/1/query"
[installation.grants]
capabilities = ["log", "config", "http"]
publish = [{{ domain = "earthquake", kind = "observation", outside = true }}]
http = [{{ host = "{host}", port = {port}, networks = ["127.0.0.0/8"] }}]

[[installation]]
id = "quake-impact"
component = {model}
region = "430000"
attachments = {{ counties = {boundaries}, regions = {names} }}
[installation.grants]
capabilities = ["log", "config", "state"]
subscribe = [{{ domain = "earthquake", kind = "observation" }}]
publish = [{{ domain = "earthquake", kind = "assessment" }}, {{ domain = "earthquake", kind = "warning" }}]

[[installation]]
id = "quake-views"
component = {views}
region = "430000"
[installation.grants]
capabilities = ["log", "config"]
subscribe = [
    {{ domain = "earthquake", kind = "observation" }},
    {{ domain = "earthquake", kind = "assessment" }},
    {{ domain = "earthquake", kind = "warning" }},
    {{ domain = "earthquake", kind = "feedback" }},
    {{ domain = "earthquake", kind = "status", detail = "completeness" }},
]
publish = [{{ domain = "earthquake", kind = "feedback" }}]
"#,
        boundaries = file(&tools.boundaries),
        names = file(&workspace.root.join("manifest/data/gb2260-hunan.csv")),
        adapter = plugin("earthquake.wasm"),
        model = plugin("earthquake-impact.wasm"),
        views = plugin("earthquake-views.wasm"),
    ))
}
