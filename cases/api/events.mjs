// The events of an open connection: their order, their kinds, and whom they reach.

export async function firesOpen(test) {
  const socket = new WebSocket(test.url);
  const seen = [];
  socket.onopen = (event) => {
    seen.push([event.type, socket.readyState, event.bubbles, event.cancelable]);
    test.holds(event instanceof Event, "the open event is no Event");
    test.holds(event.target === socket && event.currentTarget === socket, "its target is another");
  };
  test.same(seen, [], "open events within the constructor");
  await test.opened(socket);
  await test.ended(socket, 1000, "", true);
  test.same(seen, [["open", 1, false, false]], "open events");
}

// However much a script does in the task of the constructor, it misses nothing.
export async function missesNothing(test) {
  const socket = new WebSocket(test.url);
  const until = Date.now() + 200;
  while (Date.now() < until) { /* the 101 arrives meanwhile */ }
  test.same(socket.readyState, 0, "readyState at the end of the task");
  const seen = [];
  socket.onopen = () => seen.push("open");
  socket.onmessage = (event) => seen.push(event.data);
  await test.ended(socket, 1000, "", true);
  test.same(seen, ["open", "at once"], "the events");
}

// Listeners are called in the order in which they were added; a handler has its place from the time
// when it was first set.
export async function callsInOrder(test, { type }) {
  const socket = new WebSocket(test.url);
  const seen = [];
  const removed = () => seen.push("removed");
  socket.addEventListener(type, () => seen.push("first"));
  socket[`on${type}`] = () => seen.push("replaced");
  socket.addEventListener(type, () => seen.push("third"), { once: true });
  socket.addEventListener(type, removed);
  socket.addEventListener(type, { handleEvent() { seen.push("object"); } });
  socket[`on${type}`] = () => seen.push("second");
  socket.removeEventListener(type, removed);
  await test.ended(socket, type === "error" ? 1006 : 1000, "", type !== "error");
  await test.quiet();
  test.same(seen, ["first", "second", "third", "object"], `who heard of the ${type} event`);
}

// An exception in one listener does not keep the event from the next.
export async function goesOnBehindAnException(test) {
  const caught = [];
  const onError = (event) => { event.preventDefault?.(); caught.push("exception"); };
  const isNode = typeof process === "object" && process.on && !globalThis.Deno;
  if (isNode) { process.on("uncaughtException", onError); }
  globalThis.addEventListener?.("error", onError);
  const socket = new WebSocket(test.url);
  const seen = [];
  socket.addEventListener("message", () => { throw new Error("meant by the case"); });
  socket.addEventListener("message", (event) => { seen.push(event.data); });
  await test.ended(socket, 1000, "", true);
  await test.quiet();
  globalThis.removeEventListener?.("error", onError);
  if (isNode) { process.removeListener("uncaughtException", onError); }
  test.same(seen, ["1", "2"], "what the second listener saw");
}

export async function firesMessage(test) {
  const socket = new WebSocket(test.url);
  const message = test.event(socket, "message");
  const ended = test.ended(socket, 1000, "", true);
  const event = await message;
  test.holds(event instanceof MessageEvent, "the event is no MessageEvent");
  test.same(event.origin, `ws://${test.host}`, "origin");
  test.same([event.lastEventId, event.source, event.bubbles, event.cancelable],
            ["", null, false, false], "lastEventId, source, bubbles, cancelable",
            { requirement: "whatwg-4-04" });
  test.same(event.ports?.length, 0, "number of ports", { requirement: "whatwg-4-04" });
  await ended;
}

export async function firesClose(test) {
  const socket = new WebSocket(test.url);
  const event = await test.event(socket, "close");
  test.holds(event instanceof CloseEvent, "the event is no CloseEvent");
  test.same([event.bubbles, event.cancelable], [false, false], "bubbles, cancelable");
  test.holds(event.target === socket, "its target is another");
}

export async function firesError(test) {
  const socket = new WebSocket(test.url);
  const ended = test.event(socket, "close");
  const event = await test.event(socket, "error");
  test.holds(event instanceof Event, "the error event is no Event");
  test.same([event.type, event.bubbles, event.cancelable], ["error", false, false],
            "type, bubbles, cancelable");
  await ended;
}

// The DOM standard: an event that a script did not dispatch is trusted.
export async function firesTrusted(test, { type }) {
  const socket = new WebSocket(test.url);
  const ended = test.event(socket, "close");
  const event = await (type === "close" ? ended : test.event(socket, type));
  test.same(event.isTrusted, true, "isTrusted");
  await ended;
}

export async function receivesText(test, { text, times = 1 }) {
  const socket = new WebSocket(test.url);
  const message = test.message(socket);
  const ended = test.ended(socket, 1000, "", true);
  const data = await message;
  test.same(typeof data, "string", "type of the data");
  test.same(data, text.repeat(times), "data");
  await ended;
}

