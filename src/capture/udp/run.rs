//! The I/O of UDP sockets that receive.

use super::super::args::Udp;
use super::super::live::source::Source;
use super::super::out::Out;
use super::super::pump::Pump;
use crate::cli::Frame;
use crate::error::{Exit, Result};
use crate::net::udp::{Options, Receiver};

/// Receives until a signal, `--duration` or `--limit`.
pub(in crate::capture) fn listen(frame: &Frame, udp: &Udp) -> Result<Exit> {
    let out = Out::open(frame)?;
    let options = Options { buffer_len: udp.buffer_len, ..Options::default() };
    let receiver = Receiver::bind(&udp.addresses, options)?;
    for (lane, address) in receiver.addresses().enumerate() {
        frame.note(&format!("lane {lane} listens on {address}"));
    }
    let granted = receiver.buffer_len()?;
    if granted < udp.buffer_len {
        let asked = udp.buffer_len;
        frame.warn(&format!("{granted} bytes of socket buffer granted of {asked} asked for"));
    }
    let mut source = Source::Udp(Box::new(receiver));
    let mut pump = Pump::start(frame, out)?;
    if let Some(error) = pump.run(&mut source)? {
        return Err(error);
    }
    pump.settle(&mut source)?;
    pump.finish()
}
