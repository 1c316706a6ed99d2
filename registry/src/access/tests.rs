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

/// A registry in a folder of its own, with a token for `hydro` that is good for a day.
async fn with_token() -> (tempfile::TempDir, Registry, String, Timestamp) {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(folder.path()).await.unwrap();
    let wanted = crate::token::NewToken {
        name: "ci".to_owned(),
        vendor: Some("hydro".to_owned()),
        rights: "pull,push".parse().unwrap(),
        days: 1,
    };
    let secret = registry.create_token(&wanted).await.unwrap();
    let expires = registry.tokens().await.unwrap().remove(0).expires;
    (folder, registry, secret, expires)
}

async fn asks(registry: &Registry, authorization: &str, at: Timestamp) -> Result<Caller, RegistryError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
    registry.caller(&headers, None, at).await
}

#[tokio::test]
async fn a_token_is_good_until_its_last_instant_and_then_says_what_to_do() {
    let (_folder, registry, secret, expires) = with_token().await;
    let second = Duration::from_secs(1);
    let bearer = format!("Bearer {secret}");
    let basic = format!("Basic {}", STANDARD.encode(format!("ci:{secret}")));
    let gauge: Repository = "hydro/gauge".parse().unwrap();
    for shown in [&bearer, &basic] {
        let caller = asks(&registry, shown, expires.saturating_sub(second)).await.unwrap();
        caller.may(&gauge, "push".parse().unwrap()).unwrap();
        for late in [expires, expires.saturating_add(second)] {
            let told = asks(&registry, shown, late).await.unwrap_err().to_string();
            let words = format!("the token `ci` was good until {expires}: ask the registry's operator");
            assert!(told.starts_with(&words) && told.contains("`dongting tokens create`"), "{told}");
        }
    }
    // Whoever does not have the secret hears nothing of the token.
    let guessed = format!("Basic {}", STANDARD.encode("ci:guessed"));
    let told = asks(&registry, &guessed, expires).await.unwrap_err().to_string();
    assert!(told.contains("name or secret is wrong"), "{told}");
}

#[tokio::test]
async fn what_was_lent_ends_with_the_token_and_after_five_minutes() {
    let (_folder, registry, secret, expires) = with_token().await;
    let shown = format!("Bearer {secret}");
    let lent_at = async |at: Timestamp| {
        let caller = asks(&registry, &shown, at).await.unwrap();
        let wanted = scopes(["repository:hydro/gauge:pull"].into_iter());
        format!("Bearer {}", registry.lend(&caller, wanted, at).unwrap())
    };
    let minute = Duration::from_secs(60);
    let now = Timestamp::now();
    let lent = lent_at(now).await;
    asks(&registry, &lent, now.saturating_add(4 * minute)).await.unwrap();
    let told = asks(&registry, &lent, now.saturating_add(5 * minute)).await.unwrap_err().to_string();
    assert!(told.contains("has expired"), "{told}");
    let last = lent_at(expires.saturating_sub(minute)).await;
    let told = asks(&registry, &last, expires).await.unwrap_err().to_string();
    assert!(told.contains("was good until"), "{told}");
}

#[tokio::test]
async fn what_was_lent_lends_nothing() {
    let (_folder, registry, secret, _) = with_token().await;
    let now = Timestamp::now();
    let caller = asks(&registry, &format!("Bearer {secret}"), now).await.unwrap();
    let lent = registry.lend(&caller, scopes(["repository:hydro/gauge:pull"].into_iter()), now).unwrap();
    let borrower = asks(&registry, &format!("Bearer {lent}"), now).await.unwrap();
    let more = scopes(["repository:hydro/other:pull,push"].into_iter());
    let told = registry.lend(&borrower, more, now).unwrap_err().to_string();
    assert!(told.contains("not lent for another bearer token"), "{told}");
}
