//! From a program's id to its venue: one look at a table that is made at compile time.
//!
//! A place is chosen by the first eight bytes of the id. The multiplier is searched for when the
//! crate is compiled, so that no two programs share a place; then one comparison decides.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tables made at compile time, where a panic or a lost bit is an error of the build"
)]

use super::{VENUES, VenueSpec};
use crate::ids::{Key, Venue};

/// Places of the table, a power of two.
const PLACES: usize = 1024;
/// Bits of a product that choose the place.
const SHIFT: u32 = u64::BITS - PLACES.trailing_zeros();

const COUNT: usize = {
    let (mut at, mut count) = (0, 0);
    while at < Venue::ALL.len() {
        count += Venue::ALL[at].programs().len();
        at += 1;
    }
    count
};

const _: () = assert!(COUNT < u8::MAX as usize && Venue::ALL.len() < u8::MAX as usize);

/// A program and its venue's place in [`VENUES`].
const PROGRAMS: [(Key, u8); COUNT] = {
    let mut programs = [([0; 32], 0); COUNT];
    let (mut at, mut count) = (0, 0);
    while at < Venue::ALL.len() {
        let own = Venue::ALL[at].programs();
        let mut of = 0;
        while of < own.len() {
            programs[count] = (own[of], at as u8);
            count += 1;
            of += 1;
        }
        at += 1;
    }
    programs
};

const fn word(key: &Key) -> u64 {
    match key.first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => 0,
    }
}

const fn place(word: u64, multiplier: u64) -> usize {
    (word.wrapping_mul(multiplier) >> SHIFT) as usize
}

/// The table under `multiplier`: 0 where no program is, else its number plus 1; `None` when two
/// meet.
const fn table(multiplier: u64) -> Option<[u8; PLACES]> {
    let mut table = [0; PLACES];
    let mut at = 0;
    while at < COUNT {
        let place = place(word(&PROGRAMS[at].0), multiplier);
        if table[place] != 0 {
            return None;
        }
        table[place] = at as u8 + 1;
        at += 1;
    }
    Some(table)
}

const FOUND: (u64, [u8; PLACES]) = {
    // The odd numbers from the golden ratio's on.
    let mut multiplier = 0x9e37_79b9_7f4a_7c15_u64;
    loop {
        if let Some(table) = table(multiplier) {
            break (multiplier, table);
        }
        multiplier = multiplier.wrapping_add(0x1234_5678_9abc_def2);
    }
};

static TABLE: [u8; PLACES] = FOUND.1;
static KNOWN: [(Key, u8); COUNT] = PROGRAMS;

/// The venue whose program is `program`.
#[inline]
pub fn venue_of(program: &Key) -> Option<&'static VenueSpec> {
    let number = *TABLE.get(place(word(program), FOUND.0))?;
    let (known, venue) = KNOWN.get(usize::from(number).checked_sub(1)?)?;
    if known != program {
        return None;
    }
    VENUES.get(usize::from(*venue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_leads_to_its_venue_and_no_other_key_does() {
        let mut count = 0;
        for venue in Venue::ALL {
            for program in venue.programs() {
                assert_eq!(venue_of(program).map(|spec| spec.venue), Some(*venue));
                for bit in 0..256 {
                    let mut other = *program;
                    if let Some(byte) = other.get_mut(bit / 8) {
                        *byte ^= 1 << (bit % 8);
                    }
                    assert!(venue_of(&other).is_none());
                }
                count += 1;
            }
        }
        assert_eq!(count, COUNT);
        assert!(venue_of(&[0; 32]).is_none());
    }
}
