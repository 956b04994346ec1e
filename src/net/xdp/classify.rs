//! The program in the kernel: which frames are taken, and why others pass.
//!
//! ```text
//! Ethernet --(up to two VLAN tags)--> IPv4 --> UDP --> port --> address --> taken
//!                                      |  \--> GRE --> IPv4 --> UDP --> ..
//!                                      \ IPv6 --> UDP --> ..
//!        anything else ----------------------------------------> passes, counted by Reason
//! ```
//!
//! Invariants:
//! - A frame is taken only if [`super::super::pcap::ethernet`] gives a whole datagram of it, to one
//!   of the ports and addresses. `tests` hold the program to that decoder by running it in the kernel.
//! - What passes reaches the kernel's stack unchanged: no frame is dropped here.
//! - A fragment is never taken, not even the first one: its ports say nothing of the others.
//! - Every frame is counted once, on the processor it came to.
//!
//! The ports and addresses are constants of the program; nothing is looked up but the counter.

use super::insn::{Alu, Assembler, Helper, If, Label, Reg, Width};
use std::net::IpAddr;

use Reg::{R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10};

/// Which datagrams are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Destination ports, at most [`Filter::PORTS_MAX`]; none is every port.
    pub ports: Vec<u16>,
    /// Destination addresses, at most [`Filter::ADDRESSES_MAX`]; none is every address.
    pub addresses: Vec<IpAddr>,
}

impl Filter {
    /// The most destination ports.
    pub const PORTS_MAX: usize = 16;
    /// The most destination addresses.
    pub const ADDRESSES_MAX: usize = 16;

    /// Whether a datagram to this address (IPv4 mapped into IPv6) and port is taken.
    pub fn takes(&self, target: [u8; 16], port: u16) -> bool {
        let target = IpAddr::from(target).to_canonical();
        (self.ports.is_empty() || self.ports.contains(&port))
            && (self.addresses.is_empty() || self.addresses.contains(&target))
    }

    /// Why the filter cannot be used; `None` if it can.
    pub fn invalid(&self) -> Option<&'static str> {
        if self.ports.len() > Self::PORTS_MAX {
            Some("more than 16 ports")
        } else if self.addresses.len() > Self::ADDRESSES_MAX {
            Some("more than 16 addresses")
        } else {
            None
        }
    }
}

/// What became of a frame in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Taken.
    Taken = 0,
    /// Would have been, but no socket listens on its queue, or the ring buffer is full.
    NoRoom = 1,
    /// The frame ends inside its headers, or before its datagram does.
    CutHeader = 2,
    /// Neither IPv4 nor IPv6.
    NotIp = 3,
    /// More than two VLAN tags.
    ManyTags = 4,
    /// An IP header that contradicts itself, or gives no length.
    BadIp = 5,
    /// A fragment of an IP packet.
    Fragment = 6,
    /// IPv6 with an extension header other than a fragment's.
    Extension = 7,
    /// IP, but not UDP.
    NotUdp = 8,
    /// GRE with routing, of another version or with another payload than IPv4.
    OtherGre = 9,
    /// The UDP length is less than a header, or more than its IP packet holds.
    BadUdpLength = 10,
    /// Another destination port.
    OtherPort = 11,
    /// Another destination address.
    OtherAddress = 12,
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All, by number.
    pub const ALL: [Self; 13] = [
        Self::Taken,
        Self::NoRoom,
        Self::CutHeader,
        Self::NotIp,
        Self::ManyTags,
        Self::BadIp,
        Self::Fragment,
        Self::Extension,
        Self::NotUdp,
        Self::OtherGre,
        Self::BadUdpLength,
        Self::OtherPort,
        Self::OtherAddress,
    ];

    /// The name that statistics show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::NoRoom => "no_room",
            Self::CutHeader => "cut_header",
            Self::NotIp => "not_ip",
            Self::ManyTags => "many_tags",
            Self::BadIp => "bad_ip",
            Self::Fragment => "fragment",
            Self::Extension => "extension",
            Self::NotUdp => "not_udp",
            Self::OtherGre => "other_gre",
            Self::BadUdpLength => "bad_udp_length",
            Self::OtherPort => "other_port",
            Self::OtherAddress => "other_address",
        }
    }
}

