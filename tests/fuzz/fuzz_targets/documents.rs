//! Whatever bytes come, in whatever format they are taken to be, the adapter answers, and every event it lets through passed
//! the checks.
#![no_main]

use dongting_adapters_earthquake::document::{decode, read};
use dongting_adapters_earthquake::settings::Format;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 4] = [Format::FdsnXml, Format::FdsnText, Format::UsgsGeojson, Format::Cenc];

fuzz_target!(|bytes: &[u8]| {
    let read = FORMATS.into_iter().filter_map(|format| read(format, bytes).ok());
    let detected = decode(bytes, Timestamp::UNIX_EPOCH).ok().map(|(_, document)| document);
    for reading in read.chain(detected).flat_map(|document| document.readings) {
        assert_eq!(reading.clone().checked().as_ref(), Ok(&reading));
    }
});
