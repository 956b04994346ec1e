//! What a pair adds to the trees, and how its rates reach them.
//!
//! A hub next to a token makes a leaf of T2 with each other hub next to it; two spokes that are next
//! to each other make a leaf of T3 with each hub of the one and each of the other. Where a leaf lies
//! is kept beside the token and beside the pair.

use crate::mem;

use super::arena::END;
use super::{ENTRY, Entry, Graph, HUBS, List, NO_RATE, Token, Way, add, item, item_mut, two};

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
        if self.full {
            return self.refuse(Way::new(number, 0));
        }
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
        if !whole {
            self.refuse(Way::new(number, 0));
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

    /// `list` with one more, whose rates are not known yet; `None` when there is no room.
    fn appended(&mut self, mut list: List, other: u32, way: Way) -> Option<List> {
        if list.len >= list.room {
            let room = list.room.checked_mul(2)?.max(1);
            let words = |entries: u32| (entries as usize).wrapping_mul(ENTRY);
            let at = self.forest.arena.take(words(room))?;
            if list.at != END {
                self.forest.arena.copy(list.at, at, words(list.len));
                self.forest.arena.give(list.at, words(list.room));
            }
            (list.at, list.room) = (at, room);
        }
        let words = [other.cast_signed(), way.0.cast_signed(), NO_RATE, NO_RATE];
        self.forest.arena.slice_mut(list.place(list.len), ENTRY).copy_from_slice(&words);
        list.len = list.len.checked_add(1)?;
        Some(list)
    }

    /// `hub` is next to `token`, `way` from it.
    fn attach(&mut self, token: u32, hub: u32, way: Way) -> Option<()> {
        let before = self.hubs_of(token);
        let list = self.appended(before, hub, way)?;
        item_mut(&mut self.tokens, token)?.hubs = list;
        let place = list.len.checked_sub(1)?;
        if self.corners(token, before, list).is_none() {
            // It is no neighbour then. Its list has outgrown its corners: `full` keeps it as it is.
            item_mut(&mut self.tokens, token)?.hubs.len = before.len;
            return None;
        }
        let slots = item(&self.tokens, token)?.slots;
        for at in 0..place {
            let (tree, _) = two(hub, self.entry(list, at).other);
            let slot = self.forest.insert(self.t2.get_mut(tree)?, token)?;
            self.forest.arena.set(slots.checked_add(corner(at, place))?, slot.cast_signed());
        }
        let spokes = self.spokes_of(token);
        for at in 0..spokes.len {
            self.cells(self.entry(spokes, at).way.pair())?;
        }
        self.refresh(way.pair());
        Some(())
    }

    /// Makes room for the leaves of `token`, whose hubs were `before` and are `now`.
    fn corners(&mut self, token: u32, before: List, now: List) -> Option<()> {
        if before.room == now.room {
            return Some(());
        }
        let words = |room: u32| corner(0, room) as usize;
        if words(now.room) == 0 {
            return Some(()); // one hub makes no leaf
        }
        let at = self.forest.arena.take(words(now.room))?;
        self.forest.arena.slice_mut(at, words(now.room)).fill(END.cast_signed());
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
            let first = self.entry(of_low, row).other;
            for column in 0..of_high.len {
                let last = self.entry(of_high, column).other;
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
        self.refresh(number);
        Some(())
    }

    /// Whether there is room for all that makes `token` a hub.
    fn can_promote(&self, token: u32) -> bool {
        let mut words = 256_usize;
        let mut count =
            |list: List| words = words.saturating_add((list.len as usize).saturating_mul(64));
        count(self.hubs_of(token));
        for next in self.entries(self.hubs_of(token)) {
            count(self.hubs_of(item(&self.hubs, next.other).copied().unwrap_or(END)));
        }
        for spoke in self.entries(self.spokes_of(token)) {
            count(self.hubs_of(spoke.other));
            for further in self.entries(self.spokes_of(spoke.other)) {
                count(self.hubs_of(further.other));
            }
        }
        // A tree that grows takes as much again: a quarter of all must be free as well.
        let (room, used) = (self.forest.arena.room_bytes(), self.forest.arena.used_bytes());
        let free = room.saturating_sub(used);
        free > words.saturating_mul(4) && free > room / 4
    }

    /// Makes a spoke a hub: its leaves as a spoke go, those as a hub come.
    fn promote(&mut self, token: u32) {
        let Ok(hub) = u32::try_from(self.hubs.len()) else { return };
        let spokes = self.spokes_of(token);
        for at in 0..spokes.len {
            self.uncell(self.entry(spokes, at).way.pair());
        }
        let Some(held) = item_mut(&mut self.tokens, token) else { return };
        (held.hub, held.spokes) = (hub, List::EMPTY);
        self.hubs.push(token);
        for at in 0..spokes.len {
            let spoke = self.entry(spokes, at);
            self.forget(spoke.other, token);
            if self.attach(spoke.other, hub, spoke.way.back()).is_none() {
                self.refuse(spoke.way);
            }
        }
        if spokes.at != END {
            self.forest.arena.give(spokes.at, (spokes.room as usize).wrapping_mul(ENTRY));
        }
        let hubs = self.hubs_of(token);
        for at in 0..hubs.len {
            let entry = self.entry(hubs, at);
            let Some(next) = item(&self.hubs, entry.other).copied() else { continue };
            if self.attach(next, hub, entry.way.back()).is_none() {
                self.refuse(entry.way);
            }
        }
    }

    /// Some leaf of the pair of `way` found no room: further pools of it are refused.
    fn refuse(&mut self, way: Way) {
        self.full = true;
        if let Some(pair) = item_mut(&mut self.pairs, way.pair()) {
            pair.partial = true;
        }
    }

    /// Drops `other` from the spokes of `token`.
    fn forget(&mut self, token: u32, other: u32) {
        let list = self.spokes_of(token);
        let Some(last) = list.len.checked_sub(1) else { return };
        let Some(at) = self.find(list, other) else { return };
        self.forest.arena.copy(list.place(last), list.place(at), ENTRY);
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
            let first = self.entry(of_low, row).other;
            for column in 0..of_high.len.min(columns) {
                let last = self.entry(of_high, column).other;
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

    /// Place of neighbour `other` in `list`.
    #[inline]
    fn find(&self, list: List, other: u32) -> Option<u32> {
        (0..list.len).zip(self.entries(list)).find(|(_, e)| e.other == other).map(|(at, _)| at)
    }

    /// As [`Self::spread`], of a pair whose leaves are new.
    fn refresh(&mut self, number: u32) {
        let Some(pair) = item(&self.pairs, number) else { return };
        let (tokens, best) = (pair.tokens, pair.best);
        self.spread(number, tokens, best);
    }

    /// The best rates of a pair have changed: so have the leaves that it is a part of.
    pub(super) fn spread(&mut self, number: u32, tokens: [u32; 2], best: [i32; 2]) {
        let [low, high] = tokens;
        let [first, last] = tokens.map(|token| self.hub_of(token));
        let [there, back] = best;
        if first != END && last != END {
            let [by_start, by_end] = &mut self.direct;
            by_start.set(first, last, there);
            by_end.set(last, first, there);
            by_start.set(last, first, back);
            by_end.set(first, last, back);
        }
        if first != END {
            self.beside_hub(high, first, [back, there], last == END);
        }
        if last != END {
            self.beside_hub(low, last, best, first == END);
        }
        if first == END && last == END {
            self.note(self.spokes_of(low), high, best);
            self.note(self.spokes_of(high), low, [back, there]);
            self.cross(number, tokens, best);
        }
    }

    /// Writes the rates of neighbour `other` into `list`; its place.
    #[inline]
    fn note(&mut self, list: List, other: u32, rate: [i32; 2]) -> Option<u32> {
        let at = self.find(list, other)?;
        let place = list.place(at).wrapping_add(2);
        self.forest.arena.slice_mut(place, 2).copy_from_slice(&rate);
        Some(at)
    }

    /// `rate` is that from `token` to the hub next to it, and back.
    fn beside_hub(&mut self, token: u32, hub: u32, rate: [i32; 2], is_spoke: bool) {
        let list = self.hubs_of(token);
        let Some(place) = self.note(list, hub, rate) else { return };
        if list.len > 1 {
            self.fan(token, (list, place), hub, rate);
        }
        if is_spoke {
            self.chain(token, (hub, place), rate);
        }
    }

    /// Leaves of T2 through `middle` that begin or end with `hub`, entry `place` of its hubs; the
    /// rates are to the hub and back.
    fn fan(&mut self, middle: u32, (list, place): (List, u32), hub: u32, rate: [i32; 2]) {
        let slots = item(&self.tokens, middle).map_or(END, |token| token.slots);
        let [out, back] = rate;
        for at in (0..list.len).filter(|at| *at != place) {
            let entry = self.entry(list, at);
            let slot = self.forest.arena.get(slots.wrapping_add(corner(at, place))).cast_unsigned();
            if slot == END {
                continue; // no leaf was made: there was no room
            }
            let there = add(back, entry.turned(false));
            let home = add(entry.turned(true), out);
            let (tree, turned) = two(hub, entry.other);
            let Some(head) = self.t2.get(tree).copied() else { continue };
            let values = if turned == 0 { [there, home] } else { [home, there] };
            let roots = self.forest.set_both(head, slot, values);
            let ends = if turned == 0 { [hub, entry.other] } else { [entry.other, hub] };
            let [by_start, by_end] = &mut self.detour;
            for (root, [from, to]) in roots.into_iter().zip([ends, [ends[1], ends[0]]]) {
                if let Some(root) = root {
                    by_start.set(from, to, root);
                    by_end.set(to, from, root);
                }
            }
        }
    }

    /// Leaves of T3 along a pair of two spokes.
    fn cross(&mut self, number: u32, [low, high]: [u32; 2], best: [i32; 2]) {
        let Some(cells) = self.cells_of(number) else { return };
        let (of_low, of_high) = (self.hubs_of(low), self.hubs_of(high));
        for row in 0..of_low.len {
            let first = self.entry(of_low, row);
            for column in 0..of_high.len {
                let last = self.entry(of_high, column);
                self.cell(cells, (row, column), [first, last], best);
            }
        }
    }

    /// Leaves of T3 that begin or end with `hub`, entry `mine` of the hubs of `spoke`; the rates are
    /// to the hub and back.
    fn chain(&mut self, spoke: u32, (hub, mine): (u32, u32), rate: [i32; 2]) {
        let spokes = self.spokes_of(spoke);
        let near = Entry { other: hub, way: Way(END), rate };
        for next in self.entries(spokes) {
            mem::prefetch_item(&self.pairs, next.way.pair() as usize);
            mem::prefetch_item(&self.tokens, next.other as usize);
        }
        for next in self.entries(spokes) {
            if let Some((slots, _)) = self.cells_of(next.way.pair()) {
                self.forest.arena.prefetch(slots);
            }
            self.forest.arena.prefetch(self.hubs_of(next.other).at);
        }
        for at in 0..spokes.len {
            let next = self.entry(spokes, at);
            let Some(cells) = self.cells_of(next.way.pair()) else { continue };
            let hubs = self.hubs_of(next.other);
            for theirs in 0..hubs.len {
                let far = self.entry(hubs, theirs);
                let [out, back] = next.rate;
                if next.way.direction() == 0 {
                    self.cell(cells, (mine, theirs), [near, far], [out, back]);
                } else {
                    self.cell(cells, (theirs, mine), [far, near], [back, out]);
                }
            }
        }
    }

    /// Where the leaves of a pair of spokes are kept, and how many rows and columns there are.
    #[inline]
    fn cells_of(&self, number: u32) -> Option<(u32, [u32; 2])> {
        let pair = item(&self.pairs, number)?;
        (pair.slots != END).then_some((pair.slots, pair.room.map(u32::from)))
    }

    /// One leaf of T3: from the hub next to the pair's first token over both to the hub next to its
    /// second, and back; `best` are the pair's rates.
    fn cell(
        &mut self,
        (slots, [rows, columns]): (u32, [u32; 2]),
        (row, column): (u32, u32),
        [first, last]: [Entry; 2],
        best: [i32; 2],
    ) {
        if row >= rows || column >= columns {
            return;
        }
        let place = slots.wrapping_add(row.wrapping_mul(columns)).wrapping_add(column);
        let slot = self.forest.arena.get(place).cast_unsigned();
        if slot == END {
            return;
        }
        let [there, back] = best;
        let there = add(add(first.turned(true), there), last.turned(false));
        let back = add(add(last.turned(true), back), first.turned(false));
        let (tree, turned) = two(first.other, last.other);
        if let Some(head) = self.t3.get(tree).copied() {
            let values = if turned == 0 { [there, back] } else { [back, there] };
            self.forest.set_both(head, slot, values);
        }
    }
}