/// What is done with a frame that is taken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// It goes to the socket of its queue in this map of sockets, stamped if asked.
    Redirect {
        /// The map's descriptor.
        sockets: i32,
        /// Whether a [`Stamp`] is put before the frame.
        stamp: bool,
        /// The kernel function that gives the NIC's stamp, if that is put there too.
        nic: Option<i32>,
    },
    /// It is copied into this ring buffer and passes.
    Copy {
        /// The map's descriptor.
        ring: i32,
        /// Whether a sleeping reader is woken.
        wake: bool,
    },
}

/// The metadata in front of a redirected frame: the NIC's nanoseconds if they are asked for (0: none
/// of this frame), a mark that says what is there, then CLOCK_TAI nanoseconds. A driver without
/// room for metadata leaves it out.
pub(super) struct Stamp;

impl Stamp {
    pub(super) const LEN: usize = 16;
    /// With the NIC's.
    pub(super) const LONG_LEN: usize = 24;
    pub(super) const MARK: u64 = u64::from_le_bytes(*b"mevstamp");
    pub(super) const LONG_MARK: u64 = u64::from_le_bytes(*b"mevstmp2");
}

/// What stands before a copied frame: CLOCK_TAI nanoseconds, bytes of the frame, its queue.
pub(super) const COPY_HEAD_LEN: usize = 16;

/// Bytes of a place in the ring buffer, with its head: the least that holds the frame is taken.
/// A longer frame than the last can hold is not copied.
pub(super) const COPY_ROOMS: [u16; 3] = [256, 1536, 9216];

