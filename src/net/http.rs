//! HTTP: one JSON body posted to several addresses at once, over http or https.
//!
//! The client runs on its caller's thread and keeps its connections open between calls. Redirects
//! are not followed: what is sent may be worth money, and goes where the user said.

use crate::error::{Error, Result};
use crate::time::now_ns;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::rt::TokioExecutor;
use std::io;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The longest answer that is read unless a client says otherwise, in bytes.
pub const BODY_MAX: usize = 64 << 10;

/// An HTTP client with its connections.
pub struct Client {
    runtime: Runtime,
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
    /// The longest answer that is read, in bytes.
    body_max: usize,
    /// A header of every request besides the usual ones.
    extra: Option<(HeaderName, HeaderValue)>,
}

/// One request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// When the request was begun: CLOCK_REALTIME nanoseconds.
    pub sent_ns: u64,
    /// When the answer was read whole, or the request given up: CLOCK_REALTIME nanoseconds.
    pub done_ns: u64,
    /// The answer, or why there is none.
    pub result: std::result::Result<Answer, Failure>,
}

/// An HTTP answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body, of at most as many bytes as the client reads.
    pub body: Vec<u8>,
}

/// Why there is no answer, and the system's words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason.
    pub reason: Reason,
    /// What the system said; may be empty.
    pub words: String,
}

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The URL is not http(s) with a host.
    BadUrl = 0,
    /// No connection: the name is unknown, the host unreachable, the port closed.
    Connect = 1,
    /// No TLS: the certificate is not trusted, or the other side does not speak it.
    Tls = 2,
    /// No whole answer in time.
    Timeout = 3,
    /// The answer is longer than what the client reads.
    TooLarge = 4,
    /// The connection ended early, or the answer is no HTTP.
    Broken = 5,
}

impl Reason {
    /// Names by number.
    pub const NAMES: [&'static str; 6] =
        ["bad_url", "connect", "tls", "timeout", "too_large", "broken"];

    /// The name that statistics show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

impl Client {
    /// A client that gives up on an exchange after `timeout`, connecting included. It trusts the
    /// certificate authorities that Mozilla does (webpki-roots).
    ///
    /// # Errors
    /// Status 5 when the system refuses what the client's runtime needs.
    pub fn new(timeout: Duration) -> Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::os("cannot start the http client", &e))?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pool = Pool::builder(TokioExecutor::new()).build(tls);
        Ok(Self { runtime, pool, timeout, body_max: BODY_MAX, extra: None })
    }

    /// The same client, sending `value` as the header `name` in every request. The value is marked
    /// as sensitive: nothing shows it.
    ///
    /// # Errors
    /// Status 2 when a header cannot hold the value.
    pub fn with_secret(mut self, name: &'static str, value: &str) -> Result<Self> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| Error::usage(format!("no value for the header {name}")))?;
        value.set_sensitive(true);
        self.extra = Some((HeaderName::from_static(name), value));
        Ok(self)
    }

    /// The same client, reading answers of up to `body_max` bytes.
    #[must_use]
    pub fn with_body_max(mut self, body_max: usize) -> Self {
        self.body_max = body_max;
        self
    }

    /// Posts `body`, a JSON text, to all `urls` at the same time and waits for all of them; the
    /// exchanges in the order of the URLs.
    pub fn post_json<U: AsRef<str>>(&self, urls: &[U], body: impl AsRef<[u8]>) -> Vec<Exchange> {
        let body = Bytes::copy_from_slice(body.as_ref());
        self.runtime.block_on(async {
            // Between two calls nobody reads the connections. Let them find out first which ones
            // the server has closed: a request over such a one would be lost.
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
            let started: Vec<_> = urls
                .iter()
                .map(|url| {
                    let (url, extra) = (url.as_ref().parse(), self.extra.clone());
                    let request = (extra, body.clone(), self.body_max);
                    let answered = post(self.pool.clone(), url, request);
                    tokio::spawn(exchange(answered, self.timeout))
                })
                .collect();
            let mut done = Vec::with_capacity(started.len());
            for task in started {
                done.push(task.await.unwrap_or_else(|e| {
                    let now_ns = now_ns();
                    let result = Err(failure(Reason::Broken, &e));
                    Exchange { sent_ns: now_ns, done_ns: now_ns, result }
                }));
            }
            done
        })
    }
}

async fn exchange(
    answered: impl Future<Output = std::result::Result<Answer, Failure>>,
    timeout: Duration,
) -> Exchange {
    let sent_ns = now_ns();
    let result = tokio::time::timeout(timeout, answered).await.unwrap_or_else(|_| {
        let words = format!("no answer in {} ms", timeout.as_millis());
        Err(Failure { reason: Reason::Timeout, words })
    });
    Exchange { sent_ns, done_ns: now_ns(), result }
}

