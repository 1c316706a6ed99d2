//! Bulk work steps aside: while a batch of the alert or command lane is at work, no bulk batch begins and no history is written, so that it
//! finds the database's one writer and the disk free. What has begun goes on; it is short.

use std::time::Duration;

use tokio::sync::watch;

/// Alerts that never end slow bulk down; they do not stop it.
const LONGEST: Duration = Duration::from_millis(100);

pub struct Courtesy(watch::Sender<usize>);

/// An urgent batch at work.
pub struct Urgent(watch::Sender<usize>);

impl Default for Courtesy {
    fn default() -> Self {
        Self(watch::channel(0).0)
    }
}

impl Courtesy {
    pub fn urgent(&self) -> Urgent {
        self.0.send_modify(|at_work| *at_work += 1);
        Urgent(self.0.clone())
    }

    /// Returns at once where nothing is urgent, else when it is done or has taken long enough.
    pub async fn step_aside(&self) {
        if *self.0.borrow() == 0 {
            return;
        }
        let mut at_work = self.0.subscribe();
        let _ = tokio::time::timeout(LONGEST, at_work.wait_for(|at_work| *at_work == 0)).await;
    }
}

impl Drop for Urgent {
    fn drop(&mut self) {
        self.0.send_modify(|at_work| *at_work = at_work.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn bulk_waits_for_what_is_urgent_but_not_for_ever() {
        let courtesy = Courtesy::default();
        assert!(courtesy.step_aside().now_or_never().is_some());
        let (first, second) = (courtesy.urgent(), courtesy.urgent());
        let mut waiting = std::pin::pin!(courtesy.step_aside());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(second);
        assert!(waiting.as_mut().now_or_never().is_some());
        let _endless = courtesy.urgent();
        courtesy.step_aside().await;
    }
}
