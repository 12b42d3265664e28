// Echoes each message; selects the subprotocol `chat` when it is offered.
const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  maxPayload: 16 * 1024 * 1024,
  perMessageDeflate: true,
  handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
});

server.on('connection', (socket) => {
  socket.on('error', () => {}); // the library closes the connection by itself
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
