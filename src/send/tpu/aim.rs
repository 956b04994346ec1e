//! Which leaders a bundle goes to, and which connections to keep warm.

use super::{Nodes, TURN_SLOTS};
use crate::ids::Key;
use crate::wire::leaders::Leaders;
use core::net::SocketAddr;

/// Slots that are looked through for the leaders ahead, if some of them follow themselves.
const LOOK_AHEAD: u64 = 32 * TURN_SLOTS;

/// Who leads.
#[derive(Clone, Debug)]
pub enum Leading {
    /// Nothing is known.
    Unknown,
    /// A schedule.
    Schedule(Leaders),
    /// The leaders of slots in a row from the first.
    From(u64, Vec<Key>),
}

impl Leading {
    /// Who leads `slot`.
    fn of(&self, slot: u64) -> Option<Key> {
        match self {
            Self::Unknown => None,
            Self::Schedule(leaders) => leaders.of(slot),
            Self::From(first, keys) => {
                keys.get(usize::try_from(slot.checked_sub(*first)?).ok()?).copied()
            }
        }
    }
}

/// A peer to send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it listens.
    pub peer: SocketAddr,
    /// Who it is; `None` of a peer that the user named.
    pub leader: Option<Key>,
}

/// Everything that is known of where to send.
#[derive(Clone, Debug)]
pub struct Aim {
    /// Who leads.
    pub leading: Leading,
    /// Where leaders listen.
    pub nodes: Nodes,
    /// Peers that get everything, whoever leads.
    pub peers: Vec<SocketAddr>,
    /// Leaders that a bundle goes to: the current one and those that follow.
    pub fanout: u8,
}

impl Aim {
    /// Whom to send to in `slot`: the peers that the user named, then the leaders, nearest first. In
    /// a leader's last slot one leader more, since what is sent may come too late for it.
    pub fn targets(&self, slot: Option<u64>) -> Vec<Target> {
        let last = slot.is_some_and(|slot| slot % TURN_SLOTS == TURN_SLOTS - 1);
        self.ahead(slot, usize::from(self.fanout) + usize::from(last))
    }

    /// Whom to be connected to in `slot`: one leader more than is sent to.
    pub fn warm(&self, slot: Option<u64>) -> Vec<Target> {
        self.ahead(slot, usize::from(self.fanout) + 1)
    }

    fn ahead(&self, slot: Option<u64>, count: usize) -> Vec<Target> {
        let pinned = self.peers.iter().map(|peer| Target { peer: *peer, leader: None });
        let mut found: Vec<Target> = pinned.collect();
        let Some(slot) = slot else { return found };
        let mut leaders: Vec<Key> = Vec::with_capacity(count);
        for slot in slot..slot.saturating_add(LOOK_AHEAD) {
            if leaders.len() == count {
                break;
            }
            match self.leading.of(slot) {
                Some(leader) if !leaders.contains(&leader) => leaders.push(leader),
                _ => {}
            }
        }
        for leader in leaders {
            // A leader whose address is not known counts as one, so that no far one is taken for it.
            let Some(peer) = self.nodes.place(&leader) else { continue };
            match found.iter_mut().find(|target| target.peer == peer) {
                Some(target) => target.leader = target.leader.or(Some(leader)),
                None => found.push(Target { peer, leader: Some(leader) }),
            }
        }
        found
    }

    /// Whether the leader of `slot` is known, and of the slot `ahead` behind it.
    pub fn reaches(&self, slot: u64, ahead: u64) -> bool {
        self.leading.of(slot).is_some() && self.leading.of(slot.saturating_add(ahead)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::base58;
    use crate::wire::leaders::Schedule;

    /// Leaders 1 to 4 of four slots each from slot 100, then 1 again twice; 3 has no address.
    fn aim(fanout: u8) -> Aim {
        let turns = [1, 2, 3, 4, 1, 1];
        let keys = turns.iter().flat_map(|key| [[*key; 32]; 4]).collect();
        let line = |key: u8| format!("{} 10.0.0.{key}:80{key}\n", base58::Key(&[key; 32]));
        let nodes = Nodes::read([1, 2, 4].map(line).concat().as_bytes()).unwrap();
        Aim { leading: Leading::From(100, keys), nodes, peers: Vec::new(), fanout }
    }

    fn who(targets: &[Target]) -> Vec<u8> {
        targets.iter().map(|target| target.leader.map_or(0, |key| key[0])).collect()
    }

    #[test]
    fn the_current_leader_comes_first_and_the_next_ones_follow() {
        let aim = aim(2);
        for (slot, sent, warm) in [
            (100, &[1, 2][..], &[1, 2][..]),
            (102, &[1, 2], &[1, 2]),
            // The last slot of a turn: one more, here one without an address.
            (103, &[1, 2], &[1, 2]),
            (104, &[2], &[2, 4]),
            (107, &[2, 4], &[2, 4]),
            (108, &[4], &[4, 1]),
            (111, &[4, 1], &[4, 1]),
            (112, &[4, 1], &[4, 1]),
            (120, &[1], &[1]),
            (99, &[1, 2], &[1, 2]),
            (124, &[], &[]),
        ] {
            assert_eq!(who(&aim.targets(Some(slot))), sent, "slot {slot}");
            assert_eq!(who(&aim.warm(Some(slot))), warm, "slot {slot}");
        }
        assert_eq!(aim.targets(Some(104))[0].peer, "10.0.0.2:802".parse().unwrap());
        assert_eq!(who(&aim.targets(None)), [0; 0]);
        assert_eq!(who(&Aim { fanout: 1, ..aim }.targets(Some(103))), [1, 2]);
    }

    #[test]
    fn named_peers_get_everything_once() {
        let mut aim = aim(1);
        aim.peers = ["10.9.9.9:1", "10.0.0.2:802"].map(|peer| peer.parse().unwrap()).to_vec();
        assert_eq!(who(&aim.targets(None)), [0, 0]);
        assert_eq!(who(&aim.targets(Some(104))), [0, 2]);
        assert_eq!(who(&aim.targets(Some(100))), [0, 0, 1]);
    }

    #[test]
    fn schedules_and_spans_say_the_same_and_know_their_ends() {
        let from = aim(2);
        let text: String = [1u8, 2, 3, 4, 1, 1]
            .iter()
            .zip((100..).step_by(4))
            .map(|(key, first)| format!("{first}-{} {}\n", first + 3, base58::Key(&[*key; 32])))
            .collect();
        let schedule = Leaders::Of(Schedule::read(text.as_bytes(), None).unwrap());
        let of = Aim { leading: Leading::Schedule(schedule), ..from.clone() };
        for slot in 90..130 {
            assert_eq!(from.targets(Some(slot)), of.targets(Some(slot)), "slot {slot}");
        }
        assert!(from.reaches(100, 23) && !from.reaches(100, 24) && !from.reaches(99, 1));
        assert!(!Aim { leading: Leading::Unknown, ..from }.reaches(100, 0));
    }
}
