//! The datagrams of the toolkit's own feeds: a swap that somebody asks for, and a pool's state.
//!
//! ```text
//! DexSwapTx, 48 bytes            PoolStateUpdate, 64 bytes
//!  0 pool_id        u64           0 sequence   u64   strictly rising per pool
//!  8 amount_in      u64           8 slot       u64
//! 16 min_amount_out u64          16 pool_id    u64
//! 24 sequence       u64          24 reserve_0  u64   never 0
//! 32 deadline_slot  u64          32 reserve_1  u64   never 0
//! 40 fee_bps        u16          40 fee_bps    u16   at most 10 000
//! 42 direction      u8  0|1      42 decimals_0 u8    43 decimals_1 u8    44 _zero u32
//! 43 flags          u8           48 sent_ns    u64
//! 44 _zero          u32          56 checksum   u64   xxh3-64 of bytes 0..56
//! ```
//!
//! UDP payloads, little-endian, told apart by length. That sequences rise is for the reader to
//! check, who knows what came before.

use super::reason::reasons;
use bytemuck::{Pod, Zeroable};
use xxhash_rust::xxh3::xxh3_64;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// All of an amount, in basis points.
pub const BPS: u16 = 10_000;

reasons! {
    /// Why a datagram is none of the feed's.
    pub enum FeedReject {
        /// It is neither 48 nor 64 bytes long.
        Length = "feed_length",
        /// Reserved bytes are not zero.
        Reserved = "feed_reserved",
        /// The direction is neither 0 nor 1.
        Direction = "feed_direction",
        /// The fee exceeds 10 000 bps.
        Fee = "feed_fee",
        /// A reserve is zero.
        Reserve = "feed_reserve",
        /// The checksum is not that of the bytes.
        Checksum = "feed_checksum",
    }
}

/// A swap that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct DexSwapTx {
    /// The pool, by its number in the directory.
    pub pool_id: u64,
    /// Raw units given.
    pub amount_in: u64,
    /// Raw units wanted at least.
    pub min_amount_out: u64,
    /// Sender's count of its datagrams.
    pub sequence: u64,
    /// Slot after which the swap is void.
    pub deadline_slot: u64,
    /// The pool's fee as the sender knows it, at most 10 000.
    pub fee_bps: u16,
    /// 0: token 0 in, token 1 out; 1: the reverse.
    pub direction: u8,
    /// Free for the sender.
    pub flags: u8,
    /// Zero.
    pub zero: u32,
}

const _: () = assert!(size_of::<DexSwapTx>() == DexSwapTx::LEN);
const _: () = assert!(std::mem::offset_of!(DexSwapTx, fee_bps) == 40);
const _: () = assert!(std::mem::offset_of!(DexSwapTx, zero) == 44);

impl DexSwapTx {
    /// Bytes of the datagram.
    pub const LEN: usize = 48;

    /// The swap that `payload` is, wherever in memory it lies.
    ///
    /// # Errors
    /// The first rule it breaks.
    #[inline]
    pub fn check(payload: &[u8]) -> Result<Self, FeedReject> {
        if payload.len() != Self::LEN {
            return Err(FeedReject::Length);
        }
        let swap: Self =
            bytemuck::try_pod_read_unaligned(payload).map_err(|_| FeedReject::Length)?;
        if swap.zero != 0 {
            return Err(FeedReject::Reserved);
        }
        if swap.direction > 1 {
            return Err(FeedReject::Direction);
        }
        if swap.fee_bps > BPS {
            return Err(FeedReject::Fee);
        }
        Ok(swap)
    }

    /// The datagram.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        bytemuck::bytes_of(self)
    }
}

/// A pool's state.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct PoolStateUpdate {
    /// Rises strictly for each pool.
    pub sequence: U64,
    /// The slot of this state.
    pub slot: U64,
    /// The pool, by its number in the directory.
    pub pool_id: U64,
    /// Raw units of token 0; never 0.
    pub reserve_0: U64,
    /// Raw units of token 1; never 0.
    pub reserve_1: U64,
    /// The pool's fee, at most 10 000.
    pub fee_bps: U16,
    /// Decimals of token 0.
    pub decimals_0: u8,
    /// Decimals of token 1.
    pub decimals_1: u8,
    /// Zero.
    pub zero: U32,
    /// CLOCK_REALTIME at which the sender sent it.
    pub sent_ns: U64,
    /// xxh3-64 of the bytes before it.
    pub checksum: U64,
}

const _: () = assert!(size_of::<PoolStateUpdate>() == PoolStateUpdate::LEN);
const _: () = assert!(std::mem::offset_of!(PoolStateUpdate, checksum) == PoolStateUpdate::SUMMED);

impl PoolStateUpdate {
    /// Bytes of the datagram.
    pub const LEN: usize = 64;
    /// Bytes that the checksum covers.
    pub const SUMMED: usize = 56;

    /// The update that `payload` is, in place, wherever in memory it lies.
    ///
    /// # Errors
    /// The first rule it breaks; the checksum is compared last, when the rest makes sense.
    #[inline]
    pub fn check(payload: &[u8]) -> Result<&Self, FeedReject> {
        let update = Self::ref_from_bytes(payload).map_err(|_| FeedReject::Length)?;
        if update.zero != 0 {
            return Err(FeedReject::Reserved);
        }
        if update.fee_bps > BPS {
            return Err(FeedReject::Fee);
        }
        if update.reserve_0 == 0 || update.reserve_1 == 0 {
            return Err(FeedReject::Reserve);
        }
        if update.checksum != update.sum() {
            return Err(FeedReject::Checksum);
        }
        Ok(update)
    }

