//! A session that is tried: one connection from its beginning to its end, with a stream of bytes cut in a certain way.

use std::net::SocketAddr;
use std::time::Duration;

use dongting_sandbox::{Ending, Fault, LogLine, Outcome, Step};

use super::{Message, Refusal, Reject, Timestamp, Trial, Tried};

/// The host tells an instance no more at once.
pub const MAX_PIECE: usize = 16 * 1024;

/// What a connection came to.
#[derive(Debug, Default)]
pub struct Conversed {
    pub messages: Vec<Message>,
    pub rejects: Vec<Reject>,
    pub sent: Vec<u8>,
    /// The plugin wanted no more, before the stream was over.
    pub closed: bool,
}

/// What its calls used together.
#[derive(Default)]
struct Used {
    log: Vec<LogLine>,
    log_dropped: u32,
    cpu: Duration,
}

impl Trial {
    /// Tells a new instance of a device that sends `stream` in pieces of these sizes, what is left in pieces as large as they may be, then stays silent
    /// until the instance is woken, if it wants that, and goes.
    pub async fn converse(&self, stream: &[u8], sizes: &[usize], now: Timestamp) -> Tried<Conversed> {
        let mut used = Used::default();
        let result = self.conversed(stream, sizes, now, &mut used).await;
        let Used { log, log_dropped, cpu } = used;
        Tried { result, log, log_dropped, asked: Vec::new(), cpu }
    }

    async fn conversed(
        &self,
        stream: &[u8],
        sizes: &[usize],
        now: Timestamp,
        used: &mut Used,
    ) -> Result<Conversed, Refusal> {
        let full = || Refusal::Fault(Fault::Instantiate("there is no room for another instance".to_owned()));
        let peer = SocketAddr::from(([192, 0, 2, 1], 7611));
        let place = self.plugin.place().ok_or_else(full)?;
        let opened = self.plugin.open(self.call(now, &["session"]), place).await;
        let mut session = used.add(opened)?;
        let mut made = Conversed::default();
        let mut step = used.add(session.opened(peer, now).await)?;
        let mut wake = self.took(step, now, &mut made)?;
        let mut rest = stream;
        let mut sizes = sizes.iter().copied();
        while !rest.is_empty() && !made.closed {
            let size = sizes.next().unwrap_or(MAX_PIECE).clamp(1, MAX_PIECE.min(rest.len()));
            let (piece, behind) = rest.split_at(size);
            rest = behind;
            step = used.add(session.received(piece, now).await)?;
            wake = self.took(step, now, &mut made)?;
        }
        let mut now = now;
        if let Some(after) = wake.filter(|_| !made.closed) {
            now = now.saturating_add(after);
            step = used.add(session.tick(now).await)?;
            self.took(step, now, &mut made)?;
        }
        let ending = if made.closed { Ending::Asked } else { Ending::Peer };
        let last = used.add(session.closed(&ending, now).await)?;
        // Nobody is there any more to be sent anything.
        self.took(Step { send: Vec::new(), close: false, ..last }, now, &mut made)?;
        Ok(made)
    }

    fn took(&self, step: Step, now: Timestamp, made: &mut Conversed) -> Result<Option<Duration>, Refusal> {
        let Step { mut drafts, rejects, send, wake, close } = step;
        let region = self.installation.region;
        // Of the region that it is installed for a plugin knows nothing.
        drafts.retain(|draft| region.contains(draft.region) || draft.region == super::Region::OUTSIDE);
        made.messages.extend(self.messages(&[], now, drafts)?);
        made.rejects.extend(rejects);
        made.sent.extend(send);
        made.closed |= close;
        Ok(wake)
    }
}

impl Used {
    fn add<T>(&mut self, outcome: Outcome<T>) -> Result<T, Refusal> {
        self.log.extend(outcome.log);
        self.log_dropped = self.log_dropped.saturating_add(outcome.log_dropped);
        self.cpu = self.cpu.saturating_add(outcome.cpu);
        outcome.result
    }
}
