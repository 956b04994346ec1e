//! Our records: fixed layouts that flow through pipes, files and memory.
//!
//! Every record begins with the same 16 bytes and its length is a multiple of 64, so it owns its
//! cache lines in a ring and in a mapping:
//!
//! | offset | field | type | meaning |
//! |---|---|---|---|
//! | 0 | `len` | u32 | whole record in bytes, a multiple of 64 |
//! | 4 | `kind` | u16 | the number in the table of [`ALL`] |
//! | 6 | `version` | u8 | of this kind's layout |
//! | 7 | `flags` | u8 | per kind |
//! | 8 | `rx_ns` | u64 | when the packet that caused this record was received (CLOCK_REALTIME) |
//!
//! Little-endian; integers only; absent is zero and a clear bit in `present`; reserved bytes are
//! named `_zero*`, written zero and checked. A layout never changes under a version.
//!
//! The arrows of the pipeline are the files of this folder: `packet` (capture to parse), `swap`,
//! `pool`, `ticks`, `liquidity`, `slot`, `txn` (parse to arb and bundle), `wallet` (walletdb to arb), `opportunity` (arb to bundle),
//! `bundle` (bundle to send), `receipt` (send to you), `exposure` (arb to you), `finding` (parse and arb to you), and
//! `head`, `gap`, `end`, which frame every stream.

mod bundle;
mod cell;
mod exposure;
mod finding;
mod frame;
mod layout;
mod liquidity;
mod opportunity;
mod packet;
mod pool;
mod receipt;
mod schema;
mod slot;
mod swap;
mod ticks;
mod txn;
mod view;
mod wallet;

pub use bundle::{Bundle, Simulated, Simulator};
pub use cell::{Cell, Column, Holds};
pub use exposure::{Exposure, Unmeasured};
pub use finding::{
    Confidence, Finding, FindingReason, LossUnknown, Proof, Rule, RuleLevel, RuleVerdict, Signed,
    What,
};
pub use frame::{End, Gap, GapReason, Head, MAGIC, Producer};
pub use layout::{Layout, Plain};
pub use liquidity::{Action, Liquidity};
pub use opportunity::{Cause, Opportunity, Refusal};
pub use packet::Packet;
pub use pool::{Curve, Pool, PoolStatus};
pub use receipt::{Outcome, Receipt, Road};
pub use schema::{Field, Flag, Schema, Show, Type};
pub use slot::{Slot, Verdict};
pub use swap::{Direction, Exact, Role, Source, Swap};
pub use ticks::{Bin, Level, Tick, TickKind, Ticks};
pub use txn::{Txn, TxnState};
pub use view::{arrow, cells, csv, csv_header, flat, json, numpy, schema_json, table, text};
pub use wallet::{Wallet, WalletReason, WalletVerdict};

use crate::error::Error;

/// Every schema, in order of kind.
pub const ALL: [&Schema; 16] = [
    Head::SCHEMA,
    Gap::SCHEMA,
    End::SCHEMA,
    Packet::SCHEMA,
    Swap::SCHEMA,
    Pool::SCHEMA,
    Ticks::SCHEMA,
    Txn::SCHEMA,
    Slot::SCHEMA,
    Liquidity::SCHEMA,
    Wallet::SCHEMA,
    Opportunity::SCHEMA,
    Exposure::SCHEMA,
    Finding::SCHEMA,
    Bundle::SCHEMA,
    Receipt::SCHEMA,
];

/// The schema of kind `kind`, if it is one of ours.
pub fn schema(kind: u16) -> Option<&'static Schema> {
    ALL.into_iter().find(|schema| schema.kind == kind)
}

/// The schema named `name`, if there is one.
pub fn schema_named(name: &str) -> Option<&'static Schema> {
    ALL.into_iter().find(|schema| schema.name == name)
}

/// Bytes of the common start of every record.
pub const PREFIX_LEN: usize = 16;

/// The unit of a record's length.
pub const LINE: usize = 64;

/// The longest record a reader accepts: room for a page of ticks or five 4096-byte transactions,
/// with a wide margin, and small enough that a damaged length cannot ask for much memory.
pub const LEN_MAX: usize = 1 << 20;

/// The 16 bytes every record begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(8))]
pub struct Prefix {
    /// Length of the whole record in bytes, a multiple of 64.
    pub len: u32,
    /// Number of the kind.
    pub kind: u16,
    /// Version of the kind's layout.
    pub version: u8,
    /// Flags, per kind.
    pub flags: u8,
    /// CLOCK_REALTIME ns at which the packet that caused this record was received.
    pub rx_ns: u64,
}

/// The common fields as schema entries.
pub(crate) const PREFIX: [Field; 5] = {
    const fn field(
        name: &'static str,
        at: usize,
        ty: Type,
        show: Show,
        doc: &'static str,
    ) -> Field {
        Field { name, at, ty, bytes: ty.size(), show, present: 0, doc }
    }
    [
        field("len", 0, Type::U32, Show::Hidden, " Length of the whole record, a multiple of 64."),
        field("kind", 4, Type::U16, Show::Hidden, " Number of the kind."),
        field("version", 6, Type::U8, Show::Hidden, " Version of the kind's layout."),
        field("flags", 7, Type::U8, Show::Hidden, " Flags, each shown under its own name."),
        field("rx_ns", 8, Type::U64, Show::Ns, " When the packet that caused this was received."),
    ]
};

