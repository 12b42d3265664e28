"""Plays the cases for clients with a client of targets/clients/.

    code, said = play(wspec, installed("clients/npm-ws"), options, jobs)

How a client is driven stands in its target.json (targets/README.md): `command` is started for each
case by `wspec run-client`; `lines` is one process that reads URLs and prints each when its connection
is over; `page` is a browser that opens the page of `wspec serve`.
"""

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import target as targets

CONNECTION_LIMIT_S = 60
ANSWER_LIMIT_S = 100
END_LIMIT_S = 60
PAGE_LIMIT_S = 900
PAGE_JOBS_MAX = 8  # Chromium holds connections up when more of a page are pending
AGENT = "client"
API_MAIN = targets.TARGETS_DIR.parent / "cases/api/main.mjs"
OWN_API_MAIN = targets.TARGETS_DIR.parent / "tests/e2e/c_api/main.mjs"
# What runs API_MAIN with the WebSocket of the client; a browser has the page.
RUNTIMES = {"clients/npm-undici": ["./node"], "clients/npm-bun": ["./bun"],
            "clients/npm-deno": ["./deno", "run", "--allow-net", "--allow-read"]}


class DriveError(Exception):
    """The client or wspec ended, or did not end; the message says which."""


@dataclass(frozen=True)
class Client:
    """What is played with: `start` is run in `folder`."""

    name: str
    version: str
    drive: str
    start: list
    folder: Path
    options: list


def installed(name):
    """The client of that name. Raises target.TargetUnavailable if it is not installed."""
    target = targets.load(name)
    targets.require_installed(target)
    return Client(name, target.version, target.description["drive"], target.description["start"],
                  target.install_dir, targets.run_options(target))


def own(wspec):
    """wspec's own client, an example of its library that the build has put beside it."""
    program = wspec.parent / "example_send_back"
    if not program.is_file():
        raise targets.TargetUnavailable(f"{program} is not built: it comes with the tests")
    start = [str(program), "{url}", "{subprotocol}"]
    return Client("wspec", "this tree", "command", start, wspec.parent, [])


def play(wspec, client, options, jobs=16):
    """All cases that `options` of wspec select; returns the exit code, which is that of `wspec run`,
    and what wspec said. Raises DriveError."""
    way = {"command": _by_command, "lines": _by_lines, "page": _by_page}
    words = [str(word) for word in [*options, *client.options]]
    return way[client.drive](wspec, client, words, jobs)


def _by_command(wspec, client, options, jobs):
    argv = [str(wspec), "run-client", *options, "--jobs", str(jobs), "--name", client.name, "--",
            *client.start]
    done = subprocess.run(argv, cwd=client.folder, env=os.environ | targets.ENVIRONMENT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


# ---- cases/api ----

def has_api(name):
    """Whether that client has the JavaScript API."""
    return name in RUNTIMES or targets.load(name).description["drive"] == "page"


def play_api(wspec, client, options):
    """As `play`, the cases of the JavaScript API. Our own client is played by its API in C."""
    words = ["--api", *[str(word) for word in options]]
    if client.drive == "page":
        return _by_page(wspec, client, words, 1)
    start = [*RUNTIMES.get(client.name, []), API_MAIN]
    if client.name == "wspec":
        node = installed("clients/npm-undici").folder / "node"
        start = [node, OWN_API_MAIN, wspec.parent / "websocket_remote"]
    with _serving(wspec, words) as served:
        argv = [*[str(word) for word in start], f"http://{served.address}/", AGENT]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        with _running(client, argv, **quiet) as process:
            try:
                process.wait(timeout=PAGE_LIMIT_S)
            except subprocess.TimeoutExpired as error:
                raise DriveError("the script does not end:\n" + served.said()) from error
        return served.end(END_LIMIT_S)


# ---- wspec serve ----

class Served:
    """A `wspec serve` that ends by itself when all is played and confirmed."""

    def __init__(self, wspec, options):
        argv = [str(wspec), "serve", "--port", "0", "--once", *options]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self._said = [self.process.stdout.readline()]
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        found = re.fullmatch(r"listening on ws://(\S+)/\n", self._said[0])
        self.address = found[1] if found else None

    def _read(self):
        for line in self.process.stdout:
            self._said.append(line)

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=ANSWER_LIMIT_S) as answer:
            return json.load(answer)

    def tell_tried(self, case):
        """The client is done with the URL of the case, which it may have rejected."""
        path = f"/tried/{urllib.parse.quote(case['id'])}?agent={AGENT}&confirm=1"
        url = f"http://{self.address}{path}"
        with contextlib.suppress(OSError):  # the last result was the end of the server
            urllib.request.urlopen(url, data=b"", timeout=ANSWER_LIMIT_S).close()

    def cases(self, query=""):
        return self.get("/cases" + query)["cases"]

    def end(self, limit_s):
        """Its exit code and what it said, once it has ended by itself."""
        try:
            code = self.process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise DriveError("the client has not played all cases:\n" + self.said()) from error
        return code, self.said()

    def said(self):
        self._reader.join(timeout=1)
        return "".join(self._said)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=END_LIMIT_S)
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


