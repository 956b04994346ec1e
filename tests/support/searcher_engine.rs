//! A block engine on this machine with both doors on one port: JSON-RPC, and the gRPC searcher API,
//! whose frames are put together here by hand and not by the client's library.

use super::engine::{Fate, Seen, answer, decide};
use super::server::Request;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Channel, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use mev::send::searcher::messages as m;
use prost::Message;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// How an engine treats its callers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Only who has signed a challenge with this key is served.
    pub(crate) key: Option<[u8; 32]>,
    /// For so many seconds a token is good; 0 is an hour.
    pub(crate) token_s: i64,
    /// It forgets its first token at once.
    pub(crate) forgets: bool,
    /// It gives ids of its own.
    pub(crate) own_ids: bool,
    /// The stream of results ends after each one.
    pub(crate) cuts: bool,
}

/// What came over gRPC.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Paths, in order.
    pub(crate) paths: Vec<String>,
    /// Access tokens that were given.
    pub(crate) tokens: Vec<String>,
    /// Values of `x-jito-auth`.
    pub(crate) secrets: Vec<String>,
}

/// An engine.
pub(crate) struct SearcherEngine {
    pub(crate) url: String,
    pub(crate) seen: Arc<Mutex<Seen>>,
    pub(crate) calls: Arc<Mutex<Calls>>,
}

type Decide = Arc<dyn Fn(&str, u32) -> Fate + Send + Sync>;
type Body = BoxBody<Bytes, Infallible>;

#[derive(Clone)]
struct State {
    slot: u64,
    manner: Manner,
    fate: Decide,
    seen: Arc<Mutex<Seen>>,
    calls: Arc<Mutex<Calls>>,
    results: broadcast::Sender<m::BundleResult>,
    /// All of them, for who listens late.
    told: Arc<Mutex<Vec<m::BundleResult>>>,
}

/// Starts an engine at slot `slot`.
pub(crate) fn searcher_engine(
    slot: u64,
    manner: Manner,
    fate: impl Fn(&str, u32) -> Fate + Send + Sync + 'static,
) -> SearcherEngine {
    let (seen, calls) = (Arc::default(), Arc::default());
    let (results, _) = broadcast::channel(1024);
    let (fate, told) = (Arc::new(fate), Arc::default());
    let state = State { slot, manner, fate, seen, calls, results, told };
    let (seen, calls) = (state.seen.clone(), state.calls.clone());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let state = state.clone();
                tokio::spawn(async move {
                    let serve = service_fn(move |request| {
                        let state = state.clone();
                        async move { Ok::<_, Infallible>(serve(state, request).await) }
                    });
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), serve).await;
                });
            }
        });
    });
    SearcherEngine { url, seen, calls }
}

async fn serve(state: State, request: hyper::Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = head.uri.path().to_owned();
    let grpc = head.headers.get("content-type").is_some_and(|t| t == "application/grpc");
    if !grpc {
        let head = format!("POST {path} HTTP/1.1\r\n");
        let request = Request { head, body: serde_json::from_slice(&body).unwrap() };
        let told = answer(&mut state.seen.lock().unwrap(), &request, state.slot, &*state.fate);
        let Some((status, text)) = told else { return std::future::pending().await };
        let status: u16 = status[..3].parse().unwrap();
        return Response::builder().status(status).body(Full::from(text).boxed()).unwrap();
    }
    state.calls.lock().unwrap().paths.push(path.clone());
    // A frame: a byte that says whether it is compressed, the length, the message.
    assert_eq!(
        (body[0], u32::from_be_bytes(body[1..5].try_into().unwrap())),
        (0, u32::try_from(body.len() - 5).unwrap())
    );
    let message = &body[5..];
    match path.as_str() {
        m::CHALLENGE => challenge(message),
        m::TOKENS => tokens(&state, message),
        m::REFRESH => {
            let request = m::RefreshRequest::decode(message).unwrap();
            assert_eq!(request.refresh_token, "refresh");
            one(&m::RefreshResponse { access_token: Some(token(&state)) })
        }
        _ if !is_known(&state, &head.headers) => refused(16, "no such token"),
        m::SEND_BUNDLE => send(&state, message).await,
        m::SUBSCRIBE_RESULTS => results(&state),
        _ => refused(12, "no such method"),
    }
}

fn challenge(message: &[u8]) -> Response<Body> {
    let request = m::ChallengeRequest::decode(message).unwrap();
    assert_eq!((request.role, request.pubkey.len()), (m::SEARCHER, 32));
    one(&m::ChallengeResponse { challenge: "challenge".to_owned() })
}

fn tokens(state: &State, message: &[u8]) -> Response<Body> {
    let request = m::TokensRequest::decode(message).unwrap();
    let key: [u8; 32] = request.client_pubkey.as_slice().try_into().unwrap();
    let text = format!("{}-challenge", mev::bytes::base58::Key(&key));
    let signature: [u8; 64] = request.signed_challenge.as_slice().try_into().unwrap();
    let known = state.manner.key == Some(key) && request.challenge == text;
    if !known || !mev::keys::verify(&key, text.as_bytes(), &signature) {
        return refused(7, "The supplied pubkey is not authorized to generate a token");
    }
    let refresh = m::Token { value: "refresh".to_owned(), expires_at_utc: Some(in_seconds(3600)) };
    one(&m::TokensResponse { access_token: Some(token(state)), refresh_token: Some(refresh) })
}

