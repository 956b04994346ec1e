//! What a pair adds to the trees, and how its rates reach them.
//!
//! A hub next to a token makes a leaf of T2 with each other hub next to it; two spokes that are next
//! to each other make a leaf of T3 with each hub of the one and each of the other. Where a leaf lies
//! is kept beside the token and beside the pair.

use super::arena::END;
use super::{Graph, HUBS, List, NO_RATE, Token, Way, add, item, item_mut, two};

/// Place of the leaf for entries `p` and `q` of a token's hubs.
#[inline]
fn corner(p: u32, q: u32) -> u32 {
    let (low, high) = if p < q { (p, q) } else { (q, p) };
    (high.wrapping_mul(high.wrapping_sub(1)) / 2).wrapping_add(low)
}

impl Graph {
    /// A pair is new: its tokens are neighbours from now on.
    pub(super) fn link(&mut self, number: u32) {
        let Some([low, high]) = item(&self.pairs, number).map(|pair| pair.tokens) else { return };
        for token in [low, high] {
            if let Some(token) = item_mut(&mut self.tokens, token) {
                token.degree = token.degree.saturating_add(1);
            }
        }
        let (from, to) = (self.hub_of(low), self.hub_of(high));
        let way = Way::new(number, 0);
        let mut whole = true;
        if from == END && to == END {
            whole &= self.join(low, high, number).is_some();
        }
        if from != END {
            whole &= self.attach(high, from, way.back()).is_some();
        }
        if to != END {
            whole &= self.attach(low, to, way).is_some();
        }
        if let Some(pair) = item_mut(&mut self.pairs, number) {
            pair.partial = !whole;
        }
        for token in [low, high] {
            let due = item(&self.tokens, token)
                .is_some_and(|token| token.hub == END && token.degree >= self.hub_degree);
            if due && self.hubs.len() < HUBS && self.can_promote(token) {
                self.promote(token);
            }
        }
    }

    /// The number of `token` as a hub, or `END`.
    #[inline]
    pub(super) fn hub_of(&self, token: u32) -> u32 {
        item(&self.tokens, token).map_or(END, |token: &Token| token.hub)
    }

    /// The hubs next to `token`.
    #[inline]
    pub(super) fn hubs_of(&self, token: u32) -> List {
        item(&self.tokens, token).map_or(List::EMPTY, |token| token.hubs)
    }

    /// The spokes next to `token`, which is a spoke.
    #[inline]
    pub(super) fn spokes_of(&self, token: u32) -> List {
        item(&self.tokens, token).map_or(List::EMPTY, |token| token.spokes)
    }

    /// `list` with one more; `None` when there is no room.
    fn appended(&mut self, mut list: List, other: u32, way: Way) -> Option<List> {
        if list.len >= list.room {
            let room = list.room.checked_mul(2)?.max(2);
            let words = |entries: u32| (entries as usize).wrapping_mul(2);
            let at = self.forest.arena.take(words(room))?;
            if list.at != END {
                self.forest.arena.copy(list.at, at, words(list.len));
                self.forest.arena.give(list.at, words(list.room));
            }
            (list.at, list.room) = (at, room);
        }
        let place = list.at.checked_add(list.len.checked_mul(2)?)?;
        self.forest.arena.set(place, other.cast_signed());
        self.forest.arena.set(place.checked_add(1)?, way.0.cast_signed());
        list.len = list.len.checked_add(1)?;
        Some(list)
    }

    /// `hub` is next to `token`, `way` from it.
    fn attach(&mut self, token: u32, hub: u32, way: Way) -> Option<()> {
        let before = self.hubs_of(token);
        let list = self.appended(before, hub, way)?;
        item_mut(&mut self.tokens, token)?.hubs = list;
        let place = list.len.checked_sub(1)?;
        self.corners(token, before, list)?;
        let slots = item(&self.tokens, token)?.slots;
        for at in 0..place {
            let (other, _) = self.entry(list, at);
            let (tree, _) = two(hub, other);
            let slot = self.forest.insert(self.t2.get_mut(tree)?, token)?;
            self.forest.arena.set(slots.checked_add(corner(at, place))?, slot.cast_signed());
        }
        let spokes = self.spokes_of(token);
        for at in 0..spokes.len {
            let (_, next) = self.entry(spokes, at);
            self.cells(next.pair())?;
        }
        self.spread(way);
        self.spread(way.back());
        Some(())
    }

