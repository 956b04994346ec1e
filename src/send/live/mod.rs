//! Sending for real: the office with its journal, its threads and its clock.

pub(in crate::send) mod run;
