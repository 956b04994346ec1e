//! Frames made in the kernel: a template, or a set of frames again and again, sent out of an
//! interface without a packet buffer for each ("live frames" of BPF_PROG_TEST_RUN, Linux 5.18).
//!
//! ```text
//! bpf(2), once for any number --> [template] --> program: sequence, stamp --> driver of the interface
//!                                     \ or: the next frame of a map -------/
//! ```
//!
//! A program runs for every frame and gives it its bytes. Millions of frames a second leave one
//! processor, several times what packet sockets send. Each call costs some 20 ms beside its frames. A
//! pace is kept by waiting in the program; frames leave in batches of 64 all the same.
//!
//! The peer of a veth interface must have GRO on or an XDP program attached: see
//! [`Interface::set_gro`].

use super::super::interface::Interface;
use super::bpf::{Map, Program};
use super::insn::{Alu, Assembler, Helper, If, Label, Reg, Width};
use crate::bytes::{array_at, u64_at};
use crate::error::{Error, Result};
use std::io;

use Reg::{R0, R1, R2, R3, R4, R6, R7, R8, R9, R10};

/// What is written into each copy of a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The frame's number, from 0, as a little-endian `u64` at this offset.
    pub sequence_at: Option<u16>,
    /// CLOCK_TAI nanoseconds, as a little-endian `u64` at this offset.
    pub stamp_at: Option<u16>,
}

/// A source of frames.
#[derive(Debug)]
pub struct Live {
    program: Program,
    /// What every frame begins as.
    template: Vec<u8>,
    /// Of one value: the number of the next frame, then its place in the set.
    state: Map,
    _frames: Option<Map>,
    pace_ns: u64,
}

/// Four words: frames made, place in the set, nanoseconds from frame to frame, when the next is due.
const STATE_LEN: u32 = 32;
const MADE_AT: i16 = 0;
const PLACE_AT: i16 = 8;
const PACE_AT: i16 = 16;
const DUE_AT: i16 = 24;

/// How often a waiting frame looks at the clock, some 20 ns each, before it leaves early: the verifier
/// wants an end. Slower paces than 10 us from frame to frame are not kept.
const LOOKS_MAX: i32 = 500;

/// Before a frame in the map: its length.
const HEAD_LEN: u32 = 8;

/// XDP_DROP.
const DROP: i32 = 1;

impl Live {
    /// The shortest frame: an Ethernet header.
    pub const FRAME_MIN: usize = 14;
    /// The longest frame: what a page holds beside the kernel's own needs.
    pub const FRAME_MAX: usize = 3_400;
    /// The slowest pace: nanoseconds from frame to frame.
    pub const INTERVAL_MAX_NS: u64 = 5_000;

    /// Copies of `frame`, out of `interface`.
    ///
    /// # Errors
    /// Status 2 when the frame is too short or long, or `patch` points out of it; status 5 when the
    /// system refuses.
    pub fn template(interface: &Interface, frame: &[u8], patch: Patch) -> Result<Self> {
        check_len(frame)?;
        let ends = [patch.sequence_at, patch.stamp_at].into_iter().flatten();
        if ends.into_iter().any(|at| usize::from(at) + 8 > frame.len()) {
            return Err(Error::usage("a patch lies outside of its frame"));
        }
        let state = Map::array(STATE_LEN, 1).map_err(refused)?;
        let insns = template_program(interface, frame.len(), patch, &state);
        Self::load(&insns.unwrap_or_default(), frame.to_vec(), state, None)
    }

