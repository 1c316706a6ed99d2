//! A boundary file is read or refused; of what is read, every place has at most one region, and it can be asked for.
#![no_main]

use dongting_sdk::geo::Boundaries;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], f64, f64)| {
    let (document, longitude, latitude) = input;
    if let Ok(boundaries) = Boundaries::from_topojson(document, "counties")
        && let Some(code) = boundaries.locate(longitude, latitude)
    {
        assert!(boundaries.region(code).is_some());
    }
});
