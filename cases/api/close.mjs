// close(code, reason): what it refuses, what it sends, and what it does in each state.

// Exceptions are the same in every state, and change nothing.
async function inState(test, state, action) {
  const socket = new WebSocket(test.url);
  if (state === "connecting") { action(socket); }
  await test.opened(socket);
  if (state === "open") { action(socket); }
  const ended = test.ended(socket, 1000, "", true);
  socket.close(1000);
  if (state === "closing") { action(socket); }
  await ended;
  if (state === "closed") { action(socket); }
}

// What JSON has no word for.
const VALUES = { NaN, Infinity, undefined, "-Infinity": -Infinity };

function valueOf(code) {
  return Object.hasOwn(VALUES, code) ? VALUES[code] : code;
}

export async function refusesCode(test, { code, state }) {
  await inState(test, state, (socket) => {
    const before = socket.readyState;
    test.throws(() => socket.close(valueOf(code)), "InvalidAccessError", `close(${code})`);
    test.same(socket.readyState, before, "readyState behind it");
  });
}

export async function refusesReason(test, { letter, times, state }) {
  await inState(test, state, (socket) => {
    const before = socket.readyState;
    test.throws(() => socket.close(1000, letter.repeat(times)), "SyntaxError",
                `a reason of ${times} times ${JSON.stringify(letter)}`);
    test.same(socket.readyState, before, "readyState behind it");
  });
}

export async function refusesHalfSurrogates(test) {
  await inState(test, "open", (socket) => {
    test.throws(() => socket.close(1000, "\ud800".repeat(42)), "SyntaxError",
                "a reason of 42 lone surrogates, 126 octets");
  });
}

// The server echoes what it gets, so the event has it, too.
export async function sendsCode(test, { code, expected }) {
  const socket = new WebSocket(test.url);
  await test.opened(socket);
  const ended = test.ended(socket, expected, "", true);
  test.doesNotThrow(() => socket.close(valueOf(code)), `close(${code})`);
  test.same(socket.readyState, 2, "readyState behind close()");
  await ended;
}

export async function sendsReason(test, { reason, times }) {
  const socket = new WebSocket(test.url);
  await test.opened(socket);
  const ended = test.ended(socket, 3001, "", true);
  test.doesNotThrow(() => socket.close(3001, reason.repeat(times)), "close() with a reason");
  await ended;
}

export async function sendsHalfSurrogate(test) {
  const socket = new WebSocket(test.url);
  await test.opened(socket);
  const ended = test.ended(socket, 3001, "", true);
  socket.close(3001, "a\ud800b");
  await ended;
}

export async function sendsNoBody(test, { how }) {
  const socket = new WebSocket(test.url);
  await test.opened(socket);
  const ended = test.ended(socket, 1005, "", true);
  if (how === "without-arguments") { socket.close(); } else { socket.close(undefined); }
  await ended;
}

export async function closesOnce(test) {
  const socket = new WebSocket(test.url);
  const seen = test.log(socket);
  await test.opened(socket);
  const ended = test.ended(socket, 3001, "", true);
  socket.close(3001);
  test.doesNotThrow(() => socket.close(3002), "close() while closing");
  test.same(socket.readyState, 2, "readyState behind it");
  await ended;
  test.doesNotThrow(() => socket.close(3003), "close() once closed");
  test.same(socket.readyState, 3, "readyState behind it");
  await test.quiet();
  test.same(seen, [["open", 1], ["close", 3]], "the events, with the states");
}

// Nothing that was sent is lost.
export async function sendsAllBefore(test, { n, size }) {
  const socket = new WebSocket(test.url);
  await test.opened(socket);
  const ended = test.ended(socket, 1000, "", true);
  for (let i = 0; i < n; i++) { socket.send("x".repeat(size)); }
  socket.send("last");
  socket.close(1000);
  await ended;
}

export async function closesWhileConnecting(test, { words }) {
  const socket = new WebSocket(test.url);
  const seen = test.log(socket);
  const ended = test.ended(socket, 1006, "", false);
  test.doesNotThrow(() => socket.close(...words), "close() while connecting");
  test.same(socket.readyState, 2, "readyState behind close()");
  test.same(seen, [], "events within close()");
  await ended;
  await test.quiet();
  test.same(seen.at(-1), ["close", 3], "the last event");
  test.same(seen, [["error", 3], ["close", 3]], "the events, with the states",
            { requirement: "whatwg-4-10" });
}

export async function closesInOpen(test) {
  const socket = new WebSocket(test.url);
  const seen = test.log(socket);
  socket.addEventListener("open", () => {
    socket.close(3001);
    test.same(socket.readyState, 2, "readyState behind close() in the open event");
  });
  await test.ended(socket, 3001, "", true);
  test.same(seen, [["open", 1], ["close", 3]], "the events, with the states");
}

export async function closesInMessage(test) {
  const socket = new WebSocket(test.url);
  const seen = test.log(socket);
  socket.addEventListener("message", () => { socket.close(3001); });
  await test.ended(socket, 3001, "", true);
  await test.quiet();
  test.same(seen.filter(([type]) => type === "message").length, 1, "messages");
}
