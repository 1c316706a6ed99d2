//! Requests over the network: resolve once, check every address, dial that address, bound time and bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::installation::HttpGrant;
use http::uri::Scheme;
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{AcquireError, Semaphore};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::authorities::Authorities;
use super::{Place, Worker, address};

const CONNECT: Duration = Duration::from_secs(5);
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// Between two pieces of a body; a feed that trickles is cut off.
const BETWEEN_BYTES: Duration = Duration::from_secs(10);

/// The way out of one installation, shared by its calls.
#[derive(Clone)]
pub struct Network {
    grants: Vec<(HttpGrant, Vec<IpNet>)>,
    tls: Arc<rustls::ClientConfig>,
    /// As many places as `most` says.
    places: Arc<Semaphore>,
    most: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("the grant for {host}: `{network}` is no network in CIDR form, for example 10.20.0.0/16")]
    Cidr { host: String, network: String },
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

impl Network {
    /// At most so many requests are out at once, and at least one.
    pub fn new(grants: &[HttpGrant], most: u32, authorities: &Authorities) -> Result<Self, NetworkError> {
        let mut checked = Vec::with_capacity(grants.len());
        for grant in grants {
            let mut networks = Vec::with_capacity(grant.networks.len());
            for network in &grant.networks {
                networks.push(network.parse().map_err(|_| NetworkError::Cidr {
                    host: grant.host.clone(),
                    network: network.clone(),
                })?);
            }
            checked.push((grant.clone(), networks));
        }
        let places = Arc::new(Semaphore::new(most.max(1) as usize));
        Ok(Self { grants: checked, tls: authorities.tls(grants.len())?, places, most })
    }

    /// Counts on with what an earlier release has out. Where another number may be out from now on, each counts its own, and for the time of
    /// the change there may be as many as both allow: until the earlier one's calls have ended.
    pub fn take_place_of(&mut self, earlier: &Self) {
        if self.most == earlier.most {
            self.places = Arc::clone(&earlier.places);
        }
    }

    /// A place for a request. Who asks first has it first, so that a call that reads its answers in the order in which it asked is never kept
    /// from the next one by its own later requests.
    pub(super) fn place(&self) -> impl Future<Output = Result<Place, AcquireError>> + use<> {
        Arc::clone(&self.places).acquire_owned()
    }

    pub(super) async fn send(
        &self,
        mut request: http::Request<WasiBody>,
        options: RequestOptions,
        cap: usize,
        place: Place,
    ) -> Result<(http::Response<WasiBody>, Worker), Error> {
        let uri = request.uri().clone();
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?.to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let address = self.resolve(&host, port).await?;
        let connect = options.connect_timeout.unwrap_or(CONNECT).min(CONNECT);
        let stream = tokio::time::timeout(connect, TcpStream::connect(address))
            .await
            .map_err(|_| Error::ConnectionTimeout)?
            .map_err(Error::Connect)?;
        let stream: Box<dyn Stream> = if secure {
            let name = ServerName::try_from(host).map_err(|_| Error::HttpRequestUriInvalid)?;
            let handshake = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
            let tls = tokio::time::timeout(connect, handshake).await.map_err(|_| Error::ConnectionTimeout)?;
            Box::new(tls.map_err(Error::Tls)?)
        } else {
            Box::new(stream)
        };
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::Hyper)?;
        // Ends with the connection; when the call is over the sender and the body are gone and so is it.
        let driver = tokio::spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| Error::HttpRequestUriInvalid)?;
        let first = options.first_byte_timeout.unwrap_or(FIRST_BYTE).min(FIRST_BYTE);
        let answer = tokio::time::timeout(first, sender.send_request(request))
            .await
            .map_err(|_| Error::HttpResponseTimeout)?
            .map_err(Error::Hyper)?;
        let between = options.between_bytes_timeout.unwrap_or(BETWEEN_BYTES).min(BETWEEN_BYTES);
        let answer = answer.map(|body| bounded(body, cap, between, place));
        let worker = async move {
            match driver.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(Error::Hyper(error)),
                Err(_) => Err(Error::ConnectionTerminated),
            }
        };
        Ok((answer, Box::new(worker)))
    }

    /// One address that the grant allows. The name is looked up once: what was checked is what is dialled.
    async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, Error> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let (_, networks) = self
            .grants
            .iter()
            .find(|(grant, _)| grant.port == port && grant.host.eq_ignore_ascii_case(bare))
            .ok_or(Error::HttpRequestDenied)?;
        let found = tokio::time::timeout(CONNECT, tokio::net::lookup_host((bare, port)))
            .await
            .map_err(|_| Error::DnsTimeout)?
            .map_err(|_| Error::DnsError { rcode: None, info_code: None })?;
        let all: Vec<SocketAddr> = found.collect();
        // A name with one forbidden address among several is refused as a whole: it is a trick or a mistake.
        match all.first() {
            Some(first) if all.iter().all(|address| address::allowed(address.ip(), networks)) => Ok(*first),
            Some(_) => Err(Error::DestinationIpProhibited),
            None => Err(Error::DestinationNotFound),
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The body, cut off with an error where it is too long or too slow.
fn bounded(body: hyper::body::Incoming, cap: usize, between: Duration, place: Place) -> WasiBody {
    let limited = Limited::new(body, cap);
    let stream = futures::stream::unfold(Some((limited, place)), move |body| async move {
        let (mut body, place) = body?;
        let frame = match tokio::time::timeout(between, body.frame()).await {
            Err(_) => return Some((Err(Error::ConnectionReadTimeout), None)),
            Ok(None) => return None,
            Ok(Some(frame)) => frame,
        };
        match frame {
            Ok(frame) => Some((Ok(frame), Some((body, place)))),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                Some((Err(Error::HttpResponseBodySize(Some(cap as u64))), None))
            }
            Err(_) => Some((Err(Error::HttpResponseIncomplete), None)),
        }
    });
    BodyExt::boxed_unsync(http_body_util::StreamBody::new(stream))
}
