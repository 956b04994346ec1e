//! The calls to one engine: its tokens, the bundles, the results.

use super::auth::{self, Step, Tokens};
use super::messages::{
    BundleResult, CHALLENGE, ChallengeResponse, Empty, REFRESH, RefreshResponse, SEND_BUNDLE,
    SUBSCRIBE_RESULTS, SendBundleResponse, TOKENS, TokensResponse,
};
use super::told::{accepted, is_unauthenticated, told, verdict};
use crate::error::Result;
use crate::keys::Signer;
use crate::net::grpc::{Header, Refusal, Remote};
use crate::net::http::{Failure, Reason};
use crate::send::reply::{Reply, Said};
use crate::send::status::News;
use crate::time::now_ns;
use prost::Message;
use prost::bytes::Bytes;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a result is waited for before it is looked whether any is still wanted.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long is waited before results are asked for again, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// An engine's searcher API.
pub(in crate::send) struct Searcher {
    remote: Remote,
    /// Whose tokens are used; `None` calls without.
    signer: Option<Arc<Signer>>,
    tokens: Mutex<Tokens>,
    /// A header of every call besides.
    secret: Option<Header>,
}

impl Searcher {
    /// The engine at `origin`, which waits for `timeout` at most.
    ///
    /// # Errors
    /// Those of [`Remote::new`].
    pub(in crate::send) fn new(
        origin: &str,
        timeout: Duration,
        signer: Option<Arc<Signer>>,
        secret: Option<&str>,
    ) -> Result<Self> {
        let remote = Remote::new(origin, timeout)?;
        let secret = secret.and_then(|value| Header::secret("x-jito-auth", value));
        Ok(Self { remote, signer, tokens: Mutex::default(), secret })
    }

    /// Sends the bundle `id` by its encoded request `body`.
    pub(in crate::send) fn send(&self, body: &[u8], id: &[u8; 32]) -> Reply {
        let body = Bytes::copy_from_slice(body);
        let sent_ns = now_ns();
        let result = self.authorized(|headers| {
            self.remote.call::<SendBundleResponse>(SEND_BUNDLE, &body, headers)
        });
        let said = match result {
            Ok(SendBundleResponse { uuid }) => Said::Verdict(accepted(&uuid, id)),
            Err(Refusal::Status { code, words }) => Said::Verdict(verdict(code, &words)),
            Err(Refusal::Silence(failure)) => Said::Nothing(failure),
        };
        Reply { sent_ns, done_ns: now_ns(), said }
    }

    /// Gives `tell` what the engine tells of bundles, as it comes, until `tell` says false or the sender of
    /// `wanted` is gone.
    pub(in crate::send) fn results(
        &self,
        wanted: &Receiver<()>,
        mut tell: impl FnMut(News) -> bool,
    ) {
        let is_over = || wanted.try_recv() == Err(TryRecvError::Disconnected);
        let (first, most) = AGAIN;
        let mut again = first;
        while !is_over() {
            let listening = self.authorized(|headers| {
                let nothing = Bytes::from(Empty {}.encode_to_vec());
                self.remote.listen::<BundleResult>(SUBSCRIBE_RESULTS, &nothing, headers)
            });
            if let Ok(mut answers) = listening {
                while let Ok(answer) = self.remote.next(&mut answers, PATIENCE) {
                    again = first;
                    if is_over() {
                        return;
                    }
                    if let Some(told) = answer.and_then(told)
                        && !tell(told)
                    {
                        return;
                    }
                }
            }
            let _ = wanted.recv_timeout(again);
            again = again.saturating_mul(2).min(most);
        }
    }

    /// Calls with all headers; once more with new tokens, when the engine does not know the old ones.
    fn authorized<A>(
        &self,
        call: impl Fn(&[Header]) -> std::result::Result<A, Refusal>,
    ) -> std::result::Result<A, Refusal> {
        match call(&self.headers(false)?) {
            Err(refusal) if self.signer.is_some() && is_unauthenticated(&refusal) => {
                call(&self.headers(true)?)
            }
            called => called,
        }
    }

    /// The headers of a call, with tokens that are good; new ones, if `anew`.
    fn headers(&self, anew: bool) -> std::result::Result<Vec<Header>, Refusal> {
        let mut headers: Vec<Header> = self.secret.iter().cloned().collect();
        if let Some(signer) = &self.signer {
            // Whoever waits here would have to ask for the same.
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            if anew {
                *tokens = Tokens::default();
            }
            self.renew(signer, &mut tokens)?;
            let bearer = tokens.bearer().and_then(|text| Header::secret("authorization", &text));
            headers.extend(bearer);
        }
        Ok(headers)
    }

    fn renew(&self, signer: &Signer, tokens: &mut Tokens) -> std::result::Result<(), Refusal> {
        let now_s = i64::try_from(now_ns() / 1_000_000_000).unwrap_or(i64::MAX);
        let encoded = |message: Vec<u8>| Bytes::from(message);
        if tokens.step(now_s) == Step::Refresh {
            let request = encoded(tokens.request().encode_to_vec());
            let refreshed = self.remote.call::<RefreshResponse>(REFRESH, &request, &[]);
            // Whatever it said instead, a challenge may do.
            tokens.refreshed(refreshed.ok().and_then(|response| response.access_token));
        }
        if tokens.step(now_s) == Step::Go {
            return Ok(());
        }
        let key = signer.public();
        let request = encoded(auth::ask(&key).encode_to_vec());
        let asked: ChallengeResponse =
            self.remote.call(CHALLENGE, &request, &[]).map_err(unsent)?;
        let answer = auth::answer(&key, &asked.challenge, |text| signer.sign(text));
        let request = encoded(answer.encode_to_vec());
        let response: TokensResponse = self.remote.call(TOKENS, &request, &[]).map_err(unsent)?;
        *tokens = Tokens::new(response);
        Ok(())
    }
}

/// A refusal before the bundle left, which says that it did not, whatever the reason.
fn unsent(refusal: Refusal) -> Refusal {
    const RESOURCE_EXHAUSTED: i32 = 8;
    const UNAUTHENTICATED: i32 = 16;
    match refusal {
        Refusal::Silence(Failure { words, .. }) => {
            let words = format!("no token: {words}");
            Refusal::Silence(Failure { reason: Reason::Connect, words })
        }
        Refusal::Status { code, words } => {
            let code = if code == RESOURCE_EXHAUSTED { code } else { UNAUTHENTICATED };
            Refusal::Status { code, words: format!("no token: {words}") }
        }
    }
}
