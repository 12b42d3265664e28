"""What a person sees: `wspec run` on a terminal, of several widths, and in a pipe."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pyte
import pytest

from proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 100
ROWS = 200
PROGRESS = re.compile(r"(\[#*\.*\] )?(\d+)/(\d+)( \d+ pass)?( \d+ fail)?( \d+ error)?"
                      r"(, \d+ s left)?")


class Screen:
    """A program on a terminal of its own, seen through an emulator."""

    def __init__(self, argv, columns, env=None):
        self.screen = pyte.Screen(columns, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.octets = b""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
        inherited = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        self.process = subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
            env=inherited | {"TERM": "xterm-256color"} | (env or {}))
        os.close(theirs)
        self.ours = ours

    def read(self):
        """More of what it writes; false at its end."""
        try:
            octets = os.read(self.ours, 4096)
        except OSError:  # EIO: nobody has the other end any more
            octets = b""
        self.octets += octets
        self.stream.feed(octets)
        return bool(octets)

    def lines(self):
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def progress(self):
        """Every line of progress that was written, without its colors."""
        parts = self.octets.decode().split("\r\033[K")
        bare = [re.sub(r"\033\[\d*m", "", part) for part in parts]
        return [part for part in bare if PROGRESS.fullmatch(part)]

    def wait(self):
        while self.read():
            pass
        os.close(self.ours)
        return self.process.wait(timeout=TIMEOUT_S)


@pytest.fixture
def on_terminal():
    started = []

    def start(argv, columns=80, env=None):
        started.append(Screen(argv, columns, env))
        return started[-1]

    yield start
    for screen in started:
        if screen.process.poll() is None:
            screen.process.kill()
            screen.process.wait(timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def buggy(defect_server):
    return defect_server("accepts-rsv1-on-data", "masks-pongs")


def failures_on(lines):
    """The rows of each failure, by its first one."""
    found = {}
    for line in lines:
        if re.match(r"fail  6455/", line):
            first = line
            found[first] = []
        elif re.match(r"(pass|warn|info|skip|error|play) |  spec|\d+ cases? in", line):
            first = None
        elif found and first:
            found[first].append(line)
    return found


CASES = ("--cases", "6455/5.2/rsv1-on*", "--cases", "6455/5.5.2/ping-payload-1*")


@pytest.mark.parametrize("columns", [60, 80, 100, 132, 200])
def test_a_failure_has_six_rows_and_its_command_whole(wspec, on_terminal, buggy, columns, tmp_path):
    path = tmp_path / "r.json"
    screen = on_terminal([wspec, "run", buggy, *CASES, "--json", path], columns)
    assert screen.wait() == 1
    report = json.loads(path.read_text())
    failed = [r for r in report["results"] if r["verdict"] == "fail"]
    found = failures_on(screen.lines())
    assert len(found) == len(failed) > 3
    for result in failed:
        first, rows = next((f, r) for f, r in found.items()
                           if f.split()[1].rstrip(":") == result["id"])
        assert 1 + len(rows) <= 6, (first, rows)
        text = "".join(row.ljust(columns) if row != rows[-1] else row for row in rows)
        assert f"reproduce: {report['reproduce']} --cases {result['id']} -v" in text
        whole = " ".join([first, *rows])
        for word in ("seen:", "section:", "6455-"):
            assert word in whole or "found:" in whole
        assert result["summary"][:20] in whole


def test_each_part_of_a_failure_has_its_line_where_there_is_room(wspec, on_terminal, buggy):
    screen = on_terminal([wspec, "run", buggy, "--cases", "6455/5.2/rsv1-on-text"], 120)
    screen.wait()
    rows = screen.lines()[:6]
    assert rows[0] == "fail  6455/5.2/rsv1-on-text"
    assert rows[1] == "      RSV1 on a text message fails the connection"
    for row, label in zip(rows[2:], ["expected: ", "seen:     ", "section:  RFC 6455 section 5.2, ",
                                     "reproduce: wspec run ws://"]):
        assert row.startswith("      " + label)


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_the_progress_is_one_line_that_goes_away(wspec, on_terminal, buggy, columns):
    screen = on_terminal([wspec, "run", buggy, "--cases", "6455/5.2"], columns)
    while screen.read():
        assert len([line for line in screen.lines() if re.match(r"\[[#.]|\d+/\d+ ", line)]) <= 1
    assert screen.wait() == 1
    seen = screen.progress()
    counts = [tuple(map(int, PROGRESS.fullmatch(row).group(2, 3))) for row in seen]
    assert counts and counts == sorted(counts)
    assert len({n_all for _, n_all in counts}) == 1
    assert all(len(row) < columns for row in seen)
    assert any(PROGRESS.fullmatch(row)[5] for row in seen), "failures are counted at any width"
    assert any(PROGRESS.fullmatch(row)[1] for row in seen) == (columns >= 40)
    assert not any(PROGRESS.fullmatch(line) for line in screen.lines())


def test_the_progress_follows_the_width_of_the_terminal(wspec, on_terminal, buggy):
    screen = on_terminal([wspec, "run", buggy, "--cases", "6455/5.2", "--jobs", "1"], 100)
    while b"] 1/" not in screen.octets:
        assert screen.read()
    fcntl.ioctl(screen.ours, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, 24, 0, 0))
    screen.process.send_signal(signal.SIGWINCH)
    screen.wait()
    assert len(screen.progress()[0]) > 24 > len(screen.progress()[-1])


def test_the_time_that_is_left_is_told(wspec, on_terminal, slow):
    screen = on_terminal([wspec, "run", slow, "--cases", "6455/5.5.2", "--jobs", "2"])
    assert screen.wait() == 0
    assert re.search(r", \d+ s left", screen.octets.decode())


@pytest.fixture
def slow():
    """A right server that takes its time for everything."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "tests/defects/server.py", "--port", "0", "--scenario",
         "slow-100ms"], stdout=subprocess.PIPE, text=True)
    yield f"ws://127.0.0.1:{process.stdout.readline().split()[-1]}/"
    process.terminate()
    process.wait(timeout=TIMEOUT_S)
    process.stdout.close()


