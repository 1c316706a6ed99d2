//! Messages for tests, as the host hands them over.

use dongting_events::completeness::{self, Completeness};
use dongting_events::earthquake::{self, Earthquake, Magnitude, Origin, Status};
use dongting_events::feedback::{Answer, Feedback};
use dongting_events::impact::{self, County, Impact, Isoseismal, Model, Share};
use dongting_events::warning::{
    self, Area, Category, Certainty, Info, MsgType, Scope, Severity, Urgency, Value, Warning,
};
use dongting_sdk::views::{Context, Kind, Language, Message, Timestamp};

use crate::instant::{self, HOUR};

/// 2026-11-24 03:00:00 in Beijing.
pub const NOW: &str = "2026-11-23T19:00:00Z";
pub const TYPE_WARNING: &str = "em.earthquake.warning.v1";

pub fn now() -> Timestamp {
    instant::parse(NOW).unwrap()
}

pub fn context(region: &str, language: Language, messages: Vec<Vec<Message>>) -> Context {
    Context { region: region.into(), language, now: now(), messages }
}

pub fn message(
    r#type: &str,
    kind: Kind,
    region: &str,
    (key, time): (&str, Timestamp),
    body: &impl serde::Serialize,
) -> Message {
    Message {
        id: format!("{kind:?}:{key}@{time}").replace(' ', "_"),
        source: "/systems/test".into(),
        type_: r#type.into(),
        subject: String::new(),
        domain: earthquake::DOMAIN.into(),
        kind,
        detail: None,
        region: region.into(),
        time,
        received: time + 1_000_000,
        key: key.into(),
        revision: "r".into(),
        partition: key.into(),
        causation: Vec::new(),
        plugin: "test@0.1.0#0".into(),
        content_type: "application/json".into(),
        extensions: Vec::new(),
        body: serde_json::to_vec(body).unwrap(),
    }
}

