//! Receiving from UDP sockets.

pub(super) mod run;
