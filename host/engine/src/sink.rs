//! A sink's calls: each attempt is written down before it is made, so that after a crash it is known what may have gone out.

use dongting_manifest::Message;
use dongting_manifest::installation::OnUnknown;
use dongting_sandbox::{Attempt, Delivered, Fault, Refusal};
use dongting_store::{Begun, Input, Store};

use crate::installed::{Installed, chain};
use crate::item::{End, From, Item};
use crate::transform::Effects;

impl Installed {
    /// Whether an attempt whose outcome is unknown waits for a person.
    pub fn holds_unknown(&self) -> bool {
        self.is_sink() && self.installation.on_unknown == OnUnknown::Hold
    }

    pub async fn deliver(&self, store: &Store, items: &[Item]) -> Result<Result<Effects, Refusal>, String> {
        let inputs: Vec<Input> = items.iter().map(Item::input).collect();
        let begun = store.begin_attempts(self.id(), &inputs).await.map_err(|error| chain(&error))?;
        // One that was begun and not ended: the host was killed in between. Where that is held, a call has one message. Who re-drives
        // a dead letter has asked the receiver.
        let asked = items.iter().all(|item| matches!(item.from, From::Dead));
        if self.holds_unknown() && !asked && begun.iter().any(|begun| begun.open) {
            let said = "an attempt was begun and its end is not known".to_owned();
            return Ok(Ok(Effects { ends: vec![held(&said); items.len()], ..Effects::default() }));
        }
        let attempts: Vec<Attempt<'_>> = items
            .iter()
            .zip(&begun)
            .map(|(item, Begun { number, .. })| Attempt {
                message: &item.message,
                key: item.idempotency_key(self.id()),
                number: *number,
            })
            .collect();
        let batch: Vec<Message> = items.iter().map(|item| item.message.clone()).collect();
        let outcome = self.log(self.plugin.deliver(self.call_for(&batch), &attempts).await);
        let ends = match outcome.result {
            Ok(delivered) => delivered.into_iter().map(|one| self.end(one)).collect(),
            Err(Refusal::Retry { reason, after }) => vec![End::Later { reason, after }; items.len()],
            Err(Refusal::Other(reason)) => vec![End::Later { reason, after: None }; items.len()],
            Err(Refusal::Fault(fault)) if self.holds_unknown() => vec![held(&fault.to_string()); items.len()],
            // The receiver is slow. That is no message's fault, so none is given up for it.
            Err(Refusal::Fault(fault @ Fault::Deadline(_))) => {
                vec![End::Later { reason: fault.to_string(), after: None }; items.len()]
            }
            Err(refusal) => return Ok(Err(refusal)),
        };
        Ok(Ok(Effects { ends, writes: outcome.writes, ..Effects::default() }))
    }

    fn end(&self, delivered: Delivered) -> End {
        match delivered {
            Delivered::Done => End::Done,
            Delivered::Rejected(reason) => End::Dead(reason),
            Delivered::Retry { reason, after } => End::Later { reason, after },
            Delivered::Unknown(reason) if self.holds_unknown() => held(&reason),
            Delivered::Unknown(reason) => End::Later { reason, after: None },
        }
    }
}

fn held(reason: &str) -> End {
    End::Dead(format!(
        "held, since it may have arrived ({reason}): ask the receiver, then discard it, or re-drive it to send it again"
    ))
}
