//! Remembers what a step was made from, so that it runs again only when that changed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A file that holds the hash of a step's inputs. It lies beside the step's output, or among the target folder's stamps
/// when there is only one such output for all clones.
#[derive(Debug)]
pub struct Stamp {
    path: PathBuf,
    inputs: Sha256,
}

impl Stamp {
    pub fn new(path: PathBuf) -> Self {
        Self { path, inputs: Sha256::new() }
    }

    /// Adds an input. Its length goes in first: two inputs cannot be taken for one.
    pub fn add(&mut self, input: impl AsRef<[u8]>) {
        let input = input.as_ref();
        self.inputs.update((input.len() as u64).to_be_bytes());
        self.inputs.update(input);
    }

    /// Whether the step was last finished with these same inputs.
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|kept| kept == self.hash())
    }

    /// Says that the step was finished.
    pub fn keep(&self) -> Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&self.path, self.hash()).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// For a folder's name: the first digits of the hash of what was added.
    pub fn short(&self) -> String {
        self.hash().chars().take(12).collect()
    }

    fn hash(&self) -> String {
        hex::encode(self.inputs.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fresh_only_for_the_inputs_it_was_kept_with() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let stamp = |inputs: &[&str]| {
            let mut stamp = Stamp::new(folder.path().join("new/stamp"));
            inputs.iter().for_each(|input| stamp.add(input));
            stamp
        };
        assert!(!stamp(&["a", "b"]).is_fresh());
        stamp(&["a", "b"]).keep()?;
        assert!(stamp(&["a", "b"]).is_fresh());
        assert!(!stamp(&["ab"]).is_fresh());
        assert!(!stamp(&["a", "b", ""]).is_fresh());
        Ok(())
    }
}
