// What of cases/api has no counterpart in C, and why.

const FUNCTIONS = {
  hasConstants: "the states are an enumeration",
  readsOnly: "attributes are functions, which nobody can write to",
  hasHandler: "a handler is a pointer to a function, and nothing else can be one",
  isAnEventTarget: "C has no classes",
  takesBinaryType: "the binary type is an enumeration",
  startsWithBlob: null,
  sendsOther: "there is a function for text, one for octets and one for blobs",
  refusesWhatIsNoText: "there is a function for text, one for octets and one for blobs",
  refusesHalfSurrogateProtocol: null,
  refusesHalfSurrogates: "text is octets, and what is not UTF-8 is refused",
  sendsHalfSurrogates: "text is octets, and what is not UTF-8 is refused",
  sendsHalfSurrogate: "text is octets, and what is not UTF-8 is refused",
  goesOnBehindAnException: "C has no exceptions",
  firesMessage: "an event is a struct without origin",
  firesTrusted: "only the library itself makes events",
  firesClose: "an event is a struct without class",
  firesError: "an event is a struct without class",
  sendsCookies: "there are no cookies",
  goesAwayWithItsDocument: "there are no documents",
  resolvesRelative: "there is no base URL",
  hasDefaults: "an event is a struct without constructor",
  takesValues: "an event is a struct without constructor",
  convertsValues: "an event is a struct without constructor",
  isReadOnly: "an event is a struct, borrowed as const",
  needsAType: "an event is a struct without constructor",
};

// The reason, or null.
export function skip(one) {
  const { function: name, with: words } = one.call;
  if (FUNCTIONS[name]) { return FUNCTIONS[name]; }
  const isCode = Number.isInteger(words.code) && words.code > 0 && words.code < 65536;
  if ((name === "refusesCode" || name === "sendsCode") && !isCode) {
    return "a code is a uint16_t, of which 0 is none";
  }
  return name === "counts" && words.kind === "halves" ? FUNCTIONS.sendsHalfSurrogates : null;
}
