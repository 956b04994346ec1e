//! The gateway's I/O: files, listeners, connections, and the end.

use super::app::App;
use super::args::{Audit, AuditTask, Serve};
use super::audit::run::{Log, verify};
use super::config::Config;
use super::counters::Counters;
use super::token::{Revoked, Verifier};
use super::{dispatch, http, tls};
use crate::cli::{Frame, print};
use crate::error::{Error, Exit, Result};
use crate::keys::{Signer, secret_line};
use crate::net::metrics;
use crate::send::live::{Doors, Live, Setup};
use crate::send::url::Endpoint;
use crate::sys::signal;
use crate::time::Stopwatch;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// How long a signal may wait to be seen.
const TICK: Duration = Duration::from_millis(50);
/// Time between two looks at the list of revoked tokens.
const REVOKED_EVERY: Duration = Duration::from_millis(500);
/// Bytes of a request's head at most.
const HEAD_MAX: usize = 16 << 10;

/// `mev-send audit`.
pub(super) fn audit(frame: &Frame, args: &Audit) -> Result<Exit> {
    let AuditTask::Verify(task) = &args.task;
    verify(frame, task)
}

/// Serves until a signal.
pub(super) fn serve(frame: &Frame, args: &Serve) -> Result<Exit> {
    let name = args.config.display().to_string();
    let text = std::fs::read_to_string(&args.config)
        .map_err(|e| Error::os("cannot read the configuration", &e).input(&name))?;
    let mut config = Config::parse(&text).map_err(|error| error.input(&name))?;
    config.metrics = frame.common.metrics.or(config.metrics);
    config.check(args.live).map_err(|error| error.input(&name))?;
    let secrets = config.send.url_files.iter().map(|path| secret_line(path));
    let secrets: Vec<Zeroizing<String>> = secrets.collect::<Result<_>>()?;
    let secrets: Vec<&str> = secrets.iter().map(|text| text.as_str()).collect();
    let endpoints = config.endpoints(&secrets).map_err(|error| error.input(&name))?;
    // What a dry run reads, too: a file that others could read is found before money is at stake.
    let auth = config.send.auth_file.as_deref().map(secret_line).transpose()?;
    let tls = config.tls.as_ref().map(tls::config).transpose()?;
    let signer = config.audit.as_ref().map(|audit| Signer::from_file(&audit.key)).transpose()?;
    if frame.common.check {
        return print(&config.say(&endpoints, args.live)).map(|()| Exit::Done);
    }
    signal::install(signal::Role::Source)?;
    let listener = listen(&config)?;
    let audit = match (&config.audit, signer) {
        (Some(audit), Some(signer)) => Some(Log::open(&audit.file, signer, audit.rotate_bytes)?),
        _ => None,
    };
    let live =
        if args.live { Some(live(frame, &config, &endpoints, auth.as_ref())?) } else { None };
    let app = Arc::new(app(frame, config, args.live, &endpoints, audit)?);
    if let Some(address) = app.config.metrics {
        let shown = Arc::clone(&app);
        let render = move |text: &mut String| shown.counters.render(text);
        let bound = metrics::serve(address, Arc::new(render))?;
        frame.say(&format!("counters at http://{bound}/metrics"));
    }
    if app.config.tokens.is_none() {
        frame.warn("no [tokens]: whoever reaches the listener may do everything");
    }
    let what = if app.config.tls.is_some() { "https" } else { "http" };
    let bound = listener.local_addr().map_err(|e| Error::os("cannot listen", &e))?;
    frame.say(&format!("serving {what}://{bound}"));
    work(&app, listener, tls, live, frame.common.duration)?;
    Ok(Exit::Done)
}

fn listen(config: &Config) -> Result<std::net::TcpListener> {
    let refused = |e: std::io::Error| Error::os(format!("cannot listen on {}", config.listen), &e);
    let listener = std::net::TcpListener::bind(config.listen).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    Ok(listener)
}

fn live(
    frame: &Frame,
    config: &Config,
    endpoints: &[Endpoint],
    auth: Option<&Zeroizing<String>>,
) -> Result<Live> {
    let journal = config.send.journal.clone().ok_or_else(|| Error::usage("no journal"))?;
    let setup = Setup {
        endpoints: endpoints.to_vec(),
        doors: Doors { timeout: config.send.timeout, auth: auth.cloned(), signer: None },
        leaders: None,
        limits: config.sending(),
        journal,
        sync: config.send.sync,
        stop_file: config.send.stop_file.clone(),
    };
    Live::open(setup, |what| frame.warn(what))
}

