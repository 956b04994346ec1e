//! The network: captures, sockets and HTTP. The only module that opens a socket.
//!
//! | module | what it does |
//! |---|---|
//! | [`http`] | posts JSON to several addresses at once |
//! | [`metrics`] | serves Prometheus text |
//! | [`pcap`] | reads pcap and pcapng as UDP datagrams, zero-copy over a map; writes pcap |
//! | [`interface`] | asks of network interfaces |
//! | [`udp`] | receives UDP in batches with kernel stamps; plays datagrams at a pace |
//! | [`xdp`] | receives past the kernel's network stack (AF_XDP); makes frames in the kernel |

pub mod http;
pub mod interface;
pub mod metrics;
pub mod pcap;
pub mod udp;
pub mod xdp;
