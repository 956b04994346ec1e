//! XDP programs at an interface, whoever attached them; asked and removed by rtnetlink(7).
//!
//! What we attach goes with the process, as its link does. A program that was attached the older way,
//! without a link, stays when its process is gone.

use super::super::interface::Interface;
use super::super::option;
use super::bpf::Program;
use crate::bytes::{i32_at, u16_at, u32_at};
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Read, Write};

/// A program at an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its number, by which other tools name it.
    pub id: u32,
    /// The name it was loaded under; empty where the system does not tell.
    pub name: String,
    /// Where it stands: `driver`, `generic` or `hardware`.
    pub place: &'static str,
    flags: u32,
}

impl Attached {
    /// Whether it carries one of our names.
    pub fn is_ours(&self) -> bool {
        self.name.starts_with("mev_")
    }
}

// include/uapi/linux/if_link.h.
const IFLA_XDP: u16 = 43;
const IFLA_XDP_FD: u16 = 1;
const IFLA_XDP_FLAGS: u16 = 3;
const IFLA_XDP_EXPECTED_FD: u16 = 8;
const XDP_FLAGS_REPLACE: u32 = 1 << 4;
/// The attribute of a program's number, what we call its place, and the flag that means it.
const PLACES: [(u16, &str, u32); 3] =
    [(5, "driver", 1 << 2), (6, "generic", 1 << 1), (7, "hardware", 1 << 3)];

const NLMSG_ERROR: u16 = 2;
const NLA_F_NESTED: u16 = 1 << 15;
const HEAD_LEN: usize = 16;
/// `struct ifinfomsg`.
const INFO_LEN: usize = 16;

/// The programs at `interface`.
///
/// # Errors
/// Status 5 when the system does not say.
pub fn attached(interface: &Interface) -> Result<Vec<Attached>> {
    let told = ask(libc::RTM_GETLINK, interface, &[]).map_err(|e| {
        Error::os(format!("cannot ask for the XDP program of {}", interface.name()), &e)
    })?;
    let mut found = Vec::new();
    let link = told.get(HEAD_LEN + INFO_LEN..).unwrap_or_default();
    for (_, nested) in attributes(link).filter(|(kind, _)| *kind == IFLA_XDP) {
        for (kind, value) in attributes(nested) {
            let place = PLACES.iter().find(|(number, ..)| *number == kind);
            if let (Some((_, place, flags)), Some(id)) = (place, u32_at(value, 0)) {
                let name = Program::by_id(id).and_then(|program| program.name());
                let name = name.unwrap_or_default();
                found.push(Attached { id, name, place, flags: *flags });
            }
        }
    }
    Ok(found)
}

/// Removes `program`, and no other that took its place meanwhile; `false` when a link holds it there: it
/// goes when the process that holds the link does.
///
/// # Errors
/// Status 5 when the system refuses.
pub fn detach(interface: &Interface, program: &Attached) -> Result<bool> {
    let removed = Program::by_id(program.id).and_then(|expected| {
        set(interface, program.flags | XDP_FLAGS_REPLACE, -1, Some(expected.fd()))
    });
    match removed {
        Ok(()) => Ok(true),
        // dev_xdp_attach, net/core/dev.c: "Can't replace active BPF XDP link".
        Err(e) if e.kind() == io::ErrorKind::ResourceBusy => Ok(false),
        Err(e) => {
            let what = format!("cannot remove XDP program {} of {}", program.id, interface.name());
            Err(Error::os(what, &e).hint("this takes root, or CAP_BPF and CAP_NET_ADMIN"))
        }
    }
}

/// Attaches the program with descriptor `fd`, or none for -1, without a link.
fn set(interface: &Interface, flags: u32, fd: i32, expected: Option<i32>) -> io::Result<()> {
    let mut nested = attribute(IFLA_XDP_FD, &fd.to_ne_bytes());
    nested.extend(attribute(IFLA_XDP_FLAGS, &flags.to_ne_bytes()));
    if let Some(expected) = expected {
        nested.extend(attribute(IFLA_XDP_EXPECTED_FD, &expected.to_ne_bytes()));
    }
    ask(libc::RTM_SETLINK, interface, &attribute(IFLA_XDP | NLA_F_NESTED, &nested)).map(drop)
}

