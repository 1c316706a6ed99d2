//! What happens to a batch: called, cut in halves where one message spoils it, committed, sent on its way out.

use std::sync::Arc;
use std::time::Instant;

use dongting_bus::Delivery;
use dongting_manifest::Lane;
use dongting_sandbox::Refusal;
use dongting_store::{Commit, CommitError, Input, Lease, Output, Park, Rung};

use crate::given::Noted;
use crate::installed::{Installed, chain};
use crate::item::{self, End, From, Item};
use crate::leaving::{Batch, Outputs};
use crate::transform::Effects;
use crate::turn::InTurn;
use crate::worker::Worker;
use crate::{State, outbox};

/// A single message that makes the plugin fault is tried this often before it is a dead letter.
pub const FAULTS: u32 = 3;

/// Why a message waits that was not tried itself.
pub const BEHIND: &str = "an earlier message of its partition waits";

impl Worker {
    /// Handles deliveries, in their order.
    pub(crate) async fn handle(&mut self, at_work: InTurn, deliveries: Vec<Delivery>) -> Result<(), String> {
        let installed = &Arc::clone(&at_work.installed);
        let mut items = Vec::with_capacity(deliveries.len());
        let mut broken = Vec::new();
        for delivery in deliveries {
            match Item::new(Box::new(delivery)) {
                Ok(item) => items.push(item),
                Err(found) => broken.push(found),
            }
        }
        if !broken.is_empty() {
            self.bury(installed, broken).await?;
        }
        let again = items.iter().any(|item| item.tries > 1);
        // Where nothing speaks for it, the fence is enough: what runs into it is looked for then. What a sink sends cannot be taken back.
        if again || installed.is_sink() || (installed.fenced() && self.unsure) {
            let count = items.len();
            items = self.unapplied(installed, items).await?;
            self.unsure = self.unsure && items.len() < count;
        }
        if installed.fenced() || !again {
            return self.process(at_work, items).await;
        }
        for (release, items) in Box::pin(self.by_release(installed, items)).await? {
            self.process(InTurn { installed: release, turn: None }, items).await?;
        }
        Ok(())
    }

    /// Acknowledges what was committed before and gives back the rest.
    async fn unapplied(&self, installed: &Installed, items: Vec<Item>) -> Result<Vec<Item>, String> {
        let inputs: Vec<Input> = items.iter().map(Item::input).collect();
        let applied = self.shared.store.applied(installed.id(), &inputs).await.map_err(|e| chain(&e))?;
        if applied.is_empty() {
            return Ok(items);
        }
        outbox::drain(installed, &self.shared).await?;
        let (used, rest): (Vec<Item>, Vec<Item>) =
            items.into_iter().partition(|item| applied.contains(&item.input()));
        for item in &used {
            if let From::Lane(delivery) = &item.from {
                delivery.ack().await.map_err(|error| chain(&error))?;
            }
        }
        Ok(rest)
    }

    /// Some inputs were used up before, as the fence has said. The others, which are to be called again.
    async fn once_more(&mut self, installed: &Arc<Installed>, items: Vec<Item>) -> Result<Vec<Item>, String> {
        self.unsure = true;
        let count = items.len();
        let rest = self.unapplied(installed, items).await?;
        if rest.len() == count {
            return Err("some inputs were committed meanwhile; the batch is taken again".to_owned());
        }
        Ok(rest)
    }

    /// Calls the plugin with `items`, piece by piece, and sees each outcome through.
    pub(crate) async fn process(&mut self, mut at_work: InTurn, items: Vec<Item>) -> Result<(), String> {
        // The next one last. No call of this within itself: a sink may have as many pieces as there are messages.
        let mut pieces = vec![items];
        (self.gives_way_since, self.until) = (None, None);
        while let Some(items) = pieces.pop() {
            if self.lane == Lane::Bulk && at_work.turn.is_some() && at_work.installed.turn.is_wanted() {
                drop(at_work);
                // Nothing is waited for in the turn that can be waited for here.
                self.leaving.ended().await?;
                if let Some(until) = self.until.take() {
                    tokio::time::sleep_until(until.into()).await;
                }
                at_work = self.in_turn().await?;
                // Another host that had it meanwhile may have parked what comes before these.
                let lease = at_work.installed.lease()?;
                if at_work.installed.is_pinned() && lease.map(|lease| lease.epoch) != self.epoch {
                    return Err(
                        "another host has worked for it meanwhile; the batch is taken again".to_owned()
                    );
                }
            }
            self.process_piece(&at_work.installed, items, &mut pieces).await?;
        }
        Ok(())
    }

