"""What the end-to-end tests share: the built program, and processes that never outlive a test."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from authority import Authority
from programs import TIMEOUT_S, Program, is_sanitized

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "targets"))

import target as targets  # noqa: E402  (found through the line above)


class EchoServer(Program):
    """A `wspec echo` on a port of its own."""

    def __init__(self, wspec, *arguments, env=None, under=()):
        super().__init__([*under, wspec, "echo", "--port", "0", *arguments], env)
        announced = self.next_line()
        found = re.fullmatch(r"listening on ((wss?)://(\S+):(\d+)/)", announced)
        assert found, announced
        self.url = found[1]
        self.is_tls = found[2] == "wss"
        self.host = found[3].strip("[]")
        self.port = int(found[4])


@pytest.fixture(scope="session")
def wspec():
    """The program under test: $WSPEC_BIN, or what `cmake --build --preset dev` makes."""
    path = Path(os.environ.get("WSPEC_BIN", ROOT / "build/dev/wspec"))
    assert path.is_file(), f"{path} is not built: run cmake --build --preset dev, or set WSPEC_BIN"
    return path.resolve()


@pytest.fixture(scope="session")
def plain_wspec(wspec):
    """A wspec without sanitizers, whose memory is its own: $WSPEC_PLAIN_BIN, or that under test."""
    path = Path(os.environ.get("WSPEC_PLAIN_BIN", wspec)).resolve()
    if is_sanitized(path):
        pytest.skip(f"{path} has a sanitizer: set WSPEC_PLAIN_BIN to a build without one")
    return path


@pytest.fixture
def reserve_port():
    """`reserve_port()` is a port that only a server of this test will be given, and no other test."""
    with contextlib.ExitStack() as reserved:
        yield lambda: reserved.enter_context(targets.reserved_port())


@pytest.fixture
def start_program():
    """Start a process that is killed when the test ends."""
    started = []

    def start(argv, env=None):
        started.append(Program(argv, env))
        return started[-1]

    yield start
    for program in started:
        program.kill()


def echo_starter(wspec):
    started = []

    def start(*arguments, **options):
        started.append(EchoServer(wspec, *arguments, **options))
        return started[-1]

    yield start
    try:
        for server in started:
            if server.process.poll() is None:
                server.signal(signal.SIGTERM)
            assert server.wait() == 0, server.stderr
            assert server.stderr == ""
    finally:
        for server in started:
            server.kill()


@pytest.fixture
def start_echo(wspec):
    """Start `wspec echo ARGUMENT...`; each that still runs when the test ends must end by SIGTERM,
    with exit code 0 and nothing on standard error (a sanitizer would speak there)."""
    yield from echo_starter(wspec)


@pytest.fixture
def start_plain_echo(plain_wspec):
    """start_echo without sanitizers; `under` is a command that runs it."""
    yield from echo_starter(plain_wspec)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """Certificates: an authority, and what it signed or did not."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def defect_server():
    """Start tests/defects/server.py with the defects, or the scenario, named; returns its URL."""
    started = []

    def start(*defects, scenario=None):
        words = [word for defect in defects for word in ("--defect", defect)]
        words += ["--scenario", scenario] if scenario else []
        process = subprocess.Popen(
            [sys.executable, ROOT / "tests/defects/server.py", "--port", "0", *words],
            stdout=subprocess.PIPE, text=True)
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        return f"ws://127.0.0.1:{line.split()[-1]}/"

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=TIMEOUT_S)
        process.stdout.close()


@pytest.fixture
def bug_server():
    """Starts the server made of bugs with some switches; returns its URL."""
    processes = []

    def start(*switches, port=0):
        process = subprocess.Popen(
            [sys.executable, ROOT / "tests/defects/server.py", "--port", str(port), *switches],
            stdout=subprocess.PIPE, text=True)
        processes.append(process)
        announced = process.stdout.readline()
        assert announced.startswith("listening on "), announced
        return f"ws://127.0.0.1:{announced.split()[-1]}/"

    yield start
    for process in processes:
        process.terminate()
        process.wait(timeout=TIMEOUT_S)
        process.stdout.close()


@pytest.fixture(scope="session")
def failing_report(wspec, defect_server, tmp_path_factory):
    """The JSON report of a run against a server with two bugs."""
    path = tmp_path_factory.mktemp("failing") / "report.json"
    done = subprocess.run(
        [wspec, "run", defect_server("accepts-rsv1-on-data", "refuses-pongs-inside-message"),
         "--cases", "6455/5.*", "--json", path], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1, done.stdout + done.stderr
    return path


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true",
                     help="make the files of reports/golden anew from the recorded run")


@pytest.fixture
def update_golden(request):
    return request.config.getoption("--update-golden")
