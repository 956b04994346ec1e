//! bpf(2): maps, programs, links and test runs, each behind a safe function.
//!
//! Every object is an open descriptor. A link goes away with its descriptor, however the process
//! ends, and the program with it: nothing is pinned.

#![expect(unsafe_code, reason = "std has no bpf")]

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Where a program is attached to an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hook {
    /// In the driver, before the kernel makes a packet of its own of the frame.
    Driver,
    /// After that, with any driver.
    Generic,
}

/// An XDP program's answer to a frame.
pub(super) mod verdict {
    /// On to the kernel's network stack.
    pub(in super::super) const PASS: i32 = 2;
    /// Away, to where the program said.
    pub(in super::super) const REDIRECT: i32 = 4;
}

mod command {
    pub(super) const MAP_CREATE: libc::c_long = 0;
    pub(super) const MAP_LOOKUP: libc::c_long = 1;
    pub(super) const MAP_UPDATE: libc::c_long = 2;
    pub(super) const PROG_LOAD: libc::c_long = 5;
    pub(super) const PROG_TEST_RUN: libc::c_long = 10;
    pub(super) const PROG_BY_ID: libc::c_long = 13;
    pub(super) const INFO: libc::c_long = 15;
    pub(super) const LINK_CREATE: libc::c_long = 28;
}

// The parts of `union bpf_attr` (include/uapi/linux/bpf.h) that are used; the kernel takes what is
// left out as zero. Pointers are 64-bit integers there too.

#[repr(C)]
#[derive(Default)]
struct MapCreate {
    kind: u32,
    key_len: u32,
    value_len: u32,
    entries_max: u32,
    flags: u32,
}

#[repr(C)]
#[derive(Default)]
struct MapElement {
    map_fd: u32,
    _zero: u32,
    key: u64,
    value: u64,
    flags: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct ProgLoad {
    kind: u32,
    insn_count: u32,
    insns: u64,
    license: u64,
    log_level: u32,
    log_len: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    interface: u32,
}

#[repr(C)]
#[derive(Default)]
struct ById {
    id: u32,
    next_id: u32,
    flags: u32,
}

#[repr(C)]
#[derive(Default)]
struct InfoOf {
    fd: u32,
    info_len: u32,
    info: u64,
}

#[repr(C)]
#[derive(Default)]
struct TestRun {
    prog_fd: u32,
    verdict: u32,
    data_in_len: u32,
    data_out_len: u32,
    data_in: u64,
    data_out: u64,
    repeat: u32,
    duration_ns: u32,
    context_in_len: u32,
    context_out_len: u32,
    context_in: u64,
    context_out: u64,
    flags: u32,
    cpu: u32,
    batch: u32,
    _zero: u32,
}

#[repr(C)]
#[derive(Default)]
struct LinkCreate {
    prog_fd: u32,
    interface: u32,
    attach_kind: u32,
    flags: u32,
}

/// The context of a test run: `struct xdp_md`.
#[repr(C)]
#[derive(Default)]
struct Context {
    data: u32,
    data_end: u32,
    data_meta: u32,
    ingress_interface: u32,
    queue: u32,
    egress_interface: u32,
}

/// Calls bpf(2).
///
/// # Safety
/// Every pointer in `attr` must lead to as many bytes as its length field says (or, for elements of
/// maps, as the map's key and value have), alive and, where the kernel writes, exclusive, for the
/// time of the call. `T` must be of plain integers, laid out as the command's part of `bpf_attr`.
unsafe fn bpf<T>(command: libc::c_long, attr: &mut T) -> io::Result<RawFd> {
    // SAFETY: the kernel reads and writes at most `size_of::<T>()` bytes at `attr`, which is
    // exclusively borrowed; what `attr` points to is the caller's promise.
    let got = unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attr, size_of::<T>()) };
    match RawFd::try_from(got) {
        Ok(fd) if fd >= 0 => Ok(fd),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes a descriptor that bpf(2) has just made.
fn owned(fd: RawFd) -> OwnedFd {
    // SAFETY: the commands that create answer with a new open descriptor, which nobody else has.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn fd_of(fd: &OwnedFd) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

fn address<T: ?Sized>(at: *const T) -> u64 {
    at.cast::<u8>().expose_provenance() as u64
}

fn len32(len: usize) -> io::Result<u32> {
    u32::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))
}

