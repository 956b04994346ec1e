// A block engine of jito-ts's own stubs: node engine.js PUBLIC_KEY_BASE58
//
// Prints its port. gRPC and JSON-RPC share it, as they do at a real one. Bundles land in slot 1007,
// for the key that signed the challenge. What it was sent is printed as JSON, a line a call.
'use strict';
const crypto = require('crypto');
const http = require('http');
const net = require('net');
const grpc = require('@grpc/grpc-js');
const {PublicKey, VersionedTransaction} = require('@solana/web3.js');
const {AuthServiceService} = require('jito-ts/dist/gen/block-engine/auth');
const {SearcherServiceService} = require('jito-ts/dist/gen/block-engine/searcher');

const known = new PublicKey(process.argv[2]);
const TIPS = [
  '96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5', 'HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe',
  'Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY', 'ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49',
  'DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh', 'ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt',
  'DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL', '3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT',
];
const say = what => console.log(JSON.stringify(what));
const soon = () => new Date(Date.now() + 3600 * 1000);
const bundles = new Map();
const listeners = new Set();

/** Whether `signature` of `text` is the known key's, by node's own Ed25519. */
function verifies(text, signature) {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), known.toBuffer()]);
  const key = crypto.createPublicKey({key: der, format: 'der', type: 'spki'});
  return crypto.verify(null, Buffer.from(text), key, signature);
}

const refuse = (code, details) => Object.assign(new Error(details), {code, details});

const auth = {
  generateAuthChallenge(call, done) {
    say({call: 'challenge', role: call.request.role});
    done(null, {challenge: 'sign-me'});
  },
  generateAuthTokens(call, done) {
    const {challenge, signedChallenge} = call.request;
    const good = challenge === `${known.toBase58()}-sign-me` && verifies(challenge, signedChallenge);
    say({call: 'tokens', good});
    if (!good) return done(refuse(grpc.status.PERMISSION_DENIED, 'not authorized'));
    const token = value => ({value, expiresAtUtc: soon()});
    return done(null, {accessToken: token('access'), refreshToken: token('refresh')});
  },
  refreshAccessToken(call, done) {
    done(null, {accessToken: {value: 'access', expiresAtUtc: soon()}});
  },
};

const isKnown = call => call.metadata.get('authorization')[0] === 'Bearer access';

const searcher = {
  sendBundle(call, done) {
    if (!isKnown(call)) return done(refuse(grpc.status.UNAUTHENTICATED, 'no token'));
    const packets = call.request.bundle.packets;
    const sizes = packets.every(packet => packet.meta.size === packet.data.length);
    const transactions = packets.map(packet => VersionedTransaction.deserialize(packet.data));
    const bs58 = require('bs58').default ?? require('bs58');
    const signatures = transactions.map(transaction => bs58.encode(transaction.signatures[0]));
    const uuid = crypto.createHash('sha256').update(signatures.join(',')).digest('hex');
    say({call: 'send', uuid, sizes});
    bundles.set(uuid, signatures);
    done(null, {uuid});
    const tell = result => listeners.forEach(listener => listener.write({bundleId: uuid, ...result}));
    tell({accepted: {slot: 1001, validatorIdentity: 'somebody'}});
    tell({processed: {slot: 1007, validatorIdentity: 'somebody', bundleIndex: 0}});
  },
  subscribeBundleResults(call) {
    if (!isKnown(call)) return call.destroy(refuse(grpc.status.UNAUTHENTICATED, 'no token'));
    say({call: 'results'});
    listeners.add(call);
    call.on('cancelled', () => listeners.delete(call));
  },
  getTipAccounts: (call, done) => done(null, {accounts: TIPS}),
  getNextScheduledLeader: (call, done) => done(refuse(grpc.status.UNIMPLEMENTED, 'no')),
  getConnectedLeaders: (call, done) => done(refuse(grpc.status.UNIMPLEMENTED, 'no')),
  getConnectedLeadersRegioned: (call, done) => done(refuse(grpc.status.UNIMPLEMENTED, 'no')),
  getRegions: (call, done) => done(refuse(grpc.status.UNIMPLEMENTED, 'no')),
  subscribeMempool: call => call.destroy(refuse(grpc.status.UNIMPLEMENTED, 'no')),
};

function answer({method, params}) {
  const ids = params[0] ?? [];
  if (method === 'getTipAccounts') return TIPS;
  const value = ids.map(id => {
    const transactions = bundles.get(id);
    if (method === 'getInflightBundleStatuses') {
      return {bundle_id: id, status: transactions ? 'Landed' : 'Invalid', landed_slot: transactions ? 1007 : null};
    }
    return transactions && {bundle_id: id, transactions, slot: 1007, confirmation_status: 'confirmed', err: {Ok: null}};
  });
  return {context: {slot: 1008}, value: value.filter(Boolean)};
}

const rpc = http.createServer((request, response) => {
  let text = '';
  request.on('data', part => { text += part; });
  request.on('end', () => {
    const result = answer(JSON.parse(text));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({jsonrpc: '2.0', result, id: 1}));
  });
});

const server = new grpc.Server();
server.addService(AuthServiceService, auth);
server.addService(SearcherServiceService, searcher);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, grpcPort) => {
  if (error) throw error;
  rpc.listen(0, '127.0.0.1', () => {
    // One port for both: HTTP/2 begins with "PRI".
    const door = net.createServer(socket => {
      socket.on('error', () => {});
      socket.once('data', first => {
        const port = first.subarray(0, 3).toString() === 'PRI' ? grpcPort : rpc.address().port;
        const inner = net.connect(port, '127.0.0.1', () => {
          inner.write(first);
          socket.pipe(inner).pipe(socket);
        });
        inner.on('error', () => socket.destroy());
      });
    });
    door.listen(0, '127.0.0.1', () => say({port: door.address().port}));
  });
});
