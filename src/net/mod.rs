//! The network: captures, sockets and HTTP. The only module that opens a socket.
//!
//! | module | what it does |
//! |---|---|
//! | [`frames`] | sends datagrams as whole frames, at a player's pace |
//! | [`grpc`] | calls a server over one HTTP/2 connection |
//! | [`http`] | posts JSON to several addresses at once |
//! | [`metrics`] | serves Prometheus text |
//! | [`pcap`] | reads pcap and pcapng as UDP datagrams, zero-copy over a map; writes pcap |
//! | [`packet`] | receives and sends whole frames (AF_PACKET) |
//! | [`interface`] | asks of network interfaces |
//! | [`quic`] | hands over messages to validators, one stream each |
//! | [`udp`] | receives UDP in batches with kernel stamps; plays datagrams at a pace |
//! | [`node`] | ARP, ICMP, UDP and TCP in user space, over TAP and AF_XDP |
//! | [`tap`] | reads and writes the frames of an interface that is a file |
//! | [`xdp`] | receives past the kernel's network stack (AF_XDP); makes frames in the kernel |

pub mod frames;
pub mod grpc;
pub mod http;
pub mod interface;
pub mod metrics;
pub mod node;
mod option;
pub mod packet;
pub mod pcap;
pub mod quic;
mod superframe;
pub mod tap;
pub mod udp;
pub mod xdp;