    /// Makes room for the leaves of `token`, whose hubs were `before` and are `now`.
    fn corners(&mut self, token: u32, before: List, now: List) -> Option<()> {
        if before.room == now.room {
            return Some(());
        }
        let words = |room: u32| corner(0, room.max(1)) as usize;
        let at = self.forest.arena.take(words(now.room))?;
        let held = item_mut(&mut self.tokens, token)?;
        let old = std::mem::replace(&mut held.slots, at);
        if old != END {
            self.forest.arena.copy(old, at, words(before.room));
            self.forest.arena.give(old, words(before.room));
        }
        Some(())
    }

    /// Two spokes are next to each other.
    fn join(&mut self, low: u32, high: u32, number: u32) -> Option<()> {
        let way = Way::new(number, 0);
        let list = self.appended(self.spokes_of(low), high, way)?;
        item_mut(&mut self.tokens, low)?.spokes = list;
        let list = self.appended(self.spokes_of(high), low, way.back())?;
        item_mut(&mut self.tokens, high)?.spokes = list;
        self.cells(number)
    }

    /// Makes the leaves that a pair of spokes does not have yet.
    fn cells(&mut self, number: u32) -> Option<()> {
        let pair = item(&self.pairs, number)?;
        let ([low, high], old, room) = (pair.tokens, pair.slots, pair.room);
        let lists = [self.hubs_of(low), self.hubs_of(high)];
        let wanted = lists.map(|list| list.len.next_power_of_two().max(1));
        let [rows, columns] = wanted;
        let [old_rows, old_columns] = room.map(u32::from);
        let mut slots = old;
        if rows > old_rows || columns > old_columns {
            let (rows, columns) = (rows.max(old_rows), columns.max(old_columns));
            let words = |rows: u32, columns: u32| (rows as usize).wrapping_mul(columns as usize);
            slots = self.forest.arena.take(words(rows, columns))?;
            let end = END.cast_signed();
            self.forest.arena.slice_mut(slots, words(rows, columns)).fill(end);
            for row in 0..old_rows {
                let from = old.wrapping_add(row.wrapping_mul(old_columns));
                let to = slots.wrapping_add(row.wrapping_mul(columns));
                self.forest.arena.copy(from, to, old_columns as usize);
            }
            if old != END {
                self.forest.arena.give(old, words(old_rows, old_columns));
            }
            let pair = item_mut(&mut self.pairs, number)?;
            pair.slots = slots;
            pair.room = [u16::try_from(rows).ok()?, u16::try_from(columns).ok()?];
        }
        let columns = u32::from(item(&self.pairs, number)?.room[1]);
        let [of_low, of_high] = lists;
        for row in 0..of_low.len {
            let (first, _) = self.entry(of_low, row);
            for column in 0..of_high.len {
                let (last, _) = self.entry(of_high, column);
                let place = slots.wrapping_add(row.wrapping_mul(columns)).wrapping_add(column);
                if first == last || self.forest.arena.get(place) != END.cast_signed() {
                    continue;
                }
                let (tree, turned) = two(first, last);
                let owner = number.wrapping_mul(2) | u32::from(turned == 1);
                let slot = self.forest.insert(self.t3.get_mut(tree)?, owner)?;
                self.forest.arena.set(place, slot.cast_signed());
            }
        }
        self.spread(Way::new(number, 0));
        self.spread(Way::new(number, 1));
        Some(())
    }

