//! Sending for real: the office with its journal, its threads and its clock, and the pipe that
//! feeds it.

pub(in crate::send) mod pipe;
mod run;

pub use run::{Doors, Live, Setup};
