// node main.mjs URL AGENT [PREFIX]: plays the cases of `wspec serve --api` in the runtime that runs it,
// Node.js from 22, Bun or Deno. URL is what the server prints for browsers.

import { playAll } from "./runner.mjs";

const words = globalThis.Deno ? Deno.args : process.argv.slice(2);
const [url, agent, prefix] = words;
const exit = globalThis.Deno ? Deno.exit : process.exit;

if (!url || !agent) {
  console.error("usage: main.mjs URL AGENT [PREFIX]");
  exit(2);
}
try {
  const done = await playAll(new URL("/", url).href, agent, { prefix });
  console.log(`${done} cases played`);
  exit(0);
} catch (error) {
  console.error(`main.mjs: ${error.message}`);
  exit(1);
}
