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

use super::arena::{Arena, END};
use super::tree::Forest;
use super::{
    Candidate, Found, Graph, HUBS, NO_RATE, SEARCH_HOPS, Step, Way, add, item, item_mut, two,
};

/// The pool that a search starts from, in one direction.
#[derive(Clone, Copy)]
struct Touched {
    pool: u32,
    way: Way,
    from: u32,
    to: u32,
    rate: i32,
}

/// Pools of a cycle, each with its direction within the pair.
type Chosen = [(u32, usize); SEARCH_HOPS];

impl Graph {
    /// Adds to `found` the best cycles through `pool`, entered with token a if `a_to_b`, that may
    /// gain.
    pub(in super::super) fn search(&mut self, pool: u32, a_to_b: bool, found: &mut Found) {
        let Some(touched) = self.touched(pool, a_to_b) else { return };
        let met = found.met;
        if touched.rate != NO_RATE {
            self.open(&touched, &[touched.way.back()], found);
            let (from, to) = (self.hub_of(touched.from), self.hub_of(touched.to));
            match (from == END, to == END) {
                (false, false) => self.between_hubs(&touched, from, to, found),
                (false, true) => self.with_spoke(&touched, touched.to, touched.from, false, found),
                (true, false) => self.with_spoke(&touched, touched.from, touched.to, true, found),
                (true, true) => self.between_spokes(&touched, found),
            }
        }
        let hot = found.met != met || found.cut;
        self.heat(pool, touched.way.direction(), hot);
    }

    fn touched(&self, pool: u32, a_to_b: bool) -> Option<Touched> {
        let node = item(&self.pools, pool)?;
        let direction = usize::from(a_to_b == node.swapped);
        let [low, high] = item(&self.pairs, node.pair)?.tokens;
        let (from, to) = if direction == 0 { (low, high) } else { (high, low) };
        let rate = node.rate.get(direction).copied()?;
        Some(Touched { pool, way: Way::new(node.pair, direction), from, to, rate })
    }

    /// What a way back of `hops` more hops must have at least.
    #[inline]
    fn need(touched: &Touched, hops: usize, found: &Found) -> i32 {
        found.bar(hops.wrapping_add(1)).saturating_sub(touched.rate)
    }

    /// Both ends are hubs, with these numbers.
    fn between_hubs(&mut self, touched: &Touched, from: u32, to: u32, found: &mut Found) {
        let (tree, kind) = two(to, from);
        if let Some(head) = self.t2.get(tree).copied() {
            let mut walk = Forest::<1>::walk(head, kind);
            while let Some(slot) = self.leaf(&mut walk, Self::need(touched, 2, found), found) {
                let token = self.forest.owner(head, slot);
                let ways = [self.toward(token, to).map(Way::back), self.toward(token, from)];
                if let [Some(out), Some(home)] = ways {
                    self.open(touched, &[out, home], found);
                }
            }
        }
        for hub in 0..HUBS {
            let Ok(hub) = u32::try_from(hub) else { return };
            if hub as usize >= self.hubs.len() || found.cut {
                break;
            }
            let at = |row: &[i32]| row.get(hub as usize).copied().unwrap_or(NO_RATE);
            let [by_start, by_end] = &self.direct;
            let [detour_start, detour_end] = &self.detour;
            let first = add(at(by_start.row(to)), at(detour_end.row(from)));
            let last = add(at(detour_start.row(to)), at(by_end.row(from)));
            let need = Self::need(touched, 3, found);
            if first >= need {
                self.hub_then_any(touched, from, hub, found);
            }
            if last >= need {
                self.spoke_then_hub(touched, to, hub, found);
            }
        }
        let Some(head) = self.t3.get(tree).copied() else { return };
        let mut walk = Forest::<1>::walk(head, kind);
        while let Some(slot) = self.leaf(&mut walk, Self::need(touched, 3, found), found) {
            let owner = self.forest.owner(head, slot);
            self.over_two_spokes(touched, (from, to), owner, found);
        }
    }

    /// to -> hub -> any -> from.
    fn hub_then_any(&mut self, touched: &Touched, from: u32, hub: u32, found: &mut Found) {
        let Some(out) = self.toward(touched.to, hub) else { return };
        let rate = self.best(out);
        let (tree, kind) = two(hub, from);
        let Some(head) = self.t2.get(tree).copied().filter(|_| hub != from) else { return };
        let mut walk = Forest::<1>::walk(head, kind);
        loop {
            let bar = Self::need(touched, 3, found).saturating_sub(rate);
            let Some(slot) = self.leaf(&mut walk, bar, found) else { return };
            let token = self.forest.owner(head, slot);
            if token == touched.to {
                continue;
            }
            let ways = [self.toward(token, hub).map(Way::back), self.toward(token, from)];
            if let [Some(middle), Some(home)] = ways {
                self.open(touched, &[out, middle, home], found);
            }
        }
    }

