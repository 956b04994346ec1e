//! What the gateway is told by its file, and everything about it that can be checked without touching
//! anything.
//!
//! This is the one configuration file of the toolkit: keys of issuers, limits and certificates are too
//! much for a command line and too important for one that is typed anew each time. No secret stands in
//! it, only names of files that hold some.

use super::token::Issuer;
use crate::bytes::base58;
use crate::cli::parse_duration;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::record::fixed_text;
use crate::send::URLS_MAX;
use crate::send::office::Limits as Sending;
use crate::send::region;
use crate::send::url::Endpoint;
use serde::{Deserialize, Deserializer, de};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Seconds that clocks may differ by, at most.
const SKEW_MAX: Duration = Duration::from_mins(5);
/// Bytes of a body at most, whatever the file says: five transactions of the longest kind in JSON fit.
const BODY_MAX: usize = 1 << 20;

/// The file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Where callers are served.
    pub(super) listen: SocketAddr,
    /// Where counters are served: an address of this machine alone.
    #[serde(default)]
    pub(super) metrics: Option<SocketAddr>,
    #[serde(default)]
    pub(super) tls: Option<Tls>,
    #[serde(default)]
    pub(super) tokens: Option<Tokens>,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) audit: Option<Audit>,
    #[serde(default)]
    pub(super) send: Send,
    #[serde(default)]
    pub(super) simulate: Option<Simulate>,
}

/// Who the gateway is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    /// Certificates in PEM, the gateway's own first.
    pub(super) certificate: PathBuf,
    /// The key of the first one in PEM; its owner's alone to read.
    pub(super) key: PathBuf,
}

/// Whose tokens are believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tokens {
    pub(super) issuer: String,
    pub(super) audience: String,
    #[serde(deserialize_with = "time", default = "thirty_seconds")]
    pub(super) skew: Duration,
    /// Lines `jti NAME`, `kid NAME`, `sub NAME`; read again whenever it changes.
    #[serde(default)]
    pub(super) revoked: Option<PathBuf>,
    pub(super) keys: Vec<TokenKey>,
}

/// A key of an issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenKey {
    pub(super) kid: String,
    /// Ed25519, in base58.
    public: String,
}

/// What bounds callers and the gateway itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) requests_per_second: u32,
    pub(super) burst: u32,
    pub(super) body_bytes: usize,
    pub(super) queue: usize,
    pub(super) open: usize,
    pub(super) connections: usize,
    /// How long a caller may take for its head, and for its body.
    #[serde(deserialize_with = "time")]
    pub(super) patience: Duration,
    /// How long a bundle may wait for its turn.
    #[serde(deserialize_with = "time")]
    pub(super) wait: Duration,
    /// How long the end may take.
    #[serde(deserialize_with = "time")]
    pub(super) drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: 100,
            burst: 200,
            body_bytes: 64 << 10,
            queue: 1024,
            open: 4096,
            connections: 1024,
            patience: Duration::from_secs(10),
            wait: Duration::from_secs(2),
            drain: Duration::from_secs(10),
        }
    }
}

/// What is written down for others to check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    pub(super) file: PathBuf,
    /// A key pair of its own that signs heads of the chain: no payer's.
    pub(super) key: PathBuf,
    #[serde(default = "rotation")]
    pub(super) rotate_bytes: u64,
}

/// Where to send to, and what that may cost. The same as the options of that name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Send {
    pub(super) regions: Vec<String>,
    /// Without a query: a URL that holds a secret stands in a file.
    pub(super) urls: Vec<String>,
    /// Files with a URL each, their owner's alone to read.
    pub(super) url_files: Vec<PathBuf>,
    pub(super) auth_file: Option<PathBuf>,
    pub(super) journal: Option<PathBuf>,
    pub(super) sync: bool,
    pub(super) max_spend_lamports_per_hour: Option<u64>,
    pub(super) stop_file: Option<PathBuf>,
    pub(super) rate: u32,
    #[serde(deserialize_with = "time")]
    pub(super) expiry: Duration,
    #[serde(deserialize_with = "time")]
    pub(super) timeout: Duration,
}

impl Default for Send {
    fn default() -> Self {
        let (regions, urls, url_files) = (Vec::new(), Vec::new(), Vec::new());
        let (auth_file, journal, stop_file) = (None, None, None);
        let (expiry, timeout) = (Duration::from_mins(1), Duration::from_secs(5));
        let (sync, max_spend_lamports_per_hour, rate) = (false, None, 1);
        Self {
            regions,
            urls,
            url_files,
            auth_file,
            journal,
            sync,
            max_spend_lamports_per_hour,
            stop_file,
            rate,
            expiry,
            timeout,
        }
    }
}

