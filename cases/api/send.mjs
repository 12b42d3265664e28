// send(data): what goes out for what kind of data, and in which state. The wire judges the octets.

async function opened(test) {
  const socket = new WebSocket(test.url);
  await test.opened(socket);
  return socket;
}

async function sends(test, data, what) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  test.doesNotThrow(() => socket.send(data), `send(${what})`);
  await ended;
}

export async function refusesWhileConnecting(test, { kind }) {
  const data = { text: "x", buffer: new ArrayBuffer(1), blob: new Blob(["x"]) }[kind];
  const socket = new WebSocket(test.url);
  test.throws(() => socket.send(data), "InvalidStateError", "send() while connecting");
  test.same(socket.bufferedAmount, 0, "bufferedAmount behind it");
  await test.ended(socket, 1000, "", true);
}

export function sendsText(test, { text, times = 1 }) {
  return sends(test, text.repeat(times), "text");
}

export function sendsHalfSurrogates(test, { form }) {
  const texts = { high: "a\ud800b", low: "a\udc00b", reversed: "\udc00\ud800", last: "a\ud83d" };
  return sends(test, texts[form], `${form} surrogate`);
}

export function sendsBlob(test, { parts }) {
  return sends(test, new Blob(parts.map((part) => (Array.isArray(part) ? Uint8Array.from(part) : part))),
               "a Blob");
}

export function sendsBuffer(test, { octets }) {
  return sends(test, Uint8Array.from(octets).buffer, "an ArrayBuffer");
}

export function sendsView(test, { view, offset, length }) {
  const buffer = Uint8Array.from({ length: 32 }, (_, i) => i).buffer;
  return sends(test, new globalThis[view](buffer, offset, length), `a ${view}`);
}

export function sendsOther(test, { kind }) {
  const values = { null: null, undefined, number: 1.5, truth: true, object: {}, array: [1, [2, 3]],
                   stringObject: new String("text"), bigint: 10n, bufferlessView: { byteLength: 3 },
                   convertible: { toString: () => "converted" } };
  return sends(test, values[kind], kind);
}

export async function refusesWhatIsNoText(test) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  test.throwsTypeError(() => socket.send(), "send() without data");
  test.throwsTypeError(() => socket.send(Symbol("x")), "send() of a symbol");
  test.throwsTypeError(() => socket.send(Object.create(null)), "send() of an object without toString");
  test.same(socket.readyState, 1, "readyState behind it");
  socket.close(1000);
  await ended;
}

// The octets are those at the time of the call.
export async function copiesBuffer(test, { kind }) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  const octets = Uint8Array.of(1, 2, 3);
  socket.send(kind === "buffer" ? octets.buffer : octets);
  octets.fill(9);
  await ended;
}

// A Blob is read later; what is sent behind it waits for it.
export async function keepsOrder(test) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  socket.send("1");
  socket.send(new Blob(["2"]));
  socket.send("3");
  socket.send(Uint8Array.of(52).buffer);
  socket.send(new Blob(["5".repeat(100000)]));
  socket.send("6");
  await ended;
}

export async function sendsBlobBeforeClose(test) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  socket.send(new Blob(["x".repeat(100000)]));
  socket.close(1000);
  await ended;
}

const LATE = { text: () => "late", buffer: () => new ArrayBuffer(4), view: () => new Uint8Array(4),
               blob: () => new Blob(["late"]) };

export async function sendsNothingWhileClosing(test, { kind }) {
  const socket = await opened(test);
  const ended = test.ended(socket, 1000, "", true);
  socket.close(1000);
  const before = socket.bufferedAmount;
  test.doesNotThrow(() => socket.send(LATE[kind]()), "send() while closing");
  test.same(socket.bufferedAmount, before + 4, "bufferedAmount behind it");
  await ended;
  const closed = socket.bufferedAmount;
  test.doesNotThrow(() => socket.send(LATE[kind]()), "send() once closed");
  test.same(socket.bufferedAmount, closed + 4, "bufferedAmount, once closed");
}
