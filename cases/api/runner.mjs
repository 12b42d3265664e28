// Plays cases of `wspec serve --api` in whatever runtime imports this: a browser's page, or main.mjs
// under Node.js, Bun or Deno. A case is a function of a module beside this one; what it finds is posted
// to the server, which joins it with what it saw on the wire. docs/clients.md tells the rest.

const EVENT_LIMIT_MS = globalThis.wspecEventLimitMs ?? 15000; // a test of the cases has less time
const CASE_LIMIT_MS = 40000;
const QUIET_MS = 60;
const TEXT_MAX = 300;
const FINDINGS_MAX = 32;

// A value as a report shows it: what cannot stand in UTF-8 is escaped by JSON.
export function show(value) {
  let text;
  if (typeof value === "string" || Array.isArray(value)) {
    text = JSON.stringify(value);
  } else if (typeof value === "function") {
    text = `function ${value.name}`;
  } else if (Object.prototype.toString.call(value) === "[object Object]") {
    text = JSON.stringify(value);
  } else {
    text = String(value);
  }
  const letters = Array.from(text.toWellFormed ? text.toWellFormed() : text);
  return letters.length > TEXT_MAX ? `${letters.slice(0, TEXT_MAX).join("")}...` : letters.join("");
}

// What ends a case early; it is no finding by itself.
class Ended extends Error {}

// A promise that a case may leave alone: no runtime ends because it was rejected.
function handled(promise) {
  promise.catch(() => {});
  return promise;
}

// What a case's function is handed.
export class Case {
  constructor(one, base, agent) {
    const query = `?agent=${encodeURIComponent(agent)}`;
    const path = one.id.split("/").map(encodeURIComponent).join("/");
    this.base = base; // http://host:port/
    this.host = new URL(base).host;
    this.url = `${base.replace(/^http/, "ws")}case/${path}${query}`;
    this.with = one.call.with;
    this.findings = [];
    this.skipped = null;
  }

  // `requirement` is the case's first unless named; `rank` softens what it says: "warn", "info".
  find(message, { expected, seen, requirement, rank } = {}) {
    if (this.findings.length < FINDINGS_MAX) {
      this.findings.push({ message, expected, seen, requirement, rank });
    }
  }

  same(seen, expected, what, options = {}) {
    const isSame = Object.is(seen, expected) ||
      (Array.isArray(expected) && JSON.stringify(seen) === JSON.stringify(expected));
    if (!isSame) {
      const words = { expected: show(expected), seen: show(seen), ...options };
      this.find(`${what}: expected ${words.expected}, seen ${words.seen}`, words);
    }
    return isSame;
  }

  holds(isTrue, what, options = {}) {
    if (!isTrue) { this.find(what, options); }
    return isTrue;
  }

  // `action` throws a DOMException of that name.
  throws(action, name, what, options = {}) {
    let seen = "no exception";
    try {
      action();
    } catch (error) {
      if (error instanceof DOMException && error.name === name) { return true; }
      const kind = error instanceof DOMException ? "a DOMException" : `a ${error?.constructor?.name}`;
      seen = `${kind} named ${error?.name}`;
    }
    return this.same(seen, `a DOMException named ${name}`, what, options);
  }

  throwsTypeError(action, what, options = {}) {
    let seen = "no exception";
    try {
      action();
    } catch (error) {
      if (error instanceof TypeError) { return true; }
      seen = `a ${error?.constructor?.name} named ${error?.name}`;
    }
    return this.same(seen, "a TypeError", what, options);
  }

  doesNotThrow(action, what, options = {}) {
    try {
      return action();
    } catch (error) {
      this.find(`${what}: ${error?.name} was thrown`,
                { expected: "no exception", seen: String(error?.name), ...options });
      throw new Ended();
    }
  }

  // The case says nothing of this runtime, for `reason`.
  skip(reason) {
    this.skipped = reason;
    throw new Ended();
  }

