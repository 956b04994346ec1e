//! A connection to a peer, and the streams of messages over it.

use super::MESSAGE_MAX;
use super::client::Limits;
use super::fault::{Counts, Early, Fault};
use quinn::{Connection, ConnectionError, SendStream, StoppedError, VarInt, WriteError};
use quinn::{ReadToEndError, ZeroRttAccepted};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// A connection. Dropping the last link and stream of one closes it.
#[derive(Clone, Debug)]
pub struct Link {
    connection: Connection,
    limits: Limits,
    counts: Arc<Counts>,
    /// Whether early data was accepted, once that is known; `None` on a link without.
    early: Option<watch::Receiver<Option<bool>>>,
}

/// A message that was written whole. Dropping it gives up the acknowledgement, not the message.
#[derive(Debug)]
pub struct Stream {
    stream: SendStream,
    wait: Duration,
    counts: Arc<Counts>,
}

impl Link {
    /// The link of a handshake that is done.
    pub(super) fn done(connection: Connection, limits: Limits, counts: Arc<Counts>) -> Self {
        Self { connection, limits, counts, early: None }
    }

    /// The link of a handshake that still goes on.
    pub(super) fn early(
        connection: Connection,
        accepted: ZeroRttAccepted,
        limits: Limits,
        counts: Arc<Counts>,
    ) -> Self {
        let (settle, early) = watch::channel(None);
        let link = Self { connection, limits, counts, early: Some(early) };
        let settled = link.clone();
        tokio::spawn(async move {
            let Ok(accepted) = timeout(settled.limits.handshake, accepted).await else {
                settled.counts.fault(Fault::HandshakeTimeout);
                settled.close();
                return;
            };
            // A connection that has failed is told as rejected, too.
            if let Some(error) = settled.connection.close_reason() {
                settled.counts.fault(Fault::of_connection(&error));
                return;
            }
            settled.counts.add_opened();
            settled.counts.add_early(if accepted { Early::Accepted } else { Early::Rejected });
            let _ = settle.send(Some(accepted));
        });
        link
    }

    /// Writes `message` on a stream of its own and finishes it: everything was given to a connection
    /// that lives. That the peer's transport has it, [`Stream::acknowledged`] says; nothing says what
    /// the peer does with it. Given up before it is done, the stream is reset: a message arrives whole
    /// or not at all.
    ///
    /// # Errors
    /// The fault, which is counted. [`Fault::WriteTimeout`] and later faults leave open whether the
    /// message arrives.
    pub async fn write(&self, message: &[u8]) -> Result<Stream, Fault> {
        let written = self.write_settled(message).await;
        match written {
            Ok(stream) => {
                self.counts.add_written(message.len());
                let (wait, counts) = (self.limits.acknowledge, Arc::clone(&self.counts));
                Ok(Stream { stream, wait, counts })
            }
            Err(fault) => Err(self.counts.fault(fault)),
        }
    }

    /// Writes `message`, and again if it was early data that was rejected.
    async fn write_settled(&self, message: &[u8]) -> Result<SendStream, Fault> {
        if message.is_empty() {
            return Err(Fault::Empty);
        }
        if message.len() > MESSAGE_MAX {
            return Err(Fault::TooLong);
        }
        // A stream that begins when this is settled is no early data.
        if self.early.as_ref().is_none_or(|early| early.borrow().is_some()) {
            return self.write_once(message).await;
        }
        match self.write_once(message).await {
            Ok(stream) => {
                self.settled().await?;
                // At once, or not at all: a stream that was early and rejected is known as such.
                match timeout(Duration::ZERO, stream.stopped()).await {
                    Ok(Err(StoppedError::ZeroRttRejected)) => {}
                    Ok(Err(StoppedError::ConnectionLost(error))) => {
                        return Err(Fault::of_connection(&error));
                    }
                    Ok(Ok(Some(_))) => return Err(Fault::Stopped),
                    Ok(Ok(None)) | Err(_) => return Ok(stream),
                }
            }
            Err(Fault::EarlyRejected) => self.settled().await?,
            Err(fault) => return Err(fault),
        }
        self.write_once(message).await
    }

