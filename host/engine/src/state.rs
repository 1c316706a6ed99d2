//! What an installation has committed, and its state as the sandbox reads it.

use dongting_sandbox::{Read, StateReader};
use dongting_store::Store;

pub struct Committed {
    pub store: Store,
    pub installation: String,
}

impl StateReader for Committed {
    fn get(&self, key: &str) -> Read<'_, Option<Vec<u8>>> {
        let key = key.to_owned();
        Box::pin(async move {
            self.store.state(&self.installation, &key).await.map_err(|error| error.to_string())
        })
    }

    fn keys(&self, after: &str, limit: u32) -> Read<'_, Vec<String>> {
        let after = after.to_owned();
        Box::pin(async move {
            let keys = self.store.state_keys(&self.installation, &after, limit).await;
            keys.map_err(|error| error.to_string())
        })
    }
}
