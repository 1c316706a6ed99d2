//! What the messages at hand say together: one model that all views draw from.

use std::collections::{BTreeMap, HashMap, HashSet};

use dongting_events::earthquake::Status;
use dongting_sdk::views::{Context, Kind, Level, Message, Timestamp};

use crate::instant::{HOUR, MINUTE};
use crate::{level, list};

mod affected;
mod answer;
mod assessed;
mod complete;
mod event;
mod warned;

pub use affected::Affected;
pub use answer::Answered;
pub use assessed::Assessed;
pub use event::Event;
pub use warned::{Standing, Warned};

/// For so long an earthquake is the news of the day.
pub const TODAY: Timestamp = 24 * HOUR;
/// For so long what it did is part of the situation.
pub const CURRENT: Timestamp = 72 * HOUR;
/// A clock may be ahead of ours by this much; what is later has no place in "now".
const AHEAD: Timestamp = 10 * MINUTE;

pub struct Situation {
    pub now: Timestamp,
    /// The region that the person chose.
    pub region: String,
    /// Newest origin first, withdrawn ones among them.
    pub events: Vec<Event>,
    /// Newest origin first.
    pub assessed: Vec<Assessed>,
    /// Gravest first, then newest.
    pub warned: Vec<Warned>,
    /// Newest first.
    pub answers: Vec<Answered>,
    /// Until when some catalogue says that it has all of the region's earthquakes; none where none says so.
    pub complete_until: Option<Timestamp>,
    /// How many messages of each kind are not what they should be.
    pub unreadable: BTreeMap<Kind, usize>,
    /// Kinds of which there may be more than the host was asked for.
    pub full: Vec<Kind>,
    /// By event id.
    standing: HashMap<String, Level>,
    felt: HashMap<String, Level>,
}

impl Situation {
    #[must_use]
    pub fn gather(context: &Context) -> Self {
        let mut situation = Self {
            now: context.now,
            region: context.region.clone(),
            events: Vec::new(),
            assessed: Vec::new(),
            warned: Vec::new(),
            answers: Vec::new(),
            complete_until: None,
            unreadable: BTreeMap::new(),
            full: Vec::new(),
            standing: HashMap::new(),
            felt: HashMap::new(),
        };
        // A draft names its causes by their place among all messages, whatever read they came by.
        for (index, message) in (0u32..).zip(context.messages.iter().flatten()) {
            if situation.take(index, message).is_none() {
                *situation.unreadable.entry(message.kind).or_default() += 1;
            }
        }
        for messages in &context.messages {
            let full = messages.first().filter(|first| messages.len() >= list::limit(first.kind) as usize);
            situation.full.extend(full.map(|first| first.kind));
        }
        situation.settle();
        situation
    }

    fn take(&mut self, index: u32, message: &Message) -> Option<()> {
        match message.kind {
            Kind::Observation => self.events.push(Event::read(message)?),
            Kind::Assessment => self.assessed.push(Assessed::read(message)?),
            Kind::Warning => self.warned.push(Warned::read(index, message)?),
            Kind::Feedback => self.answers.push(Answered::read(message)?),
            Kind::Status => {
                let until = complete::read(message, &self.region)?;
                self.complete_until = self.complete_until.max(until);
            }
            _ => {}
        }
        Some(())
    }

    /// Puts everything in order and joins what belongs together.
    fn settle(&mut self) {
        self.events.sort_by(|a, b| (b.origin, &a.message).cmp(&(a.origin, &b.message)));
        self.assessed.sort_by(|a, b| (b.origin, &a.message).cmp(&(a.origin, &b.message)));
        self.warned.sort_by(|a, b| {
            (b.level, b.sent, &a.region, &a.message).cmp(&(a.level, a.sent, &b.region, &b.message))
        });
        self.answers.sort_by(|a, b| (b.time, &a.message).cmp(&(a.time, &b.message)));

        let mut answers: HashMap<&str, Vec<&Answered>> = HashMap::new();
        for answer in &self.answers {
            answers.entry(&answer.about).or_default().push(answer);
        }
        for warned in &mut self.warned {
            let about = answers.get(warned.key.as_str()).map(Vec::as_slice).unwrap_or_default();
            warned.acknowledged = about.iter().find(|answer| answer.answers(warned)).map(|a| (*a).clone());
        }
        drop(answers);

        self.withdraw();
        for warned in self.warned.iter().filter(|warned| warned.state(self.now) == Standing::Stands) {
            if let Some(event) = &warned.event_id {
                raise(&mut self.standing, event, warned.level);
            }
        }
        for assessed in self.assessed.iter().filter(|assessed| !assessed.withdrawn) {
            let strongest = assessed.counties.iter().map(|county| county.intensity).max().unwrap_or(0);
            raise(&mut self.felt, &assessed.event_id, level::of_intensity(strongest));
        }
    }