/// An attribute: length, kind, value, and zeros up to a multiple of 4.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Kind and value of each of a row of attributes; ends where they contradict themselves.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (len, kind) = (usize::from(u16_at(rest, 0)?), u16_at(rest, 2)?);
        let value = rest.get(4..len)?;
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & !NLA_F_NESTED, value))
    })
}

/// Sends one request about `interface` and gives the answer.
fn ask(what: u16, interface: &Interface, attributes: &[u8]) -> io::Result<Vec<u8>> {
    let socket = option::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
    let len = u32::try_from(HEAD_LEN + INFO_LEN + attributes.len());
    let len = len.map_err(|_| io::ErrorKind::InvalidInput)?;
    let wanted = if what == libc::RTM_GETLINK { 0 } else { libc::NLM_F_ACK };
    let flags = u16::try_from(libc::NLM_F_REQUEST | wanted).unwrap_or_default();
    let mut request = len.to_ne_bytes().to_vec();
    request.extend(what.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    // Sequence and sender: the socket has one request only. Then family and type: any.
    request.extend([0; 8 + 4]);
    request.extend(interface.index_i32().to_ne_bytes());
    request.extend([0; 8]);
    request.extend(attributes);
    let mut file = File::from(socket);
    file.write_all(&request)?;
    // The kernel has answered when the request is written.
    let mut answer = vec![0; 64 << 10];
    let len = file.read(&mut answer)?;
    answer.truncate(len);
    match (u16_at(&answer, 4), i32_at(&answer, HEAD_LEN)) {
        (Some(NLMSG_ERROR), Some(0)) | (Some(libc::RTM_NEWLINK), _) => Ok(answer),
        (Some(NLMSG_ERROR), Some(number)) => Err(io::Error::from_raw_os_error(-number)),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::interface::enter_namespace;
    use super::*;
    use std::process::Command;

    fn ip(args: &str) -> bool {
        Command::new("ip").args(args.split(' ')).status().is_ok_and(|status| status.success())
    }

    #[test]
    fn attributes_are_read_as_written_and_damage_ends_them() {
        let row =
            [attribute(7, &[1, 2, 3]), attribute(9 | NLA_F_NESTED, &[]), attribute(1, &[5; 8])];
        let row = row.concat();
        let found: Vec<_> = attributes(&row).collect();
        assert_eq!(found, [(7, &[1, 2, 3][..]), (9, &[]), (1, &[5; 8])]);
        for at in 0..row.len() {
            assert!(attributes(&row[..at]).count() < 3);
            let mut bad = row.clone();
            bad[at] = 0;
            assert!(attributes(&bad).take(100).count() <= 7);
        }
    }

    #[test]
    #[ignore = "needs root: scripts/test --full"]
    fn a_program_without_a_link_stays_until_it_is_removed() {
        let name = format!("mev-left-{}", std::process::id());
        if !ip(&format!("netns add {name}")) {
            println!("skipped: namespaces cannot be made");
            return;
        }
        let inside = name.clone();
        let done = std::thread::spawn(move || {
            enter_namespace(&inside).unwrap();
            let lo = Interface::named("lo").unwrap();
            assert_eq!(attached(&lo).unwrap(), []);
            // R0 = pass; exit.
            let insns = [0x2_0000_00b7, 0x95];
            let program = Program::load("mev_left", &insns).unwrap();
            set(&lo, 1 << 1, program.fd(), None).unwrap();
            drop(program);
            let left = attached(&lo).unwrap();
            assert_eq!(left.len(), 1, "{left:?}");
            assert_eq!((left[0].name.as_str(), left[0].place), ("mev_left", "generic"));
            assert!(left[0].is_ours());
            // Another one that took its place is not removed.
            let other = Program::load("other", &insns).unwrap();
            set(&lo, 1 << 1, other.fd(), None).unwrap();
            assert!(detach(&lo, &left[0]).is_err());
            let there = attached(&lo).unwrap();
            assert!(!there[0].is_ours() && detach(&lo, &there[0]).unwrap());
            assert_eq!(attached(&lo).unwrap(), []);
        })
        .join();
        assert!(ip(&format!("netns del {name}")));
        done.unwrap();
    }
}
