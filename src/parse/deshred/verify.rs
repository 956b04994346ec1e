//! What a shred proves on arrival: its place in the Merkle tree, and the leader's signature.

use super::sets::FecSet;
use super::slot::{Checked, Slot};
use crate::keys;
use crate::parse::tally::Refusal;
use crate::wire::leaders::Leaders;
use crate::wire::merkle::root_of;
use crate::wire::shred::Shred;
use crate::wire::variant::{CODE_LEN, Form, SIGNATURE_LEN};

/// The checks asked for.
#[derive(Clone, Debug, Default)]
pub struct Verify {
    /// Each shred belongs to the root of its set: the root of the set's first shred, or the one
    /// that the leader signed.
    pub merkle: bool,
    /// Who must have signed each root, and each legacy shred. A slot whose leader is not known is
    /// not checked.
    pub leader: Option<Leaders>,
    /// Each entry's hash follows from the one before.
    pub poh: bool,
}

impl Verify {
    /// Checks `shred` as far as asked for, and notes in `set` and `slot` what was found.
    pub(super) fn check(
        &self,
        shred: &Shred<'_>,
        set: &mut FecSet,
        slot: &mut Slot,
    ) -> Result<(), Refusal> {
        if shred.variant().form == Form::Legacy {
            let Some(leader) = &slot.led_by else { return Ok(()) };
            let signed = keys::verify(leader, &legacy_message(shred), shred.signature());
            return count(&mut slot.leader, signed, Refusal::LeaderSignature);
        }
        if !self.merkle && slot.led_by.is_none() {
            return Ok(());
        }
        let root = root_of(shred).filter(|root| set.root.is_none_or(|known| known == *root));
        if self.merkle || root.is_none() {
            count(&mut slot.merkle, root.is_some(), Refusal::MerkleProof)?;
        }
        let root = root.ok_or(Refusal::MerkleProof)?;
        if let Some(leader) = &slot.led_by {
            // The set's shreds share root and signature: the first one's is everyone's.
            let signed = set.signed || keys::verify(leader, &root, shred.signature());
            count(&mut slot.leader, signed, Refusal::LeaderSignature)?;
            set.signed = true;
        }
        set.root = Some(root);
        Ok(())
    }
}

/// What the leader signs of a legacy shred: all but the signature. Trimmed copies lack the zeros at
/// the end.
pub(super) fn legacy_message(shred: &Shred<'_>) -> [u8; CODE_LEN - SIGNATURE_LEN] {
    let mut message = [0; CODE_LEN - SIGNATURE_LEN];
    for (to, from) in message.iter_mut().zip(shred.bytes().iter().skip(SIGNATURE_LEN)) {
        *to = *from;
    }
    message
}

fn count(checked: &mut Checked, held: bool, refusal: Refusal) -> Result<(), Refusal> {
    if held {
        checked.held += 1;
        Ok(())
    } else {
        checked.failed += 1;
        Err(refusal)
    }
}
