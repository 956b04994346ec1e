//! A QUIC server of one port on this machine: a validator's TPU as far as a client can tell, or one
//! with a fault that was asked for.

#![allow(dead_code, reason = "each test uses a part of it")]

use mev::net::quic::{ALPN_TPU, Identity};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, Incoming, RecvStream, VarInt};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the server behaves.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// Where it listens; port 0 for any.
    pub(crate) at: SocketAddr,
    /// Streams that it grants at a time.
    pub(crate) streams: u32,
    /// Bytes of a stream that it takes before it reads them.
    pub(crate) window: u32,
    /// Whether tickets allow early data.
    pub(crate) early_data: bool,
    /// What it says it speaks.
    pub(crate) alpn: &'static [u8],
    /// What it does with connections.
    pub(crate) door: Door,
    /// What it does with streams.
    pub(crate) desk: Desk,
}

/// What a server does with a connection that comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    Open,
    /// Answers the first packet only after this time.
    Slow(Duration),
    /// Refuses it by a packet.
    Refuse,
}

/// What a server does with streams.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Desk {
    /// Reads each to its end.
    Read,
    /// Leaves them where they are.
    Ignore,
    /// Reads so many, then closes the connection with this code.
    CloseAfter(usize, u32),
    /// Reads the first bytes of the first, and closes in mid-stream with this code.
    CloseWithin(u32),
    /// Stops each with this code.
    Stop(u32),
    /// Answers with what was asked, on streams with two directions.
    Echo,
}

impl Manner {
    pub(crate) const GOOD: Self = Self {
        at: SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0),
        streams: 128,
        window: 1232,
        early_data: false,
        alpn: ALPN_TPU,
        door: Door::Open,
        desk: Desk::Read,
    };
}

/// What a server saw.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A connection of somebody with this certificate.
    Connection(Vec<u8>),
    /// A message read to its end, and whether it was early data.
    Message(Vec<u8>, bool),
    /// A stream that ended before its message did.
    Cut,
}

/// A running server; dropping it closes its connections and ends it.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Receiver<Seen>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The longest that a test waits for a server to see something.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl Server {
    pub(crate) fn start(manner: Manner) -> Self {
        let (saw, seen) = channel();
        let (tell, told) = channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let endpoint = Endpoint::server(config(&manner), manner.at).unwrap();
                tell.send(endpoint.local_addr().unwrap()).unwrap();
                let doors = endpoint.clone();
                let accepting = tokio::spawn(async move {
                    while let Some(incoming) = doors.accept().await {
                        tokio::spawn(serve(incoming, manner.clone(), saw.clone()));
                    }
                });
                let _ = stopped.await;
                accepting.abort();
                endpoint.close(VarInt::from_u32(0), b"over");
                endpoint.wait_idle().await;
            });
        });
        let address = told.recv().unwrap();
        Self { address, seen, stop: Some(stop), thread: Some(thread) }
    }

    /// The next message, whoever connects meanwhile.
    pub(crate) fn message(&self) -> (Vec<u8>, bool) {
        loop {
            match self.seen.recv_timeout(PATIENCE).expect("no message") {
                Seen::Connection(_) => {}
                Seen::Message(bytes, early) => return (bytes, early),
                Seen::Cut => panic!("a message was cut"),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(incoming: Incoming, manner: Manner, saw: Sender<Seen>) {
    match manner.door {
        Door::Open => {}
        Door::Slow(time) => tokio::time::sleep(time).await,
        Door::Refuse => return incoming.refuse(),
    }
    let Ok(connecting) = incoming.accept() else { return };
    // Before the handshake is done, so that early data is read as such.
    let Ok((connection, _)) = connecting.into_0rtt() else { return };
    let (named, tell) = (connection.clone(), saw.clone());
    tokio::spawn(async move {
        // The certificate is there once the handshake is.
        while named.close_reason().is_none() {
            if let Some(identity) = named.peer_identity() {
                let chain = identity.downcast::<Vec<CertificateDer<'static>>>().unwrap();
                let _ = tell.send(Seen::Connection(chain[0].to_vec()));
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let close = |code: u32| connection.close(VarInt::from_u32(code), b"asked for");
    let mut read = 0;
    match manner.desk {
        Desk::Ignore => drop(connection.closed().await),
        Desk::Echo => echo(&connection).await,
        Desk::Read | Desk::CloseAfter(..) => {
            while let Ok(stream) = connection.accept_uni().await {
                if !take(stream, &saw).await {
                    continue;
                }
                read += 1;
                if let Desk::CloseAfter(most, code) = manner.desk
                    && read >= most
                {
                    return close(code);
                }
            }
        }
        Desk::CloseWithin(code) => {
            let Ok(mut stream) = connection.accept_uni().await else { return };
            let _ = stream.read(&mut [0; 16]).await;
            close(code);
        }
        Desk::Stop(code) => {
            while let Ok(mut stream) = connection.accept_uni().await {
                let _ = stream.stop(VarInt::from_u32(code));
            }
        }
    }
}

/// Reads a stream to its end and tells of it; whether it had one.
async fn take(mut stream: RecvStream, saw: &Sender<Seen>) -> bool {
    let early = stream.is_0rtt();
    let read = stream.read_to_end(1 << 20).await;
    let whole = read.is_ok();
    let _ = saw.send(read.map_or(Seen::Cut, |bytes| Seen::Message(bytes, early)));
    whole
}

async fn echo(connection: &Connection) {
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        let Ok(bytes) = receive.read_to_end(1 << 20).await else { continue };
        let _ = send.write_all(&bytes).await;
        let _ = send.finish();
    }
}

fn config(manner: &Manner) -> quinn::ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let certified = Identity::random().unwrap().certified();
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(Arc::new(Anybody(provider)))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    tls.alpn_protocols = vec![manner.alpn.to_vec()];
    // Agave leaves it at 0 (agave v4.2.2 streamer `quic.rs`, `configure_server`); QUIC knows only 0 and
    // this (RFC 9001 section 4.6.1).
    tls.max_early_data_size = if manner.early_data { u32::MAX } else { 0 };
    let mut config =
        quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()));
    let mut transport = quinn::TransportConfig::default();
    let both = if matches!(manner.desk, Desk::Echo) { manner.streams } else { 0 };
    transport
        .max_concurrent_uni_streams(VarInt::from_u32(manner.streams))
        .max_concurrent_bidi_streams(VarInt::from_u32(both))
        .stream_receive_window(VarInt::from_u32(manner.window));
    config.transport_config(Arc::new(transport));
    config
}

/// Believes any certificate whose key signed the handshake.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
