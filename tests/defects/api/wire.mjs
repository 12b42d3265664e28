// A connection to a WebSocket server: the handshake of RFC 6455 section 4.1, and frames.

import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

import { has } from "./switches.mjs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEAD_MAX = 65536;

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// `listener` has opened(protocol, extensions), message(opcode, octets), control(opcode, octets),
// closed(payload), failed(code, why) and ended().
export class Connection {
  #url; #protocols; #listener; #stream; #key;
  #octets = Buffer.alloc(0);
  #hasHead = false;
  #isOver = false;
  #message = null; // { opcode, parts }

  constructor(url, protocols, listener) {
    this.#url = url;
    this.#protocols = protocols;
    this.#listener = listener;
    this.#key = has("key-is-constant") ? "AAAAAAAAAAAAAAAAAAAAAA==" : randomBytes(16).toString("base64");
    const isTls = url.protocol === "wss:";
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(url.port) || (isTls ? 443 : 80);
    this.#stream = isTls ? tls.connect({ host, port, servername: net.isIP(host) ? "" : host })
      : net.connect({ host, port });
    this.#stream.setNoDelay(true);
    this.#stream.on(isTls ? "secureConnect" : "connect", () => this.#stream.write(this.#request()));
    this.#stream.on("data", (octets) => this.#take(octets));
    this.#stream.on("error", () => {});
    this.#stream.on("close", () => this.#end(isTls));
  }

