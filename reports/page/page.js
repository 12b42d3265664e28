"use strict";
/* The report: everything is made of the JSON packed in #data. Of a long list only the blocks of rows near
   what is seen are in the page, so that 30 targets by 1,500 cases stay quick. */
(async () => {
async function unpack(base64) {
  const octets = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

const data = await unpack(document.getElementById("data").textContent);
const VERDICTS = ["pass", "info", "warn", "fail", "skip", "error"];
const GLYPHS = { pass: "✓", info: "i", warn: "!", fail: "✗", skip: "–", error: "e" };
const several = data.targets.length > 1;
const $ = (id) => document.getElementById(id);

/* ---- Elements ---- */

/* el("a.cls", {href}, child, ...): text is always text. */
function el(name, attributes, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const badge = (verdict) => el(`span.badge.${verdict}.bg-${verdict}`, null, verdict);
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

// All but one of the standards are RFCs.
const isWhatwg = (rfc) => rfc === "whatwg";

function sectionUrl(rfc, section) {
  if (isWhatwg(rfc)) return "https://websockets.spec.whatwg.org/";
  return `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}`;
}

function sectionLink(rfc, section) {
  return el("a", { href: sectionUrl(rfc, section), rel: "noreferrer" },
            `${isWhatwg(rfc) ? "WHATWG WebSockets" : `RFC ${rfc}`}, section ${section}`);
}

function specLink(spec, section) {
  const rfc = /^rfc(\d+)$/.exec(spec);
  return rfc && /^\d/.test(section) ? sectionLink(rfc[1], section) : `${spec} ${section}`;
}

/* ---- Results ---- */

/* A plain pass is a number, its milliseconds; 0-length entries are cases that a target did not play. */
function resultOf(target, index) {
  const entry = data.results[target][index];
  if (entry === null) return null;
  return typeof entry === "number" ? { verdict: "pass", duration_ms: entry, findings: [] } : entry;
}

const verdictOf = (target, index) => {
  const entry = data.results[target][index];
  return entry === null ? null : typeof entry === "number" ? "pass" : entry.verdict;
};

const SEVERITY = { skip: 0, pass: 1, info: 2, warn: 3, error: 4, fail: 5 };
function worstOf(index) {
  let worst = null;
  for (let t = 0; t < data.targets.length; t++) {
    const verdict = verdictOf(t, index);
    if (verdict && (worst === null || SEVERITY[verdict] > SEVERITY[worst])) worst = verdict;
  }
  return worst;
}

const worst = data.cases.map((_, index) => worstOf(index));
const differs = data.cases.map((_, index) => {
  const first = verdictOf(0, index);
  return data.targets.some((_target, t) => verdictOf(t, index) !== first);
});
const haystack = data.cases.map((entry, index) => {
  const words = [entry.id, entry.summary, ...entry.requirements];
  for (let t = 0; t < data.targets.length; t++) {
    const result = data.results[t][index];
    if (result && typeof result === "object") {
      if (result.skip_reason) words.push(result.skip_reason);
      for (const finding of result.findings) words.push(finding.requirement || "", finding.message);
    }
  }
  return words.join(" ").toLowerCase();
});

function countsOf(indices, target) {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]));
  for (const index of indices) {
    for (let t = target ?? 0; t < (target === undefined ? data.targets.length : target + 1); t++) {
      const verdict = verdictOf(t, index);
      if (verdict) counts[verdict]++;
    }
  }
  return counts;
}

const everything = data.cases.map((_, index) => index);
const sections = [];
everything.forEach((index) => {
  const { spec, section } = data.cases[index];
  const last = sections[sections.length - 1];
  if (last && last.spec === spec && last.section === section) last.indices.push(index);
  else sections.push({ spec, section, indices: [index] });
});

/* ---- State ---- */

const state = { view: "cases", find: "", hidden: new Set(), differ: false, open: null, target: 0 };

function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  state.view = ["cases", "sections", "requirements"].includes(parts.get("view")) ? parts.get("view") : "cases";
  state.target = Math.min(Math.max(Number(parts.get("target")) || 0, 0), data.targets.length - 1);
  const open = data.cases.findIndex((entry) => entry.id === parts.get("case"));
  state.open = open < 0 ? null : open;
}

function hashFor(changes) {
  const next = { view: state.view, open: state.open, target: state.target, ...changes };
  const parts = new URLSearchParams();
  if (next.view !== "cases") parts.set("view", next.view);
  if (next.open !== null) parts.set("case", data.cases[next.open].id);
  if (next.target) parts.set("target", next.target);
  return `#${parts}`;
}

