// Drives a block engine by jito-ts: node drive.js HOST:PORT KEYPAIR.json TX_BASE64..
//
// Signs the challenge, subscribes to results, sends one bundle, prints as JSON what came back.
'use strict';
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const {Keypair, VersionedTransaction} = require('@solana/web3.js');
const {AuthServiceClient} = require('jito-ts/dist/gen/block-engine/auth');
const {SearcherServiceClient} = require('jito-ts/dist/gen/block-engine/searcher');
const {AuthProvider, authInterceptor} = require('jito-ts/dist/sdk/block-engine/auth');
const {SearcherClient} = require('jito-ts/dist/sdk/block-engine/searcher');
const {Bundle} = require('jito-ts/dist/sdk/block-engine/types');

async function main() {
  const [at, file, ...texts] = process.argv.slice(2);
  const keypair = Keypair.fromSecretKey(Uint8Array.from(JSON.parse(fs.readFileSync(file, 'utf8'))));
  // The library's own constructor insists on TLS; these are its parts.
  const plain = grpc.ChannelCredentials.createInsecure();
  const auth = new AuthProvider(new AuthServiceClient(at, plain), keypair);
  const service = new SearcherServiceClient(at, plain, {interceptors: [authInterceptor(auth)]});
  const client = new SearcherClient(service);
  const told = [];
  const ended = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no result in 10 s')), 10000).unref();
    client.onBundleResult(result => {
      told.push(result);
      if (result.processed || result.rejected || result.dropped) resolve();
    }, reject);
  });
  const transactions = texts.map(text => VersionedTransaction.deserialize(Buffer.from(text, 'base64')));
  const sent = await client.sendBundle(new Bundle(transactions, 5));
  if (!sent.ok) throw sent.error;
  await ended;
  console.log(JSON.stringify({uuid: sent.value, told}));
  process.exit(0);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
