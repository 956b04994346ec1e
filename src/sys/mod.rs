//! Linux, as far as every tool needs it: signals, and what stands at the ends of a pipe.

pub mod pipe;
pub mod signal;
