//! The best ways back from where a pool leads.
//!
//! | pool | one hop between | two hops between |
//! |---|---|---|
//! | hub to hub | T2 | over hubs y: W + T2, T2 + W; T3 |
//! | spoke and hub | over the spoke's neighbours | over its hubs: rate + T2; over its spokes: their neighbours |
//! | spoke to spoke | over the neighbours of one | over the neighbours of both |
//!
//! A tree's best is looked at first; its leaves only where that passes the bar, which rises with the
//! worst of the list. Ways are found outward from a spoke, against the direction of the trade where
//! the spoke is where it starts (`flip`).

use crate::mem;

use super::arena::{Arena, END};
use super::tree::{Forest, Walk};
use super::{Entry, Found, Graph, List, NO_RATE, Touched, Way, add, item, item_mut, two};

impl Graph {
    /// Adds to `found` the best cycles through `pool`, entered with token a if `a_to_b`, that may
    /// gain.
    pub(in super::super) fn search(&mut self, pool: u32, a_to_b: bool, found: &mut Found) {
        let Some(touched) = self.touched(pool, a_to_b) else { return };
        if touched.rate != NO_RATE {
            self.beside(&touched, found);
            let (from, to) = (self.hub_of(touched.from), self.hub_of(touched.to));
            match (from == END, to == END) {
                (false, false) => self.between_hubs(&touched, from, to, found),
                (false, true) => self.with_spoke(&touched, touched.to, from, false, found),
                (true, false) => self.with_spoke(&touched, touched.from, to, true, found),
                (true, true) => self.between_spokes(&touched, found),
            }
            self.finish(&touched, found);
        }
        let hot = found.met != 0 || found.cut;
        let node = item_mut(&mut self.pools, pool);
        if let Some(held) = node.and_then(|node| node.hot.get_mut(touched.way.direction())) {
            *held = hot;
        }
    }

    fn touched(&self, pool: u32, a_to_b: bool) -> Option<Touched> {
        let node = item(&self.pools, pool)?;
        let direction = usize::from(a_to_b == node.swapped);
        let [low, high] = node.tokens;
        let (from, to) = if direction == 0 { (low, high) } else { (high, low) };
        let rate = node.rate.get(direction).copied()?;
        let based = self.bases.iter().any(|base| *base == from || *base == to);
        Some(Touched { pool, way: Way::new(node.pair, direction), from, to, rate, based })
    }

    /// What a way back of `hops` hops must have at least.
    #[inline]
    fn need(touched: &Touched, hops: usize, found: &Found) -> i32 {
        found.bar(hops.wrapping_add(1)).saturating_sub(touched.rate)
    }

    /// The token of a hub.
    #[inline]
    fn hub_token(&self, hub: u32) -> u32 {
        item(&self.hubs, hub).copied().unwrap_or(END)
    }

    /// Both ends are hubs, with these numbers.
    fn between_hubs(&mut self, touched: &Touched, from: u32, to: u32, found: &mut Found) {
        let (tree, kind) = two(to, from);
        if let Some(head) = self.t2.get(tree).copied() {
            let mut walk = Forest::walk(head, kind);
            while let Some((slot, sum)) = self.leaf(&mut walk, Self::need(touched, 2, found), found)
            {
                self.meet(touched, sum, [self.forest.owner(head, slot), END], found);
            }
        }
        for (hub, _) in (0..).zip(0..self.hubs.len()) {
            let at = |row: &[i32]| row.get(hub as usize).copied().unwrap_or(NO_RATE);
            let [by_start, by_end] = &self.direct;
            let [detour_start, detour_end] = &self.detour;
            let (out, home) = (at(by_start.row(to)), at(by_end.row(from)));
            let first = add(out, at(detour_end.row(from)));
            let last = add(at(detour_start.row(to)), home);
            let need = Self::need(touched, 3, found);
            if first >= need && hub != from {
                // to -> hub -> any -> from
                let ends = (two(hub, from), out);
                self.over_detours(touched, ends, found, |token| {
                    (token != touched.to).then_some([self.hub_token(hub), token])
                });
            }
            if last >= need && hub != to {
                // to -> spoke -> hub -> from; a hub in its place is what the other rule has had.
                let ends = (two(to, hub), home);
                self.over_detours(touched, ends, found, |token| {
                    (self.hub_of(token) == END).then_some([token, self.hub_token(hub)])
                });
            }
        }
        let Some(head) = self.t3.get(tree).copied() else { return };
        let mut walk = Forest::walk(head, kind);
        while let Some((slot, sum)) = self.leaf(&mut walk, Self::need(touched, 3, found), found) {
            let owner = self.forest.owner(head, slot);
            let Some(pair) = item(&self.pairs, owner >> 1) else { continue };
            let [low, high] = pair.tokens;
            // The lower hub is next to the pair's first token, or (turned) to its second.
            let first_is_low = (to < from) != (owner & 1 == 1);
            let between = if first_is_low { [low, high] } else { [high, low] };
            self.meet(touched, sum, between, found);
        }
    }

