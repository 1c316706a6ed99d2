use dongting_events::earthquake::Status;
use dongting_sdk::views::{Language, Message};

use super::*;
use crate::fixture::*;
use crate::instant::{HOUR, MINUTE};

fn shown(language: Language, messages: Vec<Message>) -> String {
    let situation = Situation::gather(&context("430000", language, vec![messages]));
    read(&panels(&situation, Text::of(language)))
}

fn messages() -> Vec<Message> {
    let mut pending = earthquake("b", 2 * HOUR, 3.0, Status::Automatic);
    (pending.magnitude, pending.place) = (None, None);
    vec![
        observation("430000", &earthquake("a", 3 * HOUR, 3.4, Status::Reviewed)),
        observation("000000", &pending),
        observation("430000", &earthquake("c", HOUR, 4.7, Status::Automatic)),
        observation("430000", &earthquake("d", 4 * HOUR, 5.9, Status::Deleted)),
    ]
}

#[test]
fn the_catalogue_in_chinese() {
    let expected = "\
[notice extent None] 本目录起自 2026-11-23 23:00:00（北京时间），共 4 条，其中已撤销 1 条 / 
[series magnitudes] 震级随时间变化 级
省内: 3.4 4.7
[table events] 地震目录
发震时刻 | 地点 | 震级 | 深度 | 经度 | 纬度 | 状态 | 测定机构 | 报文时间 | 接收时间 | 范围 | 事件编号
11-24 02:00 | 湖南常德市鼎城区 | <Blue Ms 4.7> | 10.0km | 111.680° | 29.030° | 自动测定 | 中国地震台网 | 11-24 02:01 | 11-24 02:01 | 省内 | c
11-24 01:00 | - | <None 震级未定> | 10.0km | 111.680° | 29.030° | 自动测定 | 中国地震台网 | 11-24 01:01 | 11-24 01:01 | 省外 | b
11-24 00:00 | 湖南常德市鼎城区 | <None Ms 3.4> | 10.0km | 111.680° | 29.030° | 正式测定 | 中国地震台网 | 11-24 00:01 | 11-24 00:01 | 省内 | a
11-23 23:00 | 【已撤销】湖南常德市鼎城区 | （Ms 5.9） | 10.0km | 111.680° | 29.030° | 已撤销 | 中国地震台网 | 11-23 23:01 | 11-23 23:01 | 省内 | d";
    assert_eq!(shown(Language::Zh, messages()), expected);
}

#[test]
fn the_catalogue_in_english() {
    let said = shown(Language::En, messages());
    assert!(said.starts_with("[notice extent None] From 2026-11-23 23:00:00 (Beijing time) on: 4 earthquakes, 1 of them withdrawn / \n[series magnitudes] Magnitudes over time M\nIn the province: 3.4 4.7\n"));
}

#[test]
fn it_says_how_far_it_is_complete() {
    let of =
        |language| shown(language, messages().into_iter().chain([complete("430000", 10 * MINUTE)]).collect());
    assert!(of(Language::Zh).contains("其中已撤销 1 条 / 目录完整至 2026-11-24 02:50:00（北京时间）。\n"));
    assert!(
        of(Language::En).contains("withdrawn / It is complete until 2026-11-24 02:50:00 (Beijing time).\n")
    );
}

#[test]
fn at_the_limit_it_says_that_there_may_be_more() {
    let event =
        |n: i64| observation("430000", &earthquake(&format!("e{n}"), n * HOUR, 3.0, Status::Automatic));
    assert!(!shown(Language::Zh, (0..499).map(event).collect()).contains("已达显示上限"));
    assert!(
        shown(Language::Zh, (0..500).map(event).collect()).contains("已达显示上限，报文更早的地震未列出。")
    );
}