    /// What a model judged of an earthquake that every catalogue has since taken back says nothing any more.
    fn withdraw(&mut self) {
        let of = |withdrawn: bool| {
            let events = self.events.iter().filter(move |event| event.is_withdrawn() == withdrawn);
            events.map(|event| event.event_id.clone()).collect::<HashSet<String>>()
        };
        let (gone, held) = (of(true), of(false));
        for assessed in &mut self.assessed {
            assessed.withdrawn |= gone.contains(&assessed.event_id) && !held.contains(&assessed.event_id);
        }
    }

    /// Earthquakes that happened, within a length of time before now; newest first.
    pub fn recent(&self, within: Timestamp) -> impl Iterator<Item = &Event> + Clone {
        self.events.iter().filter(move |event| !event.is_withdrawn() && self.is_within(event.origin, within))
    }

    /// Assessments of earthquakes that happened lately or that someone is still warned of; newest first.
    pub fn current(&self) -> impl Iterator<Item = &Assessed> + Clone {
        self.assessed.iter().filter(|assessed| {
            !assessed.withdrawn
                && (self.is_within(assessed.origin, CURRENT)
                    || self.standing.contains_key(&assessed.event_id))
        })
    }

    /// Warnings that stand, gravest first.
    pub fn standing(&self) -> impl Iterator<Item = &Warned> + Clone {
        self.warned.iter().filter(|warned| warned.state(self.now) == Standing::Stands)
    }

    #[must_use]
    pub fn assessed(&self, event_id: &str) -> Option<&Assessed> {
        self.assessed.iter().find(|assessed| assessed.event_id == event_id)
    }

    /// How grave an earthquake is: by the warnings that stand, by the strongest intensity, and where nobody judged it yet,
    /// by magnitude.
    #[must_use]
    pub fn level(&self, event: &Event) -> Level {
        if event.is_withdrawn() {
            return Level::None;
        }
        let judged = [&self.standing, &self.felt].into_iter().filter_map(|by| by.get(&event.event_id)).max();
        let first = || {
            let magnitude = event.magnitude.as_ref().filter(|_| event.inside);
            magnitude.map_or(Level::None, |magnitude| level::of_magnitude(magnitude.mag))
        };
        judged.copied().unwrap_or_else(first)
    }

    /// When the host last had a statement of a catalogue.
    #[must_use]
    pub fn last_received(&self) -> Option<Timestamp> {
        self.events.iter().map(|event| event.received).max()
    }

    /// Standing warnings of earthquakes that all catalogues have taken back; the model had time to lift them.
    pub fn orphans(&self) -> impl Iterator<Item = &Warned> {
        let held: HashSet<&str> = self.ids(|event| !event.is_withdrawn());
        let gone: HashSet<&str> =
            self.ids(|event| event.is_withdrawn() && event.received < self.now.saturating_sub(2 * MINUTE));
        self.standing().filter(move |warned| {
            warned.event_id.as_deref().is_some_and(|event| gone.contains(event) && !held.contains(event))
        })
    }

    fn ids(&self, which: impl Fn(&Event) -> bool) -> HashSet<&str> {
        self.events.iter().filter(|event| which(event)).map(|event| event.event_id.as_str()).collect()
    }

    fn is_within(&self, at: Timestamp, within: Timestamp) -> bool {
        at > self.now.saturating_sub(within) && at <= self.now.saturating_add(AHEAD)
    }
}

impl Event {
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.status == Status::Deleted
    }
}

fn raise(levels: &mut HashMap<String, Level>, event: &str, to: Level) {
    let level = levels.entry(event.to_owned()).or_insert(to);
    *level = to.max(*level);
}

#[cfg(test)]
mod tests;
