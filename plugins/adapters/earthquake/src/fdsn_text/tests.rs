use crate::document::tests::told;

#[test]
fn lines() {
    let check = |text: &str, expected: &[&str]| assert_eq!(told(super::read(text)), expected, "{text}");
    check(
        include_str!("../../tests/data/fdsn/events.txt"),
        &[
            "hn2026a Automatic 2026-08-29T06:36:51.8Z | 29.21 111.68 14320 m | Mw 6.75 | HNEA - | 湖南常德",
            "hn2026d Automatic 2026-08-29T07:00:00Z | 27 110 - | - | HN - | -",
            "! line 4: it has 3 fields, the header 13",
            "! line 5: event far: latitude 97 is not within -90 to 90",
        ],
    );
    check(
        "#Longitude|EVENTID|Time|latitude\n1|a|2026-08-29T07:00:00|2\n",
        &["a Automatic 2026-08-29T07:00:00Z | 2 1 - | - | - - | -"],
    );
    check(
        "#EventID|Time|Latitude|Longitude|EventType\na|2026-08-29T07:00:00|2|1|not existing\n",
        &["a Deleted 2026-08-29T07:00:00Z | 2 1 - | - | - - | -"],
    );
    check(
        "#EventID|Time|Latitude|Longitude\na|2026-08-29T07:00:00|2|1",
        &["! line 2: it has no line end, so the document may have been cut off in it"],
    );
    check("a|b\n", &["the FDSN text has no usable header line: the first line must begin with `#EventID`"]);
    check("#EventID|Time\n", &["the FDSN text has no usable header line: no column `latitude`"]);
    check("#EventID|Time|Time\n", &["the FDSN text has no usable header line: column `time` is there twice"]);
    check(
        "#EventID|Time|Latitude|Longitude|Depth/km\na|2026-08-29T07:00:00|inf|1|\na|2026-08-29T07:00:00|1|1|x\n",
        &["! line 2: latitude `inf` is no number", "! line 3: depth `x` is no number"],
    );
}
