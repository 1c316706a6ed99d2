#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

#[test]
fn nothing_set_is_the_default() {
    let settings = Settings::from_json("{}").unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(
        settings.thresholds,
        [(Colour::Red, 8), (Colour::Orange, 7), (Colour::Yellow, 6), (Colour::Blue, 5)]
    );
    assert_eq!(settings.coefficients, Zone::Stable.coefficients());
}

#[test]
fn what_is_set_holds() {
    let json = r#"{"zone":"east","combine":"velocity","azimuth":45,"min_intensity":4,"thresholds":{"yellow":6,"red":9},
        "status":"Exercise","sender":"430000@example","valid_hours":6}"#;
    let settings = Settings::from_json(json).unwrap();
    assert_eq!(settings.coefficients, Zone::East.coefficients());
    assert_eq!(settings.combine, Combine::Velocity);
    assert_eq!(settings.thresholds, [(Colour::Red, 9), (Colour::Yellow, 6)]);
    let axis = r#"{"a":5,"b":1,"a_large":8,"b_large":0.7,"c":-2,"d":2,"e":0.3}"#;
    let json = format!(r#"{{"coefficients":{{"pga":{{"major":{axis},"minor":{axis}}}}}}}"#);
    let settings = Settings::from_json(&json).unwrap();
    assert_eq!(settings.coefficients.pgv, None);
    assert_eq!(settings.coefficients.pga.major.a_large, 8.0);
    assert!(Settings::from_json(r#"{"thresholds":{}}"#).unwrap().thresholds.is_empty());
}

#[test]
fn what_is_wrong_is_said() {
    let cases = [
        ("[", "settings: "),
        (r#"{"zones":"east"}"#, "unknown field `zones`"),
        (r#"{"zone":"west"}"#, "unknown variant `west`"),
        (r#"{"azimuth":361}"#, "`azimuth` is in degrees"),
        (r#"{"min_intensity":13}"#, "`min_intensity` is a degree"),
        (r#"{"min_intensity":6}"#, "`thresholds` are degrees from `min_intensity`"),
        (r#"{"thresholds":{"blue":6,"yellow":6}}"#, "`thresholds` rise from blue"),
        (r#"{"thresholds":{"green":1}}"#, "unknown field `green`"),
        (r#"{"min_share":2}"#, "`min_share` is a share"),
        (r#"{"region":"43"}"#, "`region` is a GB/T 2260 code"),
        (r#"{"sender":"a, b"}"#, "`sender` is 1 to 128"),
        (r#"{"sender_name":""}"#, "`sender_name` has"),
        (r#"{"valid_hours":0}"#, "`valid_hours` is between"),
        (r#"{"max_depth_km":-1}"#, "`max_depth_km` is between"),
        (r#"{"coefficients":{"pga":{}}}"#, "missing field `major`"),
    ];
    for (json, expected) in cases {
        let said = Settings::from_json(json).unwrap_err().to_string();
        assert!(said.contains(expected), "{json}: {said}");
    }
}