export async function receivesNul(test) {
  const socket = new WebSocket(test.url);
  const message = test.message(socket);
  const ended = test.ended(socket, 1000, "", true);
  test.same(await message, "a\u0000b", "data");
  await ended;
}

async function octetsOf(data) {
  return [...new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data)];
}

export async function receivesBinary(test, { type, octets }) {
  const socket = new WebSocket(test.url);
  socket.binaryType = type;
  const message = test.message(socket);
  const ended = test.ended(socket, 1000, "", true);
  const data = await message;
  const kind = type === "blob" ? Blob : ArrayBuffer;
  if (test.holds(data instanceof kind, `the data is no ${kind.name}`,
                 { expected: kind.name, seen: String(data?.constructor?.name) })) {
    test.same(await octetsOf(data), octets, "octets");
    if (type === "blob") { test.same(data.type, "", "type of the Blob"); }
  }
  await ended;
}

// Without a word of it, a Blob comes.
export async function receivesBlobAtFirst(test) {
  const socket = new WebSocket(test.url);
  const message = test.message(socket);
  const ended = test.ended(socket, 1000, "", true);
  const data = await message;
  test.holds(data instanceof Blob, "the data is no Blob",
             { expected: "Blob", seen: String(data?.constructor?.name) });
  await ended;
}

// The type that counts is that at the time of the event, not that of the arrival.
export async function asksForTypeLate(test) {
  const socket = new WebSocket(test.url);
  const kinds = [];
  socket.binaryType = "blob";
  socket.addEventListener("message", (event) => {
    kinds.push(event.data instanceof Blob ? "blob" : "arraybuffer");
    socket.binaryType = socket.binaryType === "blob" ? "arraybuffer" : "blob";
  });
  await test.ended(socket, 1000, "", true);
  test.same(kinds, ["blob", "arraybuffer", "blob", "arraybuffer"], "kinds of the data");
}

export async function receivesInOrder(test, { n }) {
  const socket = new WebSocket(test.url);
  socket.binaryType = "arraybuffer";
  const seen = [];
  socket.onmessage = (event) => {
    seen.push(typeof event.data === "string" ? event.data : `binary ${event.data.byteLength}`);
  };
  await test.ended(socket, 1000, "", true);
  const expected = [];
  for (let i = 0; i < n; i++) { expected.push("text", "binary 3", "fragments"); }
  test.same(seen, expected, "the messages");
}

// With Blobs, too, whose reading takes a while.
export async function receivesBlobsInOrder(test) {
  const socket = new WebSocket(test.url);
  const seen = [];
  socket.onmessage = (event) => {
    seen.push(event.data instanceof Blob ? event.data.size : event.data);
  };
  await test.ended(socket, 1000, "", true);
  test.same(seen, [100000, "a", 0, "b", 3], "the messages");
}

export async function hearsNothingOfPings(test) {
  const socket = new WebSocket(test.url);
  const seen = test.log(socket);
  await test.ended(socket, 1000, "", true);
  test.same(seen, [["open", 1], ["close", 3]], "the events, with the states");
}

export async function masksAndKeys(test) {
  const sockets = [new WebSocket(test.url), new WebSocket(test.url)];
  const ended = sockets.map((socket) => test.ended(socket, 1000, "", true));
  await Promise.all(ended);
}

export async function requests(test, { protocols }) {
  const socket = new WebSocket(test.url, protocols);
  await test.ended(socket, 1000, "", true);
}

export async function sendsCookies(test) {
  if (typeof document === "undefined") { test.skip("the runtime keeps no cookies"); }
  const first = new WebSocket(test.url);
  await test.ended(first, 1000, "", true);
  const second = new WebSocket(test.url);
  await test.ended(second, 1000, "", true);
}

// A frame of its own, which goes away with its document.
export async function goesAwayWithItsDocument(test, { state }) {
  if (typeof document === "undefined") { test.skip("the runtime has no documents"); }
  const frame = document.createElement("iframe");
  document.body.append(frame);
  const socket = new frame.contentWindow.WebSocket(test.url);
  if (state === "open") {
    await new Promise((resolve) => { socket.onopen = resolve; });
  }
  frame.remove();
  await test.quiet(500);
}

export async function resolvesRelative(test, { path }) {
  if (typeof location === "undefined" || !/^https?:$/.test(location.protocol)) {
    test.skip("the runtime has no base URL");
  }
  const socket = test.doesNotThrow(() => new WebSocket(path), `new WebSocket(${JSON.stringify(path)})`);
  test.same(socket.url, new URL(path, location.href).href.replace(/^http/, "ws"), "url");
  socket.close();
}
