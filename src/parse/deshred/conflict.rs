//! Contradictions: two versions of one thing, put side by side as a finding.
//!
//! The first version stays; what contradicts it is refused by its caller and described here, once a
//! place and at most [`Found::MAX`] times a slot, so that nobody can make it work without end. Of a
//! slot that was written nothing is stored any more and nothing is compared.
//!
//! A leader signs the root of a FEC set, so one signature over two roots convicts nobody, and
//! neither do two signatures over one root: one of the two was damaged or forged. Two roots that
//! the leader signed are a proof, whoever shows them.

use super::Deshredder;
use super::cells::CellId;
use super::places::Place;
use super::sets::FecSet;
use super::slot::{Phase, Slot};
use super::verify::legacy_message;
use crate::ids::Key;
use crate::keys;
use crate::parse::tally::Refusal;
use crate::record::{Finding, FindingReason, Proof, Signed};
use crate::wire::merkle::{Root, root_of};
use crate::wire::shred::Shred;
use crate::wire::variant::{Form, Kind};
use sha2::{Digest, Sha256};

/// The contradictions of a slot that were described.
#[derive(Clone, Copy, Debug)]
pub(in crate::parse) struct Found {
    things: [Option<Thing>; Self::MAX],
    /// The leader signed both versions of something.
    pub(in crate::parse) proven: bool,
}

/// Of what there are two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Data(u32),
    Code(u32),
    FecSet(u32),
    Last,
}

impl Found {
    /// Contradictions of a slot that are described.
    const MAX: usize = 64;

    pub(super) fn new() -> Self {
        Self { things: [None; Self::MAX], proven: false }
    }

    /// Notes `thing`: `None` if it was noted before, else whether there was room.
    fn add(&mut self, thing: Thing) -> Option<bool> {
        for place in &mut self.things {
            match place {
                Some(known) if *known == thing => return None,
                Some(_) => {}
                None => {
                    *place = Some(thing);
                    return Some(true);
                }
            }
        }
        Some(false)
    }
}

/// One of two versions.
struct Version {
    signature: [u8; 64],
    root: Option<Root>,
    signed: Signed,
    form: Form,
}

impl Version {
    fn of(shred: &Shred<'_>, leader: Option<&Key>) -> Self {
        let (form, signature) = (shred.variant().form, *shred.signature());
        let (root, held) = if form == Form::Legacy {
            let message = legacy_message(shred);
            let held = leader.is_some_and(|leader| keys::verify(leader, &message, &signature));
            (Some(Sha256::digest(message).into()), held)
        } else {
            let root = root_of(shred);
            let held =
                leader.zip(root).is_some_and(|(key, root)| keys::verify(key, &root, &signature));
            (root, held)
        };
        let signed = match leader {
            None => Signed::Unchecked,
            Some(_) if held => Signed::Ok,
            Some(_) => Signed::Bad,
        };
        Self { signature, root, signed, form }
    }
}

/// How far `first` and `other` convict the leader.
fn proof(first: &Version, other: &Version) -> Proof {
    let merkle = first.form == other.form && first.form != Form::Legacy;
    let no_root = first.root.is_none() || other.root.is_none();
    let odd = (first.signature == other.signature) != (first.root == other.root);
    match (first.signed, other.signed) {
        (Signed::Bad, _) | (_, Signed::Bad) => Proof::Refuted,
        (Signed::Ok, Signed::Ok) => Proof::Proven,
        _ if no_root || (merkle && odd) => Proof::Refuted,
        _ => Proof::Open,
    }
}

