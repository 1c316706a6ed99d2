//! What this host knows of the state that an installation has committed, so that a call that goes through a batch does not ask the database
//! for each key. Right as long as this host alone works for the installation, which the epoch of its lease says.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dongting_sandbox::{Read, StateReader};

use crate::above::Above;
use crate::state::Committed;

/// Keys and values of one installation. Where there are more, what is known is forgotten, and asked for again.
const BYTES: usize = 128 << 10;
/// A longer value is asked for each time.
const LONGEST: usize = 8 << 10;
/// What a key costs beside its bytes and its value's.
const EACH: usize = 64;

#[derive(Default)]
pub struct Remembered(Mutex<Known>);

#[derive(Default)]
struct Known {
    epoch: i64,
    values: HashMap<String, Option<Vec<u8>>>,
    bytes: usize,
    /// Commits that have begun or ended.
    commits: u64,
    committing: bool,
}

/// When the database was asked: by the time of the answer something else may have been committed.
struct Asked(u64);

impl Remembered {
    /// The value under a key, if it is known.
    fn get(&self, epoch: i64, key: &str) -> Result<Option<Vec<u8>>, Asked> {
        let known = self.of(epoch);
        known.values.get(key).cloned().ok_or(Asked(known.commits))
    }

    fn learn(&self, epoch: i64, key: String, value: Option<Vec<u8>>, Asked(commits): Asked) {
        let mut known = self.of(epoch);
        if !known.committing && known.commits == commits {
            known.insert(key, value);
        }
    }

    /// Values are being committed; until it is said how that ended, nothing is known of these keys.
    pub fn begin(&self, epoch: i64, state: &BTreeMap<String, Option<Vec<u8>>>) {
        let mut known = self.of(epoch);
        known.commits += 1;
        known.committing = true;
        for key in state.keys() {
            known.remove(key);
        }
    }

    /// They are committed, or it is not known whether they are.
    pub fn end(&self, epoch: i64, state: Option<&BTreeMap<String, Option<Vec<u8>>>>) {
        let mut known = self.of(epoch);
        known.commits += 1;
        known.committing = false;
        match state {
            Some(state) => state.iter().for_each(|(key, value)| known.insert(key.clone(), value.clone())),
            None => known.forget(),
        }
    }

    fn of(&self, epoch: i64) -> MutexGuard<'_, Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.epoch != epoch {
            known.epoch = epoch;
            known.commits += 1;
            known.forget();
        }
        known
    }
}

impl Known {
    fn insert(&mut self, key: String, value: Option<Vec<u8>>) {
        self.remove(&key);
        let size = size(&key, value.as_deref());
        if size > LONGEST {
            return;
        }
        if self.bytes + size > BYTES {
            self.forget();
        }
        self.bytes += size;
        self.values.insert(key, value);
    }

    fn remove(&mut self, key: &str) {
        if let Some(value) = self.values.remove(key) {
            self.bytes -= size(key, value.as_deref());
        }
    }

    fn forget(&mut self) {
        self.values.clear();
        self.bytes = 0;
    }
}

fn size(key: &str, value: Option<&[u8]>) -> usize {
    EACH + key.len() + value.map_or(0, <[u8]>::len)
}

/// An installation's state as its calls read it under one epoch of its lease.
pub struct Remembering {
    pub reader: Arc<Above<Committed>>,
    pub remembered: Arc<Remembered>,
    pub epoch: i64,
}

impl StateReader for Remembering {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>> {
        let key = key.to_owned();
        Box::pin(async move {
            match self.remembered.get(self.epoch, &key) {
                Ok(value) => Ok(value),
                Err(asked) => {
                    let value = StateReader::get(&*self.reader, &key).await?;
                    self.remembered.learn(self.epoch, key, value.clone(), asked);
                    Ok(value)
                }
            }
        })
    }

    fn keys(&self, after: &str, limit: u32) -> Read<'_, Vec<String>> {
        self.reader.keys(after, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(key: &str, value: &[u8]) -> BTreeMap<String, Option<Vec<u8>>> {
        BTreeMap::from([(key.to_owned(), Some(value.to_vec()))])
    }

    fn ask(remembered: &Remembered, key: &str) -> Asked {
        remembered.get(1, key).unwrap_err()
    }

    fn known(remembered: &Remembered, key: &str) -> Option<Option<Vec<u8>>> {
        remembered.get(1, key).ok()
    }

    #[test]
    fn what_was_read_and_what_was_committed_is_known() {
        let remembered = Remembered::default();
        let asked = ask(&remembered, "a");
        remembered.learn(1, "a".to_owned(), None, asked);
        assert_eq!(known(&remembered, "a"), Some(None));
        remembered.begin(1, &state("a", b"1"));
        assert_eq!(known(&remembered, "a"), None);
        remembered.end(1, Some(&state("a", b"1")));
        assert_eq!(known(&remembered, "a"), Some(Some(b"1".to_vec())));
        // Nobody knows whether it was committed.
        remembered.begin(1, &state("b", b"2"));
        remembered.end(1, None);
        assert_eq!((known(&remembered, "a"), known(&remembered, "b")), (None, None));
    }

    #[test]
    fn what_was_read_beside_a_commit_is_not_kept() {
        let remembered = Remembered::default();
        let before = ask(&remembered, "a");
        remembered.begin(1, &state("a", b"1"));
        let meanwhile = ask(&remembered, "a");
        remembered.learn(1, "a".to_owned(), None, before);
        remembered.learn(1, "a".to_owned(), None, meanwhile);
        assert_eq!(known(&remembered, "a"), None);
        let meanwhile = ask(&remembered, "c");
        remembered.end(1, Some(&state("a", b"1")));
        remembered.learn(1, "c".to_owned(), None, meanwhile);
        assert_eq!(known(&remembered, "c"), None);
    }

    #[test]
    fn under_another_lease_nothing_is_known() {
        let remembered = Remembered::default();
        remembered.begin(1, &state("a", b"1"));
        remembered.end(1, Some(&state("a", b"1")));
        let asked = ask(&remembered, "b");
        let other = remembered.get(2, "a").unwrap_err();
        assert_eq!(known(&remembered, "a"), None);
        remembered.learn(1, "b".to_owned(), None, asked);
        remembered.learn(1, "a".to_owned(), None, other);
        assert_eq!((known(&remembered, "a"), known(&remembered, "b")), (None, None));
    }

    #[test]
    fn it_is_bounded() {
        let remembered = Remembered::default();
        let long = vec![0; LONGEST];
        for n in 0..10_000 {
            remembered.begin(1, &BTreeMap::new());
            remembered.end(1, Some(&state(&format!("{n}"), &long[..n % 2_000])));
            assert!(remembered.0.lock().unwrap().bytes <= BYTES);
        }
        assert!(known(&remembered, "9999").is_some());
        remembered.end(1, Some(&state("9999", &long)));
        assert_eq!(known(&remembered, "9999"), None, "the shorter one is not true any more");
        let bytes = |known: &Known| known.values.iter().map(|(k, v)| size(k, v.as_deref())).sum::<usize>();
        let known = remembered.0.lock().unwrap();
        assert_eq!(known.bytes, bytes(&known));
    }
}
