//! The installation's committed records, as the sandbox reads them.

use std::collections::BTreeSet;
use std::sync::Arc;

use dongting_manifest::Manifest;
use dongting_manifest::record::{Extent, Page, Query, Record, declared};
use dongting_sandbox::{Read, RecordReader};

use crate::installed::chain;
use crate::state::Committed;

pub struct Recorded {
    pub committed: Arc<Committed>,
    /// Names its collections.
    pub manifest: Arc<Manifest>,
}

impl RecordReader for Recorded {
    /// Every use of records begins here, in the installation's turn where anything is written: where the release before declared other
    /// indexes, the documents are found by this one's from now on.
    fn extent(&self) -> Read<'_, Extent> {
        Box::pin(async move {
            let Committed { store, installation } = self.committed.as_ref();
            let wanted = declared(&self.manifest.records);
            let (extent, indexed) =
                store.record_extent(installation, &wanted).await.map_err(|error| chain(&error))?;
            if indexed {
                return Ok(extent);
            }
            tracing::info!(installation, "The records of `{installation}` are indexed anew");
            store.index_records(installation, &self.manifest.records).await.map_err(|error| chain(&error))?;
            let (extent, _) =
                store.record_extent(installation, &wanted).await.map_err(|error| chain(&error))?;
            Ok(extent)
        })
    }

    fn get(&self, collection: &str, id: &str) -> Read<'_, Option<Record>> {
        let (collection, id) = (collection.to_owned(), id.to_owned());
        let Committed { store, installation } = self.committed.as_ref();
        Box::pin(
            async move { store.record(installation, &collection, &id).await.map_err(|error| chain(&error)) },
        )
    }

    fn find(&self, query: &Query, without: BTreeSet<String>, max_bytes: usize) -> Read<'_, Page> {
        let query = query.clone();
        let Committed { store, installation } = self.committed.as_ref();
        Box::pin(async move {
            store.records(installation, &query, &without, max_bytes).await.map_err(|error| chain(&error))
        })
    }
}
