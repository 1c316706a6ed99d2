use dongting_events::earthquake::Status;
use dongting_events::warning::MsgType;
use dongting_sdk::views::{Language, Message};

use super::*;
use crate::fixture::*;
use crate::instant::HOUR;

fn shown(region: &str, language: Language, messages: Vec<Message>) -> String {
    let situation = Situation::gather(&context(region, language, vec![messages]));
    read(&panels(&situation, Text::of(language)))
}

fn messages() -> Vec<Message> {
    let event = earthquake("cd1", 2 * HOUR, 5.1, Status::Reviewed);
    let wuling = Warns { county: WULING, colour: "yellow", intensity: 6, ..Warns::default() }.message();
    vec![
        Warns::default().message(),
        feedback(&wuling, "张三", HOUR / 2),
        wuling,
        Warns { county: FURONG, colour: "blue", msg_type: MsgType::Cancel, ..Warns::default() }.message(),
        Warns { event: "cd0", colour: "red", ago: 30 * HOUR, ..Warns::default() }.message(),
        assessment(&event, &[("430703", 7, 0.62), ("430702", 6, 0.3)]),
    ]
}

#[test]
fn warnings_in_chinese() {
    let expected = "\
[stat figures] 生效中的预警
红色预警: 0 条 <None>
橙色预警: 1 条 <Orange>
黄色预警: 1 条 <Yellow>
蓝色预警: 0 条 <None>
未确认: 1 条 <Orange> 最早发布于 11-24 02:00
[form acknowledge] 确认预警 -> acknowledge (确认收到)
warning 预警: required true
  鼎城区 橙色 · Ms 5.1 湖南常德市鼎城区
by 确认人: required true
note 备注: required false
[table standing] 生效中的预警
县区 | 颜色 | 估计烈度 | 地震 | 发布时间 | 失效时间 | 确认 | 备注
#430703 | <Orange 橙色> | Ⅶ度 | Ms 5.1 湖南常德市鼎城区 | 11-24 02:00 | 11-25 02:00 | <Orange 未确认> | -
#430702 | <Yellow 黄色> | Ⅵ度 | Ms 5.1 湖南常德市鼎城区 | 11-24 02:00 | 11-25 02:00 | 张三 11-24 02:30 | 已通知 镇街
[map map] 预警县区
(warnings) 预警县区
430703 <Orange> Ⅶ度 62%，橙色预警
430702 <Yellow> Ⅵ度 30%，黄色预警
[table past] 已解除或过期的预警
县区 | 原颜色 | 状态 | 结束时间 | 地震
#430102 | 蓝色 | 已解除 | 11-24 02:00 | Ms 5.1 湖南常德市鼎城区
#430703 | 红色 | 已过期 | 11-23 21:00 | Ms 5.1";
    assert_eq!(shown("430000", Language::Zh, messages()), expected);
}

#[test]
fn warnings_in_english() {
    let said = shown("430000", Language::En, messages());
    assert_eq!(
        part(&said, "form acknowledge"),
        [
            "warning Warning: required true",
            "  Dingcheng Orange · Ms 5.1 湖南常德市鼎城区",
            "by Your name: required true",
            "note Note: required false",
        ]
    );
    assert_eq!(
        part(&said, "table standing")[1],
        "#430703 | <Orange Orange> | VII | Ms 5.1 湖南常德市鼎城区 | 11-24 02:00 | 11-25 02:00 | <Orange not acknowledged> | -"
    );
    assert_eq!(
        part(&said, "table past")[1],
        "#430102 | Blue | Lifted | 11-24 02:00 | Ms 5.1 湖南常德市鼎城区"
    );
}

#[test]
fn without_a_warning_there_is_no_form() {
    let said = shown("430000", Language::Zh, Vec::new());
    assert!(said.starts_with("[notice nothing None] 当前没有生效的地震预警"));
    assert!(!said.contains("[form"));
    // All acknowledged.
    let warning = Warns::default().message();
    let said = shown("430000", Language::Zh, vec![feedback(&warning, "张三", 0), warning]);
    assert!(!said.contains("[form") && !said.contains("[notice"));
}

#[test]
fn the_form_offers_what_lies_in_the_region() {
    let province = Warns { county: ("430000", "湖南省", "Hunan"), ..Warns::default() };
    let said = shown("430703", Language::Zh, vec![province.message(), Warns::default().message()]);
    assert_eq!(part(&said, "form acknowledge").iter().filter(|line| line.starts_with("  ")).count(), 1);
    // It is shown all the same.
    assert_eq!(part(&said, "table standing").len(), 3);
}

#[test]
fn without_an_assessment_the_warning_speaks_for_itself() {
    let said = shown("430000", Language::Zh, vec![Warns::default().message()]);
    assert!(said.contains("| Ⅶ度 | Ms 5.1 | 11-24 02:00 |") && said.contains("430703 <Orange> 橙色预警"));
}
