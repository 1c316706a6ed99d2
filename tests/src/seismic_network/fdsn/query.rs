//! The parameters of `query`, and which events they select. A parameter that is unknown, given twice or cannot be read is
//! refused, as the specification wants.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use percent_encoding::percent_decode_str;

use super::newest;
use crate::seismic_network::catalogue::Revision;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xml,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Time,
    TimeAscending,
    Magnitude,
    MagnitudeAscending,
}

#[derive(Debug)]
pub struct Query {
    pub format: Format,
    /// 204 or 404.
    pub nodata: u16,
    pub include_all: bool,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    updated_after: Option<Timestamp>,
    event_id: Option<String>,
    limit: Option<usize>,
    offset: usize,
    order: Order,
    magnitude: (f64, f64),
    latitude: (f64, f64),
    longitude: (f64, f64),
}

impl Query {
    pub fn parse(raw: &str) -> Result<Self, String> {
        let mut query = Self {
            format: Format::Xml,
            nodata: 204,
            include_all: false,
            start: None,
            end: None,
            updated_after: None,
            event_id: None,
            limit: None,
            offset: 1,
            order: Order::Time,
            magnitude: (f64::NEG_INFINITY, f64::INFINITY),
            latitude: (-90.0, 90.0),
            longitude: (-180.0, 180.0),
        };
        let mut given = BTreeSet::new();
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = name.to_ascii_lowercase();
            if !given.insert(name.clone()) {
                return Err(format!("Parameter {name} is given twice"));
            }
            let value = percent_decode_str(value)
                .decode_utf8()
                .map_err(|_| format!("Parameter {name} is not UTF-8"))?;
            query.set(&name, &value)?;
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let bad = || format!("Bad value for parameter {name}: {value}");
        let instant = || instant(value).ok_or_else(bad);
        let number = || value.parse::<f64>().ok().filter(|value| value.is_finite()).ok_or_else(bad);
        let within = |limit: f64| number().and_then(|n| if n.abs() <= limit { Ok(n) } else { Err(bad()) });
        match name {
            "starttime" | "start" => self.start = Some(instant()?),
            "endtime" | "end" => self.end = Some(instant()?),
            "updatedafter" => self.updated_after = Some(instant()?),
            "minmagnitude" | "minmag" => self.magnitude.0 = number()?,
            "maxmagnitude" | "maxmag" => self.magnitude.1 = number()?,
            "minlatitude" | "minlat" => self.latitude.0 = within(90.0)?,
            "maxlatitude" | "maxlat" => self.latitude.1 = within(90.0)?,
            "minlongitude" | "minlon" => self.longitude.0 = within(180.0)?,
            "maxlongitude" | "maxlon" => self.longitude.1 = within(180.0)?,
            "eventid" if !value.is_empty() => self.event_id = Some(value.to_owned()),
            "limit" => self.limit = Some(value.parse().ok().filter(|limit| *limit > 0).ok_or_else(bad)?),
            "offset" => self.offset = value.parse().ok().filter(|offset| *offset > 0).ok_or_else(bad)?,
            "format" => {
                self.format = match value {
                    "xml" => Format::Xml,
                    "text" => Format::Text,
                    _ => return Err(bad()),
                }
            }
            "nodata" => {
                self.nodata = value.parse().ok().filter(|n| [204, 404].contains(n)).ok_or_else(bad)?
            }
            "orderby" => {
                self.order = match value {
                    "time" => Order::Time,
                    "time-asc" => Order::TimeAscending,
                    "magnitude" => Order::Magnitude,
                    "magnitude-asc" => Order::MagnitudeAscending,
                    _ => return Err(bad()),
                }
            }
            "includeallorigins" | "includeallmagnitudes" => {
                self.include_all |= value.parse::<bool>().map_err(|_| bad())?;
            }
            "includearrivals" => {
                value.parse::<bool>().map_err(|_| bad())?;
            }
            "eventid" => return Err(bad()),
            _ => return Err(format!("Unknown parameter: {name}")),
        }
        Ok(())
    }

    pub fn select(&self, mut events: Vec<Vec<Revision>>) -> Vec<Vec<Revision>> {
        events.retain(|history| newest(history).is_some_and(|event| self.takes(event)));
        let time = |history: &Vec<Revision>| newest(history).map(|event| event.origin_time);
        // Tenths of thousandths, so that it can be ordered.
        let magnitude = |history: &Vec<Revision>| {
            newest(history).and_then(|event| event.magnitude).map(|mag| (mag * 10_000.0) as i64)
        };
        match self.order {
            Order::Time => events.sort_by_key(|history| std::cmp::Reverse(time(history))),
            Order::TimeAscending => events.sort_by_key(time),
            Order::Magnitude => events.sort_by_key(|history| std::cmp::Reverse(magnitude(history))),
            Order::MagnitudeAscending => events.sort_by_key(magnitude),
        }
        events.into_iter().skip(self.offset - 1).take(self.limit.unwrap_or(usize::MAX)).collect()
    }

    fn takes(&self, event: &Revision) -> bool {
        let (least, most) = self.magnitude;
        let any_magnitude = least == f64::NEG_INFINITY && most == f64::INFINITY;
        self.start.is_none_or(|start| event.origin_time >= start)
            && self.end.is_none_or(|end| event.origin_time <= end)
            && self.updated_after.is_none_or(|after| event.updated > after)
            && self.event_id.as_ref().is_none_or(|id| *id == event.event)
            && event.magnitude.map_or(any_magnitude, |mag| (least..=most).contains(&mag))
            && (self.latitude.0..=self.latitude.1).contains(&event.latitude)
            && (self.longitude.0..=self.longitude.1).contains(&event.longitude)
    }
}

/// A date, or a date and time; UTC.
fn instant(value: &str) -> Option<Timestamp> {
    let civil: DateTime = value.strip_suffix('Z').unwrap_or(value).parse().ok()?;
    Offset::UTC.to_timestamp(civil).ok()
}
