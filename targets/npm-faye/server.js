// Echoes each message; selects the subprotocol `chat` when it is offered.
const http = require('http');
const WebSocket = require('faye-websocket');
const deflate = require('permessage-deflate');

const server = http.createServer((request, response) => {
  response.writeHead(426, { Upgrade: 'websocket', Connection: 'Upgrade' });
  response.end('a WebSocket handshake is expected');
});

server.on('upgrade', (request, socket, head) => {
  if (!WebSocket.isWebSocket(request)) {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    return;
  }
  const connection = new WebSocket(request, socket, head, ['chat'], {
    extensions: [deflate],
    maxLength: 16 * 1024 * 1024,
  });
  connection.on('message', (event) => connection.send(event.data));
});

server.listen(Number(process.argv[2]), '127.0.0.1');
