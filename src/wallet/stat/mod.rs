//! What a table is, and whether it is sound.

mod run;

pub(super) use run::{pages, run, verify};
