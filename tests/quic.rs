//! The QUIC client against a server on this machine: messages, limits, closes, early data, and every
//! fault that a peer can cause.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::net::quic::{Client, Congestion, Counts, Fault, Identity, Limits, Settings, certificate};
use quic_server::{Desk, Door, Manner, PATIENCE, Seen, Server};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

#[path = "support/quic_server.rs"]
mod quic_server;

/// Waits that no test reaches unless it means to.
const LONG: Limits = Limits::all(Duration::from_secs(20));
/// A wait that is reached.
const SHORT: Duration = Duration::from_millis(100);

/// Runs `test` with a client of these settings.
fn with_client(settings: Settings, test: impl AsyncFnOnce(&Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(settings, &Identity::random().unwrap()).unwrap();
        test(&client).await;
        client.close(Duration::from_millis(100)).await;
    });
}

fn settings(limits: Limits) -> Settings {
    Settings { limits, ..Settings::default() }
}

fn faults(counts: &Counts) -> Vec<(&'static str, u64)> {
    counts.faults().filter(|(_, count)| *count > 0).collect()
}

fn early(counts: &Counts) -> [u64; 3] {
    let found: Vec<_> = counts.early().map(|(_, count)| count).collect();
    found.try_into().unwrap()
}

/// A message told apart by `number`, as long as a transaction may be.
fn message(number: u32) -> Vec<u8> {
    let mut bytes = vec![7; 1232];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

#[test]
fn messages_arrive_whole_in_order_and_from_the_identity() {
    for congestion in [Congestion::Cubic, Congestion::Bbr] {
        // Fewer streams than messages: more are granted as the server reads.
        let server = Server::start(Manner { streams: 8, ..Manner::GOOD });
        let identity = Identity::random().unwrap();
        let settings = Settings { congestion, ..settings(LONG) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = Client::new(settings, &identity).unwrap();
            let link = client.connect(server.address).await.unwrap();
            let mut streams = Vec::new();
            for number in 0..500 {
                streams.push(link.write(&message(number)).await.unwrap());
            }
            for stream in streams {
                stream.acknowledged().await.unwrap();
            }
            assert!(link.round_trip_ns() > 0 && link.fault().is_none());
            let counts = client.counts();
            assert_eq!((counts.opened(), counts.written(), counts.acknowledged()), (1, 500, 500));
            assert_eq!((counts.written_len(), faults(counts)), (500 * 1232, vec![]));
            client.close(SHORT).await;
        });
        let mut seen: Vec<Seen> = Vec::new();
        while let Ok(one) = server.seen.recv_timeout(PATIENCE) {
            seen.push(one);
            if seen.len() == 501 {
                break;
            }
        }
        let who = Seen::Connection(certificate(&identity.public()));
        let at = seen.iter().position(|one| *one == who).expect("the certificate is not known");
        seen.remove(at);
        let expected: Vec<_> =
            (0..500).map(|number| Seen::Message(message(number), false)).collect();
        assert!(seen == expected, "messages are not those that were sent, in order");
    }
}

#[test]
fn streams_that_are_not_granted_are_waited_for_within_the_limit() {
    let server = Server::start(Manner { streams: 2, desk: Desk::Ignore, ..Manner::GOOD });
    with_client(settings(Limits { stream: SHORT, ..LONG }), async |client| {
        let link = client.connect(server.address).await.unwrap();
        let _kept = [link.write(b"one").await.unwrap(), link.write(b"two").await.unwrap()];
        assert_eq!(link.write(b"three").await.unwrap_err(), Fault::NoStream);
        assert_eq!((client.counts().written(), link.fault()), (2, None));
        assert_eq!(faults(client.counts()), [("no_stream", 1)]);
    });
}

#[test]
fn a_message_that_the_peer_does_not_take_is_given_up_and_never_looks_whole() {
    let server = Server::start(Manner { window: 100, desk: Desk::Ignore, ..Manner::GOOD });
    with_client(settings(Limits { write: SHORT, ..LONG }), async |client| {
        let link = client.connect(server.address).await.unwrap();
        assert_eq!(link.write(&message(1)).await.unwrap_err(), Fault::WriteTimeout);
        assert_eq!(faults(client.counts()), [("write_timeout", 1)]);
    });
    // Read only when given up: the rest of the message never comes, and neither does its end.
    let manner = Manner { window: 100, door: Door::Open, ..Manner::GOOD };
    let server = Server::start(manner);
    with_client(settings(LONG), async |client| {
        let link = client.connect(server.address).await.unwrap();
        // Dropped after the first bytes were handed over, before the window grows.
        {
            let whole = message(1);
            let mut writing = std::pin::pin!(link.write(&whole));
            let cut =
                std::future::poll_fn(|cx| Poll::Ready(writing.as_mut().poll(cx).is_pending()));
            assert!(cut.await);
        }
        link.write(b"after").await.unwrap().acknowledged().await.unwrap();
    });
    let mut messages = Vec::new();
    while let Ok(seen) = server.seen.recv_timeout(PATIENCE) {
        match seen {
            Seen::Message(bytes, _) => {
                messages.push(bytes);
                break;
            }
            Seen::Connection(_) | Seen::Cut => {}
        }
    }
    assert_eq!(messages, [b"after"]);
}

