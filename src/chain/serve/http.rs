//! The routes: from a request to its answer.

use super::app::{App, Trial, Waiting, told};
use super::audit::Event;
use super::code::{Code, Refusal};
use super::openapi;
use super::order::{Form, Parsed};
use super::queue::Priority;
use super::token::{Caller, Role};
use crate::bytes::hex::{self, Hex};
use crate::time::{Stopwatch, now_ns};
use crate::wire::bundle_id;
use crate::wire::txn::Transaction;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Submit,
    Simulate,
    Bundle,
    Health,
    OpenApi,
    Other,
}

impl Route {
    /// Every route, in order of its number.
    pub(super) const ALL: [Self; 6] =
        [Self::Submit, Self::Simulate, Self::Bundle, Self::Health, Self::OpenApi, Self::Other];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Simulate => "simulate",
            Self::Bundle => "bundle",
            Self::Health => "health",
            Self::OpenApi => "openapi",
            Self::Other => "other",
        }
    }
}

/// The OpenAPI document as text, made once.
static DOCUMENT: OnceLock<String> = OnceLock::new();

type Shared = State<Arc<App>>;

/// A refusal, and who was refused if that is known.
struct Refused(Refusal, Option<Arc<Caller>>);

impl Refused {
    fn by(caller: &Arc<Caller>) -> impl Fn(Refusal) -> Self + use<> {
        let caller = Arc::clone(caller);
        move |refusal| Self(refusal, Some(Arc::clone(&caller)))
    }
}

/// All routes of `app`.
pub(super) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/bundle/submit", post(submit))
        .route("/bundle/simulate", post(simulate))
        .route("/bundle/{id}", get(bundle))
        .route("/health", get(health))
        .route("/openapi.json", get(document))
        .fallback(nowhere)
        .method_not_allowed_fallback(other_method)
        .with_state(app)
}

async fn submit(State(app): Shared, request: Request) -> Response<Body> {
    let clock = Stopwatch::start();
    let answer = match submitted(&app, request).await {
        Ok(reply) => json_answer(StatusCode::ACCEPTED, &reply),
        Err(refused) => refuse(&app, &refused),
    };
    app.counters.answered(Route::Submit, clock.elapsed_ns());
    answer
}

async fn submitted(app: &App, request: Request) -> Result<Value, Refused> {
    let (caller, form, asked, body) = taken_in(app, request, Role::Submit).await?;
    let refused = Refused::by(&caller);
    let parsed = Parsed::read(form, &body, now_ns()).map_err(&refused)?;
    let priority = parsed.priority.or(asked).unwrap_or_default();
    // A few signatures: as long as a short answer takes to write. It stays on this thread.
    let order = parsed.order(priority).map_err(&refused)?;
    let id = order.id;
    let (reply, answer) = oneshot::channel();
    let waiting = Waiting { order, caller: Arc::clone(&caller), reply };
    app.push(waiting).map_err(|code| refused(code.into()))?;
    let waited = tokio::time::timeout(app.config.limits.wait, answer).await;
    match waited {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(refusal))) => return Err(refused(refusal)),
        Ok(Err(_)) => return Err(refused(app.failure().unwrap_or(Code::Draining).into())),
        Err(_) => {
            let id = Hex(&id).to_string();
            return Err(refused(Refusal::with(Code::QueueTimeout, id)));
        }
    }
    let id = Hex(&id).to_string();
    Ok(if app.live {
        json!({"bundle_id": id, "status": "queued"})
    } else {
        json!({"bundle_id": id, "status": "checked", "dry_run": true})
    })
}

async fn simulate(State(app): Shared, request: Request) -> Response<Body> {
    let clock = Stopwatch::start();
    let answer = match simulated(&app, request).await {
        Ok(reply) => json_answer(StatusCode::OK, &reply),
        Err(refused) => refuse(&app, &refused),
    };
    app.counters.answered(Route::Simulate, clock.elapsed_ns());
    answer
}

async fn simulated(app: &App, request: Request) -> Result<Value, Refused> {
    let (caller, form, _, body) = taken_in(app, request, Role::Simulate).await?;
    let refused = Refused::by(&caller);
    let Some(simulator) = &app.simulator else { return Err(refused(Code::NoSimulation.into())) };
    let parsed = Parsed::read(form, &body, now_ns()).map_err(&refused)?;
    if parsed.bundle.txs == 0 {
        return Err(refused(Refusal::with(Code::Malformed, "no transactions")));
    }
    let wires = parsed.transactions();
    let checked: Vec<_> = wires.iter().filter_map(|wire| Transaction::check(wire).ok()).collect();
    let id = Hex(&bundle_id(checked.iter().map(Transaction::signature))).to_string();
    let (reply, answer) = oneshot::channel();
    let trial = Trial { parsed, reply };
    simulator.try_send(trial).map_err(|_| refused(Code::QueueFull.into()))?;
    let waited = tokio::time::timeout(app.config.limits.wait, answer).await;
    let Ok(Ok((verdict, mut said))) = waited else {
        return Err(refused(Code::QueueTimeout.into()));
    };
    let event = Event {
        what: "simulated",
        bundle: Some(id.clone()),
        outcome: Some(verdict.name()),
        ..told(&caller)
    };
    app.audit(&event).map_err(|code| refused(code.into()))?;
    app.counters.simulated(verdict);
    said["bundle_id"] = id.into();
    Ok(said)
}

