//! A transaction written as base64 or base58 text.

use super::reject::Reject;
use super::text::Form;
use crate::bytes::base58::Decoder;
use crate::wire::txn::{Transaction, V1_LEN_MAX};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Characters of a transaction at most: the longest in base58, which takes 1.366 a byte.
pub(super) const LINE_MAX: usize = V1_LEN_MAX * 7 / 5;

/// Base64 as RPC servers write it; padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Puts what `text` spells into `wire`, in place of what was there.
pub(super) fn base64(text: &[u8], wire: &mut Vec<u8>) -> Option<()> {
    wire.clear();
    let short = text.len() <= LINE_MAX;
    short.then(|| BASE64.decode_vec(text, wire).ok())?
}

/// Puts what `text` spells into `wire`, in place of what was there.
pub(super) fn base58(text: &[u8], decoder: &mut Decoder, wire: &mut Vec<u8>) -> Option<()> {
    wire.clear();
    decoder.decode(text, V1_LEN_MAX, wire)
}

/// Puts the transaction that `text` spells into `wire`. A text that both alphabets have is read as
/// both: it is what reads as a transaction to its last byte.
///
/// # Errors
/// It is no transaction in either; where both alphabets have it, the reason is that of base58, whose
/// characters base64 rarely keeps to.
pub(super) fn read(text: &[u8], decoder: &mut Decoder, wire: &mut Vec<u8>) -> Result<Form, Reject> {
    if text.len() > LINE_MAX {
        return Err(Reject::LineLong);
    }
    let mut why = Reject::Line;
    if base64(text, wire).is_some() {
        match Transaction::check(wire) {
            Ok(_) => return Ok(Form::LineBase64),
            Err(reason) => why = Reject::Bytes(reason),
        }
    }
    if base58(text, decoder, wire).is_some() {
        match Transaction::check(wire) {
            Ok(_) => return Ok(Form::LineBase58),
            Err(reason) => why = Reject::Bytes(reason),
        }
    }
    Err(why)
}

/// `text` without blanks around it, and without quotes around that.
pub(super) fn bare(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner.trim_ascii(),
        _ => text,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::testing;
    use super::*;
    use crate::bytes::base58::tests::encode;
    use crate::wire::txn::TxReject;

    fn form(text: &str) -> Result<(Form, Vec<u8>), Reject> {
        let mut wire = vec![1, 2, 3];
        read(bare(text.as_bytes()), &mut Decoder::default(), &mut wire).map(|form| (form, wire))
    }

    #[test]
    fn a_transaction_is_read_in_either_alphabet() {
        for seed in 0..40 {
            let tx = testing::swap_tx(seed, &[u64::from(seed), 9]);
            let text = BASE64.encode(&tx);
            assert_eq!(form(&text), Ok((Form::LineBase64, tx.clone())));
            assert_eq!(form(text.trim_end_matches('=')), Ok((Form::LineBase64, tx.clone())));
            let text = encode(&tx);
            for text in [text.clone(), format!(" \"{text}\"\r"), format!("'{text}'")] {
                assert_eq!(form(&text), Ok((Form::LineBase58, tx.clone())));
            }
        }
    }

    #[test]
    fn what_is_none_says_why() {
        let mut tx = testing::swap_tx(1, &[5]);
        tx.push(0);
        let trailing = Reject::Bytes(TxReject::Trailing);
        assert_eq!(form(&BASE64.encode(&tx)), Err(trailing));
        assert_eq!(form(&encode(&tx)), Err(trailing));
        tx.truncate(200);
        assert_eq!(form(&encode(&tx)), Err(Reject::Bytes(TxReject::Short)));
        assert_eq!(form("not a transaction"), Err(Reject::Line));
        assert_eq!(form(&"A".repeat(LINE_MAX + 1)), Err(Reject::LineLong));
        assert_eq!(form("\""), Err(Reject::Line));
    }
}
