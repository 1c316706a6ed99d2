//! `dongting plugin dev`: a project that runs while it is being written. Each change is built and takes over in a host of its own; what does
//! not build is shown, and the release before goes on.

mod configuration;
mod running;
mod watch;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use dongting_engine::compliance::Samples;
use dongting_toolchain::Project;
use tokio::signal::unix::{SignalKind, signal};

use super::build::build;
use configuration::Configuration;
use running::Running;

/// An editor writes a file in several steps: what comes within this time is one change.
const GATHER: Duration = Duration::from_millis(200);

#[derive(Args)]
pub struct Dev {
    /// The project: the folder with plugin.toml.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// The installation's settings, TOML. Default: settings.toml of the project's samples.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// The region that it is enabled for.
    #[arg(long, default_value = "430000")]
    region: String,
    /// A component that runs beside it, for example one that publishes what this one subscribes to.
    #[arg(long = "with", num_args = 1..)]
    beside: Vec<PathBuf>,
    /// decoder: documents that are pushed at the start and after each change.
    #[arg(long, num_args = 1..)]
    push: Vec<PathBuf>,
    /// Address of the API and the portal; port 0 lets the system choose one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Folder with the built portal.
    #[arg(long, env = "DONGTING_PORTAL")]
    portal: Option<PathBuf>,
    /// The nats-server to supervise, 2.12 or newer.
    #[arg(long, env = "NATS_SERVER", default_value = "nats-server")]
    nats_server: PathBuf,
}

/// What the loop waits for.
pub enum Event {
    Changed,
    /// Ctrl-C, or SIGTERM.
    Interrupted,
    /// The host has ended by itself.
    Ended,
}

pub async fn run(options: Dev) -> Result<()> {
    let (events, happened) = mpsc::channel();
    let interrupted = events.clone();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // Whoever is gone is interrupted already.
        let _ = interrupted.send(Event::Interrupted);
    });
    let done = tokio::task::block_in_place(|| work(&options, &events, &happened));
    crate::say("Stopped.");
    done
}

fn work(options: &Dev, events: &mpsc::Sender<Event>, happened: &Receiver<Event>) -> Result<()> {
    let folder =
        options.dir.canonicalize().with_context(|| format!("{} cannot be found", options.dir.display()))?;
    // A folder that is no project at all will not become one by being watched.
    Project::open(&folder)?;
    watch::start(&folder, events.clone())?;
    let home = tempfile::tempdir().context("no temporary folder can be made")?;
    let mut running: Option<Running> = None;
    let mut seen = None;
    loop {
        let now = watch::fingerprint(&folder);
        if seen.replace(now.clone()) != Some(now) {
            match built(options, &folder) {
                Ok(configuration) => {
                    configuration.write(home.path())?;
                    match &running {
                        Some(running) => running.reload(&configuration),
                        None => running = Some(Running::start(options, home.path(), &configuration, events)?),
                    }
                    if let Some(running) = &running {
                        running.push(&configuration, &options.push);
                    }
                }
                Err(error) => {
                    crate::say(&format!("✗ {error:#}"));
                    let goes_on = if running.is_some() { "; the release before goes on" } else { "" };
                    crate::say(&format!("Waiting for the next change{goes_on}."));
                }
            }
        }
        match next(happened) {
            Event::Changed => {}
            Event::Interrupted => break,
            Event::Ended => anyhow::bail!("the host has ended: what it said last stands above"),
        }
    }
    if let Some(running) = running {
        running.stop();
    }
    Ok(())
}

/// Builds, and says how it is to be enabled.
fn built(options: &Dev, folder: &std::path::Path) -> Result<Configuration> {
    let project = Project::open(folder)?;
    crate::say(&format!("Building {} {} …", project.manifest.name, project.manifest.version));
    let built = build(&project)?;
    let samples = folder.join("samples");
    let settings = match &options.settings {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            toml::from_str(&text).with_context(|| format!("{} is no settings file", path.display()))?
        }
        None => Samples::read(&samples)?.settings,
    };
    let attachments = project
        .manifest
        .attachments
        .keys()
        .map(|name| (name.clone(), samples.join("attachments").join(name)))
        .filter(|(_, path)| path.is_file())
        .collect();
    Configuration::new(&project.manifest, built.component, options, settings, attachments)
}

/// The next thing that happens; changes that follow each other closely are one.
fn next(happened: &Receiver<Event>) -> Event {
    let Ok(mut event) = happened.recv() else { return Event::Interrupted };
    while matches!(event, Event::Changed) {
        match happened.recv_timeout(GATHER) {
            Ok(later) => event = later,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return Event::Interrupted,
        }
    }
    event
}
