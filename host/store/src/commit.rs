//! One call's effects in one transaction: state, outputs, the inputs that are thereby used up, and those that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dongting_manifest::record::Writes;
use dongting_manifest::timer::Timer;

use crate::call::{self, CallRecord};
use crate::cursor::{self, Move};
use crate::form::{self, Form};
use crate::input::{self, Input};
use crate::lease::{self, Lease};
use crate::lineage::{self, Dispatched};
use crate::outbox::{self, Output};
use crate::parked::{self, Park};
use crate::sql::{Listed, sql};
use crate::timer::{self, Rung};
use crate::writer::Transaction;
use crate::{Store, StoreError, attempt, record, row, state};

#[derive(Clone)]
pub struct Commit {
    pub installation: String,
    /// The host's right to work for the installation, where several share the database.
    pub lease: Option<Lease>,
    /// Of what the installation keeps; none where it keeps nothing.
    pub form: Option<Form>,
    /// Used up, and not parked before.
    pub inputs: Vec<Input>,
    /// Where a source goes on.
    pub cursor: Option<Move>,
    /// Keys set, and keys deleted (none).
    pub state: BTreeMap<String, Option<Vec<u8>>>,
    pub state_limit_bytes: u64,
    /// Timers set, and timers cancelled (none).
    pub timers: BTreeMap<String, Option<Timer>>,
    pub timers_limit: u32,
    pub records: Writes,
    /// The collections and indexes for which they were written.
    pub records_declared: String,
    /// Timers that were given to the call.
    pub rung: Vec<Rung>,
    pub outputs: Vec<Output>,
    /// Earlier outputs that the bus has stored; they go from the outbox with this.
    pub confirmed: Vec<i64>,
    /// To be parked, or parked on; those that are new there are used up on their lane.
    pub parks: Vec<Park>,
    /// Rows of parked messages that are used up.
    pub unparked: Vec<i64>,
    /// Written down, so that it can be made again.
    pub call: Option<CallRecord>,
    /// Attempts by their input, and whether each is at its end; else it is known not to have arrived.
    pub attempts: Vec<(Input, bool)>,
    /// What a sink has done for good.
    pub dispatched: Vec<Dispatched>,
}

