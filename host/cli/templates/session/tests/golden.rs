//! The pure part against files: what a gauge sends, and what must come of it.

use plugin_crate::gauge::{Gauge, Said};
use serde_json::{Value, json};

const STREAM: &[u8] = include_bytes!("../samples/streams/morning.txt");

#[test]
fn the_stream_is_read_as_it_was_agreed_however_it_is_cut() {
    let wanted: Value = serde_json::from_str(include_str!("data/morning.json")).unwrap();
    for size in [1, 7, STREAM.len()] {
        let mut gauge = Gauge::default();
        let mut read = Vec::new();
        for piece in STREAM.chunks(size) {
            for line in gauge.lines(piece).unwrap() {
                read.push(told(gauge.read(&line)));
            }
        }
        assert_eq!(Value::Array(read), wanted, "in pieces of {size}");
    }
    assert!(Gauge::default().lines(&[b'x'; 300]).is_none());
}

fn told(said: Result<Said, String>) -> Value {
    match said {
        Ok(Said::Hello) => json!("hello"),
        Ok(Said::Ping) => json!("ping"),
        Ok(Said::Rain { number, reading }) => json!({
            "number": number,
            "station": reading.station,
            "region": reading.region,
            "time": reading.time.to_string(),
            "mm": reading.millimetres,
        }),
        Err(reason) => json!({ "reject": reason }),
    }
}
