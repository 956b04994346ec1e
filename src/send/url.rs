//! Where bundles are sent: a URL that was checked, and the part of it that may be shown.

use crate::error::{Error, Result};
use crate::record::Road;
use hyper::Uri;

/// The path of `sendBundle` at a block engine (docs.jito.wtf).
const BUNDLES_PATH: &str = "/api/v1/bundles";

/// An http or https address to post to, and by which of its doors bundles go in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    shown: String,
    road: Road,
}

impl Endpoint {
    /// The endpoint that `text` names. A URL without a path means `/api/v1/bundles` there.
    ///
    /// # Errors
    /// Status 2 when it is no http(s) URL with a host, has a user, a password or a fragment, or a
    /// port outside of 1 to 65535. The message does not repeat the text, which may hold a key.
    pub fn parse(text: &str) -> Result<Self> {
        let url: Uri = text.parse().map_err(|_| refused("not a URL"))?;
        let scheme = match url.scheme_str() {
            Some(scheme @ ("http" | "https")) => scheme,
            Some(_) => return Err(refused("neither http nor https")),
            None => return Err(refused("no scheme")),
        };
        let authority = url.authority().ok_or_else(|| refused("no host"))?;
        if authority.as_str().contains('@') {
            return Err(refused("a user or password in the URL"));
        }
        let host = authority.host();
        if host.is_empty() {
            return Err(refused("no host"));
        }
        // The parser drops a fragment without a word.
        if text.contains('#') {
            return Err(refused("a fragment"));
        }
        let has_port = authority.as_str().len() > host.len();
        if has_port && !matches!(authority.port_u16(), Some(1..)) {
            return Err(refused("a port outside of 1 to 65535"));
        }
        let path = if url.path() == "/" { BUNDLES_PATH } else { url.path() };
        let shown = format!("{scheme}://{authority}{path}");
        let url = match url.query() {
            Some(query) => format!("{shown}?{query}"),
            None => shown.clone(),
        };
        Ok(Self { url, shown, road: Road::Jito })
    }

    /// The same, which bundles reach over `road`.
    #[must_use]
    pub fn over(self, road: Road) -> Self {
        Self { road, ..self }
    }

    /// The RPC node at `url`, which may hold a key and is not shown: it is asked about transactions that
    /// went to leaders, and sent none.
    pub fn node(url: &str) -> Self {
        Self { url: url.to_owned(), shown: "rpc".to_owned(), road: Road::Tpu }
    }

    /// Nowhere: what the receipts of a dry run name when no URL was given.
    pub fn nowhere() -> Self {
        Self { url: String::new(), shown: String::new(), road: Road::None }
    }

    /// The whole URL, to be posted to and not to be shown.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The whole URL of `method`: at a block engine each has its own path beside that of bundles; any
    /// other path is meant for all of them.
    pub fn method(&self, method: &str) -> String {
        let (path, query) = match self.url.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.url.as_str(), None),
        };
        let path = match path.strip_suffix(BUNDLES_PATH) {
            Some(root) => format!("{root}/api/v1/{method}"),
            None => path.to_owned(),
        };
        query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"))
    }

    /// Scheme, host and port: where the engine's gRPC API is.
    pub fn origin(&self) -> &str {
        let from = self.shown.find("://").map_or(0, |at| at.saturating_add(3));
        let host = self.shown.get(from..).unwrap_or_default();
        let len = host.find('/').unwrap_or(host.len());
        self.shown.get(..from.saturating_add(len)).unwrap_or_default()
    }

    /// How bundles get there.
    pub fn road(&self) -> Road {
        self.road
    }

    /// Scheme, host, port and path.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

impl AsRef<str> for Endpoint {
    fn as_ref(&self) -> &str {
        self.url()
    }
}

fn refused(what: &str) -> Error {
    Error::usage(format!("--url: {what}"))
        .hint("give it as https://HOST[:PORT][/PATH], e.g. https://mainnet.block-engine.jito.wtf")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn good_urls_keep_their_query_to_themselves() {
        for (text, url, shown) in [
            (
                "https://mainnet.block-engine.jito.wtf",
                "https://mainnet.block-engine.jito.wtf/api/v1/bundles",
                "https://mainnet.block-engine.jito.wtf/api/v1/bundles",
            ),
            (
                "HTTP://h/?uuid=secret",
                "http://h/api/v1/bundles?uuid=secret",
                "http://h/api/v1/bundles",
            ),
            (
                "http://127.0.0.1:8899/x?k=1",
                "http://127.0.0.1:8899/x?k=1",
                "http://127.0.0.1:8899/x",
            ),
            ("https://[::1]:65535/a/b", "https://[::1]:65535/a/b", "https://[::1]:65535/a/b"),
            ("http://[::1]/a", "http://[::1]/a", "http://[::1]/a"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.url(), endpoint.shown()), (url, shown), "{text}");
        }
    }

    #[test]
    fn a_method_has_its_own_path_where_bundles_have_theirs() {
        for (text, url) in [
            ("https://h", "https://h/api/v1/getTipAccounts"),
            ("https://h/api/v1/bundles?uuid=k", "https://h/api/v1/getTipAccounts?uuid=k"),
            ("https://h/proxy?k=1", "https://h/proxy?k=1"),
            ("https://h/proxy", "https://h/proxy"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().method("getTipAccounts"), url);
        }
    }

    #[test]
    fn bad_urls_are_status_2_and_not_repeated() {
        for (text, what) in [
            ("", "not a URL"),
            ("https://", "not a URL"),
            ("https://h/ secret", "not a URL"),
            ("https://h/\u{1b}secret", "not a URL"),
            ("host.example", "no scheme"),
            ("/secret", "no scheme"),
            ("ftp://h/secret", "neither http nor https"),
            ("https://user:secret@h/", "a user or password in the URL"),
            ("https://:443/secret", "no host"),
            ("https://h/#secret", "a fragment"),
            ("https://h:0/secret", "a port outside of 1 to 65535"),
            ("https://h:65536/secret", "a port outside of 1 to 65535"),
            ("https://h:/secret", "a port outside of 1 to 65535"),
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{text}");
            assert_eq!(error.to_string(), format!("--url: {what}"), "{text}");
            assert!(error.advice().is_some());
        }
    }
}
