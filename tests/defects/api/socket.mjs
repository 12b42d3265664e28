// WebSocket as the WHATWG standard has it, made of switchable defects. It shares nothing with the
// program under test, and little with a browser: it is only as good as cases/api asks.

import { CloseEvent, Event, EventTarget, MessageEvent } from "./events.mjs";
import { has } from "./switches.mjs";
import { Connection, OPCODE } from "./wire.mjs";

const CONNECTING = 0, OPEN = 1, CLOSING = 2, CLOSED = 3;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PRINTABLE = /^[!-~]+$/;

function syntaxError(words) {
  return has("url-error-is-plain") ? new SyntaxError(words) : new DOMException(words, "SyntaxError");
}

function parseUrl(given) {
  let url;
  try {
    url = new URL(given);
  } catch {
    if (has("url-unparsed")) { return new URL("ws://127.0.0.1:1/"); }
    throw syntaxError("the URL cannot be parsed");
  }
  const isHttp = url.protocol === "http:" || url.protocol === "https:";
  if (isHttp && has("refuses-http")) { throw syntaxError("the scheme is neither ws nor wss"); }
  if (isHttp && !has("url-keeps-http")) { url.protocol = url.protocol.replace("http", "ws"); }
  if (!isHttp && url.protocol !== "ws:" && url.protocol !== "wss:") {
    if (has("takes-any-scheme")) { return new URL("ws://127.0.0.1:1/"); }
    throw syntaxError("the scheme is neither ws nor wss");
  }
  const isFragment = has("drops-empty-fragment") ? url.hash !== "" : url.href.includes("#");
  if (isFragment && !has("takes-fragments")) { throw syntaxError("the URL has a fragment"); }
  return url;
}

function parseProtocols(given) {
  if (typeof given === "string" && has("ignores-protocol-string")) { return []; }
  if (Array.isArray(given) && has("ignores-protocol-list")) { return []; }
  const protocols = typeof given === "string" ? [given] : Array.from(given, String);
  const form = has("takes-printable-protocols") ? PRINTABLE : TOKEN;
  if (!has("takes-any-protocol") && !protocols.every((one) => form.test(one))) {
    throw new DOMException("a protocol is no token", "SyntaxError");
  }
  const names = has("compares-protocols-without-case") ? protocols.map((one) => one.toLowerCase())
    : protocols;
  if (new Set(names).size !== names.length && !has("takes-repeated-protocols")) {
    throw new DOMException("a protocol is there twice", "SyntaxError");
  }
  return protocols;
}

// [Clamp] unsigned short of Web IDL: to the nearest integer, and of two to the even one.
function clamp(value) {
  const number = Number(value);
  if (Number.isNaN(number)) { return 0; }
  if (has("code-wraps")) { return ((Math.trunc(number) % 65536) + 65536) % 65536; }
  const bounded = Math.min(Math.max(number, 0), 65535);
  if (has("code-is-cut")) { return Math.trunc(bounded); }
  const low = Math.floor(bounded);
  const isUp = bounded - low === 0.5 ? low % 2 === 1 || has("code-is-rounded-up") : bounded - low > 0.5;
  return isUp ? low + 1 : low;
}

function encode(text, name) {
  if (has(name)) { return Buffer.from(text, "latin1"); }
  return Buffer.from(has("drops-half-surrogates") ? text.toWellFormed().replaceAll("\ufffd", "") : text);
}

function decode(octets, ignoreBOM) {
  return new TextDecoder("utf-8", { fatal: !has("takes-bad-utf8"), ignoreBOM }).decode(octets);
}

const isCode = (code) => code === 1000 || (code >= 3000 && code < 5000) || has("takes-any-code") ||
  (has("takes-1001") && code > 1000 && code < 1016) || (has("takes-0") && code < 1000) ||
  (has("takes-2999") && code > 1015 && code < 3000) || (has("takes-5000") && code >= 5000);

const isCodeOfServer = (code) => (code >= 1000 && code < 1004) || (code > 1006 && code < 1015) ||
  (code >= 3000 && code < 5000) || has("takes-bad-close-frames");

export class WebSocket extends EventTarget {
  #url; #given; #protocols; #connection;
  #state = CONNECTING;
  #protocol = "";
  #extensions = "";
  #binaryType = has("starts-with-arraybuffer") ? "arraybuffer" : "blob";
  #amount = 0;
  #tasks = [];
  #queue = []; // what is to be sent: { opcode, octets: Buffer or Blob, size }
  #isPumping = false;
  #isFailed = false;
  #sent = null; // the code of the close frame that was sent, or is to be
  #received = null; // { code, reason } of the one that came
  #isFirst = true;