async fn post(
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: std::result::Result<Uri, hyper::http::uri::InvalidUri>,
    (extra, body, body_max): (Option<(HeaderName, HeaderValue)>, Bytes, usize),
) -> std::result::Result<Answer, Failure> {
    let url = url.map_err(|e| failure(Reason::BadUrl, &e))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
        let words = "expected http://host or https://host".to_owned();
        return Err(Failure { reason: Reason::BadUrl, words });
    }
    // Jito's block engine answers -32600 "Invalid content type" without this header
    // (jito-rust-rpc issue 11).
    let mut request = Request::post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("mev-tools/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body))
        .map_err(|e| failure(Reason::BadUrl, &e))?;
    request.headers_mut().extend(extra);
    let answer = pool.request(request).await.map_err(|e| failure(pool_reason(&e), &e))?;
    read(answer, body_max).await
}

async fn read(answer: Response<Incoming>, body_max: usize) -> std::result::Result<Answer, Failure> {
    let status = answer.status().as_u16();
    match Limited::new(answer.into_body(), body_max).collect().await {
        Ok(body) => Ok(Answer { status, body: body.to_bytes().to_vec() }),
        Err(e) if e.is::<LengthLimitError>() => Err(failure(Reason::TooLarge, e.as_ref())),
        Err(e) => Err(failure(Reason::Broken, e.as_ref())),
    }
}

/// The reason in the client's own error. `hyper-rustls` gives a failed handshake as an I/O error
/// and passes the connector's errors, which are of another type, through.
fn pool_reason(error: &PoolError) -> Reason {
    let source = std::error::Error::source(error);
    let handshake = source.is_some_and(<dyn std::error::Error>::is::<io::Error>);
    match (error.is_connect(), handshake) {
        (true, true) => Reason::Tls,
        (true, false) => Reason::Connect,
        (false, _) => Reason::Broken,
    }
}