/// Where what was committed lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Of the outputs, in the outbox.
    pub outputs: Vec<i64>,
    /// Of the call among all calls, where one was written down.
    pub call: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing was committed. Some inputs were committed before; run the call again without them.
    #[error("some of the inputs were committed before")]
    Applied,
    /// Nothing was committed. Another poll has moved the cursor; poll again.
    #[error("another poll moved the cursor meanwhile")]
    CursorMoved,
    /// Nothing was committed. Another host works for the installation.
    #[error("another host works for the installation by now")]
    LeaseLost,
    /// Nothing was committed. The installation was disabled while the call ran.
    #[error("the installation was stopped meanwhile")]
    Stopped,
    /// Nothing was committed. A release that keeps it in another form has taken over.
    #[error(
        "what the installation keeps was brought to state_version {0} meanwhile: the release that did it takes over"
    )]
    OtherForm(u32),
    #[error("the installation's state would have {bytes} bytes; {limit} are allowed")]
    StateFull { bytes: u64, limit: u64 },
    /// Nothing was committed. Run the call again.
    #[error("the installation's records were changed while the call ran")]
    RecordsChanged,
    #[error("the installation would have {count} timers; {limit} are allowed")]
    TimersFull { count: u64, limit: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Commit {
    /// With nothing in it.
    #[must_use]
    pub fn new(installation: &str) -> Self {
        Self {
            installation: installation.to_owned(),
            lease: None,
            form: None,
            inputs: Vec::new(),
            cursor: None,
            state: BTreeMap::new(),
            state_limit_bytes: 0,
            timers: BTreeMap::new(),
            timers_limit: 0,
            records: Writes::default(),
            records_declared: String::new(),
            rung: Vec::new(),
            outputs: Vec::new(),
            confirmed: Vec::new(),
            parks: Vec::new(),
            unparked: Vec::new(),
            call: None,
            attempts: Vec::new(),
            dispatched: Vec::new(),
        }
    }
}

impl Commit {
    /// Whether committing it changes anything.
    #[must_use]
    pub fn holds_something(&self) -> bool {
        self.call.is_some()
            || self.cursor.is_some()
            || !(self.inputs.is_empty()
                && self.state.is_empty()
                && self.timers.is_empty()
                && self.records.records.is_empty()
                && self.rung.is_empty()
                && self.outputs.is_empty()
                && self.parks.is_empty()
                && self.unparked.is_empty()
                && self.attempts.is_empty())
    }
}

impl Store {
    /// Those of `inputs` whose effects are committed already.
    pub async fn applied(&self, installation: &str, inputs: &[Input]) -> Result<Vec<Input>, StoreError> {
        static AMONG: Listed =
            Listed::new(|inputs| format!("SELECT sequence FROM applied WHERE {}", input::among(inputs)));
        let mut found = Vec::new();
        for piece in input::pieces(inputs.iter().collect()) {
            let rows: Vec<(i64,)> = input::of(&AMONG, installation, &piece).read(&self.reader).await?;
            let hits: BTreeSet<i64> = rows.into_iter().map(|(sequence,)| sequence).collect();
            found.extend(
                piece.into_iter().filter(|input| hits.contains(&row::sequence(input.sequence))).cloned(),
            );
        }
        Ok(found)
    }

    /// Forgets an input that cannot come again.
    pub async fn forget_applied(&self, installation: &str, input: &Input) -> Result<(), StoreError> {
        sql("DELETE FROM applied
             WHERE installation = $1 AND stream = $2 AND stream_created = $3 AND sequence = $4")
        .bind(installation)
        .bind(&input.stream)
        .bind(input.stream_created.as_micros())
        .bind(row::sequence(input.sequence))
        .execute_alone(&self.writer)
        .await?;
        Ok(())
    }

    /// All of it, or nothing.
    pub async fn commit(&self, commit: impl Into<Arc<Commit>>) -> Result<Places, CommitError> {
        let commit = commit.into();
        self.writer
            .transact(move |transaction| Box::pin(async move { write(transaction, &commit).await }))
            .await
    }
}

async fn write(transaction: &mut Transaction, commit: &Commit) -> Result<Places, CommitError> {
    if let Some(lease) = &commit.lease
        && !lease::holds(transaction, lease).await?
    {
        return Err(CommitError::LeaseLost);
    }
    let (call, noted) = match &commit.call {
        Some(record) => {
            let (position, noted) = call::write(transaction, &commit.installation, record).await?;
            (Some(position), noted)
        }
        None if commit.form.is_some() => (None, form::noted(transaction, &commit.installation).await?),
        None => (None, None),
    };
    if let Some(form) = commit.form
        && let Err(kept) = form::set(transaction, &commit.installation, noted, form).await?
    {
        return Err(CommitError::OtherForm(kept));
    }
    let parked = commit.parks.iter().filter(|park| park.position.is_none()).map(Park::input);
    let used: Vec<Input> = commit.inputs.iter().cloned().chain(parked).collect();
    if !use_up(transaction, &commit.installation, &used).await? {
        return Err(CommitError::Applied);
    }
    if !parked::write(transaction, commit).await? {
        return Err(CommitError::Applied);
    }
    if let Some(moved) = &commit.cursor
        && !cursor::set(transaction, &commit.installation, moved).await?
    {
        return Err(CommitError::CursorMoved);
    }
    if !timer::ring(transaction, commit, call).await? {
        return Err(CommitError::Applied);
    }
    state::write(transaction, commit, call).await?;
    timer::write(transaction, commit, call).await?;
    record::write(transaction, commit, call).await?;
    let outputs = outbox::write(transaction, &commit.installation, &commit.outputs).await?;
    outbox::remove(transaction, &commit.confirmed).await?;
    attempt::end(transaction, &commit.installation, &commit.attempts).await?;
    lineage::write(transaction, commit).await?;
    Ok(Places { outputs, call })
}

/// The primary key is the fence. False where one of them was used up before.
async fn use_up(
    transaction: &mut Transaction,
    installation: &str,
    inputs: &[Input],
) -> Result<bool, StoreError> {
    static USE_UP: Listed = Listed::new(|inputs| {
        format!("INSERT INTO applied VALUES {} ON CONFLICT DO NOTHING", row::rows(1, 4, inputs))
    });
    for inputs in row::pieces(inputs, 4) {
        let mut query = USE_UP.of(inputs.len());
        for input in inputs {
            query = query
                .bind(installation)
                .bind(&input.stream)
                .bind(input.stream_created.as_micros())
                .bind(row::sequence(input.sequence));
        }
        let added = query.execute(transaction).await?;
        if added != inputs.len() as u64 {
            return Ok(false);
        }
    }
    Ok(true)
}
