//! head, gap, end: what frames every stream.

use super::layout::record;
use super::schema::Show;

/// The first bytes of a head after the common 16.
pub const MAGIC: [u8; 8] = *b"MEVREC01";

/// Who wrote a stream; the number is in every head, the names are those of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Producer {
    /// A program that is not one of ours.
    Other = 0,
    /// `mev-capture`.
    Capture = 1,
    /// `mev-parse`.
    Parse = 2,
    /// `mev-arb`.
    Arb = 3,
    /// `mev-bundle`.
    Bundle = 4,
    /// `mev-send`.
    Send = 5,
    /// `walletdb`.
    Walletdb = 6,
}

impl Producer {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["other", "mev-capture", "mev-parse", "mev-arb", "mev-bundle", "mev-send", "walletdb"];
}

record! {
    /// The first record of every stream: what it is and who wrote it.
    ///
    /// It carries no time and no name of a place, so that the same input gives the same bytes.
    pub struct Head = 0x01 "head" version 1, 64 bytes;
    flags {
        /// Something upstream dropped records: the stream has holes.
        HOLES = 1 "holes";
    }
    /// `MEVREC01`.
    16 magic: [u8; 8] => Show::Text;
    /// The program that wrote the stream.
    24 producer: u16 => Show::Name(Producer::NAMES);
    /// Reserved.
    26 _zero: [u8; 38] => Show::Zero;
}

/// Why records, packets or shreds are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum GapReason {
    /// The source did not say.
    Unknown = 0,
    /// The kernel's socket buffer was full.
    SocketOverflow = 1,
    /// A ring's writer overtook its reader.
    RingOverrun = 2,
    /// A forward error correction set stayed incomplete.
    FecUnrecoverable = 3,
    /// A slot was given up because too many were in flight.
    SlotEvicted = 4,
    /// Bytes of a capture could not be read as a packet.
    CaptureDamaged = 5,
    /// A batch could not be decoded into entries.
    BatchUndecodable = 6,
    /// A numbered feed skipped numbers.
    FeedSequence = 7,
    /// Packet storage was full.
    StorageFull = 8,
    /// A ring's writer was gone without an end.
    RingWriterDied = 9,
    /// The interface's receive ring was full: capture was slower than the traffic.
    NicRing = 10,
    /// The interface went away for a while.
    InterfaceDown = 11,
    /// A wallet filter dropped a swap; the `wallet` record before it names the pool.
    Filtered = 12,
}

impl GapReason {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "unknown",
        "socket_overflow",
        "ring_overrun",
        "fec_unrecoverable",
        "slot_evicted",
        "capture_damaged",
        "batch_undecodable",
        "feed_sequence",
        "storage_full",
        "ring_writer_died",
        "nic_ring",
        "interface_down",
        "filtered",
    ];
}

record! {
    /// A hole: how many were lost, where and why.
    pub struct Gap = 0x02 "gap" version 1, 64 bytes;
    flags {}
    /// How many were lost; 0 when only that something was lost is known.
    16 count: u64 => Show::Dec;
    /// The slot they belonged to.
    24 slot: u64 => Show::Dec, if SLOT = 1;
    /// Which one was the first lost: a shred index, a sequence number or a byte offset, by reason.
    32 first: u64 => Show::Dec, if FIRST = 2;
    /// Why.
    40 reason: u16 => Show::Name(GapReason::NAMES);
    /// The program that noticed.
    42 producer: u16 => Show::Name(Producer::NAMES);
    /// Which optional fields hold a value.
    44 present: u32 => Show::Hidden;
    /// Reserved.
    48 _zero: [u8; 16] => Show::Zero;
}

record! {
    /// The last record of every stream. A stream that ends without it was cut off.
    pub struct End = 0x03 "end" version 1, 64 bytes;
    flags {}
    /// Records between head and end, gaps included.
    16 records: u64 => Show::Dec;
    /// Reserved.
    24 _zero: [u8; 40] => Show::Zero;
}