/// An earthquake near Changde, `ago` before now.
pub fn earthquake(id: &str, ago: Timestamp, mag: f64, status: Status) -> Earthquake {
    let origin = now() - ago;
    Earthquake {
        event_id: id.into(),
        agency: "中国地震台网".into(),
        updated: instant::rfc3339(origin + 60_000_000),
        status,
        origin: Origin {
            time: instant::rfc3339(origin),
            latitude: 29.03,
            longitude: 111.68,
            depth: Some(10_000.0),
        },
        magnitude: Some(Magnitude { mag, r#type: Some("Ms".into()) }),
        place: Some("湖南常德市鼎城区".into()),
    }
}

pub fn observation(region: &str, earthquake: &Earthquake) -> Message {
    let time = instant::parse(&earthquake.updated).unwrap();
    message(earthquake::TYPE, Kind::Observation, region, (&earthquake.event_id, time), earthquake)
}

pub fn assessment(earthquake: &Earthquake, counties: &[(&str, u8, f64)]) -> Message {
    let ring = vec![[111.0, 29.0], [112.0, 29.0], [112.0, 29.5], [111.0, 29.0]];
    let strongest = counties.iter().map(|(_, degree, _)| *degree).max();
    let impact = Impact {
        event_id: earthquake.event_id.clone(),
        updated: earthquake.updated.clone(),
        status: earthquake.status,
        origin: earthquake.origin.clone(),
        magnitude: earthquake.magnitude.clone(),
        place: earthquake.place.clone(),
        model: Model {
            id: "yu2013".into(),
            version: "1".into(),
            zone: "stable".into(),
            coefficients: "0".into(),
            azimuth: 30.0,
            confidence: "low".into(),
        },
        isoseismals: strongest
            .into_iter()
            .flat_map(|strongest| (5..=strongest).rev())
            .map(|intensity| Isoseismal {
                intensity,
                semi_major_km: 10.0,
                semi_minor_km: 5.0,
                polygon: vec![ring.clone()],
            })
            .collect(),
        counties: counties
            .iter()
            .map(|(region, intensity, area)| County {
                region: (*region).into(),
                intensity: *intensity,
                shares: vec![Share { intensity: *intensity, area: *area }],
            })
            .collect(),
    };
    let time = instant::parse(&earthquake.updated).unwrap();
    message(impact::TYPE, Kind::Assessment, "430000", (&earthquake.event_id, time), &impact)
}

/// A warning of `event` for a county, sent `ago` before now and valid for a day.
pub struct Warns {
    pub event: &'static str,
    pub county: (&'static str, &'static str, &'static str),
    pub colour: &'static str,
    pub intensity: u8,
    pub ago: Timestamp,
    pub msg_type: MsgType,
    pub status: warning::Status,
}

pub const DINGCHENG: (&str, &str, &str) = ("430703", "鼎城区", "Dingcheng");
pub const WULING: (&str, &str, &str) = ("430702", "武陵区", "Wuling");
pub const FURONG: (&str, &str, &str) = ("430102", "芙蓉区", "Furong");

impl Default for Warns {
    fn default() -> Self {
        Self {
            event: "cd1",
            county: DINGCHENG,
            colour: "orange",
            intensity: 7,
            ago: HOUR,
            msg_type: MsgType::Alert,
            status: warning::Status::Actual,
        }
    }
}

impl Warns {
    pub fn payload(&self) -> Warning {
        let sent = now() - self.ago;
        let value = |name: &str, value: &str| Value { value_name: name.into(), value: value.into() };
        let info = |language: &str, area: &str| Info {
            language: language.into(),
            category: vec![Category::Geo],
            event: "地震".into(),
            response_type: Vec::new(),
            urgency: Urgency::Immediate,
            severity: Severity::Minor,
            certainty: Certainty::Likely,
            audience: None,
            event_code: Vec::new(),
            effective: instant::rfc3339(sent),
            onset: None,
            expires: instant::rfc3339(sent + 24 * HOUR),
            sender_name: "模型".into(),
            headline: "标题".into(),
            description: "说明".into(),
            instruction: None,
            web: None,
            contact: None,
            resource: Vec::new(),
            parameter: vec![
                value("cn.severityColor", self.colour),
                value("eventId", self.event),
                value("intensity", &self.intensity.to_string()),
                value("magnitude", "Ms 5.1"),
            ],
            area: vec![Area {
                area_desc: area.into(),
                polygon: Vec::new(),
                circle: Vec::new(),
                geocode: vec![value("GB/T 2260", self.county.0)],
                altitude: None,
                ceiling: None,
            }],
        };
        Warning {
            identifier: "x".into(),
            sender: "test".into(),
            sent: instant::rfc3339(sent),
            status: self.status,
            msg_type: self.msg_type,
            source: None,
            scope: Scope::Public,
            restriction: None,
            addresses: None,
            code: Vec::new(),
            note: None,
            references: (self.msg_type != MsgType::Alert)
                .then(|| format!("test,before,{}", instant::rfc3339(sent - 1))),
            incidents: None,
            info: vec![info("zh-CN", self.county.1), info("en", self.county.2)],
        }
    }

    pub fn message(&self) -> Message {
        self.with(&self.payload())
    }

    pub fn with(&self, payload: &impl serde::Serialize) -> Message {
        let key = format!("{}/{}", self.event, self.county.0);
        message(TYPE_WARNING, Kind::Warning, self.county.0, (&key, now() - self.ago), payload)
    }
}

/// Somebody acknowledged `warning` so long ago.
pub fn feedback(warning: &Message, by: &str, ago: Timestamp) -> Message {
    let time = now() - ago;
    let body = Feedback {
        about: warning.key.clone(),
        answer: Answer::Received,
        by: by.into(),
        note: Some("已通知\n镇街".into()),
        progress_percent: None,
        at: instant::rfc3339(time),
    };
    let key = format!("{}/{by}", warning.key);
    let mut made = message("em.earthquake.feedback.v1", Kind::Feedback, &warning.region, (&key, time), &body);
    made.causation = vec![warning.id.clone()];
    made
}

/// What a person reads of panels, one line a piece: enough to compare with.
pub fn read(panels: &[dongting_sdk::views::Panel]) -> String {
    use dongting_sdk::views::{Cell, Marks, Panel};
    let cell = |cell: &Cell| match cell {
        Cell::Empty => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Number(n) => {
            format!("{:.*}{}", usize::from(n.decimals), n.value, n.unit.as_deref().unwrap_or_default())
        }
        Cell::Time(at) => instant::minutes(*at),
        Cell::Badge(badge) => format!("<{:?} {}>", badge.level, badge.text),
        Cell::Region(code) => format!("#{code}"),
    };
    let mut lines = Vec::new();
    for panel in panels {
        match panel {
            Panel::Stat(p) => {
                lines.push(format!("[stat {}] {}", p.id, p.title));
                lines.extend(p.items.iter().map(|i| {
                    let (unit, detail) = (i.unit.as_deref(), i.detail.as_deref());
                    let (unit, detail) = (unit.unwrap_or_default(), detail.unwrap_or_default());
                    format!("{}: {} {unit} <{:?}> {detail}", i.label, i.value, i.level).trim_end().to_owned()
                }));
            }
            Panel::Table(p) => {
                lines.push(format!("[table {}] {}", p.id, p.title));
                let titles: Vec<&str> = p.columns.iter().map(|column| column.title.as_str()).collect();
                lines.push(titles.join(" | "));
                lines.extend(p.rows.iter().map(|row| {
                    assert_eq!(row.cells.len(), p.columns.len(), "{}", p.id);
                    row.cells.iter().map(cell).collect::<Vec<String>>().join(" | ")
                }));
            }
            Panel::Series(p) => {
                lines.push(format!("[series {}] {} {}", p.id, p.title, p.unit));
                lines.extend(p.lines.iter().map(|line| {
                    let values: Vec<String> = line.points.iter().map(|p| format!("{:.1}", p.value)).collect();
                    format!("{}: {}", line.name, values.join(" "))
                }));
            }
            Panel::Map(p) => {
                lines.push(format!("[map {}] {}", p.id, p.title));
                for layer in &p.layers {
                    lines.push(format!("({}) {}", layer.id, layer.title));
                    match &layer.marks {
                        Marks::Regions(marks) => lines.extend(
                            marks.iter().map(|m| format!("{} <{:?}> {}", m.region, m.level, m.label)),
                        ),
                        Marks::Points(marks) => lines.extend(
                            marks
                                .iter()
                                .map(|m| format!("{:?} {} <{:?}> {}", m.symbol, m.size, m.level, m.label)),
                        ),
                        Marks::Shapes(marks) => {
                            lines.extend(marks.iter().map(|m| format!("<{:?}> {}", m.level, m.label)));
                        }
                    }
                }
            }
            Panel::Timeline(p) => {
                lines.push(format!("[timeline {}] {}", p.id, p.title));
                lines.extend(p.entries.iter().map(|e| {
                    let detail = e.detail.as_deref().unwrap_or_default();
                    format!("{} <{:?}> {} / {detail}", instant::minutes(e.time), e.level, e.title)
                }));
            }
            Panel::Form(p) => {
                lines.push(format!("[form {}] {} -> {} ({})", p.id, p.title, p.action, p.submit));
                for field in &p.fields {
                    lines.push(format!("{} {}: required {}", field.name, field.label, field.required));
                    if let dongting_sdk::views::Input::Choice(choices) = &field.input {
                        lines.extend(choices.iter().map(|choice| format!("  {}", choice.label)));
                    }
                }
            }
            Panel::Notice(p) => {
                lines.push(format!("[notice {} {:?}] {} / {}", p.id, p.level, p.title, p.body))
            }
        }
    }
    lines.join("\n").replace("Level::", "").replace("Symbol::", "")
}

/// A catalogue of `region` is complete until so long ago.
pub fn complete(region: &str, ago: Timestamp) -> Message {
    let body = Completeness { complete_until: instant::rfc3339(now() - ago) };
    let r#type = completeness::type_of(earthquake::DOMAIN);
    let mut made = message(&r#type, Kind::Status, region, (region, now()), &body);
    made.detail = Some(completeness::DETAIL.into());
    made
}

/// One panel of `read`, without its head.
pub fn part(text: &str, head: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(&format!("[{head}")));
    let lines = lines.skip(1).take_while(|line| !line.starts_with('['));
    lines.map(str::to_owned).collect()
}
