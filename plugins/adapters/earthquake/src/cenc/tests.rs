use crate::document::tests::told;

#[test]
fn both_shapes() {
    let check = |json: &str, expected: &[&str]| assert_eq!(told(super::read(json)), expected, "{json}");
    check(
        include_str!("../../tests/data/cenc/eqlist.json"),
        &[
            "CD.20260829063652.125 Reviewed 2026-08-28T22:36:52Z | 42.22 80.54 10000 m | M 3.1 | - 2026-08-28T22:44:43Z | 新疆阿克苏地区温宿县",
            "CD.20260828132430.7 Automatic 2026-08-28T05:13:34Z | 29.23 105.22 - | M 5.1 | - 2026-08-28T05:24:42Z | 四川内江市隆昌市",
            "! No3: latitude `北纬29度` is no number",
        ],
    );
    check(
        include_str!("../../tests/data/cenc/shuju.json"),
        &[
            "4711 Reviewed 2026-08-28T05:13:34Z | 29.23 105.22 6000 m | M 5.1 | - 2026-08-28T05:24:42Z | 四川内江市隆昌市",
            "4712 Automatic 2026-08-28T06:13:34Z | 29.3 105.3 8000 m | M 3 | - - | 四川内江市隆昌市",
        ],
    );
    check("{}", &[]);
    check(r#"{"a":1}"#, &["the document is not a CENC list: it has neither `No1` nor `shuju`"]);
    check(
        r#"{"No1":{},"No1":{}}"#,
        &["the document is not a CENC list: the key `No1` is given twice at line 1 column 19"],
    );
    check(
        r#"{"No1":{"EventID":"a","EventID":"b"}}"#,
        &["! No1: duplicate field `EventID` at line 1 column 24"],
    );
    check(
        r#"{"No1":{"EventID":"a","time":"2026-08-28T13:13","latitude":1,"longitude":1}}"#,
        &["! No1: `2026-08-28T13:13` is no instant"],
    );
    check(
        r#"{"No1":{"EventID":"a","time":"2026-08-28 13:13:34","latitude":1,"longitude":1,"type":"guess"}}"#,
        &["! No1: its type is `guess`, not automatic or reviewed"],
    );
}