function isShown(index) {
  if (state.find && !state.find.split(/\s+/).every((word) => haystack[index].includes(word))) return false;
  if (state.differ && !differs[index]) return false;
  if (!state.hidden.size) return true;
  return data.targets.some((_target, t) => {
    const verdict = verdictOf(t, index);
    return verdict && !state.hidden.has(verdict);
  });
}

/* ---- Head ---- */

function bar(counts) {
  const total = VERDICTS.reduce((sum, verdict) => sum + counts[verdict], 0);
  const element = el("div.bar", { "aria-hidden": "true" });
  for (const verdict of ["fail", "error", "warn", "info", "pass", "skip"]) {
    if (counts[verdict]) {
      const part = el(`i.${verdict}`);
      part.style.flex = `${counts[verdict] / total} 0 0`;
      element.append(part);
    }
  }
  return element;
}

const labelOf = (target) => target.name || target.url;
const seconds = (ms) => (ms < 10000 ? `${(ms / 1000).toFixed(2)} s` : `${Math.round(ms / 1000)} s`);

function renderHead() {
  const first = data.targets[0];
  $("label").textContent = several ? plural(data.targets.length, "target") : labelOf(first);
  $("about").textContent = several
    ? `${plural(data.cases.length, "case")}, wspec ${first.version}`
    : [first.agent, `oracle ${first.oracle}`, first.started.replace("T", " ").replace("Z", " UTC"),
      seconds(first.duration_ms), `seed ${first.seed}`, `wspec ${first.version}`].filter(Boolean).join(" · ");
  data.targets.forEach((target, t) => {
    const lacks = target.selected - everything.filter((index) => verdictOf(t, index)).length;
    const note = lacks > 0 ? `The run was cut off: ${lacks} of ${target.selected} results are missing.` : "";
    if ((several && data.targets.length <= 8) || note || target.remark) {
      $("targets").append(el("li", null, el("strong", null, labelOf(target)),
        target.agent ? ` ${target.agent}` : "", ` ${seconds(target.duration_ms)} `,
        note ? el("strong.fail", null, note) : "", target.remark ? ` ${target.remark}` : ""));
    }
  });
  if (!$("targets").children.length) $("targets").remove();
  $("bar").replaceWith(bar(countsOf(everything)));
  const counts = countsOf(everything);
  for (const verdict of VERDICTS) {
    const chip = el(`button.chip.${verdict}`, { type: "button", "aria-pressed": "true" },
      el("b", null, String(counts[verdict])), ` ${verdict}`);
    chip.addEventListener("click", () => {
      if (!state.hidden.delete(verdict)) state.hidden.add(verdict);
      chip.setAttribute("aria-pressed", String(!state.hidden.has(verdict)));
      renderMain();
    });
    if (counts[verdict]) $("verdicts").append(chip);
  }
  $("differ-label").hidden = !several;
}

function renderTabs() {
  const names = { cases: several ? "Matrix" : "Cases", sections: "By section", requirements: "By requirement" };
  $("tabs").replaceChildren(...Object.entries(names).map(([view, name]) =>
    el("a", { href: hashFor({ view }), "aria-current": view === state.view ? "page" : null }, name)));
}

/* ---- Cases, and the matrix ---- */

function cell(target, index) {
  const entry = data.results[target][index];
  const verdict = verdictOf(target, index);
  if (!verdict) return el("span.cell", { role: "cell" }, el("span", { role: "img", "aria-label": "not played" }, " "));
  const known = typeof entry === "object" && entry.known;
  const name = `${verdict}${known ? ", known" : ""}`;
  const link = el(`a.cell.${verdict}.bg-${verdict}${known ? ".known" : ""}`,
    { href: hashFor({ open: index, target }), "aria-label": several ? `${name}, ${labelOf(data.targets[target])}` : name,
      title: several ? `${labelOf(data.targets[target])}: ${name}` : name, tabindex: "-1" },
    several ? GLYPHS[verdict] : verdict);
  return el("span", { role: "cell", style: "display:grid" }, link);
}

function caseRow(index) {
  const entry = data.cases[index];
  return el(`div.row${index === state.open ? ".open" : ""}`, { role: "row", "data-case": index },
    el("span.who", { role: "rowheader" }, el("a", { href: hashFor({ open: index, target: firstTarget(index) }) },
      el("span.id", null, entry.id), el("small", null, entry.summary))),
    ...data.targets.map((_target, t) => cell(t, index)));
}

/* Where to look first: the target that did worst. */
function firstTarget(index) {
  if (!several || verdictOf(state.target, index) === worst[index]) return state.target;
  return Math.max(0, data.targets.findIndex((_target, t) => verdictOf(t, index) === worst[index]));
}