    /// The detours of a tree of T2, with the rate of the hop beside it; `between` makes tokens of the
    /// one in the middle.
    fn over_detours(
        &self,
        touched: &Touched,
        ((tree, kind), rate): ((usize, usize), i32),
        found: &mut Found,
        between: impl Fn(u32) -> Option<[u32; 2]>,
    ) {
        let Some(head) = self.t2.get(tree).copied() else { return };
        let mut walk = Forest::walk(head, kind);
        loop {
            let bar = Self::need(touched, 3, found).saturating_sub(rate);
            let Some((slot, value)) = self.leaf(&mut walk, bar, found) else { return };
            if let Some(between) = between(self.forest.owner(head, slot)) {
                self.meet(touched, add(rate, value), between, found);
            }
        }
    }

    /// One end is a spoke, `end` the hub at the other. Ways go outward from the spoke; `flip` says
    /// that the trade goes the other way.
    fn with_spoke(&self, touched: &Touched, spoke: u32, end: u32, flip: bool, found: &mut Found) {
        let turned = |near: u32, far: u32| if flip { [far, near] } else { [near, far] };
        let (direct, detour) = self.rows(end, flip);
        let hubs = self.hubs_of(spoke);
        if !self.visit(hubs.len, found) {
            return;
        }
        // Of one hub alone: the end.
        let others = if hubs.len > 1 { hubs } else { List::EMPTY };
        for entry in self.entries(others).filter(|entry| entry.other != end) {
            let rate = entry.turned(flip);
            let at = |row: &[i32]| row.get(entry.other as usize).copied().unwrap_or(NO_RATE);
            let (sum, most) = (add(rate, at(direct)), add(rate, at(detour)));
            if sum >= Self::need(touched, 2, found) {
                self.meet(touched, sum, [self.hub_token(entry.other), END], found);
            }
            if most >= Self::need(touched, 3, found) {
                let hub = self.hub_token(entry.other);
                let tree = if flip { two(end, entry.other) } else { two(entry.other, end) };
                self.over_detours(touched, (tree, rate), found, |token| {
                    (token != spoke).then_some(turned(hub, token))
                });
            }
        }
        let spokes = self.entries(self.spokes_of(spoke));
        for entry in spokes.clone() {
            mem::prefetch_item(&self.tokens, entry.other as usize);
        }
        for entry in spokes.clone() {
            self.forest.arena.prefetch(self.hubs_of(entry.other).at);
        }
        for entry in spokes {
            if entry.turned(flip) != NO_RATE {
                self.over_spoke(touched, (spoke, entry, end), flip, found);
            }
        }
    }

    /// spoke -> next spoke -> the hub at the end, or one of its neighbours -> the hub at the end.
    fn over_spoke(
        &self,
        touched: &Touched,
        (spoke, next, end): (u32, Entry, u32),
        flip: bool,
        found: &mut Found,
    ) {
        let turned = |near: u32, far: u32| if flip { [far, near] } else { [near, far] };
        let (direct, _) = self.rows(end, flip);
        let rate = next.turned(flip);
        let hubs = self.hubs_of(next.other);
        if !self.visit(hubs.len, found) {
            return;
        }
        for entry in self.entries(hubs) {
            let sum = add(rate, entry.turned(flip));
            if entry.other == end {
                if sum >= Self::need(touched, 2, found) {
                    self.meet(touched, sum, [next.other, END], found);
                }
                continue;
            }
            let sum = add(sum, direct.get(entry.other as usize).copied().unwrap_or(NO_RATE));
            if sum >= Self::need(touched, 3, found) {
                let hub = self.hub_token(entry.other);
                self.meet(touched, sum, turned(next.other, hub), found);
            }
        }
        let spokes = self.spokes_of(next.other);
        if !self.visit(spokes.len, found) {
            return;
        }
        for entry in self.entries(spokes).filter(|entry| entry.other != spoke) {
            let mut home = self.entries(self.hubs_of(entry.other));
            let Some(home) = home.find(|home| home.other == end) else { continue };
            let sum = add(add(rate, entry.turned(flip)), home.turned(flip));
            if sum >= Self::need(touched, 3, found) {
                self.meet(touched, sum, turned(next.other, entry.other), found);
            }
        }
    }

