//! Names, locks and places: what a table's files have to do with the file system.

mod run;

pub(in crate::wallet) use run::refused;
pub use run::{Lock, Paths, boot, lock, random, sync_folder};