impl Deshredder<'_> {
    /// Describes what `shred` of the slot at `at` contradicts, when it was refused for `why` and
    /// that was not described before.
    pub(in crate::parse) fn contradict(
        &mut self,
        at: usize,
        shred: &Shred<'_>,
        rx_ns: u64,
        why: Refusal,
    ) {
        let Some(slot) = self.window.get(at).filter(|slot| slot.phase == Phase::Open) else {
            return;
        };
        let kind = shred.variant().kind;
        let first = match why {
            Refusal::ShredConflict => slot.stored(kind, shred.index()),
            Refusal::SetConflict => self.member(slot, shred.fec_set_index(), kind),
            Refusal::LastConflict => slot.stored(Kind::Data, slot.last_stored()),
            _ => return,
        };
        let Some(cell) = first else { return };
        let thing = match (why, kind) {
            (Refusal::SetConflict, _) => Thing::FecSet(shred.fec_set_index()),
            (Refusal::LastConflict, _) => Thing::Last,
            (_, Kind::Data) => Thing::Data(shred.index()),
            (_, Kind::Code) => Thing::Code(shred.index()),
        };
        let reason = match why {
            Refusal::SetConflict => FindingReason::FecSet,
            Refusal::LastConflict => FindingReason::Last,
            _ if self.cells.is_recovered(cell) => FindingReason::Recovered,
            _ => FindingReason::Shred,
        };
        let Some(slot) = self.window.get_mut(at) else { return };
        match slot.found.add(thing) {
            Some(true) => {}
            Some(false) => return self.findings_dropped += 1,
            None => return,
        }
        let Ok(first) = Shred::check(self.cells.bytes(cell)) else { return };
        let finding = describe(&first, shred, slot.led_by.as_ref(), reason, rx_ns);
        slot.found.proven |= finding.proof == Proof::Proven as u8;
        self.finding = Some(finding);
    }

    /// A stored shred of the FEC set that begins at `index`, of kind `kind` where there is one.
    fn member(&self, slot: &Slot, index: u32, kind: Kind) -> Option<CellId> {
        let set = self.sets.get(slot.sets.get(index)?)?;
        let other = if kind == Kind::Data { Kind::Code } else { Kind::Data };
        [kind, other].into_iter().find_map(|kind| {
            let mut indexes = match (kind, set.shape) {
                (Kind::Data, _) => index..set.data_last() + 1,
                (Kind::Code, Some(shape)) => {
                    shape.first_code..shape.first_code + u32::from(shape.num_code)
                }
                (Kind::Code, None) => 0..0,
            };
            indexes.find_map(|index| slot.stored(kind, index))
        })
    }

    /// Hands every FEC set of the slot at `at` to `out` that names another root for the set before
    /// it than that set has, as far as both roots were checked. The parent slot's last set stands
    /// before the first one.
    pub(in crate::parse) fn check_chain(&mut self, at: usize, out: &mut impl FnMut(&Finding)) {
        if !self.verify.merkle {
            return;
        }
        let Some(slot) = self.window.get(at) else { return };
        let (mut failed, mut proven) = (0, false);
        let mut before: Option<&FecSet> = None;
        for set in slot.sets.ids().filter_map(|id| self.sets.get(id)) {
            let link = match before {
                Some(before) if before.is_followed_by(set) => Link::within(before),
                None if set.index == 0 => self.parent_link(slot),
                _ => None,
            };
            before = Some(set);
            if let Some(finding) = link.and_then(|link| link.broken_by(set, slot)) {
                failed += 1;
                proven |= finding.proof == Proof::Proven as u8;
                out(&finding);
            }
        }
        if let Some(slot) = self.window.get_mut(at) {
            slot.merkle.failed += failed;
            slot.found.proven |= proven;
        }
    }

    /// The last FEC set of the slot's parent, as far as it is known.
    fn parent_link(&self, slot: &Slot) -> Option<Link> {
        let parent = self.window.peek(slot.parent.filter(|parent| *parent != slot.number)?)?;
        let signed = parent.led_by.is_some() && parent.leader.held > 0;
        Some(Link {
            root: parent.end_root(&self.sets)?,
            signed,
            signature: None,
            slot: Some(parent.number),
            index: None,
        })
    }
}

/// The FEC set that stands before another one.
struct Link {
    root: Root,
    signed: bool,
    signature: Option<[u8; 64]>,
    /// Its slot, when that is the parent.
    slot: Option<u64>,
    index: Option<u32>,
}