function groupRow(section, indices) {
  const shown = (t) => {
    const counts = countsOf(indices, t);
    const bad = counts.fail + counts.error;
    return bad ? el("span.fail", { role: "img", "aria-label": `${bad} failed` }, String(bad)) : el("span", { role: "img", "aria-label": "none failed" }, "·");
  };
  return el("div.row.group", { role: "row" },
    el("span.who", { role: "rowheader" }, specLink(section.spec, section.section), ` · ${plural(indices.length, "case")}`),
    ...data.targets.map((_target, t) => el("span.cell", { role: "cell" }, shown(t))));
}

/* Rows in blocks; `fill` and `empty` keep the height, so that the scroll bar stays true. */
const BLOCK_ROWS = 25;
const ROW_PX = 47;
const FEW_CELLS = 2500;
const NEAR = "900px 0px";
let blocks = [];
let observer = null;

function fill(block) {
  if (block.element.firstChild) return;
  block.element.append(...block.lines.map((line) => (line.section ? groupRow(line.section, line.indices) : caseRow(line.index))));
  block.element.style.height = "";
}

function empty(block) {
  if (!block.element.firstChild) return;
  block.element.style.height = `${block.element.offsetHeight}px`;
  block.element.replaceChildren();
}

function watch(root) {
  const byElement = new Map(blocks.map((block) => [block.element, block]));
  observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) fill(byElement.get(entry.target)); else empty(byElement.get(entry.target));
    }
  }, { root, rootMargin: NEAR });
  for (const block of blocks) observer.observe(block.element);
}

function makeBlocks(lines) {
  blocks = [];
  for (let i = 0; i < lines.length; i += BLOCK_ROWS) {
    const element = el("div", { role: "rowgroup" });
    const block = { element, lines: lines.slice(i, i + BLOCK_ROWS) };
    element.style.height = `${block.lines.length * ROW_PX}px`;
    blocks.push(block);
  }
  return blocks.map((block) => block.element);
}

/* The row of a case, which is put into the page if it is not there; null: it is filtered out. */
function rowOf(index) {
  const block = blocks.find((each) => each.lines.some((line) => line.index === index));
  if (!block) return null;
  fill(block);
  return block.element.querySelector(`[data-case="${index}"]`);
}

function reveal(index, where) {
  const show = () => rowOf(index)?.scrollIntoView({ block: where, inline: "nearest" });
  if (index === null) return;
  show();
  /* What came into the page around it may have another height than was guessed. */
  requestAnimationFrame(() => requestAnimationFrame(show));
}

function renderCases() {
  const table = el("div", { role: "table", "aria-label": "Cases" });
  table.style.setProperty("--n", data.targets.length);
  table.style.setProperty("--cell", several ? "2.1rem" : "4.5rem");
  if (several) {
    table.append(el("div.row.names", { role: "row" }, el("span", { role: "columnheader" }, "Case"),
      ...data.targets.map((target) => el("span", { role: "columnheader", title: target.url }, labelOf(target)))));
    table.style.minWidth = `calc(16rem + ${data.targets.length} * 2.1rem)`;
  }
  const lines = [];
  let n = 0;
  for (const section of sections) {
    const indices = section.indices.filter(isShown);
    if (indices.length) lines.push({ section, indices }, ...indices.map((index) => ({ index })));
    n += indices.length;
  }
  table.setAttribute("aria-rowcount", lines.length + (several ? 1 : 0));
  table.append(...makeBlocks(lines));
  if (lines.length * (data.targets.length + 2) <= FEW_CELLS) blocks.forEach(fill);
  return [n ? table : el("p.none", null, "No case fits the search and the verdicts."), n];
}

/* ---- By section ---- */

function renderSections() {
  const body = el("tbody");
  let n = 0;
  for (const section of sections) {
    const indices = section.indices.filter(isShown);
    if (!indices.length) continue;
    n += indices.length;
    const counts = countsOf(indices);
    body.append(el("tr", null, el("th", { scope: "row" }, specLink(section.spec, section.section)),
      el("td.n", null, String(indices.length)),
      ...VERDICTS.map((verdict) => el(`td.n.${counts[verdict] ? verdict : "zero"}`, null, String(counts[verdict]))),
      el("td", null, bar(counts))));
  }
  const head = el("thead", null, el("tr", null, el("th", { scope: "col" }, "Section"), el("th.n", { scope: "col" }, "cases"),
    ...VERDICTS.map((verdict) => el("th.n", { scope: "col" }, verdict)), el("th", { scope: "col" }, "share")));
  return [n ? el("table", null, head, body) : el("p.none", null, "No case fits the search and the verdicts."), n];
}

