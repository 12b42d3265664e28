// The WebSocket API in C behind the names of the one in JavaScript: each call is one of
// websocket_remote, so that cases/api can be played with it. Nothing is decided here; what has no
// counterpart in C is in skips.mjs.

import { spawn, execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TURN_MS = 1;
const READ_MAX = 1 << 20;

// ---- The program ----

class Remote {
  #commands; #answers;
  #rest = Buffer.alloc(0);
  #chunk = Buffer.alloc(READ_MAX);

  constructor(program) {
    const folder = mkdtempSync(join(tmpdir(), "wspec-remote-"));
    const [commands, answers] = ["commands", "answers"].map((name) => join(folder, name));
    execFileSync("mkfifo", [commands, answers]);
    spawn("sh", ["-c", 'exec "$0" <"$1" >"$2"', program, commands, answers], { stdio: ["ignore", "ignore", "inherit"] })
      .unref();
    this.#commands = openSync(commands, "w");
    this.#answers = openSync(answers, "r");
    rmSync(folder, { recursive: true });
  }

  tell(line) {
    const octets = Buffer.from(`${line}\n`);
    for (let at = 0; at < octets.length;) { at += writeSync(this.#commands, octets, at); }
  }

  line() {
    const parts = [this.#rest];
    let end = this.#rest.indexOf(10);
    while (end < 0) {
      const n = readSync(this.#answers, this.#chunk);
      if (n === 0) { throw new Error("websocket_remote has ended"); }
      const part = Buffer.from(this.#chunk.subarray(0, n));
      parts.push(part);
      end = part.indexOf(10) < 0 ? -1 : 0;
    }
    const all = Buffer.concat(parts);
    const at = all.indexOf(10);
    this.#rest = all.subarray(at + 1);
    return all.toString("latin1", 0, at);
  }

  ask(line) {
    this.tell(line);
    return this.line();
  }

  close() {
    closeSync(this.#commands);
    closeSync(this.#answers);
  }
}

let remote;
const sockets = new Map(); // by id
let nextId = 0;
let nextListener = 1;
let isTurning = false;

export function start(program) {
  remote = new Remote(program);
}

export function stop() {
  remote.close();
}

const hex = (octets) => (octets.length > 0 ? Buffer.from(octets).toString("hex") : "-");
const octetsOf = (word) => Buffer.from(word === "-" ? "" : word, "hex");

// The loop in C turns as long as a socket is open, and between two turns the scripts run.
function turn() {
  remote.tell("turn");
  for (let words = remote.line().split(" "); words[0] !== "idle"; words = remote.line().split(" ")) {
    sockets.get(Number(words[1])).hear(Number(words[2]), words[3], words.slice(4));
    remote.tell("go");
  }
  if ([...sockets.values()].some((socket) => !socket.isOver)) {
    setTimeout(turn, TURN_MS);
  } else {
    isTurning = false;
  }
}

// ---- Blob, whose octets can be read at once ----

const NodeBlob = globalThis.Blob;

export class Blob extends NodeBlob {
  constructor(parts = [], options = {}) {
    super(parts, options);
    this.octets = Buffer.concat(parts.map((part) => (part instanceof Blob ? part.octets
      : typeof part === "string" ? Buffer.from(part) : Buffer.from(part.buffer ?? part))));
  }
}

// ---- WebSocket ----

export class WebSocket {
  #id = nextId++ % 64;
  #listeners = new Map(); // by number
  #handlers = {};
  #binaryType = "blob";
  #last;
  isOver = false;

  constructor(url, protocols = []) {
    const list = (typeof protocols === "string" ? [protocols] : protocols)
      .map((one) => `_${Buffer.from(one).toString("hex")}`);
    const old = sockets.get(this.#id);
    if (old) { old.forget(); }
    if (remote.ask(`new ${this.#id} ${hex(Buffer.from(url))} ${list.join(",") || "-"}`) !== "ok") {
      throw new DOMException("refused", "SyntaxError");
    }
    sockets.set(this.#id, this);
    this.addEventListener("close", () => { this.isOver = true; });
    if (!isTurning) { isTurning = true; setTimeout(turn, TURN_MS); }
  }

  // A number is used again: what was is kept, and the socket in C is freed.
  forget() {
    this.#last = this.#get();
    remote.ask(`free ${this.#id}`);
    sockets.delete(this.#id);
  }

  #get() {
    if (this.#last) { return this.#last; }
    const [state, amount, ...texts] = remote.ask(`get ${this.#id}`).split(" ");
    return [Number(state), Number(amount), ...texts.map((word) => octetsOf(word).toString())];
  }

  get readyState() { return this.#get()[0]; }
  get bufferedAmount() { return this.#get()[1]; }
  get url() { return this.#get()[2]; }
  get protocol() { return this.#get()[3]; }
  get extensions() { return this.#get()[4]; }
  get binaryType() { return this.#binaryType; }
  set binaryType(value) {
    this.#binaryType = value;
    remote.ask(`type ${this.#id} ${value === "blob" ? "blob" : "buffer"}`);
  }

  addEventListener(type, callback, { once = false } = {}) {
    if ([...this.#listeners.values()].some((one) => one.type === type && one.callback === callback)) { return; }
    const number = nextListener++;
    this.#listeners.set(number, { type, callback, once });
    remote.ask(`listen ${this.#id} ${type} ${number}`);
  }

  removeEventListener(type, callback) {
    for (const [number, one] of this.#listeners) {
      if (one.type === type && one.callback === callback) {
        this.#listeners.delete(number);
        remote.ask(`forget ${this.#id} ${type} ${number}`);
      }
    }
  }

  setHandler(type, callback) {
    this.#handlers[type] = callback;
    remote.ask(`handler ${this.#id} ${type} ${callback ? 4095 : 0}`);
  }

  handlerOf(type) { return this.#handlers[type] ?? null; }

  // An event from C for one listener, or the handler.
  hear(number, type, words) {
    const one = this.#listeners.get(number) ?? { callback: this.#handlers[type] };
    if (one.once) { this.removeEventListener(type, one.callback); }
    const event = this.#eventOf(type, words);
    const call = typeof one.callback === "function" ? one.callback : (what) => one.callback.handleEvent(what);
    call.call(this, event);
  }

  #eventOf(type, words) {
    const common = { type, target: this, currentTarget: this, bubbles: false, cancelable: false };
    if (type === "message") {
      const octets = octetsOf(words[1]);
      const data = words[0] === "text" ? octets.toString() : words[0] === "blob" ? new Blob([octets])
        : Uint8Array.from(octets).buffer;
      return Object.assign(new Event("message"), { data });
    }
    if (type === "close") {
      return { ...common, code: Number(words[0]), wasClean: words[1] === "1", reason: octetsOf(words[2]).toString() };
    }
    return new Proxy(new Event(type), { get: (event, name) => common[name] ?? event[name] });
  }

  send(data) {
    const [verb, octets] = typeof data === "string" ? ["text", Buffer.from(data)]
      : data instanceof Blob ? ["blob", data.octets]
      : ArrayBuffer.isView(data) ? ["octets", Buffer.from(data.buffer, data.byteOffset, data.byteLength)]
      : ["octets", new Uint8Array(data)];
    if (remote.ask(`${verb} ${this.#id} ${hex(octets)}`) !== "ok") {
      throw new DOMException("refused", "InvalidStateError");
    }
  }

  // C has one error for both arguments.
  close(code = 0, reason = "") {
    if (this.#last) { throw new Error("the case uses too many sockets"); }
    if (remote.ask(`close ${this.#id} ${code} ${hex(Buffer.from(reason))}`) !== "ok") {
      const isCode = code === 0 || code === 1000 || (code >= 3000 && code <= 4999);
      throw new DOMException("refused", isCode ? "SyntaxError" : "InvalidAccessError");
    }
  }
}

for (const type of ["open", "message", "error", "close"]) {
  Object.defineProperty(WebSocket.prototype, `on${type}`, {
    get() { return this.handlerOf(type); },
    set(value) { this.setHandler(type, value); },
  });
}
