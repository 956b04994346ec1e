//! Changes as they happen: the log, read behind its writer.

mod run;

pub(super) use run::run;