@pytest.mark.parametrize("columns", [40, 60, 80, 132])
def test_the_table_by_section_fits(wspec, on_terminal, buggy, columns):
    screen = on_terminal([wspec, "run", buggy, *CASES, "--cases", "robustness/connections/*",
                          "-q"], columns)
    assert screen.wait() == 1
    screen = on_terminal([wspec, "run", buggy, *CASES, "--cases", "robustness/connections/*"],
                         columns)
    assert screen.wait() == 1
    lines = screen.lines()
    head = next(i for i, line in enumerate(lines) if line.startswith("  spec"))
    end = next(i for i, line in enumerate(lines) if re.match(r"\d+ cases in", line))
    rows = [line.split() for line in lines[head:end]]
    assert len({len(row) for row in rows}) == 1, "no row was broken"
    assert rows[0][:2] == ["spec", "section"] and "fail" in rows[0]
    assert [row[:2] for row in rows[1:]] == [["rfc6455", "5.2"], ["rfc6455", "5.5.2"],
                                             ["robustness", "connections"]]
    assert rows[0][2:] == (["pass", "info", "warn", "fail", "skip", "error"] if columns >= 80
                           else [v for v in ("pass", "info", "warn", "fail", "skip", "error")
                                 if v in rows[0]])


# ---- Colors ----

@pytest.mark.parametrize("arguments, env, colored", [
    ([], {}, True), ([], {"NO_COLOR": "1"}, False), ([], {"NO_COLOR": ""}, True),
    ([], {"TERM": "dumb"}, False), (["--color", "never"], {}, False),
    (["--color", "always"], {"NO_COLOR": "1"}, True), (["--color", "auto"], {}, True)])
