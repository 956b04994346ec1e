//! Linux, as far as every tool needs it: signals, processors, and what stands at the ends of a
//! pipe.

pub mod cpu;
pub mod pipe;
pub mod signal;
