//! Who a caller is: a JSON Web Token, signed by one of the keys of the configuration.
//!
//! ```text
//! base64url(header) . base64url(claims) . base64url(signature)        RFC 7515, 7519, 8037
//! header {"alg":"EdDSA","kid":..}    claims {"iss","aud","sub","nbf","exp","roles",("jti")}
//! ```
//!
//! Invariants:
//! - The algorithm is EdDSA over Ed25519, whatever the token says: one that names another is refused
//!   before its signature is looked at, and a public key is never used for anything else.
//! - Nothing of the claims is believed before the signature verifies.
//! - A token lives 24 hours at most; expiry and revocation are looked at with every request.
//!
//! A verified token is remembered by its hash, so that a caller costs one verification and not one a
//! request; so is one that failed, so that the same forged token costs one, too. A flood of different
//! forged tokens of a known `kid` costs one verification each.

use super::code::Code;
use crate::ids::Key;
use crate::keys::verify;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Bytes of a token at most.
const LEN_MAX: usize = 4096;
/// Bytes of a name in it at most.
const NAME_MAX: usize = 128;
/// Seconds that a token may be valid for.
const LIFETIME_MAX_S: u64 = 24 * 3600;
/// Tokens that are remembered: twice as many at most.
const REMEMBERED: usize = 4096;

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Submit,
    Simulate,
    Read,
}

impl Role {
    /// Every role.
    pub(super) const ALL: [Self; 3] = [Self::Submit, Self::Simulate, Self::Read];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Simulate => "simulate",
            Self::Read => "read",
        }
    }
}

/// A key that signs tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issuer {
    pub(super) kid: String,
    pub(super) public: Key,
}

/// Whom a verified token names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) subject: String,
    pub(super) kid: String,
    pub(super) jti: Option<String>,
    roles: Vec<String>,
    from_s: u64,
    until_s: u64,
}

impl Caller {
    /// Somebody on this machine, where no tokens are asked for: every role.
    pub(super) fn local() -> Self {
        let roles = Role::ALL.map(|role| role.name().to_owned()).to_vec();
        Self { subject: "local".to_owned(), roles, until_s: u64::MAX, ..Self::default() }
    }

    /// Whether it may do what `role` may.
    pub(super) fn has(&self, role: Role) -> bool {
        self.roles.iter().any(|name| name == role.name())
    }
}

/// Tokens, keys and subjects that are believed no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Revoked {
    jti: HashSet<String>,
    kid: HashSet<String>,
    sub: HashSet<String>,
}

impl Revoked {
    /// Reads lines `jti NAME`, `kid NAME` and `sub NAME`; empty ones and those behind `#` do not
    /// count. The number of the first line that is none of these, from 1, if there is one.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let mut revoked = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let names = match line.split_once(' ') {
                Some(("jti", name)) => Some((&mut revoked.jti, name)),
                Some(("kid", name)) => Some((&mut revoked.kid, name)),
                Some(("sub", name)) => Some((&mut revoked.sub, name)),
                _ => None,
            };
            let (names, name) = names.ok_or(at.saturating_add(1))?;
            names.insert(name.trim().to_owned());
        }
        Ok(revoked)
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.jti.len().saturating_add(self.kid.len()).saturating_add(self.sub.len())
    }

    fn holds(&self, caller: &Caller) -> bool {
        self.kid.contains(&caller.kid)
            || self.sub.contains(&caller.subject)
            || caller.jti.as_ref().is_some_and(|jti| self.jti.contains(jti))
    }
}

/// What came of a token that was seen before.
type Seen = Result<Arc<Caller>, Code>;