async fn bundle(State(app): Shared, Path(id): Path<String>, request: Request) -> Response<Body> {
    let clock = Stopwatch::start();
    let admitted = app.admit(bearer(&request).as_deref(), Role::Read);
    let answer = match admitted {
        Err((code, caller)) => refuse(&app, &Refused(code.into(), caller)),
        Ok(caller) => {
            let bytes = hex::decode(&id).and_then(|bytes| bytes.try_into().ok());
            match bytes.and_then(|bytes| app.word(&bytes)) {
                Some(word) => {
                    let status = word.outcome.unwrap_or("pending");
                    json_answer(
                        StatusCode::OK,
                        &json!({"bundle_id": id, "status": status, "slot": word.slot}),
                    )
                }
                None => refuse(&app, &Refused(Code::UnknownBundle.into(), Some(caller))),
            }
        }
    };
    app.counters.answered(Route::Bundle, clock.elapsed_ns());
    answer
}

async fn health(State(app): Shared) -> Response<Body> {
    let clock = Stopwatch::start();
    let status = match app.failure() {
        Some(code) => code.name(),
        None if app.is_draining() => "draining",
        None => "ok",
    };
    let code = if status == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let text = json!({"status": status, "live": app.live, "queue": app.waiting()});
    let answer = json_answer(code, &text);
    app.counters.answered(Route::Health, clock.elapsed_ns());
    answer
}

async fn document(State(app): Shared) -> Response<Body> {
    let clock = Stopwatch::start();
    let answer = text_answer(
        StatusCode::OK,
        DOCUMENT.get_or_init(|| openapi::document().to_string()).clone(),
    );
    app.counters.answered(Route::OpenApi, clock.elapsed_ns());
    answer
}

async fn nowhere(State(app): Shared) -> Response<Body> {
    let answer = refuse(&app, &Refused(Code::NoRoute.into(), None));
    app.counters.answered(Route::Other, 0);
    answer
}

async fn other_method(State(app): Shared) -> Response<Body> {
    let answer = refuse(&app, &Refused(Code::Method.into(), None));
    app.counters.answered(Route::Other, 0);
    answer
}

/// The token of the request, if it bears one.
fn bearer(request: &Request) -> Option<String> {
    let text = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    // RFC 9110 section 11.1: the scheme's case does not matter.
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Who asks, how the body is written, which class the query names, and the body: in the order in which
/// each costs more than the one before.
async fn taken_in(
    app: &App,
    request: Request,
    role: Role,
) -> Result<(Arc<Caller>, Form, Option<Priority>, Bytes), Refused> {
    let caller = app
        .admit(bearer(&request).as_deref(), role)
        .map_err(|(code, caller)| Refused(code.into(), caller))?;
    let refused = Refused::by(&caller);
    let (head, body) = request.into_parts();
    let kind = head.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
    let form = Form::of(kind).map_err(|code| refused(code.into()))?;
    let named = head.uri.query().map(|query| query.strip_prefix("priority=").map(Priority::named));
    let priority = match named {
        None => None,
        Some(Some(Some(priority))) => Some(priority),
        Some(_) => return Err(refused(Refusal::with(Code::Malformed, "unknown query"))),
    };
    let limits = &app.config.limits;
    let read = Limited::new(body, limits.body_bytes).collect();
    let body = match tokio::time::timeout(limits.patience, read).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(refused(Code::BodyTooLarge.into()));
        }
        Ok(Err(_)) => return Err(refused(Refusal::with(Code::Malformed, "the body broke off"))),
        Err(_) => return Err(refused(Code::BodyTimeout.into())),
    };
    Ok((caller, form, priority, body))
}

fn refuse(app: &App, Refused(refusal, caller): &Refused) -> Response<Body> {
    app.refused(refusal, caller.as_deref());
    let status = StatusCode::from_u16(refusal.why.status());
    let mut answer = text_answer(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE), refusal.json());
    let headers = answer.headers_mut();
    match refusal.why.status() {
        401 => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        429 | 503 => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1")),
        // What is left of the body is not read.
        408 | 413 => headers.insert(header::CONNECTION, HeaderValue::from_static("close")),
        _ => None,
    };
    answer
}

fn json_answer(status: StatusCode, json: &Value) -> Response<Body> {
    text_answer(status, json.to_string())
}

fn text_answer(status: StatusCode, text: String) -> Response<Body> {
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
