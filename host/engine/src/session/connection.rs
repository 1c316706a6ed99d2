//! One connection: what comes is told to its instance, one call after the other, and what that answers is stored and then sent. While a call is at
//! work nothing is read, so that a device that sends faster is held back by TCP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::{Lane, Timestamp};
use dongting_sandbox::{Ending, Outcome, Place, Session, Step};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::connections::Here;
use super::stored::Over;
use super::transcript::{self, Transcript};
use crate::installed::Installed;
use crate::worker::Shared;

/// Bytes that one call is told.
const MAX_RECEIVED_BYTES: usize = 16 * 1024;
/// A device that is still sending when its connection ends is heard out for so long, or the system would take back from it what it was sent.
const LINGER: Duration = Duration::from_secs(1);

pub struct Connection {
    /// The release that it runs on.
    pub(super) installed: Arc<Installed>,
    /// The release at work.
    pub(super) current: watch::Receiver<Arc<Installed>>,
    pub(super) shared: Arc<Shared>,
    pub(super) here: Here,
    /// None while a call is at work, and for ever after one that was interrupted.
    pub(super) session: Option<Session>,
    stream: TcpStream,
    /// Where its clock stands.
    pub(super) now: Timestamp,
    heard: Instant,
    wake: Option<Instant>,
    /// Until when it may finish on a release that another has replaced.
    pub(super) finish: Option<Instant>,
    /// How often it has moved to another release.
    pub(super) moves: u32,
    pub(super) transcript: Transcript,
}

/// What its instance is told.
pub(super) enum Told {
    Opened,
    Received(Vec<u8>),
    Tick,
    Closed(Ending),
}

enum Next {
    Tell(Told),
    AnotherRelease,
    /// Nothing has come for a while: its transcript is written down meanwhile.
    WriteDown,
    End(Ending),
}

impl Connection {
    pub fn new(
        here: Here,
        stream: TcpStream,
        (installed, current): (Arc<Installed>, watch::Receiver<Arc<Installed>>),
        shared: &Arc<Shared>,
    ) -> Self {
        let (now, shared) = (here.opened, Arc::clone(shared));
        let (heard, moves) = (Instant::now(), 0);
        let (session, wake, finish) = (None, None, None);
        let transcript = Transcript::new(here.peer, here.opened);
        Self {
            installed,
            current,
            shared,
            here,
            session,
            stream,
            now,
            heard,
            wake,
            finish,
            moves,
            transcript,
        }
    }

    /// Serves the connection to its end.
    pub async fn run(mut self, place: Place) {
        let _ = self.stream.set_nodelay(true);
        let origin = transcript::origin(self.here.peer, self.here.opened, 0);
        let origin: Vec<&str> = origin.iter().map(String::as_str).collect();
        let call = self.installed.call(self.now, &origin);
        match self.installed.log(self.installed.plugin.open(call, place).await).result {
            Ok(session) => self.session = Some(session),
            Err(refusal) => return self.tell_over(&Over::Faulted(refusal)),
        }
        let ending = match self.live().await {
            Ok(ending) => ending,
            Err(over) => {
                self.transcript.write(&self.installed, &self.shared);
                return self.tell_over(&over);
            }
        };
        tracing::debug!(
            installation = self.installed.id(),
            peer = %self.here.peer,
            ?ending,
            "A connection has ended"
        );
        if let Err(over) = self.told(Told::Closed(ending.clone())).await {
            self.tell_over(&over);
        }
        self.transcript.write(&self.installed, &self.shared);
        self.session = None;
        if !matches!(ending, Ending::Peer | Ending::Broken(_) | Ending::Stalled) {
            let _ = tokio::time::timeout(LINGER, self.linger()).await;
        }
    }

    async fn live(&mut self) -> Result<Ending, Over> {
        if let Some(ending) = self.told(Told::Opened).await? {
            return Ok(ending);
        }
        loop {
            let ending = match self.next().await {
                Next::Tell(told) => self.told(told).await?,
                Next::AnotherRelease => self.follow().await?,
                Next::WriteDown => None,
                Next::End(ending) => Some(ending),
            };
            if let Some(ending) = ending {
                return Ok(ending);
            }
        }
    }

