//! `record!`: one declaration a record. From it come the struct, the compile-time checks of offset,
//! size and padding, the schema with its fingerprint, and the validity check; the views are
//! functions over the schema. Nobody writes a field twice.
//!
//! Each field is one line under its documentation: offset, name, type, how it is shown and, where
//! the field may be absent, the bit of `present` that says so. The offset column cannot lie: the
//! compiler compares it with the layout.

use super::schema::Type;

/// Types a field may have.
pub trait Plain: sealed::Sealed + bytemuck::Pod {
    /// Type of the elements.
    const TYPE: Type;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! plain {
    ($($t:ty => $ty:ident),*) => {$(
        impl sealed::Sealed for $t {}
        impl Plain for $t { const TYPE: Type = Type::$ty; }
    )*};
}
plain!(u8 => U8, u16 => U16, u32 => U32, u64 => U64, u128 => U128, i32 => I32, i64 => I64, i128 => I128);

impl<T: Plain, const N: usize> sealed::Sealed for [T; N] {}
impl<T: Plain, const N: usize> Plain for [T; N] {
    const TYPE: Type = T::TYPE;
}

/// A record's struct: plain bytes with a schema.
pub trait Layout: bytemuck::Pod {
    /// The layout as data.
    const SCHEMA: &'static super::Schema;

    /// The common first 16 bytes.
    fn head(&self) -> &super::Prefix;

    /// The first broken rule of the layout, in field order: reserved bytes that are not zero, a
    /// number without a name, a value where the presence bit says absent, an unknown flag.
    fn invalid(&self) -> Option<&'static str>;
}

/// Declares a record. See the module's documentation.
macro_rules! record {
    (
        $(#[doc = $doc:literal])+
        pub struct $Name:ident = $kind:literal $name:literal version $version:literal, $size:literal bytes $(then $tail:literal)?;
        flags { $($(#[doc = $flag_doc:literal])+ $FLAG:ident = $bit:literal $flag:literal;)* }
        $($(#[doc = $field_doc:literal])+ $at:literal $field:ident: $ty:ty => $show:expr $(, if $PRESENT:ident = $mask:literal)?;)+
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(C)]
        pub struct $Name {
            /// Length, kind, version, flags and receive time.
            pub head: $crate::record::Prefix,
            $($(#[doc = $field_doc])+ pub $field: $ty,)+
        }

        const _: () = {
            assert!(std::mem::size_of::<$Name>() == $size, concat!($name, ": size differs"));
            assert!($size % 64 == 0, concat!($name, ": size is no multiple of 64"));
            $(assert!(std::mem::offset_of!($Name, $field) == $at, concat!($name, ".", stringify!($field), ": offset differs"));)+
        };

        impl $Name {
            $($(#[doc = $flag_doc])+ pub const $FLAG: u8 = $bit;)*
            $($(#[doc = concat!("Bit of `present`: `", stringify!($field), "` holds a value.")] pub const $PRESENT: u32 = $mask;)?)+

            /// An all-zero record with its length, kind and version filled in.
            #[inline]
            pub fn new(rx_ns: u64) -> Self {
                let mut made: Self = bytemuck::Zeroable::zeroed();
                made.head = $crate::record::Prefix { len: $size, kind: $kind, version: $version, flags: 0, rx_ns };
                made
            }
        }

        impl $crate::record::Layout for $Name {
            const SCHEMA: &'static $crate::record::Schema = &$crate::record::Schema {
                name: $name, kind: $kind, version: $version, size: $size,
                tail: { let tail: &[&'static str] = &[$($tail)?]; if tail.is_empty() { None } else { Some(tail[0]) } },
                doc: concat!($($doc, "\n"),+),
                flags: &[$($crate::record::Flag { name: $flag, bit: $bit, doc: concat!($($flag_doc),+) }),*],
                fields: &[
                    $crate::record::PREFIX[0], $crate::record::PREFIX[1], $crate::record::PREFIX[2],
                    $crate::record::PREFIX[3], $crate::record::PREFIX[4],
                    $($crate::record::Field {
                        name: stringify!($field), at: $at, bytes: std::mem::size_of::<$ty>(),
                        ty: <$ty as $crate::record::Plain>::TYPE, show: $show,
                        present: 0 $(| $mask)?, doc: concat!($($field_doc),+),
                    }),+
                ],
            };

            #[inline]
            fn head(&self) -> &$crate::record::Prefix { &self.head }

            #[inline]
            fn invalid(&self) -> Option<&'static str> {
                if self.head.flags & !(0 $(| $bit)*) != 0 { return Some("flags has an unknown bit"); }
                $(if !$show.allows(bytemuck::bytes_of(&self.$field)) { return Some(concat!(stringify!($field), " is out of range")); }
                $(if self.present & Self::$PRESENT == 0 && bytemuck::bytes_of(&self.$field).iter().any(|b| *b != 0) {
                    return Some(concat!(stringify!($field), " is absent but not zero"));
                })?)+
                None
            }
        }
    };
}
pub(crate) use record;
