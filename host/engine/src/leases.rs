//! The leases of this host. All that it has is taken on by one statement a second, and how all stand is read by another, however many
//! installations are pinned. What is free is taken one by one, beside that: a transaction that hangs on one holds up no other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dongting_manifest::Timestamp;
use dongting_store::{Lease, Standing, Store, StoreError};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::installed::chain;
use crate::pin::Pin;
use crate::status::{State, Status};
use crate::worker::Shared;

/// A host that dies is followed by another after this long at most, and a little.
const TTL: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_secs(1);
/// Without an answer of the database for this long, all leases count as lost before another host can have them.
const DOUBT: Duration = Duration::from_secs(3);
/// Leases that are taken at once: half of the connections to the database, should all of them wait there for a host that hangs.
const TAKING: usize = 4;
/// Each life of a host has a name of its own, which is of no use any more after this.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3_600);

pub struct Leases {
    /// This host's name; none where no other host uses the database.
    holder: Option<String>,
    claims: Mutex<BTreeMap<String, Claim>>,
    /// Something is claimed that nobody has looked at yet.
    fresh: Notify,
    taking: Semaphore,
}

/// An installation that this host would work for.
struct Claim {
    pin: Arc<Pin>,
    status: Arc<Status>,
    /// In which state it is once this host may work.
    begins: State,
    /// Since when it is known how it stands; none where it was not looked at yet.
    known: Option<Instant>,
    is_being_taken: bool,
}

/// What is to be done about how things stand.
#[derive(Default)]
struct Findings {
    free: Vec<String>,
    /// This host's, which does not want them.
    unwanted: Vec<Lease>,
}

impl Leases {
    pub fn new(holder: Option<String>) -> Self {
        Self { holder, claims: Mutex::default(), fresh: Notify::new(), taking: Semaphore::new(TAKING) }
    }

    /// Before any is taken: each lasts for as long as its holder does.
    pub async fn begin(&self, store: &Store) {
        let Some(holder) = &self.holder else { return };
        if let Err(error) = store.take_on(holder, Timestamp::now(), TTL).await {
            tracing::debug!("The leases cannot be taken on: {}", chain(&error));
        }
    }

    /// From now on this host works for the installation whenever no other does.
    pub fn claim(&self, id: &str, pin: &Arc<Pin>, status: &Arc<Status>, begins: State) {
        let mut claims = self.claims();
        if let Some(claim) = claims.get_mut(id) {
            claim.begins = begins;
            return;
        }
        let (pin, status) = (Arc::clone(pin), Arc::clone(status));
        claims.insert(id.to_owned(), Claim { pin, status, begins, known: None, is_being_taken: false });
        self.fresh.notify_one();
    }

    /// From now on it does not. What it has is given back within a second.
    pub fn waive(&self, id: &str) {
        self.claims().remove(id);
    }

    /// Takes a lease that is claimed, where it is free, without waiting for it.
    pub async fn take(&self, id: &str, store: &Store) {
        let Some(holder) = &self.holder else { return };
        // The semaphore is never closed.
        let _turn = self.taking.acquire().await;
        let taken = store.take_lease(id, holder, Timestamp::now(), Duration::ZERO).await;
        let unwanted = match self.claims().get_mut(id) {
            Some(claim) => {
                claim.taken(id, taken);
                None
            }
            // Waived meanwhile.
            None => taken.ok().flatten(),
        };
        if let Some(lease) = unwanted {
            give_back(&lease, store).await;
        }
    }

    /// The lease for one call of a release in place of one that needs none. It is nobody's claim: under a name of its own it is not taken on,
    /// and whoever claims it next has it after its time, or once it is given back.
    pub async fn lend(&self, id: &str, store: &Store) -> Result<Pin, StoreError> {
        let pin = Pin::new(self.holder.is_some());
        if let Some(holder) = &self.holder {
            let lent = store.take_lease(id, &format!("{holder}, once"), Timestamp::now(), TTL).await?;
            if let Some(lease) = lent {
                pin.gain(lease);
            }
        }
        Ok(pin)
    }

    /// Takes what is free of `ids`, beside whatever else is done.
    fn take_all(&self, ids: Vec<String>, takes: &mut JoinSet<()>, shared: &Arc<Shared>) {
        while takes.try_join_next().is_some() {}
        let mut claims = self.claims();
        for id in ids {
            let Some(claim) = claims.get_mut(&id).filter(|claim| !claim.is_being_taken) else { continue };
            claim.is_being_taken = true;
            let shared = Arc::clone(shared);
            takes.spawn(async move { shared.leases.take(&id, &shared.store).await });
        }
    }

