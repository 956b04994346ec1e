//! The kernel's type information (BTF), as far as it says which number a kernel function has.
//!
//! ```text
//! header: magic u16, version u8, flags u8, header_len u32, types at u32, len u32, strings at u32, len u32
//! types, numbered from 1:  name u32, info u32 (vlen 16 bits, kind at bit 24), size or type u32, more by kind
//! ```
//!
//! In the machine's byte order (Documentation/bpf/btf.rst of Linux 6.18, section 2).

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::float_arithmetic)]

use crate::bytes::{u16_at, u32_at};
use std::io;

/// Where the kernel shows its own.
const KERNEL: &str = "/sys/kernel/btf/vmlinux";

/// The number of function `name` of the running kernel.
pub(super) fn kernel_function(name: &str) -> io::Result<i32> {
    let bytes = std::fs::read(KERNEL)?;
    let id = function(&bytes, name).and_then(|id| i32::try_from(id).ok());
    id.ok_or_else(|| io::Error::other(format!("the kernel has no function {name}")))
}

/// The number of function `name`; `None` where there is none, or the bytes contradict themselves.
fn function(bytes: &[u8], name: &str) -> Option<u32> {
    const MAGIC: u16 = 0xeb9f;
    const KIND_FUNCTION: u32 = 12;
    if u16_at(bytes, 0)? != MAGIC {
        return None;
    }
    let part = |at: usize| {
        let body = bytes.get(u32_at(bytes, 4)? as usize..)?;
        body.get(u32_at(bytes, at)? as usize..)?.get(..u32_at(bytes, at.checked_add(4)?)? as usize)
    };
    let (mut types, strings) = (part(8)?, part(16)?);
    let is_named = |at: u32| {
        let rest = strings.get(at as usize..).unwrap_or_default();
        rest.strip_prefix(name.as_bytes()).is_some_and(|after| after.first() == Some(&0))
    };
    let mut id = 1u32;
    while !types.is_empty() {
        let (at, info) = (u32_at(types, 0)?, u32_at(types, 4)?);
        let (kind, count) = (info >> 24 & 0x1f, info as usize & 0xffff);
        if kind == KIND_FUNCTION && is_named(at) {
            return Some(id);
        }
        types = types.get(more(kind, count)?.checked_add(12)?..)?;
        id = id.checked_add(1)?;
    }
    None
}

/// Bytes behind the first 12 of a type of `kind` with `count` members.
fn more(kind: u32, count: usize) -> Option<usize> {
    match kind {
        // Pointer, forward, typedef, volatile, const, restrict, function, float, type tag.
        2 | 7..=12 | 16 | 18 => Some(0),
        // Integer, variable, declaration tag.
        1 | 14 | 17 => Some(4),
        // Array.
        3 => Some(12),
        // Enumeration, function prototype.
        6 | 13 => count.checked_mul(8),
        // Structure, union, section, enumeration of 64 bits.
        4 | 5 | 15 | 19 => count.checked_mul(12),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use super::*;

    /// An integer, a structure of two, and functions `ab` and `a`.
    fn sample() -> Vec<u8> {
        let strings = b"\0int\0ab\0a\0";
        let words: Vec<u32> = [
            &[1, 1 << 24, 4, 32][..],
            &[0, 4 << 24 | 2, 8, 0, 1, 0, 0, 1, 32],
            &[5, 12 << 24, 1],
            &[8, 12 << 24, 1],
        ]
        .concat();
        let len = u32::try_from(words.len() * 4).unwrap();
        let mut bytes = 0xeb9fu16.to_ne_bytes().to_vec();
        bytes.extend([1, 0]);
        for word in [24, 0, len, len, u32::try_from(strings.len()).unwrap()] {
            bytes.extend(word.to_ne_bytes());
        }
        for word in words {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(strings);
        bytes
    }

    #[test]
    fn a_function_is_found_by_its_whole_name() {
        let bytes = sample();
        assert_eq!(function(&bytes, "ab"), Some(3));
        assert_eq!(function(&bytes, "a"), Some(4));
        assert_eq!(function(&bytes, "int"), None, "a type");
        assert_eq!(function(&bytes, "abc"), None);
    }

    #[test]
    fn damaged_bytes_give_nothing_and_never_panic() {
        let good = sample();
        for at in 0..good.len() {
            let _ = function(&good[..at], "a");
            for value in [0, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = function(&bad, "a");
            }
        }
    }

    #[test]
    fn the_kernel_names_its_own_functions() {
        if std::fs::metadata(KERNEL).is_err() {
            println!("skipped: the kernel shows no type information");
            return;
        }
        assert!(
            kernel_function("bpf_prog_load").is_ok()
                || kernel_function("kfree_skb_list_reason").is_ok()
        );
        assert!(kernel_function("mev_no_such_function").is_err());
    }
}
