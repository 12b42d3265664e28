// An echo server of npm ws that sends "push 1" unasked. Arguments: none for ws; CERTIFICATE KEY for
// wss. Prints its port.
const fs = require('fs');
const WebSocket = require('ws');

const [certificate, key] = process.argv.slice(2);
const server = key
  ? require('https').createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) })
  : require('http').createServer();
new WebSocket.Server({ server, perMessageDeflate: true }).on('connection', (socket) => {
  socket.send('push 1');
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', (error) => console.error(error.message));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