    /// The frames of `frames` in their order, again and again, out of `interface`.
    ///
    /// # Errors
    /// Status 2 when there are none, or one is too short or long; status 5 when the system refuses.
    pub fn set(interface: &Interface, frames: &[&[u8]]) -> Result<Self> {
        frames.iter().try_for_each(|frame| check_len(frame))?;
        let longest = frames.iter().map(|frame| frame.len()).max();
        let longest = longest.ok_or_else(|| Error::usage("no frames"))?;
        let count = u32::try_from(frames.len()).map_err(|_| Error::usage("too many frames"))?;
        let len32 = |len: usize| u32::try_from(len).unwrap_or_default();
        let value_len = len32(longest.next_multiple_of(8)) + HEAD_LEN;
        let state = Map::array(STATE_LEN, 1).map_err(refused)?;
        let map = Map::array(value_len, count).map_err(refused)?;
        let mut value = vec![0; value_len as usize];
        for (number, frame) in (0..).zip(frames) {
            value.fill(0);
            let (head, room) = value.split_at_mut(HEAD_LEN as usize);
            head.iter_mut().zip(len32(frame.len()).to_ne_bytes()).for_each(|(to, b)| *to = b);
            room.iter_mut().zip(*frame).for_each(|(to, from)| *to = *from);
            map.set(number, &value).map_err(refused)?;
        }
        let insns = set_program(interface, longest, count, &state, &map);
        Self::load(&insns.unwrap_or_default(), vec![0; longest], state, Some(map))
    }

    fn load(insns: &[u64], template: Vec<u8>, state: Map, frames: Option<Map>) -> Result<Self> {
        let program = Program::load("mev_live", insns).map_err(refused)?;
        Ok(Self { program, template, state, _frames: frames, pace_ns: 0 })
    }

    /// From now on frames leave no faster than one in `interval_ns`, at most
    /// [`Self::INTERVAL_MAX_NS`]; 0 is as fast as they can.
    ///
    /// # Errors
    /// Status 2 when that is too slow; status 5 when the system refuses.
    pub fn set_pace(&mut self, interval_ns: u64) -> Result<()> {
        if interval_ns > Self::INTERVAL_MAX_NS {
            return Err(Error::usage(format!("a frame in {interval_ns} ns is too slow a pace")));
        }
        self.pace_ns = interval_ns;
        Ok(())
    }

