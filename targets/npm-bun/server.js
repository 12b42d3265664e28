// Echoes each message; selects the subprotocol `chat` when it is offered.
const offersChat = (request) =>
  (request.headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .some((name) => name.trim() === 'chat');

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch(request, server) {
    const headers = offersChat(request) ? { 'Sec-WebSocket-Protocol': 'chat' } : {};
    if (server.upgrade(request, { headers })) return undefined;
    const refusal = { status: 426, headers: { Upgrade: 'websocket', Connection: 'Upgrade' } };
    return new Response('a WebSocket handshake is expected', refusal);
  },
  websocket: {
    maxPayloadLength: 16 * 1024 * 1024,
    backpressureLimit: 64 * 1024 * 1024,
    perMessageDeflate: true,
    message(socket, message) {
      socket.send(message, true); // compressed, if that was negotiated
    },
  },
});
