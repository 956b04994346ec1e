//! Reasons: closed sets of named refusals that index counters.

/// Declares a set of reasons: a `u8` enum, its values in order, and their names. Names begin with
/// what was refused, so that the sets of this module can share one table of counters.
macro_rules! reasons {
    (
        $(#[doc = $doc:literal])+
        pub enum $Name:ident { $($(#[doc = $reason_doc:literal])+ $Reason:ident = $name:literal,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $Name {
            $($(#[doc = $reason_doc])+ $Reason,)+
        }

        impl $Name {
            /// Every reason, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$Reason),+];
            /// Names by number.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name under which it is counted.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Reason => $name,)+
                }
            }
        }
    };
}
pub(super) use reasons;