/* ---- By requirement ---- */

const casesOf = new Map(Object.keys(data.requirements).map((id) => [id, new Set()]));
data.cases.forEach((entry, index) => {
  for (const id of entry.requirements) casesOf.get(id)?.add(index);
  for (let t = 0; t < data.targets.length; t++) {
    for (const finding of resultOf(t, index)?.findings || []) casesOf.get(finding.requirement)?.add(index);
  }
});

function requirementWords(id) {
  const item = data.requirements[id];
  if (!item) return el("p", null, el("code", null, id));
  return el("div", null,
    el("p", null, el("code", null, id), " ", el("strong", null, item.keyword), `, ${item.actor}, `,
      sectionLink(item.rfc, item.section)), el("p", null, item.text));
}

function violations(id) {
  let n = 0;
  for (const index of casesOf.get(id)) {
    for (let t = 0; t < data.targets.length; t++) {
      n += (resultOf(t, index)?.findings || []).some((finding) => finding.requirement === id &&
        (finding.verdict === "fail" || finding.verdict === "warn"));
    }
  }
  return n;
}

function renderRequirements() {
  const list = el("div");
  let n = 0;
  for (const id of Object.keys(data.requirements)) {
    const indices = [...casesOf.get(id)].filter(isShown);
    if (!indices.length) continue;
    n++;
    const broken = violations(id);
    list.append(el("section.requirement", { "aria-label": id }, requirementWords(id),
      el(`p.${broken ? "fail" : "pass"}`, null, broken ? `violated in ${plural(broken, "result")}` : "not violated"),
      el("ul", { "aria-label": "Cases" }, ...indices.map((index) => el("li", null,
        el(`a.id.${worst[index] || "skip"}.bg-${worst[index] || "skip"}`,
          { href: hashFor({ open: index, target: firstTarget(index) }) }, `${data.cases[index].id} ${GLYPHS[worst[index]] || ""}`))))));
  }
  return [n ? list : el("p.none", null, "No requirement fits the search and the verdicts."), n];
}

/* The matrix scrolls inside what is left of the window: its names stay above their columns. */
function fitMain() {
  const main = $("main");
  const above = main.getBoundingClientRect().top + scrollY;
  main.style.maxHeight = main.classList.contains("scroll") ? `${Math.max(300, innerHeight - above - 8)}px` : "";
}

function renderMain() {
  const render = { cases: renderCases, sections: renderSections, requirements: renderRequirements }[state.view];
  observer?.disconnect();
  blocks = [];
  const [element, n] = render();
  const isMatrix = several && state.view === "cases";
  $("main").className = isMatrix ? "scroll" : "";
  $("main").replaceChildren(element);
  fitMain();
  if (blocks.some((block) => !block.element.firstChild)) watch(isMatrix ? $("main") : null);
  $("count").textContent = state.view === "requirements" ? plural(n, "requirement") : `${n} of ${plural(data.cases.length, "case")}`;
  markOpen();
}

/* ---- Octets to frames ---- */

const OPCODES = { 0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong" };

function fromHex(hex) {
  const octets = new Uint8Array(hex.length / 2);
  for (let i = 0; i < octets.length; i++) octets[i] = parseInt(hex.substr(2 * i, 2), 16);
  return octets;
}

/* One direction of one connection: pieces that were kept, with the entry that each came in. */
class Stream {
  constructor() { this.pieces = []; this.end = 0; }
  add(entry, index) {
    const runs = [{ offset: entry.offset, octets: entry.octets }, ...(entry.more || [])];
    for (const run of runs) {
      if (run.octets) this.pieces.push({ start: run.offset, octets: fromHex(run.octets), index, at_us: entry.at_us });
    }
    this.end = Math.max(this.end, entry.offset + entry.len);
  }
  piece(offset) {
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.pieces[middle].start <= offset) low = middle + 1; else high = middle;
    }
    const piece = this.pieces[low - 1];
    return piece && offset < piece.start + piece.octets.length ? piece : null;
  }
  octet(offset) {
    const piece = this.piece(offset);
    return piece ? piece.octets[offset - piece.start] : undefined;
  }
  text(start, end) {
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCharCode(this.octet(i) ?? 0x2026);
    return text;
  }
  /* The offset behind the first empty line, or -1. */
  headEnd(start) {
    for (let i = start; i + 3 < Math.min(this.end, start + 65536); i++) {
      if (this.octet(i) === 13 && this.octet(i + 1) === 10 && this.octet(i + 2) === 13 && this.octet(i + 3) === 10) return i + 4;
    }
    return -1;
  }
}

