//! eBPF instructions and a small assembler: labels, jumps, maps by descriptor.
//!
//! An instruction is one `u64` (RFC 9669 section 3; a 64-bit immediate takes two):
//!
//! ```text
//! bit   0        8    12   16        32                63
//!       opcode   dst  src  offset    immediate
//! ```
//!
//! Nothing here runs or loads anything; what a program may do is the verifier's to say.

/// A register. A call clobbers R0 to R5 and leaves its result in R0; R10 points behind the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Reg {
    R0 = 0,
    R1 = 1,
    R2 = 2,
    R3 = 3,
    R4 = 4,
    R5 = 5,
    R6 = 6,
    R7 = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
}

/// Bytes of a memory access, as the size field of its opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Width {
    /// One byte.
    B1 = 0x10,
    /// Two.
    B2 = 0x08,
    /// Four.
    B4 = 0x00,
    /// Eight.
    B8 = 0x18,
}

/// An arithmetic operation on 64 bits, as its opcode field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Alu {
    Add = 0x00,
    Sub = 0x10,
    And = 0x50,
    Lsh = 0x60,
    Rsh = 0x70,
    Mov = 0xb0,
}

/// An unsigned comparison, as its opcode field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum If {
    /// Equal.
    Eq = 0x10,
    /// Greater.
    Gt = 0x20,
    /// Greater or equal.
    Ge = 0x30,
    /// Any bit in common.
    Set = 0x40,
    /// Not equal.
    Ne = 0x50,
    /// Less.
    Lt = 0xa0,
}

/// What an instruction works with: a register or a sign-extended constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A register's value.
    Reg(Reg),
    /// A constant.
    Imm(i32),
}

impl From<Reg> for Operand {
    fn from(reg: Reg) -> Self {
        Self::Reg(reg)
    }
}

impl From<i32> for Operand {
    fn from(value: i32) -> Self {
        Self::Imm(value)
    }
}

/// A kernel function, by its number in `enum bpf_func_id` (include/uapi/linux/bpf.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Helper {
    /// R0 = value of the key at R2 in map R1, or null.
    MapLookup = 1,
    /// R0 = verdict that sends the frame of the context to interface R1.
    Redirect = 23,
    /// R0 = verdict that sends the frame to entry R2 of map R1; the low bits of R3 when there is none.
    RedirectMap = 51,
    /// Moves the metadata of context R1 by R2 bytes.
    AdjustMeta = 54,
    /// Moves the end of the frame of context R1 by R2 bytes.
    AdjustTail = 65,
    /// R0 = room of R2 bytes in ring buffer R1, or null.
    RingReserve = 131,
    /// Gives the room R1 to the reader.
    RingSubmit = 132,
    /// Gives the room R1 back, unread.
    RingDiscard = 133,
    /// Copies R4 bytes at R2 of the frame of context R1 to R3.
    XdpLoad = 189,
    /// Copies R4 bytes at R3 to R2 of the frame of context R1.
    XdpStore = 190,
    /// R0 = CLOCK_TAI nanoseconds.
    KtimeTai = 208,
}

/// A place in a program, before it is known where it will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

/// A program under construction.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    code: Vec<u64>,
    /// Where each label was bound.
    places: Vec<Option<usize>>,
    /// Jumps, each with the label it goes to.
    jumps: Vec<(usize, Label)>,
}

const CLASS_LD: u8 = 0x00;
const CLASS_LDX: u8 = 0x01;
const CLASS_ST: u8 = 0x02;
const CLASS_STX: u8 = 0x03;
const CLASS_ALU32: u8 = 0x04;
const CLASS_JMP: u8 = 0x05;
const CLASS_JMP32: u8 = 0x06;
const CLASS_ALU64: u8 = 0x07;
const MODE_MEM: u8 = 0x60;
const SOURCE_REG: u8 = 0x08;
/// The source register that makes a 64-bit immediate a map (BPF_PSEUDO_MAP_FD).
const PSEUDO_MAP_FD: u8 = 1;

impl Assembler {
    /// A label that is bound later.
    pub(super) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// `label` is the next instruction.
    pub(super) fn bind(&mut self, label: Label) {
        let here = self.code.len();
        if let Some(place) = self.places.get_mut(label.0) {
            debug_assert!(place.is_none(), "a label is bound once");
            *place = Some(here);
        }
    }

    /// Whether any jump so far goes to `label`. The verifier refuses what nothing leads to.
    pub(super) fn is_used(&self, label: Label) -> bool {
        self.jumps.iter().any(|(_, to)| *to == label)
    }

    fn push(&mut self, opcode: u8, dst: u8, src: u8, offset: i16, imm: i32) {
        self.code.push(
            u64::from(opcode)
                | u64::from(dst) << 8
                | u64::from(src) << 12
                | u64::from(offset.cast_unsigned()) << 16
                | u64::from(imm.cast_unsigned()) << 32,
        );
    }

    /// With a register or a constant as its second operand.
    fn with(&mut self, opcode: u8, dst: Reg, operand: Operand, offset: i16) {
        match operand {
            Operand::Reg(src) => self.push(opcode | SOURCE_REG, dst as u8, src as u8, offset, 0),
            Operand::Imm(imm) => self.push(opcode, dst as u8, 0, offset, imm),
        }
    }

    /// `dst = dst op operand` on 64 bits.
    pub(super) fn alu(&mut self, op: Alu, dst: Reg, operand: impl Into<Operand>) {
        self.with(CLASS_ALU64 | op as u8, dst, operand.into(), 0);
    }

    /// `dst = operand`.
    pub(super) fn mov(&mut self, dst: Reg, operand: impl Into<Operand>) {
        self.alu(Alu::Mov, dst, operand);
    }

