//! `mev-capture ring`: makes, shows and removes rings.

pub(super) mod run;
