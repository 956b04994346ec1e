//! The endpoint: settings, and handshakes with peers.

use super::ALPN_TPU;
use super::fault::{Counts, Early, Fault};
use super::identity::{AnyPeer, Identity, provider};
use super::link::Link;
use crate::error::{Error, Result};
use quinn::congestion::{BbrConfig, ControllerFactory, CubicConfig};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{AsyncUdpSocket, ClientConfig, Endpoint, EndpointConfig, TokioRuntime};
use quinn::{IdleTimeout, TransportConfig, VarInt};
use rustls::client::Resumption;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::timeout;

/// Bytes that may be on their way before the first acknowledgement: 128 packets of 1232 bytes, as
/// the validators' own client begins (agave v4.2.2 tpu-client-next `INITIAL_CONGESTION_WINDOW`).
pub const INITIAL_WINDOW: u64 = 128 * 1232;

/// Silence after which a connection is over; the smaller of both sides' counts
/// (tpu-client-next `QUIC_MAX_TIMEOUT`).
const IDLE: Duration = Duration::from_secs(10);
/// How often a silent connection is kept alive: some validators end one after 2 s
/// (tpu-client-next `QUIC_KEEP_ALIVE`).
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Peers whose tickets are kept for early data.
const TICKETS: usize = 256;

/// How the rate is fitted to the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Congestion {
    /// Grows until something is lost (RFC 9438).
    #[default]
    Cubic,
    /// Models bandwidth and round trip, version 1; quinn calls its own experimental.
    Bbr,
}

/// How long to wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a handshake. A validator gives one up after 2 s.
    pub handshake: Duration,
    /// For a stream that the peer has to grant.
    pub stream: Duration,
    /// For the peer to take a message's bytes.
    pub write: Duration,
    /// For the peer's transport to acknowledge a message.
    pub acknowledge: Duration,
}

impl Limits {
    /// Two seconds each.
    pub const DEFAULT: Self = Self::all(Duration::from_secs(2));

    /// `most` for each.
    pub const fn all(most: Duration) -> Self {
        Self { handshake: most, stream: most, write: most, acknowledge: most }
    }
}

/// What a client is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the rate is fitted to the path.
    pub congestion: Congestion,
    /// Bytes on their way before the first acknowledgement.
    pub initial_window: u64,
    /// Send before the handshake is done, to peers whose ticket allows it. What is sent so can be
    /// replayed by others, which a transaction does not mind: it lands once.
    pub early_data: bool,
    /// How long to wait at most.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            congestion: Congestion::Cubic,
            initial_window: INITIAL_WINDOW,
            early_data: false,
            limits: Limits::DEFAULT,
        }
    }
}

/// A QUIC client of one identity: every connection shares its socket and its tickets. To be made and
/// used within a tokio runtime.
#[derive(Debug)]
pub struct Client {
    v4: Endpoint,
    /// Made for the first peer that has such an address.
    v6: OnceLock<Option<Endpoint>>,
    config: ClientConfig,
    settings: Settings,
    counts: Arc<Counts>,
}

impl Client {
    /// A client on a socket of its own that is known to its peers as `identity`.
    ///
    /// # Errors
    /// Status 5 when the system refuses the socket; status 2 when a setting is impossible.
    pub fn new(settings: Settings, identity: &Identity) -> Result<Self> {
        Self::over(socket()?, settings, identity)
    }