fn app(
    frame: &Frame,
    config: Config,
    live: bool,
    endpoints: &[Endpoint],
    audit: Option<Log>,
) -> Result<App> {
    let verifier = match &config.tokens {
        None => None,
        Some(tokens) => {
            let verifier = Verifier::new(
                &tokens.issuer,
                &tokens.audience,
                config.issuers()?,
                tokens.skew.as_secs(),
            );
            if let Some(path) = &tokens.revoked {
                verifier.revoke(Some(read_revoked(path)?));
            }
            Some(verifier)
        }
    };
    let counters = Counters::new(endpoints.iter().map(Endpoint::shown));
    #[cfg(feature = "sim")]
    let simulator = match &config.simulate {
        Some(simulate) => Some(super::simulator::start(simulate, |what| frame.warn(what))?),
        None => None,
    };
    #[cfg(not(feature = "sim"))]
    let simulator = {
        if config.simulate.is_some() {
            frame.warn("this build has no local simulation: /bundle/simulate answers 503");
        }
        None
    };
    Ok(App::new(config, live, counters, verifier, audit, simulator))
}

fn read_revoked(path: &Path) -> Result<Revoked> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::os("cannot read the list of revoked tokens", &e).input(&name))?;
    Revoked::parse(&text).map_err(|line| {
        Error::foreign(format!("line {line} is none of jti NAME, kid NAME, sub NAME")).input(name)
    })
}

/// Serves, sends and follows, until all is over.
fn work(
    app: &Arc<App>,
    listener: std::net::TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    live: Option<Live>,
    duration: Option<Duration>,
) -> Result<()> {
    let refused = |e: std::io::Error| Error::os("cannot serve", &e);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(refused)?;
    let shared = Arc::clone(app);
    let dispatcher = std::thread::Builder::new()
        .name("dispatch".to_owned())
        .spawn(move || dispatch::run(&shared, live))
        .map_err(refused)?;
    let served = runtime.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(refused)?;
        tokio::spawn(watch_revoked(Arc::clone(app)));
        accept(app, listener, tls.map(TlsAcceptor::from), duration).await;
        Ok(())
    });
    // The dispatcher ends by itself once it was told.
    app.drain();
    let dispatched = dispatcher.join().unwrap_or_else(|_| {
        let why = std::io::Error::other("the thread that sends has panicked");
        Err(Error::os("cannot go on", &why))
    });
    // What hangs still has had its time.
    runtime.shutdown_timeout(TICK);
    served.and(dispatched)
}

/// Takes connections until a signal or for `duration`, then lets those that are open finish what was
/// asked.
async fn accept(
    app: &Arc<App>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    duration: Option<Duration>,
) {
    let clock = Stopwatch::start();
    let is_over = || duration.is_some_and(|time| clock.elapsed() >= time);
    let routes = TowerToHyperService::new(http::routes(Arc::clone(app)));
    let slots = Arc::new(Semaphore::new(app.config.limits.connections));
    let graceful = GracefulShutdown::new();
    while !signal::stop_requested() && !is_over() {
        let Ok(accepted) = tokio::time::timeout(TICK, listener.accept()).await else { continue };
        let Ok((stream, _)) = accepted else {
            // Too many open files: those that are open go on.
            tokio::time::sleep(TICK).await;
            continue;
        };
        app.counters.connections.add(1);
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            app.counters.connections_refused.add(1);
            continue;
        };
        let (app, routes) = (Arc::clone(app), routes.clone());
        let (tls, watcher) = (tls.clone(), graceful.watcher());
        tokio::spawn(async move { connection(&app, stream, tls, routes, watcher, slot).await });
    }
    // No new connection is taken, and each that is open ends with the answer to what it was asked.
    drop(listener);
    let _ = tokio::time::timeout(app.config.limits.drain, graceful.shutdown()).await;
}

type Routes = TowerToHyperService<axum::Router>;

async fn connection(
    app: &App,
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    routes: Routes,
    watcher: hyper_util::server::graceful::Watcher,
    slot: OwnedSemaphorePermit,
) {
    app.counters.connections_open.add(1);
    let _ = stream.set_nodelay(true);
    match tls {
        None => talk(app, stream, routes, watcher).await,
        Some(tls) => {
            let shaken = tokio::time::timeout(app.config.limits.patience, tls.accept(stream)).await;
            match shaken {
                Ok(Ok(stream)) => talk(app, stream, routes, watcher).await,
                _ => app.counters.tls_failed.add(1),
            }
        }
    }
    app.counters.connections_open.less(1);
    drop(slot);
}

/// Answers what a connection asks, one after the other.
async fn talk(
    app: &App,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    routes: Routes,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.config.limits.patience)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), routes);
    // A peer that breaks off is its own loss.
    let _ = watcher.watch(connection).await;
}

/// Reads the list of revoked tokens again whenever it changed; while it cannot be read, no token is
/// believed.
async fn watch_revoked(app: Arc<App>) {
    let Some(path) = app.config.tokens.as_ref().and_then(|tokens| tokens.revoked.clone()) else {
        return;
    };
    let changed = |path: &Path| -> Option<(SystemTime, u64)> {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    let mut seen = None;
    loop {
        let now = changed(&path);
        if now.is_none() || now != seen {
            seen = now;
            app.revoke(read_revoked(&path).ok());
        }
        tokio::time::sleep(REVOKED_EVERY).await;
    }
}
