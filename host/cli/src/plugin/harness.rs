//! The sandbox behind JSON lines: one request a line in, one answer a line out, until standard input ends. `sdk/testkit` is its client, so that
//! plugins are tested in the real sandbox though the SDK knows nothing of the host.
//!
//! An answer is `{"ok": …}` or `{"error": "sentence"}`. What a plugin answers, its refusals and faults too, is always `ok`; an error is a request
//! that could not be done. `request.rs` and `answer.rs` are the two halves of the protocol.

mod answer;
mod request;

use std::io::{BufRead, Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use dongting_engine::compliance::{self, Bounds, Golden, Samples};
use dongting_engine::panels::Language;
use dongting_engine::trial::{self, Trial, TrialOptions};
use dongting_engine::{Document, line};
use dongting_manifest::{Message, Region, Timestamp};
use serde_json::{Value, json};

use request::{Ask, Bytes, Checked, Load, Request};

/// A request with a document of 7 MiB in hexadecimal, and room.
const MAX_LINE_BYTES: u64 = 256 * 1024 * 1024;

/// What is loaded.
struct Loaded {
    trial: Trial,
    options: TrialOptions,
}

pub async fn run() -> anyhow::Result<()> {
    let mut loaded = None;
    while let Some(line) = tokio::task::block_in_place(next_line)? {
        let answer = match one(&line, &mut loaded).await {
            Ok(answer) => json!({ "ok": answer }),
            Err(error) => json!({ "error": format!("{error:#}") }),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").and_then(|()| out.flush()).context("the test kit has gone away")?;
    }
    Ok(())
}

fn next_line() -> anyhow::Result<Option<String>> {
    let mut line = String::new();
    let mut input = std::io::stdin().lock().take(MAX_LINE_BYTES);
    let read = input.read_line(&mut line).context("standard input cannot be read")?;
    if read as u64 == MAX_LINE_BYTES {
        bail!("a request has over {} MiB", MAX_LINE_BYTES >> 20);
    }
    Ok((read > 0).then_some(line))
}

async fn one(line: &str, loaded: &mut Option<Loaded>) -> anyhow::Result<Value> {
    let request: Request = serde_json::from_str(line).context("that is no request of this version")?;
    if let Request::Load(load) = request {
        let (made, answer) = self::load(*load)?;
        *loaded = Some(made);
        return Ok(answer);
    }
    let Some(loaded) = loaded else { bail!("load a component first") };
    if let Request::Upgrade { to, now } = request {
        return upgrade(*to, now, loaded).await;
    }
    asked(request, loaded).await
}

fn load(load: Load) -> anyhow::Result<(Loaded, Value)> {
    let component = std::fs::read(&load.component)
        .with_context(|| format!("{} cannot be read", load.component.display()))?;
    let settings = toml::Table::try_from(load.settings).context("the settings cannot be written as TOML")?;
    let attachments = load.attachments.into_iter().map(|(name, file)| Ok((name, file.bytes()?)));
    let options = TrialOptions {
        settings,
        attachments: attachments.collect::<anyhow::Result<_>>()?,
        region: load.region.unwrap_or(Region::HUNAN),
        system: load.system,
        limits: load.limits.unwrap_or_default(),
    };
    let release = trial::load(&component).with_context(|| load.component.display().to_string())?;
    let trial = Trial::of(&release, &options)?;
    let manifest = trial.manifest();
    let answer = json!({
        "plugin": release.reference(),
        "stateVersion": manifest.state_version,
        "roles": manifest.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "capabilities": manifest.capabilities.keys().map(|one| one.as_str()).collect::<Vec<_>>(),
    });
    Ok((Loaded { trial, options }, answer))
}

/// As the host does it: where the migration gives nothing, what was at work goes on, and all that is kept stays as it was.
async fn upgrade(to: Load, now: Timestamp, loaded: &mut Loaded) -> anyhow::Result<Value> {
    let kept = loaded.trial.manifest().state_version;
    let (made, mut answer) = self::load(to)?;
    let reads = made.trial.manifest().state_version;
    if reads < kept {
        bail!(
            "what is kept has state_version {kept}, and the other release reads {reads}: nothing leads back from a migration"
        );
    }
    let trial = made.trial.taking_over(&loaded.trial);
    let mut is_taken = true;
    if reads > kept {
        let tried = trial.migrate(kept, now).await;
        is_taken = tried.result.is_ok();
        if let Value::Object(fields) = &mut answer {
            fields.insert("migration".to_owned(), answer::tried(tried, |()| Value::Null));
        }
    }
    if is_taken {
        *loaded = Loaded { trial, options: made.options };
    }
    Ok(answer)
}

async fn asked(request: Request, loaded: &mut Loaded) -> anyhow::Result<Value> {
    let trial = &mut loaded.trial;
    Ok(match request {
        Request::Load(_) | Request::Upgrade { .. } => Value::Null,
        Request::Http { rules } => {
            let here = Path::new(".");
            trial.script(compliance::samples::rules(&rules, here).map_err(anyhow::Error::msg)?);
            Value::Null
        }
        Request::Tell { messages, now } => {
            trial.tell(&self::messages(&messages, now)?);
            Value::Null
        }
        Request::Kept => answer::kept(&trial.kept(), trial.next_due()),
        Request::Compliance(checked) => check(*checked, loaded).await?,
        Request::Call { ask, now } => call(ask, now, trial).await?,
    })
}

async fn call(ask: Ask, now: Timestamp, trial: &Trial) -> anyhow::Result<Value> {
    if let Some(role) = ask.role() {
        trial.needs(role)?;
    }
    Ok(match ask {
        Ask::Decode { transport, name, content_type, body } => {
            let transport = transport.unwrap_or_else(|| "http".to_owned());
            let document = Document { transport, name, content_type, received: now, body: body.bytes()? };
            answer::tried(trial.decode(document).await, answer::decoded)
        }
        Ask::Converse { pieces } => {
            let pieces: Vec<Vec<u8>> = pieces.into_iter().map(Bytes::bytes).collect::<Result<_, _>>()?;
            let sizes: Vec<usize> = pieces.iter().map(Vec::len).filter(|size| *size > 0).collect();
            answer::tried(trial.converse(&pieces.concat(), &sizes, now).await, answer::conversed)
        }
        Ask::Poll { cursor } => answer::tried(trial.poll(cursor.as_deref(), now).await, answer::polled),
        Ask::Apply { messages } => {
            let batch = self::messages(&messages, now)?;
            answer::tried(trial.apply(&batch).await, answer::applied)
        }
        Ask::Migrate { from } => {
            let reads = trial.manifest().state_version;
            if !(1..reads).contains(&from) {
                bail!(
                    "the plugin reads what is kept in state_version {reads}: it migrates from an earlier one, which {from} is not"
                );
            }
            answer::tried(trial.migrate(from, now).await, |()| Value::Null)
        }
        Ask::Ring => match trial.ring(now).await {
            Some(tried) => answer::tried(tried, answer::applied),
            None => Value::Null,
        },
        Ask::Deliver { messages, number } => {
            let batch = self::messages(&messages, now)?;
            answer::tried(trial.deliver(&batch, number.unwrap_or(1)).await, answer::delivered)
        }
        Ask::Handle { request } => {
            let mut request = compliance::samples::request(&request).map_err(anyhow::Error::msg)?;
            request.received = now;
            answer::tried(trial.handle(request).await, answer::handled)
        }
        Ask::Views => answer::tried(trial.list_views(now).await, answer::listed),
        Ask::Render { view, region, language } => {
            let looks = (region.unwrap_or(Region::HUNAN), spoken(language.as_deref())?);
            let rendered = trial.render(&view, looks, now).await?;
            let panels = |panels| dongting_api::panels(panels).unwrap_or_default();
            answer::tried(rendered, panels)
        }
        Ask::Act { view, action, form, region, language } => {
            let looks = (region.unwrap_or(Region::HUNAN), spoken(language.as_deref())?);
            let form: Vec<(String, String)> = form.into_iter().collect();
            answer::tried(trial.act((&view, &action), &form, looks, now).await?, answer::acted)
        }
    })
}

async fn check(checked: Checked, loaded: &Loaded) -> anyhow::Result<Value> {
    let mut samples = match &checked.samples {
        Some(folder) => Samples::read(folder)?,
        None => Samples::default(),
    };
    for path in &checked.documents {
        samples.documents.push(Golden::read(path)?);
    }
    samples.messages.extend(messages(&checked.messages, Timestamp::now())?);
    if let Some(rules) = &checked.rules {
        let rules = compliance::samples::rules(rules, Path::new(".")).map_err(anyhow::Error::msg)?;
        samples.rules.extend(rules);
    }
    let bounds = Bounds { seed: checked.seed.unwrap_or(1), ..Bounds::default() };
    let (release, options) = (loaded.trial.release(), &loaded.options);
    let mut report = if checked.decoder_only {
        compliance::of_decoder(release, options, &samples, &bounds).await?
    } else {
        compliance::of_release(release, options, &samples, &bounds).await?
    };
    if let Some(folder) = &checked.keep {
        report.keep_inputs(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    }
    let text = report.to_string();
    Ok(json!({ "passed": report.passed(), "report": report, "text": text }))
}

fn messages(values: &[Value], now: Timestamp) -> anyhow::Result<Vec<Message>> {
    let one = |(number, value)| line::message(value, now).with_context(|| format!("message {number}"));
    values.iter().enumerate().map(one).collect()
}

fn spoken(language: Option<&str>) -> anyhow::Result<Language> {
    match language {
        None | Some("zh") => Ok(Language::Zh),
        Some("en") => Ok(Language::En),
        Some(other) => bail!("`{other}` is no language of the portal: zh or en"),
    }
}
