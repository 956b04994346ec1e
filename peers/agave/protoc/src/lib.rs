//! Where protoc is.

use std::path::PathBuf;

/// The installed protoc, looked for in `PATH`.
pub fn protoc() -> PathBuf {
    PathBuf::from("protoc")
}
