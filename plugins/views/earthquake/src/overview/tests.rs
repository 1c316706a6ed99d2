use dongting_events::earthquake::Status;
use dongting_events::warning::{self, MsgType};
use dongting_sdk::views::{Language, Marks, Message};

use super::*;
use crate::fixture::*;
use crate::instant::{HOUR, MINUTE};

fn shown(region: &str, language: Language, messages: Vec<Message>) -> (Vec<Panel>, String) {
    let situation = Situation::gather(&context(region, language, vec![messages]));
    let panels = panels(&situation, Text::of(language));
    let said = read(&panels);
    (panels, said)
}

/// The earthquake of the demonstration: Changde shakes, two districts are warned, one answered.
fn changde() -> Vec<Message> {
    let event = earthquake("cd1", HOUR, 5.1, Status::Reviewed);
    let mut far = earthquake("ab1", 2 * HOUR, 6.4, Status::Automatic);
    (far.place, far.origin.longitude) = (Some("四川阿坝州".into()), 103.3);
    let mut gone = earthquake("cd0", 3 * HOUR, 3.2, Status::Deleted);
    gone.origin.depth = None;
    let dingcheng = Warns { ago: 58 * MINUTE, ..Warns::default() }.message();
    let wuling =
        Warns { county: WULING, colour: "yellow", intensity: 6, ago: 58 * MINUTE, ..Warns::default() }
            .message();
    vec![
        observation("430000", &event),
        observation("000000", &far),
        observation("430000", &gone),
        assessment(&event, &[("430703", 7, 0.62), ("430702", 6, 0.305), ("430102", 5, 0.002)]),
        feedback(&wuling, "张三", 30 * MINUTE),
        wuling,
        dingcheng,
    ]
}

#[test]
fn the_situation_in_chinese() {
    let (_, said) = shown("430000", Language::Zh, changde());
    let expected = "\
[notice headline Orange] 鼎城区等地 2 条地震预警生效中，最高橙色 / 2026-11-24 02:00:00 Ms 5.1 湖南常德市鼎城区。尚有 1 条未确认，请到“地震预警”页确认。
[stat figures] 概况
近24小时省内地震: 1 次 <Orange> 省外 1 次
近24小时省内最大: Ms 5.1  <Orange> 湖南常德市鼎城区 11-24 02:00
预警中的县区: 2 个 <Orange> 橙色 1、黄色 1
未确认的预警: 1 条 <Orange> 橙色 1
估计最高烈度: Ⅶ度  <Orange> 近72小时受影响县区 3 个
最新目录报文（北京时间）: 11-24 02:01  <None> 接收于 2026-11-24 02:01:01
[map map] 震中与影响范围
(counties) 受影响县区
430703 <Orange> Ⅶ度 62%，橙色预警
430702 <Yellow> Ⅵ度 30%，黄色预警
430102 <Blue> Ⅴ度 <1%
(isoseismals) 估计等震线
<Blue> Ⅴ度区，Ms 5.1 湖南常德市鼎城区
<Yellow> Ⅵ度区，Ms 5.1 湖南常德市鼎城区
<Orange> Ⅶ度区，Ms 5.1 湖南常德市鼎城区
(epicentres) 震中（近7天）
Circle 6 <None> Ms 6.4 四川阿坝州 11-24 01:00
Star 5 <Orange> Ms 5.1 湖南常德市鼎城区 11-24 02:00
[table counties] 受影响县区（估计烈度，未经现场核实）
县区 | 最高烈度 | 该烈度面积占比 | 预警 | 地震 | 发震时刻
#430703 | <Orange Ⅶ度> | 62.0% | <Orange 橙色> | Ms 5.1 湖南常德市鼎城区 | 11-24 02:00
#430702 | <Yellow Ⅵ度> | 30.5% | <Yellow 黄色> | Ms 5.1 湖南常德市鼎城区 | 11-24 02:00
#430102 | <Blue Ⅴ度> | 0.2% | 无 | Ms 5.1 湖南常德市鼎城区 | 11-24 02:00
[table events] 最近的地震
发震时刻 | 地点 | 震级 | 深度 | 状态 | 测定机构
11-24 02:00 | 湖南常德市鼎城区 | <Orange Ms 5.1> | 10km | 正式测定 | 中国地震台网
11-24 01:00 | 四川阿坝州 | <None Ms 6.4> | 10km | 自动测定 | 中国地震台网
11-24 00:00 | 【已撤销】湖南常德市鼎城区 | （Ms 3.2） | - | 已撤销 | 中国地震台网
[timeline timeline] 过程
11-24 02:30 <None> 张三已确认：武陵区地震黄色预警 / 已通知 镇街
11-24 02:02 <Orange> 发布鼎城区地震橙色预警 / Ms 5.1 湖南常德市鼎城区，估计烈度Ⅶ度
11-24 02:02 <Yellow> 发布武陵区地震黄色预警 / Ms 5.1 湖南常德市鼎城区，估计烈度Ⅵ度
11-24 02:01 <Orange> 正式测定：Ms 5.1 湖南常德市鼎城区 / 发震 2026-11-24 02:00:00，深度 10 千米，中国地震台网
11-24 01:01 <None> 自动测定：Ms 6.4 四川阿坝州 / 发震 2026-11-24 01:00:00，深度 10 千米，中国地震台网
11-24 00:01 <None> 撤销地震：Ms 3.2 湖南常德市鼎城区 / 发震 2026-11-24 00:00:00，中国地震台网";
    assert_eq!(said, expected);
}

