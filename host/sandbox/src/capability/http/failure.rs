//! Failures of requests in the words of `wasi:http`, and back.

use dongting_manifest::exchange::Failure;
use wasmtime_wasi_http::Error;

pub fn of(error: &Error) -> Failure {
    match error {
        Error::HttpRequestDenied => Failure::Denied,
        Error::ConnectionLimitReached => Failure::LimitReached,
        Error::HttpRequestUriInvalid => Failure::UriInvalid,
        Error::DnsTimeout => Failure::DnsTimeout,
        Error::DnsError { .. } => Failure::DnsError,
        Error::DestinationNotFound => Failure::NotFound,
        Error::DestinationIpProhibited => Failure::AddressProhibited,
        Error::ConnectionTimeout => Failure::ConnectTimeout,
        Error::ConnectionRefused => Failure::Refused,
        Error::Connect(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Failure::Refused,
        Error::Connect(_) | Error::DestinationUnavailable => Failure::Unavailable,
        Error::Tls(_) | Error::TlsProtocolError | Error::TlsCertificateError => Failure::Tls,
        Error::HttpResponseTimeout => Failure::AnswerTimeout,
        Error::ConnectionReadTimeout => Failure::ReadTimeout,
        Error::HttpResponseIncomplete => Failure::Incomplete,
        Error::HttpResponseBodySize(limit) => Failure::TooLarge(limit.unwrap_or_default()),
        Error::ConnectionTerminated => Failure::Terminated,
        Error::Hyper(error) if error.is_incomplete_message() => Failure::Incomplete,
        _ => Failure::Protocol,
    }
}

pub fn error(failure: Failure) -> Error {
    match failure {
        Failure::Denied => Error::HttpRequestDenied,
        Failure::LimitReached => Error::ConnectionLimitReached,
        Failure::UriInvalid => Error::HttpRequestUriInvalid,
        Failure::DnsTimeout => Error::DnsTimeout,
        Failure::DnsError => Error::DnsError { rcode: None, info_code: None },
        Failure::NotFound => Error::DestinationNotFound,
        Failure::AddressProhibited => Error::DestinationIpProhibited,
        Failure::ConnectTimeout => Error::ConnectionTimeout,
        Failure::Refused => Error::ConnectionRefused,
        Failure::Unavailable => Error::DestinationUnavailable,
        Failure::Tls => Error::TlsProtocolError,
        Failure::AnswerTimeout => Error::HttpResponseTimeout,
        Failure::ReadTimeout => Error::ConnectionReadTimeout,
        Failure::Incomplete => Error::HttpResponseIncomplete,
        Failure::TooLarge(limit) => Error::HttpResponseBodySize(Some(limit)),
        Failure::Terminated => Error::ConnectionTerminated,
        Failure::Protocol => Error::HttpProtocolError,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_the_same_again() {
        for failure in [
            Failure::Denied,
            Failure::LimitReached,
            Failure::UriInvalid,
            Failure::DnsTimeout,
            Failure::DnsError,
            Failure::NotFound,
            Failure::AddressProhibited,
            Failure::ConnectTimeout,
            Failure::Refused,
            Failure::Unavailable,
            Failure::Tls,
            Failure::AnswerTimeout,
            Failure::ReadTimeout,
            Failure::Incomplete,
            Failure::TooLarge(65_536),
            Failure::Terminated,
            Failure::Protocol,
        ] {
            assert_eq!(of(&error(failure)), failure);
        }
    }
}
