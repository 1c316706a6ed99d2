//! The API's document and what the portal's types were made of are the same.

use dongting_tests::host::dongting;

#[test]
fn the_portal_knows_the_api_as_it_is() {
    let printed = String::from_utf8(dongting(&["openapi"]).unwrap().stdout).unwrap();
    let kept = include_str!("../../portal/openapi.json");
    assert!(
        printed == kept,
        "portal/openapi.json is not the API's: run `dongting openapi --output portal/openapi.json` and `npm run api` in portal"
    );
}