  // The next event of that type; the case ends where it does not come.
  event(socket, type, options = {}) {
    return handled(new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.find(`no ${type} event within ${EVENT_LIMIT_MS / 1000} s, readyState is ` +
                  `${socket.readyState}`, { expected: `a ${type} event`, seen: "none", ...options });
        reject(new Ended());
      }, EVENT_LIMIT_MS);
      socket.addEventListener(type, (event) => { clearTimeout(timer); resolve(event); },
                              { once: true });
    }));
  }

  // The open event, or the end of the case where the socket closes instead.
  async opened(socket, options = {}) {
    const failed = this.event(socket, "close").then(() => "close", () => "nothing");
    const opened = this.event(socket, "open").then(() => "open", () => "nothing");
    const first = await Promise.race([failed, opened]);
    if (first !== "open") {
      this.same(first, "open", "the first of the events", options);
      throw new Ended();
    }
  }

  message(socket) {
    return handled(this.event(socket, "message").then((event) => event.data));
  }

  // All events of a socket from now on, in their order, as [type, readyState].
  log(socket) {
    const seen = [];
    for (const type of ["open", "message", "error", "close"]) {
      socket.addEventListener(type, () => { seen.push([type, socket.readyState]); });
    }
    return seen;
  }

  // Long enough for what must not come to have come.
  quiet(ms = QUIET_MS) {
    return new Promise((resolve) => { setTimeout(resolve, ms); });
  }

  // The close event, held against all that it says.
  ended(socket, code, reason, wasClean, options = {}) {
    return handled(this.event(socket, "close", options).then((event) => {
      this.same(event.code, code, "code of the close event", options);
      this.same(event.reason, reason, "reason of the close event", options);
      this.same(event.wasClean, wasClean, "wasClean of the close event", options);
      return event;
    }));
  }
}

// What a listener throws, or what nobody waits for any more, must not end the runtime; a browser would
// only log it.
let current = null;

function note(error) {
  if (!(error instanceof Ended) && error?.message !== "meant by the case") {
    current?.find(`${error?.name} was thrown within an event: ${error?.message}`);
  }
}

if (typeof process === "object" && typeof process.on === "function" && !globalThis.Deno) {
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
} else {
  globalThis.addEventListener?.("unhandledrejection", (event) => {
    note(event.reason);
    event.preventDefault();
  });
}

function limit(promise, ms) {
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(() => resolve("late"), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function run(one, test) {
  const module = await import(`./${one.call.module}`);
  const action = module[one.call.function];
  if (!action) { throw new Error(`${one.call.module} has no function ${one.call.function}`); }
  try {
    const end = await limit(action(test, test.with), CASE_LIMIT_MS);
    if (end === "late") { test.find(`the script is not over within ${CASE_LIMIT_MS / 1000} s`); }
  } catch (error) {
    if (!(error instanceof Ended)) {
      test.find(`${error?.name} was thrown: ${error?.message}`,
                { expected: "no exception", seen: String(error?.name) });
    }
  }
}

async function post(url, body) {
  const answer = await fetch(url, { method: "POST", body });
  const text = await answer.text();
  if (!answer.ok) { throw new Error(`${url}: ${answer.status} ${text}`); }
}

// Plays one entry of /cases and posts what was found.
export async function play(one, base, agent, skip = () => null) {
  const test = new Case(one, base, agent);
  const id = one.id.split("/").map(encodeURIComponent).join("/");
  const query = `${id}?agent=${encodeURIComponent(agent)}&confirm=1`;
  await post(`${base}playing/${query}`, "");
  current = test;
  test.skipped = skip(one);
  if (!test.skipped) { await run(one, test); }
  const body = { findings: test.findings };
  if (test.skipped) { body.skip = test.skipped; }
  await post(`${base}findings/${query}`, JSON.stringify(body));
}

// The same cases in an order that keeps those apart that stand together: Firefox makes a page wait that
// fails to connect again and again.
export function spread(cases) {
  const divides = (a, b) => (b === 0 ? a : divides(b, a % b));
  let step = Math.max(1, Math.round(cases.length * 0.618));
  while (divides(step, cases.length) > 1) { step++; }
  return cases.map((_, i) => cases[(i * step) % cases.length]);
}

// Plays all cases whose id begins with `prefix`, one after the other, and again what did not pass.
// `skip` gets an entry of /cases and returns why it is not for this runtime, or null. `confirms` false:
// nothing is played again.
export async function playAll(base, agent, { prefix = "", skip, confirms = true, onPlayed = () => {} } = {}) {
  const list = async (query) => {
    const answer = await fetch(`${base}cases${query}`);
    return spread((await answer.json()).cases.filter((one) => one.id.startsWith(prefix)));
  };
  let done = 0;
  const again = `?unconfirmed=${encodeURIComponent(agent)}&wait=1`;
  for (const query of confirms ? ["", again] : [""]) {
    const cases = await list(query).catch((error) => {
      if (query === "") { throw error; }
      return []; // the last result may have been the end of the server
    });
    for (const one of cases) {
      await play(one, base, agent, skip);
      onPlayed(++done, cases.length);
    }
  }
  return done;
}