/// What bundles are simulated on, as mev-bundle simulate does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Simulate {
    pub(super) accounts: Vec<PathBuf>,
    pub(super) programs: Vec<Program>,
}

/// A program of the VM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) id: String,
    pub(super) file: PathBuf,
}

fn thirty_seconds() -> Duration {
    Duration::from_secs(30)
}

fn rotation() -> u64 {
    256 << 20
}

fn time<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    parse_duration(&text).map_err(de::Error::custom)
}

impl Config {
    /// Reads the file's `text`.
    ///
    /// # Errors
    /// Status 2 on what cannot be followed, naming the place.
    pub(super) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|error| Error::usage(error.to_string().trim_end().to_owned()))
    }

    /// Checks what can be checked without touching anything.
    ///
    /// # Errors
    /// Status 2 on what would be unsafe or cannot be done.
    pub(super) fn check(&self, live: bool) -> Result<()> {
        let wrong = |what: &str, hint: &str| Err(Error::usage(what.to_owned()).hint(hint));
        if !self.listen.ip().is_loopback() && (self.tls.is_none() || self.tokens.is_none()) {
            let what =
                format!("listen: {} is beyond this machine, without TLS and keys", self.listen);
            let hint = "add [tls] and [tokens], or listen on 127.0.0.1 behind what has them";
            return Err(Error::usage(what).hint(hint));
        }
        if self.metrics.is_some_and(|address| !address.ip().is_loopback()) {
            let hint =
                "counters have no keys: serve them on 127.0.0.1 and let a proxy take them further";
            return wrong("metrics: not an address of this machine alone", hint);
        }
        let limits = &self.limits;
        let counts = [limits.queue, limits.open, limits.connections, limits.body_bytes];
        let rates = [limits.requests_per_second, limits.burst, self.send.rate];
        if counts.contains(&0) || rates.contains(&0) {
            return wrong("limits, send: a count is zero", "give each a number from 1");
        }
        let times = [limits.patience, limits.wait, limits.drain, self.send.timeout];
        if times.iter().any(|time| time.is_zero() || *time > Duration::from_mins(10)) {
            return wrong(
                "limits, send: a time is not between 1ms and 10m",
                "give it as 500ms or 5s",
            );
        }
        if limits.body_bytes > BODY_MAX {
            return wrong("limits: body_bytes is above 1048576", "five transactions take 32 KiB");
        }
        if self.send.expiry.is_zero() || self.send.expiry > Duration::from_mins(1) {
            return wrong("send: expiry is not between 1ms and 60s", "leave it out for 60s");
        }
        if self.audit.as_ref().is_some_and(|audit| audit.rotate_bytes < 4096) {
            return wrong("audit: rotate_bytes is below 4096", "leave it out for 256 MiB");
        }
        self.issuers()?;
        self.endpoints(&[""; 0])?;
        if live { self.check_live() } else { Ok(()) }
    }

    fn check_live(&self) -> Result<()> {
        let missing = |what: &str, hint: &str| {
            Err(Error::usage(format!("--live needs {what} in [send]")).hint(hint))
        };
        let send = &self.send;
        if send.urls.is_empty() && send.url_files.is_empty() && send.regions.is_empty() {
            return missing("regions, urls or url_files", "add regions = [\"ny\", \"fra\"]");
        }
        if send.journal.is_none() {
            return missing("a journal", "add journal = \"FILE\": it is made if there is none");
        }
        if send.max_spend_lamports_per_hour.is_none() {
            let hint = "add what an hour's tips and fees may come to, in lamports";
            return missing("max_spend_lamports_per_hour", hint);
        }
        if self.audit.is_none() {
            let hint = "add [audit] with file and key: what costs money is written down";
            return Err(Error::usage("--live needs [audit]").hint(hint));
        }
        Ok(())
    }

    /// The keys that sign tokens.
    ///
    /// # Errors
    /// Status 2 on a key that is none, or a kid that is there twice.
    pub(super) fn issuers(&self) -> Result<Vec<Issuer>> {
        let Some(tokens) = &self.tokens else { return Ok(Vec::new()) };
        if tokens.skew > SKEW_MAX {
            return Err(Error::usage("tokens: skew is above 5m").hint("set the clocks instead"));
        }
        let mut issuers: Vec<Issuer> = Vec::new();
        for TokenKey { kid, public } in &tokens.keys {
            let public = key(public, &format!("tokens: the public key of kid {kid}"))?;
            if issuers.iter().any(|issuer| issuer.kid == *kid) {
                return Err(Error::usage(format!("tokens: kid {kid} is there twice")));
            }
            issuers.push(Issuer { kid: kid.clone(), public });
        }
        if issuers.is_empty() {
            return Err(Error::usage("tokens: there is no key").hint("add [[tokens.keys]]"));
        }
        Ok(issuers)
    }

    /// Where to send to: what the file names, and the URLs `secret` that its files hold.
    ///
    /// # Errors
    /// Status 2 on what is no URL, holds a query outside of a file, or looks like another one.
    pub(super) fn endpoints(&self, secret: &[impl AsRef<str>]) -> Result<Vec<Endpoint>> {
        let regions = region::urls(&self.send.regions)?;
        let open = self.send.urls.iter().chain(&regions);
        let mut endpoints: Vec<_> = open.map(|url| Endpoint::parse(url)).collect::<Result<_>>()?;
        if endpoints.iter().any(|endpoint| endpoint.url() != endpoint.shown()) {
            return Err(Error::usage("send: a URL has a query, which may be a secret")
                .hint("write it into a file of mode 600 and name that in url_files"));
        }
        for url in secret {
            endpoints.push(Endpoint::parse(url.as_ref())?);
        }
        let mut shown: Vec<[u8; 64]> = endpoints.iter().map(|to| fixed_text(to.shown())).collect();
        shown.sort_unstable();
        if shown.windows(2).any(|pair| matches!(pair, [one, two] if one == two)) {
            let what = "send: two endpoints are the same in the 64 bytes that receipts show";
            return Err(Error::usage(what));
        }
        if endpoints.len() > URLS_MAX {
            return Err(Error::usage(format!("send: more than {URLS_MAX} endpoints")));
        }
        Ok(endpoints)
    }

    /// What bounds the sending.
    pub(super) fn sending(&self) -> Sending {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Sending {
            per_second: self.send.rate,
            timeout_ns: ns(self.send.timeout),
            expiry_ns: ns(self.send.expiry),
            spend_max: self.send.max_spend_lamports_per_hour.unwrap_or(0),
            open_max: self.limits.open,
        }
    }

    /// What would be done, a line each: no secret, no query.
    pub(super) fn say(&self, endpoints: &[Endpoint], live: bool) -> String {
        let (limits, send) = (&self.limits, &self.send);
        let who = match &self.tokens {
            Some(tokens) => format!("{} keys of {}", tokens.keys.len(), tokens.issuer),
            None => "anybody on this machine".to_owned(),
        };
        let metrics = self.metrics.map_or("nowhere".to_owned(), |address| address.to_string());
        let shown: Vec<_> = endpoints.iter().map(Endpoint::shown).collect();
        let shown = if shown.is_empty() { "nowhere".to_owned() } else { shown.join(", ") };
        let cap = send.max_spend_lamports_per_hour.map_or("none".to_owned(), |cap| cap.to_string());
        let path = |path: Option<&PathBuf>| path.map_or("none".into(), |p| p.display().to_string());
        let with = |is: bool, yes, no| if is { yes } else { no };
        format!(
            "listen      {} {}\ncallers     {who}, {} requests/s each, bursts of {}\n\
             metrics     {metrics}\nbodies      at most {} bytes\nqueue       {}, open {}\n\
             sending     {}\nendpoints   {shown}\njournal     {}\ncap         {cap} lamports/h\n\
             audit       {}\nsimulation  {}\n",
            self.listen,
            with(self.tls.is_some(), "with TLS", "in the clear"),
            limits.requests_per_second,
            limits.burst,
            limits.body_bytes,
            limits.queue,
            limits.open,
            with(live, "live", "dry run: nothing leaves this machine"),
            path(send.journal.as_ref()),
            path(self.audit.as_ref().map(|audit| &audit.file)),
            with(self.simulate.is_some(), "local VM", "none"),
        )
    }
}