    /// Whether there is room for all that makes `token` a hub.
    fn can_promote(&self, token: u32) -> bool {
        let mut words = 256_usize;
        let mut count =
            |list: List| words = words.saturating_add((list.len as usize).saturating_mul(64));
        count(self.hubs_of(token));
        for (next, _) in self.entries(self.hubs_of(token)) {
            count(self.hubs_of(item(&self.hubs, next).copied().unwrap_or(END)));
        }
        for (spoke, _) in self.entries(self.spokes_of(token)) {
            count(self.hubs_of(spoke));
            for (further, _) in self.entries(self.spokes_of(spoke)) {
                count(self.hubs_of(further));
            }
        }
        let arena = &self.forest.arena;
        arena.room_bytes().saturating_sub(arena.used_bytes()) > words.saturating_mul(4)
    }

    /// Makes a spoke a hub: its leaves as a spoke go, those as a hub come.
    fn promote(&mut self, token: u32) {
        let Ok(hub) = u32::try_from(self.hubs.len()) else { return };
        let spokes = self.spokes_of(token);
        for at in 0..spokes.len {
            let (_, way) = self.entry(spokes, at);
            self.uncell(way.pair());
        }
        let Some(held) = item_mut(&mut self.tokens, token) else { return };
        (held.hub, held.spokes) = (hub, List::EMPTY);
        self.hubs.push(token);
        for at in 0..spokes.len {
            let (spoke, way) = self.entry(spokes, at);
            self.forget(spoke, token);
            // The room was asked for before.
            let _ = self.attach(spoke, hub, way.back());
        }
        if spokes.at != END {
            self.forest.arena.give(spokes.at, (spokes.room as usize).wrapping_mul(2));
        }
        let hubs = self.hubs_of(token);
        for at in 0..hubs.len {
            let (next, way) = self.entry(hubs, at);
            let Some(next) = item(&self.hubs, next).copied() else { continue };
            let _ = self.attach(next, hub, way.back());
        }
    }

    /// Drops `other` from the spokes of `token`.
    fn forget(&mut self, token: u32, other: u32) {
        let list = self.spokes_of(token);
        let Some(last) = list.len.checked_sub(1) else { return };
        let Some(at) = (0..list.len).find(|at| self.entry(list, *at).0 == other) else { return };
        let from = list.at.wrapping_add(last.wrapping_mul(2));
        self.forest.arena.copy(from, list.at.wrapping_add(at.wrapping_mul(2)), 2);
        if let Some(token) = item_mut(&mut self.tokens, token) {
            token.spokes.len = last;
        }
    }

    /// Takes the leaves of a pair of spokes out of T3.
    fn uncell(&mut self, number: u32) {
        let Some(pair) = item_mut(&mut self.pairs, number) else { return };
        let [low, high] = pair.tokens;
        let (slots, [rows, columns]) = (pair.slots, pair.room.map(u32::from));
        (pair.slots, pair.room) = (END, [0; 2]);
        if slots == END {
            return;
        }
        let (of_low, of_high) = (self.hubs_of(low), self.hubs_of(high));
        for row in 0..of_low.len.min(rows) {
            let (first, _) = self.entry(of_low, row);
            for column in 0..of_high.len.min(columns) {
                let (last, _) = self.entry(of_high, column);
                let place = slots.wrapping_add(row.wrapping_mul(columns)).wrapping_add(column);
                let slot = self.forest.arena.get(place).cast_unsigned();
                if slot == END {
                    continue;
                }
                let Some(head) = self.t3.get_mut(two(first, last).0) else { continue };
                for kind in 0..2 {
                    self.forest.set(*head, slot, kind, NO_RATE);
                }
                self.forest.erase(head, slot);
            }
        }
        self.forest.arena.give(slots, (rows as usize).wrapping_mul(columns as usize));
    }

    /// The best rate of `way` has changed: so have the leaves that it is a part of.
    pub(super) fn spread(&mut self, way: Way) {
        let Some(pair) = item(&self.pairs, way.pair()) else { return };
        let [low, high] = pair.tokens;
        let (from, to) = if way.direction() == 0 { (low, high) } else { (high, low) };
        let rate = self.best(way);
        let (first, last) = (self.hub_of(from), self.hub_of(to));
        if first != END && last != END {
            let [by_start, by_end] = &mut self.direct;
            by_start.set(first, last, rate);
            by_end.set(last, first, rate);
        }
        if first != END {
            self.fan(to, first, rate, true);
        }
        if last != END {
            self.fan(from, last, rate, false);
        }
        match (first == END, last == END) {
            (true, true) => self.cross(way, rate),
            (false, true) => self.chain(to, first, true),
            (true, false) => self.chain(from, last, false),
            (false, false) => {}
        }
    }

