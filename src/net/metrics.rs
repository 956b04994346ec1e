//! Metrics for long-running use: Prometheus text over HTTP, on a thread of its own.
//!
//! The values are read when somebody asks, so that counting costs the hot path nothing. Without
//! the feature `gateway` nothing is served and [`serve`] says so.

use crate::error::{Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Appends the metrics, as [`encode`] writes them, to the text.
pub type Render = Arc<dyn Fn(&mut String) + Send + Sync>;

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// One value of one metric. Values of the same metric stand together and differ in their label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Name without the tool's prefix and without `_total`: letters, digits, underscores.
    pub name: &'static str,
    /// What it counts, as a sentence on one line.
    pub help: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// A label and its value.
    pub label: Option<(&'static str, &'static str)>,
    /// The value.
    pub value: u64,
}

/// The first bound of [`Times`] is two to this power of nanoseconds, about a microsecond.
const FIRST_POWER: u32 = 10;
/// Bounds of [`Times`]: powers of two, the last about 17 seconds.
const BOUNDS: usize = 25;

/// What counts as so long at most: an hour.
const NS_MAX: u64 = 3_600_000_000_000;

/// How long things took, counted in powers of two: any thread may record, another one reads.
#[derive(Debug, Default)]
pub struct Times {
    /// By bound, and what is beyond the last.
    counts: [AtomicU64; BOUNDS + 1],
    sum_ns: AtomicU64,
}

impl Times {
    /// Counts something that took `ns` nanoseconds.
    #[inline]
    pub fn record(&self, ns: u64) {
        // The power of two that is not below it.
        let power = u64::BITS - ns.saturating_sub(1).leading_zeros();
        let at = usize::try_from(power.saturating_sub(FIRST_POWER)).unwrap_or(BOUNDS).min(BOUNDS);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        // A clock that was set cannot make the sum turn over.
        self.sum_ns.fetch_add(ns.min(NS_MAX), Ordering::Relaxed);
    }

    /// The counts of the moment as a metric.
    pub fn spread(
        &self,
        name: &'static str,
        help: &'static str,
        label: Option<(&'static str, &'static str)>,
    ) -> Spread {
        let counts = self.counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        let sum_ns = self.sum_ns.load(Ordering::Relaxed);
        Spread { name, help, label, counts, sum_ns }
    }
}

/// A histogram of one moment, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Name without the tool's prefix; ends in `_seconds`.
    pub name: &'static str,
    /// What was timed, as a sentence on one line.
    pub help: &'static str,
    /// A label and its value.
    pub label: Option<(&'static str, &'static str)>,
    counts: [u64; BOUNDS + 1],
    sum_ns: u64,
}

#[cfg(feature = "gateway")]
pub use with_gateway::{encode, encode_all, serve};

/// Serves what `render` writes at `http://address/metrics` until the process ends; the address,
/// with its port when 0 was asked for.
///
/// # Errors
/// Status 2: this build has no gateway.
#[cfg(not(feature = "gateway"))]
pub fn serve(_address: SocketAddr, _render: Render) -> Result<SocketAddr> {
    Err(Error::usage("built without the gateway feature")
        .hint("build with `--features gateway` to serve metrics"))
}

/// Appends `samples` to `text`; nothing in a build without a gateway.
#[cfg(not(feature = "gateway"))]
pub fn encode(_prefix: &str, _samples: &[Sample], _text: &mut String) {}

/// Appends `samples` and `spreads` to `text`; nothing in a build without a gateway.
#[cfg(not(feature = "gateway"))]
pub fn encode_all(_prefix: &str, _samples: &[Sample], _spreads: &[Spread], _text: &mut String) {}

