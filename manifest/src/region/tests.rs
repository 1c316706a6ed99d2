use super::*;
use std::collections::BTreeSet;

fn region(code: &str) -> Region {
    code.parse().unwrap()
}

#[test]
fn codes_are_read_and_written() {
    for code in ["000000", "430000", "430100", "430102", "433130"] {
        assert_eq!(region(code).to_string(), code);
    }
    for bad in ["", "43", "4301021", "43010x", "000100", "000001", "430001", "４３０１０２"] {
        assert!(bad.parse::<Region>().is_err(), "{bad}");
    }
}

#[test]
fn the_tree() {
    let furong = region("430102");
    assert_eq!(furong.ancestors().map(|r| r.to_string()).collect::<Vec<_>>(), ["430100", "430000", "000000"]);
    assert!(Region::HUNAN.contains(furong) && region("430100").contains(furong));
    assert!(!region("430200").contains(furong) && !furong.contains(region("430100")));
    assert!(!Region::OUTSIDE.contains(furong), "outside is no grant of everything");
    assert!(furong.concerns(Region::HUNAN) && furong.concerns(Region::OUTSIDE));
    assert!(!furong.concerns(region("430103")));
}

#[test]
fn hunan_has_fourteen_cities_and_their_counties() {
    let all = Region::hunan();
    let codes: BTreeSet<_> = all.iter().map(|n| n.region).collect();
    assert_eq!(codes.len(), all.len(), "no code twice");
    assert_eq!(all.iter().filter(|n| n.region.level() == Level::Province).count(), 1);
    // Counties of each city, GB/T 2260: 长沙 9 … 湘西州 8.
    let expected = [
        ("430100", 9),
        ("430200", 9),
        ("430300", 5),
        ("430400", 12),
        ("430500", 12),
        ("430600", 9),
        ("430700", 9),
        ("430800", 4),
        ("430900", 6),
        ("431000", 11),
        ("431100", 11),
        ("431200", 12),
        ("431300", 5),
        ("433100", 8),
    ];
    for (city, counties) in expected {
        let city = region(city);
        assert!(codes.contains(&city));
        let inside = codes.iter().filter(|r| r.level() == Level::County && city.contains(**r)).count();
        assert_eq!(inside, counties, "{city}");
    }
    assert_eq!(all.len(), 1 + 14 + 122);
    assert!(all.iter().all(|n| !n.name.zh.is_empty() && !n.name.en.is_empty()));
}
