//! Linux, as far as every tool needs it: signals, processors, processes, and what stands at the ends
//! of a pipe.

pub mod cpu;
pub mod pipe;
pub mod process;
pub mod signal;