    /// One call, with as many of `items` as go into one. What is left, and the halves of what was refused, are further pieces.
    async fn process_piece(
        &mut self,
        installed: &Arc<Installed>,
        items: Vec<Item>,
        pieces: &mut Vec<Vec<Item>>,
    ) -> Result<(), String> {
        let mut items = self.behind_parked(installed, items, pieces).await?;
        if items.is_empty() {
            return Ok(());
        }
        if installed.is_sink() {
            // What it does cannot be undone because what goes before it did not get out.
            self.leaving.ended().await?;
        }
        // Before the call: what is read under one lease is not committed under another.
        let lease = installed.lease()?;
        let trial = self.breaker().on_trial();
        let rest = installed.cut(&mut items, trial);
        let (items, ran) = self.called(installed, items).await?;
        let refusal = match ran {
            None => {
                // In halves: what is shorter finds its place between two that are urgent.
                self.gives_way(halves(items, rest), pieces);
                return Ok(());
            }
            Some(Ok(effects)) => {
                self.breaker().went_well();
                pieces.push(rest);
                return self.commit(installed, lease, items, effects, pieces).await;
            }
            Some(Err(refusal)) => refusal,
        };
        let later = matches!(refusal, Refusal::Retry { .. } | Refusal::Other(_));
        if items.len() > 1 && (installed.ordered() || !later) {
            pieces.extend(halves(items, rest));
            return Ok(());
        }
        pieces.push(rest);
        let fault = matches!(refusal, Refusal::Fault(_));
        let tripped = fault && self.breaker().faulted(Instant::now());
        let end = match &refusal {
            Refusal::Retry { reason, after } => End::Later { reason: reason.clone(), after: *after },
            Refusal::Other(reason) => End::Later { reason: reason.clone(), after: None },
            // On trial the message is not given up: the plugin may be at fault, not the message.
            Refusal::Fault(fault) if trial || items.iter().any(|item| item.tries < FAULTS) => {
                End::Later { reason: fault.to_string(), after: None }
            }
            refusal => End::Dead(refusal.to_string()),
        };
        let ends = vec![end; items.len()];
        self.commit(installed, lease, items, Effects { ends, ..Effects::default() }, pieces).await?;
        if tripped {
            // How its last message went is said before this, and not over it.
            let _ = self.leaving.ended().await;
            let reason = format!("it faults on one message after the other, the last time: {refusal}");
            tracing::error!(
                installation = installed.id(),
                reason,
                "The breaker of `{}` tripped",
                installed.id()
            );
            installed.status.set(State::Tripped(reason.clone()));
            return Err(reason);
        }
        Ok(())
    }

    /// Parks those whose partition waits already, and gives back the others.
    async fn behind_parked(
        &mut self,
        installed: &Arc<Installed>,
        items: Vec<Item>,
        pieces: &mut Vec<Vec<Item>>,
    ) -> Result<Vec<Item>, String> {
        if !installed.ordered() || self.parking.is_empty() {
            return Ok(items);
        }
        let (behind, items): (Vec<Item>, Vec<Item>) = items
            .into_iter()
            .partition(|i| !matches!(i.from, From::Timer) && self.parking.holds(&i.message.partition));
        // Those that are parked already stay where they are.
        let behind: Vec<Item> = behind.into_iter().filter(|i| matches!(i.from, From::Lane(_))).collect();
        if !behind.is_empty() {
            let reason = BEHIND.to_owned();
            let ends = vec![End::Later { reason, after: None }; behind.len()];
            let effects = Effects { ends, ..Effects::default() };
            self.commit(installed, installed.lease()?, behind, effects, pieces).await?;
        }
        Ok(items)
    }