    /// to -> spoke -> hub -> from.
    fn spoke_then_hub(&mut self, touched: &Touched, to: u32, hub: u32, found: &mut Found) {
        let Some(home) = self.toward(touched.from, hub).map(Way::back) else { return };
        let rate = self.best(home);
        let (tree, kind) = two(to, hub);
        let Some(head) = self.t2.get(tree).copied().filter(|_| hub != to) else { return };
        let mut walk = Forest::<1>::walk(head, kind);
        loop {
            let bar = Self::need(touched, 3, found).saturating_sub(rate);
            let Some(slot) = self.leaf(&mut walk, bar, found) else { return };
            let token = self.forest.owner(head, slot);
            if self.hub_of(token) != END {
                continue; // a hub, which the other rule has had
            }
            let ways = [self.toward(token, to).map(Way::back), self.toward(token, hub)];
            if let [Some(out), Some(middle)] = ways {
                self.open(touched, &[out, middle, home], found);
            }
        }
    }

    /// to -> spoke -> spoke -> from, of a leaf of T3.
    fn over_two_spokes(
        &mut self,
        touched: &Touched,
        (from, to): (u32, u32),
        owner: u32,
        found: &mut Found,
    ) {
        let pair = owner >> 1;
        let Some([low, high]) = item(&self.pairs, pair).map(|pair| pair.tokens) else { return };
        // The lower hub is next to the pair's first token, or (turned) to its second.
        let turned = owner & 1 == 1;
        let first_is_low = (to < from) != turned;
        let (first, last) = if first_is_low { (low, high) } else { (high, low) };
        let middle = Way::new(pair, usize::from(!first_is_low));
        let ways = [self.toward(first, to).map(Way::back), self.toward(last, from)];
        if let [Some(out), Some(home)] = ways {
            self.open(touched, &[out, middle, home], found);
        }
    }

    /// One end is a spoke, `far` the hub at the other. Ways go outward from the spoke; `flip` says
    /// that the trade goes the other way.
    fn with_spoke(
        &mut self,
        touched: &Touched,
        spoke: u32,
        far: u32,
        flip: bool,
        found: &mut Found,
    ) {
        let end = self.hub_of(far);
        let hubs = self.hubs_of(spoke);
        for at in 0..hubs.len {
            let (hub, out) = self.entry(hubs, at);
            if hub == end || !self.visit(found) {
                continue;
            }
            let rate = self.turned(out, flip);
            let direct = self.direct_rate(hub, end, flip);
            if add(rate, direct) >= Self::need(touched, 2, found)
                && let Some(home) = self.toward(far, hub).map(Way::back)
            {
                self.open_turned(touched, &[out, home], flip, found);
            }
            if add(rate, self.detour_rate(hub, end, flip)) >= Self::need(touched, 3, found) {
                self.hub_then_detour(touched, spoke, (out, hub, end), flip, found);
            }
        }
        let spokes = self.spokes_of(spoke);
        for at in 0..spokes.len {
            let (next, out) = self.entry(spokes, at);
            if !self.visit(found) {
                return;
            }
            let rate = self.turned(out, flip);
            if rate == NO_RATE {
                continue;
            }
            if let Some(home) = self.toward(next, end)
                && add(rate, self.turned(home, flip)) >= Self::need(touched, 2, found)
            {
                self.open_turned(touched, &[out, home], flip, found);
            }
            self.over_spoke(touched, (spoke, next, far), (out, rate), flip, found);
        }
    }

    /// spoke -> hub -> any -> end.
    fn hub_then_detour(
        &mut self,
        touched: &Touched,
        spoke: u32,
        (out, hub, end): (Way, u32, u32),
        flip: bool,
        found: &mut Found,
    ) {
        let rate = self.turned(out, flip);
        let (tree, kind) = if flip { two(end, hub) } else { two(hub, end) };
        let Some(head) = self.t2.get(tree).copied() else { return };
        let mut walk = Forest::<1>::walk(head, kind);
        loop {
            let bar = Self::need(touched, 3, found).saturating_sub(rate);
            let Some(slot) = self.leaf(&mut walk, bar, found) else { return };
            let token = self.forest.owner(head, slot);
            if token == spoke {
                continue;
            }
            let ways = [self.toward(token, hub).map(Way::back), self.toward(token, end)];
            if let [Some(middle), Some(home)] = ways {
                self.open_turned(touched, &[out, middle, home], flip, found);
            }
        }
    }