/* The frame whose header begins at `at`; null if the header is not all there. */
function frameAt(stream, at) {
  const first = stream.octet(at);
  const second = stream.octet(at + 1);
  if (first === undefined || second === undefined) return null;
  const masked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  let len = extra ? 0n : BigInt(short);
  for (let i = 0; i < extra; i++) {
    const octet = stream.octet(at + 2 + i);
    if (octet === undefined) return null;
    len = len * 256n + BigInt(octet);
  }
  const key = [];
  for (let i = 0; masked && i < 4; i++) {
    key.push(stream.octet(at + 2 + extra + i));
    if (key[i] === undefined) return null;
  }
  const payload = at + 2 + extra + (masked ? 4 : 0);
  const there = Math.min(Number(len > BigInt(Number.MAX_SAFE_INTEGER) ? stream.end : len), Math.max(0, stream.end - payload));
  return { fin: first >> 7, rsv: (first >> 4) & 7, opcode: first & 15, masked, key, len, form: extra ? extra * 8 : 7,
    start: at, keyStart: payload - (masked ? 4 : 0), payload, end: payload + there, whole: BigInt(there) === len };
}

function decode(stream, isSent) {
  const items = [];
  let at = 0;
  let frames = false;
  while (!frames) {
    const end = stream.headEnd(at);
    if (end < 0) break;
    const line = stream.text(at, Math.min(end, at + 200)).split("\r\n")[0];
    items.push({ kind: "head", start: at, end, line });
    at = end;
    const status = /^HTTP\/1\.\d (\d{3})/.exec(line);
    frames = isSent || (status && status[1] === "101");
    if (!frames && !(status && status[1][0] === "1")) break;
  }
  while (frames && at < stream.end && items.length < 2000) {
    const frame = frameAt(stream, at);
    if (!frame) break;
    items.push({ kind: "frame", ...frame });
    at = frame.end;
  }
  if (at < stream.end) items.push({ kind: "octets", start: at, end: stream.end });
  return items;
}

const utf8 = new TextDecoder("utf-8", { fatal: false });

function payloadPreview(stream, frame) {
  const octets = [];
  for (let i = frame.payload; i < frame.end && octets.length < 96; i++) {
    const octet = stream.octet(i);
    if (octet === undefined) break;
    octets.push(frame.masked ? octet ^ frame.key[(i - frame.payload) % 4] : octet);
  }
  if (frame.opcode === 8) {
    if (octets.length < 2) return octets.length ? "one octet: no status code" : "no status code";
    const code = octets[0] * 256 + octets[1];
    return `status code ${code}${octets.length > 2 ? `, “${utf8.decode(new Uint8Array(octets.slice(2)))}”` : ""}`;
  }
  if (!octets.length) return "";
  const text = utf8.decode(new Uint8Array(octets));
  const plain = !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
  const cut = frame.len > BigInt(octets.length) ? "…" : "";
  return plain ? `“${text}${cut}”` : "";
}

/* ---- Hex ---- */

/* At most a few lines of 16, from the start of the item; behind a gap, the lines around an octet
   that is wrong. */
function hexLines(item, wrong) {
  const lines = [];
  const last = Math.min(item.end, item.start + 64);
  for (let at = item.start; at < last; at += 16) lines.push(at);
  for (const offset of wrong) {
    const line = offset - ((offset - item.start) % 16);
    for (const at of [line - 16, line, line + 16]) {
      if (at >= item.start && at < item.end && !lines.includes(at)) lines.push(at);
    }
  }
  return lines.sort((a, b) => a - b);
}

function hexLine(stream, item, at, wrong) {
  const parts = [`${String(at).padStart(5)}  `];
  let ascii = "";
  for (let i = at; i < at + 16; i++) {
    const octet = i < item.end ? stream.octet(i) : undefined;
    if (octet === undefined) {
      parts.push(i < item.end ? "·· " : "   ");
      ascii += i < item.end ? "·" : "";
      continue;
    }
    const hex = octet.toString(16).padStart(2, "0");
    const kind = item.kind !== "frame" ? "" : i >= item.payload ? "" : i >= item.keyStart ? "k" : "h";
    const inner = wrong.includes(i) ? el("mark", null, hex) : kind ? el(`span.${kind}`, null, hex) : hex;
    parts.push(inner, " ");
    const shown = item.kind === "frame" && item.masked && i >= item.payload ? octet ^ item.key[(i - item.payload) % 4] : octet;
    ascii += shown >= 0x20 && shown < 0x7f ? String.fromCharCode(shown) : ".";
  }
  return [...parts, el("span.a", null, ` ${ascii}`), "\n"];
}