impl Link {
    fn within(set: &FecSet) -> Option<Self> {
        let (signed, signature) = (set.signed, Some(*set.signature()));
        Some(Self { root: set.root?, signed, signature, slot: None, index: Some(set.index) })
    }

    /// The finding, when `set` names another root for this one.
    fn broken_by(&self, set: &FecSet, slot: &Slot) -> Option<Finding> {
        let named = set.chained_root().filter(|named| *named != self.root && set.root.is_some())?;
        let mut finding = Finding::new(slot.rx_ns);
        (finding.slot, finding.reason) = (slot.number, FindingReason::ChainedRoot as u16);
        (finding.fec_set_index, finding.other_index) = (set.index, set.index);
        (finding.root, finding.other_root) = (self.root, named);
        finding.other_signature = *set.signature();
        finding.present = Finding::FEC_SET
            | Finding::OTHER_INDEX
            | Finding::ROOT
            | Finding::OTHER_ROOT
            | Finding::OTHER_SIGNATURE;
        if let Some(index) = self.index {
            (finding.index, finding.present) = (index, finding.present | Finding::INDEX);
        }
        if let Some(signature) = self.signature {
            finding.signature = signature;
            finding.present |= Finding::SIGNATURE;
        }
        if let Some(first) = self.slot {
            finding.first_slot = first;
            finding.present |= Finding::FIRST_SLOT;
        }
        if let Some(leader) = slot.led_by {
            (finding.leader, finding.present) = (leader, finding.present | Finding::LEADER);
        }
        let signed = |held| if held { Signed::Ok } else { Signed::Unchecked };
        finding.signed = signed(self.signed) as u8;
        finding.other_signed = signed(set.signed) as u8;
        let proof = if self.signed && set.signed { Proof::Proven } else { Proof::Open };
        finding.proof = proof as u8;
        Some(finding)
    }
}

/// The finding that `other` contradicts `first`, which was there before.
fn describe(
    first: &Shred<'_>,
    other: &Shred<'_>,
    leader: Option<&Key>,
    reason: FindingReason,
    rx_ns: u64,
) -> Finding {
    let (known, shown) = (Version::of(first, leader), Version::of(other, leader));
    let mut finding = Finding::new(rx_ns);
    (finding.slot, finding.reason) = (other.slot(), reason as u16);
    (finding.proof, finding.shred_kind) =
        (proof(&known, &shown) as u8, u8::from(other.variant().kind == Kind::Code));
    (finding.signed, finding.other_signed) = (known.signed as u8, shown.signed as u8);
    (finding.other_index, finding.fec_set_index) = (other.index(), other.fec_set_index());
    (finding.signature, finding.other_signature) = (known.signature, shown.signature);
    finding.present = Finding::SHRED_KIND
        | Finding::OTHER_INDEX
        | Finding::FEC_SET
        | Finding::SIGNATURE
        | Finding::OTHER_SIGNATURE;
    // Data and code count apart: an index of the other kind would mislead.
    if first.variant().kind == other.variant().kind {
        (finding.index, finding.present) = (first.index(), finding.present | Finding::INDEX);
    }
    if let Some(leader) = leader {
        (finding.leader, finding.present) = (*leader, finding.present | Finding::LEADER);
    }
    for (root, field, bit) in [
        (known.root, &mut finding.root, Finding::ROOT),
        (shown.root, &mut finding.other_root, Finding::OTHER_ROOT),
    ] {
        if let Some(root) = root {
            *field = root;
            finding.present |= bit;
        }
    }
    finding
}

impl Slot {
    /// The stored shred of kind `kind` at `index`.
    fn stored(&self, kind: Kind, index: u32) -> Option<CellId> {
        let places = if kind == Kind::Data { &self.data } else { &self.code };
        match places.get(index) {
            Place::Stored(cell) => Some(cell),
            Place::Empty | Place::Seen => None,
        }
    }

    /// Index of the shred that ends the slot, or of the highest one.
    fn last_stored(&self) -> u32 {
        self.last.unwrap_or_else(|| self.data.end().saturating_sub(1))
    }
}