    /// `dst = value`, all 64 bits.
    pub(super) fn mov64(&mut self, dst: Reg, value: u64) {
        self.wide(dst, 0, value);
    }

    /// `dst = ` the map with this descriptor.
    pub(super) fn map(&mut self, dst: Reg, fd: i32) {
        self.wide(dst, PSEUDO_MAP_FD, u64::from(fd.cast_unsigned()));
    }

    fn wide(&mut self, dst: Reg, src: u8, value: u64) {
        let half = |shift: u32| {
            let [a, b, c, d, ..] = (value >> shift).to_le_bytes();
            i32::from_le_bytes([a, b, c, d])
        };
        self.push(CLASS_LD | Width::B8 as u8, dst as u8, src, 0, half(0));
        self.push(0, 0, 0, 0, half(32));
    }

    /// The low 16 bits of `dst`, from network byte order; the others become zero.
    pub(super) fn be16(&mut self, dst: Reg) {
        const END_TO_BE: u8 = 0xd0 | 0x08;
        self.push(CLASS_ALU32 | END_TO_BE, dst as u8, 0, 0, 16);
    }

    /// `dst = ` what stands at `src + offset`, zero-extended.
    pub(super) fn load(&mut self, width: Width, dst: Reg, src: Reg, offset: i16) {
        self.push(CLASS_LDX | MODE_MEM | width as u8, dst as u8, src as u8, offset, 0);
    }

    /// What stands at `dst + offset` becomes `operand`.
    pub(super) fn store(
        &mut self,
        width: Width,
        dst: Reg,
        offset: i16,
        operand: impl Into<Operand>,
    ) {
        let mode = MODE_MEM | width as u8;
        match operand.into() {
            Operand::Reg(src) => self.push(CLASS_STX | mode, dst as u8, src as u8, offset, 0),
            Operand::Imm(imm) => self.push(CLASS_ST | mode, dst as u8, 0, offset, imm),
        }
    }

    /// Goes on at `to`.
    pub(super) fn jump(&mut self, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(CLASS_JMP, 0, 0, 0, 0);
    }

    /// Goes on at `to` if `left` compares so with `right`, on 64 bits.
    pub(super) fn jump_if(&mut self, left: Reg, test: If, right: impl Into<Operand>, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.with(CLASS_JMP | test as u8, left, right.into(), 0);
    }

    /// As [`Self::jump_if`], on the low 32 bits.
    pub(super) fn jump_if32(&mut self, left: Reg, test: If, right: impl Into<Operand>, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.with(CLASS_JMP32 | test as u8, left, right.into(), 0);
    }

    /// Calls `helper` with R1 to R5.
    pub(super) fn call(&mut self, helper: Helper) {
        self.push(CLASS_JMP | 0x80, 0, 0, 0, helper as i32);
    }

    /// Calls the kernel function with this number, with R1 to R5.
    pub(super) fn call_kernel(&mut self, function: i32) {
        // BPF_PSEUDO_KFUNC_CALL.
        self.push(CLASS_JMP | 0x80, 0, 2, 0, function);
    }

    /// Ends with the verdict in R0.
    pub(super) fn exit(&mut self) {
        self.push(CLASS_JMP | 0x90, 0, 0, 0, 0);
    }

    /// The program; `None` if a label was not bound or a jump is too far.
    pub(super) fn finish(mut self) -> Option<Vec<u64>> {
        for (at, label) in &self.jumps {
            let target = (*self.places.get(label.0)?)?;
            // From the instruction behind the jump.
            let distance = i64::try_from(target).ok()? - i64::try_from(*at).ok()? - 1;
            let offset = i16::try_from(distance).ok()?;
            *self.code.get_mut(*at)? |= u64::from(offset.cast_unsigned()) << 16;
        }
        Some(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_what_the_standard_says() {
        let mut asm = Assembler::default();
        let (back, end) = (asm.label(), asm.label());
        asm.bind(back);
        asm.mov(Reg::R0, -1);
        asm.alu(Alu::Add, Reg::R1, Reg::R2);
        asm.load(Width::B2, Reg::R3, Reg::R7, -2);
        asm.store(Width::B4, Reg::R10, -4, 7);
        asm.store(Width::B8, Reg::R10, -16, Reg::R9);
        asm.be16(Reg::R3);
        asm.mov64(Reg::R4, 0x1122_3344_5566_7788);
        asm.map(Reg::R1, 5);
        asm.jump_if(Reg::R0, If::Gt, Reg::R8, end);
        asm.jump_if32(Reg::R5, If::Eq, 3, back);
        asm.call(Helper::MapLookup);
        asm.jump(end);
        asm.bind(end);
        asm.exit();
        let expect = [
            0xffff_ffff_0000_00b7,
            0x0000_0000_0000_210f,
            0x0000_0000_fffe_7369,
            0x0000_0007_fffc_0a62,
            0x0000_0000_fff0_9a7b,
            0x0000_0010_0000_03dc,
            0x5566_7788_0000_0418,
            0x1122_3344_0000_0000,
            0x0000_0005_0000_1118,
            0x0000_0000_0000_0000,
            0x0000_0000_0003_802d,
            0x0000_0003_fff4_0516,
            0x0000_0001_0000_0085,
            0x0000_0000_0000_0005,
            0x0000_0000_0000_0095,
        ];
        assert_eq!(asm.finish().unwrap(), expect);
    }

    #[test]
    fn an_unbound_label_is_no_program() {
        let mut asm = Assembler::default();
        let label = asm.label();
        asm.jump(label);
        assert_eq!(asm.finish(), None);
    }
}