def test_colors_on_a_terminal(wspec, on_terminal, buggy, arguments, env, colored):
    screen = on_terminal([wspec, "run", buggy, "--cases", "6455/5.2/rsv1-on-text", *arguments],
                         80, env)
    assert screen.wait() == 1
    assert (b"\033[31mfail" in screen.octets) == colored
    assert bool(re.search(rb"\033\[\d*m", screen.octets)) == colored
    assert (b"\r\033[K" in screen.octets) == (env.get("TERM") != "dumb")


@pytest.mark.parametrize("arguments, colored", [([], False), (["--color", "always"], True)])
def test_a_pipe_gets_plain_lines(wspec, buggy, arguments, colored):
    done = subprocess.run([wspec, "run", buggy, *CASES, *arguments], capture_output=True,
                          timeout=TIMEOUT_S, env=os.environ | {"TERM": "xterm"})
    assert done.returncode == 1
    assert b"\r" not in done.stdout and b"\033[K" not in done.stdout
    assert (b"\033[" in done.stdout) == colored
    assert not any(PROGRESS.fullmatch(line) for line in done.stdout.decode().splitlines())


def test_quiet_says_one_line(wspec, on_terminal, buggy):
    screen = on_terminal([wspec, "run", "-q", buggy, *CASES])
    assert screen.wait() == 1
    assert len(screen.lines()) == 1 and " cases in " in screen.lines()[0]


# ---- Frames as they pass ----

class HoldingProxy(Proxy):
    """Keeps the answers back behind a large write until it is released."""

    LARGE = 4000

    def __init__(self, to_port):
        self.released = threading.Event()
        self.held = threading.Event()
        super().__init__(to_port)
        self.url = f"ws://127.0.0.1:{self.port}/"

    def opened(self):
        return threading.Event()  # it is held back

    def passing(self, flow, is_answer, octets):
        if not is_answer and len(octets) >= self.LARGE:
            flow.set()
            self.held.set()
        if is_answer and flow.is_set():
            self.released.wait(TIMEOUT_S)

    def close(self):
        self.released.set()
        super().close()


def test_frames_are_shown_as_they_pass(wspec, on_terminal, start_echo, tmp_path):
    """The answer is held back until the question stands on the screen."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({
        "schema": "wspec-cases/1", "spec": "robustness", "section": "mine",
        "cases": [{"id": "large", "summary": "A long message comes back", "requirements": [],
                   "steps": [{"open": {}},
                             {"send": {"message": "text", "payload": "x" * 5000}},
                             {"expect": "echo"}, {"close": {"code": 1000}}]}]}))
    proxy = HoldingProxy(start_echo().port)
    try:
        screen = on_terminal([wspec, "run", proxy.url, "--case-file", path, "--cases",
                              "robustness/mine/large", "-v", "--timeout", "60"], 80)
        while not any("-> text masked len=5000" in line for line in screen.lines()):
            assert screen.read(), screen.lines()
        assert proxy.held.wait(TIMEOUT_S)
        assert not any("<- text" in line or "pass  " in line for line in screen.lines())
        proxy.released.set()
        assert screen.wait() == 0
    finally:
        proxy.close()
    lines = screen.lines()
    assert lines[0] == "play  robustness/mine/large"
    assert any("<- text len=5000" in line for line in lines)
    assert "pass  robustness/mine/large" in lines
    frames = [line for line in lines if " ms  " in line]
    assert frames and all(len(line) <= 80 for line in frames)


def test_cases_beside_each_other_show_their_frames_one_after_the_other(wspec, buggy):
    """Only of what did not pass, and each whole: the times of a case never go back."""
    done = subprocess.run([wspec, "run", buggy, *CASES, "-v"], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    blocks = re.split(r"^(?:fail|warn|info)  ?", done.stdout, flags=re.M)[1:]
    assert len(blocks) > 3
    for block in blocks:
        times = [float(t) for t in re.findall(r"^ +([\d.]+) ms  ", block, re.M)]
        assert times and times == sorted(times)
        assert "-- connect" in block and "<- HTTP/1.1 101" in block
