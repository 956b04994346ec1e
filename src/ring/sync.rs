//! What the protocol stands on. A model of it has another such module, with loom's atomics and
//! shorter lines (`tests/ring_loom.rs`).

pub(super) use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Words of a line.
pub(super) const WORDS: usize = crate::mem::LINE_WORDS;

/// A line that was copied out of a ring.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Row(pub(super) [u64; WORDS]);
