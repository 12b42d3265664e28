// bufferedAmount: what it counts, and when it changes.

const DRAINED_MS = 10000;

async function opened(test) {
  const socket = new WebSocket(test.url);
  test.same(socket.bufferedAmount, 0, "bufferedAmount while connecting");
  await test.opened(socket);
  test.same(socket.bufferedAmount, 0, "bufferedAmount once open");
  return socket;
}

async function drained(test, socket) {
  const limit = Date.now() + DRAINED_MS;
  while (socket.bufferedAmount > 0 && Date.now() < limit) { await test.quiet(5); }
  test.same(socket.bufferedAmount, 0, "bufferedAmount once all is read");
}

export async function counts(test, { kind, size }) {
  const make = {
    text: () => "x".repeat(size), accents: () => "\u00e9".repeat(size / 2),
    euros: () => "\u20ac".repeat(size / 3), planes: () => "\u{1f600}".repeat(size / 4),
    halves: () => "\ud800".repeat(size / 3), blob: () => new Blob(["x".repeat(size)]),
    buffer: () => new ArrayBuffer(size), view: () => new Uint8Array(new ArrayBuffer(size + 7), 3, size),
    wide: () => new Uint16Array(size / 2), dataView: () => new DataView(new ArrayBuffer(size + 2), 1, size),
  };
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  socket.send(make[kind]());
  test.same(socket.bufferedAmount, size, "bufferedAmount behind send(), in the same task");
  socket.send(make[kind]());
  test.same(socket.bufferedAmount, 2 * size, "bufferedAmount behind a second send()");
  await ended;
}

// It neither falls nor grows while a script runs.
export async function staysWithinATask(test) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  socket.send("x".repeat(1000));
  const until = Date.now() + 50;
  let isSame = true;
  while (Date.now() < until) { isSame = isSame && socket.bufferedAmount === 1000; }
  test.holds(isSame, "bufferedAmount changed while the script ran");
  await ended;
}

export async function fallsToZero(test) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  const told = test.message(socket);
  socket.send("x".repeat(1000));
  await told;
  await drained(test, socket);
  socket.send("done");
  await ended;
}

// 10 MB to a server that does not read: what the system has not taken is counted. Another connection
// tells it to read on.
export async function countsLarge(test, { size, kind }) {
  const socket = await opened(test);
  const second = new WebSocket(test.url);
  await test.opened(second);
  const ended = Promise.all([test.ended(socket, 1000, "", true), test.event(second, "close")]);
  const read = test.message(socket);
  const data = { text: () => "x".repeat(size), buffer: () => new Uint8Array(size).fill(120).buffer,
                 blob: () => new Blob(["x".repeat(size)]) }[kind]();
  socket.send(data);
  test.same(socket.bufferedAmount, size, "bufferedAmount behind send()");
  await test.quiet();
  const during = socket.bufferedAmount;
  test.holds(during > 0 && during <= size, "bufferedAmount while the server does not read",
             { expected: `1 to ${size}`, seen: String(during), requirement: "whatwg-3.1-send-13" });
  second.send("read on");
  await read;
  await drained(test, socket);
  socket.send("done");
  await ended;
}

// What was not sent stays counted.
export async function staysOnceClosed(test) {
  const socket = await opened(test);
  const ended = test.event(socket, "close");
  socket.close(1000);
  socket.send("x".repeat(10));
  test.same(socket.bufferedAmount, 10, "bufferedAmount while closing");
  await ended;
  test.same(socket.bufferedAmount, 10, "bufferedAmount in the close event's task");
  await test.quiet();
  test.same(socket.bufferedAmount, 10, "bufferedAmount later");
  socket.send("\u00e9");
  test.same(socket.bufferedAmount, 12, "bufferedAmount behind another send()");
}
