// Reads URLs, one a line; sends each message back, and prints the URL when the connection is over.
import readline from 'node:readline';

readline.createInterface({ input: process.stdin }).on('line', (url) => {
  const socket = new WebSocket(url, new URL(url).searchParams.getAll('subprotocol'));
  socket.binaryType = 'arraybuffer';
  socket.onmessage = (event) => socket.send(event.data);
  socket.onclose = () => console.log(url);
});
