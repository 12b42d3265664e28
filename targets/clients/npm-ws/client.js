// Reads URLs, one a line; sends each message back, and prints the URL when the connection is over.
const readline = require('node:readline');
const WebSocket = require('ws');

readline.createInterface({ input: process.stdin }).on('line', (url) => {
  const protocols = new URL(url).searchParams.getAll('subprotocol');
  const socket = new WebSocket(url, protocols, { maxPayload: 0 });
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', () => {}); // 'close' follows
  socket.on('close', () => console.log(url));
});
