//! Network interfaces by name: index, queues, MTU, address, GRO; and network namespaces.
//!
//! Everything is asked by ioctl(2) on a socket, so that it is of the namespace of the thread that
//! asks (`/sys/class/net` is of the one it was mounted in).

#![expect(unsafe_code, reason = "std has neither ioctl, if_nametoindex nor setns")]

use super::option;
use crate::error::{Error, Result};
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    name: String,
    index: u32,
}

/// `struct ifreq` (netdevice(7)): a name, and what is asked or told.
#[repr(C)]
pub(super) struct Request {
    name: [u8; 16],
    pub(super) told: [u64; 3],
}

impl Request {
    /// About the interface called `name`.
    pub(super) fn about(name: &str) -> Self {
        let mut request = Self { name: [0; 16], told: [0; 3] };
        // 15 bytes and a zero: the kernel has no longer names.
        request.name.iter_mut().take(15).zip(name.bytes()).for_each(|(to, from)| *to = from);
        request
    }
}

const _: () = assert!(size_of::<Request>() == size_of::<libc::ifreq>());

/// `struct ethtool_channels` (include/uapi/linux/ethtool.h).
#[repr(C)]
#[derive(Default)]
struct Channels {
    command: u32,
    most: [u32; 4],
    rx: u32,
    tx: u32,
    other: u32,
    combined: u32,
}

/// `struct ethtool_value`.
#[repr(C)]
struct Value {
    command: u32,
    value: u32,
}

const SIOCETHTOOL: libc::Ioctl = 0x8946;
const ETHTOOL_SGRO: u32 = 0x2c;
const ETHTOOL_GCHANNELS: u32 = 0x3c;

impl Interface {
    /// The interface called `name` in the thread's network namespace.
    ///
    /// # Errors
    /// Status 5 when there is none.
    pub fn named(name: &str) -> Result<Self> {
        let refused = |e| Error::os(format!("interface {}", name.escape_debug()), &e);
        let text = CString::new(name).map_err(|e| refused(e.into()))?;
        // SAFETY: if_nametoindex reads the string up to its zero.
        match unsafe { libc::if_nametoindex(text.as_ptr()) } {
            0 => Err(refused(io::Error::last_os_error())),
            index => Ok(Self { name: name.to_owned(), index }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// Its index as the signed number that some system calls take.
    pub(super) fn index_i32(&self) -> i32 {
        self.index.cast_signed()
    }

    /// How many receive queues it uses; 1 when the driver does not say.
    pub fn queues(&self) -> u32 {
        let mut channels = Channels { command: ETHTOOL_GCHANNELS, ..Channels::default() };
        match self.ethtool(&mut channels) {
            Ok(()) => channels.rx.saturating_add(channels.combined).max(1),
            Err(_) => 1,
        }
    }

    /// The longest packet it takes, without its Ethernet header.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn mtu(&self) -> Result<usize> {
        let told = self.ask(libc::SIOCGIFMTU)?;
        let [a, b, c, d, ..] = told[0].to_ne_bytes();
        Ok(usize::try_from(i32::from_ne_bytes([a, b, c, d])).unwrap_or_default())
    }

    /// Its Ethernet address.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn mac(&self) -> Result<[u8; 6]> {
        let told = self.ask(libc::SIOCGIFHWADDR)?;
        // An address family of 2 bytes, then the address.
        let [_, _, a, b, c, d, e, f] = told[0].to_ne_bytes();
        Ok([a, b, c, d, e, f])
    }

    /// Turns generic receive offload on or off. A veth interface without it, and without an XDP
    /// program, drops what its peer's redirects send.
    ///
    /// # Errors
    /// Status 5 when the driver refuses.
    pub fn set_gro(&self, on: bool) -> Result<()> {
        let mut value = Value { command: ETHTOOL_SGRO, value: on.into() };
        self.ethtool(&mut value)
            .map_err(|e| Error::os(format!("cannot set GRO of {}", self.name), &e))
    }

    fn ask(&self, what: libc::c_ulong) -> Result<[u64; 3]> {
        let refused = |e| Error::os(format!("interface {}", self.name), &e);
        let socket = socket().map_err(refused)?;
        let mut request = Request::about(&self.name);
        let what = libc::Ioctl::try_from(what).unwrap_or_default();
        // SAFETY: the requests asked here read and write one `ifreq` at the pointer, which is
        // `request`, of that size, alive for the call.
        match unsafe { libc::ioctl(socket.as_raw_fd(), what, &raw mut request) } {
            0 => Ok(request.told),
            _ => Err(refused(io::Error::last_os_error())),
        }
    }

    /// `command` is one of the structures above, in which the driver reads and writes.
    fn ethtool<T>(&self, command: &mut T) -> io::Result<()> {
        let socket = socket()?;
        let mut request = Request::about(&self.name);
        request.told[0] = (&raw mut *command).expose_provenance() as u64;
        // SAFETY: SIOCETHTOOL reads one `ifreq`, `request`, and reads and writes the structure its
        // pointer leads to: `command`, whose first field says which and which is exclusively
        // borrowed; both callers pass the structure that belongs to their number.
        match unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Any socket of the thread's namespace.
fn socket() -> io::Result<OwnedFd> {
    option::socket(libc::AF_INET, libc::SOCK_DGRAM, 0)
}

/// Moves the calling thread, and it alone, into the network namespace that `ip netns` calls `name`.
/// What it opened before stays where it was.
///
/// # Errors
/// Status 5 when there is none, or it may not be entered.
pub fn enter_namespace(name: &str) -> Result<()> {
    let refused = |e| Error::os(format!("network namespace {}", name.escape_debug()), &e);
    let file = File::open(std::path::Path::new("/run/netns").join(name)).map_err(refused)?;
    // SAFETY: setns takes no pointer; the descriptor is open.
    match unsafe { libc::setns(file.as_raw_fd(), libc::CLONE_NEWNET) } {
        0 => Ok(()),
        _ => Err(refused(io::Error::last_os_error())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_known() {
        let lo = Interface::named("lo").unwrap();
        assert!(lo.index() > 0 && lo.mtu().unwrap() >= 1280 && lo.queues() >= 1);
        assert_eq!(lo.mac().unwrap(), [0; 6]);
        assert!(Interface::named("no such\u{1b}").unwrap_err().to_string().contains("\\u{1b}"));
        assert!(Interface::named("a\0b").is_err());
    }
}