#[test]
fn the_situation_in_english() {
    let (_, said) = shown("430700", Language::En, changde());
    let expected = "\
[notice headline Orange] Orange warning in force for Dingcheng; 2 warnings in all / 2026-11-24 02:00:00 (Beijing time) Ms 5.1 湖南常德市鼎城区. Not yet acknowledged: 1. Please do so under “Earthquake warnings”.
[stat figures] At a glance
Earthquakes in the province, 24 h: 1  <Orange> 1 elsewhere";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(
        part(&said, "map map"),
        [
            "(counties) Affected counties",
            "430703 <Orange> VII 62%, Orange warning",
            "430702 <Yellow> VI 30%, Yellow warning",
            "(isoseismals) Estimated isoseismals",
            "<Blue> Intensity V, Ms 5.1 湖南常德市鼎城区",
            "<Yellow> Intensity VI, Ms 5.1 湖南常德市鼎城区",
            "<Orange> Intensity VII, Ms 5.1 湖南常德市鼎城区",
            "(epicentres) Epicentres (7 days)",
            "Circle 6 <None> Ms 6.4 四川阿坝州 11-24 01:00",
            "Star 5 <Orange> Ms 5.1 湖南常德市鼎城区 11-24 02:00",
        ]
    );
    assert_eq!(
        part(&said, "timeline")[0],
        "11-24 02:30 <None> 张三 acknowledged: Yellow warning for Wuling / 已通知 镇街"
    );
    assert_eq!(
        part(&said, "timeline")[5],
        "11-24 00:01 <None> Earthquake withdrawn: Ms 3.2 湖南常德市鼎城区 / origin 2026-11-24 00:00:00, 中国地震台网"
    );
    assert_eq!(
        part(&said, "table events")[3],
        "11-24 00:00 | [withdrawn] 湖南常德市鼎城区 | (Ms 3.2) | - | Withdrawn | 中国地震台网"
    );
}

#[test]
fn nothing_at_all_is_said_to_be_nothing() {
    let (_, said) = shown("430000", Language::Zh, Vec::new());
    assert!(
        said.starts_with(
            "[notice no-catalogue Yellow] 尚未收到任何地震目录 / 本页没有地震不代表没有发生地震。"
        )
    );
    assert_eq!(
        part(&said, "stat figures"),
        [
            "近24小时省内地震: 0 次 <None> 省外 0 次",
            "近24小时最大震级: —  <None>",
            "预警中的县区: 0 个 <None>",
            "未确认的预警: 0 条 <None>",
            "估计最高烈度: —  <None> 近72小时受影响县区 0 个",
            "最新目录报文（北京时间）: —  <Yellow>",
        ]
    );
}

