// node main.mjs URL: plays the cases of `wspec serve --api` once with the WebSocket of socket.mjs.

import "./socket.mjs";

const { playAll } = await import("../../../cases/api/runner.mjs");
await playAll(process.argv[2], "bugs", { confirms: false });
process.exit(0);
