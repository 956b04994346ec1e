//! Stages composed in one process: the hot path without pipes.