function hexDump(stream, item, wrong) {
  const lines = hexLines(item, wrong);
  const pre = el("pre.hex", { tabindex: "0", role: "group", "aria-label": "Octets in hex" });
  lines.forEach((at, i) => {
    if (i && at !== lines[i - 1] + 16) pre.append("    …\n");
    pre.append(...hexLine(stream, item, at, wrong));
  });
  const shown = lines.length * 16;
  if (item.end - item.start > shown) pre.append(`    … ${item.end - item.start} octets in all`);
  return pre;
}

/* ---- Timeline ---- */

function frameWords(stream, item, fromClient) {
  const name = OPCODES[item.opcode] || `reserved opcode 0x${item.opcode.toString(16)}`;
  const words = [el("b", null, name), el("span", null, `FIN ${item.fin}`)];
  if (item.rsv) words.push(el("b.warn", null, `RSV ${item.rsv.toString(2).padStart(3, "0")}`));
  words.push(item.masked
    ? el("span", null, `masked ${item.key.map((octet) => octet.toString(16).padStart(2, "0")).join(" ")}`)
    : el(fromClient ? "b.warn" : "span", null, "not masked"));
  words.push(el("span", null, `${item.len} octet${item.len === 1n ? "" : "s"}${item.form > 7 ? ` (${item.form}-bit length)` : ""}`));
  if (!item.whole) words.push(el("b.warn", null, `cut off: ${item.end - item.payload} came`));
  const preview = payloadPreview(stream, item);
  if (preview) words.push(el("code", null, preview));
  return words;
}

function headWords(stream, item, wrong) {
  const pre = el("pre.head", { tabindex: "0", role: "group", "aria-label": "HTTP head" });
  let from = item.start;
  for (const offset of [...wrong, item.end]) {
    pre.append(stream.text(from, Math.min(offset, item.start + 4000)).replaceAll("\r\n", "\n").replace(/\n\n$/, ""));
    if (offset < item.end) pre.append(el("mark", null, stream.text(offset, offset + 1)));
    from = offset + 1;
  }
  return pre;
}

const EVENTS = { connect: "we connect", connected: "connected", refused: "the connection was refused", "fin-sent": "we close our side (FIN)",
  "fin-received": "the target closed its side (FIN)", "reset-sent": "we reset (RST)", "reset-received": "the connection broke (RST)" };

function streamItems(entries, role, wrongAt) {
  const streams = new Map();
  entries.forEach((entry, index) => {
    if (entry.kind !== "sent" && entry.kind !== "received") return;
    const key = `${entry.connection} ${entry.kind}`;
    if (!streams.has(key)) streams.set(key, new Stream());
    streams.get(key).add(entry, index);
  });
  const items = [];
  for (const [key, stream] of streams) {
    const [connection, kind] = key.split(" ");
    for (const item of decode(stream, kind === "sent")) {
      const piece = stream.piece(item.start);
      const wrong = kind === "received" ? wrongAt(Number(connection)).filter((at) => at >= item.start && at < item.end) : [];
      items.push({ ...item, stream, kind2: kind, connection: Number(connection), wrong, index: piece ? piece.index : Infinity,
        at_us: piece ? piece.at_us : 0, fromClient: (kind === "sent") === (role === "server") });
    }
  }
  return items;
}

function itemRow(item, manyConnections) {
  const words = item.kind === "frame" ? frameWords(item.stream, item, item.fromClient)
    : item.kind === "head" ? [el("b", null, item.fromClient ? "request" : "response"), el("span", null, `${item.end - item.start} octets`)]
      : [el("b", null, "octets"), el("span", null, `${item.end - item.start}, no frame begins here or it was cut off`)];
  const ways = { sent: ["→", "sent"], received: ["←", "received"] }[item.kind2];
  return el(`li.${item.kind2}${item.wrong.length ? ".wrong" : ""}`, null,
    el("time", null, `${(item.at_us / 1000).toFixed(3)} ms`), el("span.way", { role: "img", "aria-label": ways[1], title: ways[1] }, ways[0]),
    el("div", null, el("div.what", null, ...words, manyConnections ? el("span", null, `connection ${item.connection}`) : null,
      item.wrong.length ? el("strong.fail", null, "the first wrong octet is marked") : null),
    item.kind === "head" ? headWords(item.stream, item, item.wrong) : hexDump(item.stream, item, item.wrong)));
}

