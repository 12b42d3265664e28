// The interface CloseEvent by itself.

const DEFAULTS = { wasClean: false, code: 0, reason: "" };

function made(test, ...words) {
  if (typeof CloseEvent === "undefined") { test.skip("the runtime has no CloseEvent"); }
  return test.doesNotThrow(() => new CloseEvent(...words), "new CloseEvent()");
}

export function hasDefaults(test) {
  for (const words of [["x"], ["x", {}], ["x", undefined]]) {
    const event = made(test, ...words);
    test.same(event.type, "x", "type");
    for (const [name, value] of Object.entries(DEFAULTS)) { test.same(event[name], value, name); }
    test.holds(event instanceof Event, "a CloseEvent is no Event");
  }
}

export function takesValues(test) {
  const event = made(test, "close", { wasClean: true, code: 3001, reason: "bye", bubbles: true });
  test.same([event.wasClean, event.code, event.reason, event.bubbles], [true, 3001, "bye", true],
            "wasClean, code, reason, bubbles");
}

export function convertsValues(test) {
  const event = made(test, "close", { wasClean: "yes", code: 65536 + 7, reason: "\ud800" });
  test.same(event.wasClean, true, "wasClean of a text");
  test.same(event.code, 7, "code of 65543");
  test.same(event.reason, "\ufffd", "reason of a lone surrogate");
}

export function isReadOnly(test) {
  const event = made(test, "close", { wasClean: true, code: 3001, reason: "bye" });
  for (const name of ["wasClean", "code", "reason"]) {
    const before = event[name];
    try { event[name] = 9; } catch { /* as it should */ }
    test.same(event[name], before, `${name}, once written to`);
  }
}

export function needsAType(test) {
  made(test, "x");
  test.throwsTypeError(() => new CloseEvent(), "new CloseEvent() without a type");
}
