//! The network: captures, sockets and HTTP. The only module that opens a socket.
//!
//! | module | what it does |
//! |---|---|
//! | [`pcap`] | reads captures (pcap, pcapng) into UDP datagrams, zero-copy over a map |

pub mod pcap;