function eventRow(entry, manyConnections) {
  const text = entry.kind === "step" ? `step ${entry.offset + 1}` : EVENTS[entry.kind] +
    (entry.kind === "refused" && entry.octets ? `: ${utf8.decode(fromHex(entry.octets))}` : "");
  return el(`li.${entry.kind === "step" ? "step" : "event"}`, null, el("time", null, `${(entry.at_us / 1000).toFixed(3)} ms`), el("span.way", { "aria-hidden": "true" }, entry.kind === "step" ? "" : "•"),
    el("span", null, text, manyConnections && entry.kind !== "step" ? ` (connection ${entry.connection})` : ""));
}

function timeline(result, entries, role) {
  const wrongAt = (connection) => result.findings.filter((finding) => finding.connection === connection && finding.offset !== null &&
    finding.verdict !== "info").map((finding) => finding.offset).filter((at, i, all) => all.indexOf(at) === i).sort((a, b) => a - b);
  const many = entries.some((entry) => entry.connection > 0);
  const rows = streamItems(entries, role, wrongAt).map((item) => ({ index: item.index, start: item.start, element: itemRow(item, many) }));
  entries.forEach((entry, index) => {
    if (entry.kind !== "sent" && entry.kind !== "received") rows.push({ index, start: 0, element: eventRow(entry, many) });
  });
  rows.sort((a, b) => a.index - b.index || a.start - b.start);
  return el("ol.timeline", null, ...rows.map((row) => row.element));
}

/* ---- One case ---- */

function findingElement(finding) {
  const rows = [];
  const add = (name, ...value) => rows.push(el("dt", null, name), el("dd", null, ...value));
  if (finding.expected && finding.seen) { add("expected", finding.expected); add("seen", finding.seen); } else add("found", finding.message);
  if (finding.requirement) add("sentence", `${finding.level || ""} `, el("code", null, finding.requirement));
  if (finding.offset !== null) add("where", `octet ${finding.offset} of what the target sent${finding.connection ? ` on connection ${finding.connection}` : ""}, after ${(finding.at_us / 1000).toFixed(3)} ms`);
  return el(`div.finding.${finding.verdict}`, null, el("dl", null, ...rows));
}

function commandElement(target, id) {
  const text = `${target.reproduce} --cases ${id} -v${target.reproduce_end}`;
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; } catch { button.textContent = "Select it"; }
  });
  return el("div.command", null, el("pre", null, text), button);
}

/* "PASS: this. NOTE: that. FAIL: the rest." as a paragraph each. */
function acceptParts(accept) {
  const labels = { PASS: "Allowed: ", NOTE: "Allowed, but noted: ", FAIL: "Not allowed: " };
  const parts = accept.split(/\b(PASS|NOTE|FAIL): /);
  const before = parts.shift().trim();
  const paragraphs = before ? [el("p", null, el("strong", null, labels.PASS), before)] : [];
  for (let i = 0; i < parts.length; i += 2) {
    paragraphs.push(el("p", null, el("strong", null, labels[parts[i]]), parts[i + 1].trim()));
  }
  return paragraphs;
}

function requirementElement(id) {
  const item = data.requirements[id];
  const words = requirementWords(id);
  if (item && item.accept) words.append(...acceptParts(item.accept));
  words.className = "requirement";
  return words;
}

function closeWords(close) {
  const codes = { 1005: "a close frame without status code", 1006: "no close frame" };
  const code = codes[close.code] || `a close frame with ${close.code}${close.reason ? ` “${close.reason}”` : ""}`;
  const by = { nobody: "nobody closed TCP", target: "the target closed TCP first", peer: "we closed TCP first" }[close.by];
  return `${code}; ${by}${close.clean ? "; clean" : ""}`;
}

function renderCase() {
  const aside = $("case");
  const isOpen = state.open !== null && verdictOf(state.target, state.open) !== undefined;
  aside.hidden = !isOpen;
  $("split").classList.toggle("has-case", isOpen);
  if (!isOpen) { aside.replaceChildren(); return; }
  const entry = data.cases[state.open];
  const target = data.targets[state.target];
  const result = resultOf(state.target, state.open);
  const close = el("button.close", { type: "button" }, "Close");
  close.addEventListener("click", () => { location.hash = hashFor({ open: null }); });
  const parts = [close, el("h2", null, result ? badge(result.verdict) : "not played", " ", el("span.id", null, entry.id)), el("p.lead", null, entry.summary)];
  if (several) {
    parts.push(el("nav.others", { "aria-label": "The same case against" }, ...data.targets.map((other, t) => {
      const verdict = verdictOf(t, state.open) || "skip";
      return el(`a.${verdict}.bg-${verdict}`, { href: hashFor({ target: t }), "aria-current": t === state.target ? "true" : null },
        `${GLYPHS[verdict]} ${labelOf(other)}`);
    })));
  }
  if (result) parts.push(...resultParts(entry, target, result));
  aside.replaceChildren(...parts);
  aside.scrollTop = 0;
}

