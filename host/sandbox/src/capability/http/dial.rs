//! Requests over the network: resolve once, check every address, dial that address, bound time and bytes. What asks and changes nothing may go
//! over a connection that was kept.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dongting_manifest::installation::HttpGrant;
use http::header::CONTENT_LENGTH;
use http::uri::Scheme;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use ipnet::IpNet;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{AcquireError, Semaphore};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::authorities::Authorities;
use super::kept::{Destination, InUse, Kept, Sender};
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
    /// Only of requests by these grants: another release, and other grants, begin with none.
    kept: Arc<Kept>,
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
        let tls = authorities.tls(grants.len())?;
        Ok(Self { grants: checked, tls, places, most, kept: Arc::default() })
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
        let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let networks = self.granted(&host, port)?;
        let to = Destination { secure, host, port, threads: Handle::current().id() };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| Error::HttpRequestUriInvalid)?;
        let first = options.first_byte_timeout.unwrap_or(FIRST_BYTE).min(FIRST_BYTE);
        let repeated = repeated(&request);
        let repeatable = repeated.is_some();
        let over_kept = match repeated {
            Some(repeated) => self.over_kept(&to, repeated, first).await?,
            None => None,
        };
        let (answer, sender) = match over_kept {
            Some(answered) => answered,
            None => {
                let connect = options.connect_timeout.unwrap_or(CONNECT).min(CONNECT);
                let mut sender = self.dial(&to, networks, connect).await?;
                let answer = tokio::time::timeout(first, sender.send_request(request))
                    .await
                    .map_err(|_| Error::HttpResponseTimeout)?
                    .map_err(Error::Hyper)?;
                (answer, sender)
            }
        };
        let in_use = repeatable.then(|| InUse { to, sender, kept: Arc::downgrade(&self.kept) });
        let between = options.between_bytes_timeout.unwrap_or(BETWEEN_BYTES).min(BETWEEN_BYTES);
        let answer = answer.map(|body| bounded(body, cap, between, (place, in_use)));
        // The connection has a task of its own, and what breaks off is told by the body.
        Ok((answer, Box::new(async { Ok(()) })))
    }

    /// Asks over a connection that was kept. None where there is none, or the server has closed it meanwhile, as it may do at any time: then the
    /// request is made anew. Of an answer whose head breaks off, too, nobody has been told anything.
    async fn over_kept(
        &self,
        to: &Destination,
        request: http::Request<WasiBody>,
        first: Duration,
    ) -> Result<Option<(http::Response<Incoming>, Sender)>, Error> {
        let Some(mut sender) = self.kept.take(to) else { return Ok(None) };
        let asked = async {
            // It may not yet have seen the end of what it brought last.
            sender.ready().await?;
            sender.send_request(request).await
        };
        match tokio::time::timeout(first, asked).await {
            Err(_) => Err(Error::HttpResponseTimeout),
            Ok(Ok(answer)) => Ok(Some((answer, sender))),
            Ok(Err(error)) if error.is_parse() => Err(Error::Hyper(error)),
            Ok(Err(error)) => {
                tracing::debug!(%error, "A connection that was kept has ended; the request is made anew");
                Ok(None)
            }
        }
    }

    async fn dial(&self, to: &Destination, networks: &[IpNet], connect: Duration) -> Result<Sender, Error> {
        let address = resolve(&to.host, to.port, networks).await?;
        let stream = tokio::time::timeout(connect, TcpStream::connect(address))
            .await
            .map_err(|_| Error::ConnectionTimeout)?
            .map_err(Error::Connect)?;
        let stream: Box<dyn Stream> = if to.secure {
            let name = ServerName::try_from(to.host.clone()).map_err(|_| Error::HttpRequestUriInvalid)?;
            let handshake = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream);
            let tls = tokio::time::timeout(connect, handshake).await.map_err(|_| Error::ConnectionTimeout)?;
            Box::new(tls.map_err(Error::Tls)?)
        } else {
            Box::new(stream)
        };
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::Hyper)?;
        // Ends with the connection: when nobody has the sender nor reads a body, as when the call is cut off, and when the server closes it.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "A connection of a plugin's request broke off");
            }
        });
        Ok(sender)
    }

    /// The networks of the grant for this host and port.
    fn granted(&self, host: &str, port: u16) -> Result<&[IpNet], Error> {
        let granted =
            self.grants.iter().find(|(grant, _)| grant.port == port && grant.host.eq_ignore_ascii_case(host));
        granted.map(|(_, networks)| networks.as_slice()).ok_or(Error::HttpRequestDenied)
    }
}

/// One address that the grant allows. The name is looked up once: what was checked is what is dialled.
async fn resolve(host: &str, port: u16, networks: &[IpNet]) -> Result<SocketAddr, Error> {
    let found = tokio::time::timeout(CONNECT, tokio::net::lookup_host((host, port)))
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

/// The same request, where it may be made twice: it changes nothing with whom it asks, and has no body. One that names a length has none either,
/// and the server would take the next request on the connection for its body.
fn repeated(request: &http::Request<WasiBody>) -> Option<http::Request<WasiBody>> {
    let bare = request.body().is_end_stream() && !request.headers().contains_key(CONTENT_LENGTH);
    if !bare || !request.method().is_safe() {
        return None;
    }
    let mut again = http::Request::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    again.method_mut().clone_from(request.method());
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    Some(again)
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What an answer holds until it is read to its end or given up: its place, and a connection that may rest afterwards.
type Held = (Place, Option<InUse>);

/// The body, cut off with an error where it is too long or too slow.
fn bounded(body: Incoming, cap: usize, between: Duration, held: Held) -> WasiBody {
    let limited = Limited::new(body, cap);
    let stream = futures::stream::unfold(Some((limited, held)), move |body| async move {
        let (mut body, held) = body?;
        let frame = match tokio::time::timeout(between, body.frame()).await {
            Err(_) => return Some((Err(Error::ConnectionReadTimeout), None)),
            Ok(None) => {
                // Before its place is free: whoever has that next finds the connection.
                let (_place, in_use) = held;
                if let Some(in_use) = in_use {
                    in_use.rest();
                }
                return None;
            }
            Ok(Some(frame)) => frame,
        };
        match frame {
            Ok(frame) => Some((Ok(frame), Some((body, held)))),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                Some((Err(Error::HttpResponseBodySize(Some(cap as u64))), None))
            }
            Err(_) => Some((Err(Error::HttpResponseIncomplete), None)),
        }
    });
    BodyExt::boxed_unsync(http_body_util::StreamBody::new(stream))
}
