// The end of a connection in all its ways: which events come, in which states, and what they say.

// `error` is whether an error event belongs before the close event; null: either is right.
async function watch(test, socket, { code, reason = "", clean, error, opens = true }) {
  const seen = test.log(socket);
  const event = await test.event(socket, "close");
  if (code !== null) { test.same(event.code, code, "code of the close event"); }
  test.same(event.reason, reason, "reason of the close event");
  test.same(event.wasClean, clean, "wasClean of the close event");
  test.same(socket.readyState, 3, "readyState in the close event", { requirement: "whatwg-4-09" });
  await test.quiet();
  const before = opens ? ["open"] : [];
  const types = seen.map(([type]) => type).filter((type) => type !== "message");
  const hasError = types.includes("error");
  if (error !== null) {
    test.same(hasError, error, "an error event", { requirement: "whatwg-4-10" });
  }
  test.same(types, [...before, ...(hasError ? ["error"] : []), "close"], "the events",
            { requirement: "whatwg-4-15" });
  for (const [type, state] of seen) {
    if (type === "error") {
      test.same(state, 3, "readyState in the error event", { requirement: "whatwg-4-09" });
    }
  }
}

// `greets`: the server waits for it, so that the open event was there before what follows.
function connect(test, greets) {
  const socket = new WebSocket(test.url);
  if (greets) { socket.addEventListener("open", () => socket.send("ready")); }
  return socket;
}

export function ends(test, { greets, ...how }) {
  return watch(test, connect(test, greets), how);
}

export async function firesErrorOfLoss(test) {
  const socket = connect(test, true);
  const seen = test.log(socket);
  await test.event(socket, "close");
  await test.quiet();
  test.same(seen.map(([type]) => type), ["open", "error", "close"], "the events", { rank: "warn" });
}

export function failsToOpen(test, { protocols = [] }) {
  return watch(test, new WebSocket(test.url, protocols),
               { code: 1006, clean: false, error: true, opens: false });
}

// The client closes, and the server does what it does then.
export async function closes(test, { words, ...how }) {
  const socket = new WebSocket(test.url);
  socket.addEventListener("open", () => socket.close(...words));
  await watch(test, socket, how);
}

const REFUSED = "ws://127.0.0.1:1/"; // nobody listens there, and browsers do not even try

export async function cannotConnect(test) {
  const socket = test.doesNotThrow(() => new WebSocket(REFUSED), "new WebSocket of a closed port");
  test.same(socket.readyState, 0, "readyState behind the constructor",
            { requirement: "whatwg-3.1-constructor-08" });
  await watch(test, socket, { code: 1006, clean: false, error: true, opens: false });
}

// This server speaks no TLS at this port.
export async function cannotSpeakTls(test) {
  const socket = new WebSocket(test.url.replace(/^ws:/, "wss:"));
  await watch(test, socket, { code: 1006, clean: false, error: true, opens: false });
}

// What a page must not learn of the network around it.
export async function tellsFailuresApart(test) {
  const urls = { refused: REFUSED, "no TLS": test.url.replace(/^ws:/, "wss:"),
                 "not found": `ws://${test.host}/nothing` };
  for (const [name, url] of Object.entries(urls)) {
    const socket = new WebSocket(url);
    const event = await test.event(socket, "close");
    test.same([event.code, event.reason, event.wasClean], [1006, "", false],
              `code, reason and wasClean of the close event: ${name}`);
  }
}

// The state is CLOSING, or CLOSED already, where a message that came before the close frame is seen
// to have come first.
export async function closesBehindMessage(test) {
  const socket = new WebSocket(test.url);
  const seen = test.log(socket);
  const data = [];
  socket.addEventListener("message", (event) => { data.push(event.data); });
  await test.ended(socket, 3001, "", true);
  test.same(data, ["before"], "messages");
  test.same(seen.map(([type]) => type), ["open", "message", "close"], "the events");
}

export async function closesAndDropsMessages(test) {
  const socket = new WebSocket(test.url);
  let messages = 0;
  socket.addEventListener("message", () => { messages++; });
  await test.opened(socket);
  socket.close(3001);
  await watch(test, socket, { code: 3001, clean: true, error: false, opens: false });
  test.same(messages, 0, "messages behind close()");
}
