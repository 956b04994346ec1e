//! Who we are to an engine: a challenge that is signed, tokens that last for a while.
//!
//! ```text
//! key --challenge--> signed --> access token, refresh token
//!                                  ^------------/ five minutes before it expires
//! ```
//!
//! Source: jito-foundation/jito-solana b64857b, `core/src/proxy/auth.rs`: what is signed is the text
//! `{public key in base58}-{challenge}`, and that whole text is what goes back as the challenge.

use super::messages::{
    ChallengeRequest, RefreshRequest, SEARCHER, Timestamp, Token, TokensRequest, TokensResponse,
};
use crate::bytes::base58;
use crate::ids::Key;

/// Seconds before a token expires from which on it is not used any more.
const EARLY_S: i64 = 300;

/// What has to be done before a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: the access token is good.
    Go,
    /// Ask for a new access token.
    Refresh,
    /// Ask for a challenge.
    Anew,
}

/// The tokens that an engine gave.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    access: Option<Token>,
    refresh: Option<Token>,
}

impl Tokens {
    /// Those of `response`.
    pub fn new(response: TokensResponse) -> Self {
        Self { access: response.access_token, refresh: response.refresh_token }
    }

    /// The same with another access token.
    pub fn refreshed(&mut self, access: Option<Token>) {
        self.access = access;
    }

    /// What has to be done before a call at `now_s`, in Unix seconds.
    pub fn step(&self, now_s: i64) -> Step {
        let good = |token: &Option<Token>| {
            let expires = token.as_ref().and_then(|token| token.expires_at_utc);
            expires.is_some_and(|Timestamp { seconds, .. }| seconds.saturating_sub(EARLY_S) > now_s)
        };
        match (good(&self.access), good(&self.refresh)) {
            (true, _) => Step::Go,
            (false, true) => Step::Refresh,
            (false, false) => Step::Anew,
        }
    }

    /// The value of the header `authorization`.
    pub fn bearer(&self) -> Option<String> {
        self.access.as_ref().map(|token| format!("Bearer {}", token.value))
    }

    /// The request for a new access token.
    pub fn request(&self) -> RefreshRequest {
        let refresh_token = self.refresh.as_ref().map_or_else(String::new, |t| t.value.clone());
        RefreshRequest { refresh_token }
    }
}

/// The request for a challenge for `key`.
pub fn ask(key: &Key) -> ChallengeRequest {
    ChallengeRequest { role: SEARCHER, pubkey: key.to_vec() }
}

/// The answer of `key`, which signs by `sign`, to `challenge`.
pub fn answer(key: &Key, challenge: &str, sign: impl Fn(&[u8]) -> [u8; 64]) -> TokensRequest {
    let challenge = format!("{}-{challenge}", base58::Key(key));
    let signed_challenge = sign(challenge.as_bytes()).to_vec();
    TokensRequest { challenge, client_pubkey: key.to_vec(), signed_challenge }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Signer, verify};

    fn token(value: &str, seconds: i64) -> Token {
        let expires_at_utc = Some(Timestamp { seconds, nanos: 0 });
        Token { value: value.to_owned(), expires_at_utc }
    }

    #[test]
    fn tokens_are_renewed_before_they_expire() {
        assert_eq!(Tokens::default().step(0), Step::Anew);
        let response = TokensResponse {
            access_token: Some(token("a", 1000)),
            refresh_token: Some(token("r", 2000)),
        };
        let mut tokens = Tokens::new(response);
        let steps =
            [(699, Step::Go), (700, Step::Refresh), (1699, Step::Refresh), (1700, Step::Anew)];
        for (now_s, step) in steps {
            assert_eq!(tokens.step(now_s), step, "{now_s}");
        }
        assert_eq!(
            (tokens.bearer().as_deref(), tokens.request().refresh_token),
            (Some("Bearer a"), "r".to_owned())
        );
        tokens.refreshed(Some(token("b", 5000)));
        assert_eq!((tokens.step(3000), tokens.bearer().as_deref()), (Step::Go, Some("Bearer b")));
        // A token that does not say when it expires is not relied on.
        tokens.refreshed(Some(Token { value: "c".to_owned(), expires_at_utc: None }));
        assert_eq!(tokens.step(0), Step::Refresh);
        assert!(!format!("{tokens:?}").contains("value"), "a token is never shown");
    }

    #[test]
    fn what_is_signed_is_the_key_and_the_challenge() {
        let signer = Signer::from_seed(&[9; 32]);
        let key = signer.public();
        let request = answer(&key, "hello", |text| signer.sign(text));
        assert_eq!(request.challenge, format!("{}-hello", base58::Key(&key)));
        let signature: [u8; 64] = request.signed_challenge.as_slice().try_into().unwrap();
        assert!(verify(&key, request.challenge.as_bytes(), &signature));
        assert_eq!((ask(&key).role, ask(&key).pubkey), (1, key.to_vec()));
    }
}
