//! What came back for an errand, by whichever door of an engine.

use super::jito::{Class, Verdict};
use crate::net::http::{Answer, Exchange, Failure};

/// What came of an errand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// When it was begun: CLOCK_REALTIME nanoseconds.
    pub sent_ns: u64,
    /// When it was over: CLOCK_REALTIME nanoseconds.
    pub done_ns: u64,
    /// What was said.
    pub said: Said,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// An HTTP answer.
    Http(Answer),
    /// What the searcher API says of a bundle that was sent.
    Verdict(Verdict),
    /// Nothing.
    Nothing(Failure),
}

impl Reply {
    /// The id that an engine gave a bundle that it took, where it is another than ours.
    pub fn other_id(&self) -> Option<&str> {
        match &self.said {
            Said::Verdict(Verdict { class: Class::AcceptedOtherId, words, .. }) => Some(words),
            _ => None,
        }
    }

    /// HTTP status and body; none of both, where there is no HTTP answer.
    pub fn http(&self) -> (u16, &[u8]) {
        match &self.said {
            Said::Http(answer) => (answer.status, &answer.body),
            Said::Verdict(_) | Said::Nothing(_) => (0, &[]),
        }
    }
}

impl From<Exchange> for Reply {
    fn from(exchange: Exchange) -> Self {
        let said = exchange.result.map_or_else(Said::Nothing, Said::Http);
        Self { sent_ns: exchange.sent_ns, done_ns: exchange.done_ns, said }
    }
}