/// A map with keys of 32 bits.
#[derive(Debug)]
pub(super) struct Map {
    fd: OwnedFd,
    /// Bytes that a lookup gives and an update takes.
    value_len: usize,
}

impl Map {
    const ARRAY: u32 = 2;
    const PER_CPU_ARRAY: u32 = 6;
    const XSKMAP: u32 = 17;
    const RING_BUFFER: u32 = 27;

    /// An array of `entries` values of `value_len` bytes (a multiple of 8).
    pub(super) fn array(value_len: u32, entries: u32) -> io::Result<Self> {
        Self::create(Self::ARRAY, 4, value_len, entries, value_len as usize)
    }

    /// An array of `entries` counters of 64 bits, one each for every processor.
    pub(super) fn counters(entries: u32) -> io::Result<Self> {
        let cpus = possible_cpus(&fs::read_to_string("/sys/devices/system/cpu/possible")?);
        Self::create(Self::PER_CPU_ARRAY, 4, 8, entries, 8 * cpus)
    }

    /// AF_XDP sockets by queue.
    pub(super) fn sockets(queues: u32) -> io::Result<Self> {
        Self::create(Self::XSKMAP, 4, 4, queues, 4)
    }

    /// A ring buffer of `len` bytes: a power of two, at least a page.
    pub(super) fn ring_buffer(len: u32) -> io::Result<Self> {
        Self::create(Self::RING_BUFFER, 0, 0, len, 0)
    }

    fn create(
        kind: u32,
        key_len: u32,
        value_len: u32,
        entries_max: u32,
        lookup_len: usize,
    ) -> io::Result<Self> {
        let mut attr = MapCreate { kind, key_len, value_len, entries_max, flags: 0 };
        // SAFETY: the attributes hold no pointer.
        let fd = unsafe { bpf(command::MAP_CREATE, &mut attr) }?;
        Ok(Self { fd: owned(fd), value_len: lookup_len })
    }

