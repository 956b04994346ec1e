//! What a record looks like, as data: the one thing that every view is made from.

/// The machine type of a field's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Unsigned, 1 byte.
    U8,
    /// Unsigned, 2 bytes.
    U16,
    /// Unsigned, 4 bytes.
    U32,
    /// Unsigned, 8 bytes.
    U64,
    /// Unsigned, 16 bytes.
    U128,
    /// Signed, 4 bytes.
    I32,
    /// Signed, 8 bytes.
    I64,
    /// Signed, 16 bytes.
    I128,
    /// A float of 4 bytes: in files that other languages read, and in no record.
    F32,
}

impl Type {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 => 8,
            Self::U128 | Self::I128 => 16,
        }
    }

    /// The name in Rust and in `mev-records(5)`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::F32 => "f32",
        }
    }
}

/// How a field is shown, and what values it may hold.
#[derive(Clone, Copy, Debug)]
pub enum Show {
    /// An integer.
    Dec,
    /// CLOCK_REALTIME nanoseconds; RFC 3339 under `--human`.
    Ns,
    /// Lamports; SOL under `--human`.
    Lamports,
    /// A 32-byte key, in base58.
    Key,
    /// A 64-byte signature, in base58.
    Signature,
    /// Bytes, in hexadecimal.
    Hex,
    /// A 16-byte address; IPv4 ones are mapped (`::ffff:a.b.c.d`) and shown as IPv4.
    Ip,
    /// ASCII, padded with zero bytes.
    Text,
    /// 0 or 1.
    Bool,
    /// A number that names an entry of a table; others are refused.
    Name(&'static [&'static str]),
    /// Holds a part of the record's bookkeeping (lengths, presence bits); not shown to readers.
    Hidden,
    /// Reserved: written zero, checked zero, never shown.
    Zero,
}

impl Show {
    /// Bytes of one shown unit of a field with elements of type `ty`.
    pub const fn unit(self, ty: Type) -> usize {
        match self {
            Self::Key => 32,
            Self::Signature => 64,
            Self::Ip => 16,
            Self::Text | Self::Hex | Self::Zero => 0, // the whole field is one unit
            _ => ty.size(),
        }
    }

    /// A stable number of the way of showing, part of the fingerprint.
    pub const fn tag(self) -> u8 {
        match self {
            Self::Dec => 0,
            Self::Ns => 1,
            Self::Lamports => 2,
            Self::Key => 3,
            Self::Signature => 4,
            Self::Hex => 5,
            Self::Ip => 6,
            Self::Text => 7,
            Self::Bool => 8,
            Self::Name(_) => 9,
            Self::Hidden => 10,
            Self::Zero => 11,
        }
    }

    /// Whether `bytes` hold a value this way of showing allows. Constant arguments fold away.
    #[inline]
    pub fn allows(self, bytes: &[u8]) -> bool {
        match self {
            Self::Zero => bytes.iter().all(|b| *b == 0),
            Self::Bool => bytes.iter().all(|b| *b <= 1),
            Self::Name(table) => match *bytes {
                [b] => usize::from(b) < table.len(),
                [a, b] => usize::from(u16::from_le_bytes([a, b])) < table.len(),
                _ => bytes.chunks_exact(2).all(|c| matches!(*c, [a, b] if usize::from(u16::from_le_bytes([a, b])) < table.len())),
            },
            _ => true,
        }
    }
}

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name, as in every view.
    pub name: &'static str,
    /// Byte offset from the start of the record.
    pub at: usize,
    /// Type of the elements.
    pub ty: Type,
    /// Bytes of the whole field.
    pub bytes: usize,
    /// How it is shown.
    pub show: Show,
    /// The bit of the record's `present` field that says whether this field holds a value; 0 if it
    /// always does. An absent field is zero, and null in JSON.
    pub present: u32,
    /// What it means.
    pub doc: &'static str,
}

impl Field {
    /// How many units a view shows.
    pub const fn units(&self) -> usize {
        match self.show.unit(self.ty) {
            0 => 1,
            unit => self.bytes / unit,
        }
    }
}

/// One bit of a record's `flags` byte.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Name; shown as a field of its own, true or false.
    pub name: &'static str,
    /// The bit.
    pub bit: u8,
    /// What it means.
    pub doc: &'static str,
}

/// A record's layout.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Name of the kind.
    pub name: &'static str,
    /// Number of the kind.
    pub kind: u16,
    /// Version of the layout. A layout never changes under a version.
    pub version: u8,
    /// Bytes of the fixed part.
    pub size: usize,
    /// What follows the fixed part, up to the record's length; `None` when nothing may.
    pub tail: Option<&'static str>,
    /// What the record is.
    pub doc: &'static str,
    /// Bits of `flags`.
    pub flags: &'static [Flag],
    /// Fields in order of offset, the common 16 bytes included.
    pub fields: &'static [Field],
}

impl Schema {
    /// FNV-1a over everything that decides how bytes are read: two layouts with one fingerprint
    /// read the same.
    pub const fn fingerprint(&self) -> u64 {
        let mut hash = fnv_number(0xcbf2_9ce4_8422_2325, self.kind as u64);
        hash = fnv_number(hash, self.version as u64);
        hash = fnv_number(hash, self.size as u64);
        hash = fnv_number(hash, self.tail.is_some() as u64);
        let mut at = 0;
        while at < self.flags.len() {
            hash = fnv_text(fnv_number(hash, self.flags[at].bit as u64), self.flags[at].name);
            at += 1;
        }
        at = 0;
        while at < self.fields.len() {
            let field = &self.fields[at];
            hash = fnv_text(hash, field.name);
            hash = fnv_number(hash, field.at as u64);
            hash = fnv_number(hash, field.ty as u64);
            hash = fnv_number(hash, field.bytes as u64);
            hash = fnv_number(hash, field.show.tag() as u64);
            hash = fnv_number(hash, field.present as u64);
            at += 1;
        }
        hash
    }

    /// The field named `name`.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

const fn fnv_number(mut hash: u64, number: u64) -> u64 {
    let bytes = number.to_le_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

const fn fnv_text(hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = fnv_number(hash, bytes.len() as u64);
    let mut at = 0;
    while at < bytes.len() {
        hash = fnv_number(hash, bytes[at] as u64);
        at += 1;
    }
    hash
}
