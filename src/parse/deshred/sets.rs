//! FEC sets: what their shreds agree on, and how many of them there are.

use crate::parse::tally::Refusal;
use crate::wire::merkle::Root;
use crate::wire::shred::{CodeHeader, SHREDS_PER_SLOT_MAX, Shred};
use crate::wire::variant::{Form, Kind, Variant};
use std::collections::TryReserveError;

/// The counts that only code shreds carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) num_data: u16,
    pub(super) num_code: u16,
    /// Index of the first code shred.
    pub(super) first_code: u32,
}

/// A FEC set, as its first shred describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FecSet {
    /// Index of its first data shred.
    pub(super) index: u32,
    form: Form,
    proof_count: u8,
    /// The leader's signature of the root, the same in every shred; zero in legacy sets, whose
    /// shreds are signed one by one.
    signature: [u8; 64],
    /// Root of the set before, as every shred of a chained set names it.
    chained_root: Option<Root>,
    /// Known once a code shred came.
    pub(super) shape: Option<Shape>,
    /// The Merkle root, once a shred's proof was checked.
    pub(super) root: Option<Root>,
    /// The leader has signed the root.
    pub(super) signed: bool,
    /// Recovery was tried and the result refused.
    pub(super) hopeless: bool,
    /// Highest index of its data shreds.
    data_last: u32,
    /// Shreds stored, recovered ones included.
    pub(super) data_count: u16,
    pub(super) code_count: u16,
}

impl FecSet {
    pub(super) fn of(shred: &Shred<'_>) -> Self {
        let Variant { form, proof_count, .. } = shred.variant();
        Self {
            index: shred.fec_set_index(),
            form,
            proof_count,
            signature: if form == Form::Legacy { [0; 64] } else { *shred.signature() },
            chained_root: shred.chained_root().copied(),
            shape: None,
            root: None,
            signed: false,
            hopeless: false,
            data_last: shred.fec_set_index(),
            data_count: 0,
            code_count: 0,
        }
    }

    /// Whether `shred`, which claims to be of this set, agrees with what is known of it.
    ///
    /// # Errors
    /// [`Refusal::SetConflict`] when it does not.
    pub(super) fn check(&self, shred: &Shred<'_>) -> Result<(), Refusal> {
        let Variant { form, proof_count, .. } = shred.variant();
        let signed = form == Form::Legacy || *shred.signature() == self.signature;
        let shaped = match (self.shape, shape(shred)) {
            (Some(known), Some(claimed)) => known == claimed,
            _ => true,
        };
        let last = if shred.data_header().is_some() { shred.index() } else { self.index };
        let shape = self.shape.or(shape(shred));
        let inside = shape
            .is_none_or(|shape| self.data_last.max(last) - self.index < u32::from(shape.num_data));
        let same_form = (form, proof_count) == (self.form, self.proof_count);
        let chained = shred.chained_root() == self.chained_root.as_ref();
        let agrees = same_form && signed && chained && shaped && inside;
        if agrees { Ok(()) } else { Err(Refusal::SetConflict) }
    }

    /// Counts `shred` as stored.
    pub(super) fn count(&mut self, shred: &Shred<'_>) {
        match shred.variant().kind {
            Kind::Data => {
                self.data_count = self.data_count.saturating_add(1);
                self.data_last = self.data_last.max(shred.index());
            }
            Kind::Code => self.code_count = self.code_count.saturating_add(1),
        }
        self.shape = self.shape.or(shape(shred));
    }

    /// Whether data shreds are missing and enough others are there.
    #[inline]
    pub(super) fn is_recoverable(&self) -> bool {
        self.shape.is_some_and(|shape| {
            !self.hopeless
                && self.data_count < shape.num_data
                && self.data_count.saturating_add(self.code_count) >= shape.num_data
        })
    }

