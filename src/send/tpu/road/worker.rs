//! One connection: the handshake, then job after job until there are no more.

use super::super::Target;
use super::super::receipt::{Attempt, sent, unsent};
use super::{Event, Job};
use crate::net::quic::{Client, Fault, Link, Stream};
use crate::record::Receipt;
use crate::time::now_ns;
use core::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc as channel;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Connects to `peer` and writes the jobs of `queue`; each gets its receipt, come what may. The hub
/// hears in `inbox` when the connection of this `number` is over.
pub(super) async fn work(
    client: Arc<Client>,
    peer: SocketAddr,
    number: u64,
    mut queue: mpsc::Receiver<(Job, Target)>,
    inbox: mpsc::WeakSender<Event>,
    receipts: channel::Sender<Receipt>,
) {
    let link = match client.connect(peer).await {
        Ok(link) => link,
        Err(fault) => {
            // No more jobs, so that none is left without a receipt.
            queue.close();
            while let Some((job, target)) = queue.recv().await {
                let _ = receipts.send(unsent(&job.bundle, Some(target), fault.name()));
            }
            tell(&inbox, Event::Down(peer, number, fault)).await;
            return;
        }
    };
    let watched = link.clone();
    let watcher = tokio::spawn(async move {
        let fault = watched.closed().await;
        tell(&inbox, Event::Down(peer, number, fault)).await;
    });
    let mut waiting = JoinSet::new();
    while let Some((job, target)) = queue.recv().await {
        let (attempt, streams) = write(&link, &job).await;
        waiting.spawn(settle(job, target, attempt, streams, receipts.clone()));
        while waiting.try_join_next().is_some() {}
    }
    while waiting.join_next().await.is_some() {}
    watcher.abort();
    link.close();
}

async fn tell(inbox: &mpsc::WeakSender<Event>, event: Event) {
    if let Some(inbox) = inbox.upgrade() {
        let _ = inbox.send(event).await;
    }
}

/// Writes the transactions of `job`, one stream each and in order, up to the first that fails.
async fn write(link: &Link, job: &Job) -> (Attempt, Vec<Stream>) {
    let mut attempt = Attempt::default();
    let mut streams = Vec::with_capacity(usize::from(job.bundle.txs));
    for transaction in job.bundle.transactions(&job.wire) {
        if now_ns() > job.until_ns {
            attempt.fault = Some("timeout");
            break;
        }
        match link.write(transaction).await {
            Ok(stream) => {
                streams.push(stream);
                attempt.written = attempt.written.saturating_add(1);
                let len = u32::try_from(transaction.len()).unwrap_or(u32::MAX);
                attempt.written_len = attempt.written_len.saturating_add(len);
                attempt.written_ns = Some(now_ns());
            }
            Err(fault) => {
                attempt.fault = Some(fault.name());
                attempt.cut = matches!(fault, Fault::WriteTimeout | Fault::Stopped);
                break;
            }
        }
    }
    (attempt, streams)
}

/// Waits for the acknowledgements of an `attempt` and makes its receipt.
async fn settle(
    job: Job,
    target: Target,
    mut attempt: Attempt,
    streams: Vec<Stream>,
    receipts: channel::Sender<Receipt>,
) {
    for stream in streams {
        match stream.acknowledged().await {
            Ok(()) => attempt.acknowledged = attempt.acknowledged.saturating_add(1),
            // What ended the writing says more than what it did to the ones before.
            Err(fault) => attempt.fault = attempt.fault.or(Some(fault.name())),
        }
    }
    let _ = receipts.send(sent(&job.bundle, target, &attempt));
}
