//! Whatever bytes come, a payload of the data standard is read or refused; and what was read can be written and read again.
#![no_main]

use dongting_events::{
    Assessment, Earthquake, Feedback, Hotspot, Impact, Observations, Outage, Task, Warning,
};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn check<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_vec(&read).unwrap();
    serde_json::from_slice::<T>(&written).unwrap();
}

fuzz_target!(|bytes: &[u8]| {
    check::<Assessment>(bytes);
    check::<Earthquake>(bytes);
    check::<Feedback>(bytes);
    check::<Hotspot>(bytes);
    check::<Impact>(bytes);
    check::<Observations>(bytes);
    check::<Outage>(bytes);
    check::<Task>(bytes);
    // A warning may be read with a mistake in it that keeps it from being written.
    if let Ok(warning) = serde_json::from_slice::<Warning>(bytes) {
        let _ = serde_json::to_vec(&warning);
    }
});