    /// spoke -> next spoke -> its neighbours -> far.
    fn over_spoke(
        &mut self,
        touched: &Touched,
        (spoke, next, far): (u32, u32, u32),
        (out, rate): (Way, i32),
        flip: bool,
        found: &mut Found,
    ) {
        let end = self.hub_of(far);
        let hubs = self.hubs_of(next);
        for at in 0..hubs.len {
            let (hub, middle) = self.entry(hubs, at);
            if hub == end || !self.visit(found) {
                continue;
            }
            let sum = add(add(rate, self.turned(middle, flip)), self.direct_rate(hub, end, flip));
            if sum >= Self::need(touched, 3, found)
                && let Some(home) = self.toward(far, hub).map(Way::back)
            {
                self.open_turned(touched, &[out, middle, home], flip, found);
            }
        }
        let spokes = self.spokes_of(next);
        for at in 0..spokes.len {
            let (further, middle) = self.entry(spokes, at);
            if further == spoke || !self.visit(found) {
                continue;
            }
            let Some(home) = self.toward(further, end) else { continue };
            let sum = add(add(rate, self.turned(middle, flip)), self.turned(home, flip));
            if sum >= Self::need(touched, 3, found) {
                self.open_turned(touched, &[out, middle, home], flip, found);
            }
        }
    }

    /// Both ends are spokes: the neighbours of both.
    fn between_spokes(&mut self, touched: &Touched, found: &mut Found) {
        for first in 0..self.neighbours(touched.to) {
            let (near, out) = self.neighbour(touched.to, first);
            let rate = self.best(out);
            if near == touched.from || rate == NO_RATE || !self.visit(found) {
                continue;
            }
            for last in 0..self.neighbours(touched.from) {
                let (far, back) = self.neighbour(touched.from, last);
                let home = back.back();
                if far == touched.to || !self.visit(found) {
                    continue;
                }
                let sum = add(rate, self.best(home));
                if sum == NO_RATE {
                    continue;
                }
                if near == far {
                    if sum >= Self::need(touched, 2, found) {
                        self.open(touched, &[out, home], found);
                    }
                } else if let Some(middle) = self.any_way(near, far)
                    && add(sum, self.best(middle)) >= Self::need(touched, 3, found)
                {
                    self.open(touched, &[out, middle, home], found);
                }
            }
        }
    }

    /// Neighbours of a spoke.
    fn neighbours(&self, token: u32) -> u32 {
        self.hubs_of(token).len.wrapping_add(self.spokes_of(token).len)
    }

    /// Neighbour `at` of a spoke: hubs first.
    fn neighbour(&self, token: u32, at: u32) -> (u32, Way) {
        let hubs = self.hubs_of(token);
        if at < hubs.len {
            let (hub, way) = self.entry(hubs, at);
            return (item(&self.hubs, hub).copied().unwrap_or(END), way);
        }
        self.entry(self.spokes_of(token), at.wrapping_sub(hubs.len))
    }

    /// The way from `from` to `to`, if they are neighbours.
    fn any_way(&self, from: u32, to: u32) -> Option<Way> {
        let (first, last) = (self.hub_of(from), self.hub_of(to));
        if last != END && (first == END || self.hubs_of(from).len <= self.hubs_of(to).len) {
            self.toward(from, last)
        } else if first != END {
            self.toward(to, first).map(Way::back)
        } else {
            self.way(from, to)
        }
    }

    /// The way from `token` to the hub of number `hub`, if they are neighbours.
    #[inline]
    fn toward(&self, token: u32, hub: u32) -> Option<Way> {
        self.entries(self.hubs_of(token)).find(|(other, _)| *other == hub).map(|(_, way)| way)
    }

    /// The best rate of a way that goes outward, in the trade's direction.
    #[inline]
    fn turned(&self, way: Way, flip: bool) -> i32 {
        self.best(if flip { way.back() } else { way })
    }

    #[inline]
    fn direct_rate(&self, hub: u32, end: u32, flip: bool) -> i32 {
        let [by_start, by_end] = &self.direct;
        let row = if flip { by_start.row(end) } else { by_end.row(end) };
        row.get(hub as usize).copied().unwrap_or(NO_RATE)
    }

    #[inline]
    fn detour_rate(&self, hub: u32, end: u32, flip: bool) -> i32 {
        let [by_start, by_end] = &self.detour;
        let row = if flip { by_start.row(end) } else { by_end.row(end) };
        row.get(hub as usize).copied().unwrap_or(NO_RATE)
    }