    /// The number of its descriptor, by which a program names it.
    pub(super) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Sets the value at `key`, which is of the map's length.
    pub(super) fn set(&self, key: u32, value: &[u8]) -> io::Result<()> {
        if value.len() != self.value_len {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut attr = self.element(&raw const key, value.as_ptr());
        // SAFETY: the kernel reads 4 bytes at `key`, a local, and `value_len` at `value`, which
        // has as many: just checked.
        unsafe { bpf(command::MAP_UPDATE, &mut attr) }.map(|_| ())
    }

    /// The value at `key` into `value`, which is of the map's length.
    fn get(&self, key: u32, value: &mut [u8]) -> io::Result<()> {
        if value.len() != self.value_len {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut attr = self.element(&raw const key, value.as_mut_ptr());
        // SAFETY: the kernel reads 4 bytes at `key`, a local, and writes `value_len` at `value`:
        // just checked. Of a per-processor array it writes 8 for each possible processor, and
        // `counters` made `value_len` of that.
        unsafe { bpf(command::MAP_LOOKUP, &mut attr) }.map(|_| ())
    }

    /// The value at `key`.
    pub(super) fn value(&self, key: u32) -> io::Result<Vec<u8>> {
        let mut value = vec![0; self.value_len];
        self.get(key, &mut value)?;
        Ok(value)
    }

    /// The sum of the counter `key` over all processors.
    pub(super) fn counted(&self, key: u32) -> io::Result<u64> {
        let values = self.value(key)?;
        let values = values.as_chunks().0.iter().map(|value| u64::from_ne_bytes(*value));
        Ok(values.fold(0, u64::wrapping_add))
    }

    fn element(&self, key: *const u32, value: *const u8) -> MapElement {
        MapElement {
            map_fd: fd_of(&self.fd),
            key: address(key),
            value: address(value),
            ..MapElement::default()
        }
    }
}

/// How many processors a list like `0-3,8` (Documentation/admin-guide/cputopology.rst) is of: one
/// more than the highest, at least one.
fn possible_cpus(list: &str) -> usize {
    let last = list.trim().rsplit([',', '-']).next().and_then(|n| n.parse::<usize>().ok());
    last.map_or(1, |last| last.saturating_add(1))
}

/// A loaded XDP program.
#[derive(Debug)]
pub(super) struct Program(OwnedFd);

/// A program's place at an interface, which it leaves when this is dropped.
#[derive(Debug)]
pub(super) struct Link(OwnedFd);

impl Link {
    /// Whether the interface is still there.
    pub(super) fn is_attached(&self) -> io::Result<bool> {
        // The first fields of `struct bpf_link_info`: kind and id, program, and the interface, which
        // is 0 when it is gone (`bpf_xdp_link_fill_link_info`, net/core/dev.c).
        let info = info::<3>(&self.0)?;
        Ok(info[2].trailing_zeros() < 32)
    }
}

/// The first `N` words of what the kernel tells about an object.
fn info<const N: usize>(object: &OwnedFd) -> io::Result<[u64; N]> {
    let mut info = [0u64; N];
    let mut attr = InfoOf {
        fd: fd_of(object),
        info_len: len32(size_of_val(&info))?,
        info: address(info.as_mut_ptr()),
    };
    // SAFETY: the kernel reads and writes at most `info_len` bytes at `info`, exclusively ours; all
    // that it takes for pointers or lengths of more in there is zero.
    unsafe { bpf(command::INFO, &mut attr) }?;
    Ok(info)
}

impl Program {
    /// Loads `insns` as an XDP program.
    ///
    /// # Errors
    /// The system's; what the verifier said is in its text.
    pub(super) fn load(name: &str, insns: &[u64]) -> io::Result<Self> {
        // The helpers used are open to programs of any licence; the text is what the kernel shows.
        Self::load_as(name, insns, c"MIT", ProgLoad::default())
    }

    /// The same for the driver of one interface, whose functions it may then call.
    pub(super) fn load_bound(name: &str, insns: &[u64], interface: u32) -> io::Result<Self> {
        // BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3. Kernel functions are open to what may be taken under the
        // GPL too, as MIT code may (`license_is_gpl_compatible`, include/linux/license.h).
        let bound = ProgLoad { flags: 1 << 6, interface, ..ProgLoad::default() };
        Self::load_as(name, insns, c"Dual MIT/GPL", bound)
    }

    fn load_as(
        name: &str,
        insns: &[u64],
        license: &std::ffi::CStr,
        attr: ProgLoad,
    ) -> io::Result<Self> {
        const XDP: u32 = 6;
        let mut attr = ProgLoad {
            kind: XDP,
            insn_count: len32(insns.len())?,
            insns: address(insns.as_ptr()),
            license: address(license.as_ptr()),
            ..attr
        };
        // 15 bytes and a zero.
        attr.name.iter_mut().take(15).zip(name.bytes()).for_each(|(to, from)| *to = from);
        // SAFETY: the kernel reads `insn_count` instructions of 8 bytes, those of the slice, and a
        // string that ends with zero.
        match unsafe { bpf(command::PROG_LOAD, &mut attr) } {
            Ok(fd) => Ok(Self(owned(fd))),
            Err(refused) => {
                let mut log = vec![0u8; 1 << 20];
                (attr.log, attr.log_len) = (address(log.as_mut_ptr()), len32(log.len())?);
                attr.log_level = 1;
                // SAFETY: as above, and the kernel writes at most `log_len` bytes at `log`.
                match unsafe { bpf(command::PROG_LOAD, &mut attr) } {
                    Ok(fd) => Ok(Self(owned(fd))),
                    Err(_) => Err(io::Error::new(refused.kind(), told(&refused, &log))),
                }
            }
        }
    }

    /// The program with this number.
    pub(super) fn by_id(id: u32) -> io::Result<Self> {
        let mut attr = ById { id, ..ById::default() };
        // SAFETY: the attributes hold no pointer.
        unsafe { bpf(command::PROG_BY_ID, &mut attr) }.map(|fd| Self(owned(fd)))
    }

    /// The name it was loaded under.
    pub(super) fn name(&self) -> io::Result<String> {
        // The first fields of `struct bpf_prog_info`; the name is the last of these.
        let info = info::<10>(&self.0)?;
        let [.., a, b] = info.map(u64::to_ne_bytes);
        let name: Vec<u8> = a.into_iter().chain(b).take_while(|byte| *byte != 0).collect();
        Ok(String::from_utf8_lossy(&name).into_owned())
    }

    /// The number of its descriptor.
    pub(super) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Attaches it to the interface with this index.
    pub(super) fn attach(&self, interface: u32, hook: Hook) -> io::Result<Link> {
        const XDP: u32 = 37;
        // XDP_FLAGS_SKB_MODE and XDP_FLAGS_DRV_MODE (include/uapi/linux/if_link.h).
        let flags = match hook {
            Hook::Generic => 1 << 1,
            Hook::Driver => 1 << 2,
        };
        let mut attr = LinkCreate { prog_fd: fd_of(&self.0), interface, attach_kind: XDP, flags };
        // SAFETY: the attributes hold no pointer.
        unsafe { bpf(command::LINK_CREATE, &mut attr) }.map(|fd| Link(owned(fd)))
    }

    /// Its verdict on `frame`, which goes nowhere. The kernel takes frames of 14 bytes and more.
    #[cfg(test)]
    pub(super) fn test(&self, frame: &[u8]) -> io::Result<i32> {
        let mut attr = TestRun {
            prog_fd: fd_of(&self.0),
            data_in: address(frame.as_ptr()),
            data_in_len: len32(frame.len())?,
            repeat: 1,
            ..TestRun::default()
        };
        // SAFETY: the kernel reads `data_in_len` bytes, those of `frame`.
        unsafe { bpf(command::PROG_TEST_RUN, &mut attr) }?;
        Ok(attr.verdict.cast_signed())
    }

    /// Runs it on `count` frames that each begin as `frame` and go where it says.
    ///
    /// # Errors
    /// EINTR when a signal came before all were made; how many were is not known.
    pub(super) fn play(&self, frame: &[u8], count: u32) -> io::Result<()> {
        const LIVE_FRAMES: u32 = 1 << 1;
        // Frames made at once: the kernel's own choice; a veth queue holds 256.
        const LIVE_BATCH: u32 = 64;
        let len = len32(frame.len())?;
        let context = Context { data_end: len, ..Context::default() };
        let mut attr = TestRun {
            prog_fd: fd_of(&self.0),
            data_in: address(frame.as_ptr()),
            data_in_len: len,
            repeat: count,
            context_in: address(&raw const context),
            context_in_len: len32(size_of::<Context>())?,
            flags: LIVE_FRAMES,
            batch: LIVE_BATCH.min(count),
            ..TestRun::default()
        };
        // SAFETY: the kernel reads `data_in_len` bytes, those of `frame`, and `context_in_len`,
        // those of `context`; both live until the end of this function.
        unsafe { bpf(command::PROG_TEST_RUN, &mut attr) }.map(|_| ())
    }
}

/// The error with the last lines of the verifier's log.
fn told(refused: &io::Error, log: &[u8]) -> String {
    let text = log.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(24);
    format!("{refused}: {}", lines.get(from..).unwrap_or_default().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_to_the_highest() {
        for (list, expect) in [("0", 1), ("0-3\n", 4), ("0-3,8", 9), ("", 1), ("x", 1)] {
            assert_eq!(possible_cpus(list), expect, "{list}");
        }
    }
}
