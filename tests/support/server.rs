//! A server of JSON over HTTP on this machine.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};

/// A request as a server saw it.
pub(crate) struct Request {
    #[allow(dead_code, reason = "not every test looks at it")]
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// A server of one port: `answer` makes the status line and the body of each answer, or none to
/// stay silent. The URL, and what it was asked.
pub(crate) fn serve(
    answer: impl Fn(&Request) -> Option<(&'static str, String)> + Send + Sync + 'static,
) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (saw, seen) = mpsc::channel();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (saw, answer) = (saw.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                while let Some(request) = read_request(&mut stream) {
                    let Some((status, body)) = answer(&request) else {
                        saw.send(request).unwrap();
                        // Silent until the client hangs up.
                        let _ = stream.read(&mut [0]);
                        return;
                    };
                    let len = body.len();
                    let text = format!("HTTP/1.1 {status}\r\ncontent-length: {len}\r\n\r\n{body}");
                    let _ = saw.send(request);
                    stream.write_all(text.as_bytes()).unwrap();
                }
            });
        }
    });
    (url, seen)
}

/// The next request of a connection; `None` when it has ended.
fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut len) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if let Some(text) = head[from..].to_ascii_lowercase().strip_prefix("content-length: ") {
            len = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).unwrap();
    Some(Request { head, body: serde_json::from_slice(&body).unwrap() })
}
