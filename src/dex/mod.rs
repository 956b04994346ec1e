//! Under construction.

pub mod accounts_file;
