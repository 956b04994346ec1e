//! A reader of a table: maps the file, and goes over to another one that took its place.

mod run;

pub use run::Reader;