/// One record of any kind, borrowed: at least [`LINE`] bytes, aligned to 16, as long as its `len`.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Checks the common start of `bytes` and that they are one whole record.
    ///
    /// `None` when they are shorter or longer than their `len`, when `len` is no multiple of 64, or
    /// when they are not aligned to 16 bytes.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let whole = bytes.len() >= LINE
            && bytes.len().is_multiple_of(LINE)
            && crate::bytes::u32_at(bytes, 0)? as usize == bytes.len()
            && bytes.as_ptr().align_offset(16) == 0;
        whole.then_some(Self { bytes })
    }

    /// A typed record's own bytes; its `len` must say just its size.
    #[inline]
    pub fn of<T: Layout>(record: &'a T) -> Self {
        debug_assert_eq!(record.head().len as usize, size_of::<T>());
        Self { bytes: bytemuck::bytes_of(record) }
    }

    /// The whole record.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The common start.
    #[inline]
    pub fn prefix(&self) -> &'a Prefix {
        let (head, _) = self.bytes.split_at(PREFIX_LEN);
        bytemuck::from_bytes(head)
    }

    /// Number of the kind.
    #[inline]
    pub fn kind(&self) -> u16 {
        self.prefix().kind
    }

    /// Receive time of the packet that caused it.
    #[inline]
    pub fn rx_ns(&self) -> u64 {
        self.prefix().rx_ns
    }

    /// The typed record, if this is one of `T`'s kind.
    ///
    /// # Errors
    /// Status 3 when the kind is right and the version is not; status 4 when it is shorter than
    /// `T`, or breaks a rule of its layout.
    #[inline]
    pub fn get<T: Layout>(&self) -> Result<Option<&'a T>, Error> {
        let prefix = self.prefix();
        if prefix.kind != T::SCHEMA.kind {
            return Ok(None);
        }
        if prefix.version != T::SCHEMA.version {
            return Err(Error::foreign(format!(
                "{} record of version {}; this tool reads version {}",
                T::SCHEMA.name,
                prefix.version,
                T::SCHEMA.version
            )));
        }
        let fixed = self.bytes.get(..size_of::<T>()).ok_or_else(|| {
            Error::damaged(format!("{} record of {} bytes", T::SCHEMA.name, self.bytes.len()))
        })?;
        let record: &T = bytemuck::from_bytes(fixed);
        if T::SCHEMA.tail.is_none() && self.bytes.len() != size_of::<T>() {
            let len = self.bytes.len();
            return Err(Error::damaged(format!("{} record of {len} bytes", T::SCHEMA.name)));
        }
        match record.invalid() {
            Some(rule) => Err(Error::damaged(format!("{} record: {rule}", T::SCHEMA.name))),
            None => Ok(Some(record)),
        }
    }

    /// The typed record, if this is one of `T`'s kind, version and length; for records whose rules
    /// were checked when they were read.
    #[inline]
    pub fn typed<T: Layout>(&self) -> Option<&'a T> {
        let prefix = self.prefix();
        let same = prefix.kind == T::SCHEMA.kind && prefix.version == T::SCHEMA.version;
        self.bytes.get(..size_of::<T>()).filter(|_| same).map(bytemuck::from_bytes)
    }

    /// What follows the fixed part of `T`, padding included.
    #[inline]
    pub fn tail<T: Layout>(&self) -> &'a [u8] {
        self.bytes.get(size_of::<T>()..).unwrap_or_default()
    }
}

/// Checks a record of one of our kinds against its layout; any other kind passes.
///
/// # Errors
/// Those of [`Record::get`].
pub fn check(record: Record<'_>) -> Result<(), Error> {
    fn is<T: Layout>(record: Record<'_>) -> Result<(), Error> {
        record.get::<T>().map(|_| ())
    }
    match record.kind() {
        0x01 => is::<Head>(record),
        0x02 => is::<Gap>(record),
        0x03 => is::<End>(record),
        0x10 => is::<Packet>(record),
        0x20 => is::<Swap>(record),
        0x21 => is::<Pool>(record),
        0x22 => is::<Ticks>(record),
        0x23 => is::<Txn>(record),
        0x24 => is::<Slot>(record),
        0x25 => is::<Liquidity>(record),
        0x28 => is::<Wallet>(record),
        0x30 => is::<Opportunity>(record),
        0x31 => is::<Exposure>(record),
        0x32 => is::<Finding>(record),
        0x40 => is::<Bundle>(record),
        0x50 => is::<Receipt>(record),
        _ => Ok(()),
    }
}

/// Text as a fixed field: cut to `N` bytes, padded with zeros, anything but printable ASCII as `?`.
pub fn fixed_text<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [0; N];
    for (to, c) in field.iter_mut().zip(text.chars()) {
        *to = if c.is_ascii_graphic() || c == ' ' { c as u8 } else { b'?' };
    }
    field
}
