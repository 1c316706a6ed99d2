//! Tests of a host that are the same whatever kind of database it has.

/// What kind of database a host has.
#[derive(Clone, Copy, Debug)]
pub enum DatabaseKind {
    /// In its own data directory, as without any setting.
    Sqlite,
    /// A server of its own, which ends with the host.
    Postgres,
}

/// Each of these tests, which are given the kind, with each of them.
#[macro_export]
macro_rules! hosts_on_both {
    ($($tests:tt)*) => {
        mod on_sqlite {
            $crate::hosts_on! { Sqlite $($tests)* }
        }
        mod on_postgres {
            $crate::hosts_on! { Postgres $($tests)* }
        }
    };
}

/// Each of these tests with one of them.
#[macro_export]
macro_rules! hosts_on {
    ($kind:ident $(fn { $($test:ident)* })? $(async fn { $($awaited:ident)* })?) => {
        $($(
            #[test]
            fn $test() {
                super::$test($crate::database::DatabaseKind::$kind);
            }
        )*)?
        $($(
            #[tokio::test(flavor = "multi_thread")]
            async fn $awaited() {
                super::$awaited($crate::database::DatabaseKind::$kind).await;
            }
        )*)?
    };
}