    /// One transaction: what was made, what was used up, what waits. Then it leaves. Where some was used up before, the others are another piece.
    async fn commit(
        &mut self,
        installed: &Arc<Installed>,
        lease: Option<Lease>,
        items: Vec<Item>,
        mut effects: Effects,
        pieces: &mut Vec<Vec<Item>>,
    ) -> Result<(), String> {
        let noted = installed.record(&self.shared.store, &items, &mut effects).await?;
        let (record, bodies) = noted.map(|Noted { call, bodies }| (call, bodies)).unzip();
        let Effects { outputs, ends, writes, .. } = effects;
        let parked = items.iter().any(|item| matches!(item.from, From::Parked(_)));
        let commits = installed.fenced() || parked || ends.iter().any(|end| matches!(end, End::Dead(_)));
        let (wanted, enough) = (self.wanted(installed), self.has_given_way());
        // What comes of nothing is not worth a second call; and however long it has given way, it waits for its rate without the turn.
        let gives_way = ends.contains(&End::Done)
            && (!enough || commits && installed.beyond_rate(outputs.iter()).is_some());
        let (leaving, courtesy) = (&mut self.leaving, &self.shared.courtesy);
        // What goes before it is out, or this does not begin.
        let ready = async {
            leaving.ended().await?;
            if commits && self.lane == Lane::Bulk && !enough {
                courtesy.step_aside().await;
            }
            if commits {
                installed.keep_rate(outputs.iter()).await;
            }
            Ok::<_, String>(())
        };
        tokio::select! {
            biased;
            ready = ready => ready?,
            () = wanted, if gives_way => {
                self.until = installed.beyond_rate(outputs.iter()).map(|(wait, _)| Instant::now() + wait);
                self.gives_way([items], pieces);
                return Ok(());
            }
        }
        self.came_through();
        if !commits {
            let record = record.filter(|_| ends.iter().all(|end| *end == End::Done)).map(Box::new);
            self.leave(installed, items, ends, Outputs::Messages(outputs, record));
            return Ok(());
        }
        let mut commit = Commit::new(installed.id());
        commit.lease = lease;
        // A call that gave nothing is not one to be made again, unless it went outward.
        let later = ends.iter().any(|end| matches!(end, End::Later { .. }));
        commit.call = record.filter(|_| installed.is_sink() || !later);
        installed.write(&mut commit, writes);
        commit.outputs = outputs.into_iter().map(Output::Message).collect();
        let mut waits = Vec::new();
        for (item, end) in items.iter().zip(&ends) {
            if let End::Dead(reason) = end {
                commit.outputs.push(Output::DeadLetter(item.dead_letter(installed, reason.clone())));
            }
            match (&item.from, end) {
                (From::Timer, end) => {
                    let again = match end {
                        End::Later { after, .. } => Some((item::due(item.tries, *after, 0), item.tries)),
                        End::Done | End::Dead(_) => None,
                    };
                    let (name, at) = (item.message.key.clone(), item.message.time);
                    commit.rung.push(Rung { name, at, again });
                }
                (From::Parked(position), End::Done | End::Dead(_)) => commit.unparked.push(*position),
                (_, End::Done | End::Dead(_)) => commit.inputs.push(item.input()),
                (_, End::Later { .. }) if !installed.ordered() && !matches!(item.from, From::Parked(_)) => {}
                (from, End::Later { reason, after }) => {
                    let due = item::due(item.tries, *after, item.origin.sequence);
                    let is_new = !matches!(from, From::Parked(_));
                    waits.push((item.message.partition.clone(), due, is_new));
                    commit.parks.push(Park {
                        position: if let From::Parked(position) = from { Some(*position) } else { None },
                        message: item.message.clone(),
                        origin: item.origin.clone(),
                        tries: item.tries,
                        due,
                        reason: reason.clone(),
                    });
                }
            }
            if installed.is_sink() {
                commit.dispatched.extend(item.dispatched(installed, end));
                let ended = !matches!(end, End::Later { .. });
                commit.attempts.push((item::input(&item.origin), ended));
            }
        }
        let bodies = bodies.unwrap_or_default();
        let (kept, committed) =
            (installed.keep(&self.shared, &bodies), outbox::committed(installed, &self.shared, commit));
        let ((), committed) = tokio::join!(kept, committed);
        let committed = match committed {
            Ok(committed) => committed,
            Err(CommitError::Applied) => {
                pieces.push(self.once_more(installed, items).await?);
                return Ok(());
            }
            Err(error) => return Err(chain(&error)),
        };
        for (partition, due, is_new) in waits {
            self.parking.hold(&partition, due, is_new);
        }
        self.leave(installed, items, ends, Outputs::Committed(committed));
        Ok(())
    }

    /// Its call is made again, after an urgent one that waits for the turn.
    fn gives_way<const N: usize>(&mut self, again: [Vec<Item>; N], pieces: &mut Vec<Vec<Item>>) {
        self.gives_way_since.get_or_insert_with(Instant::now);
        pieces.extend(again);
    }

    fn leave(&mut self, installed: &Arc<Installed>, items: Vec<Item>, ends: Vec<End>, outputs: Outputs) {
        let (installed, shared) = (Arc::clone(installed), Arc::clone(&self.shared));
        let parked = !self.parking.is_empty();
        let urgent = (self.lane != Lane::Bulk).then(|| shared.courtesy.urgent());
        self.leaving.add(Batch { installed, shared, items, ends, outputs, parked, urgent });
    }

    /// Deliveries that are no messages of this bus: dead letters, with their payload as it came.
    async fn bury(&self, installed: &Installed, broken: Vec<(Box<Delivery>, String)>) -> Result<(), String> {
        for (delivery, reason) in &broken {
            let mut commit = Commit::new(installed.id());
            commit.lease = installed.lease()?;
            commit.inputs.push(item::input(&delivery.origin));
            let letter = item::undecodable(installed, delivery, reason.clone());
            commit.outputs.push(Output::DeadLetter(letter));
            match self.shared.store.commit(commit).await {
                // Committed before: the letter is in the outbox or on its lane.
                Ok(_) | Err(CommitError::Applied) => {}
                Err(error) => return Err(chain(&error)),
            }
        }
        outbox::drain(installed, &self.shared).await?;
        for (delivery, reason) in &broken {
            delivery.term(reason).await.map_err(|error| chain(&error))?;
        }
        Ok(())
    }
}

/// The first half of `items` last, since the last piece is the next one; the other with what comes after it.
fn halves(mut items: Vec<Item>, rest: Vec<Item>) -> [Vec<Item>; 2] {
    let mut second = items.split_off(items.len().div_ceil(2));
    second.extend(rest);
    [second, items]
}

impl Installed {
    /// The lease that a commit needs; none for an installation that any host may work for.
    pub fn lease(&self) -> Result<Option<Lease>, String> {
        if self.is_pinned() { self.pin.lease().map_err(|error| error.to_string()) } else { Ok(None) }
    }
}