#[test]
fn closes_have_the_names_of_a_validator_s_codes() {
    for (code, fault) in [
        (0, Fault::Closed),
        (1, Fault::ClosedDropped),
        (2, Fault::ClosedDisallowed),
        (4, Fault::ClosedTooMany),
        (5, Fault::ClosedInvalidStream),
        (99, Fault::Closed),
    ] {
        let server = Server::start(Manner { desk: Desk::CloseAfter(2, code), ..Manner::GOOD });
        with_client(settings(LONG), async |client| {
            let link = client.connect(server.address).await.unwrap();
            link.write(b"one").await.unwrap().acknowledged().await.unwrap();
            // The peer may close before its acknowledgement is on its way.
            let _ = link.write(b"two").await.unwrap().acknowledged().await;
            assert_eq!(link.closed().await, fault);
            assert_eq!(link.write(b"three").await.unwrap_err(), fault);
            assert_eq!(link.fault(), Some(fault));
            let told = faults(client.counts());
            assert!(told.iter().all(|(name, count)| *name == fault.name() && *count > 0));
            assert_eq!(client.counts().written(), 2);
        });
        assert_eq!([server.message().0, server.message().0], [b"one", b"two"]);
    }
}

#[test]
fn a_close_in_mid_stream_is_no_acknowledgement() {
    let server = Server::start(Manner { desk: Desk::CloseWithin(1), ..Manner::GOOD });
    with_client(settings(LONG), async |client| {
        let link = client.connect(server.address).await.unwrap();
        let mut ended = None;
        for number in 0..64 {
            match link.write(&message(number)).await {
                Ok(stream) => match stream.acknowledged().await {
                    Ok(()) => {}
                    Err(fault) => ended = ended.or(Some(fault)),
                },
                Err(fault) => ended = ended.or(Some(fault)),
            }
        }
        assert_eq!(ended, Some(Fault::ClosedDropped));
        assert!(client.counts().acknowledged() < 64);
    });
}

#[test]
fn a_stream_that_is_stopped_is_told() {
    let server = Server::start(Manner { desk: Desk::Stop(3), window: 100, ..Manner::GOOD });
    with_client(settings(LONG), async |client| {
        let link = client.connect(server.address).await.unwrap();
        assert_eq!(link.write(&message(1)).await.unwrap_err(), Fault::Stopped);
        assert_eq!((faults(client.counts()), link.fault()), (vec![("stopped", 1)], None));
    });
}

#[test]
fn handshakes_that_do_not_come_about_have_their_reasons() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let slow = Server::start(Manner { door: Door::Slow(Duration::from_mins(1)), ..Manner::GOOD });
    let refusing = Server::start(Manner { door: Door::Refuse, ..Manner::GOOD });
    let other = Server::start(Manner { alpn: b"h3", ..Manner::GOOD });
    with_client(settings(Limits { handshake: SHORT, ..LONG }), async |client| {
        for peer in [silent.local_addr().unwrap(), closed, slow.address] {
            assert_eq!(client.connect(peer).await.unwrap_err(), Fault::HandshakeTimeout);
        }
    });
    with_client(settings(LONG), async |client| {
        let fails = async |peer: SocketAddr| client.connect(peer).await.unwrap_err();
        assert_eq!(fails(refusing.address).await, Fault::ConnectionRefused);
        assert_eq!(fails(other.address).await, Fault::Tls);
        assert_eq!(fails("127.0.0.1:0".parse().unwrap()).await, Fault::BadAddress);
        let expect = [("bad_address", 1), ("connection_refused", 1), ("tls", 1)];
        assert_eq!((faults(client.counts()), client.counts().opened()), (expect.to_vec(), 0));
    });
    // Slow, but in time.
    let late =
        Server::start(Manner { door: Door::Slow(Duration::from_millis(300)), ..Manner::GOOD });
    with_client(settings(LONG), async |client| {
        let link = client.connect(late.address).await.unwrap();
        link.write(b"late").await.unwrap().acknowledged().await.unwrap();
    });
    assert_eq!(late.message().0, b"late");
}