    /// Rates between hub `end` and each hub, direct and by the best detour, in the trade's direction.
    #[inline]
    fn rows(&self, end: u32, flip: bool) -> (&[i32], &[i32]) {
        let ([by_start, by_end], [detour_start, detour_end]) = (&self.direct, &self.detour);
        if flip {
            (by_start.row(end), detour_start.row(end))
        } else {
            (by_end.row(end), detour_end.row(end))
        }
    }

    /// Both ends are spokes: the neighbours of both.
    fn between_spokes(&self, touched: &Touched, found: &mut Found) {
        for (near, out) in self.neighbours(touched.to) {
            let rate = out.turned(false);
            if near == touched.from || rate == NO_RATE || !self.visit(1, found) {
                continue;
            }
            for (far, home) in self.neighbours(touched.from) {
                let sum = add(rate, home.turned(true));
                if far == touched.to || !self.visit(1, found) || sum == NO_RATE {
                    continue;
                }
                if near == far {
                    if sum >= Self::need(touched, 2, found) {
                        self.meet(touched, sum, [near, END], found);
                    }
                } else {
                    let sum = add(sum, self.rate_between(near, far));
                    if sum >= Self::need(touched, 3, found) {
                        self.meet(touched, sum, [near, far], found);
                    }
                }
            }
        }
    }

    /// Neighbours of a spoke, hubs first: token and entry.
    fn neighbours(&self, token: u32) -> impl Iterator<Item = (u32, Entry)> + Clone + use<'_> {
        let hubs =
            self.entries(self.hubs_of(token)).map(|entry| (self.hub_token(entry.other), entry));
        hubs.chain(self.entries(self.spokes_of(token)).map(|entry| (entry.other, entry)))
    }

    /// The best rate from `from` to `to`; `NO_RATE` when they are no neighbours.
    fn rate_between(&self, from: u32, to: u32) -> i32 {
        let (first, last) = (self.hub_of(from), self.hub_of(to));
        let (list, other, flip) = match (first == END, last == END) {
            (false, false) => {
                let row = self.direct[0].row(first);
                return row.get(last as usize).copied().unwrap_or(NO_RATE);
            }
            (true, false) => (self.hubs_of(from), last, false),
            (false, true) => (self.hubs_of(to), first, true),
            (true, true) => (self.spokes_of(from), to, false),
        };
        let mut entries = self.entries(list);
        entries.find(|entry| entry.other == other).map_or(NO_RATE, |entry| entry.turned(flip))
    }

    /// The way from `from` to `to`, if they are neighbours.
    pub(super) fn any_way(&self, from: u32, to: u32) -> Option<Way> {
        let toward = |token: u32, hub: u32| {
            let mut entries = self.entries(self.hubs_of(token));
            entries.find(|entry| entry.other == hub).map(|entry| entry.way)
        };
        let (first, last) = (self.hub_of(from), self.hub_of(to));
        match (first == END, last == END) {
            (true, false) => toward(from, last),
            (false, true) => toward(to, first).map(Way::back),
            _ => self.way(from, to),
        }
    }

    /// The next leaf of a walk that passes `bar`: slot and value.
    #[inline]
    pub(super) fn leaf(&self, walk: &mut Walk, bar: i32, found: &mut Found) -> Option<(u32, i32)> {
        let arena: &Arena = &self.forest.arena;
        let leaf = walk.next(arena, bar.max(NO_RATE.saturating_add(1)))?;
        self.visit(1, found).then_some(leaf)
    }

    /// Counts more places; false when there have been too many.
    #[inline]
    pub(super) fn visit(&self, places: u32, found: &mut Found) -> bool {
        found.visits = found.visits.saturating_add(places);
        found.cut |= found.visits > self.room.visits;
        !found.cut
    }
}
