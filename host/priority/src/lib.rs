//! Who goes first where two threads want a core.

use std::cell::Cell;
use std::io;

use rustix::process::setpriority_process;
use thread_priority::{
    Error, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

thread_local! {
    static TAKEN: Cell<Option<Priority>> = const { Cell::new(None) };
}

/// What a thread is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// What interrupts the urgent.
    Clock,
    /// What an alert waits for: before all else on the machine that is not real-time too, as soon as it is ready.
    Urgent,
    /// What the history is written by.
    History,
    /// What plugins compute for bulk lanes.
    Bulk,
    /// What candidates compute beside what is at work.
    Beside,
}

impl Priority {
    /// For the calling thread, and for the threads and processes that it starts from then on.
    pub fn take(self) -> io::Result<()> {
        TAKEN.set(Some(self));
        // The scheduler gives a thread at 0 three times as much as one at 5 where both want a core, and nine times as much as one at 10.
        let nice = match self {
            Self::Clock => return real_time(2),
            Self::Urgent => return real_time(1),
            Self::History => 5,
            Self::Bulk => 10,
            Self::Beside => 19,
        };
        // On Linux this is the calling thread's alone.
        setpriority_process(None, nice).map_err(io::Error::from)
    }

    /// What the calling thread has taken, whether the machine granted it or not; none of what it has inherited.
    #[must_use]
    pub fn taken() -> Option<Self> {
        TAKEN.get()
    }
}

/// The lowest of these priorities, 1, is above all that are not real-time.
fn real_time(priority: u8) -> io::Result<()> {
    let priority = ThreadPriorityValue::try_from(priority).map_err(io::Error::other)?;
    let round_robin = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(priority), round_robin)
        .map_err(|error| match error {
            Error::OS(code) => io::Error::from_raw_os_error(code),
            other => io::Error::other(other),
        })
}
