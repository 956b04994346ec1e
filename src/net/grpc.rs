//! gRPC: calls over one HTTP/2 connection to a server, which is opened when the first call is made and
//! again when it was lost.
//!
//! Messages are encoded before they come here, so that what is sent again or journaled is made once;
//! answers are `prost` messages. A call waits on its caller's thread; the connection has a thread of
//! its own, so that many callers share it.

use super::http::{Failure, Reason};
use crate::error::{Error, Result};
use hyper::http::uri::PathAndQuery;
use prost::Message;
use prost::bytes::{BufMut, Bytes};
use std::marker::PhantomData;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming};
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 64 << 10;
/// How often a connection on which nothing happens is asked whether it lives.
const ASK_EVERY: Duration = Duration::from_secs(20);

/// A server, with the connection to it.
pub struct Remote {
    runtime: Runtime,
    channel: Channel,
    timeout: Duration,
}

/// A header of a call.
#[derive(Clone)]
pub struct Header {
    name: MetadataKey<Ascii>,
    value: MetadataValue<Ascii>,
}

impl Header {
    /// The header `name` with a `value` that nothing shows; `None` if a header cannot hold it.
    pub fn secret(name: &'static str, value: &str) -> Option<Self> {
        let mut value: MetadataValue<Ascii> = value.parse().ok()?;
        value.set_sensitive(true);
        Some(Self { name: MetadataKey::from_static(name), value })
    }
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The server's own word: a gRPC status code (grpc.io, "Status codes") and its words.
    Status {
        /// The code.
        code: i32,
        /// What the server says; may be empty.
        words: String,
    },
    /// There is none.
    Silence(Failure),
}

/// Answers that come one after the other.
pub struct Answers<A> {
    streaming: Streaming<A>,
}

impl Remote {
    /// The server at `url`, `scheme://host[:port]`; a call gives up after `timeout`, connecting
    /// included. Of TLS it trusts the certificate authorities that Mozilla does (webpki-roots).
    ///
    /// # Errors
    /// Status 2 when `url` is none, 5 when the system refuses what the connection's thread needs.
    pub fn new(url: &str, timeout: Duration) -> Result<Self> {
        let bad = |_| Error::usage("a URL that gRPC cannot call");
        let mut endpoint = Endpoint::from_shared(url.to_owned()).map_err(bad)?;
        if endpoint.uri().scheme_str() == Some("https") {
            endpoint =
                endpoint.tls_config(ClientTlsConfig::new().with_webpki_roots()).map_err(bad)?;
        }
        let endpoint = endpoint
            .user_agent(concat!("mev-tools/", env!("CARGO_PKG_VERSION")))
            .map_err(bad)?
            .connect_timeout(timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(ASK_EVERY)
            .keep_alive_while_idle(true);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("grpc")
            .enable_all()
            .build()
            .map_err(|e| Error::os("cannot start the grpc client", &e))?;
        let channel = {
            let _inside = runtime.enter();
            endpoint.connect_lazy()
        };
        Ok(Self { runtime, channel, timeout })
    }

    /// Calls the method at `path` with `message`, encoded, and waits for its answer.
    ///
    /// # Errors
    /// Why there is none.
    pub fn call<A: Message + Default + 'static>(
        &self,
        path: &'static str,
        message: &Bytes,
        headers: &[Header],
    ) -> std::result::Result<A, Refusal> {
        let (mut client, request) = self.prepare(message, headers);
        let called = async move {
            client.ready().await.map_err(|e| unconnected(&e))?;
            let path = PathAndQuery::from_static(path);
            let answer = client.unary(request, path, Wire(PhantomData)).await;
            answer.map(tonic::Response::into_inner).map_err(|status| refusal(&status))
        };
        self.wait(called)
    }