    /// The same update with the checksum that belongs to it.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.checksum = self.sum().into();
        self
    }

    /// The datagram.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn sum(&self) -> u64 {
        xxh3_64(self.as_bytes().get(..Self::SUMMED).unwrap_or_default())
    }
}

/// One datagram of the feed.
#[derive(Clone, Copy, Debug)]
pub enum Datagram<'a> {
    /// A swap that somebody asks for.
    Swap(DexSwapTx),
    /// A pool's state.
    Pool(&'a PoolStateUpdate),
}

impl<'a> Datagram<'a> {
    /// The datagram that `payload` is. No shred is as short as either.
    ///
    /// # Errors
    /// The first rule it breaks.
    #[inline]
    pub fn check(payload: &'a [u8]) -> Result<Self, FeedReject> {
        match payload.len() {
            DexSwapTx::LEN => DexSwapTx::check(payload).map(Self::Swap),
            PoolStateUpdate::LEN => PoolStateUpdate::check(payload).map(Self::Pool),
            _ => Err(FeedReject::Length),
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn swap() -> DexSwapTx {
        DexSwapTx {
            pool_id: 0x0102_0304_0506_0708,
            amount_in: 1_000_000,
            min_amount_out: u64::MAX,
            sequence: 3,
            deadline_slot: 4,
            fee_bps: 30,
            direction: 1,
            flags: 0xa5,
            zero: 0,
        }
    }

    fn pool() -> PoolStateUpdate {
        PoolStateUpdate {
            sequence: 1.into(),
            slot: 2.into(),
            pool_id: 3.into(),
            reserve_0: 4.into(),
            reserve_1: 5.into(),
            fee_bps: 10_000.into(),
            decimals_0: 9,
            decimals_1: 6,
            zero: 0.into(),
            sent_ns: 7.into(),
            checksum: 0.into(),
        }
        .sealed()
    }

    #[test]
    fn swaps_round_trip_at_every_alignment() {
        let swap = swap();
        assert_eq!(swap.bytes()[..8], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(swap.bytes()[40..], [30, 0, 1, 0xa5, 0, 0, 0, 0]);
        for skip in 0..16 {
            let mut padded = vec![0xa5; skip];
            padded.extend_from_slice(swap.bytes());
            assert_eq!(DexSwapTx::check(&padded[skip..]), Ok(swap));
        }
    }

    #[test]
    fn pools_round_trip_at_every_alignment() {
        let pool = pool();
        assert_eq!(pool.bytes()[40..48], [0x10, 0x27, 9, 6, 0, 0, 0, 0]);
        assert_eq!(pool.bytes()[56..], xxh3_64(&pool.bytes()[..56]).to_le_bytes());
        for skip in 0..16 {
            let mut padded = vec![0xa5; skip];
            padded.extend_from_slice(pool.bytes());
            assert_eq!(PoolStateUpdate::check(&padded[skip..]), Ok(&pool));
            assert!(matches!(Datagram::check(&padded[skip..]), Ok(Datagram::Pool(_))));
        }
    }

    #[test]
    fn every_other_length_is_refused() {
        let bytes = [1; 200];
        for len in (0..200).filter(|len| *len != 48 && *len != 64) {
            assert_eq!(Datagram::check(&bytes[..len]).unwrap_err(), FeedReject::Length);
            assert_eq!(DexSwapTx::check(&bytes[..len]).unwrap_err(), FeedReject::Length);
            assert_eq!(PoolStateUpdate::check(&bytes[..len]).unwrap_err(), FeedReject::Length);
        }
    }

    type Breaks<T> = [(fn(&mut T), FeedReject)];

    #[test]
    fn each_broken_rule_is_named() {
        let swaps: &Breaks<DexSwapTx> = &[
            (|s| s.zero = 1, FeedReject::Reserved),
            (|s| s.direction = 2, FeedReject::Direction),
            (|s| s.fee_bps = 10_001, FeedReject::Fee),
        ];
        for (break_it, reason) in swaps {
            let mut swap = swap();
            break_it(&mut swap);
            assert_eq!(DexSwapTx::check(swap.bytes()), Err(*reason));
        }
        let pools: &Breaks<PoolStateUpdate> = &[
            (|p| p.zero = 1.into(), FeedReject::Reserved),
            (|p| p.fee_bps = 10_001.into(), FeedReject::Fee),
            (|p| p.reserve_0 = 0.into(), FeedReject::Reserve),
            (|p| p.reserve_1 = 0.into(), FeedReject::Reserve),
        ];
        for (break_it, reason) in pools {
            let mut pool = pool();
            break_it(&mut pool);
            assert_eq!(PoolStateUpdate::check(pool.sealed().bytes()), Err(*reason));
        }
    }

    #[test]
    fn every_flipped_bit_of_a_pool_is_refused() {
        let pool = pool();
        for bit in 0..512 {
            let mut bytes = pool.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(PoolStateUpdate::check(&bytes).is_err(), "{bit}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_encodes_to_the_same_bytes(bytes in any::<[u8; 48]>(), tame in any::<bool>()) {
            let mut bytes = bytes;
            if tame {
                bytes[41] = 0;
                bytes[42] &= 1;
                bytes[44..48].fill(0);
            }
            if let Ok(swap) = DexSwapTx::check(&bytes) {
                prop_assert_eq!(swap.bytes(), bytes);
            } else {
                prop_assert!(!tame);
            }
        }
    }
}
