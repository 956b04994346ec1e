//! Where a leader listens: an address for each identity.
//!
//! ```text
//! lines   KEY ADDRESS:PORT
//! JSON    the reply of getClusterNodes, or its `result`
//! ```

use super::ask::result;
use crate::bytes::base58;
use crate::error::{Error, Result};
use crate::ids::Key;
use core::net::SocketAddr;
use serde_json::Value;
use std::collections::HashMap;

/// Ports between a node's UDP and QUIC address before it told both (solana-quic-definitions 3.0
/// `QUIC_PORT_OFFSET`).
const QUIC_PORT_OFFSET: u16 = 6;

/// The QUIC addresses of identities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    places: HashMap<Key, SocketAddr>,
}

impl Nodes {
    /// The nodes that `text` names.
    ///
    /// # Errors
    /// Status 4 with the line that is wrong.
    pub fn read(text: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(text).map_err(|_| Error::damaged("is no text"))?;
        let nodes = if text.trim_start().starts_with(['{', '[']) {
            let whole = serde_json::from_str(text)
                .map_err(|e| Error::damaged(format!("line {}: is no JSON: {e}", e.line())))?;
            Self::from_reply(&whole).map_err(Error::damaged)?
        } else {
            let lines = (1..).zip(text.lines().map(str::trim));
            let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
            Self { places: lines.map(|(number, line)| node(number, line)).collect::<Result<_>>()? }
        };
        if nodes.places.is_empty() {
            return Err(Error::damaged("names no node with a QUIC address"));
        }
        Ok(nodes)
    }

    /// The nodes in the reply of `getClusterNodes`; those without an address are left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn from_reply(reply: &Value) -> std::result::Result<Self, String> {
        let list = result(reply)?.as_array().ok_or("the result is no list of nodes")?;
        let mut places = HashMap::with_capacity(list.len());
        for entry in list {
            let identity = entry.get("pubkey").and_then(Value::as_str).and_then(base58::key);
            let identity = identity.ok_or("a node without a public key")?;
            if let Some(place) = place(entry) {
                places.insert(identity, place);
            }
        }
        Ok(Self { places })
    }

    /// Where `identity` listens.
    pub fn place(&self, identity: &Key) -> Option<SocketAddr> {
        self.places.get(identity).copied()
    }

    /// How many nodes are known.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

/// The QUIC address of an entry of `getClusterNodes`.
fn place(entry: &Value) -> Option<SocketAddr> {
    let address = |name: &str| entry.get(name)?.as_str()?.parse::<SocketAddr>().ok();
    // UDP is not taken any more: `tpu` alone is that of a node that tells no QUIC address.
    let guessed = || {
        let tpu = address("tpu")?;
        Some(SocketAddr::new(tpu.ip(), tpu.port().checked_add(QUIC_PORT_OFFSET)?))
    };
    address("tpuQuic").or_else(guessed).filter(|place| place.port() != 0)
}

/// One line of plain text.
fn node(line: u64, text: &str) -> Result<(Key, SocketAddr)> {
    let wrong = |what: &str| Error::damaged(format!("line {line}: {what}"));
    let mut words = text.split_whitespace();
    let (Some(key), Some(place), None) = (words.next(), words.next(), words.next()) else {
        return Err(wrong("is not KEY ADDRESS:PORT"));
    };
    let key = base58::key(key).ok_or_else(|| wrong("no public key in base58"))?;
    let place: SocketAddr = place.parse().map_err(|_| wrong("no ADDRESS:PORT"))?;
    if place.port() == 0 {
        return Err(wrong("no port"));
    }
    Ok((key, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> String {
        base58::Key(&[byte; 32]).to_string()
    }

    #[test]
    fn lines_and_replies_name_nodes() {
        let text = format!("# ours\n{} 10.0.0.1:8009\n\n {}  [::1]:1\r\n", key(1), key(2));
        let nodes = Nodes::read(text.as_bytes()).unwrap();
        assert_eq!(nodes.len(), 2);
        assert_eq!(nodes.place(&[1; 32]), Some("10.0.0.1:8009".parse().unwrap()));
        assert_eq!(nodes.place(&[2; 32]), Some("[::1]:1".parse().unwrap()));
        assert_eq!(nodes.place(&[3; 32]), None);

        let reply = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":[
                {{"pubkey":"{}","gossip":"10.0.0.1:8001","tpu":"10.0.0.1:8003","tpuQuic":"10.0.0.1:8009","version":"2.0"}},
                {{"pubkey":"{}","tpu":"10.0.0.2:8003","tpuQuic":null}},
                {{"pubkey":"{}","tpu":null,"tpuQuic":null}},
                {{"pubkey":"{}","tpu":"10.0.0.4:65533"}},
                {{"pubkey":"{}","tpuQuic":"nonsense"}}]}}"#,
            key(1),
            key(2),
            key(3),
            key(4),
            key(5)
        );
        let nodes = Nodes::read(reply.as_bytes()).unwrap();
        assert_eq!(nodes.place(&[1; 32]), Some("10.0.0.1:8009".parse().unwrap()));
        // Where nothing else is told, as it was before both were.
        assert_eq!(nodes.place(&[2; 32]), Some("10.0.0.2:8009".parse().unwrap()));
        assert_eq!(nodes.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let a = key(1);
        for (text, says) in [
            (String::new(), "names no node"),
            (format!("{a} 1.2.3.4:5\n{a}"), "line 2: is not KEY ADDRESS:PORT"),
            (format!("{a} 1.2.3.4:5 x"), "line 1: is not KEY"),
            ("x 1.2.3.4:5".to_owned(), "line 1: no public key"),
            (format!("{a} host:5"), "line 1: no ADDRESS:PORT"),
            (format!("{a} 1.2.3.4:0"), "line 1: no port"),
            ("{\"result\":null}".to_owned(), "no result"),
            ("[{}]".to_owned(), "a node without a public key"),
            ("{\"error\":{\"code\":-32005,\"message\":\"behind\"}}".to_owned(), "-32005: behind"),
            (format!("[{{\"pubkey\":\"{a}\"}}]"), "names no node"),
            ("[".to_owned(), "is no JSON"),
        ] {
            let error = Nodes::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