const ETHERTYPE_IPV4: i32 = 0x0800;
const ETHERTYPE_IPV6: i32 = 0x86dd;
/// 802.1Q, 802.1ad, and the older numbers of QinQ.
const TAGS: [i32; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
const PROTOCOL_UDP: i32 = 17;
const PROTOCOL_GRE: i32 = 47;
const PROTOCOL_FRAGMENT: i32 = 44;
/// IPv6 extension headers but the fragment's: hop-by-hop, routing, ESP, AH, destination options,
/// mobility, HIP, shim6, and two for experiments (IANA, "IPv6 Extension Header Types").
const EXTENSIONS: [i32; 10] = [0, 43, 50, 51, 60, 135, 139, 140, 253, 254];

/// `struct xdp_md`: where the context's fields stand.
mod context {
    pub(super) const DATA: i16 = 0;
    pub(super) const DATA_END: i16 = 4;
    pub(super) const DATA_META: i16 = 8;
    pub(super) const QUEUE: i16 = 16;
}

/// Which addresses the datagram has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// The program under construction.
///
/// | register | holds |
/// |---|---|
/// | R5 | the IPv4 destination, as it stands in the packet |
/// | R6 | the context, then the verdict |
/// | R7 | where the walk stands in the frame |
/// | R8 | the end of the frame |
/// | R9 | bytes from R7 to the end of the IP packet |
struct Builder {
    asm: Assembler,
    /// Where a frame goes that is not taken, by reason.
    exits: [Label; Reason::COUNT],
    taken: Label,
}

/// The program that does `action` with what `filter` takes and counts in `counters`, the descriptor
/// of a per-processor array of [`Reason::COUNT`] counters; `None` if the filter is invalid.
pub(super) fn program(filter: &Filter, action: Action, counters: i32) -> Option<Vec<u64>> {
    if filter.invalid().is_some() {
        return None;
    }
    let mut asm = Assembler::default();
    let exits = Reason::ALL.map(|_| asm.label());
    let taken = asm.label();
    let mut program = Builder { asm, exits, taken };
    program.ethernet(filter);
    program.asm.bind(taken);
    match action {
        Action::Redirect { sockets, stamp, nic } => program.redirect(sockets, stamp, nic),
        Action::Copy { ring, wake } => program.copy(ring, wake),
    }
    program.count(counters);
    program.asm.finish()
}

/// The program that gives every frame, stamped, to the socket of its queue, and counts in `counters`.
pub(super) fn every_frame(sockets: i32, counters: i32) -> Option<Vec<u64>> {
    let mut asm = Assembler::default();
    let exits = Reason::ALL.map(|_| asm.label());
    let taken = asm.label();
    let mut program = Builder { asm, exits, taken };
    program.asm.mov(R6, R1);
    program.redirect(sockets, true, None);
    program.count(counters);
    program.asm.finish()
}

impl Builder {
    fn exit_of(&self, reason: Reason) -> Label {
        self.exits[reason as usize]
    }

    /// Passes with `reason` unless `len` bytes at R7 are in the frame. Uses R2.
    fn need(&mut self, len: i32, reason: Reason) {
        self.asm.mov(R2, R7);
        self.asm.alu(Alu::Add, R2, len);
        self.asm.jump_if(R2, If::Gt, R8, self.exit_of(reason));
    }

    /// `to` = the 16 bits at R7 + `at`.
    fn be16_at(&mut self, to: Reg, at: i16) {
        self.asm.load(Width::B2, to, R7, at);
        self.asm.be16(to);
    }

    /// From the frame's start: Ethernet and its tags.
    fn ethernet(&mut self, filter: &Filter) {
        let (cut, not_ip) = (Reason::CutHeader, self.exit_of(Reason::NotIp));
        self.asm.mov(R6, R1);
        self.asm.load(Width::B4, R7, R1, context::DATA);
        self.asm.load(Width::B4, R8, R1, context::DATA_END);
        self.need(14, cut);
        self.be16_at(R1, 12);
        self.asm.alu(Alu::Add, R7, 14);
        let network = self.asm.label();
        for _ in 0..2 {
            let tag = self.asm.label();
            for number in TAGS {
                self.asm.jump_if(R1, If::Eq, number, tag);
            }
            self.asm.jump(network);
            self.asm.bind(tag);
            self.need(4, cut);
            self.be16_at(R1, 2);
            self.asm.alu(Alu::Add, R7, 4);
        }
        for number in TAGS {
            self.asm.jump_if(R1, If::Eq, number, self.exit_of(Reason::ManyTags));
        }
        self.asm.bind(network);
        let v6 = self.asm.label();
        self.asm.jump_if(R1, If::Eq, ETHERTYPE_IPV6, v6);
        self.asm.jump_if(R1, If::Ne, ETHERTYPE_IPV4, not_ip);
        let (gre, udp) = (self.asm.label(), self.asm.label());
        self.ipv4();
        self.asm.jump_if(R4, If::Eq, PROTOCOL_UDP, udp);
        self.asm.jump_if(R4, If::Eq, PROTOCOL_GRE, gre);
        self.asm.jump(self.exit_of(Reason::NotUdp));
        self.asm.bind(gre);
        self.gre();
        self.inner_ipv4();
        self.asm.jump_if(R4, If::Ne, PROTOCOL_UDP, self.exit_of(Reason::NotUdp));
        self.asm.bind(udp);
        self.udp(filter, Family::V4);
        self.asm.bind(v6);
        self.ipv6();
        self.udp(filter, Family::V6);
    }

    /// An IPv4 header at R7: leaves R7 behind it, R9, the protocol in R4 and the destination in R5.
    fn ipv4(&mut self) {
        let (cut, bad) = (self.exit_of(Reason::CutHeader), self.exit_of(Reason::BadIp));
        let asm = &mut self.asm;
        // The version first, as the decoder does.
        asm.mov(R2, R7);
        asm.alu(Alu::Add, R2, 1);
        asm.jump_if(R2, If::Gt, R8, cut);
        asm.load(Width::B1, R1, R7, 0);
        asm.mov(R2, R1);
        asm.alu(Alu::Rsh, R2, 4);
        asm.jump_if(R2, If::Ne, 4, bad);
        self.need(20, Reason::CutHeader);
        let asm = &mut self.asm;
        asm.alu(Alu::And, R1, 15);
        asm.alu(Alu::Lsh, R1, 2);
        asm.jump_if(R1, If::Lt, 20, bad);
        asm.load(Width::B2, R9, R7, 2);
        asm.be16(R9);
        // Header longer than packet; or no length, which only segmentation offload leaves out.
        asm.jump_if(R9, If::Lt, R1, bad);
        asm.mov(R2, R7);
        asm.alu(Alu::Add, R2, R9);
        asm.jump_if(R2, If::Gt, R8, cut);
        asm.load(Width::B2, R3, R7, 6);
        asm.be16(R3);
        // More fragments, or an offset (RFC 791 section 3.1).
        asm.jump_if(R3, If::Set, 0x3fff, self.exits[Reason::Fragment as usize]);
        asm.load(Width::B1, R4, R7, 9);
        asm.load(Width::B4, R5, R7, 16);
        asm.alu(Alu::Sub, R9, R1);
        asm.alu(Alu::Add, R7, R1);
    }

    /// As [`Self::ipv4`], inside of a packet of which R9 bytes are left.
    fn inner_ipv4(&mut self) {
        self.asm.mov(R0, R9);
        self.asm.jump_if(R0, If::Lt, 20, self.exit_of(Reason::CutHeader));
        self.ipv4();
        // R9 bytes lie before R7, which has moved by the header's R1.
        self.asm.alu(Alu::Add, R1, R9);
        self.asm.jump_if(R1, If::Gt, R0, self.exit_of(Reason::CutHeader));
    }

    /// A GRE header at R7 (RFC 2784, and key and sequence number of RFC 2890): leaves R7 behind it,
    /// and R9.
    fn gre(&mut self) {
        let (cut, other) = (self.exit_of(Reason::CutHeader), self.exit_of(Reason::OtherGre));
        self.asm.jump_if(R9, If::Lt, 4, cut);
        self.need(4, Reason::CutHeader);
        self.be16_at(R1, 0);
        self.be16_at(R2, 2);
        let asm = &mut self.asm;
        // Anything but checksum, key and sequence number: routing, recursion, a version.
        asm.jump_if(R1, If::Set, 0x4fff, other);
        asm.jump_if(R2, If::Ne, ETHERTYPE_IPV4, other);
        // Four bytes, and four more for each of the three that is present.
        asm.mov(R3, 1);
        for bit in [15, 13, 12] {
            asm.mov(R2, R1);
            asm.alu(Alu::Rsh, R2, bit);
            asm.alu(Alu::And, R2, 1);
            asm.alu(Alu::Add, R3, R2);
        }
        asm.alu(Alu::Lsh, R3, 2);
        asm.jump_if(R9, If::Lt, R3, cut);
        asm.alu(Alu::Sub, R9, R3);
        asm.alu(Alu::Add, R7, R3);
    }

    /// An IPv6 header at R7 and UDP behind it: leaves R7 behind the header, and R9.
    fn ipv6(&mut self) {
        let (cut, bad) = (self.exit_of(Reason::CutHeader), self.exit_of(Reason::BadIp));
        self.need(1, Reason::CutHeader);
        self.asm.load(Width::B1, R1, R7, 0);
        self.asm.alu(Alu::Rsh, R1, 4);
        self.asm.jump_if(R1, If::Ne, 6, bad);
        self.need(40, Reason::CutHeader);
        self.be16_at(R9, 4);
        // No length: a jumbogram's, which needs an extension header, or segmentation offload's.
        self.asm.jump_if(R9, If::Eq, 0, bad);
        self.asm.load(Width::B1, R4, R7, 6);
        self.asm.alu(Alu::Add, R7, 40);
        self.asm.mov(R2, R7);
        self.asm.alu(Alu::Add, R2, R9);
        self.asm.jump_if(R2, If::Gt, R8, cut);
        let udp = self.asm.label();
        self.asm.jump_if(R4, If::Eq, PROTOCOL_UDP, udp);
        self.asm.jump_if(R4, If::Eq, PROTOCOL_FRAGMENT, self.exit_of(Reason::Fragment));
        for number in EXTENSIONS {
            self.asm.jump_if(R4, If::Eq, number, self.exit_of(Reason::Extension));
        }
        self.asm.jump(self.exit_of(Reason::NotUdp));
        self.asm.bind(udp);
    }

    /// A UDP header at R7 with R9 bytes from there: ends in `taken` or an exit.
    fn udp(&mut self, filter: &Filter, family: Family) {
        let bad = self.exit_of(Reason::BadUdpLength);
        self.asm.jump_if(R9, If::Lt, 8, bad);
        self.need(8, Reason::CutHeader);
        self.be16_at(R1, 4);
        let whole = self.asm.label();
        // RFC 2675 section 4: no length is all that the IP packet holds.
        self.asm.jump_if(R1, If::Eq, 0, whole);
        self.asm.jump_if(R1, If::Lt, 8, bad);
        self.asm.jump_if(R1, If::Gt, R9, bad);
        self.asm.bind(whole);
        if !filter.ports.is_empty() {
            let port = self.asm.label();
            self.be16_at(R1, 2);
            for number in &filter.ports {
                self.asm.jump_if(R1, If::Eq, i32::from(*number), port);
            }
            self.asm.jump(self.exit_of(Reason::OtherPort));
            self.asm.bind(port);
        }
        if filter.addresses.is_empty() {
            self.asm.jump(self.taken);
            return;
        }
        for address in &filter.addresses {
            match (address, family) {
                (IpAddr::V4(v4), Family::V4) => {
                    let value = i32::from_ne_bytes(v4.octets());
                    self.asm.jump_if32(R5, If::Eq, value, self.taken);
                }
                (IpAddr::V6(v6), Family::V6) => self.address_v6(v6.octets()),
                _ => {}
            }
        }
        self.asm.jump(self.exit_of(Reason::OtherAddress));
    }

    /// Ends in `taken` if the IPv6 destination, the 16 bytes before R7, is this.
    fn address_v6(&mut self, octets: [u8; 16]) {
        let other = self.asm.label();
        for (word, at) in octets.as_chunks::<4>().0.iter().zip([-16, -12, -8, -4]) {
            self.asm.load(Width::B4, R1, R7, at);
            self.asm.jump_if32(R1, If::Ne, i32::from_ne_bytes(*word), other);
        }
        self.asm.jump(self.taken);
        self.asm.bind(other);
    }

    /// The frame goes to the socket of its queue.
    fn redirect(&mut self, sockets: i32, stamp: bool, nic: Option<i32>) {
        if stamp {
            self.stamp(nic);
        }
        let asm = &mut self.asm;
        asm.load(Width::B4, R2, R6, context::QUEUE);
        asm.map(R1, sockets);
        // Where there is no socket, it passes.
        asm.mov(R3, super::bpf::verdict::PASS);
        asm.call(Helper::RedirectMap);
        asm.mov(R6, R0);
        let no_room = self.exit_of(Reason::NoRoom);
        self.asm.jump_if(R6, If::Ne, super::bpf::verdict::REDIRECT, no_room);
        self.asm.mov(R1, Reason::Taken as i32);
    }

    /// Puts a [`Stamp`] before the frame, where the driver has room for one.
    fn stamp(&mut self, nic: Option<i32>) {
        let (len, mark) = match nic {
            Some(_) => (Stamp::LONG_LEN, Stamp::LONG_MARK),
            None => (Stamp::LEN, Stamp::MARK),
        };
        let (len, none) = (i32::try_from(len).unwrap_or_default(), self.asm.label());
        if let Some(function) = nic {
            self.nic_stamp(function);
        }
        let asm = &mut self.asm;
        asm.call(Helper::KtimeTai);
        asm.mov(R9, R0);
        asm.mov(R1, R6);
        asm.mov(R2, -len);
        asm.call(Helper::AdjustMeta);
        asm.jump_if(R0, If::Ne, 0, none);
        asm.load(Width::B4, R1, R6, context::DATA_META);
        asm.load(Width::B4, R2, R6, context::DATA);
        asm.mov(R3, R1);
        asm.alu(Alu::Add, R3, len);
        asm.jump_if(R3, If::Gt, R2, none);
        if nic.is_some() {
            asm.store(Width::B8, R1, 0, R7);
            asm.alu(Alu::Add, R1, 8);
        }
        asm.mov64(R3, mark);
        asm.store(Width::B8, R1, 0, R3);
        asm.store(Width::B8, R1, 8, R9);
        asm.bind(none);
    }

    /// R7 = the NIC's stamp; 0 where the driver has none of this frame.
    fn nic_stamp(&mut self, function: i32) {
        let asm = &mut self.asm;
        let told = asm.label();
        asm.store(Width::B8, R10, -16, 0);
        asm.mov(R1, R6);
        asm.mov(R2, R10);
        asm.alu(Alu::Add, R2, -16);
        asm.call_kernel(function);
        asm.load(Width::B8, R7, R10, -16);
        asm.jump_if(R0, If::Eq, 0, told);
        asm.mov(R7, 0);
        asm.bind(told);
    }

    /// The frame is copied behind its head and passes.
    fn copy(&mut self, ring: i32, wake: bool) {
        // BPF_RB_NO_WAKEUP.
        let flags = i32::from(!wake);
        let no_room = self.exit_of(Reason::NoRoom);
        let done = self.asm.label();
        let head = i32::try_from(COPY_HEAD_LEN).unwrap_or_default();
        self.asm.load(Width::B4, R7, R6, context::DATA);
        self.asm.load(Width::B4, R8, R6, context::DATA_END);
        // R8 = bytes of the frame.
        self.asm.alu(Alu::Sub, R8, R7);
        for room in COPY_ROOMS.map(i32::from) {
            let (longer, failed) = (self.asm.label(), self.asm.label());
            let asm = &mut self.asm;
            asm.jump_if(R8, If::Gt, room - head, longer);
            asm.map(R1, ring);
            asm.mov(R2, room);
            asm.mov(R3, 0);
            asm.call(Helper::RingReserve);
            asm.jump_if(R0, If::Eq, 0, no_room);
            asm.mov(R9, R0);
            asm.call(Helper::KtimeTai);
            asm.store(Width::B8, R9, 0, R0);
            asm.store(Width::B4, R9, 8, R8);
            asm.load(Width::B4, R1, R6, context::QUEUE);
            asm.store(Width::B4, R9, 12, R1);
            asm.mov(R1, R6);
            asm.mov(R2, 0);
            asm.mov(R3, R9);
            asm.alu(Alu::Add, R3, head);
            asm.mov(R4, R8);
            // Tells the verifier that there is something to copy.
            asm.jump_if(R4, If::Eq, 0, failed);
            asm.call(Helper::XdpLoad);
            asm.jump_if(R0, If::Ne, 0, failed);
            asm.mov(R1, R9);
            asm.mov(R2, flags);
            asm.call(Helper::RingSubmit);
            asm.jump(done);
            asm.bind(failed);
            asm.mov(R1, R9);
            asm.mov(R2, flags);
            asm.call(Helper::RingDiscard);
            asm.jump(no_room);
            asm.bind(longer);
        }
        self.asm.jump(no_room);
        self.asm.bind(done);
        self.asm.mov(R6, super::bpf::verdict::PASS);
        self.asm.mov(R1, Reason::Taken as i32);
    }

    /// Counts under the reason in R1 and ends with the verdict in R6; before that, the exits.
    fn count(&mut self, counters: i32) {
        let (count, pass) = (self.asm.label(), self.asm.label());
        self.asm.jump(count);
        for reason in Reason::ALL {
            if self.asm.is_used(self.exit_of(reason)) {
                self.asm.bind(self.exit_of(reason));
                self.asm.mov(R1, reason as i32);
                self.asm.jump(pass);
            }
        }
        self.asm.bind(pass);
        self.asm.mov(R6, super::bpf::verdict::PASS);
        let asm = &mut self.asm;
        asm.bind(count);
        asm.store(Width::B4, R10, -4, R1);
        asm.map(R1, counters);
        asm.mov(R2, R10);
        asm.alu(Alu::Add, R2, -4);
        asm.call(Helper::MapLookup);
        let end = asm.label();
        asm.jump_if(R0, If::Eq, 0, end);
        asm.load(Width::B8, R1, R0, 0);
        asm.alu(Alu::Add, R1, 1);
        asm.store(Width::B8, R0, 0, R1);
        asm.bind(end);
        asm.mov(R0, R6);
        asm.exit();
    }
}

#[cfg(test)]
mod tests;
