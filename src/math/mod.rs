//! Integer arithmetic wider and stricter than the language's: products that do not overflow,
//! divisions that say which way they round, integer square roots.
//!
//! No floats. Wide integers are `ruint`'s fixed-size ones, which live on the stack.
