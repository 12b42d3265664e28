// node main.mjs PROGRAM URL AGENT [PREFIX]: plays the cases of `wspec serve --api` with the WebSocket
// API in C. PROGRAM is websocket_remote.

import { playAll } from "../../../cases/api/runner.mjs";
import { skip } from "./skips.mjs";
import { Blob, start, stop, WebSocket } from "./socket.mjs";

const [program, url, agent, prefix] = process.argv.slice(2);

start(program);
Object.assign(globalThis, { WebSocket, Blob });
const done = await playAll(new URL("/", url).href, agent, { prefix, skip });
stop();
console.log(`${done} cases played`);
process.exit(0);
