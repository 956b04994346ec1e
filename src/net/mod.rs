//! The network: captures, sockets and HTTP. The only module that opens a socket.
//!
//! | module | what it does |
//! |---|---|
//! | [`pcap`] | reads captures (pcap, pcapng) into UDP datagrams, zero-copy over a map; writes pcap |
//! | [`http`] | posts JSON to several addresses at once |
//! | [`metrics`] | serves Prometheus text |
//! | [`udp`] | receives UDP in batches with kernel stamps; plays datagrams at a pace |

pub mod http;
pub mod metrics;
pub mod pcap;
pub mod udp;