function resultParts(entry, target, result) {
  const parts = [];
  if (result.known) {
    parts.push(el("p", null, el("strong", null, "Known failure: "), result.known.reason, " ",
      result.known.link && /^https?:/.test(result.known.link) ? el("a", { href: result.known.link, rel: "noreferrer" }, result.known.link) : ""));
  }
  if (result.flaky) parts.push(el("p", null, el("strong.warn", null, "Flaky: "), "a second play ended otherwise."));
  if (result.unconfirmed) parts.push(el("p", null, el("strong", null, "Unconfirmed: "), "it was played only once, maybe beside others."));
  if (result.skip_reason) parts.push(el("p", null, result.skip_reason));
  parts.push(...result.findings.map(findingElement));
  const violated = [...new Set(result.findings.map((finding) => finding.requirement).filter(Boolean))];
  const others = entry.requirements.filter((id) => !violated.includes(id));
  if (violated.length) parts.push(el("h3", null, "What the RFC asks"), ...violated.map(requirementElement));
  parts.push(el("h3", null, "Play it again"), commandElement(target, entry.id));
  if (result.transcript) {
    parts.push(el("h3", null, "What passed"),
      el("p.legend", null, "→ sent by wspec, ← received from the target. ", el("code.h", { style: "background:var(--head-bg)" }, "frame header"), " ",
        el("code", { style: "background:var(--key-bg)" }, "masking key"), " then payload; the text beside it is unmasked.",
        result.elided ? " Long octets were left out (··)." : ""),
      timeline(result, result.transcript, target.role));
  }
  if (result.output) parts.push(el("h3", null, "What the client printed"), el("pre", null, result.output));
  if (result.flaky_transcript) parts.push(el("h3", null, "What passed in the other play"), timeline({ findings: [] }, result.flaky_transcript, target.role));
  if (others.length) parts.push(el("h3", null, violated.length ? "Also tested here" : "What the RFC asks"), ...others.map(requirementElement));
  if (result.close) parts.push(el("h3", null, "How it ended"), el("p", null, closeWords(result.close)));
  if (!result.transcript && result.verdict === "pass") parts.push(el("p.legend", null, "The report keeps no transcript of what passed; run with --transcripts all for that."));
  return parts;
}

/* ---- Moving about ---- */

function markOpen() {
  for (const row of document.querySelectorAll(".row.open")) row.classList.remove("open");
  if (state.open !== null) document.querySelector(`.row[data-case="${state.open}"]`)?.classList.add("open");
}

function move(step) {
  const shown = everything.filter(isShown);
  if (!shown.length) return;
  const at = shown.indexOf(state.open);
  const index = shown[Math.min(Math.max(at < 0 && step > 0 ? 0 : at + step, 0), shown.length - 1)];
  location.hash = hashFor({ open: index, target: firstTarget(index) });
  reveal(index, "nearest");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    location.hash = hashFor({ open: null });
  } else if (typing) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    $("find").focus();
  } else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
});

let pending = 0;
$("find").addEventListener("input", () => {
  clearTimeout(pending);
  pending = setTimeout(() => { state.find = $("find").value.trim().toLowerCase(); renderMain(); }, 80);
});
$("differ").addEventListener("change", () => { state.differ = $("differ").checked; renderMain(); });

function route() {
  const view = state.view;
  readHash();
  renderTabs();
  if (view !== state.view) renderMain();
  renderCase();
  markOpen();
}
window.addEventListener("hashchange", route);
window.addEventListener("resize", fitMain);
window.addEventListener("beforeprint", () => { observer?.disconnect(); blocks.forEach(fill); });
window.addEventListener("afterprint", renderMain);

readHash();
renderHead();
renderTabs();
if (data.cases.length > 200 && !location.hash && worst.some((verdict) => verdict === "fail" || verdict === "error")) {
  /* What somebody opens a red report for comes first; the chips bring the rest back. */
  for (const verdict of ["pass", "skip"]) state.hidden.add(verdict);
  for (const chip of document.querySelectorAll(".chip")) {
    if (state.hidden.has(chip.lastChild.textContent.trim())) chip.setAttribute("aria-pressed", "false");
  }
}
renderMain();
renderCase();
markOpen();
reveal(state.open, "center");
document.documentElement.dataset.ready = "true";
})();
