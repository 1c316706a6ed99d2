//! Whatever bytes come, the QuakeML parser answers, and every event it lets through passed the checks.
#![no_main]

use dongting_adapters_earthquake::document::read;
use dongting_adapters_earthquake::settings::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = read(Format::FdsnXml, bytes) {
        for reading in document.readings {
            assert_eq!(reading.clone().checked().as_ref(), Ok(&reading));
        }
    }
});
