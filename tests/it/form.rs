//! The number of the form in which an installation keeps what it keeps: the fence between two releases.

use dongting_manifest::Timestamp;
use dongting_store::{CallPlace, Commit, CommitError, Form, Kept, Lease, Store};

use super::store::{Place, on_both, open};

on_both! {
    a_release_of_an_earlier_form_cannot_commit
    keys_are_told_as_of_a_call
}

fn commit(form: (u32, u32), key: &str) -> Commit {
    let mut commit = Commit::new("model");
    commit.form = Some(Form { from: form.0, to: form.1 });
    commit.state.insert(key.to_owned(), Some(b"1".to_vec()));
    commit.state_limit_bytes = 100;
    commit
}

async fn kept(store: &Store) -> Kept {
    store.kept_form("model").await.unwrap()
}

async fn a_release_of_an_earlier_form_cannot_commit<P: Place>() {
    let (_place, store) = open::<P>().await;
    assert_eq!(kept(&store).await, Kept::Nothing);
    // Kept before there were numbers.
    let mut before = commit((1, 1), "a");
    before.form = None;
    store.commit(before).await.unwrap();
    assert_eq!(kept(&store).await, Kept::Form(1));
    store.commit(commit((1, 1), "b")).await.unwrap();
    // A migration that keeps too much leaves all as it was.
    let mut large = commit((1, 3), "c");
    large.state_limit_bytes = 1;
    assert!(matches!(store.commit(large).await, Err(CommitError::StateFull { .. })));
    assert_eq!(kept(&store).await, Kept::Form(1));
    store.commit(commit((1, 3), "c")).await.unwrap();
    assert_eq!(kept(&store).await, Kept::Form(3));
    for late in [commit((1, 1), "d"), commit((1, 3), "d"), commit((2, 4), "d")] {
        assert!(matches!(store.commit(late).await, Err(CommitError::OtherForm(3))));
    }
    assert_eq!(store.state("model", "d").await.unwrap(), None);
    store.commit(commit((3, 3), "d")).await.unwrap();
    // Another installation's is another.
    assert_eq!(store.kept_form("other").await.unwrap(), Kept::Nothing);
    // Without the lease nothing is migrated.
    let ttl = std::time::Duration::from_secs(60);
    let lease = store.take_lease("model", "a", Timestamp::now(), ttl).await.unwrap().unwrap();
    let mut lost = commit((3, 4), "e");
    lost.lease = Some(Lease { holder: "b".to_owned(), ..lease });
    assert!(matches!(store.commit(lost).await, Err(CommitError::LeaseLost)));
    assert_eq!(kept(&store).await, Kept::Form(3));
}

async fn keys_are_told_as_of_a_call<P: Place>() {
    let (_place, store) = open::<P>().await;
    let mut old = commit((1, 1), "old");
    old.state.insert("Z".to_owned(), Some(b"1".to_vec()));
    store.commit(old).await.unwrap();
    let mut call = commit((1, 1), "new");
    call.state.insert("old".to_owned(), None);
    call.call = Some(dongting_store::CallRecord::default());
    store.commit(call).await.unwrap();
    let calls = store
        .calls("model", (Timestamp::from_micros(0).unwrap(), far()), CallPlace::default(), 10)
        .await
        .unwrap();
    let position = calls[0].position;
    assert_eq!(store.state_keys("model", "", 10).await.unwrap(), ["Z", "new"], "in the order of bytes");
    assert_eq!(store.state_keys("model", "Z", 10).await.unwrap(), ["new"]);
    assert_eq!(store.state_keys_before("model", position, ("", 10)).await.unwrap(), ["Z", "old"]);
    assert_eq!(store.state_keys_before("model", position, ("", 1)).await.unwrap(), ["Z"]);
    assert_eq!(store.state_keys_before("model", position + 1, ("", 10)).await.unwrap(), ["Z", "new"]);
}

fn far() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().unwrap()
}
