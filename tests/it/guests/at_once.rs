//! Calls that are asked for wait for each other where there are many, and transforms and sinks do not wait for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dongting_manifest::installation::Limits;
use dongting_manifest::plugin::Capability;
use dongting_sandbox::{Call, Document, Read, Readers, Sandbox, SandboxOptions, StateReader};
use futures::future::join_all;
use tokio::sync::watch;

use super::{NOW, call, message};

/// A database that answers nobody until it is told to, and counts who has asked.
struct Held {
    open: watch::Receiver<bool>,
    asked: AtomicUsize,
}

impl StateReader for Held {
    fn get(&self, _: &str) -> Read<'_, Option<Vec<u8>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.clone();
        Box::pin(async move {
            open.wait_for(|open| *open).await.map_err(|error| error.to_string())?;
            Ok(None)
        })
    }

    fn keys(&self, _: &str, _: u32) -> Read<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

#[tokio::test]
async fn calls_at_once() {
    let (opens, open) = watch::channel(false);
    let sandbox = Sandbox::new(SandboxOptions::default()).unwrap();
    let load = |name: &str| {
        let component = dongting_tests::host::plugin(&format!("guests/{name}.wasm")).unwrap();
        sandbox.load(&std::fs::read(component).unwrap()).unwrap()
    };
    let tally = load("tally");
    let installations: Vec<_> = (0..9)
        .map(|_| {
            let held = Held { open: open.clone(), asked: AtomicUsize::default() };
            (tally.link(&[Capability::State].into()).unwrap(), Arc::new(held))
        })
        .collect();
    let transform = load("batch-size").link(&[].into()).unwrap();
    let asked =
        || installations.iter().map(|(_, held)| held.asked.load(Ordering::Relaxed)).collect::<Vec<_>>();
    let calls = installations.iter().flat_map(|(plugin, held)| {
        (0..20).map(move |_| {
            let state: Arc<dyn StateReader> = Arc::clone(held) as _;
            let readers = Readers { state: Some(state), ..Readers::default() };
            let document = Document {
                transport: "test".to_owned(),
                name: None,
                content_type: None,
                received: NOW.parse().unwrap(),
                body: b"a".to_vec(),
            };
            let call = Call { readers, ..call(Limits::default(), NOW, 1) };
            async move { plugin.decode(&plugin.asked().await, call, document).await }
        })
    });
    let meanwhile = async {
        // As many as there are places, of each installation as many as it may have.
        while asked().iter().sum::<usize>() < 64 {
            tokio::task::yield_now().await;
        }
        let before = asked();
        let outcome = transform.apply(call(Limits::default(), NOW, 1), &[message("a")]).await;
        outcome.result.unwrap();
        assert_eq!(asked(), before, "nothing more began");
        opens.send_replace(true);
        before
    };
    let (ended, before) = tokio::join!(join_all(calls), meanwhile);
    assert_eq!(before.iter().sum::<usize>(), 64, "{before:?}");
    assert_eq!(before.iter().max(), Some(&16), "{before:?}");
    for outcome in ended {
        outcome.result.unwrap();
    }
    assert_eq!(asked(), [20; 9]);
}