  constructor(url, protocols = []) {
    if (arguments.length === 0) { throw new TypeError("a WebSocket needs a URL"); }
    super();
    this.#given = String(url);
    this.#url = parseUrl(this.#given);
    this.#protocols = parseProtocols(protocols);
    if (has("throws-when-refused") && this.#url.port === "1") { throw new Error("refused"); }
    if (has("starts-open")) { this.#state = OPEN; }
    if (has("protocol-too-early") && this.#protocols.length > 0) { this.#protocol = this.#protocols[0]; }
    if (has("open-within-constructor")) { queueMicrotask(() => this.fire(new Event("open"))); }
    this.#connect();
  }

  #connect() {
    this.#connection = new Connection(this.#url, this.#protocols, {
      agreed: (protocol, extensions) => this.#agree(protocol, extensions),
      opened: () => this.#task(() => this.#open()),
      message: (opcode, octets) => this.#arrive(opcode, octets),
      control: (opcode, octets) => {
        if (has(opcode === OPCODE.ping ? "pings-give-messages" : "pongs-give-messages")) {
          this.#arrive(OPCODE.binary, octets);
        }
      },
      closed: (payload) => this.#closeFrame(payload),
      failed: (code, why) => { this.#isFailed = true; this.#finish(why, code); },
      ended: (why) => {
        this.#isFailed = !this.#received && !(why === "lost" && has("no-error-event-of-loss"));
        this.#finish(why, 1006);
      },
    });
  }

  // One task after the other, in their order.
  #task(action) {
    this.#tasks.push(action);
    setImmediate(() => this.#tasks.shift()());
  }

  // ---- Attributes ----

  get readyState() {
    const isHidden = this.#state === CLOSING && has("stays-open-behind-close");
    return isHidden ? OPEN : this.#state;
  }
  get url() {
    const href = has("url-drops-empty-query") ? this.#url.href.replace(/\?$/, "") : this.#url.href;
    return has("url-as-given") ? this.#given : href;
  }
  get protocol() { return this.#protocol; }
  get extensions() { return has("extensions-always-empty") ? "" : this.#extensions; }
  get bufferedAmount() {
    return has("amount-is-always-0") || (has("amount-resets-on-close") && this.#state === CLOSED) ? 0
      : this.#amount;
  }
  get binaryType() { return this.#binaryType; }
  set binaryType(value) {
    const text = String(value);
    if (has("never-arraybuffer")) { return; }
    if (text === "blob" || text === "arraybuffer" || has("takes-any-binary-type")) {
      this.#binaryType = text;
    } else if (has("throws-on-unknown-binary-type")) {
      throw new SyntaxError("no such type");
    } else if (has("resets-unknown-binary-type")) {
      this.#binaryType = "blob";
    }
  }

  #agree(protocol, extensions) {
    const set = () => {
      this.#protocol = has("protocol-from-offer") ? this.#protocols[0] ?? "" : protocol;
      this.#extensions = has("extensions-from-offer") ? "permessage-deflate" : extensions;
    };
    if (has("protocol-kept-from-failure")) { set(); } else { this.#agreement = set; }
  }
  #agreement = () => {};

  // ---- Opening ----

  #open() {
    if (this.#state !== CONNECTING && !has("starts-open")) { return; }
    this.#agreement();
    const event = new Event("open", { bubbles: has("open-bubbles") });
    if (has("open-before-state")) { this.fire(event); this.#state = OPEN; this.#pump(); return; }
    this.#state = OPEN;
    this.#pump();
    if (has("no-open-event")) { return; }
    this.#isInOpen = true;
    this.fire(event);
    this.#isInOpen = false;
    if (has("two-open-events")) { this.fire(new Event("open")); }
  }

  // ---- Messages that come ----

  #arrive(opcode, octets) {
    if (opcode === OPCODE.text) {
      try {
        decode(octets, true);
      } catch {
        this.#connection.fail(1007, "utf8");
        return;
      }
    }
    const type = this.#binaryType;
    const isLate = has("blobs-come-late") && opcode === OPCODE.binary;
    if (isLate) { setTimeout(() => this.#task(() => this.#message(opcode, octets, type)), 20); }
    else { this.#task(() => this.#message(opcode, octets, type)); }
  }

  #message(opcode, octets, typeAtArrival) {
    if (this.#state !== OPEN && !(this.#state === CLOSING && has("delivers-while-closing"))) { return; }
    if (octets.length === 0 && has("drops-empty-messages")) { return; }
    if (this.#isFirst && has("one-message-is-lost")) { this.#isFirst = false; return; }
    const type = has("binary-type-at-arrival") ? typeAtArrival : this.#binaryType;
    const data = opcode === OPCODE.text ? this.#textOf(octets) : this.#binaryOf(octets, type);
    const origin = has("origin-is-empty") ? "" : has("origin-is-url") ? this.#url.href : this.#url.origin;
    const event = has("message-is-plain-event") ? Object.assign(new Event("message"), { data })
      : new MessageEvent("message", { data, origin });
    this.fire(event);
  }

  #textOf(octets) {
    if (has("text-as-blob")) { return new Blob([octets]); }
    if (has("text-is-ascii")) { return octets.toString("latin1"); }
    const text = decode(octets, !has("strips-bom"));
    if (has("text-ends-at-nul")) { return text.split("\0")[0]; }
    return has("large-text-is-cut") ? text.slice(0, 65535) : text;
  }

  #binaryOf(octets, type) {
    if (has("binary-as-view")) { return new Uint8Array(octets); }
    return type === "blob" ? new Blob([octets], has("blob-has-a-type") ? { type: "application/octet-stream" } : {})
      : Uint8Array.from(octets).buffer;
  }

  // ---- send() ----

  send(data) {
    if (arguments.length === 0 && !has("takes-symbols")) { throw new TypeError("nothing to send"); }
    const item = this.#item(data);
    if (this.#state === CONNECTING && !has("takes-data-while-connecting")) {
      throw new DOMException("still connecting", "InvalidStateError");
    }
    const isLate = this.#state === CLOSING || this.#state === CLOSED;
    if (isLate && has("send-while-closing-throws")) {
      throw new DOMException("closing", "InvalidStateError");
    }
    if (isLate && has("send-while-closing-is-not-counted")) { return; }
    if (item.size === 0 && has("drops-empty-messages")) { return; }
    this.#amount += this.#counted(data, item);
    if (!isLate || (has("sends-while-closing") && this.#state === CLOSING)) {
      this.#enqueue(item);
    }
  }

  #counted(data, { size, octets }) {
    if (has("amount-in-letters") && typeof data === "string") { return data.length; }
    if (has("amount-of-blob-is-late") && octets instanceof Blob) { return 0; }
    if (ArrayBuffer.isView(data) && has("amount-of-whole-buffer")) { return data.buffer.byteLength; }
    if (ArrayBuffer.isView(data) && has("amount-in-elements")) { return data.length ?? 1; }
    return size + (has("amount-with-framing") ? 6 : 0);
  }

  #item(data) {
    const item = (opcode, octets) => ({ opcode, octets, size: octets.size ?? octets.length });
    if (data instanceof Blob && !has("blob-by-name")) {
      return item(has("blob-as-text") ? OPCODE.text : OPCODE.binary, data);
    }
    if (data instanceof ArrayBuffer) {
      const octets = has("sends-octets-later") ? Buffer.from(data) : Buffer.from(new Uint8Array(data));
      return item(has("buffer-as-text") ? OPCODE.text : OPCODE.binary, octets);
    }
    if (ArrayBuffer.isView(data) && !(data instanceof DataView && has("data-view-as-text"))) {
      return item(OPCODE.binary, this.#octetsOf(data));
    }
    return item(has("text-as-binary") ? OPCODE.binary : OPCODE.text, this.#encode(data));
  }

  #octetsOf(view) {
    const whole = has("view-sends-whole-buffer");
    const length = has("view-length-in-elements") ? view.length ?? 1 : view.byteLength;
    const octets = Buffer.from(view.buffer, whole ? 0 : view.byteOffset,
                               whole ? view.buffer.byteLength : length);
    return has("sends-octets-later") ? octets : Buffer.from(octets);
  }

  #encode(data) {
    if (typeof data !== "string" && has("other-values-throw")) { throw new TypeError("no text"); }
    if (typeof data === "symbol" && has("takes-symbols")) { return Buffer.from("symbol"); }
    if (Object.getPrototypeOf(Object(data)) === null && has("takes-symbols")) { return Buffer.from("null"); }
    const isJson = typeof data !== "string" && typeof data !== "bigint" && has("other-values-as-json");
    let text = isJson ? JSON.stringify(data) ?? "" : `${data}`;
    if (has("refuses-half-surrogates") && !text.isWellFormed()) { throw new TypeError("lone surrogate"); }
    if (has("cuts-large-text")) { text = text.slice(0, 65535); }
    if (has("cuts-medium-text")) { text = text.slice(0, 125); }
    return encode(text, "text-in-latin1");
  }

  #enqueue(item) {
    if (item.octets instanceof Blob && has("blob-loses-its-turn")) {
      setTimeout(() => { this.#queue.push(item); this.#pump(); }, 20);
      return;
    }
    this.#queue.push(item);
    setImmediate(() => this.#pump());
    if (has("amount-falls-within-task")) {
      const until = Date.now() + 20;
      Object.defineProperty(this, "bufferedAmount", { configurable: true, get: () => {
        return Date.now() > until ? 0 : this.#amount;
      } });
    }
  }

  async #pump() {
    if (this.#isPumping || this.#state === CONNECTING) { return; }
    this.#isPumping = true;
    while (this.#queue.length > 0) {
      const { opcode, octets, size } = this.#queue.shift();
      const payload = octets instanceof Blob ? Buffer.from(await octets.arrayBuffer()) : octets;
      const isCounted = opcode !== OPCODE.close && !has("amount-never-falls");
      if (isCounted && has("amount-falls-at-once")) { this.#amount -= Math.min(size, this.#amount); }
      this.#connection.write(opcode, payload, () => {
        if (isCounted && !has("amount-falls-at-once")) {
          this.#task(() => { this.#amount -= Math.min(size, this.#amount); });
        }
      });
    }
    this.#isPumping = false;
  }

  // ---- close() ----

  close(code, reason) {
    if (has("code-must-be-integer") && code !== undefined && !Number.isInteger(code)) {
      throw new TypeError("the code is no integer");
    }
    const isLax = has("checks-code-when-open") && this.#state !== OPEN;
    let number = code === undefined ? undefined : clamp(code);
    if (has("code-must-be-number") && typeof code !== "number") { number = undefined; }
    if (number !== undefined && !isCode(number) && !isLax) {
      throw new DOMException("the code is out of range",
                             has("code-error-is-syntax") ? "SyntaxError" : "InvalidAccessError");
    }
    let octets = reason === undefined ? Buffer.alloc(0) : encode(String(reason), "reason-in-latin1");
    const length = has("counts-letters-of-reason") ? String(reason ?? "").length : octets.length;
    if (length > (has("reason-limit-is-122") ? 122 : 123) && !isLax && !has("takes-long-reasons")) {
      if (!has("cuts-long-reasons")) { throw new DOMException("the reason is too long", "SyntaxError"); }
    }
    octets = octets.subarray(0, 123);
    if (this.#state === CLOSED && has("refuses-what-is-closed")) { throw new Error("closed"); }
    if (this.#state === CONNECTING) {
      this.#closeWhileConnecting();
    } else if (this.#state === OPEN || (has("closes-twice") && this.#state === CLOSING)) {
      this.#startClosing(number, octets);
    }
  }

  #closeWhileConnecting() {
    if (has("close-while-connecting-is-nothing")) { return; }
    if (has("close-while-connecting-throws")) { throw new Error("still connecting"); }
    this.#state = CLOSING;
    if (has("close-while-connecting-is-silent")) { return; }
    if (has("close-while-connecting-is-at-once")) {
      this.#state = CLOSED;
      this.fire(new Event("error"));
      this.fire(new CloseEvent("close", { code: 1006 }));
      this.#isClosed = true;
    }
    setImmediate(() => this.#connection.fail(1000, "status"));
  }

  #startClosing(code, reason) {
    const isWithinOpen = has("drops-code-in-open") && this.#isInOpen;
    let number = has("always-sends-1000") || (code === undefined && has("default-code-is-1000")) ? 1000 : code;
    if (isWithinOpen) { number = undefined; }
    let words = has("drops-reason") ? Buffer.alloc(0) : reason;
    if (has("strips-bom-of-reason") && words.subarray(0, 3).toString("hex") === "efbbbf") {
      words = words.subarray(3);
    }
    if (has("refuses-empty-reason-code") && words.length === 0) { words = Buffer.from(" "); }
    const isAnswered = this.#sent !== null && !has("closes-twice");
    this.#state = CLOSING;
    if (isAnswered) { return; } // the answer to the server's close frame is under way
    this.#sent = number ?? 1005;
    if (has("forgets-what-was-sent")) { this.#queue.length = 0; }
    const payload = number === undefined ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([number >> 8, number & 255]), words]);
    this.#queue.push({ opcode: OPCODE.close, octets: payload, size: 0 });
    if (has("forgets-what-was-sent")) { this.#pump(); } else { setImmediate(() => this.#pump()); }
  }
  #isInOpen = false;

  // ---- The end ----

  #closeFrame(payload) {
    if (this.#received) { return; }
    if (has("close-with-101-is-lost") && this.#state === CONNECTING) {
      this.#connection.fail(1002, "early");
      return;
    }
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    let reason = "";
    try {
      reason = has("reason-is-latin1") ? payload.subarray(2).toString("latin1")
        : decode(payload.subarray(2), !has("strips-bom-of-reason"));
    } catch {
      this.#connection.fail(1007, "utf8");
      return;
    }
    if (payload.length === 1 && !has("takes-bad-close-frames") ||
        payload.length >= 2 && !isCodeOfServer(code)) {
      this.#connection.fail(1002, "close");
      return;
    }
    this.#received = { code, reason };
    if (has("message-lost-before-close")) { this.#tasks.splice(0, this.#tasks.length, ...this.#tasks.map(() => () => {})); }
    if (this.#sent === null) {
      this.#sent = code;
      this.#queue.push({ opcode: OPCODE.close, octets: payload.subarray(0, 2), size: 0 });
    }
    this.#task(() => {
      if (this.#state === OPEN) { this.#state = CLOSING; }
      this.#pump();
    });
  }

  #codeAndReason(why, code) {
    if (!this.#received) {
      const codes = { lost: has("loss-is-1000") ? 1000 : has("loss-is-0") ? 0 : 1006,
                      tls: has("tls-failure-is-1015") ? 1015 : 1006 };
      const own = this.#isFailed && has("own-code-of-failure") && why !== "status" ? code : 1006;
      const isClean = this.#sent !== null && has("unanswered-is-clean");
      return { code: isClean ? this.#sent : codes[why] ?? own,
               reason: has("failure-has-a-reason") ? why : "", wasClean: isClean };
    }
    let { code: received, reason } = this.#received;
    if (received === 1005 && has("no-code-is-1000")) { received = 1000; }
    if (received === 1005 && has("no-code-is-0")) { received = 0; }
    if (has("close-code-is-always-1000")) { received = 1000; }
    if (has("sent-code-counts")) { received = this.#sent; }
    if (has("close-code-has-range") && received > 1003 && received < 3000) { received = 1006; }
    return { code: received, reason: has("no-reason") ? "" : reason, wasClean: true };
  }

  #finish(why, code) {
    this.#task(() => {
      if (this.#isClosed) { return; }
      this.#isClosed = true;
      if (!has("close-before-state")) { this.#state = CLOSED; }
      const said = this.#codeAndReason(why, code);
      if (has("never-clean")) { said.wasClean = false; }
      if (has("always-clean")) { said.wasClean = true; }
      const isError = has("always-error-event") || (this.#isFailed && !has("no-error-event")) ||
        (has("error-on-server-code") && said.code !== 1000);
      const bubbles = has("close-bubbles");
      const error = has("error-is-no-event") ? { type: "error" } : new Event("error", { bubbles });
      const close = has("close-is-plain-event") ? Object.assign(new Event("close", { bubbles }), said)
        : new CloseEvent("close", { ...said, bubbles });
      const isSilent = has("no-close-event") && why === "status";
      if (isError && !has("error-after-close")) { this.fire(error); }
      if (!isSilent) { this.fire(close); }
      if (has("two-close-events")) { this.fire(new CloseEvent("close", said)); }
      if (isError && has("error-after-close")) { this.fire(error); }
      this.#state = CLOSED;
    });
  }
  #isClosed = false;
}

// ---- What Web IDL adds ----

for (const type of ["open", "message", "error", "close"]) {
  Object.defineProperty(WebSocket.prototype, `on${type}`, {
    get() { return this.handlerOf(type); },
    set(value) { this.setHandler(type, value); },
    enumerable: true, configurable: true,
  });
}

for (const [value, name] of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].entries()) {
  const property = { value, enumerable: true, writable: has("constants-can-be-written") };
  if (!has("constants-of-class-missing")) { Object.defineProperty(WebSocket, name, property); }
  if (!has("constants-of-prototype-missing")) { Object.defineProperty(WebSocket.prototype, name, property); }
}

Object.defineProperty(WebSocket.prototype, Symbol.toStringTag, { value: "WebSocket" });

if (has("attributes-can-be-written")) {
  for (const name of ["readyState", "url", "protocol", "extensions", "bufferedAmount"]) {
    const { get } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
    const written = new WeakMap();
    Object.defineProperty(WebSocket.prototype, name, {
      get() { return written.has(this) ? written.get(this) : get.call(this); },
      set(value) { written.set(this, value); },
    });
  }
}

Object.assign(globalThis, { Event, EventTarget: has("no-event-target") ? class {} : EventTarget, MessageEvent,
                            CloseEvent, WebSocket });
