//! The one thing of curve25519-dalek 3 that solana-program 1 calls, by curve25519-dalek 4.

/// Points of the curve.
pub mod edwards {
    /// A compressed point.
    pub struct CompressedEdwardsY(Result<dalek4::edwards::CompressedEdwardsY, ()>);

    impl CompressedEdwardsY {
        /// Of 32 bytes; anything else is no point.
        pub fn from_slice(bytes: &[u8]) -> Self {
            Self(dalek4::edwards::CompressedEdwardsY::from_slice(bytes).map_err(|_| ()))
        }

        /// The point, if it is one.
        pub fn decompress(&self) -> Option<dalek4::edwards::EdwardsPoint> {
            self.0.as_ref().ok()?.decompress()
        }
    }
}
