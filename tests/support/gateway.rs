//! A gateway as its users run it, callers with tokens, and a client of HTTP/1.1.

#![allow(dead_code, reason = "each test uses a part of it")]

use super::program::Folder;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mev::ids::{JITO_TIP_ACCOUNTS, SYSTEM};
use mev::keys::Signer;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use serde_json::{Value, json};
use solana_sdk::hash::Hash;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::Message;
use solana_sdk::pubkey::Pubkey;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// Seconds of the Unix epoch.
pub(crate) fn now_s() -> u64 {
    mev::time::now_ns() / 1_000_000_000
}

/// The key that signs tokens.
pub(crate) fn issuer() -> Signer {
    Signer::from_seed(&[5; 32])
}

/// The claims of a caller `sub` with `roles`, valid now.
pub(crate) fn claims(sub: &str, roles: &[&str]) -> Value {
    json!({"iss": "https://issuer", "aud": "mev-send", "sub": sub, "nbf": now_s() - 60,
        "exp": now_s() + 3600, "jti": format!("of-{sub}"), "roles": roles})
}

/// A token of `claims` under `header`, signed by `by`.
pub(crate) fn token_of(header: &Value, claims: &Value, by: &Signer) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(by.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// A good token.
pub(crate) fn token(sub: &str, roles: &[&str]) -> String {
    token_of(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(sub, roles), &issuer())
}

/// A path as a string of TOML.
pub(crate) fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// What a configuration says of tokens: the key `k1`, and a file of revoked names.
pub(crate) fn tokens(revoked: &Path) -> String {
    let public = mev::bytes::base58::Key(&issuer().public()).to_string();
    let revoked = quoted(revoked);
    format!(
        "[tokens]\nissuer = \"https://issuer\"\naudience = \"mev-send\"\nrevoked = {revoked}\n\
         [[tokens.keys]]\nkid = \"k1\"\npublic = \"{public}\"\n"
    )
}

/// A key pair file of `seed`.
pub(crate) fn key_file(folder: &Folder, name: &str, seed: u8) -> PathBuf {
    let pair = [[seed; 32], Signer::from_seed(&[seed; 32]).public()].concat();
    folder.write(name, format!("{pair:?}\n").as_bytes())
}

/// A certificate and its key in PEM, and what a configuration says of them.
pub(crate) fn certificate(folder: &Folder) -> (Vec<u8>, String) {
    let (seed, public) = ([11; 32], Signer::from_seed(&[11; 32]).public());
    let der = mev::net::quic::certificate(&public);
    let pem = |what: &str, der: &[u8]| {
        let text = STANDARD.encode(der);
        format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
    };
    // RFC 8410: PKCS #8 of an Ed25519 key.
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let key = [head.as_slice(), &seed].concat();
    let certificate = folder.write("cert.pem", pem("CERTIFICATE", &der).as_bytes());
    let key = folder.write("key.pem", pem("PRIVATE KEY", &key).as_bytes());
    let (certificate, key) = (quoted(&certificate), quoted(&key));
    (der, format!("[tls]\ncertificate = {certificate}\nkey = {key}\n"))
}

/// A gateway that runs.
pub(crate) struct Gateway {
    child: Option<Child>,
    pub(crate) address: String,
    pub(crate) metrics: Option<String>,
    err: Receiver<String>,
}

impl Gateway {
    /// Starts one and waits until it serves.
    pub(crate) fn start(config: &Path, live: bool) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mev-send"));
        command.arg("serve").arg("--config").arg(config);
        if live {
            command.arg("--live");
        }
        Self::spawn(&mut command)
    }

    /// The same by a command line of one's own.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, err) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let (address, metrics) = (String::new(), None);
        let (mut made, mut said) = (Self { child: Some(child), address, metrics, err }, Vec::new());
        loop {
            let Ok(line) = made.err.recv() else { panic!("it did not start: {said:#?}") };
            if let Some((_, at)) = line.split_once("counters at http://") {
                made.metrics = at.strip_suffix("/metrics").map(str::to_owned);
            }
            if let Some((_, at)) = line.split_once("serving http") {
                at.trim_start_matches('s').trim_start_matches("://").clone_into(&mut made.address);
                return made;
            }
            said.push(line);
        }
    }

    /// A connection to it.
    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, request: &Ask<'_>) -> Reply {
        ask(&mut self.connect(), request)
    }

    /// What it counts.
    pub(crate) fn counters(&self) -> String {
        let mut stream = TcpStream::connect(self.metrics.as_ref().unwrap()).unwrap();
        let reply = ask(&mut stream, &Ask { path: "/metrics", ..Ask::get() });
        String::from_utf8(reply.body).unwrap()
    }

    /// Ends it by SIGTERM: its status, and what it said since it serves.
    pub(crate) fn end(mut self) -> (i32, String) {
        let mut child = self.child.take().unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let code = child.wait().unwrap().code().unwrap();
        (code, self.err.iter().collect::<Vec<_>>().join("\n"))
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl<'a> Ask<'a> {
    pub(crate) fn get() -> Self {
        Self { method: "GET", path: "/health", token: None, kind: None, body: &[] }
    }

    pub(crate) fn post(path: &'a str, token: &'a str, body: &'a [u8]) -> Self {
        let kind = Some("application/json");
        Self { method: "POST", path, token: Some(token), kind, body }
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: localhost\r\n", self.method, self.path);
        if let Some(token) = self.token {
            head += &format!("authorization: Bearer {token}\r\n");
        }
        if let Some(kind) = self.kind {
            head += &format!("content-type: {kind}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", self.body.len());
        [head.as_bytes(), self.body].concat()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The name of what was refused.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("none").to_owned()
    }
}

/// Sends `request` and reads its answer.
pub(crate) fn ask(stream: &mut (impl Read + Write), request: &Ask<'_>) -> Reply {
    // A server that refuses a head need not read the body.
    let _ = stream.write_all(&request.bytes());
    read(stream)
}

/// Reads an answer.
pub(crate) fn read(stream: &mut impl Read) -> Reply {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&head));
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = Vec::new();
    match len {
        Some(len) => {
            body.resize(len.parse().unwrap(), 0);
            stream.read_exact(&mut body).unwrap();
        }
        None => drop(stream.read_to_end(&mut body).unwrap()),
    }
    Reply { status, head, body }
}

