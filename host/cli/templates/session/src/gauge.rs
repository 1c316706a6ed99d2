//! The gauge's protocol, pure: lines of text, in whatever pieces they come.
//!
//! `HELLO station region` comes first and is answered `OK`, `RAIN number time millimetres` is answered `ACK number`, `PING` is answered `PONG`.

use dongting_sdk::events::{self, Observations};
use serde::{Deserialize, Serialize};

/// A longer line is none.
pub const MAX_LINE_BYTES: usize = 256;

/// What is known of one connection.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Gauge {
    pub station: String,
    pub region: String,
    /// What has come of a line.
    partial: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Hello,
    Ping,
    Rain { number: u32, reading: Reading },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub station: String,
    pub region: String,
    /// To the microsecond.
    pub time: jiff::Timestamp,
    pub millimetres: f64,
}

impl Gauge {
    /// The lines that are whole by now, without their ends. None where one is too long to be any.
    pub fn lines(&mut self, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
        self.partial.extend(bytes);
        let mut lines = Vec::new();
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let mut line: Vec<u8> = self.partial.drain(..=end).collect();
            line.pop();
            if line.len() > MAX_LINE_BYTES {
                return None;
            }
            lines.push(line);
        }
        (self.partial.len() <= MAX_LINE_BYTES).then_some(lines)
    }

    /// The error is a sentence for the operator.
    pub fn read(&mut self, line: &[u8]) -> Result<Said, String> {
        let line = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["HELLO", station, region] => self.hello(station, region),
            ["PING"] => Ok(Said::Ping),
            ["RAIN", number, time, millimetres] => {
                let number = number
                    .parse()
                    .map_err(|_| format!("`{number}` is no number of a reading"))?;
                let reading = self.reading(time, millimetres)?;
                Ok(Said::Rain { number, reading })
            }
            _ => Err("the line is none that a gauge sends".to_owned()),
        }
    }

    fn hello(&mut self, station: &str, region: &str) -> Result<Said, String> {
        if !(1..=64).contains(&station.len()) {
            return Err("a station has 1 to 64 bytes".to_owned());
        }
        if !is_region(region) {
            return Err(format!("`{region}` is no region"));
        }
        station.clone_into(&mut self.station);
        region.clone_into(&mut self.region);
        Ok(Said::Hello)
    }

    fn reading(&self, time: &str, millimetres: &str) -> Result<Reading, String> {
        if self.station.is_empty() {
            return Err("the gauge has not said which it is".to_owned());
        }
        let parsed = time
            .parse()
            .and_then(|time: jiff::Timestamp| jiff::Timestamp::from_microsecond(time.as_microsecond()));
        let time = parsed.map_err(|_| format!("`{time}` is no RFC 3339 instant"))?;
        let millimetres: f64 = millimetres
            .parse()
            .map_err(|_| format!("`{millimetres}` is no number"))?;
        if !(0.0..=500.0).contains(&millimetres) {
            return Err(format!("{millimetres} mm in one reading cannot be"));
        }
        Ok(Reading {
            station: self.station.clone(),
            region: self.region.clone(),
            time,
            millimetres,
        })
    }
}

impl Reading {
    /// As the data standard says it.
    #[must_use]
    pub fn payload(&self) -> Observations {
        let what = ("rainfall", "mm");
        let time = self.time.to_string();
        Observations {
            readings: vec![events::Reading::measure(
                &self.station,
                what,
                &time,
                self.millimetres,
            )],
        }
    }
}

/// GB/T 2260: two digits each for province, city and county; below 00 there is nothing.
fn is_region(code: &str) -> bool {
    let digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let [province, city, county] = [0..2, 2..4, 4..6].map(|part| code.get(part) != Some("00"));
    digits && province && (city || !county)
}