fn in_seconds(seconds: i64) -> m::Timestamp {
    let now_s = i64::try_from(mev::time::now_ns() / 1_000_000_000).unwrap();
    m::Timestamp { seconds: now_s + seconds, nanos: 0 }
}

/// A new access token.
fn token(state: &State) -> m::Token {
    let tokens = &mut state.calls.lock().unwrap().tokens;
    tokens.push(format!("access-{}", tokens.len()));
    let seconds = if state.manner.token_s == 0 { 3600 } else { state.manner.token_s };
    m::Token { value: tokens.last().unwrap().clone(), expires_at_utc: Some(in_seconds(seconds)) }
}

/// Whether the caller may be served.
fn is_known(state: &State, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let mut calls = state.calls.lock().unwrap();
    calls.secrets.extend(text("x-jito-auth"));
    let forgotten = usize::from(state.manner.forgets);
    let known = |shown: &str| {
        calls.tokens.iter().skip(forgotten).any(|token| *shown == format!("Bearer {token}"))
    };
    state.manner.key.is_none() || text("authorization").is_some_and(|shown| known(&shown))
}

async fn send(state: &State, message: &[u8]) -> Response<Body> {
    let request = m::SendBundleRequest::decode(message).unwrap();
    let packets = request.bundle.unwrap().packets;
    for packet in &packets {
        assert_eq!(packet.meta.as_ref().unwrap().size, packet.data.len() as u64);
    }
    let wires: Vec<_> = packets.into_iter().map(|packet| packet.data).collect();
    let (id, fate) = decide(&mut state.seen.lock().unwrap(), &wires, &*state.fate);
    let bundle_id = if state.manner.own_ids { format!("own-{id}") } else { id };
    let tell = |result| {
        let result = m::BundleResult { bundle_id: bundle_id.clone(), result: Some(result) };
        let mut told = state.told.lock().unwrap();
        told.push(result.clone());
        // Nobody may be listening.
        let _ = state.results.send(result);
    };
    let accepted = || m::Outcome::Accepted(m::Accepted { slot: 1001, ..Default::default() });
    match fate {
        Fate::Refuse(words) => return refused(3, words),
        Fate::Limit => return refused(8, "Retry after 20ms"),
        Fate::Garbage => return framed(&[0xff; 7]),
        Fate::Silent => return std::future::pending().await,
        Fate::Land | Fate::LandBroken | Fate::Lie => {
            tell(accepted());
            tell(m::Outcome::Processed(m::Processed { slot: 1007, ..Default::default() }));
        }
        Fate::Fail => {
            let msg = Some("custom program error".to_owned());
            let failure = m::SimulationFailure { msg, ..Default::default() };
            let reason = Some(m::Reason::Simulation(failure));
            tell(m::Outcome::Rejected(m::Rejected { reason }));
        }
        Fate::Vanish => tell(accepted()),
    }
    one(&m::SendBundleResponse { uuid: bundle_id })
}

/// Results as they come.
fn results(state: &State) -> Response<Body> {
    let (mut to, body) = Channel::<Bytes, Infallible>::new(16);
    let told = state.told.lock().unwrap();
    let (mut from, cuts) = (state.results.subscribe(), state.manner.cuts);
    let before = if cuts { Vec::new() } else { told.clone() };
    tokio::spawn(async move {
        for result in before {
            let _ = to.send_data(frame(&result.encode_to_vec())).await;
        }
        while let Ok(result) = from.recv().await {
            if to.send_data(frame(&result.encode_to_vec())).await.is_err() || cuts {
                return;
            }
        }
    });
    response(body.boxed())
}

/// A call's one answer.
fn one(message: &impl Message) -> Response<Body> {
    framed(&message.encode_to_vec())
}

fn framed(message: &[u8]) -> Response<Body> {
    let (mut to, body) = Channel::<Bytes, Infallible>::new(2);
    to.try_send(Frame::data(frame(message))).unwrap();
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    to.try_send(Frame::trailers(trailers)).unwrap();
    response(body.boxed())
}

fn frame(message: &[u8]) -> Bytes {
    let len = u32::try_from(message.len()).unwrap().to_be_bytes();
    Bytes::from([&[0], len.as_slice(), message].concat())
}

/// A call that has no answer but a status.
fn refused(code: i32, words: &str) -> Response<Body> {
    let mut response = response(Full::default().boxed());
    let headers = response.headers_mut();
    headers.insert("grpc-status", code.into());
    headers.insert("grpc-message", words.replace(' ', "%20").parse().unwrap());
    response
}

fn response(body: Body) -> Response<Body> {
    Response::builder().header("content-type", "application/grpc").body(body).unwrap()
}
