//! The same input twice gives the same bytes: what a replay rests on, and why a message that comes again is known by its id.

use std::fmt::Write;
use std::time::Duration;

use dongting_manifest::plugin::Role;
use dongting_manifest::{Message, Region};
use dongting_sandbox::views::Language;

use super::decoder::document;
use super::{Check, Failure, Subject, noon};
use crate::difference::digest;
use crate::trial::{Trial, TrialError, Tried};

/// What a call came to.
struct Ran {
    case: String,
    /// With log and all.
    whole: String,
    /// What leaves the plugin.
    said: String,
    /// The messages as the bus tells them apart.
    ids: String,
}

pub async fn checks(subject: &Subject<'_>, role: Role) -> Result<Vec<Check>, TrialError> {
    let repeat = Check::new(role, "repeat", "the same input twice gives the same bytes");
    let chance = Check::new(
        role,
        "chance",
        "the same input gives the same whatever random numbers and hash tables do: no key, order or text follows from them",
    );
    if let Some(why) = lacks(subject, role) {
        return Ok(vec![repeat.skipped(why.clone()), chance.skipped(why)]);
    }
    let first = run(subject, &subject.trial()?, role, Duration::ZERO).await;
    let again = run(subject, &subject.trial()?, role, Duration::ZERO).await;
    let mut stirred = subject.trial()?;
    stirred.stir(&format!("chance {}", subject.bounds.seed));
    let other = run(subject, &stirred, role, Duration::ZERO).await;
    let mut checks = vec![
        compared(subject, repeat, &first, &again, |ran| &ran.whole),
        compared(subject, chance, &first, &other, |ran| &ran.said),
    ];
    if role == Role::Decoder {
        let later = run(subject, &subject.trial()?, role, Duration::from_secs(3600)).await;
        let check = Check::new(
            role,
            "clock",
            "a document that is delivered again an hour later gives the same messages: the bus then knows them by their ids",
        );
        checks.push(compared(subject, check.advice(), &first, &later, |ran| &ran.ids));
    }
    Ok(checks)
}

/// What there must be to try a role.
fn lacks(subject: &Subject<'_>, role: Role) -> Option<String> {
    let samples = subject.samples;
    let (missing, said) = match role {
        Role::Decoder => (samples.documents.is_empty(), "a document into samples/documents"),
        Role::Session => (samples.streams.is_empty(), "what a device sends into samples/streams"),
        Role::Source => (samples.rules.is_empty(), "answers into samples/http.json"),
        Role::Transform | Role::Sink => (
            subject.heard().is_empty(),
            "messages that the plugin subscribes to, one JSON object a line, into samples/messages",
        ),
        Role::Service => (samples.requests.is_empty(), "requests into samples/requests"),
        Role::Views => (false, ""),
    };
    missing.then(|| format!("put {said}"))
}

fn compared(
    subject: &Subject<'_>,
    mut check: Check,
    first: &[Ran],
    other: &[Ran],
    of: impl Fn(&Ran) -> &String,
) -> Check {
    for (one, two) in first.iter().zip(other) {
        check.cases += 1;
        if of(one) != of(two) && !check.full(subject.bounds) {
            check.fail(Failure {
                case: one.case.clone(),
                reason: apart(of(one), of(two)),
                reproduce: format!("the check `{}` with the seed {}", check.name, subject.bounds.seed),
                input: None,
            });
        }
    }
    check
}

/// Where two texts part.
fn apart(one: &str, two: &str) -> String {
    const SHOWN: usize = 80;
    let same = one.bytes().zip(two.bytes()).take_while(|(a, b)| a == b).count();
    let shown = |text: &str| {
        let begin = text.floor_char_boundary(same.saturating_sub(SHOWN / 2).min(text.len()));
        let end = text.floor_char_boundary((begin + SHOWN).min(text.len()));
        text.get(begin..end).unwrap_or_default().to_owned()
    };
    format!("once `…{}…`, then `…{}…`", shown(one), shown(two))
}

