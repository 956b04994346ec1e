//! Steps of proof of history whose hashes are not computed yet, up to sixteen of them side by side.
//!
//! Within a step each hash waits for the one before; between steps nothing does, because every entry
//! claims the hash that it begins with. So steps of unequal lengths go on together until the shortest
//! is done, and its place is free for another:
//!
//! ```text
//! step 0   ======|-- another ---
//! step 1   ===========|-- another       each bar: a comparison with the hash that was claimed
//! step 2   ==========================
//! ```
//!
//! It does not limit how many hashes a step has: who puts one here has.

use super::sha256::{Hash, LANES, digest, iterate};

/// A claim that hashing leads from one hash to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The last hash computed; at first the one before the step.
    last: Hash,
    /// Plain hashes still to come.
    left: u64,
    /// Mixed into one more hash after those.
    root: Option<Hash>,
    /// Where it is to end.
    claimed: Hash,
}

impl Link {
    const NONE: Self = Self { last: [0; 32], left: 0, root: None, claimed: [0; 32] };

    /// The claim that `num_hashes` hashes lead from `previous` to `claimed`, `root` mixed into the
    /// last, which is made even where none is claimed.
    pub(super) fn new(
        previous: &Hash,
        num_hashes: u64,
        claimed: &Hash,
        root: Option<&Hash>,
    ) -> Self {
        let left = if root.is_some() { num_hashes.saturating_sub(1) } else { num_hashes };
        Self { last: *previous, left, root: root.copied(), claimed: *claimed }
    }

    /// Whether the claim is true, once no plain hash is left.
    fn holds(&self) -> bool {
        self.root.map_or(self.last, |root| digest(&self.last, &root)) == self.claimed
    }
}

/// Links on their way, at most one a lane.
#[derive(Clone, Debug)]
pub(super) struct Links {
    links: [Link; LANES],
    count: usize,
}

impl Links {
    /// None.
    pub(super) fn new() -> Self {
        Self { links: [Link::NONE; LANES], count: 0 }
    }

    /// Takes `link`, and hands to `out` of each link that is done by then whether it holds, in no
    /// order.
    pub(super) fn push(&mut self, link: Link, out: &mut impl FnMut(bool)) {
        if link.left == 0 {
            return out(link.holds());
        }
        // There is a free place: none is left taken below.
        if let Some(place) = self.links.get_mut(self.count) {
            *place = link;
            self.count += 1;
        }
        if self.count == LANES {
            self.advance(out);
        }
    }

    /// Ends all links, as [`Self::push`] does some; none is left.
    pub(super) fn settle(&mut self, out: &mut impl FnMut(bool)) {
        while self.count > 0 {
            self.advance(out);
        }
    }

    /// Computes what the shortest link lacks in all of them, which ends that one at least.
    fn advance(&mut self, out: &mut impl FnMut(bool)) {
        let links = self.links.get_mut(..self.count).unwrap_or_default();
        let hashes_len = links.len();
        let shortest = links.iter().map(|link| link.left).min().unwrap_or(0);
        let mut hashes = [[0; 32]; LANES];
        for (hash, link) in hashes.iter_mut().zip(&*links) {
            *hash = link.last;
        }
        iterate(hashes.get_mut(..hashes_len).unwrap_or_default(), shortest);
        for (link, hash) in links.iter_mut().zip(hashes) {
            link.last = hash;
            link.left -= shortest;
        }
        let mut kept = 0;
        for at in 0..self.count {
            let Some(link) = self.links.get(at).copied() else { break };
            if link.left == 0 {
                out(link.holds());
            } else if let Some(place) = self.links.get_mut(kept) {
                *place = link;
                kept += 1;
            }
        }
        self.count = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::super::poh::check;
    use super::*;
    use proptest::prelude::*;

    /// A claim made by the definition, right or wrong.
    fn claim(seed: u8, num_hashes: u64, with_root: bool, right: bool) -> (Link, bool) {
        let (previous, root) = ([seed; 32], [!seed; 32]);
        let root = with_root.then_some(&root);
        let mut claimed = previous;
        let plain = num_hashes.saturating_sub(u64::from(with_root));
        (0..plain).for_each(|_| claimed = digest(&claimed, &[]));
        if let Some(root) = root {
            claimed = digest(&claimed, root);
        }
        claimed[31] ^= u8::from(!right);
        let holds = check(&previous, num_hashes, &claimed, root).is_ok();
        (Link::new(&previous, num_hashes, &claimed, root), holds)
    }

    proptest! {
        #[test]
        fn links_side_by_side_hold_as_each_alone_does(
            claims in proptest::collection::vec((any::<u8>(), 0u64..60, any::<bool>(), any::<bool>()), 0..70),
        ) {
            let (mut links, mut held, mut failed) = (Links::new(), 0, 0);
            let mut count = |holds: bool| *if holds { &mut held } else { &mut failed } += 1;
            let (mut expected_held, mut expected_failed) = (0, 0);
            for (seed, num_hashes, with_root, right) in claims {
                let (link, holds) = claim(seed, num_hashes, with_root, right);
                *if holds { &mut expected_held } else { &mut expected_failed } += 1;
                links.push(link, &mut count);
            }
            links.settle(&mut count);
            prop_assert_eq!((held, failed, links.count), (expected_held, expected_failed, 0));
        }
    }

    #[test]
    fn a_link_is_done_when_its_own_hashes_are() {
        let (mut links, mut done) = (Links::new(), Vec::new());
        for num_hashes in 1..=17 {
            // Every other claim is wrong.
            let (link, holds) = claim(9, num_hashes, false, num_hashes % 2 == 0);
            assert_eq!(holds, num_hashes % 2 == 0);
            links.push(link, &mut |holds| done.push(holds));
        }
        // The sixteenth filled the places, which ended the first; the seventeenth ended the second.
        assert_eq!(done, [false, true]);
        links.settle(&mut |holds| done.push(holds));
        assert_eq!(done.len(), 17);
        assert!(done.iter().zip(1..).all(|(holds, num_hashes)| *holds == (num_hashes % 2 == 0)));
    }
}
