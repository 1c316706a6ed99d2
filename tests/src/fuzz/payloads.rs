//! Whatever bytes come, a payload of the data standard is read or refused; and what was read can be written and read again.

use dongting_events::{
    Assessment, Earthquake, Feedback, Hotspot, Impact, Observations, Outage, Task, Warning,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub fn payloads(bytes: &[u8]) {
    check::<Assessment>(bytes);
    check::<Feedback>(bytes);
    check::<Hotspot>(bytes);
    check::<Observations>(bytes);
    check::<Outage>(bytes);
    check::<Task>(bytes);
    // These may be read with a mistake in them that keeps them from being written.
    read::<Earthquake>(bytes);
    read::<Impact>(bytes);
    read::<Warning>(bytes);
}

fn check<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_vec(&read);
    assert!(written.is_ok_and(|written| serde_json::from_slice::<T>(&written).is_ok()));
}

fn read<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    if let Ok(read) = serde_json::from_slice::<T>(bytes) {
        drop(serde_json::to_vec(&read));
    }
}