    /// What was claimed since it was looked last.
    fn not_looked_at(&self) -> Vec<String> {
        let claims = self.claims();
        claims.iter().filter(|(_, claim)| claim.known.is_none()).map(|(id, _)| id.clone()).collect()
    }

    /// Takes on what this host has, and tells everybody how it stands.
    async fn look(&self, holder: &str, store: &Store, sure: &mut Instant) -> Findings {
        let (asked, now) = (Instant::now(), Timestamp::now());
        let standing = async {
            store.take_on(holder, now, TTL).await?;
            store.leases(now).await
        };
        let mut standing = std::pin::pin!(standing);
        let mut doubted = false;
        let standing: Result<Vec<Standing>, StoreError> = loop {
            tokio::select! {
                standing = &mut standing => break standing,
                () = tokio::time::sleep_until((*sure + DOUBT).into()), if !doubted => {
                    self.lose_all();
                    doubted = true;
                }
            }
        };
        match standing {
            Ok(standing) => {
                *sure = asked;
                self.compare(holder, standing, asked)
            }
            Err(error) => {
                tracing::debug!("The leases cannot be taken on: {}", chain(&error));
                if sure.elapsed() > DOUBT {
                    self.lose_all();
                }
                Findings::default()
            }
        }
    }

    fn compare(&self, holder: &str, standing: Vec<Standing>, asked: Instant) -> Findings {
        let mut standing: BTreeMap<String, Standing> =
            standing.into_iter().map(|one| (one.lease.name.clone(), one)).collect();
        let mut findings = Findings::default();
        for (id, claim) in self.claims().iter_mut() {
            let standing = standing.remove(id);
            // What is known since is not as it was read.
            if claim.is_being_taken || claim.known.is_some_and(|known| known > asked) {
                continue;
            }
            claim.known = Some(asked);
            match standing {
                Some(Standing { lease, .. }) if lease.holder == holder => claim.gain(id, lease),
                Some(Standing { is_free: false, .. }) => claim.lose(id),
                Some(_) | None => findings.free.push(id.clone()),
            }
        }
        let unclaimed = standing.into_values().map(|one| one.lease);
        findings.unwanted = unclaimed.filter(|lease| lease.holder == holder).collect();
        findings
    }

    fn lose_all(&self) {
        for (id, claim) in self.claims().iter() {
            claim.lose(id);
        }
    }

    fn claims(&self) -> MutexGuard<'_, BTreeMap<String, Claim>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the leases on and on, for ever.
pub async fn keep(shared: Arc<Shared>) {
    let Some(holder) = &shared.leases.holder else { return };
    let (leases, store) = (&shared.leases, &shared.store);
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sure = Instant::now();
    let mut takes = JoinSet::new();
    if let Err(error) = store.forget_holders(Timestamp::now().saturating_sub(FORGOTTEN)).await {
        tracing::debug!("Hosts of the past could not be forgotten: {}", chain(&error));
    }
    loop {
        let free = tokio::select! {
            _ = every.tick() => {
                let Findings { free, unwanted } = leases.look(holder, store, &mut sure).await;
                for lease in unwanted {
                    give_back(&lease, store).await;
                }
                free
            }
            () = leases.fresh.notified() => leases.not_looked_at(),
        };
        leases.take_all(free, &mut takes, &shared);
    }
}

async fn give_back(lease: &Lease, store: &Store) {
    if let Err(error) = store.release_lease(lease).await {
        tracing::debug!(installation = lease.name, "A lease is given back later: {}", chain(&error));
    }
}

impl Claim {
    /// The answer to the question for it.
    fn taken(&mut self, id: &str, taken: Result<Option<Lease>, StoreError>) {
        self.is_being_taken = false;
        match taken {
            Ok(Some(lease)) => {
                self.known = Some(Instant::now());
                self.gain(id, lease);
            }
            Ok(None) => {
                self.known = Some(Instant::now());
                self.lose(id);
            }
            Err(error) => {
                tracing::debug!(installation = id, "The lease cannot be taken: {}", chain(&error));
            }
        }
    }

    fn gain(&self, id: &str, lease: Lease) {
        let epoch = lease.epoch;
        if self.pin.gain(lease) {
            tracing::info!(installation = id, epoch, "This host works for `{id}`");
            self.status.set(self.begins.clone());
        }
    }

    fn lose(&self, id: &str) {
        if self.pin.lose().is_some() {
            tracing::warn!(installation = id, "Another host works for `{id}` by now");
        }
        self.status.set(State::Standby);
    }
}
