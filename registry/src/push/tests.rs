use super::*;

#[test]
fn a_plugin_belongs_to_one_repository_and_one_version() {
    let manifest = Manifest::parse(
        "name = \"gauge\"\nversion = \"1.2.0\"\nvendor = \"Hunan Water\"\nroles = [\"decoder\"]\n\
         title = { zh = \"\", en = \"\" }\ndescription = { zh = \"\", en = \"\" }",
    )
    .unwrap();
    let said =
        |repository: &str, at: &str| fits(&repository.parse().unwrap(), &at.parse().unwrap(), &manifest);
    let digest = Digest::of(b"").to_string();
    assert_eq!(said("hunan-water/gauge", "1.2.0"), Ok(()));
    assert_eq!(said("hunan-water/gauge", &digest), Ok(()));
    let wrong = said("other/gauge", "1.2.0").unwrap_err();
    assert!(wrong.contains("set `vendor = \"other\"`"), "{wrong}");
    let wrong = said("hunan-water/gauges", "1.2.0").unwrap_err();
    assert!(wrong.contains("push it to `hunan-water/gauge`"), "{wrong}");
    let wrong = said("hunan-water/gauge", "latest").unwrap_err();
    assert!(wrong.contains("push it as `hunan-water/gauge:1.2.0`"), "{wrong}");
}
