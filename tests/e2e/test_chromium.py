"""A page in Chromium that talks to `wspec echo`: the other implementation of the WebSocket API."""

import json
import shutil
import signal
import urllib.request

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update",
         "--ignore-certificate-errors",
         # about:blank counts as a public page, which may not talk to this machine unasked.
         "--disable-features=LocalNetworkAccessChecks"]
TIMEOUT_MS = 60_000

CONVERSATION = """async (url) => {
  const seen = {};
  const socket = new WebSocket(url, ['chat']);
  const events = (type) => new Promise((done) => socket.addEventListener(type, done, {once: true}));
  const queue = [];
  let wake = () => {};
  socket.onmessage = (event) => { queue.push(event.data); wake(); };
  const next = async () => {
    while (queue.length === 0) await new Promise((done) => { wake = done; });
    return queue.shift();
  };
  const octets = async (data) =>
    [...new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data)];
  await new Promise((done, fail) => {
    socket.onopen = done;
    socket.onclose = (event) => fail(new Error('closed with ' + event.code));
  });
  seen.protocol = socket.protocol;
  seen.extensions = socket.extensions;
  seen.push = await next();
  socket.send('h\\u00e9llo \\ud83d\\ude00');
  seen.text = await next();
  socket.send(new Blob([new Uint8Array([1, 2, 3])]));
  const blob = await next();
  seen.blob = [blob instanceof Blob, await octets(blob)];
  socket.binaryType = 'arraybuffer';
  socket.send(new Uint8Array([4, 5]).buffer);
  const buffer = await next();
  seen.buffer = [buffer instanceof ArrayBuffer, await octets(buffer)];
  socket.send(new Uint16Array([0x0102, 0x0304]).subarray(1));
  seen.view = await octets(await next());
  socket.send(new DataView(new Uint8Array([7, 8, 9]).buffer, 1, 1));
  seen.dataView = await octets(await next());
  socket.send('');
  seen.empty = await next();
  socket.send(new ArrayBuffer(10_000_000));
  seen.buffered = socket.bufferedAmount;
  const big = await next();
  seen.big = big.byteLength;
  while (socket.bufferedAmount > 0) await new Promise((done) => setTimeout(done, 1));
  seen.bufferedLater = socket.bufferedAmount;
  socket.close(3001, 'bye');
  const close = await events('close');
  seen.close = [close.code, close.reason, close.wasClean];
  return seen;
}"""

WAIT_FOR_CLOSE = """(url) => new Promise((done) => {
  const socket = new WebSocket(url);
  let errors = 0;
  socket.onopen = () => { window.isOpen = true; };
  socket.onerror = () => { errors++; };
  socket.onclose = (event) => done([event.code, event.reason, event.wasClean, errors]);
})"""


@pytest.fixture(scope="module")
def page():
    if not CHROMIUM:
        pytest.skip("chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto("about:blank")
        yield page
        browser.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("arguments", [[], ["--tls"], ["--no-deflate"]],
                         ids=["ws", "wss", "without deflate"])
def test_page_talks_to_echo(page, start_echo, arguments):
    server = start_echo("--subprotocol", "chat", "--push", "1", *arguments)
    seen = page.evaluate(CONVERSATION, server.url)
    assert seen == {
        "protocol": "chat",
        "extensions": "" if "--no-deflate" in arguments else "permessage-deflate",
        "push": "push 1",
        "text": "h\u00e9llo \U0001f600",
        "blob": [True, [1, 2, 3]],
        "buffer": [True, [4, 5]],
        "view": [4, 3],
        "dataView": [8],
        "empty": "",
        "buffered": 10_000_000,
        "big": 10_000_000,
        "bufferedLater": 0,
        "close": [3001, "bye", True],
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1001), (signal.SIGKILL, 1006)])
def test_page_sees_how_the_server_ends(page, start_program, wspec, number, code):
    program = start_program([wspec, "echo", "--port", "0"])
    url = program.next_line().removeprefix("listening on ")
    page.evaluate("window.isOpen = false")
    page.evaluate(f"window.ending = ({WAIT_FOR_CLOSE})('{url}'); 0")
    page.wait_for_function("window.isOpen", timeout=TIMEOUT_MS)
    program.signal(number)
    assert page.evaluate("window.ending")[:3] == [code, "", code == 1001]


@pytest.mark.timeout(180)
def test_the_page_of_serve_from_start_to_report(page, start_program, wspec):
    """All that a person does: open it, choose, run, read what came of it."""
    cases = ["6455/4.1/response-right", "6455/4.1/response-without-accept",
             "6455/5.3/keys-unpredictable*", "robustness/connections/messages-stay-apart"]
    program = start_program([wspec, "serve", "--port", "0",
                             *[word for case in cases for word in ("--cases", case)]])
    program.next_line()
    url = program.next_line().removeprefix("for browsers: ")
    page.goto(url)
    agent = page.input_value("#agent")
    assert agent.startswith("chrome-")
    page.click("#start")
    page.wait_for_function("document.body.dataset.done", timeout=TIMEOUT_MS)
    with urllib.request.urlopen(f"{url}cases", timeout=60) as answer:
        listed = [case["id"] for case in json.load(answer)["cases"]]
    assert len(listed) >= 4
    assert page.text_content("#state").startswith(f"Done: {len(listed)} pass")
    assert page.evaluate("document.getElementById('progress').value") > 0
    assert page.is_hidden("#table"), "nothing failed"
    with page.expect_navigation():
        page.click("#html")
    page.wait_for_function(f"document.title.includes('{agent}')")
    for case in listed:
        page.get_by_text(case.rpartition("/")[2]).first.wait_for()
    page.goto("about:blank")
    program.signal(signal.SIGTERM)
    assert program.wait() == 0


CHANGE_EACH = """() => { window.WebSocket = class extends window.WebSocket {
  set onmessage(handler) { super.onmessage = (event) => handler({ data: event.data + "!" }); }
}; }"""


@pytest.mark.timeout(180)
def test_the_page_plays_again_what_did_not_pass(page, start_program, wspec):
    """A browser that changes each message: the failure stands in the table, and is confirmed."""
    program = start_program([wspec, "serve", "--port", "0", "--timeout", "1",
                             "--cases", "6455/5.6/text-of-ascii"])
    program.next_line()
    url = program.next_line().removeprefix("for browsers: ")
    page.goto(url)
    page.evaluate(CHANGE_EACH)
    page.fill("#agent", "wrong & loud")
    page.click("#start")
    page.wait_for_function("document.body.dataset.done", timeout=TIMEOUT_MS)
    row = page.locator("#rows tr").first.inner_text()
    assert row.startswith("fail\t6455/5.6/text-of-ascii")
    with urllib.request.urlopen(f"{url}results/wrong%20%26%20loud", timeout=60) as answer:
        result = json.load(answer)["results"][0]
    assert result["verdict"] == "fail" and "unconfirmed" not in result
    page.goto("about:blank")
    program.signal(signal.SIGTERM)
    assert program.wait() == 1