async fn run(subject: &Subject<'_>, trial: &Trial, role: Role, later: Duration) -> Vec<Ran> {
    let samples = subject.samples;
    let now = noon().saturating_add(later);
    let mut ran = Vec::new();
    match role {
        Role::Decoder => {
            for golden in &samples.documents {
                let mut document = document(Some(golden), golden.body.clone());
                document.received = now;
                let tried = trial.decode_anywhere(document).await;
                ran.push(told(golden.name.clone(), &tried, |decoded| &decoded.messages));
            }
        }
        Role::Session => {
            for golden in &samples.streams {
                let tried = trial.converse(&golden.body, &[], now).await;
                ran.push(told(golden.name.clone(), &tried, |conversed| &conversed.messages));
            }
        }
        Role::Source => {
            let first = trial.poll(None, now).await;
            let cursor = first.result.as_ref().ok().and_then(|polled| polled.cursor.clone());
            let second = trial.poll(cursor.as_deref(), now.saturating_add(Duration::from_secs(60))).await;
            ran.push(told("the first poll".to_owned(), &first, |polled| &polled.messages));
            ran.push(told("the second poll".to_owned(), &second, |polled| &polled.messages));
        }
        Role::Transform => {
            for (number, batch) in subject.heard().chunks(64).enumerate() {
                let mut one = told(
                    format!("messages from {} on", number * 64 + 1),
                    &trial.apply(batch).await,
                    |applied| &applied.messages,
                );
                // A state that went another way would show in what comes later.
                let _ = write!(one.whole, "{:?}", trial.kept());
                ran.push(one);
            }
        }
        Role::Sink => {
            for (number, batch) in subject.heard().chunks(64).enumerate() {
                let tried = trial.deliver(batch, 1).await;
                ran.push(told(format!("messages from {} on", number * 64 + 1), &tried, |_| &[]));
            }
        }
        Role::Service => {
            for request in &samples.requests {
                let mut request = request.clone();
                request.received = now;
                let case = format!("{} {}", request.method, request.path);
                ran.push(told(case, &trial.handle(request).await, |handled| &handled.messages));
            }
        }
        Role::Views => ran.extend(views(subject, trial).await),
    }
    ran
}

async fn views(subject: &Subject<'_>, trial: &Trial) -> Vec<Ran> {
    trial.tell(&subject.samples.messages);
    let listed = trial.list_views(noon()).await;
    let mut ran = vec![told("the list of views".to_owned(), &listed, |_| &[])];
    for view in listed.result.into_iter().flatten() {
        for language in [Language::Zh, Language::En] {
            let rendered = trial.render(&view.id, (Region::HUNAN, language), noon()).await;
            let Ok(rendered) = rendered else { continue };
            ran.push(told(format!("the view {} ({language:?})", view.id), &rendered, |_| &[]));
        }
    }
    ran
}

fn told<T: std::fmt::Debug>(case: String, tried: &Tried<T>, messages: impl Fn(&T) -> &[Message]) -> Ran {
    let said = format!("{:?} {:?}", tried.result, tried.asked);
    let ids = match &tried.result {
        Ok(made) => messages(made).iter().map(|made| format!("{} {}\n", made.id, digest(made))).collect(),
        Err(refusal) => refusal.to_string(),
    };
    Ran { case, whole: format!("{said} {:?} {}", tried.log, tried.log_dropped), said, ids }
}

impl Subject<'_> {
    /// The messages that the host would give it.
    pub(super) fn heard(&self) -> Vec<Message> {
        let subscribed = &self.release.manifest.subscribe;
        let heard = |message: &&Message| {
            let subject = &message.subject;
            subscribed
                .iter()
                .any(|topic| topic.covers_message(&subject.domain, subject.kind, subject.detail.as_deref()))
        };
        self.samples.messages.iter().filter(heard).cloned().collect()
    }
}
