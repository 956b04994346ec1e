//! Look-ups, measured on this machine.

mod run;

pub(super) use run::run;
