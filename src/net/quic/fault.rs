//! Why something failed over QUIC, and how often.

use quinn::{ConnectError, ConnectionError, TransportErrorCode, VarInt};
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a handshake or a message failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// The address cannot be connected to: port 0, or a family that has no socket here.
    BadAddress = 0,
    /// This side has stopped.
    Stopping = 1,
    /// No whole handshake in time: nobody there, or too slow.
    HandshakeTimeout = 2,
    /// The peer takes no connections.
    ConnectionRefused = 3,
    /// TLS failed: another protocol, a certificate that is none, a signature that is not its.
    Tls = 4,
    /// The peer speaks no version of QUIC that we do.
    Version = 5,
    /// A rule of QUIC was broken by one of us.
    Transport = 6,
    /// The peer knows nothing of the connection any more.
    Reset = 7,
    /// Nothing came for the idle time.
    IdleTimeout = 8,
    /// Closed with code 1: pushed out of the peer's table by others.
    ClosedDropped = 9,
    /// Closed with code 2: too many connections from this address, or banned.
    ClosedDisallowed = 10,
    /// Closed with code 4: too many connections of this identity.
    ClosedTooMany = 11,
    /// Closed with code 5: a stream that was empty or longer than the peer takes.
    ClosedInvalidStream = 12,
    /// Closed by the peer with another code.
    Closed = 13,
    /// Closed on this side.
    ClosedHere = 14,
    /// The peer granted no stream in time.
    NoStream = 15,
    /// The peer did not take the message's bytes in time.
    WriteTimeout = 16,
    /// The peer stopped the stream.
    Stopped = 17,
    /// Early data was rejected, and so was what followed.
    EarlyRejected = 18,
    /// The message is empty: a TPU would close the connection on it.
    Empty = 19,
    /// The message is longer than any that a TPU takes.
    TooLong = 20,
    /// The peer acknowledged nothing in time; what was written may have arrived.
    NoAcknowledgement = 21,
}

impl Fault {
    /// Names by number.
    pub const NAMES: [&'static str; 22] = [
        "bad_address",
        "stopping",
        "handshake_timeout",
        "connection_refused",
        "tls",
        "version",
        "transport",
        "reset",
        "idle_timeout",
        "closed_dropped",
        "closed_disallowed",
        "closed_too_many",
        "closed_invalid_stream",
        "closed",
        "closed_here",
        "no_stream",
        "write_timeout",
        "stopped",
        "early_rejected",
        "empty",
        "too_long",
        "no_acknowledgement",
    ];

    /// The name that statistics and receipts show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }

    /// Why a connection ended.
    pub fn of_connection(error: &ConnectionError) -> Self {
        match error {
            ConnectionError::VersionMismatch => Self::Version,
            ConnectionError::TransportError(error) => Self::of_code(error.code, Self::Transport),
            ConnectionError::ConnectionClosed(close) => {
                Self::of_code(close.error_code, Self::Transport)
            }
            ConnectionError::ApplicationClosed(close) => Self::of_close(close.error_code),
            ConnectionError::Reset => Self::Reset,
            ConnectionError::TimedOut => Self::IdleTimeout,
            ConnectionError::LocallyClosed => Self::ClosedHere,
            ConnectionError::CidsExhausted => Self::Stopping,
        }
    }

    /// Why no connection was begun.
    pub fn of_connect(error: &ConnectError) -> Self {
        match error {
            ConnectError::EndpointStopping | ConnectError::CidsExhausted => Self::Stopping,
            ConnectError::UnsupportedVersion => Self::Version,
            ConnectError::InvalidServerName(_)
            | ConnectError::InvalidRemoteAddress(_)
            | ConnectError::NoDefaultClientConfig => Self::BadAddress,
        }
    }

    /// What a transport error code says (RFC 9000 section 20.1); 0x0100 to 0x01ff carry TLS alerts.
    fn of_code(code: TransportErrorCode, other: Self) -> Self {
        match u64::from(code) {
            0 => Self::Closed,
            2 => Self::ConnectionRefused,
            0x0100..=0x01ff => Self::Tls,
            _ => other,
        }
    }

    /// What a validator's close code says (agave v4.2.2 streamer `nonblocking/quic.rs`,
    /// `CONNECTION_CLOSE_CODE_*`).
    fn of_close(code: VarInt) -> Self {
        match code.into_inner() {
            1 => Self::ClosedDropped,
            2 => Self::ClosedDisallowed,
            4 => Self::ClosedTooMany,
            5 => Self::ClosedInvalidStream,
            _ => Self::Closed,
        }
    }
}