/// A TLS connection to the gateway at `address`, which shows the certificate `der`.
pub(crate) fn connect_tls(address: &str, der: &[u8]) -> StreamOwned<ClientConnection, TcpStream> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(der.to_vec(), provider)))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    StreamOwned::new(connection, stream)
}

/// Believes one certificate alone.
#[derive(Debug)]
struct Pinned(Vec<u8>, Arc<CryptoProvider>);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let same = shown.as_ref() == self.0;
        same.then(ServerCertVerified::assertion)
            .ok_or_else(|| rustls::Error::General("another certificate".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.1.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

/// A signed transaction that tips `lamports`, told apart by `number`.
pub(crate) fn wire(number: u32, lamports: u64) -> Vec<u8> {
    let signer = Signer::from_seed(&[42; 32]);
    let payer = Pubkey::new_from_array(signer.public());
    let to = Pubkey::new_from_array(JITO_TIP_ACCOUNTS[0]);
    let accounts = vec![AccountMeta::new(payer, true), AccountMeta::new(to, false)];
    let data = [&[2, 0, 0, 0][..], &lamports.to_le_bytes()].concat();
    let tip = Instruction { program_id: Pubkey::new_from_array(SYSTEM), accounts, data };
    let mut hash = [7; 32];
    hash[..4].copy_from_slice(&number.to_le_bytes());
    let message = Message::new_with_blockhash(&[tip], Some(&payer), &Hash::new_from_array(hash));
    let message = message.serialize();
    [&[1], signer.sign(&message).as_slice(), &message].concat()
}

/// The body of a bundle of `wires` that tips `tip_lamports`.
pub(crate) fn bundle_json(wires: &[Vec<u8>], tip_lamports: u64) -> Vec<u8> {
    let texts: Vec<_> = wires.iter().map(|wire| STANDARD.encode(wire)).collect();
    let body = json!({"transactions": texts, "tip_lamports": tip_lamports, "priority": "High"});
    body.to_string().into_bytes()
}

/// A sound body, told apart by `number`.
pub(crate) fn sound(number: u32) -> Vec<u8> {
    bundle_json(&[wire(number, 1000)], 1000)
}