    /// Waits until it is known whether early data is accepted; the task that finds out has a limit.
    async fn settled(&self) -> Result<(), Fault> {
        let Some(mut early) = self.early.clone() else { return Ok(()) };
        match early.wait_for(Option::is_some).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.fault().unwrap_or(Fault::HandshakeTimeout)),
        }
    }

    async fn write_once(&self, message: &[u8]) -> Result<SendStream, Fault> {
        let opened = timeout(self.limits.stream, self.connection.open_uni()).await;
        let mut begun = match opened {
            Ok(Ok(stream)) => Begun(Some(stream)),
            Ok(Err(error)) => return Err(Fault::of_connection(&error)),
            Err(_) => return Err(Fault::NoStream),
        };
        let Some(stream) = &mut begun.0 else { return Err(Fault::Stopped) };
        match timeout(self.limits.write, stream.write_all(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(of_write(&error)),
            Err(_) => return Err(Fault::WriteTimeout),
        }
        match stream.finish() {
            Ok(()) => begun.0.take().ok_or(Fault::Stopped),
            // Only what was reset or stopped cannot be finished.
            Err(_) => Err(self.fault().unwrap_or(Fault::EarlyRejected)),
        }
    }

    /// Writes `message` on a stream with two directions and reads what comes back, `most` bytes at
    /// most: for peers that answer. A TPU grants no such stream.
    ///
    /// # Errors
    /// The fault, which is counted; [`Fault::TooLong`] also of an answer.
    pub async fn ask(&self, message: &[u8], most: usize) -> Result<Vec<u8>, Fault> {
        let answered = async {
            let opened = timeout(self.limits.stream, self.connection.open_bi()).await;
            let (mut stream, mut answer) = match opened {
                Ok(Ok(both)) => both,
                Ok(Err(error)) => return Err(Fault::of_connection(&error)),
                Err(_) => return Err(Fault::NoStream),
            };
            stream.write_all(message).await.map_err(|error| of_write(&error))?;
            let _ = stream.finish();
            match timeout(self.limits.acknowledge, answer.read_to_end(most)).await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(ReadToEndError::TooLong)) => Err(Fault::TooLong),
                Ok(Err(ReadToEndError::Read(_))) => Err(self.fault().unwrap_or(Fault::Stopped)),
                Err(_) => Err(Fault::NoAcknowledgement),
            }
        };
        answered.await.map_err(|fault| self.counts.fault(fault))
    }

    /// Why the connection is over; `None` while it lives.
    pub fn fault(&self) -> Option<Fault> {
        self.connection.close_reason().map(|error| Fault::of_connection(&error))
    }

    /// Waits until the connection is over, and says why; not counted: a message may have been told
    /// the same.
    pub async fn closed(&self) -> Fault {
        let error: ConnectionError = self.connection.closed().await;
        Fault::of_connection(&error)
    }

    /// Closes the connection with code 0. What was not yet acknowledged may be lost.
    pub fn close(&self) {
        self.connection.close(VarInt::from_u32(0), b"done");
    }

    /// The round trip to the peer as it is believed now, in nanoseconds.
    pub fn round_trip_ns(&self) -> u64 {
        u64::try_from(self.connection.rtt().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A stream whose message is not whole: given up, it is reset, since a stream that is dropped would be
/// finished, and the message would look whole.
struct Begun(Option<SendStream>);

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(stream) = &mut self.0 {
            // Fails when there is nothing left to reset.
            let _ = stream.reset(VarInt::from_u32(0));
        }
    }
}

impl Stream {
    /// Waits until the peer's transport has acknowledged the whole message.
    ///
    /// # Errors
    /// The fault, which is counted.
    pub async fn acknowledged(self) -> Result<(), Fault> {
        let fault = match timeout(self.wait, self.stream.stopped()).await {
            Ok(Ok(None)) => {
                self.counts.add_acknowledged();
                return Ok(());
            }
            Ok(Ok(Some(_))) => Fault::Stopped,
            Ok(Err(StoppedError::ConnectionLost(error))) => Fault::of_connection(&error),
            Ok(Err(StoppedError::ZeroRttRejected)) => Fault::EarlyRejected,
            Err(_) => Fault::NoAcknowledgement,
        };
        Err(self.counts.fault(fault))
    }
}

fn of_write(error: &WriteError) -> Fault {
    match error {
        WriteError::Stopped(_) | WriteError::ClosedStream => Fault::Stopped,
        WriteError::ConnectionLost(error) => Fault::of_connection(error),
        WriteError::ZeroRttRejected => Fault::EarlyRejected,
    }
}