#[cfg(feature = "gateway")]
mod with_gateway {
    use super::{Error, FIRST_POWER, Kind, Render, Result, Sample, SocketAddr, Spread};
    use http_body_util::Full;
    use hyper::body::{Bytes, Incoming};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Method, Request, Response, StatusCode, header};
    use hyper_util::rt::TokioIo;
    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
    use prometheus_client::metrics::MetricType;
    use prometheus_client::registry::Registry;
    use std::convert::Infallible;
    use std::time::Duration;
    use tokio::net::{TcpListener, TcpStream};

    /// A peer that has not asked and read within this time is let go.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// The format that [`encode`] writes: OpenMetrics, which Prometheus asks for first.
    const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Appends `samples` to `text` in the OpenMetrics format, every name as `prefix_name`, counters
    /// with `_total`, closed by `# EOF`.
    pub fn encode(prefix: &str, samples: &[Sample], text: &mut String) {
        encode_all(prefix, samples, &[], text);
    }

    /// As [`encode`], with histograms behind the samples. Those of one name stand together.
    pub fn encode_all(prefix: &str, samples: &[Sample], spreads: &[Spread], text: &mut String) {
        let mut registry = Registry::with_prefix(prefix);
        let all = Samples { samples: samples.to_vec(), spreads: spreads.to_vec() };
        registry.register_collector(Box::new(all));
        // Writing to a String does not fail.
        let _ = text::encode(text, &registry);
    }

    #[derive(Debug)]
    struct Samples {
        samples: Vec<Sample>,
        spreads: Vec<Spread>,
    }

    impl Collector for Samples {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
            for family in self.samples.chunk_by(|a, b| a.name == b.name) {
                let Some(first) = family.first() else { continue };
                let kind = match first.kind {
                    Kind::Counter => MetricType::Counter,
                    Kind::Gauge => MetricType::Gauge,
                };
                let mut metric = encoder.encode_descriptor(first.name, first.help, None, kind)?;
                for sample in family {
                    match sample.label {
                        Some(label) => value(&mut metric.encode_family(&[label])?, sample)?,
                        None => value(&mut metric, sample)?,
                    }
                }
            }
            for family in self.spreads.chunk_by(|a, b| a.name == b.name) {
                let Some(first) = family.first() else { continue };
                let kind = MetricType::Histogram;
                let mut metric = encoder.encode_descriptor(first.name, first.help, None, kind)?;
                for spread in family {
                    match spread.label {
                        Some(label) => buckets(&mut metric.encode_family(&[label])?, spread)?,
                        None => buckets(&mut metric, spread)?,
                    }
                }
            }
            Ok(())
        }
    }

    /// Floats are what the format asks for: seconds that people look at.
    fn buckets(metric: &mut MetricEncoder<'_>, spread: &Spread) -> std::fmt::Result {
        let seconds = |ns: u64| Duration::from_nanos(ns).as_secs_f64();
        let last = spread.counts.len().saturating_sub(1);
        let bound = |at: usize| match u32::try_from(at) {
            Ok(power) if at < last => seconds(1 << (power + FIRST_POWER)),
            _ => f64::INFINITY,
        };
        let counts: Vec<_> =
            spread.counts.iter().enumerate().map(|(at, count)| (bound(at), *count)).collect();
        let count = spread.counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count));
        metric.encode_histogram::<NoLabelSet>(seconds(spread.sum_ns), count, &counts, None)
    }

    fn value(metric: &mut MetricEncoder<'_>, sample: &Sample) -> std::fmt::Result {
        match sample.kind {
            Kind::Counter => metric.encode_counter::<NoLabelSet, u64, u64>(&sample.value, None),
            Kind::Gauge => metric.encode_gauge(&sample.value),
        }
    }

    /// Serves what `render` writes at `http://address/metrics` until the process ends; the address,
    /// with its port when 0 was asked for.
    ///
    /// # Errors
    /// Status 5 when the system refuses the address.
    pub fn serve(address: SocketAddr, render: Render) -> Result<SocketAddr> {
        let refused = |e| Error::os(format!("cannot serve metrics on {address}"), &e);
        let listener = std::net::TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let bound = listener.local_addr().map_err(refused)?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
        std::thread::Builder::new()
            .name("metrics".to_owned())
            .spawn(move || runtime.block_on(accept(listener, render)))
            .map_err(refused)?;
        Ok(bound)
    }

    async fn accept(listener: std::net::TcpListener, render: Render) {
        let Ok(listener) = TcpListener::from_std(listener) else { return };
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, render.clone()))),
                // Too many open files, or a peer that went away: neither ends the service.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn answer(stream: TcpStream, render: Render) {
        let service = service_fn(move |request: Request<Incoming>| {
            let response = respond(&request, &render);
            async move { Ok::<_, Infallible>(response) }
        });
        let connection =
            http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
        // A peer that breaks off, or takes too long, is its own loss.
        let _ = tokio::time::timeout(PATIENCE, connection).await;
    }

    fn respond(request: &Request<Incoming>, render: &Render) -> Response<Full<Bytes>> {
        let (status, kind, text) = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/" | "/metrics") => {
                let mut text = String::new();
                render(&mut text);
                (StatusCode::OK, CONTENT_TYPE, text)
            }
            (&Method::GET | &Method::HEAD, _) => {
                (StatusCode::NOT_FOUND, "text/plain", "see /metrics\n".to_owned())
            }
            _ => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "GET only\n".to_owned()),
        };
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        response
    }
}

