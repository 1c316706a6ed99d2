#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::apply::tests::{Event, statement, warnings};
use dongting_events::earthquake::Status;

#[test]
fn a_warning_is_cap_with_numbers() {
    let mut event = Event::default();
    event.tell(&statement(6.75, 0, Status::Automatic));
    let warnings = warnings(&event.messages);
    let warning = &warnings["430702"][0];
    assert_eq!(warning.msg_type, MsgType::Alert);
    assert_eq!(warning.sent, "2026-08-28T21:25:00+08:00");
    assert_eq!(warning.references, None);
    let zh = &warning.info[0];
    assert_eq!((zh.language.as_str(), zh.severity), ("zh-CN", Severity::Extreme));
    assert_eq!(zh.expires, "2026-08-29T21:25:00+08:00");
    assert_eq!(zh.headline, "地震影响评估模型发布武陵区地震红色预警[Ⅰ级/特别严重]");
    assert!(zh.description.contains("武陵区烈度达Ⅸ度"), "{}", zh.description);
    assert!(zh.description.contains("北纬29.20度，东经111.70度"), "{}", zh.description);
    assert_eq!(zh.area[0].area_desc, "武陵区");
    assert_eq!(zh.area[0].geocode[0].value, "430702");
    assert_eq!(zh.parameter[0].value, "red");
    assert_eq!(zh.event_code[0].value, "11C01");
    let en = &warning.info[1];
    assert!(en.description.contains("Wuling District has intensity IX."), "{}", en.description);
}

#[test]
fn updates_and_cancellations_name_what_they_replace() {
    let mut event = Event::default();
    event.tell(&statement(6.75, 0, Status::Automatic));
    event.tell(&statement(5.5, 60, Status::Reviewed));
    event.tell(&statement(5.5, 120, Status::Deleted));
    let warnings = warnings(&event.messages);
    let types: Vec<MsgType> = warnings["430702"].iter().map(|warning| warning.msg_type).collect();
    assert_eq!(types, [MsgType::Alert, MsgType::Update, MsgType::Cancel]);
    for pair in warnings["430702"].windows(2) {
        let before = &pair[0];
        let triple = format!("{},{},{}", before.sender, before.identifier, before.sent);
        assert_eq!(pair[1].references.as_deref(), Some(triple.as_str()));
    }
    let cancel = &warnings["430702"][2];
    assert!(cancel.info[0].description.contains("已撤销该地震"));
    assert_eq!(cancel.info[0].urgency, dongting_events::warning::Urgency::Past);
}

/// CAP 1.2, 3.2.1: neither spaces, commas, `<` nor `&`.
#[test]
fn identifiers_are_plain() {
    let name = identifier("a b,<&>测", "430702", 1_756_388_670_000_000);
    assert!(name.starts_with("430702-EQ-20250828214430-"), "{name}");
    assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
    assert_ne!(name, identifier("a b,<&>测", "430702", 1_756_388_670_000_001));
    assert_ne!(name, identifier("b", "430702", 1_756_388_670_000_000));
}

#[test]
fn an_assumed_magnitude_is_said() {
    let mut moment = statement(6.75, 0, Status::Automatic);
    moment.magnitude.as_mut().unwrap().r#type = Some("Mw".into());
    let mut event = Event::default();
    event.tell(&moment);
    let info = &warnings(&event.messages)["430702"][0].info;
    assert!(info[0].description.contains("目录震级为Mw，按面波震级使用"));
    assert!(info[1].description.contains("The magnitude, Mw, was used as if it were Ms."));
}

/// A magnitude 5 has VIII within two kilometres: said, but not warned of.
#[test]
fn a_degree_in_places_is_said() {
    let mut event = Event::default();
    event.tell(&statement(5.0, 0, Status::Automatic));
    let info = &warnings(&event.messages)["430702"][0].info;
    assert_eq!(info[0].parameter[0].value, "orange");
    assert!(info[0].description.contains("武陵区烈度达Ⅶ度（局部Ⅷ度）"), "{}", info[0].description);
    assert!(info[1].description.contains("intensity VII (VIII in places)"), "{}", info[1].description);
}