    /// Sends `count` frames at the pace, or as fast as they leave, on this processor, and returns when they have
    /// left: what their receiver then drops is not known here.
    ///
    /// # Errors
    /// Status 5 when the system refuses, or a signal came; [`Self::made`] says how far it got.
    pub fn play(&mut self, count: u32) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        // The first frame is due at once, wherever an earlier run ended.
        let state = self.state.value(0).map_err(refused)?;
        let words: [[u8; 8]; 2] = [0, 8].map(|at| array_at(&state, at).unwrap_or_default());
        let state = [words[0], words[1], self.pace_ns.to_ne_bytes(), [0; 8]].concat();
        self.state.set(0, &state).map_err(refused)?;
        self.program.play(&self.template, count).map_err(refused)
    }

    /// How many frames were made since the start.
    ///
    /// # Errors
    /// Status 5 when the system does not say.
    pub fn made(&self) -> Result<u64> {
        let state = self.state.value(0).map_err(refused)?;
        Ok(u64_at(&state, 0).unwrap_or_default())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn refused(e: io::Error) -> Error {
    Error::os("cannot make frames in the kernel", &e)
}

fn check_len(frame: &[u8]) -> Result<()> {
    if (Live::FRAME_MIN..=Live::FRAME_MAX).contains(&frame.len()) {
        return Ok(());
    }
    Err(Error::usage(format!("a frame of {} bytes", frame.len())))
}

/// R9 = the state, or on to `drop`. R6 = the context. Waits until the frame is due.
fn begin(asm: &mut Assembler, state: &Map, drop: Label) {
    asm.mov(R6, R1);
    asm.store(Width::B4, R10, -4, 0);
    look_up(asm, state, drop);
    let (paced, begun, wait) = (asm.label(), asm.label(), asm.label());
    asm.load(Width::B8, R8, R9, PACE_AT);
    asm.jump_if(R8, If::Eq, 0, paced);
    asm.load(Width::B8, R7, R9, DUE_AT);
    asm.call(Helper::KtimeTai);
    asm.jump_if(R7, If::Ne, 0, begun);
    asm.mov(R7, R0);
    asm.bind(begun);
    asm.alu(Alu::Add, R8, R7);
    asm.store(Width::B8, R9, DUE_AT, R8);
    asm.mov(R8, 0);
    asm.bind(wait);
    asm.jump_if(R0, If::Ge, R7, paced);
    asm.jump_if(R8, If::Ge, LOOKS_MAX, paced);
    asm.alu(Alu::Add, R8, 1);
    asm.call(Helper::KtimeTai);
    asm.jump(wait);
    asm.bind(paced);
}

/// R9 = the value of `map` at the key on the stack, or on to `drop`.
fn look_up(asm: &mut Assembler, map: &Map, drop: Label) {
    asm.map(R1, map.fd());
    asm.mov(R2, R10);
    asm.alu(Alu::Add, R2, -4);
    asm.call(Helper::MapLookup);
    asm.jump_if(R0, If::Eq, 0, drop);
    asm.mov(R9, R0);
}

/// Out of `interface`; and what cannot be is dropped.
fn end(mut asm: Assembler, interface: &Interface, drop: Label) -> Option<Vec<u64>> {
    asm.mov(R1, interface.index_i32());
    asm.mov(R2, 0);
    asm.call(Helper::Redirect);
    asm.exit();
    asm.bind(drop);
    asm.mov(R0, DROP);
    asm.exit();
    asm.finish()
}

fn template_program(
    interface: &Interface,
    frame_len: usize,
    patch: Patch,
    state: &Map,
) -> Option<Vec<u64>> {
    let mut asm = Assembler::default();
    let drop = asm.label();
    begin(&mut asm, state, drop);
    asm.load(Width::B4, R7, R6, 0);
    asm.load(Width::B4, R8, R6, 4);
    asm.mov(R2, R7);
    asm.alu(Alu::Add, R2, i32::try_from(frame_len).ok()?);
    asm.jump_if(R2, If::Gt, R8, drop);
    asm.load(Width::B8, R1, R9, MADE_AT);
    if let Some(at) = patch.sequence_at {
        asm.store(Width::B8, R7, i16::try_from(at).ok()?, R1);
    }
    asm.alu(Alu::Add, R1, 1);
    asm.store(Width::B8, R9, MADE_AT, R1);
    if let Some(at) = patch.stamp_at {
        asm.call(Helper::KtimeTai);
        asm.store(Width::B8, R7, i16::try_from(at).ok()?, R0);
    }
    end(asm, interface, drop)
}

fn set_program(
    interface: &Interface,
    longest: usize,
    count: u32,
    state: &Map,
    frames: &Map,
) -> Option<Vec<u64>> {
    let longest = i32::try_from(longest).ok()?;
    let mut asm = Assembler::default();
    let (drop, inside) = (asm.label(), asm.label());
    begin(&mut asm, state, drop);
    asm.load(Width::B8, R1, R9, MADE_AT);
    asm.alu(Alu::Add, R1, 1);
    asm.store(Width::B8, R9, MADE_AT, R1);
    asm.load(Width::B8, R1, R9, PLACE_AT);
    asm.store(Width::B4, R10, -4, R1);
    asm.alu(Alu::Add, R1, 1);
    asm.jump_if(R1, If::Lt, i32::try_from(count).ok()?, inside);
    asm.mov(R1, 0);
    asm.bind(inside);
    asm.store(Width::B8, R9, PLACE_AT, R1);
    look_up(&mut asm, frames, drop);
    asm.load(Width::B4, R8, R9, 0);
    // For the verifier: `set` writes no other lengths.
    asm.jump_if(R8, If::Lt, 14, drop);
    asm.jump_if(R8, If::Gt, longest, drop);
    // Every frame begins as long as the longest.
    asm.mov(R1, R6);
    asm.mov(R2, R8);
    asm.alu(Alu::Sub, R2, longest);
    asm.call(Helper::AdjustTail);
    asm.jump_if(R0, If::Ne, 0, drop);
    asm.mov(R1, R6);
    asm.mov(R2, 0);
    asm.mov(R3, R9);
    asm.alu(Alu::Add, R3, i32::try_from(HEAD_LEN).ok()?);
    asm.mov(R4, R8);
    asm.call(Helper::XdpStore);
    asm.jump_if(R0, If::Ne, 0, drop);
    end(asm, interface, drop)
}
