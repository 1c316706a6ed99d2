//! Panels as JSON. What a plugin may not mean is taken out here: numbers that are none, geometry that is no
//! GeoJSON.

use dongting_engine::panels as wit;
use dongting_manifest::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Panel {
    Stat {
        id: String,
        title: String,
        items: Vec<StatItem>,
    },
    Table {
        id: String,
        title: String,
        columns: Vec<Column>,
        rows: Vec<Row>,
    },
    Series {
        id: String,
        title: String,
        unit: String,
        lines: Vec<Line>,
        thresholds: Vec<Threshold>,
    },
    Map {
        id: String,
        title: String,
        layers: Vec<Layer>,
    },
    Timeline {
        id: String,
        title: String,
        entries: Vec<Entry>,
    },
    Form {
        id: String,
        title: String,
        action: String,
        fields: Vec<Field>,
        submit: String,
        #[schema(required)]
        confirm: Option<String>,
    },
    Notice {
        id: String,
        level: Level,
        title: String,
        body: String,
    },
}

/// Severity as Chinese warnings colour it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    None,
    Blue,
    Yellow,
    Orange,
    Red,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StatItem {
    pub label: String,
    pub value: String,
    #[schema(required)]
    pub unit: Option<String>,
    pub level: Level,
    #[schema(required)]
    pub detail: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Column {
    pub title: String,
    pub align: Align,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    Start,
    End,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Row {
    pub id: String,
    pub cells: Vec<Cell>,
    #[schema(required)]
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Cell {
    Empty,
    Text {
        value: String,
    },
    Number {
        value: f64,
        decimals: u8,
        #[schema(required)]
        unit: Option<String>,
    },
    Time {
        #[schema(format = DateTime)]
        value: String,
    },
    Badge {
        level: Level,
        text: String,
    },
    /// A GB/T 2260 code, shown by its name.
    Region {
        value: String,
    },
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    pub name: String,
    pub points: Vec<Point>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Point {
    #[schema(format = DateTime)]
    pub time: String,
    pub value: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Threshold {
    pub label: String,
    pub value: f64,
    pub level: Level,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Layer {
    pub id: String,
    pub title: String,
    pub marks: Marks,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", content = "items", rename_all = "camelCase")]
pub enum Marks {
    Regions(Vec<RegionMark>),
    Points(Vec<PointMark>),
    Shapes(Vec<ShapeMark>),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionMark {
    pub region: String,
    pub level: Level,
    pub label: String,
    #[schema(required)]
    pub value: Option<f64>,
    #[schema(required)]
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PointMark {
    pub id: String,
    pub longitude: f64,
    pub latitude: f64,
    pub symbol: Symbol,
    #[schema(minimum = 1, maximum = 10)]
    pub size: u8,
    pub level: Level,
    pub label: String,
    #[schema(required)]
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Symbol {
    Circle,
    Star,
    Triangle,
    Square,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ShapeMark {
    pub id: String,
    /// A GeoJSON geometry (RFC 7946).
    pub geometry: serde_json::Value,
    pub level: Level,
    pub label: String,
    #[schema(required)]
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    pub id: String,
    #[schema(format = DateTime)]
    pub time: String,
    pub title: String,
    #[schema(required)]
    pub detail: Option<String>,
    pub level: Level,
    #[schema(required)]
    pub message: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Field {
    pub name: String,
    pub label: String,
    pub input: Input,
    pub required: bool,
    #[schema(required)]
    pub value: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Input {
    Text { max: u32 },
    Paragraph { max: u32 },
    Number { min: f64, max: f64 },
    Choice { choices: Vec<Choice> },
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// Panels as the portal gets them.
pub fn json(panels: Vec<wit::Panel>) -> Result<serde_json::Value, serde_json::Error> {
    serde_json::to_value(all(panels, Panel::from))
}

impl From<wit::Panel> for Panel {
    fn from(panel: wit::Panel) -> Self {
        match panel {
            wit::Panel::Stat(p) => Self::Stat {
                id: p.id,
                title: p.title,
                items: all(p.items, |i| StatItem {
                    label: i.label,
                    value: i.value,
                    unit: i.unit,
                    level: i.level.into(),
                    detail: i.detail,
                }),
            },
            wit::Panel::Table(p) => Self::Table {
                id: p.id,
                title: p.title,
                columns: all(p.columns, |c| Column { title: c.title, align: c.align.into() }),
                rows: all(p.rows, |r| Row { id: r.id, cells: all(r.cells, Cell::from), message: r.message }),
            },
            wit::Panel::Series(p) => Self::Series {
                id: p.id,
                title: p.title,
                unit: p.unit,
                lines: all(p.lines, |l| Line { name: l.name, points: points(l.points) }),
                thresholds: p
                    .thresholds
                    .into_iter()
                    .filter(|t| t.value.is_finite())
                    .map(|t| Threshold { label: t.label, value: t.value, level: t.level.into() })
                    .collect(),
            },
            wit::Panel::Map(p) => Self::Map {
                id: p.id,
                title: p.title,
                layers: all(p.layers, |l| Layer { id: l.id, title: l.title, marks: l.marks.into() }),
            },
            wit::Panel::Timeline(p) => Self::Timeline {
                id: p.id,
                title: p.title,
                entries: p.entries.into_iter().filter_map(entry).collect(),
            },
            wit::Panel::Form(p) => Self::Form {
                id: p.id,
                title: p.title,
                action: p.action,
                fields: all(p.fields, |f| Field {
                    name: f.name,
                    label: f.label,
                    input: f.input.into(),
                    required: f.required,
                    value: f.value,
                }),
                submit: p.submit,
                confirm: p.confirm,
            },
            wit::Panel::Notice(p) => {
                Self::Notice { id: p.id, level: p.level.into(), title: p.title, body: p.body }
            }
        }
    }
}

impl From<wit::Marks> for Marks {
    fn from(marks: wit::Marks) -> Self {
        match marks {
            wit::Marks::Regions(marks) => Self::Regions(all(marks, |m| RegionMark {
                region: m.region,
                level: m.level.into(),
                label: m.label,
                value: m.value.filter(|value| value.is_finite()),
                message: m.message,
            })),
            wit::Marks::Points(marks) => Self::Points(
                marks
                    .into_iter()
                    .filter(|m| m.longitude.abs() <= 180.0 && m.latitude.abs() <= 90.0)
                    .map(|m| PointMark {
                        id: m.id,
                        longitude: m.longitude,
                        latitude: m.latitude,
                        symbol: m.symbol.into(),
                        size: m.size.clamp(1, 10),
                        level: m.level.into(),
                        label: m.label,
                        message: m.message,
                    })
                    .collect(),
            ),
            wit::Marks::Shapes(marks) => Self::Shapes(marks.into_iter().filter_map(shape).collect()),
        }
    }
}

impl From<wit::Cell> for Cell {
    fn from(cell: wit::Cell) -> Self {
        match cell {
            wit::Cell::Empty => Self::Empty,
            wit::Cell::Text(value) => Self::Text { value },
            wit::Cell::Number(number) if number.value.is_finite() => {
                Self::Number { value: number.value, decimals: number.decimals.min(12), unit: number.unit }
            }
            wit::Cell::Number(_) => Self::Empty,
            wit::Cell::Time(at) => {
                Timestamp::from_micros(at).map_or(Self::Empty, |at| Self::Time { value: at.to_string() })
            }
            wit::Cell::Badge(badge) => Self::Badge { level: badge.level.into(), text: badge.text },
            wit::Cell::Region(value) => Self::Region { value },
        }
    }
}

impl From<wit::Input> for Input {
    fn from(input: wit::Input) -> Self {
        match input {
            wit::Input::Text(max) => Self::Text { max },
            wit::Input::Paragraph(max) => Self::Paragraph { max },
            wit::Input::Number((min, max)) => Self::Number { min, max },
            wit::Input::Choice(choices) => {
                Self::Choice { choices: all(choices, |c| Choice { value: c.value, label: c.label }) }
            }
        }
    }
}

impl From<wit::Level> for Level {
    fn from(level: wit::Level) -> Self {
        match level {
            wit::Level::None => Self::None,
            wit::Level::Blue => Self::Blue,
            wit::Level::Yellow => Self::Yellow,
            wit::Level::Orange => Self::Orange,
            wit::Level::Red => Self::Red,
        }
    }
}

impl From<wit::Align> for Align {
    fn from(align: wit::Align) -> Self {
        match align {
            wit::Align::Start => Self::Start,
            wit::Align::End => Self::End,
        }
    }
}

impl From<wit::Symbol> for Symbol {
    fn from(symbol: wit::Symbol) -> Self {
        match symbol {
            wit::Symbol::Circle => Self::Circle,
            wit::Symbol::Star => Self::Star,
            wit::Symbol::Triangle => Self::Triangle,
            wit::Symbol::Square => Self::Square,
        }
    }
}

fn all<T, U>(items: Vec<T>, one: impl FnMut(T) -> U) -> Vec<U> {
    items.into_iter().map(one).collect()
}

fn points(points: Vec<wit::Point>) -> Vec<Point> {
    points
        .into_iter()
        .filter(|point| point.value.is_finite())
        .filter_map(|point| {
            let time = Timestamp::from_micros(point.time)?.to_string();
            Some(Point { time, value: point.value })
        })
        .collect()
}

fn entry(entry: wit::Entry) -> Option<Entry> {
    Some(Entry {
        id: entry.id,
        time: Timestamp::from_micros(entry.time)?.to_string(),
        title: entry.title,
        detail: entry.detail,
        level: entry.level.into(),
        message: entry.message,
    })
}

fn shape(mark: wit::ShapeMark) -> Option<ShapeMark> {
    let geometry: serde_json::Value = serde_json::from_str(&mark.geometry).ok()?;
    geometry.get("type")?.as_str()?;
    Some(ShapeMark {
        id: mark.id,
        geometry,
        level: mark.level.into(),
        label: mark.label,
        message: mark.message,
    })
}