    /// Calls the method at `path` with `message`, encoded, whose answers come one after the other.
    ///
    /// # Errors
    /// Why there are none.
    pub fn listen<A: Message + Default + 'static>(
        &self,
        path: &'static str,
        message: &Bytes,
        headers: &[Header],
    ) -> std::result::Result<Answers<A>, Refusal> {
        let (mut client, request) = self.prepare(message, headers);
        let called = async move {
            client.ready().await.map_err(|e| unconnected(&e))?;
            let path = PathAndQuery::from_static(path);
            let answer = client.server_streaming(request, path, Wire(PhantomData)).await;
            let streaming = answer.map_err(|status| refusal(&status))?.into_inner();
            Ok(Answers { streaming })
        };
        self.wait(called)
    }

    /// The next of `answers`, waited for no longer than `patience`; `Ok(None)` when there was none in
    /// that time.
    ///
    /// # Errors
    /// Why there will be no more.
    pub fn next<A>(
        &self,
        answers: &mut Answers<A>,
        patience: Duration,
    ) -> std::result::Result<Option<A>, Refusal> {
        let next = answers.streaming.message();
        match self.runtime.block_on(async { tokio::time::timeout(patience, next).await }) {
            Err(_) => Ok(None),
            Ok(Ok(Some(answer))) => Ok(Some(answer)),
            Ok(Ok(None)) => Err(silence(Reason::Broken, "the stream has ended")),
            Ok(Err(status)) => Err(refusal(&status)),
        }
    }

    fn prepare(&self, message: &Bytes, headers: &[Header]) -> (Grpc<Channel>, Request<Bytes>) {
        let mut request = Request::new(message.clone());
        for Header { name, value } in headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        let client = Grpc::new(self.channel.clone()).max_decoding_message_size(ANSWER_MAX);
        (client, request)
    }

    fn wait<A>(
        &self,
        called: impl Future<Output = std::result::Result<A, Refusal>>,
    ) -> std::result::Result<A, Refusal> {
        let timed = async { tokio::time::timeout(self.timeout, called).await };
        self.runtime.block_on(timed).unwrap_or_else(|_| {
            let words = format!("no answer in {} ms", self.timeout.as_millis());
            Err(silence(Reason::Timeout, &words))
        })
    }
}

fn silence(reason: Reason, words: &str) -> Refusal {
    Refusal::Silence(Failure { reason, words: words.to_owned() })
}

/// What a status says: the server's word, or the client's own about a connection.
fn refusal(status: &Status) -> Refusal {
    // A status of the transport has an error as its source; one that a server sent has none.
    match std::error::Error::source(status) {
        Some(source) => unconnected(source),
        None if status.code() == Code::OutOfRange && status.message().contains("too large") => {
            silence(Reason::TooLarge, status.message())
        }
        None => Refusal::Status { code: status.code().into(), words: status.message().to_owned() },
    }
}

/// Why the transport gave up: before it had a connection, or after.
fn unconnected(error: &(dyn std::error::Error + 'static)) -> Refusal {
    let causes = || std::iter::successors(Some(error), |error| error.source());
    let words = causes().last().map_or_else(String::new, ToString::to_string);
    let tls = causes().any(|cause| cause.is::<rustls::Error>() || wraps_tls(cause));
    let tcp = causes().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    let connecting = causes().any(|cause| cause.to_string().contains("tcp connect error"))
        || causes().any(|cause| cause.to_string().contains("dns error"));
    let reason = match (tls, connecting, tcp) {
        (true, _, _) => Reason::Tls,
        (_, true, _) => Reason::Connect,
        (_, _, Some(e)) if e.kind() == std::io::ErrorKind::ConnectionRefused => Reason::Connect,
        _ => Reason::Broken,
    };
    silence(reason, &words)
}

/// Whether an I/O error is TLS's.
fn wraps_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// Requests that are encoded already, answers that are messages.
struct Wire<A>(PhantomData<fn() -> A>);

impl<A: Message + Default + 'static> Codec for Wire<A> {
    type Encode = Bytes;
    type Decode = A;
    type Encoder = Encoded;
    type Decoder = Wire<A>;

    fn encoder(&mut self) -> Encoded {
        Encoded
    }

    fn decoder(&mut self) -> Wire<A> {
        Self(PhantomData)
    }
}

/// Puts a message that is encoded already.
struct Encoded;

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> std::result::Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl<A: Message + Default + 'static> Decoder for Wire<A> {
    type Item = A;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> std::result::Result<Option<A>, Status> {
        let decoded = A::decode(from);
        decoded.map(Some).map_err(|e| Status::internal(format!("not the message expected: {e}")))
    }
}
