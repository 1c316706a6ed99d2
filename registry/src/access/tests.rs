use super::*;

#[test]
fn scopes_are_read_and_noise_is_passed_over() {
    let read = scopes(
        ["repository:a/b:pull,push registry:catalog:*", "repository:../x:pull", "x", "repository:a/c:*"]
            .into_iter(),
    );
    let wanted = [
        Scope { repository: "a/b".to_owned(), rights: "pull,push".parse().unwrap() },
        Scope { repository: "a/c".to_owned(), rights: Rights::ALL },
    ];
    assert_eq!(read, wanted);
    assert!(scopes(std::iter::repeat_n("repository:a/b:pull", 1000)).len() <= MAX_SCOPES);
}