#[test]
fn a_silent_catalogue_is_told_since_when() {
    let event = earthquake("cd1", 25 * HOUR, 3.0, Status::Reviewed);
    let (_, said) = shown("430000", Language::En, vec![observation("430000", &event)]);
    let stale =
        "[notice stale Yellow] No new catalogue statement since 2026-11-23 02:01:01 (Beijing time) / ";
    assert!(said.starts_with(stale), "{said}");
    let (_, said) = shown("430000", Language::Zh, vec![observation("430000", &event)]);
    assert!(
        said.starts_with("[notice stale Yellow] 2026-11-23 02:01:01（北京时间）之后没有收到新的地震目录 / ")
    );
    // A catalogue that came late is late, not silent.
    let late = Message { received: now() - MINUTE, ..observation("430000", &event) };
    assert!(!shown("430000", Language::Zh, vec![late]).1.contains("stale"));
}

/// With a catalogue that says how far it is complete, nothing shown is nothing that happened.
#[test]
fn no_earthquakes_is_not_no_data() {
    let quiet = vec![complete("430000", 10 * MINUTE), complete("430100", 26 * HOUR)];
    let (_, said) = shown("430100", Language::Zh, quiet.clone());
    assert!(!said.contains("no-catalogue"), "{said}");
    let newest = |said: &str| part(said, "stat figures").last().unwrap().clone();
    assert_eq!(newest(&said), "最新目录报文（北京时间）: —  <None> 目录完整至 11-24 02:50");
    let (_, said) = shown("430100", Language::En, quiet);
    assert_eq!(newest(&said), "Newest catalogue statement (Beijing): —  <None> complete until 11-24 02:50");

    // A city's catalogue says nothing of the province.
    let (_, said) = shown("430000", Language::Zh, vec![complete("430100", 10 * MINUTE)]);
    assert!(said.starts_with("[notice no-catalogue Yellow]"), "{said}");

    // Behind by more than an hour, though the newest statement is of just now.
    let event = earthquake("cd1", 2 * MINUTE, 3.0, Status::Reviewed);
    let late = vec![observation("430000", &event), complete("430000", HOUR + MINUTE)];
    let (_, said) = shown("430000", Language::Zh, late.clone());
    let told = "[notice behind Yellow] 地震目录只完整到 2026-11-24 01:59:00（北京时间） / 此后发生的地震可能没有列出。";
    assert!(said.starts_with(told), "{said}");
    assert!(newest(&said).ends_with("<Yellow> 目录完整至 11-24 01:59"), "{said}");
    let (_, said) = shown("430000", Language::En, late);
    assert!(said.contains(
        "complete only until 2026-11-24 01:59:00 (Beijing time) / Later earthquakes may be missing."
    ));

    let mut odd = complete("430000", MINUTE);
    odd.body = b"{}".to_vec();
    assert!(shown("430000", Language::En, vec![odd]).1.contains("1 statements of how far"));
}

#[test]
fn exercises_are_marked_and_not_counted() {
    let exercise = Warns { colour: "red", status: warning::Status::Exercise, ..Warns::default() }.message();
    let (_, said) = shown("430000", Language::Zh, vec![exercise]);
    assert!(!said.contains("[notice headline"));
    assert!(said.contains("[notice rehearsal Blue] 其中 1 条为演练或测试预警，并非真实预警"));
    assert!(said.contains("预警中的县区: 0 个 <None>") && said.contains("未确认的预警: 0 条 <None>"));
    assert!(
        said.contains("430703 <Red> 红色预警（演练）") && said.contains("发布鼎城区地震红色预警（演练）")
    );
}

#[test]
fn a_deleted_earthquake_is_not_drawn() {
    let gone = earthquake("cd1", HOUR, 5.1, Status::Deleted);
    let cancel = Warns { msg_type: MsgType::Cancel, ..Warns::default() }.message();
    let (panels, said) =
        shown("430000", Language::Zh, vec![observation("430000", &gone), assessment(&gone, &[]), cancel]);
    let Some(Panel::Map(map)) = panels.iter().find(|panel| matches!(panel, Panel::Map(_))) else { panic!() };
    assert!(map.layers.iter().all(|layer| match &layer.marks {
        Marks::Regions(marks) => marks.is_empty(),
        Marks::Points(marks) => marks.is_empty(),
        Marks::Shapes(marks) => marks.is_empty(),
    }));
    assert!(said.contains("<None> 解除鼎城区地震橙色预警 / Ms 5.1 湖南常德市鼎城区"));
    assert!(said.contains("近24小时省内地震: 0 次"));
}