#[cfg(test)]
#[cfg(feature = "gateway")]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn times_are_counted_by_powers_of_two() {
        let times = Times::default();
        for ns in [0, 1, 1024, 1025, 2048, 1_000_000, u64::MAX] {
            times.record(ns);
        }
        let spread = times.spread("answer_seconds", "Help.", Some(("to", "a")));
        assert_eq!((spread.counts[0], spread.counts[1], spread.counts[10]), (3, 2, 1));
        assert_eq!(spread.counts[BOUNDS], 1);
        let mut text = String::new();
        encode_all("mev", &[], &[spread, spread], &mut text);
        assert!(
            text.starts_with(
                "# HELP mev_answer_seconds Help.\n# TYPE mev_answer_seconds histogram\n"
            )
        );
        assert!(text.contains("mev_answer_seconds_count{to=\"a\"} 7\n"), "{text}");
        assert!(
            text.contains("mev_answer_seconds_bucket{le=\"0.000001024\",to=\"a\"} 3\n"),
            "{text}"
        );
        assert!(
            text.contains("mev_answer_seconds_bucket{le=\"0.000002048\",to=\"a\"} 5\n"),
            "{text}"
        );
        assert!(text.contains("mev_answer_seconds_bucket{le=\"+Inf\",to=\"a\"} 7\n"), "{text}");
    }

    #[test]
    fn every_scrape_shows_the_values_of_its_moment() {
        let count = Arc::new(AtomicU64::new(1));
        let shared = Arc::clone(&count);
        let render: Render = Arc::new(move |text: &mut String| {
            let value = shared.load(Ordering::Relaxed);
            let sample =
                |name, kind, label, value| Sample { name, help: "Help.", kind, label, value };
            let samples = [
                sample("packets", Kind::Counter, None, value),
                sample("refused", Kind::Counter, Some(("reason", "not_udp")), 2),
                sample("refused", Kind::Counter, Some(("reason", "fragment")), 3),
                sample("queue", Kind::Gauge, None, u64::MAX),
            ];
            encode("mev_capture", &samples, text);
        });
        let address = serve("127.0.0.1:0".parse().unwrap(), render).unwrap();
        for value in [1, 7] {
            count.store(value, Ordering::Relaxed);
            let answer = ask(address, "GET /metrics");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
            assert!(head.contains("application/openmetrics-text"), "{head}");
            let expect = format!(
                "# HELP mev_capture_packets Help.\n\
                 # TYPE mev_capture_packets counter\n\
                 mev_capture_packets_total {value}\n\
                 # HELP mev_capture_refused Help.\n\
                 # TYPE mev_capture_refused counter\n\
                 mev_capture_refused_total{{reason=\"not_udp\"}} 2\n\
                 mev_capture_refused_total{{reason=\"fragment\"}} 3\n\
                 # HELP mev_capture_queue Help.\n\
                 # TYPE mev_capture_queue gauge\n\
                 mev_capture_queue 18446744073709551615\n\
                 # EOF\n"
            );
            assert_eq!(body, expect);
        }
        assert!(ask(address, "GET /other").starts_with("HTTP/1.1 404"));
        assert!(ask(address, "POST /metrics").starts_with("HTTP/1.1 405"));
        let error = serve(address, Arc::new(|_: &mut String| {})).unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Os);
    }
}

#[cfg(test)]
#[cfg(not(feature = "gateway"))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_the_gateway_says_so() {
        let render: Render = Arc::new(|_: &mut String| {});
        let error = serve("127.0.0.1:0".parse().unwrap(), render).unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        assert!(error.advice().unwrap().contains("--features gateway"));
    }
}
