// new WebSocket(url, protocols): what it takes, what it refuses, and when.

// A URL that cannot be parsed, or whose scheme, or fragment, is refused.
export function refusesUrl(test, { url }) {
  test.throws(() => new WebSocket(url), "SyntaxError", `new WebSocket(${JSON.stringify(url)})`);
}

export function refusesProtocols(test, { protocols }) {
  test.throws(() => new WebSocket(test.url, protocols), "SyntaxError",
              `protocols ${JSON.stringify(protocols)}`);
}

export function refusesHalfSurrogateProtocol(test) {
  test.throws(() => new WebSocket(test.url, "\ud800"), "SyntaxError", "a lone surrogate as protocol");
}

// The request carries what was given; the wire judges it.
export async function offersProtocols(test, { protocols, chosen }) {
  const socket = new WebSocket(test.url, protocols);
  await test.opened(socket);
  test.same(socket.protocol, chosen, "protocol");
  await test.ended(socket, 1000, "", true);
}