#[test]
fn messages_that_a_validator_would_close_on_are_not_sent() {
    let server = Server::start(Manner { window: 1 << 20, ..Manner::GOOD });
    with_client(settings(LONG), async |client| {
        let link = client.connect(server.address).await.unwrap();
        assert_eq!(link.write(b"").await.unwrap_err(), Fault::Empty);
        assert_eq!(link.write(&[0; 4097]).await.unwrap_err(), Fault::TooLong);
        link.write(&[1; 4096]).await.unwrap().acknowledged().await.unwrap();
        assert_eq!(faults(client.counts()), [("empty", 1), ("too_long", 1)]);
    });
    assert_eq!(server.message().0, [1; 4096]);
}

#[test]
fn early_data_is_accepted_rejected_or_unavailable_and_arrives_once() {
    let manner = Manner { early_data: true, ..Manner::GOOD };
    let server = Server::start(manner.clone());
    let at = server.address;
    let settings = Settings { early_data: true, ..settings(LONG) };
    with_client(settings.clone(), async |client| {
        let send = async |bytes: &[u8]| {
            let link = client.connect(at).await.unwrap();
            link.write(bytes).await.unwrap().acknowledged().await.unwrap();
            let again = [bytes, b" again"].concat();
            link.write(&again).await.unwrap().acknowledged().await.unwrap();
            link.close();
        };
        // No ticket yet.
        send(b"first").await;
        assert_eq!(early(client.counts()), [0, 0, 1]);
        assert_eq!(server.message(), (b"first".to_vec(), false));
        assert_eq!(server.message(), (b"first again".to_vec(), false));
        send(b"second").await;
        assert_eq!(early(client.counts()), [1, 0, 1]);
        assert_eq!(server.message(), (b"second".to_vec(), true));
        assert_eq!(server.message(), (b"second again".to_vec(), false));
        // Another server at the same place knows nothing of the ticket.
        drop(server);
        let server = Server::start(Manner { at, ..manner });
        send(b"third").await;
        assert_eq!(early(client.counts()), [1, 1, 1]);
        assert_eq!(server.message(), (b"third".to_vec(), false));
        assert_eq!(server.message(), (b"third again".to_vec(), false));
        assert!(!matches!(server.seen.try_recv(), Ok(Seen::Message(..))), "sent twice");
        let counts = client.counts();
        assert_eq!((counts.opened(), counts.written(), faults(counts)), (3, 6, vec![]));
    });
    // A validator's tickets allow none.
    let server = Server::start(Manner::GOOD);
    with_client(settings, async |client| {
        for _ in 0..2 {
            let link = client.connect(server.address).await.unwrap();
            link.write(b"plain").await.unwrap().acknowledged().await.unwrap();
            assert_eq!(server.message(), (b"plain".to_vec(), false));
        }
        assert_eq!(early(client.counts()), [0, 0, 2]);
    });
}

#[test]
fn early_data_to_nobody_ends_with_the_handshake_s_limit() {
    let server = Server::start(Manner { early_data: true, ..Manner::GOOD });
    let limits = Limits { handshake: Duration::from_secs(1), ..LONG };
    with_client(Settings { early_data: true, ..settings(limits) }, async |client| {
        let at = server.address;
        let link = client.connect(at).await.unwrap();
        link.write(b"ticket").await.unwrap().acknowledged().await.unwrap();
        drop(server);
        let link = client.connect(at).await.unwrap();
        let fault = link.write(b"lost").await.unwrap_err();
        assert!(matches!(fault, Fault::ClosedHere | Fault::HandshakeTimeout), "{fault:?}");
        let told = faults(client.counts());
        assert!(told.contains(&("handshake_timeout", 1)), "{told:?}");
        assert_eq!((client.counts().written(), early(client.counts())), (1, [0, 0, 1]));
    });
}

#[test]
fn a_peer_that_answers_is_asked() {
    let server = Server::start(Manner { desk: Desk::Echo, ..Manner::GOOD });
    let plain = Server::start(Manner::GOOD);
    with_client(settings(Limits { stream: SHORT, ..LONG }), async |client| {
        let link = client.connect(server.address).await.unwrap();
        for len in [1, 1232, 4096] {
            let asked = vec![7; len];
            assert_eq!(link.ask(&asked, 4096).await.unwrap(), asked);
        }
        assert_eq!(link.ask(&[1; 100], 99).await.unwrap_err(), Fault::TooLong);
        let link = client.connect(plain.address).await.unwrap();
        assert_eq!(link.ask(b"?", 9).await.unwrap_err(), Fault::NoStream);
    });
}