impl Program {
    /// The program's id.
    ///
    /// # Errors
    /// Status 2 when it is none.
    pub(super) fn key(&self) -> Result<Key> {
        key(&self.id, "simulate: the id of a program")
    }
}

fn key(text: &str, what: &str) -> Result<Key> {
    base58::key(text).ok_or_else(|| {
        Error::usage(format!("{what} is no base58 of 32 bytes"))
            .hint("mev-send serve takes Ed25519 public keys as solana-keygen pubkey prints them")
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::error::Exit;

    const LOCAL: &str = "listen = \"127.0.0.1:0\"\n";

    fn config(text: &str) -> Result<Config> {
        let config = Config::parse(text)?;
        config.check(false)?;
        Ok(config)
    }

    fn tokens() -> String {
        let public = base58::Key(&[9; 32]);
        format!(
            "[tokens]\nissuer = \"i\"\naudience = \"a\"\n[[tokens.keys]]\nkid = \"k\"\npublic = \"{public}\"\n"
        )
    }

    #[test]
    fn the_least_file_is_a_dry_run_on_this_machine() {
        let config = config(LOCAL).unwrap();
        let said = config.say(&[], false);
        assert!(said.contains("anybody on this machine") && said.contains("dry run"), "{said}");
        assert!(config.issuers().unwrap().is_empty() && config.sending().per_second == 1);
    }

    #[test]
    fn beyond_this_machine_only_with_tls_and_keys() {
        let open = "listen = \"0.0.0.0:8443\"\n";
        let tls = "[tls]\ncertificate = \"c\"\nkey = \"k\"\n";
        for text in [open.to_owned(), format!("{open}{tls}"), format!("{open}{}", tokens())] {
            let error = config(&text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage);
            assert!(error.to_string().contains("without TLS and keys"), "{error}");
        }
        assert!(config(&format!("{open}{tls}{}", tokens())).is_ok());
        let metrics = config("listen = \"127.0.0.1:1\"\nmetrics = \"0.0.0.0:9\"\n").unwrap_err();
        assert!(metrics.to_string().starts_with("metrics: "), "{metrics}");
    }

    #[test]
    fn what_cannot_be_followed_is_named() {
        for (text, what) in [
            ("listen = \"nowhere\"".to_owned(), "listen"),
            (format!("{LOCAL}lissten = 1"), "lissten"),
            (format!("{LOCAL}[limits]\nburst = 0"), "a count is zero"),
            (format!("{LOCAL}[limits]\nbody_bytes = 2000000"), "body_bytes"),
            (format!("{LOCAL}[limits]\nwait = \"0s\""), "a time is not"),
            (format!("{LOCAL}[limits]\nwait = 5"), "wait"),
            (format!("{LOCAL}[send]\nexpiry = \"61s\""), "expiry"),
            (format!("{LOCAL}[send]\nregions = [\"paris\"]"), "paris"),
            (format!("{LOCAL}[send]\nurls = [\"https://h/?key=hidden\"]"), "a query"),
            (format!("{LOCAL}[send]\nurls = [\"http://h\", \"http://h\"]"), "the same"),
            (format!("{LOCAL}[tokens]\nissuer = \"i\"\naudience = \"a\"\nkeys = []"), "no key"),
            (format!("{LOCAL}{}", tokens().replace("public = \"", "public = \"0")), "kid k"),
            (format!("{LOCAL}{}", tokens().replace("\n[[", "\nskew = \"6m\"\n[[")), "skew"),
        ] {
            let error = config(&text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{text}");
            assert!(error.to_string().contains(what), "{text}: {error}");
            assert!(!error.to_string().contains("hidden"), "{error}");
        }
    }

    #[test]
    fn live_needs_what_bounds_and_tells_it() {
        let with = |send: &str| Config::parse(&format!("{LOCAL}[send]\n{send}")).unwrap();
        let (to, jnl) = ("urls = [\"http://127.0.0.1:1\"]\n", "journal = \"j\"\n");
        let cap = "max_spend_lamports_per_hour = 5\n";
        for (send, what) in [
            (String::new(), "regions"),
            (to.to_owned(), "a journal"),
            (format!("{to}{jnl}"), "max_spend"),
            (format!("{to}{jnl}{cap}"), "[audit]"),
        ] {
            let error = with(&send).check(true).unwrap_err();
            assert!(error.to_string().contains(what), "{error}");
        }
        let whole = with(&format!("{to}{jnl}{cap}[audit]\nfile = \"a\"\nkey = \"k\"\n"));
        assert!(whole.check(true).is_ok());
        let endpoints = whole.endpoints(&["https://b/x?key=hidden"]).unwrap();
        let said = whole.say(&endpoints, true);
        assert!(said.contains("https://b/x") && !said.contains("hidden"), "{said}");
    }
}
