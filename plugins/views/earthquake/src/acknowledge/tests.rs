use dongting_events::warning::MsgType;
use dongting_sdk::views::{Language, Message};

use super::*;
use crate::fixture::*;
use crate::instant::HOUR;

fn form(warning: &Message, by: &str, note: &str) -> Vec<(String, String)> {
    let field = |name: &str, value: String| (name.to_owned(), value);
    vec![
        field(WARNING, format!("{} {}", warning.id, warning.key)),
        field(BY, by.to_owned()),
        field(NOTE, note.to_owned()),
    ]
}

fn acted(messages: Vec<Vec<Message>>, form: &[(String, String)]) -> Result<Acted, String> {
    acted_in("430000", Language::Zh, messages, form)
}

fn acted_in(
    region: &str,
    language: Language,
    messages: Vec<Vec<Message>>,
    form: &[(String, String)],
) -> Result<Acted, String> {
    act("warnings", "acknowledge", form, &context(region, language, messages)).map_err(|error| match error {
        Error::Reject(said) => said,
        other => panic!("{other:?}"),
    })
}

#[test]
fn an_acknowledgement_is_published() {
    let other = Warns { county: WULING, ..Warns::default() }.message();
    let warning = Warns::default().message();
    let answered = feedback(&other, "李四", HOUR);
    let messages = vec![vec![answered], vec![other, warning.clone()]];
    let done = acted(messages.clone(), &form(&warning, " 张三 ", "已通知\n各镇街")).unwrap();
    assert_eq!(done.text, "已确认鼎城区地震橙色预警（张三，11-24 03:00）。");
    let [draft] = done.drafts.as_slice() else { panic!() };
    assert_eq!(draft.type_, "em.earthquake.feedback.v1");
    assert_eq!(
        (draft.domain.as_str(), draft.kind, draft.region.as_str()),
        ("earthquake", Kind::Feedback, "430703")
    );
    assert_eq!((draft.key.as_str(), draft.time), ("cd1/430703/张三", now()));
    // Its place among all messages, over the reads.
    assert_eq!(draft.from, [2]);
    let body: Feedback = serde_json::from_slice(&draft.body).unwrap();
    assert_eq!(
        body,
        Feedback {
            about: "cd1/430703".into(),
            answer: Answer::Received,
            by: "张三".into(),
            note: Some("已通知\n各镇街".into()),
            progress_percent: None,
            at: NOW.into(),
        }
    );

    let done = acted_in("430703", Language::En, messages, &form(&warning, "Zhang San", "")).unwrap();
    assert_eq!(done.text, "Orange warning for Dingcheng acknowledged (Zhang San, 11-24 03:00 Beijing time).");
    let body: Feedback = serde_json::from_slice(&done.drafts[0].body).unwrap();
    assert_eq!(body.note, None);
}

#[test]
fn what_no_longer_stands_is_not_acknowledged() {
    let seen = Warns { ago: 2 * HOUR, colour: "yellow", ..Warns::default() }.message();
    let now_is = |warns: Warns| acted(vec![vec![warns.message()]], &form(&seen, "张三", "")).unwrap_err();
    assert_eq!(
        now_is(Warns { msg_type: MsgType::Update, colour: "red", ..Warns::default() }),
        "鼎城区的预警已更新，现为红色预警。请查看后再确认。"
    );
    assert_eq!(
        now_is(Warns { msg_type: MsgType::Cancel, ..Warns::default() }),
        "鼎城区地震预警已解除，无需确认。"
    );
    assert_eq!(now_is(Warns { ago: 25 * HOUR, ..Warns::default() }), "鼎城区地震预警已过期，无需确认。");
    assert_eq!(
        now_is(Warns { event: "cd2", ..Warns::default() }),
        "所选区域内没有这条预警，请刷新页面后再试。"
    );
    let messages = vec![vec![seen.clone()], vec![feedback(&seen, "李四", HOUR)]];
    assert_eq!(
        acted(messages.clone(), &form(&seen, "张三", "")).unwrap_err(),
        "鼎城区地震黄色预警已由李四于 11-24 02:00 确认。"
    );
    assert_eq!(
        acted_in("430000", Language::En, messages, &form(&seen, "Zhang San", "")).unwrap_err(),
        "Yellow warning for Dingcheng was acknowledged by 李四 at 11-24 02:00 (Beijing time)."
    );
    // Not in the region that the person chose.
    let elsewhere = acted_in("430100", Language::En, vec![vec![seen.clone()]], &form(&seen, "Zhang San", ""));
    assert!(elsewhere.unwrap_err().starts_with("There is no such warning in the region"));
}

#[test]
fn a_form_that_is_wrong_is_told_so() {
    let warning = Warns::default().message();
    let said = |form: &[(String, String)]| acted(vec![vec![warning.clone()]], form).unwrap_err();
    assert_eq!(said(&form(&warning, "  ", "")), "请填写确认人姓名。");
    assert_eq!(said(&form(&warning, "\u{200b}\u{202e}", "")), "请填写确认人姓名。");
    assert_eq!(said(&form(&warning, &"名".repeat(33), "")), "姓名过长，最多 32 个字符。");
    assert_eq!(said(&form(&warning, "张三", &"长".repeat(501))), "备注过长，最多 500 个字符。");
    assert_eq!(said(&[(BY.into(), "张三".into())]), "请选择要确认的预警。");
    assert_eq!(said(&[(BY.into(), "张三".into()), (WARNING.into(), "x".into())]), "请选择要确认的预警。");
    assert_eq!(said(&[]), "请填写确认人姓名。");
    let huge = vec![(WARNING.to_owned(), "x ".repeat(30_000)), (BY.to_owned(), "a".to_owned())];
    assert_eq!(said(&huge), "所选区域内没有这条预警，请刷新页面后再试。");
    for (view, action) in [("warnings", "delete"), ("overview", "acknowledge"), ("", "")] {
        let context = context("430000", Language::Zh, vec![vec![warning.clone()]]);
        let refused = act(view, action, &form(&warning, "张三", ""), &context);
        assert!(matches!(refused, Err(Error::Reject(said)) if said == "没有这项操作。"));
    }
}

#[test]
fn keys_fit_and_tell_people_apart() {
    assert_eq!(key("a/430703", "张三"), "a/430703/张三");
    let long = "e".repeat(200) + "/430703";
    let (a, b) = (key(&long, &"张".repeat(32)), key(&long, &"李".repeat(32)));
    assert!(a != b && a.len() == 71 && a.starts_with("sha256:"));
    assert_eq!(a, key(&long, &"张".repeat(32)));
}
