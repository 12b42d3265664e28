// Event, MessageEvent, CloseEvent and EventTarget, as far as a WebSocket needs them.

import { has } from "./switches.mjs";

const trusted = new WeakSet();
const hidden = new WeakMap();

function readOnly(object, values, writable = false) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(object, name, { value, writable, enumerable: true, configurable: true });
  }
}

export class Event {
  constructor(type, init = {}) {
    if (arguments.length === 0) { throw new TypeError("an event needs a type"); }
    readOnly(this, { type: String(type), bubbles: Boolean(init.bubbles),
                     cancelable: Boolean(init.cancelable) });
    hidden.set(this, { target: null });
  }

  get target() { return hidden.get(this).target; }
  get currentTarget() { return hidden.get(this).target; }
  get isTrusted() { return trusted.has(this); }
  preventDefault() {}
}

export class MessageEvent extends Event {
  constructor(type, init = {}) {
    super(type, init);
    readOnly(this, { data: init.data ?? null, origin: init.origin ?? "", lastEventId: "", source: null,
                     ports: Object.freeze([]) });
  }
}

export class CloseEvent extends Event {
  constructor(type, init = {}) {
    if (arguments.length === 0 && !has("close-event-needs-no-type")) {
      throw new TypeError("an event needs a type");
    }
    super(type ?? "", init);
    const given = has("close-event-ignores-values") ? {} : init;
    const { wasClean = false, code = has("close-event-defaults-to-1000") ? 1000 : 0, reason = "" } = given;
    const values = has("close-event-converts-nothing") ? { wasClean, code, reason } :
      { wasClean: Boolean(wasClean), code: Number(code) & 0xffff, reason: String(reason).toWellFormed() };
    readOnly(this, values, has("close-event-can-be-written"));
  }
}

export class EventTarget {
  #listeners = [];

  // A listener is { type, callback, once, handler }; of a handler attribute, callback is its value.
  addEventListener(type, callback, options = {}) {
    if (!this.#listeners.some((one) => !one.handler && one.type === type && one.callback === callback)) {
      this.#listeners.push({ type, callback, once: Boolean(options?.once) });
    }
  }

  removeEventListener(type, callback) {
    if (!has("once-is-ignored")) {
      this.#listeners = this.#listeners.filter(
        (one) => one.handler || one.type !== type || one.callback !== callback);
    }
  }

  handlerOf(type) {
    return this.#listeners.find((one) => one.handler && one.type === type)?.callback ??
      (has("handlers-start-undefined") ? undefined : null);
  }

  setHandler(type, value) {
    const isKept = typeof value === "function" || (typeof value === "object" && value !== null &&
      !has("handlers-refuse-objects")) || (has("handlers-take-anything") && value !== undefined);
    const known = this.#listeners.findIndex((one) => one.handler && one.type === type);
    const listener = { type, callback: value, handler: true };
    if (!isKept) {
      this.#listeners = this.#listeners.filter((one) => !one.handler || one.type !== type);
    } else if (known < 0 || has("replaced-handler-stays")) {
      this.#listeners.push(listener);
    } else {
      this.#listeners[known] = listener;
    }
  }

  #called(type) {
    const called = this.#listeners.filter((one) => one.type === type);
    const order = has("handler-comes-first") ? -1 : has("handler-comes-last") ? 1 : 0;
    return order ? called.sort((a, b) => order * (Boolean(a.handler) - Boolean(b.handler))) : called;
  }

  // As the runtime does it itself: the event is trusted.
  fire(event) {
    if (!has("events-are-not-trusted")) { trusted.add(event); }
    if (hidden.has(event)) { hidden.get(event).target = this; }
    for (const listener of this.#called(event.type)) {
      if (!listener.handler && !this.#listeners.includes(listener)) { continue; }
      if (listener.once && !has("once-is-ignored")) {
        this.#listeners.splice(this.#listeners.indexOf(listener), 1);
      }
      try {
        this.#call(listener, event);
      } catch (error) {
        setTimeout(() => { throw error; }, 0);
        if (has("exception-ends-dispatch")) { return; }
      }
    }
  }

  #call({ callback, handler }, event) {
    if (typeof callback === "function") {
      callback.call(this, event);
    } else if (!handler && !has("objects-do-not-listen")) {
      callback.handleEvent(event);
    }
  }
}