    /// A client on `socket`, which is the caller's to look into: what measures stamps there.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn over(
        socket: Arc<dyn AsyncUdpSocket>,
        settings: Settings,
        identity: &Identity,
    ) -> Result<Self> {
        let config = config(&settings, identity)?;
        let (v4, counts) = (endpoint(socket)?, Arc::default());
        Ok(Self { v4, v6: OnceLock::new(), config, settings, counts })
    }

    /// What happened so far.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Connects to `peer`. With early data, and a ticket of an earlier connection that allows it, the
    /// link is there before the handshake is done.
    ///
    /// # Errors
    /// The fault, which is counted.
    pub async fn connect(&self, peer: SocketAddr) -> std::result::Result<Link, Fault> {
        self.handshake(peer).await.map_err(|fault| self.counts.fault(fault))
    }

    async fn handshake(&self, peer: SocketAddr) -> std::result::Result<Link, Fault> {
        let endpoint = self.endpoint(peer).ok_or(Fault::BadAddress)?;
        // Tickets and tokens are kept by this name; a validator does not look at it (agave v4.2.2
        // tls-utils `socket_addr_to_quic_server_name`).
        let name = format!("{}.{}.sol", peer.ip(), peer.port());
        let connecting = endpoint
            .connect_with(self.config.clone(), peer, &name)
            .map_err(|error| Fault::of_connect(&error))?;
        let (limits, counts) = (self.settings.limits, Arc::clone(&self.counts));
        let connecting = if self.settings.early_data {
            match connecting.into_0rtt() {
                Ok((connection, accepted)) => {
                    return Ok(Link::early(connection, accepted, limits, counts));
                }
                Err(connecting) => {
                    self.counts.add_early(Early::Unavailable);
                    connecting
                }
            }
        } else {
            connecting
        };
        match timeout(limits.handshake, connecting).await {
            Ok(Ok(connection)) => {
                self.counts.add_opened();
                Ok(Link::done(connection, limits, counts))
            }
            Ok(Err(error)) => Err(match Fault::of_connection(&error) {
                // Quinn's own limit, which is that of a silent connection.
                Fault::IdleTimeout => Fault::HandshakeTimeout,
                fault => fault,
            }),
            Err(_) => Err(Fault::HandshakeTimeout),
        }
    }

    /// The endpoint of the family of `peer`; `None` if this machine has none.
    fn endpoint(&self, peer: SocketAddr) -> Option<&Endpoint> {
        if peer.is_ipv4() {
            return Some(&self.v4);
        }
        let made =
            self.v6.get_or_init(|| bind(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).and_then(endpoint).ok());
        made.as_ref()
    }

    /// Closes every connection with code 0 and waits, `most` at most, until the peers know.
    pub async fn close(&self, most: Duration) {
        let v6 = self.v6.get().and_then(Option::as_ref);
        for endpoint in [Some(&self.v4), v6].into_iter().flatten() {
            endpoint.close(VarInt::from_u32(0), b"done");
            let _ = timeout(most, endpoint.wait_idle()).await;
        }
    }
}

/// A socket for [`Client::over`], at any port.
///
/// # Errors
/// Status 5 when the system refuses it.
pub fn socket() -> Result<Arc<dyn AsyncUdpSocket>> {
    bind(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// A socket of the runtime at any port of `address`.
fn bind(address: IpAddr) -> Result<Arc<dyn AsyncUdpSocket>> {
    let socket = UdpSocket::bind(SocketAddr::new(address, 0))
        .map_err(|e| Error::os("cannot open a socket for QUIC", &e))?;
    let wrapped = quinn::Runtime::wrap_udp_socket(&TokioRuntime, socket);
    wrapped.map_err(|e| Error::os("cannot use a socket for QUIC", &e))
}

fn endpoint(socket: Arc<dyn AsyncUdpSocket>) -> Result<Endpoint> {
    let config = EndpointConfig::default();
    Endpoint::new_with_abstract_socket(config, None, socket, Arc::new(TokioRuntime))
        .map_err(|e| Error::os("cannot start QUIC", &e))
}

/// TLS and transport of every connection.
fn config(settings: &Settings, identity: &Identity) -> Result<ClientConfig> {
    let impossible = |what: &str| Error::usage(format!("QUIC: {what}"));
    let provider = Arc::new(provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| impossible(&e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyPeer(provider)))
        .with_client_cert_resolver(identity.resolver());
    tls.alpn_protocols = vec![ALPN_TPU.to_vec()];
    tls.enable_early_data = settings.early_data;
    tls.resumption = Resumption::in_memory_sessions(TICKETS);
    let tls = QuicClientConfig::try_from(tls).map_err(|e| impossible(&e.to_string()))?;
    let mut config = ClientConfig::new(Arc::new(tls));
    let idle = IdleTimeout::try_from(IDLE).map_err(|e| impossible(&e.to_string()))?;
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(idle))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .datagram_receive_buffer_size(None)
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        // A message is sent whole before the next: the peer can execute it the sooner
        // (quinn-rs/quinn pull request 2002).
        .send_fairness(false)
        .congestion_controller_factory(controller(settings));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

fn controller(settings: &Settings) -> Arc<dyn ControllerFactory + Send + Sync> {
    match settings.congestion {
        Congestion::Cubic => {
            let mut cubic = CubicConfig::default();
            cubic.initial_window(settings.initial_window);
            Arc::new(cubic)
        }
        Congestion::Bbr => {
            let mut bbr = BbrConfig::default();
            bbr.initial_window(settings.initial_window);
            Arc::new(bbr)
        }
    }
}