@contextlib.contextmanager
def _serving(wspec, options):
    served = Served(wspec, options)
    try:
        if served.address is None:
            raise DriveError(f"wspec serve does not listen:\n{served.end(END_LIMIT_S)[1]}")
        yield served
    finally:
        served.close()


@contextlib.contextmanager
def _running(client, argv, **streams):
    process = subprocess.Popen(argv, cwd=client.folder, encoding="utf-8", start_new_session=True,
                               env=os.environ | targets.ENVIRONMENT, **streams)
    try:
        yield process
    finally:
        targets.stop(process)


# ---- One process for all cases ----

class Lines:
    """The client: URLs go in, one for each connection, and come out when it is over."""

    def __init__(self, process):
        self._process = process
        self._ended = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._ended.put(line.strip())
        self._ended.put(None)

    def start(self, url):
        try:
            self._process.stdin.write(url + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise DriveError(f"the client ended with {self._process.wait()}") from error

    def next_end(self, deadline):
        """The URL of the next connection that is over, or None at the deadline."""
        try:
            url = self._ended.get(timeout=max(0.001, deadline - time.monotonic()))
        except queue.Empty:
            return None
        if url is None:
            raise DriveError(f"the client ended with {self._process.wait()}")
        return url


def _url(served, case):
    path = urllib.parse.quote(case["id"])
    asks = f"&subprotocol={case['subprotocol']}" if "subprotocol" in case else ""
    url = case.get("url", f"ws://{served.address}/case/{path}?agent={{agent}}")
    return url.replace("{agent}", f"{AGENT}&confirm=1{asks}")


def _play_cases(lines, served, cases, jobs):
    """Each of `cases`, `jobs` at a time. A connection that the client does not end is given up, which
    is said on standard error: what wspec saw of it is its result."""
    waiting = list(reversed(cases))
    playing = {}  # URL: [connections that are not over, when they are given up, the case]
    while waiting or playing:
        while waiting and len(playing) < jobs:
            case = waiting.pop()
            url = _url(served, case)
            playing[url] = [case["connections"], time.monotonic() + CONNECTION_LIMIT_S, case]
            for _ in range(case["connections"]):
                lines.start(url)
        ended = lines.next_end(min(deadline for _, deadline, _ in playing.values()))
        if ended in playing:
            playing[ended][0] -= 1
        for url in [url for url, (left, deadline, _) in playing.items()
                    if left == 0 or deadline <= time.monotonic()]:
            left, _, case = playing.pop(url)
            if left > 0:
                print(f"given up after {CONNECTION_LIMIT_S} s: {url}: the client has not said the "
                      f"end of {left} of its connections", file=sys.stderr, flush=True)
            if "url" in case:
                served.tell_tried(case)


def _by_lines(wspec, client, options, jobs):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with _serving(wspec, options) as served, _running(client, client.start, **pipes) as process:
        lines = Lines(process)
        cases = served.cases()
        _play_cases(lines, served, [case for case in cases if not case["alone"]], jobs)
        _play_cases(lines, served, [case for case in cases if case["alone"]], 1)
        # The last result may be the end of the server.
        with contextlib.suppress(OSError, ValueError):
            _play_cases(lines, served, served.cases(f"?unconfirmed={AGENT}&wait=1"), 1)
        return served.end(END_LIMIT_S)


# ---- A browser ----

def _by_page(wspec, client, options, jobs):
    with tempfile.TemporaryDirectory(prefix="wspec-browser-", ignore_cleanup_errors=True) as profile, \
            _serving(wspec, options) as served:
        page = f"http://{served.address}/?run=1&agent={AGENT}&jobs={min(jobs, PAGE_JOBS_MAX)}"
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                 "stderr": subprocess.DEVNULL}
        argv = [word.format(url=page, profile=profile) for word in client.start]
        with _running(client, argv, **quiet):
            return served.end(PAGE_LIMIT_S)
