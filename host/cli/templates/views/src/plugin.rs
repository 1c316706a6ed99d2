//! The glue between the contract and the pure part.

use dongting_sdk::views::{
    Acted, Align, Badge, Cell, Column, Context, Error, Guest, Kind, Language, Level, Number, Panel,
    Read, Row, StatItem, StatPanel, TablePanel, Text, View,
};

use crate::ranking::{self, Report, Wetness};

struct Plugin;

const VIEW: &str = "rain";

impl Guest for Plugin {
    fn list() -> Vec<View> {
        vec![View {
            id: VIEW.to_owned(),
            title: Text {
                zh: "雨情".to_owned(),
                en: "Rain".to_owned(),
            },
            order: 100,
            reads: vec![Read {
                domain: "water".to_owned(),
                kind: Kind::Observation,
                detail: None,
                limit: 500,
                max_age_seconds: Some(86_400),
            }],
        }]
    }

    fn render(view: String, context: Context) -> Result<Vec<Panel>, Error> {
        let zh = matches!(context.language, Language::Zh);
        let say = |chinese: &str, english: &str| {
            if zh {
                chinese.to_owned()
            } else {
                english.to_owned()
            }
        };
        if view != VIEW {
            return Err(Error::Reject(say(
                "没有这个视图。",
                "There is no such view.",
            )));
        }
        let messages = context.messages.iter().flatten();
        let reports = messages.flat_map(|message| {
            Report::read(&message.id, &message.region, message.time, &message.body)
        });
        let ranked = ranking::rank(reports.collect());
        let wettest = ranked.first().map_or_else(
            || "–".to_owned(),
            |report| format!("{:.1}", report.millimetres),
        );
        let stat = StatPanel {
            id: "wettest".to_owned(),
            title: say("最大降雨", "Most rain"),
            items: vec![StatItem {
                label: ranked
                    .first()
                    .map_or_else(String::new, |report| report.station.clone()),
                value: wettest,
                unit: Some("mm".to_owned()),
                level: ranked
                    .first()
                    .map_or(Level::None, |report| level(report.wetness())),
                detail: None,
            }],
        };
        let column = |title: String, align: Align| Column { title, align };
        let table = TablePanel {
            id: "gauges".to_owned(),
            title: say("雨量站", "Gauges"),
            columns: vec![
                column(say("测站", "Gauge"), Align::Start),
                column(say("地区", "Region"), Align::Start),
                column(say("时间", "Time"), Align::Start),
                column(say("降雨", "Rain"), Align::End),
                column(say("程度", "Grade"), Align::Start),
            ],
            rows: ranked.into_iter().map(|report| row(report, zh)).collect(),
        };
        Ok(vec![Panel::Stat(stat), Panel::Table(table)])
    }

    fn act(
        _: String,
        action: String,
        _: Vec<(String, String)>,
        _: Context,
    ) -> Result<Acted, Error> {
        Err(Error::Reject(format!("there is no action `{action}`")))
    }
}

fn row(report: Report, zh: bool) -> Row {
    let wetness = report.wetness();
    let rain = Number {
        value: report.millimetres,
        decimals: 1,
        unit: Some("mm".to_owned()),
    };
    Row {
        cells: vec![
            Cell::Text(report.station.clone()),
            Cell::Region(report.region),
            Cell::Time(report.time),
            Cell::Number(rain),
            Cell::Badge(Badge {
                level: level(wetness),
                text: wetness.name(zh).to_owned(),
            }),
        ],
        id: report.station,
        message: Some(report.message),
    }
}

fn level(wetness: Wetness) -> Level {
    match wetness {
        Wetness::Dry => Level::None,
        Wetness::Rain => Level::Blue,
        Wetness::Storm => Level::Orange,
        Wetness::SevereStorm => Level::Red,
    }
}

dongting_sdk::export_views!(Plugin);
