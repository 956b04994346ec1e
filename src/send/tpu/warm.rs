//! When a connection is opened, rested and given up. The caller owns the clock and the sockets.

use crate::net::quic::Fault;
use core::net::SocketAddr;
use std::collections::HashMap;

/// Connections at a time (agave v4.2.2 tpu-client-next keeps as many).
const OPEN_MAX: usize = 64;
/// Rest after a first failure: a leader's turn (tpu-client-next `RETRY_SLEEP_INTERVAL`); it doubles
/// with each failure that follows. A validator bans who tries more than 8 times a minute.
const REST_NS: u64 = 1_600_000_000;
/// The longest rest.
const REST_MAX_NS: u64 = 51_200_000_000;
/// A connection that lived so long did not fail at once.
const LIVED_NS: u64 = 10_000_000_000;
/// Peers that are remembered, resting ones included.
const KNOWN_MAX: usize = 4096;

/// What to do with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open one.
    Open(SocketAddr),
    /// Close it.
    Close(SocketAddr),
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// There, or on its way since then.
    Open(u64),
    /// Not to be tried before then, because of this.
    Resting(u64, Fault),
}

#[derive(Clone, Copy, Debug)]
struct Peer {
    state: State,
    wanted_ns: u64,
    failures: u32,
}

/// The connections that there should be.
#[derive(Clone, Debug, Default)]
pub struct Warm {
    peers: HashMap<SocketAddr, Peer>,
}

impl Warm {
    /// Wants to be connected to `wanted` at `now_ns`, and says what to do for it. Others stay
    /// connected, until there are too many: then the one that was not wanted for the longest time
    /// makes room.
    pub fn want(
        &mut self,
        wanted: impl IntoIterator<Item = SocketAddr>,
        now_ns: u64,
    ) -> Vec<Action> {
        let mut actions = Vec::new();
        for address in wanted {
            let known = self.peers.entry(address).or_insert(Peer {
                state: State::Resting(0, Fault::Closed),
                wanted_ns: now_ns,
                failures: 0,
            });
            known.wanted_ns = now_ns;
            if let State::Resting(until_ns, _) = known.state
                && until_ns <= now_ns
            {
                known.state = State::Open(now_ns);
                actions.push(Action::Open(address));
            }
        }
        self.make_room(now_ns, &mut actions);
        actions
    }

    fn make_room(&mut self, now_ns: u64, actions: &mut Vec<Action>) {
        let open = |peer: &Peer| matches!(peer.state, State::Open(_));
        let mut count = self.peers.values().filter(|peer| open(peer)).count();
        while count > OPEN_MAX {
            let unwanted = self.peers.iter().filter(|(_, peer)| open(peer));
            let oldest = unwanted.filter(|(_, peer)| peer.wanted_ns < now_ns);
            let Some(address) = oldest.min_by_key(|(_, peer)| peer.wanted_ns).map(|(a, _)| *a)
            else {
                break;
            };
            self.peers.remove(&address);
            actions.push(Action::Close(address));
            count -= 1;
        }
        if self.peers.len() > KNOWN_MAX {
            self.peers.retain(|_, peer| match peer.state {
                State::Open(_) => true,
                State::Resting(until_ns, _) => until_ns > now_ns,
            });
        }
    }

    /// The connection to `address` failed or ended at `now_ns`.
    pub fn ended(&mut self, address: SocketAddr, fault: Fault, now_ns: u64) {
        let Some(peer) = self.peers.get_mut(&address) else { return };
        let State::Open(since_ns) = peer.state else { return };
        if now_ns.saturating_sub(since_ns) >= LIVED_NS {
            peer.failures = 0;
        }
        let rest_ns = match peer.failures {
            // It was good for long: perhaps the peer has started anew.
            0 if now_ns.saturating_sub(since_ns) >= LIVED_NS => 0,
            failures => REST_NS.saturating_mul(1 << failures.min(10)).min(REST_MAX_NS),
        };
        peer.failures = peer.failures.saturating_add(1);
        peer.state = State::Resting(now_ns.saturating_add(rest_ns), fault);
    }

    /// Why there is no connection to `address`.
    pub fn fault(&self, address: SocketAddr) -> Option<Fault> {
        match self.peers.get(&address)?.state {
            State::Open(_) => None,
            State::Resting(_, fault) => Some(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn peer(number: u8) -> SocketAddr {
        SocketAddr::new([10, 0, 0, number].into(), 8009)
    }

    #[test]
    fn a_peer_is_opened_once_and_again_after_it_rested() {
        let mut warm = Warm::default();
        assert_eq!(
            warm.want([peer(1), peer(2), peer(1)], 5),
            [Action::Open(peer(1)), Action::Open(peer(2))]
        );
        assert_eq!(warm.want([peer(1), peer(2)], 6), []);
        // Each failure rests twice as long as the one before, up to a limit.
        let mut now_ns = 10;
        for rest_ms in [1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 51_200_u64] {
            let rest_ns = rest_ms * 1_000_000;
            warm.ended(peer(1), Fault::HandshakeTimeout, now_ns);
            assert_eq!(warm.fault(peer(1)), Some(Fault::HandshakeTimeout));
            assert_eq!(warm.want([peer(1)], now_ns + rest_ns - 1), []);
            assert_eq!(warm.want([peer(1)], now_ns + rest_ns), [Action::Open(peer(1))]);
            assert_eq!(warm.fault(peer(1)), None);
            now_ns += rest_ns + 1;
        }
        // One that lived long may come back at once; the next failure counts from the start.
        warm.ended(peer(1), Fault::Reset, now_ns + 11 * S);
        now_ns += 11 * S;
        assert_eq!(warm.want([peer(1)], now_ns), [Action::Open(peer(1))]);
        warm.ended(peer(1), Fault::Reset, now_ns + 1);
        assert_eq!(warm.want([peer(1)], now_ns + 2), []);
        // What is not known, or ended already, changes nothing.
        warm.ended(peer(9), Fault::Reset, now_ns);
        warm.ended(peer(1), Fault::Closed, now_ns + 3);
        assert_eq!((warm.fault(peer(9)), warm.fault(peer(1))), (None, Some(Fault::Reset)));
    }

    #[test]
    fn the_one_not_wanted_for_longest_makes_room() {
        let mut warm = Warm::default();
        for number in 0..64 {
            assert_eq!(warm.want([peer(number)], S + u64::from(number)).len(), 1);
        }
        // Wanted again: no longer the oldest.
        assert_eq!(warm.want([peer(0)], 2 * S), []);
        assert_eq!(
            warm.want([peer(100)], 2 * S + 1),
            [Action::Open(peer(100)), Action::Close(peer(1))]
        );
        // All that are wanted now are opened, be they too many.
        let many: Vec<_> = (110..=180).map(peer).collect();
        let actions = warm.want(many.iter().copied(), 3 * S);
        let opened = actions.iter().filter(|action| matches!(action, Action::Open(_))).count();
        assert_eq!((opened, actions.len() - opened), (71, 64));
    }
}