/// Verifies tokens.
#[derive(Debug)]
pub(super) struct Verifier {
    issuer: String,
    audience: String,
    keys: Vec<Issuer>,
    /// Seconds that clocks may differ by.
    skew_s: u64,
    /// `None` while the list cannot be read.
    revoked: RwLock<Option<Revoked>>,
    /// The newer ones and the older ones. Nobody verifies under the lock.
    seen: Mutex<[HashMap<[u8; 32], Seen>; 2]>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that have to be understood (RFC 7515 section 4.1.11): none is.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    nbf: u64,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Verifier {
    /// Believes tokens of `issuer` for `audience`, signed by one of `keys`, on clocks that differ by
    /// `skew_s` seconds at most.
    pub(super) fn new(issuer: &str, audience: &str, keys: Vec<Issuer>, skew_s: u64) -> Self {
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        let (revoked, seen) = (RwLock::new(Some(Revoked::default())), Mutex::default());
        Self { issuer, audience, keys, skew_s, revoked, seen }
    }

    /// From now on believes nothing of `revoked`; nothing at all without a list.
    pub(super) fn revoke(&self, revoked: Option<Revoked>) {
        *self.revoked.write().unwrap_or_else(PoisonError::into_inner) = revoked;
    }

    /// Whom `token` names at `now_s`, seconds of the Unix epoch.
    pub(super) fn verify(&self, token: &str, now_s: u64) -> Result<Arc<Caller>, Code> {
        let caller = self.believed(token)?;
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        if revoked.as_ref().ok_or(Code::Revocations)?.holds(&caller) {
            return Err(Code::TokenRevoked);
        }
        drop(revoked);
        if now_s >= caller.until_s.saturating_add(self.skew_s) {
            return Err(Code::TokenExpired);
        }
        if now_s.saturating_add(self.skew_s) < caller.from_s {
            return Err(Code::TokenEarly);
        }
        Ok(caller)
    }

    /// What does not depend on the time, from memory if it was asked for before.
    fn believed(&self, token: &str) -> Seen {
        if token.len() > LEN_MAX {
            return Err(Code::TokenMalformed);
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        let memory = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = memory().iter().find_map(|seen| seen.get(&hash)) {
            return seen.clone();
        }
        let fresh = self.read(token).map(Arc::new);
        let mut seen = memory();
        let [newer, older] = &mut *seen;
        if newer.len() >= REMEMBERED {
            *older = std::mem::take(newer);
        }
        newer.insert(hash, fresh.clone());
        fresh
    }

    fn read(&self, token: &str) -> Result<Caller, Code> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Code::TokenMalformed);
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Code::TokenMalformed);
        let named: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Code::TokenMalformed)?;
        if named.alg != "EdDSA" {
            return Err(Code::TokenAlgorithm);
        }
        if named.crit.is_some() {
            return Err(Code::TokenMalformed);
        }
        let kid = named.kid.ok_or(Code::TokenKey)?;
        let key = self.keys.iter().find(|key| key.kid == kid).ok_or(Code::TokenKey)?;
        let by: [u8; 64] = decode(signature)?.try_into().map_err(|_| Code::TokenSignature)?;
        let signed_len = header.len().saturating_add(claims.len()).saturating_add(1);
        let signed = token.as_bytes().get(..signed_len).ok_or(Code::TokenMalformed)?;
        if !verify(&key.public, signed, &by) {
            return Err(Code::TokenSignature);
        }
        let claims: Claims =
            serde_json::from_slice(&decode(claims)?).map_err(|_| Code::TokenMalformed)?;
        self.judge(kid, claims)
    }

    fn judge(&self, kid: String, claims: Claims) -> Result<Caller, Code> {
        if claims.iss != self.issuer {
            return Err(Code::TokenIssuer);
        }
        let for_us = match &claims.aud {
            Audience::One(one) => *one == self.audience,
            Audience::Several(several) => several.contains(&self.audience),
        };
        if !for_us {
            return Err(Code::TokenAudience);
        }
        let lives_s = claims.exp.checked_sub(claims.nbf).filter(|lives_s| *lives_s > 0);
        if lives_s.is_none_or(|lives_s| lives_s > LIFETIME_MAX_S) {
            return Err(Code::TokenLifetime);
        }
        let named = |name: &str| !name.is_empty() && name.len() <= NAME_MAX;
        if !named(&claims.sub) || !claims.jti.as_deref().is_none_or(named) {
            return Err(Code::TokenMalformed);
        }
        let (subject, jti, roles) = (claims.sub, claims.jti, claims.roles);
        Ok(Caller { subject, kid, jti, roles, from_s: claims.nbf, until_s: claims.exp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Signer;
    use serde_json::{Value, json};

    const NOW_S: u64 = 1_700_000_000;

    fn signer() -> Signer {
        Signer::from_seed(&[5; 32])
    }

    fn verifier() -> Verifier {
        let key = Issuer { kid: "k1".to_owned(), public: signer().public() };
        Verifier::new("https://issuer", "mev-send", vec![key], 30)
    }

    fn claims() -> Value {
        json!({"iss": "https://issuer", "aud": "mev-send", "sub": "alice", "nbf": NOW_S - 60,
            "exp": NOW_S + 3600, "jti": "t1", "roles": ["submit", "read"]})
    }

    fn token_of(header: &Value, claims: &Value, by: &Signer) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(by.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn token(claims: &Value) -> String {
        token_of(&json!({"alg": "EdDSA", "kid": "k1", "typ": "JWT"}), claims, &signer())
    }

    /// The claims with `name` set to `value`, or left out.
    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        claims
    }

    #[test]
    fn a_good_token_names_its_caller() {
        let verifier = verifier();
        for _ in 0..2 {
            let caller = verifier.verify(&token(&claims()), NOW_S).unwrap();
            assert_eq!((caller.subject.as_str(), caller.kid.as_str()), ("alice", "k1"));
            assert!(caller.has(Role::Submit) && caller.has(Role::Read));
            assert!(!caller.has(Role::Simulate));
        }
        assert_eq!(verifier.seen.lock().unwrap()[0].len(), 1);
        let several = with("aud", json!(["other", "mev-send"]));
        assert!(verifier.verify(&token(&several), NOW_S).is_ok());
        let none = verifier.verify(&token(&with("roles", Value::Null)), NOW_S).unwrap();
        assert!(!none.has(Role::Submit));
        assert!(Caller::local().has(Role::Simulate));
    }

    #[test]
    fn claims_that_are_wrong_or_missing_are_refused_by_name() {
        let verifier = verifier();
        for (name, value, should) in [
            ("iss", json!("https://other"), Code::TokenIssuer),
            ("iss", Value::Null, Code::TokenMalformed),
            ("aud", json!("other"), Code::TokenAudience),
            ("aud", json!(["other"]), Code::TokenAudience),
            ("aud", Value::Null, Code::TokenMalformed),
            ("sub", Value::Null, Code::TokenMalformed),
            ("sub", json!(""), Code::TokenMalformed),
            ("sub", json!("x".repeat(129)), Code::TokenMalformed),
            ("nbf", Value::Null, Code::TokenMalformed),
            ("exp", Value::Null, Code::TokenMalformed),
            ("exp", json!("1"), Code::TokenMalformed),
            ("exp", json!(1.5), Code::TokenMalformed),
            ("exp", json!(-1), Code::TokenMalformed),
            ("exp", json!(NOW_S - 60), Code::TokenLifetime),
            ("exp", json!(NOW_S - 60 + LIFETIME_MAX_S + 1), Code::TokenLifetime),
            ("exp", json!(u64::MAX), Code::TokenLifetime),
            ("exp", json!(NOW_S - 30), Code::TokenExpired),
            ("nbf", json!(NOW_S + 31), Code::TokenEarly),
        ] {
            let claims = with(name, value.clone());
            assert_eq!(verifier.verify(&token(&claims), NOW_S), Err(should), "{name} {value}");
        }
        // Within the skew both are believed.
        assert!(verifier.verify(&token(&with("exp", json!(NOW_S - 29))), NOW_S).is_ok());
        assert!(verifier.verify(&token(&with("nbf", json!(NOW_S + 30))), NOW_S).is_ok());
        // A claim twice is none.
        let twice = claims().to_string().replacen('{', "{\"sub\":\"bob\",", 1);
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", part(r#"{"alg":"EdDSA","kid":"k1"}"#), part(&twice));
        let by = URL_SAFE_NO_PAD.encode(signer().sign(signed.as_bytes()));
        assert_eq!(verifier.verify(&format!("{signed}.{by}"), NOW_S), Err(Code::TokenMalformed));
    }

    #[test]
    fn no_other_algorithm_is_taken_whatever_it_is_signed_with() {
        let verifier = verifier();
        for alg in ["none", "None", "", "HS256", "RS256", "ES256", "eddsa", "EdDSA "] {
            let header = json!({"alg": alg, "kid": "k1"});
            let forged = token_of(&header, &claims(), &signer());
            assert_eq!(verifier.verify(&forged, NOW_S), Err(Code::TokenAlgorithm), "{alg}");
            let (signed, _) = forged.rsplit_once('.').unwrap();
            assert_eq!(verifier.verify(&format!("{signed}."), NOW_S), Err(Code::TokenAlgorithm));
        }
        // The public key as a secret of HMAC is not even tried.
        let header = json!({"alg": "HS256", "kid": "k1"});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims()));
        let mac: [u8; 32] =
            Sha256::new().chain_update(signer().public()).chain_update(&signed).finalize().into();
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(verifier.verify(&forged, NOW_S), Err(Code::TokenAlgorithm));
        let critical = json!({"alg": "EdDSA", "kid": "k1", "crit": ["exp"]});
        let forged = token_of(&critical, &claims(), &signer());
        assert_eq!(verifier.verify(&forged, NOW_S), Err(Code::TokenMalformed));
    }

    #[test]
    fn a_token_is_its_signature_s_or_nobody_s() {
        let verifier = verifier();
        let good = token(&claims());
        let other = Signer::from_seed(&[6; 32]);
        let forged = token_of(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(), &other);
        assert_eq!(verifier.verify(&forged, NOW_S), Err(Code::TokenSignature));
        for header in [json!({"alg": "EdDSA", "kid": "k2"}), json!({"alg": "EdDSA"})] {
            let unknown = token_of(&header, &claims(), &signer());
            assert_eq!(verifier.verify(&unknown, NOW_S), Err(Code::TokenKey));
        }
        for at in 0..good.len() {
            let mut changed = good.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verifier.verify(&changed, NOW_S).is_err(), "byte {at}");
        }
        for bad in ["", ".", "..", "...", "a.b.c", &good[..good.len() - 4], &format!("{good}.x")] {
            assert!(verifier.verify(bad, NOW_S).is_err(), "{bad}");
        }
        assert_eq!(verifier.verify(&"x".repeat(5000), NOW_S), Err(Code::TokenMalformed));
        assert!(verifier.verify(&good, NOW_S).is_ok());
    }

    #[test]
    fn revoked_is_revoked_at_once_and_without_a_list_nobody_is_believed() {
        let verifier = verifier();
        let good = token(&claims());
        assert!(verifier.verify(&good, NOW_S).is_ok());
        for list in ["jti t1", "# why\n\nkid k1\n", "sub alice", "sub bob\njti t1"] {
            verifier.revoke(Some(Revoked::parse(list).unwrap()));
            assert_eq!(verifier.verify(&good, NOW_S), Err(Code::TokenRevoked), "{list}");
        }
        verifier.revoke(Some(Revoked::parse("jti t2\nkid k2\nsub bob").unwrap()));
        assert!(verifier.verify(&good, NOW_S).is_ok());
        verifier.revoke(None);
        assert_eq!(verifier.verify(&good, NOW_S), Err(Code::Revocations));
        assert_eq!(Revoked::parse("jti a\nnothing"), Err(2));
        assert_eq!(Revoked::parse("jti a\nkid b").unwrap().len(), 2);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let verifier = verifier();
        for number in 0..3 * REMEMBERED {
            let _ = verifier.verify(&number.to_string(), NOW_S);
        }
        let remembered: usize = verifier.seen.lock().unwrap().iter().map(HashMap::len).sum();
        assert!(remembered <= 2 * REMEMBERED, "{remembered}");
    }
}
