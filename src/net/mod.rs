//! The network: captures, sockets and HTTP. The only module that opens a socket.
//!
//! | module | what it does |
//! |---|---|
//! | [`http`] | posts JSON to several addresses at once |
//! | [`metrics`] | serves Prometheus text |
//! | [`pcap`] | reads pcap and pcapng as UDP datagrams, zero-copy over a map; writes pcap |
//! | [`packet`] | receives and sends whole frames (AF_PACKET) |
//! | [`interface`] | asks of network interfaces |
//! | [`udp`] | receives UDP in batches with kernel stamps; plays datagrams at a pace |
//! | [`xdp`] | receives past the kernel's network stack (AF_XDP); makes frames in the kernel |

pub mod http;
pub mod interface;
pub mod metrics;
mod option;
pub mod packet;
pub mod pcap;
mod superframe;
pub mod udp;
pub mod xdp;
