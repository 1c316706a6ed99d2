//! One line of a report: `station,region,time,millimetres`.

use dongting_sdk::events::{self, Observations};

#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub station: String,
    pub region: String,
    /// To the microsecond.
    pub time: jiff::Timestamp,
    pub millimetres: f64,
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

/// The error is a sentence for the operator.
pub fn read(line: &str) -> Result<Reading, String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [station, region, time, millimetres] = fields.as_slice() else {
        return Err(format!("a line has 4 fields, not {}", fields.len()));
    };
    if !(1..=64).contains(&station.len()) {
        return Err("a station has 1 to 64 bytes".to_owned());
    }
    if !is_region(region) {
        return Err(format!("`{region}` is no region"));
    }
    let parsed = time
        .parse()
        .and_then(|time: jiff::Timestamp| jiff::Timestamp::from_microsecond(time.as_microsecond()));
    let time = parsed.map_err(|_| format!("`{time}` is no RFC 3339 instant"))?;
    let millimetres: f64 = millimetres
        .parse()
        .map_err(|_| format!("`{millimetres}` is no number"))?;
    if !(0.0..=500.0).contains(&millimetres) {
        return Err(format!("{millimetres} mm in one report cannot be"));
    }
    Ok(Reading {
        station: (*station).to_owned(),
        region: (*region).to_owned(),
        time,
        millimetres,
    })
}

/// GB/T 2260: two digits each for province, city and county; below 00 there is nothing.
fn is_region(code: &str) -> bool {
    let digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let [province, city, county] = [0..2, 2..4, 4..6].map(|part| code.get(part) != Some("00"));
    digits && province && (city || !county)
}
