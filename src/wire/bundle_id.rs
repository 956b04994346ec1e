//! The id of a bundle, which every block engine and every client computes alike.

use crate::bytes::base58;
use sha2::{Digest, Sha256};

/// The id of a bundle: sha256 of the base58 first signatures of its transactions, joined by commas
/// (docs.jito.wtf, "sendBundle").
pub fn bundle_id<'a>(first_signatures: impl IntoIterator<Item = &'a [u8; 64]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (at, signature) in first_signatures.into_iter().enumerate() {
        if at > 0 {
            hash.update(b",");
        }
        hash.update(base58::Signature(signature).to_string().as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_id_is_that_of_the_official_example() {
        // The getBundleStatuses example of docs.jito.wtf: two transactions and the id.
        let signatures = [
            "3bC2M9fiACSjkTXZDgeNAuQ4ScTsdKGwR42ytFdhUvikqTmBheUxfsR1fDVsM5ADCMMspuwGkdm1uKbU246x5aE3",
            "8t9hKYEYNbLvNqiSzP96S13XF1C2f1ro271Kdf7bkZ6EpjPLuDff1ywRy4gfaGSTubsM2FeYGDoT64ZwPm1cQUt",
        ];
        let signatures = signatures.map(|text| base58::signature(text).unwrap());
        let id = bundle_id(&signatures).map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(id, "892b79ed49138bfb3aa5441f0df6e06ef34f9ee8f3976c15b323605bae0cf51d");
        assert_ne!(bundle_id(&signatures[..1]), bundle_id(&signatures));
    }
}