#[test]
fn many_warnings_of_one_earthquake_are_one_entry() {
    let mut messages: Vec<Message> = (1..=14)
        .map(|n| {
            let mut message =
                Warns { colour: if n < 3 { "orange" } else { "blue" }, ..Warns::default() }.message();
            (message.key, message.id) = (format!("cd1/4307{n:02}"), format!("w{n:02}"));
            message.region = format!("4307{n:02}");
            message
        })
        .collect();
    let (panels, said) = shown("430000", Language::Zh, messages.clone());
    let entries = part(&said, "timeline");
    assert_eq!(entries.len(), 1);
    assert!(
        entries[0]
            .contains("<Orange> 发布 14 个县区地震预警：橙色 2、蓝色 12 / Ms 5.1，最高估计烈度Ⅶ度；鼎城区、")
    );
    assert!(entries[0].ends_with("、等"), "{entries:?}");
    let Some(Panel::Timeline(timeline)) = panels.last() else { panic!() };
    assert_eq!(timeline.entries[0].message.as_deref(), Some("w01"));
    let cancelled = |message: &Message| {
        let mut payload: warning::Warning = message.json().unwrap();
        payload.msg_type = MsgType::Cancel;
        payload.references = Some(format!("test,before,{}", payload.sent));
        Message { body: serde_json::to_vec(&payload).unwrap(), ..message.clone() }
    };
    let (_, said) = shown("430000", Language::En, messages.iter().map(cancelled).collect());
    let entries = part(&said, "timeline");
    assert!(
        entries[0].contains(
            "<None> Warnings for 14 counties lifted (were Orange 2, Blue 12) / Ms 5.1; Dingcheng, "
        )
    );
    messages.truncate(4);
    assert_eq!(part(&shown("430000", Language::Zh, messages).1, "timeline").len(), 4);
}

#[test]
fn hostile_text_stays_text() {
    let mut event = earthquake("cd1", HOUR, 5.1, Status::Automatic);
    event.place = Some(format!("<script>alert(1)</script>\u{202e}\u{0}\n{}", "长".repeat(10_000)));
    event.agency = "\r\n\t".into();
    let (_, said) = shown("430000", Language::Zh, vec![observation("430000", &event)]);
    assert!(!said.contains('\u{202e}') && !said.contains('\u{0}'));
    assert!(said.lines().all(|line| line.chars().count() < 300), "{said}");
    let broken = Message { body: b"\xff\xfe".to_vec(), ..observation("430000", &event) };
    let (_, said) = shown("430000", Language::En, vec![broken]);
    assert!(said.contains("[notice unreadable Yellow] Messages that cannot be read and are not counted here: 1 / 1 catalogue statements"));
}

#[test]
fn an_earthquake_that_reaches_no_county_has_no_isoseismals() {
    let far = earthquake("far", HOUR, 7.9, Status::Reviewed);
    let mut message = assessment(&far, &[("430703", 9, 0.5)]);
    let mut impact: dongting_events::impact::Impact = message.json().unwrap();
    impact.counties.clear();
    message.body = serde_json::to_vec(&impact).unwrap();
    let (_, said) = shown("430000", Language::Zh, vec![message]);
    assert!(!said.contains("度区"), "{said}");
}

#[test]
fn shapes_are_geojson_polygons() {
    let (panels, _) = shown("430000", Language::Zh, changde());
    let maps = panels.iter().filter_map(|panel| if let Panel::Map(map) = panel { Some(map) } else { None });
    let shapes = maps.flat_map(|map| &map.layers).filter_map(|layer| match &layer.marks {
        Marks::Shapes(shapes) => Some(shapes),
        _ => None,
    });
    for shape in shapes.flatten() {
        let geometry: serde_json::Value = serde_json::from_str(&shape.geometry).unwrap();
        assert_eq!(geometry["type"], "Polygon");
        assert_eq!(geometry["coordinates"][0][0], serde_json::json!([111.0, 29.0]));
    }
}
