//! The slots in flight: a fixed number of places, and who has to go when all are taken.

use super::slot::{Phase, Slot};
use crate::parse::tally::Refusal;

/// Slots remembered after they were forgotten, so that late shreds do not start them anew.
const PAST_LEN: usize = 4096;

/// Guesses of where slots are: more than slots that get shreds at a time.
const HINTS_LEN: usize = 64;

/// The answer to a shred of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parse) enum Admit {
    /// The slot is here.
    At(usize),
    /// A place is free for it here.
    Free(usize),
    /// The open slot here has to be written first.
    Evict(usize),
    /// It is not wanted.
    Refused(Refusal),
}

/// The window.
#[derive(Debug)]
pub(in crate::parse) struct Window {
    slots: Vec<Slot>,
    /// Numbers of the slots, for a scan without touching them; none of a place never used.
    numbers: Vec<Option<u64>>,
    /// Where a slot was last found, by its number modulo the length: a guess.
    hints: Vec<usize>,
    /// The open slot with the lowest number.
    lowest_open: Option<usize>,
    clock: u64,
    /// Forgotten slots, and where the next one goes: a ring, so that a forged number drives out the
    /// oldest of many and not one that its sender chose.
    past: Vec<Option<u64>>,
    past_next: usize,
}

impl Window {
    pub(super) fn new(slots_max: u32) -> Self {
        let count = slots_max.max(1) as usize;
        Self {
            slots: (0..count).map(|_| Slot::new()).collect(),
            numbers: vec![None; count],
            hints: vec![0; HINTS_LEN],
            lowest_open: None,
            clock: 0,
            past: vec![None; PAST_LEN],
            past_next: 0,
        }
    }

    #[inline]
    pub(in crate::parse) fn get(&self, at: usize) -> Option<&Slot> {
        self.slots.get(at)
    }

    #[inline]
    pub(in crate::parse) fn get_mut(&mut self, at: usize) -> Option<&mut Slot> {
        self.slots.get_mut(at)
    }

    /// Where slot `number` is.
    #[inline]
    fn find(&mut self, number: u64) -> Option<usize> {
        let hint = self.hints.get_mut(place_of(number, HINTS_LEN))?;
        if self.numbers.get(*hint) != Some(&Some(number)) {
            *hint = self.numbers.iter().position(|known| *known == Some(number))?;
        }
        Some(*hint)
    }

    /// Slot `number`, open or closed, if it is here.
    pub(super) fn peek(&self, number: u64) -> Option<&Slot> {
        let at = self.numbers.iter().position(|known| *known == Some(number))?;
        self.slots.get(at)
    }

    /// Where a shred of slot `number` goes. Slots below `floor` are not wanted any more; among
    /// open slots the lowest has to go when `in_order`, else the one that was touched least
    /// recently.
    #[inline]
    pub(in crate::parse) fn admit(&mut self, number: u64, floor: u64, in_order: bool) -> Admit {
        if let Some(at) = self.find(number) {
            return Admit::At(at);
        }
        if number < floor || self.is_past(number) {
            return Admit::Refused(Refusal::SlotPast);
        }
        if let Some(at) = self.numbers.iter().position(Option::is_none) {
            return Admit::Free(at);
        }
        if let Some(at) = self.lowest_by(Phase::Closed, |slot| slot.number) {
            return Admit::Free(at);
        }
        let victim = if in_order {
            // A slot below all others would be the next to go: it comes too late.
            self.lowest_open
                .filter(|at| self.slots.get(*at).is_some_and(|slot| slot.number < number))
        } else {
            self.lowest_by(Phase::Open, |slot| slot.touched)
        };
        victim.map_or(Admit::Refused(Refusal::SlotPast), Admit::Evict)
    }

    /// The open slot with the lowest number.
    #[inline]
    pub(in crate::parse) fn lowest_open(&self) -> Option<usize> {
        self.lowest_open
    }

    /// The slot of phase `phase` with the lowest `key`.
    pub(in crate::parse) fn lowest_by(
        &self,
        phase: Phase,
        key: impl Fn(&Slot) -> u64,
    ) -> Option<usize> {
        let used = self.slots.iter().zip(&self.numbers).enumerate();
        used.filter(|(_, (slot, number))| number.is_some() && slot.phase == phase)
            .min_by_key(|(_, (slot, _))| key(slot))
            .map(|(at, _)| at)
    }

