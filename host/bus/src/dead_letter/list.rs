//! The newest dead letters, by their headers alone: all payloads together may be gigabytes.

use std::collections::VecDeque;

use async_nats::header::HeaderMap;
use dongting_manifest::Lane;
use dongting_manifest::name::is_token;

use super::{READ, StoredDeadLetter, read};
use crate::bus::{Bus, BusError};
use crate::consumer::Start;
use crate::wire;

/// What a list has at most.
const MAX_LISTED: usize = 1_000;

impl Bus {
    /// The newest first, of one installation or of all, those before a sequence or all; at most `limit` of them (and at most 1,000).
    /// Payloads are left out.
    pub async fn dead_letters(
        &self,
        installation: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, BusError> {
        let subject = match installation {
            Some(installation) if !is_token(installation) => return Ok(Vec::new()),
            Some(installation) => format!("dead.{installation}"),
            None => String::new(),
        };
        let state = self.lane(Lane::Dead).await?;
        let last =
            before.map_or(state.last_sequence, |before| state.last_sequence.min(before.saturating_sub(1)));
        let (first, limit) = (state.first_sequence.max(1), limit.min(MAX_LISTED));
        if first > last || limit == 0 {
            return Ok(Vec::new());
        }
        let first = self.beginning(&subject, (first, last), limit as u64).await?;
        let scan = self.scan(Lane::Dead, subject, Start::At(first), READ).await?;
        let mut newest = VecDeque::with_capacity(limit);
        let told = scan.read(last, |raw, sequence| {
            if newest.len() == limit {
                newest.pop_front();
            }
            let none = HeaderMap::new();
            let headers = raw.headers.as_ref().unwrap_or(&none);
            let size = headers.get("Nats-Msg-Size").and_then(|size| size.as_str().parse().ok());
            let Ok(published) = raw.info().map(|info| info.published) else { return };
            newest.push_back(StoredDeadLetter {
                sequence,
                stored_at: wire::instant(published),
                bytes: size.unwrap_or_default(),
                letter: read(&raw.subject, headers, Vec::new()),
            });
        });
        told.await?;
        Ok(newest.into_iter().rev().collect())
    }

    /// Where to begin so as to find the newest `wanted` between `first` and `last`, and not many more. An installation may have few among many,
    /// and many may have been discarded.
    async fn beginning(
        &self,
        subject: &str,
        (first, last): (u64, u64),
        wanted: u64,
    ) -> Result<u64, BusError> {
        // What comes meanwhile is counted out: behind the others, so that it makes them too few and never too many.
        let up_to_last = async |first| {
            let found = self.letters_from(subject, first).await?;
            Ok::<_, BusError>(found.saturating_sub(self.letters_from(subject, last + 1).await?))
        };
        // From `few` on there are not enough, from `many` on there are.
        let (mut few, mut many, mut found) = (last + 1, last + 1, 0);
        let mut stretch = wanted;
        while found < wanted && many > first {
            few = many;
            many = (last + 1).saturating_sub(stretch).max(first);
            stretch = stretch.saturating_mul(4);
            found = up_to_last(many).await?;
        }
        while found > 2 * wanted && few - many > 1 {
            let middle = many + (few - many) / 2;
            let from_there = up_to_last(middle).await?;
            if from_there < wanted {
                few = middle;
            } else {
                (many, found) = (middle, from_there);
            }
        }
        Ok(many)
    }

    async fn letters_from(&self, subject: &str, sequence: u64) -> Result<u64, BusError> {
        let scan = self.scan(Lane::Dead, subject.to_owned(), Start::At(sequence), READ).await?;
        let count = scan.count();
        scan.end().await;
        Ok(count)
    }
}
