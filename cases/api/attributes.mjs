// What the attributes of a WebSocket say, and what can be written to them.

const STATES = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

// In a module, writing to what is read-only throws; that, or nothing, is right.
function write(object, name, value) {
  try { object[name] = value; } catch { /* as it should */ }
}

export async function hasConstants(test, { on }) {
  const socket = new WebSocket(test.url);
  const object = { class: WebSocket, prototype: WebSocket.prototype, instance: socket }[on];
  for (const [name, value] of Object.entries(STATES)) {
    test.same(object[name], value, name);
    write(object, name, 9);
    test.same(object[name], value, `${name}, once written to`);
  }
  await test.ended(socket, 1000, "", true);
}

export async function goesThroughItsStates(test) {
  const socket = new WebSocket(test.url);
  test.same(socket.readyState, 0, "readyState behind the constructor");
  await test.opened(socket);
  test.same(socket.readyState, 1, "readyState behind the open event");
  socket.close(1000);
  test.same(socket.readyState, 2, "readyState behind close()");
  await test.ended(socket, 1000, "", true);
  test.same(socket.readyState, 3, "readyState behind the close event");
}

export async function readsOnly(test, { name }) {
  const socket = new WebSocket(test.url);
  const before = socket[name];
  write(socket, name, name === "url" ? "ws://elsewhere/" : 7);
  test.same(socket[name], before, `${name}, once written to`);
  await test.opened(socket);
  const open = socket[name];
  write(socket, name, "other");
  test.same(socket[name], open, `${name}, once written to`);
  await test.ended(socket, 1000, "", true);
}

// `<host>` in what is given stands for the host and port of this server, `<port>` for the port.
export async function serializesUrl(test, { url, expected }) {
  const fill = (text) => 
    text.replaceAll("<host>", test.host).replaceAll("<port>", test.host.split(":").pop());
  const socket = test.doesNotThrow(() => new WebSocket(fill(url)), `new WebSocket(${JSON.stringify(url)})`);
  test.same(socket.url, fill(expected), "url");
  socket.close();
  test.same(socket.url, fill(expected), "url behind close()");
}

export async function tellsWhatWasAgreed(test, { protocols, protocol, extensions }) {
  const socket = new WebSocket(test.url, protocols);
  test.same(socket.protocol, "", "protocol before it is open");
  test.same(socket.extensions, "", "extensions before it is open");
  let within = null;
  socket.onopen = () => { within = [socket.protocol, socket.extensions]; };
  await test.opened(socket);
  test.same(within, [protocol, extensions], "protocol and extensions in the open event");
  await test.ended(socket, 1000, "", true);
  test.same(socket.protocol, protocol, "protocol, once closed");
  test.same(socket.extensions, extensions, "extensions, once closed");
}

// Behind a failed handshake, nothing was agreed.
export async function tellsNothingOfAFailure(test) {
  const socket = new WebSocket(test.url, ["chat"]);
  await test.ended(socket, 1006, "", false);
  test.same(socket.protocol, "", "protocol");
  test.same(socket.extensions, "", "extensions");
}

export async function startsWithBlob(test) {
  const socket = new WebSocket(test.url);
  test.same(socket.binaryType, "blob", "binaryType behind the constructor");
  await test.ended(socket, 1000, "", true);
}

export async function takesBinaryType(test, { value }) {
  const socket = new WebSocket(test.url);
  for (const from of ["blob", "arraybuffer"]) {
    socket.binaryType = from;
    test.same(socket.binaryType, from, `binaryType set to ${from}`);
    test.doesNotThrow(() => { socket.binaryType = value; }, `binaryType set to ${JSON.stringify(value)}`);
    const isKnown = value === "blob" || value === "arraybuffer";
    test.same(socket.binaryType, isKnown ? value : from, `binaryType set to ${JSON.stringify(value)}`);
  }
  await test.ended(socket, 1000, "", true);
}

export async function hasHandler(test, { name }) {
  const socket = new WebSocket(test.url);
  const action = () => {};
  const object = {};
  test.same(socket[name], null, `${name} at first`);
  socket[name] = action;
  test.same(socket[name], action, `${name} set to a function`);
  for (const value of [7, "text", true, undefined]) {
    socket[name] = action;
    test.doesNotThrow(() => { socket[name] = value; }, `${name} set to ${String(value)}`);
    test.same(socket[name], null, `${name} set to ${String(value)}`);
  }
  socket[name] = object;
  test.same(socket[name], object, `${name} set to an object`);
  socket[name] = null;
  test.same(socket[name], null, `${name} set to null`);
  await test.ended(socket, 1000, "", true);
}

export async function isAnEventTarget(test) {
  const socket = new WebSocket(test.url);
  test.holds(socket instanceof EventTarget, "a WebSocket is no EventTarget");
  test.same(Object.prototype.toString.call(socket), "[object WebSocket]", "its name");
  test.throwsTypeError(() => WebSocket(test.url), "WebSocket() without new");
  test.throwsTypeError(() => new WebSocket(), "new WebSocket() without a URL");
  await test.ended(socket, 1000, "", true);
}