/// A failure in the words of the first cause.
fn failure(reason: Reason, error: &(dyn std::error::Error + 'static)) -> Failure {
    let first = std::iter::successors(Some(error), |e| e.source()).last();
    Failure { reason, words: first.map_or_else(String::new, ToString::to_string) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};

    const SOON: Duration = Duration::from_secs(10);

    /// Serves one connection with `answer`, which is shown the request's head and body; the
    /// server's address.
    fn serve(answer: impl FnOnce(&str, &str, TcpStream) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/v1/bundles?uuid=1", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut len) = (String::new(), 0);
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap() == 0 {
                    return;
                }
                let line = head.trim_end().rsplit("\r\n").next().unwrap_or("");
                if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                    len = text.parse().unwrap();
                }
            }
            let mut body = vec![0; len];
            reader.read_exact(&mut body).unwrap();
            answer(&head, std::str::from_utf8(&body).unwrap(), stream);
        });
        url
    }

    fn reply(status: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    fn fails(timeout: Duration, url: &str) -> Reason {
        let exchange = Client::new(timeout).unwrap().post_json(&[url], "{}").remove(0);
        assert!(exchange.done_ns >= exchange.sent_ns);
        exchange.result.unwrap_err().reason
    }

    #[test]
    fn request_and_answer_pass_whole_whatever_the_status() {
        for (status, code) in [("200 OK", 200), ("429 Too Many Requests", 429), ("500 No", 500)] {
            let url = serve(move |head, body, mut stream| {
                assert!(head.starts_with("POST /api/v1/bundles?uuid=1 HTTP/1.1\r\n"), "{head}");
                assert!(head.to_ascii_lowercase().contains("content-type: application/json\r\n"));
                stream.write_all(reply(status, &format!("echo {body}")).as_bytes()).unwrap();
            });
            let client = Client::new(SOON).unwrap();
            let exchange = client.post_json(&[url], "{\"id\":1}").remove(0);
            let expect = Answer { status: code, body: b"echo {\"id\":1}".to_vec() };
            assert_eq!(exchange.result, Ok(expect));
            assert!(exchange.sent_ns > 0 && exchange.done_ns >= exchange.sent_ns);
        }
    }

    #[test]
    fn a_secret_header_is_sent_and_a_value_that_is_none_is_refused_unshown() {
        let url = serve(|head, _, mut stream| {
            assert!(head.contains("x-jito-auth: 0f-uuid\r\n"), "{head}");
            stream.write_all(reply("200 OK", "").as_bytes()).unwrap();
        });
        let client = Client::new(SOON).unwrap().with_secret("x-jito-auth", "0f-uuid").unwrap();
        assert!(client.post_json(&[url], "{}").remove(0).result.is_ok());
        let error = client.with_secret("x-jito-auth", "hid\nden").err().unwrap();
        assert!(error.to_string() == "no value for the header x-jito-auth", "{error}");
    }

    #[test]
    fn several_addresses_are_served_at_once_and_keep_their_order() {
        let (go, wait) = std::sync::mpsc::channel();
        // The first server answers only after the second one was asked.
        let first = serve(move |_, _, mut stream| {
            wait.recv().unwrap();
            stream.write_all(reply("200 OK", "first").as_bytes()).unwrap();
        });
        let second = serve(move |_, _, mut stream| {
            go.send(()).unwrap();
            stream.write_all(reply("400 Bad Request", "second").as_bytes()).unwrap();
        });
        let client = Client::new(SOON).unwrap();
        let urls = [first, second, "ftp://x".to_owned()];
        let found: Vec<_> = client.post_json(&urls, "{}").into_iter().map(|e| e.result).collect();
        assert_eq!(found[0], Ok(Answer { status: 200, body: b"first".to_vec() }));
        assert_eq!(found[1], Ok(Answer { status: 400, body: b"second".to_vec() }));
        assert_eq!(found[2].as_ref().unwrap_err().reason, Reason::BadUrl);
    }

    #[test]
    fn connections_are_kept_and_those_the_server_closed_are_not_used() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (closed, rest) = std::sync::mpsc::channel();
        let serving = std::thread::spawn(move || {
            // Two requests over the first connection, one over the second.
            for count in [2, 1] {
                let (mut stream, _) = listener.accept().unwrap();
                for _ in 0..count {
                    let mut request = Vec::new();
                    while !request.ends_with(b"{}") {
                        let mut some = [0; 1024];
                        let count = stream.read(&mut some).unwrap();
                        assert!(count > 0, "closed by the client");
                        request.extend(&some[..count]);
                    }
                    stream.write_all(reply("200 OK", "kept").as_bytes()).unwrap();
                }
                // Closed while the client rests between two calls.
                drop(stream);
                closed.send(()).unwrap();
            }
        });
        let client = Client::new(SOON).unwrap();
        for _ in 0..2 {
            assert!(client.post_json(&[&url], "{}").remove(0).result.is_ok());
        }
        rest.recv().unwrap();
        let third = client.post_json(&[&url], "{}").remove(0).result;
        assert!(third.is_ok(), "{third:?}");
        serving.join().unwrap();
    }

    #[test]
    fn silence_times_out() {
        let (keep, kept) = std::sync::mpsc::channel();
        let url = serve(move |_, _, stream| keep.send(stream).unwrap());
        assert_eq!(fails(Duration::from_millis(50), &url), Reason::Timeout);
        drop(kept);
    }

    #[test]
    fn an_answer_is_read_up_to_its_limit() {
        for (len, fits) in [(BODY_MAX, true), (BODY_MAX + 1, false)] {
            // With and without a length announced.
            for announced in [true, false] {
                let url = serve(move |_, _, mut stream| {
                    let body = "x".repeat(len);
                    let answer = if announced {
                        reply("200 OK", &body)
                    } else {
                        format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")
                    };
                    // The client hangs up on the one that is too long.
                    let _ = stream.write_all(answer.as_bytes());
                });
                let result = Client::new(SOON).unwrap().post_json(&[url], "").remove(0).result;
                match result {
                    Ok(answer) => assert!(fits && answer.body.len() == len),
                    Err(e) => assert!(!fits && e.reason == Reason::TooLarge, "{e:?}"),
                }
            }
        }
    }

    #[test]
    fn answers_that_are_cut_or_no_http_are_broken() {
        for answer in ["", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut"] {
            let url = serve(move |_, _, mut stream| stream.write_all(answer.as_bytes()).unwrap());
            assert_eq!(fails(SOON, &url), Reason::Broken, "{answer}");
        }
    }

    #[test]
    fn closed_ports_lack_of_tls_and_bad_urls_are_told_apart() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(fails(SOON, &format!("http://{closed}/")), Reason::Connect);
        assert_eq!(fails(SOON, &format!("https://{closed}/")), Reason::Connect);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let plain = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            let _ = stream.read(&mut [0; 1024]);
        });
        assert_eq!(fails(SOON, &format!("https://{plain}/")), Reason::Tls);
        for bad in ["", "nonsense", "http://", "/path", "gopher://host/", "http://a b/"] {
            assert_eq!(fails(SOON, bad), Reason::BadUrl, "{bad}");
        }
        assert_eq!(Reason::Broken.name(), "broken");
    }
}