    /// Leaves of T2 through `middle` that begin (`outward`) or end with `hub`, `rate` between the two.
    fn fan(&mut self, middle: u32, hub: u32, rate: i32, outward: bool) {
        let list = self.hubs_of(middle);
        let Some(place) = (0..list.len).find(|at| self.entry(list, *at).0 == hub) else { return };
        let slots = item(&self.tokens, middle).map_or(END, |token| token.slots);
        for at in 0..list.len {
            if at == place {
                continue;
            }
            let (other, way) = self.entry(list, at);
            let (from, to, value) = if outward {
                (hub, other, add(rate, self.best(way)))
            } else {
                (other, hub, add(self.best(way.back()), rate))
            };
            let slot = self.forest.arena.get(slots.wrapping_add(corner(at, place))).cast_unsigned();
            let (tree, kind) = two(from, to);
            let Some(head) = self.t2.get(tree).copied() else { continue };
            if let Some(root) = self.forest.set(head, slot, kind, value) {
                let [by_start, by_end] = &mut self.detour;
                by_start.set(from, to, root);
                by_end.set(to, from, root);
            }
        }
    }

    /// Leaves of T3 along `way`, between two spokes.
    fn cross(&mut self, way: Way, rate: i32) {
        let Some([low, high]) = item(&self.pairs, way.pair()).map(|pair| pair.tokens) else {
            return;
        };
        let (of_low, of_high) = (self.hubs_of(low), self.hubs_of(high));
        for row in 0..of_low.len {
            for column in 0..of_high.len {
                self.cell(way, (row, column), rate);
            }
        }
    }

    /// Leaves of T3 that begin (`outward`) or end with `hub` next to `spoke`.
    fn chain(&mut self, spoke: u32, hub: u32, outward: bool) {
        let hubs = self.hubs_of(spoke);
        let Some(mine) = (0..hubs.len).find(|at| self.entry(hubs, *at).0 == hub) else { return };
        let spokes = self.spokes_of(spoke);
        for at in 0..spokes.len {
            let (other, way) = self.entry(spokes, at);
            let rate = self.best(if outward { way } else { way.back() });
            let is_low = way.direction() == 0;
            for theirs in 0..self.hubs_of(other).len {
                let places = if is_low { (mine, theirs) } else { (theirs, mine) };
                self.cell(if outward { way } else { way.back() }, places, rate);
            }
        }
    }

    /// One leaf of T3: along `way` between two spokes, `rate` between them, from the hub next to the
    /// first to the one next to the second; `row` and `column` are those of the pair's tokens.
    fn cell(&mut self, way: Way, (row, column): (u32, u32), rate: i32) {
        let Some(pair) = item(&self.pairs, way.pair()) else { return };
        let ([low, high], slots, [rows, columns]) =
            (pair.tokens, pair.slots, pair.room.map(u32::from));
        if row >= rows || column >= columns {
            return;
        }
        let place = slots.wrapping_add(row.wrapping_mul(columns)).wrapping_add(column);
        let slot = self.forest.arena.get(place).cast_unsigned();
        if slot == END {
            return;
        }
        let (of_low, of_high) =
            (self.entry(self.hubs_of(low), row), self.entry(self.hubs_of(high), column));
        let ((from, enter), (to, leave)) =
            if way.direction() == 0 { (of_low, of_high) } else { (of_high, of_low) };
        let value = add(add(self.best(enter.back()), rate), self.best(leave));
        let (tree, kind) = two(from, to);
        if let Some(head) = self.t3.get(tree).copied() {
            self.forest.set(head, slot, kind, value);
        }
    }
}
