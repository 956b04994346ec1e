//! Linux: signals and pipes.

pub mod pipe;
pub mod signal;