    /// Waits for what the instance is to be told next.
    async fn next(&mut self) -> Next {
        let idle = self.heard + Duration::from_secs(self.installed.installation.limits.idle_seconds.into());
        // One that never stops sending must not outrun it.
        if self.finish.is_some_and(|finish| finish <= Instant::now()) {
            return Next::End(Ending::Replaced);
        }
        let due = self.transcript.due();
        if due.is_some_and(|due| due <= Instant::now()) {
            self.transcript.write(&self.installed, &self.shared);
        }
        let due = self.transcript.due();
        let all = [Some(idle), self.wake, self.finish, due];
        let first = all.into_iter().flatten().min().unwrap_or(idle);
        tokio::select! {
            biased;
            _ = self.here.ends.changed() => Next::End(Ending::Stopped),
            changed = self.current.changed() => match changed {
                Ok(()) => Next::AnotherRelease,
                Err(_) => Next::End(Ending::Stopped),
            },
            read = read(&self.stream) => match read {
                Ok(bytes) if bytes.is_empty() => Next::End(Ending::Peer),
                Ok(bytes) => {
                    self.heard = Instant::now();
                    Next::Tell(Told::Received(bytes))
                }
                Err(error) => Next::End(Ending::Broken(error.to_string())),
            },
            () = tokio::time::sleep_until(first) => {
                if self.finish.is_some_and(|finish| finish <= first) {
                    Next::End(Ending::Replaced)
                } else if idle <= first {
                    Next::End(Ending::Idle)
                } else if self.wake.is_some_and(|wake| wake <= first) {
                    Next::Tell(Told::Tick)
                } else {
                    Next::WriteDown
                }
            }
        }
    }

    /// One call and all that it wants done. An ending is the connection's.
    pub(super) async fn told(&mut self, told: Told) -> Result<Option<Ending>, Over> {
        let (now, lane, peer) = (self.clock(), self.installed.lane(), self.here.peer);
        let permit = self.shared.permits.acquire(self.installed.caller(lane)).await;
        let mut session = self.session.take().ok_or(Over::Interrupted)?;
        let call = async move {
            let outcome = tell(&mut session, &told, (peer, now)).await;
            (session, told, outcome)
        };
        if lane == Lane::Bulk {
            self.shared.courtesy.step_aside().await;
        }
        let computed = self.shared.compute(lane, &self.installed.brief, call).await;
        let (session, told, outcome) = computed.ok_or(Over::Interrupted)?;
        drop(permit);
        self.session = Some(session);
        let closing = matches!(told, Told::Closed(_));
        let (told, bytes) = told.recorded();
        let step = self.stored(outcome, (told, bytes), now).await?;
        if closing { Ok(None) } else { Ok(self.sent(step).await) }
    }

    /// Sends what is stored. An ending where it cannot be sent, or where the plugin wants no more.
    pub(super) async fn sent(&mut self, step: Step) -> Option<Ending> {
        self.wake = step.wake.map(|after| Instant::now() + after);
        if !step.send.is_empty() {
            let patience = Duration::from_secs(self.installed.installation.limits.stalled_seconds.into());
            match tokio::time::timeout(patience, self.stream.write_all(&step.send)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Some(Ending::Broken(error.to_string())),
                Err(_) => return Some(Ending::Stalled),
            }
        }
        step.close.then_some(Ending::Asked)
    }

    /// The instant of a step: never before that of the step before it.
    pub(super) fn clock(&mut self) -> Timestamp {
        self.now = self.now.max(Timestamp::now());
        self.now
    }

    fn tell_over(&self, over: &Over) {
        let (id, peer) = (self.installed.id(), self.here.peer);
        tracing::warn!(installation = id, %peer, "A connection of `{id}` was ended: {over}");
    }

    /// Says that no more comes, and takes what was under way until the device has heard it.
    async fn linger(&mut self) {
        if self.stream.shutdown().await.is_ok() {
            while matches!(read(&self.stream).await, Ok(bytes) if !bytes.is_empty()) {}
        }
    }
}

impl Told {
    /// As a record has it, and the bytes that go with it.
    fn recorded(self) -> (dongting_store::Told, Vec<u8>) {
        match self {
            Self::Opened => (dongting_store::Told::Opened, Vec::new()),
            Self::Received(bytes) => (dongting_store::Told::Received, bytes),
            Self::Tick => (dongting_store::Told::Tick, Vec::new()),
            Self::Closed(ending) => (dongting_store::Told::Closed(transcript::written(&ending)), Vec::new()),
        }
    }
}

async fn tell(session: &mut Session, told: &Told, (peer, now): (SocketAddr, Timestamp)) -> Outcome<Step> {
    match told {
        Told::Opened => session.opened(peer, now).await,
        Told::Received(bytes) => session.received(bytes, now).await,
        Told::Tick => session.tick(now).await,
        Told::Closed(ending) => session.closed(ending, now).await,
    }
}

/// What has come; empty at the end of the stream. While nothing has, no room is held for it.
async fn read(stream: &TcpStream) -> io::Result<Vec<u8>> {
    loop {
        stream.readable().await?;
        let mut bytes = Vec::with_capacity(MAX_RECEIVED_BYTES);
        match stream.try_read_buf(&mut bytes) {
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