/// What became of the wish to send before the handshake is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Early {
    /// The peer took early data.
    Accepted = 0,
    /// The peer went on without it; what was sent early was sent again.
    Rejected = 1,
    /// There was no ticket of an earlier connection, or it allows no early data.
    Unavailable = 2,
}

impl Early {
    /// Names by number.
    pub const NAMES: [&'static str; 3] = ["accepted", "rejected", "unavailable"];
}

/// Counters of a client and its links, read by anybody at any time.
#[derive(Debug, Default)]
pub struct Counts {
    opened: AtomicU64,
    written: AtomicU64,
    written_len: AtomicU64,
    acknowledged: AtomicU64,
    early: [AtomicU64; Early::NAMES.len()],
    faults: [AtomicU64; Fault::NAMES.len()],
}

impl Counts {
    /// Counts a handshake that was done.
    pub(super) fn add_opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a message of `len` bytes that was written whole.
    pub(super) fn add_written(&self, len: usize) {
        self.written.fetch_add(1, Ordering::Relaxed);
        self.written_len.fetch_add(len as u64, Ordering::Relaxed);
    }

    /// Counts a message that the peer's transport has whole.
    pub(super) fn add_acknowledged(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a wish for early data.
    pub(super) fn add_early(&self, early: Early) {
        if let Some(count) = self.early.get(early as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts `fault` and gives it back.
    pub(super) fn fault(&self, fault: Fault) -> Fault {
        if let Some(count) = self.faults.get(fault as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        fault
    }

    /// Handshakes that were done.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Messages that were written whole.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Bytes of the messages that were written whole.
    pub fn written_len(&self) -> u64 {
        self.written_len.load(Ordering::Relaxed)
    }

    /// Messages that the peer's transport acknowledged whole, of those that were asked about.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Wishes for early data by what became of them.
    pub fn early(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Early::NAMES
            .iter()
            .copied()
            .zip(self.early.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    /// Faults by name.
    pub fn faults(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.faults.iter().map(|count| count.load(Ordering::Relaxed));
        Fault::NAMES.iter().copied().zip(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_their_meaning() {
        let app = |code: u32| {
            let close = quinn::ApplicationClose {
                error_code: VarInt::from_u32(code),
                reason: Vec::new().into(),
            };
            Fault::of_connection(&ConnectionError::ApplicationClosed(close)).name()
        };
        let names = [0, 1, 2, 3, 4, 5, 6].map(app);
        assert_eq!(
            names,
            [
                "closed",
                "closed_dropped",
                "closed_disallowed",
                "closed",
                "closed_too_many",
                "closed_invalid_stream",
                "closed"
            ]
        );
        let transport = |code: TransportErrorCode| Fault::of_code(code, Fault::Transport).name();
        assert_eq!(transport(TransportErrorCode::NO_ERROR), "closed");
        assert_eq!(transport(TransportErrorCode::CONNECTION_REFUSED), "connection_refused");
        assert_eq!(transport(TransportErrorCode::PROTOCOL_VIOLATION), "transport");
        // 120 is no_application_protocol (RFC 7301).
        assert_eq!(transport(TransportErrorCode::crypto(120)), "tls");
        assert_eq!(Fault::of_connection(&ConnectionError::Reset).name(), "reset");
        assert_eq!(Fault::of_connection(&ConnectionError::TimedOut).name(), "idle_timeout");
        assert_eq!(Fault::NAMES.len(), Fault::NoAcknowledgement as usize + 1);
    }

    #[test]
    fn what_is_counted_is_told() {
        let counts = Counts::default();
        assert_eq!(counts.fault(Fault::NoStream), Fault::NoStream);
        counts.fault(Fault::NoStream);
        counts.add_early(Early::Rejected);
        counts.add_written(100);
        counts.add_written(32);
        assert_eq!(
            counts.faults().filter(|(_, count)| *count > 0).collect::<Vec<_>>(),
            [("no_stream", 2)]
        );
        assert_eq!(
            counts.early().collect::<Vec<_>>(),
            [("accepted", 0), ("rejected", 1), ("unavailable", 0)]
        );
        assert_eq!((counts.written(), counts.written_len(), counts.acknowledged()), (2, 132, 0));
    }
}