    /// The next leaf of a walk that passes `bar`.
    #[inline]
    fn leaf(&self, walk: &mut super::tree::Walk, bar: i32, found: &mut Found) -> Option<u32> {
        let arena: &Arena = &self.forest.arena;
        let (slot, value) = walk.next(arena, bar.max(NO_RATE.saturating_add(1)))?;
        (value != NO_RATE && self.visit(found)).then_some(slot)
    }

    /// Counts one more place; false when there have been too many.
    #[inline]
    fn visit(&self, found: &mut Found) -> bool {
        found.visits = found.visits.saturating_add(1);
        found.cut |= found.visits > self.room.visits;
        !found.cut
    }

    /// As [`Self::open`], of ways that go outward.
    fn open_turned(&mut self, touched: &Touched, ways: &[Way], flip: bool, found: &mut Found) {
        if !flip {
            return self.open(touched, ways, found);
        }
        let mut turned = [Way(END); SEARCH_HOPS];
        for (place, way) in turned.iter_mut().zip(ways.iter().rev()) {
            *place = way.back();
        }
        self.open(touched, turned.get(..ways.len()).unwrap_or_default(), found);
    }

    /// Lists the cycles of pools along `ways` that pass.
    fn open(&mut self, touched: &Touched, ways: &[Way], found: &mut Found) {
        let mut chosen: Chosen = [(END, 0); SEARCH_HOPS];
        chosen[0] = (touched.pool, touched.way.direction());
        self.choose(touched, ways, 0, touched.rate, &mut chosen, found);
    }

    /// Takes a pool for each way from number `depth` on.
    fn choose(
        &mut self,
        touched: &Touched,
        ways: &[Way],
        depth: usize,
        sum: i32,
        chosen: &mut Chosen,
        found: &mut Found,
    ) {
        let Some(way) = ways.get(depth).copied() else {
            self.list(chosen.get(..=ways.len()).unwrap_or_default(), sum, found);
            return;
        };
        let next = depth.wrapping_add(1);
        let rest = ways.iter().skip(next).fold(sum, |sum, way| add(sum, self.best(*way)));
        let hops = ways.len().wrapping_add(1);
        if rest == NO_RATE || add(rest, self.best(way)) < found.bar(hops) {
            return;
        }
        let Some(head) = item(&self.pairs, way.pair()).map(|pair| pair.pools) else { return };
        let mut walk = Forest::<1>::walk(head, way.direction());
        loop {
            let bar = found.bar(hops).saturating_sub(rest);
            let Some(slot) = self.leaf(&mut walk, bar, found) else { return };
            let pool = self.forest.owner(head, slot);
            if pool == touched.pool {
                continue;
            }
            let rate = self.forest.leaf(head, slot, way.direction());
            if let Some(place) = chosen.get_mut(next) {
                *place = (pool, way.direction());
            }
            self.choose(touched, ways, next, add(sum, rate), chosen, found);
        }
    }

    pub(super) fn heat(&mut self, pool: u32, direction: usize, hot: bool) {
        let node = item_mut(&mut self.pools, pool);
        if let Some(held) = node.and_then(|node| node.hot.get_mut(direction)) {
            *held = hot;
        }
    }

    /// Turns the cycle so that it starts in the first base it meets, and lists it.
    fn list(&mut self, hops: &[(u32, usize)], score: i32, found: &mut Found) {
        found.met = found.met.saturating_add(1);
        let mut steps = [Step::default(); SEARCH_HOPS];
        let mut starts = [END; SEARCH_HOPS];
        for ((pool, direction), (step, start)) in hops.iter().zip(steps.iter_mut().zip(&mut starts))
        {
            let Some(node) = item(&self.pools, *pool) else { return };
            let Some(pair) = item(&self.pairs, node.pair) else { return };
            *step = Step { pool: *pool, a_to_b: (*direction == 1) == node.swapped };
            *start = pair.tokens.get(*direction).copied().unwrap_or(END);
        }
        for (pool, direction) in hops {
            self.heat(*pool, *direction, true);
        }
        let place =
            self.bases.iter().find_map(|base| starts.iter().position(|start| start == base));
        let Some(used) = steps.get_mut(..hops.len()) else { return };
        match place.filter(|place| *place < used.len()) {
            None => found.baseless = found.baseless.saturating_add(1),
            Some(place) => {
                used.rotate_left(place);
                let hops = u8::try_from(hops.len()).unwrap_or(0);
                found.push(Candidate { steps, hops, score });
            }
        }
    }
}