    /// The open slots, in no order.
    pub(in crate::parse) fn open(&self) -> impl Iterator<Item = (usize, &Slot)> {
        let used = self.slots.iter().zip(&self.numbers).enumerate();
        used.filter(|(_, (slot, number))| number.is_some() && slot.phase == Phase::Open)
            .map(|(at, (slot, _))| (at, slot))
    }

    /// An open slot up to `newest` that is not recovered as soon as it can be.
    pub(in crate::parse) fn unsettled(&self, newest: u64) -> Option<usize> {
        self.open().find(|(_, slot)| slot.number <= newest && !slot.eager).map(|(at, _)| at)
    }

    /// Gives the place at `at` to what `open` makes of it, and remembers whose it was.
    pub(super) fn reuse(&mut self, at: usize, open: impl FnOnce(&mut Slot)) {
        let (Some(slot), Some(number)) = (self.slots.get_mut(at), self.numbers.get_mut(at)) else {
            return;
        };
        if let Some(old) = number.take()
            && let Some(past) = self.past.get_mut(self.past_next)
        {
            *past = Some(old);
            self.past_next = (self.past_next + 1) % PAST_LEN;
        }
        open(slot);
        *number = Some(slot.number);
        self.lowest_open = self.lowest_by(Phase::Open, |slot| slot.number);
    }

    /// Lets `close` close the slot at `at`.
    pub(super) fn close(&mut self, at: usize, close: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.get_mut(at) {
            close(slot);
        }
        self.lowest_open = self.lowest_by(Phase::Open, |slot| slot.number);
    }

    /// Notes that the slot at `at` is in use.
    #[inline]
    pub(super) fn touch(&mut self, at: usize) {
        self.clock += 1;
        if let Some(slot) = self.slots.get_mut(at) {
            slot.touched = self.clock;
        }
    }

    fn is_past(&self, number: u64) -> bool {
        self.past.contains(&Some(number))
    }
}

/// The place of slot `number` in a table of `len` places.
fn place_of(number: u64, len: usize) -> usize {
    usize::try_from(number % len as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(open: &[u64], places: u32) -> Window {
        let mut window = Window::new(places);
        for (at, number) in open.iter().enumerate() {
            assert_eq!(window.admit(*number, 0, false), Admit::Free(at));
            window.reuse(at, |slot| (slot.number, slot.phase) = (*number, Phase::Open));
            window.touch(at);
        }
        window
    }

    #[test]
    fn a_full_window_names_who_has_to_go() {
        let mut window = window(&[7, 5, 9], 3);
        assert_eq!(window.admit(5, 0, true), Admit::At(1));
        assert_eq!(window.admit(8, 0, true), Admit::Evict(1));
        assert_eq!(window.admit(4, 0, true), Admit::Refused(Refusal::SlotPast));
        assert_eq!(window.admit(4, 0, false), Admit::Evict(0));
        assert_eq!(window.admit(8, 9, true), Admit::Refused(Refusal::SlotPast));
        assert_eq!(window.admit(u64::MAX, 0, true), Admit::Evict(1));
    }

    #[test]
    fn closed_slots_make_room_and_are_remembered() {
        let mut window = window(&[7, 5], 2);
        window.close(0, |slot| slot.phase = Phase::Closed);
        assert_eq!(window.lowest_open(), Some(1));
        assert_eq!(window.admit(6, 0, false), Admit::Free(0));
        window.reuse(0, |slot| (slot.number, slot.phase) = (6, Phase::Open));
        assert_eq!(window.admit(7, 0, false), Admit::Refused(Refusal::SlotPast));
        assert_eq!(window.open().count(), 2);
        // Other numbers, forged or not, do not make it forget until they are many.
        for number in (1..PAST_LEN as u64).map(|count| 7 + (count << 12)) {
            window.reuse(0, |slot| (slot.number, slot.phase) = (number, Phase::Open));
            assert_eq!(window.admit(7, 0, false), Admit::Refused(Refusal::SlotPast));
        }
        window.reuse(0, |slot| (slot.number, slot.phase) = (3, Phase::Open));
        assert_ne!(window.admit(7, 0, false), Admit::Refused(Refusal::SlotPast));
    }
}