    /// The leader's signature of the root; zero in legacy sets.
    pub(super) fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Root of the set before, as this one names it.
    pub(super) fn chained_root(&self) -> Option<Root> {
        self.chained_root
    }

    /// Highest index of its data shreds that are there.
    pub(super) fn data_last(&self) -> u32 {
        self.data_last
    }

    /// Whether `next` is known to be the set that follows this one.
    pub(super) fn is_followed_by(&self, next: &Self) -> bool {
        let end = self.shape.map_or(self.data_last + 1, |_| self.data_end());
        end == next.index
    }

    /// One past the index of its last data shred, as far as is known.
    pub(super) fn data_end(&self) -> u32 {
        self.index + self.shape.map_or(1, |shape| u32::from(shape.num_data))
    }
}

fn shape(shred: &Shred<'_>) -> Option<Shape> {
    let CodeHeader { num_data, num_code, position } = shred.code_header()?;
    Some(Shape { num_data, num_code, first_code: shred.index() - u32::from(position) })
}

/// A set's place in the slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetId(u32);

/// The slab of all sets, its address space reserved at construction.
#[derive(Debug)]
pub(super) struct Sets {
    items: Vec<FecSet>,
    free: Vec<SetId>,
    count_max: usize,
}

impl Sets {
    /// Room for `count_max` sets.
    ///
    /// # Errors
    /// There is not as much memory.
    pub(super) fn new(count_max: u32) -> Result<Self, TryReserveError> {
        let count_max = count_max as usize;
        let (mut items, mut free) = (Vec::new(), Vec::new());
        items.try_reserve_exact(count_max)?;
        free.try_reserve_exact(count_max)?;
        Ok(Self { items, free, count_max })
    }

    /// Adds `set`; `None` when there is no room.
    pub(super) fn add(&mut self, set: FecSet) -> Option<SetId> {
        if let Some(id) = self.free.pop() {
            *self.items.get_mut(id.0 as usize)? = set;
            return Some(id);
        }
        if self.items.len() >= self.count_max {
            return None;
        }
        let id = SetId(u32::try_from(self.items.len()).ok()?);
        self.items.push(set);
        Some(id)
    }

    #[inline]
    pub(super) fn get(&self, id: SetId) -> Option<&FecSet> {
        self.items.get(id.0 as usize)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: SetId) -> Option<&mut FecSet> {
        self.items.get_mut(id.0 as usize)
    }
}

/// The sets of one slot, by the index of their first data shred.
#[derive(Debug)]
pub(super) struct SetTable {
    /// 0 is none, any other a set's number plus 1.
    numbers: Box<[u32]>,
    end: u32,
}

impl SetTable {
    pub(super) fn new() -> Self {
        Self { numbers: vec![0; SHREDS_PER_SLOT_MAX as usize].into_boxed_slice(), end: 0 }
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> Option<SetId> {
        self.numbers.get(index as usize)?.checked_sub(1).map(SetId)
    }

    pub(super) fn put(&mut self, index: u32, id: SetId) {
        if let Some(number) = self.numbers.get_mut(index as usize) {
            *number = id.0 + 1;
            self.end = self.end.max(index + 1);
        }
    }

    /// The sets in order of their index.
    pub(super) fn ids(&self) -> impl Iterator<Item = SetId> {
        let numbers = self.numbers.get(..self.end as usize).unwrap_or_default();
        numbers.iter().filter_map(|number| number.checked_sub(1).map(SetId))
    }

    /// The first set whose index is `from` or more, with its index.
    pub(super) fn next_from(&self, from: u32) -> Option<(u32, SetId)> {
        (from..self.end).find_map(|index| Some((index, self.get(index)?)))
    }

    /// Gives every set back.
    pub(super) fn reset(&mut self, sets: &mut Sets) {
        sets.free.extend(self.ids());
        self.numbers.get_mut(..self.end as usize).unwrap_or_default().fill(0);
        self.end = 0;
    }
}