  #request() {
    const lines = [`GET ${this.#url.pathname}${this.#url.search} HTTP/1.1`, `Host: ${this.#url.host}`];
    if (!has("no-upgrade")) { lines.push("Upgrade: websocket"); }
    lines.push(`Connection: ${has("no-connection-upgrade") ? "keep-alive" : "Upgrade"}`,
               `Sec-WebSocket-Key: ${this.#key}`, "Sec-WebSocket-Extensions: permessage-deflate");
    if (!has("no-version")) { lines.push("Sec-WebSocket-Version: 13"); }
    let offered = has("offers-first-protocol-only") ? this.#protocols.slice(0, 1) : this.#protocols;
    if (has("offers-default-protocol") && offered.length === 0) { offered = ["chat"]; }
    if (has("offers-protocols-in-lines")) {
      lines.push(...offered.map((protocol) => `Sec-WebSocket-Protocol: ${protocol}`));
    } else if (offered.length > 0) {
      lines.push(`Sec-WebSocket-Protocol: ${offered.join(", ")}`);
    }
    return `${lines.join("\r\n")}\r\n\r\n`;
  }

  // ---- The answer ----

  #take(octets) {
    this.#octets = Buffer.concat([this.#octets, octets]);
    if (!this.#hasHead) {
      const end = this.#octets.indexOf("\r\n\r\n");
      if (end < 0) {
        if (this.#octets.length > HEAD_MAX) { this.fail(1002, "no head"); }
        return;
      }
      const head = this.#octets.subarray(0, end).toString("latin1");
      this.#octets = this.#octets.subarray(end + 4);
      this.#hasHead = true;
      const why = this.#judge(head);
      if (why) { this.fail(1002, why); return; }
    }
    this.#takeFrames();
  }

  #judge(head) {
    const [first, ...lines] = head.split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    const fields = new Map();
    for (const line of lines) {
      const at = line.indexOf(":");
      const name = line.slice(0, at).toLowerCase();
      fields.set(name, [...(fields.get(name) ?? []), line.slice(at + 1).trim()]);
    }
    const isOpen = status === 101 || (has("takes-any-status") && status) ||
      (has("takes-2xx") && status >= 200 && status < 300) ||
      (has("follows-redirects") && status >= 300 && status < 400);
    if (!isOpen && !has("protocol-kept-from-failure")) { return "status"; }
    const why = !isOpen ? "status" : status === 101 ? this.#judgeFields((name) => fields.get(name)) : "";
    if (has("protocol-kept-from-failure") || !why) {
      this.#listener.agreed(fields.get("sec-websocket-protocol")?.[0] ?? "",
                            fields.get("sec-websocket-extensions")?.join(", ") ?? "");
    }
    if (!why) { this.#listener.opened(); }
    return why;
  }

  #judgeFields(field) {
    const accept = createHash("sha1").update(this.#key + GUID).digest("base64");
    const isUpgrade = field("upgrade")?.join().toLowerCase() === "websocket" &&
      field("connection")?.join().toLowerCase().split(/\s*,\s*/).includes("upgrade");
    if (!isUpgrade && !has("ignores-upgrade-of-answer")) { return "upgrade"; }
    if (field("sec-websocket-accept")?.join() !== accept && !has("ignores-accept")) { return "accept"; }
    const extensions = field("sec-websocket-extensions")?.join() ?? "";
    if (!/^(permessage-deflate.*)?$/.test(extensions) && !has("ignores-extensions")) {
      return "extensions";
    }
    return this.#judgeProtocol(field("sec-websocket-protocol"));
  }

  #judgeProtocol(chosen) {
    if (chosen === undefined) {
      return this.#protocols.length > 0 && !has("needs-no-protocol") ? "protocol" : "";
    }
    const isKnown = this.#protocols.includes(chosen.join()) || (has("protocol-without-case") &&
      this.#protocols.some((one) => one.toLowerCase() === chosen.join().toLowerCase()));
    return isKnown || has("takes-unasked-protocol") ? "" : "protocol";
  }

  // ---- Frames that come ----

  #takeFrames() {
    while (!this.#isOver) {
      const frame = this.#nextFrame();
      if (!frame) { return; }
      const fault = this.#fault(frame);
      if (fault) { this.fail(1002, fault); return; }
      this.#deliver(frame);
    }
  }

  #nextFrame() {
    const octets = this.#octets;
    if (octets.length < 2) { return null; }
    const isMasked = octets[1] >= 128;
    let length = octets[1] & 127;
    let at = 2;
    if (length === 126) {
      if (octets.length < 4) { return null; }
      length = octets.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (octets.length < 10) { return null; }
      length = Number(octets.readBigUInt64BE(2));
      at = 10;
    }
    const start = isMasked ? at + 4 : at;
    if (octets.length < start + length) { return null; }
    const payload = Buffer.from(octets.subarray(start, start + length));
    if (isMasked) { for (let i = 0; i < length; i++) { payload[i] ^= octets[at + (i & 3)]; } }
    this.#octets = octets.subarray(start + length);
    return { isFinal: octets[0] >= 128, rsv: octets[0] & 0x70, opcode: octets[0] & 15, isMasked, payload };
  }

  #fault({ isFinal, rsv, opcode, isMasked, payload }) {
    const isControl = opcode >= 8;
    if ((rsv || (opcode > 2 && opcode < 8) || opcode > 10) && !has("takes-rsv")) { return "reserved"; }
    if (isMasked && !has("takes-masked-frames")) { return "masked"; }
    if (isControl && (!isFinal || payload.length > 125) && !has("takes-bad-control-frames")) {
      return "control";
    }
    const isOutOfPlace = opcode === 0 ? !this.#message : !isControl && this.#message;
    return isOutOfPlace && !has("takes-bad-fragments") ? "fragments" : "";
  }

  #deliver({ isFinal, opcode, payload }) {
    if (opcode === OPCODE.close) {
      this.#listener.closed(payload);
    } else if (opcode >= 8) {
      if (opcode === OPCODE.ping) { this.write(OPCODE.pong, payload); }
      this.#listener.control(opcode, payload);
    } else {
      this.#message = opcode === 0 && this.#message ? this.#message : { opcode, parts: [] };
      this.#message.parts.push(payload);
      if (isFinal || has("fragments-are-messages")) {
        this.#listener.message(this.#message.opcode, Buffer.concat(this.#message.parts));
        this.#message = isFinal ? null : { opcode: this.#message.opcode, parts: [] };
      }
    }
  }

  // ---- Frames that go ----

  // `done` is called when the system has taken the octets.
  write(opcode, payload, done = () => {}) {
    const long = payload.length > 65535;
    const head = Buffer.alloc(long ? 14 : payload.length > 125 ? 8 : 6);
    head[0] = 128 | opcode;
    head[1] = 128 | (long ? 127 : payload.length > 125 ? 126 : payload.length);
    if (long) { head.writeBigUInt64BE(BigInt(payload.length), 2); }
    else if (payload.length > 125) { head.writeUInt16BE(payload.length, 2); }
    const key = randomBytes(4);
    key.copy(head, head.length - 4);
    const masked = Buffer.from(payload);
    for (let i = 0; i < masked.length; i++) { masked[i] ^= key[i & 3]; }
    if (this.#stream.writable) {
      this.#stream.write(head);
      this.#stream.write(masked, done);
    }
  }

  // ---- The end ----

  fail(code, why) {
    if (this.#isOver) { return; }
    this.#isOver = true;
    if (this.#hasHead && why !== "status") {
      this.write(OPCODE.close, Buffer.from([code >> 8, code & 255]));
    }
    this.#stream.end();
    this.#stream.destroySoon();
    this.#listener.failed(code, why);
  }

  #end(isTls) {
    if (this.#isOver) { return; }
    this.#isOver = true;
    this.#listener.ended(this.#hasHead ? "lost" : isTls ? "tls" : "refused");
  }
}
