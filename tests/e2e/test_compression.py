"""permessage-deflate between `wspec connect`, `wspec echo` and the implementations of others: what
was agreed and what really went over the wire is read from a proxy between the two."""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wiretap import Wiretap, inflate_all, takes_over

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "targets"))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 60
TEXT = 1

# 2,000 hexadecimal digits shrink to half by themselves, and to nothing behind themselves.
LINE = random.Random(7).randbytes(1000).hex()
LONG = random.Random(8).randbytes(1 << 19).hex()  # 1 MiB
LINES = [LINE, LINE, "short", LINE, LONG, LINE]


def assert_compressed(messages, lines):
    """Messages of one side are these lines, compressed with context takeover."""
    assert inflate_all(messages) == [line.encode() for line in lines]
    assert [message.opcode for message in messages] == [TEXT] * len(lines)
    long_ones = [message for message in messages if len(message.payload) != len("short")]
    assert all(message.is_compressed for message in long_ones)
    assert takes_over(messages)
    assert len(messages[1].payload) < 100 < len(messages[0].payload)
    assert len(messages[4].payload) < 0.6 * len(LONG)


@pytest.fixture(params=["npm-ws", "python-websockets", "python-aiohttp"])
def server_of_others(request):
    library = targets.load(request.param)
    if not targets.is_installed(library):
        pytest.skip(f"{request.param} is not installed: targets/target.py install {request.param}")
    with targets.running(request.param) as running:
        yield running


def connect(wspec, url, *arguments):
    """Sends the lines, and returns what came back. The input ends only then: a server may read all
    of it, and answer a ping, before it sends anything back."""
    with subprocess.Popen([wspec, "connect", *arguments, url], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write("\n".join(LINES) + "\n")
        process.stdin.flush()
        back = [process.stdout.readline().rstrip("\n") for _ in LINES]
        rest, errors = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, rest, errors) == (0, "", "")
    return back


def port_of(url):
    return int(url.rstrip("/").rpartition(":")[2])


def test_connect_compresses_with_servers_of_others(wspec, server_of_others):
    with Wiretap(port_of(server_of_others.url)) as tap:
        assert connect(wspec, tap.url) == LINES
        tap.wait()
    offered, agreed = tap.extensions()
    assert offered == "permessage-deflate; client_max_window_bits"
    assert agreed.startswith("permessage-deflate")
    for messages in tap.messages():
        assert_compressed(messages, LINES)


def test_connect_offers_nothing_when_told_so(wspec, start_echo):
    with Wiretap(start_echo().port) as tap:
        assert connect(wspec, tap.url, "--no-deflate") == LINES
        tap.wait()
    assert tap.extensions() == ["", ""]
    for messages in tap.messages():
        assert [message.payload.decode() for message in messages] == LINES
        assert not any(message.is_compressed for message in messages)


# ---- Clients of others ----

NODE_CONVERSATION = """
const lines = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const back = [];
socket.onopen = () => lines.forEach((line) => socket.send(line));
socket.onmessage = (event) => {
  back.push(event.data === lines[back.length]);
  if (back.length === lines.length) socket.close(1000);
};
socket.onclose = (event) => console.log(JSON.stringify([back, event.code, socket.extensions]));
"""


def run_node(tap, script, *flags, env=None):
    done = subprocess.run(["node", *flags, "-e", script + NODE_CONVERSATION, tap.url],
                          input=json.dumps(LINES), capture_output=True, text=True,
                          timeout=TIMEOUT_S, env=os.environ | (env or {}), check=True)
    tap.wait()
    return json.loads(done.stdout)


def test_npm_ws_client(start_echo):
    library = targets.load("npm-ws")
    if not targets.is_installed(library):
        pytest.skip("npm-ws is not installed: targets/target.py install npm-ws")
    with Wiretap(start_echo().port) as tap:
        seen = run_node(tap, "const socket = new (require('ws'))(process.argv[1]);",
                        env={"NODE_PATH": str(library.install_dir / "node_modules")})
    assert seen == [[True] * len(LINES), 1000, "permessage-deflate"]
    for messages in tap.messages():
        assert_compressed(messages, LINES)


def converse_with_undici(tap, script, *flags, env=None):
    """undici inflates, and sends as is."""
    seen = run_node(tap, script, *flags, env=env)
    assert seen == [[True] * len(LINES), 1000, "permessage-deflate"]
    theirs, ours = tap.messages()
    assert not any(message.is_compressed for message in theirs)
    assert_compressed(ours, LINES)


def test_node_own_client(start_echo):
    flags = ["--experimental-websocket"]
    version = subprocess.run(["node", *flags, "-p", "typeof WebSocket"], capture_output=True,
                             text=True, timeout=TIMEOUT_S, check=False).stdout
    if version.strip() != "function":
        pytest.skip("this node has no WebSocket of its own")
    with Wiretap(start_echo().port) as tap:
        converse_with_undici(tap, "const socket = new WebSocket(process.argv[1]);", *flags)


def test_undici(start_echo):
    """The same client from npm, for a Node that has none."""
    modules = ROOT / ".cache/node/node_modules"
    if not (modules / "undici").is_dir():
        pytest.skip("undici is not installed: scripts/install-deps --dev")
    with Wiretap(start_echo().port) as tap:
        converse_with_undici(tap, "const socket = new (require('undici').WebSocket)(process.argv[1]);",
                             env={"NODE_PATH": str(modules)})


def test_python_websockets_client(start_echo):
    websockets = pytest.importorskip("websockets")

    async def talk(url):
        async with websockets.connect(url, max_size=None) as socket:
            back = []
            for line in LINES:
                await socket.send(line)
                back.append(await asyncio.wait_for(socket.recv(), TIMEOUT_S))
            return back

    with Wiretap(start_echo().port) as tap:
        assert asyncio.run(talk(tap.url)) == LINES
        tap.wait()
    for messages in tap.messages():
        assert_compressed(messages, LINES)


PAGE_CONVERSATION = """async ([url, lines]) => {
  const socket = new WebSocket(url);
  const back = [];
  return await new Promise((done) => {
    socket.onopen = () => lines.forEach((line) => socket.send(line));
    socket.onmessage = (event) => {
      back.push(event.data === lines[back.length]);
      if (back.length === lines.length) socket.close(1000);
    };
    socket.onclose = (event) => done([back, event.code, socket.extensions]);
  });
}"""


@pytest.mark.timeout(180)
def test_chromium(start_echo):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("chromium is not installed: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"]
    with playwright.sync_playwright() as driver, Wiretap(start_echo().port) as tap:
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page()
        page.goto("about:blank")
        seen = page.evaluate(PAGE_CONVERSATION, [tap.url, LINES])
        tap.wait()
        browser.close()
    assert seen == [[True] * len(LINES), 1000, "permessage-deflate"]
    for messages in tap.messages():
        assert_compressed(messages, LINES)
