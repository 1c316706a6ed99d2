//! Whatever bytes come, in whatever format they are taken to be, the earthquake adapter answers, and every event it lets through passed the
//! checks.

use dongting_adapters_earthquake::document::{decode, read};
use dongting_adapters_earthquake::settings::Format;
use jiff::Timestamp;

const FORMATS: [Format; 4] = [Format::FdsnXml, Format::FdsnText, Format::UsgsGeojson, Format::Cenc];

pub fn documents(bytes: &[u8]) {
    let read = FORMATS.into_iter().filter_map(|format| read(format, bytes).ok());
    let detected = decode(bytes, Timestamp::UNIX_EPOCH).ok().map(|(_, document)| document);
    for reading in read.chain(detected).flat_map(|document| document.readings) {
        assert_eq!(reading.clone().checked().as_ref(), Ok(&reading));
    }
}
