"""`wstest -m fuzzingserver`: the test clients of other projects with their own rules, and the URLs
that they call."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from programs import Program
from drivers import driver, isolated, tungstenite_outcomes
from test_wstest_servers import KEYS, check_files, failures

RUN_TIMEOUT_S = 280
SLOW = ["9.*", "12.*", "13.*"]


@pytest.fixture(name="wstest")
def _wstest(wspec):
    return Path(wspec).with_name("wstest")


def write_spec(tmp_path, port=0, cases=("*",), exclude=(), **more):
    spec = {"url": f"ws://127.0.0.1:{port}", "outdir": str(tmp_path / "reports"), "webport": 0,
            "cases": list(cases), "exclude-cases": list(exclude), **more}
    path = tmp_path / "fuzzingserver.json"
    path.write_text(json.dumps(spec))
    return path


# ---- Drivers of others ----

def run(wstest, spec, port, client, cwd, env=None):
    """The outcomes by agent of a client that others wrote."""
    argv = isolated([port, wstest, "-m", "fuzzingserver", "-s", spec, "--", *client])
    done = subprocess.run(argv, cwd=cwd, env=os.environ | (env or {}), capture_output=True,
                          text=True, timeout=RUN_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    outdir = Path(json.loads(spec.read_text())["outdir"])
    return json.loads((outdir / "index.json").read_text()), done.stdout, outdir


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_tungstenite_finds_what_it_expects(wstest, tmp_path):
    """Its script compares all 517 outcomes with a stored file by jq and diff, durations aside."""
    folder = driver("tungstenite")
    _, output, outdir = run(wstest, write_spec(tmp_path, 9001), 9001,
                            ["target/release/examples/autobahn-client"], folder)
    expected, seen = tungstenite_outcomes(folder, "autobahn-client.sh", outdir / "index.json")
    assert seen == expected
    assert "Ok, will run 517 test cases for any clients connecting\n" in output


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_ws_passes(wstest, tmp_path):
    folder = driver("ws")
    spec = write_spec(tmp_path, 9001, exclude=["12.*", "13.*"])
    index, output, outdir = run(wstest, spec, 9001, ["node", "test/autobahn.js"], folder)
    assert not failures(index["ws"])
    assert len(index["ws"]) == 301
    check_files(outdir, index)
    assert "Running test case ID 1.1.1 for agent ws from peer " in output


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_ws_compresses(wstest, tmp_path):
    """One case of each way to answer an offer."""
    folder = driver("ws")
    spec = write_spec(tmp_path, 9001, [f"13.{offer}.3" for offer in range(1, 8)] + ["12.4.13"])
    index, _, _ = run(wstest, spec, 9001, ["node", "test/autobahn.js"], folder)
    assert {(outcome["behavior"], outcome["behaviorClose"], outcome["remoteCloseCode"])
            for outcome in index["ws"].values()} == {("OK", "OK", 1000)}
    assert len(index["ws"]) == 8


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
@pytest.mark.parametrize("kind", ["asyncio", "sync"])
def test_websockets_passes_as_its_readme_says(wstest, tmp_path, kind):
    """compliance/README.rst: 7.1.5 fails by choice."""
    folder = driver("websockets")
    spec = write_spec(tmp_path, 9001, exclude=SLOW)
    index, _, _ = run(wstest, spec, 9001, [sys.executable, f"compliance/{kind}/client.py"], folder,
                      {"PYTHONPATH": "src"})
    assert failures(index[f"websockets.{kind}"]) == {"7.1.5": ("FAILED", "WRONG CODE")}
    assert len(index[f"websockets.{kind}"]) == 247


@pytest.mark.timeout(RUN_TIMEOUT_S + 20)
def test_websocket_client_passes(wstest, tmp_path):
    folder = driver("websocket-client")
    spec = write_spec(tmp_path, 8642, exclude=SLOW)
    index, _, _ = run(wstest, spec, 8642, [sys.executable, "compliance/test_fuzzingclient.py"],
                      folder, {"PYTHONPATH": "."})
    outcomes = index["py-websockets-client"]
    assert len(outcomes) == 247
    # It goes on sending behind its close frame (docs/autobahn.md).
    assert {number for number, outcome in outcomes.items()
            if outcome["behavior"] == "FAILED"} == {"7.1.2", "7.1.4", "7.1.5"}


# ---- The contract of the URLs ----

@contextlib.contextmanager
def serving(wstest, tmp_path, **spec):
    """The base of the URLs, and the process."""
    argv = [wstest, "-m", "fuzzingserver", "-s", write_spec(tmp_path, **spec)]
    program = Program(argv)
    try:
        line = program.next_line()
        while "Fuzzing Server (Port " not in line:
            line = program.next_line()
        port = re.search(r"\(Port (\d+)\)", line).group(1)
        program.next_line(), program.next_line()
        yield f"ws://127.0.0.1:{port}", program
    finally:
        program.kill()
        program.wait()


def ask(url):
    """The message that a URL gives before it closes; None: it gives none."""
    with connect(url) as socket:
        messages = list(socket)
        assert len(messages) <= 1
        assert socket.protocol.close_rcvd.code == 1005 and not socket.protocol.close_rcvd.reason
        return messages[0] if messages else None


def echo(url):
    with connect(url, max_size=None) as socket:
        for message in socket:
            socket.send(message)


def test_numbers_count_the_selected_cases(wstest, tmp_path):
    with serving(wstest, tmp_path, port=0, cases=["2.*", "1.1.1"], exclude=["2.1"]) as (base, _):
        assert ask(f"{base}/getCaseCount") == "11"
        assert ask(f"{base}/getCaseCount?agent=x") == "11"
        ids = [json.loads(ask(f"{base}/getCaseInfo?case={n}"))["id"] for n in range(1, 12)]
        assert ids == ["1.1.1"] + [f"2.{n}" for n in range(2, 12)]
        assert ask(f"{base}/getCaseInfo?casetuple=2.2").startswith('{"id": "2.2", "description": "')


@pytest.mark.parametrize("target", [
    "/runCase?case=3&agent=a", "/runCase?case=x&agent=a", "/runCase?case=-1&agent=a",
    "/runCase?case=1", "/runCase?agent=a", "/runCase?case=1&case=2&agent=a", "/runCase",
    "/runCase?casetuple=9.1.1&agent=a", "/runCase?casetuple=1.1.9&agent=a", "/getCaseInfo",
    "/getCaseInfo?case=3", "/getCaseStatus?case=1", "/getCaseStatus?agent=a", "/updateReports",
    "/runCase?case=0&agent=a", "/runCase?case=1&agent=a&agent=b"])
def test_what_is_wrong_is_refused(wstest, tmp_path, target):
    with serving(wstest, tmp_path, cases=["1.1.1", "1.1.2"]) as (base, _):
        with pytest.raises(InvalidStatus) as refused:
            connect(base + target)
        assert refused.value.response.status_code == 500
        assert ask(f"{base}/getCaseCount") == "2"


def test_the_reports_are_there_when_update_reports_closes(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.*"]) as (base, _):
        echo(f"{base}/runCase?case=1&agent=A%20b")
        echo(f"{base}/runCase?casetuple=1.1.3&agent=A%20b")
        assert ask(f"{base}/updateReports?agent=A%20b") is None
        index = json.loads((tmp_path / "reports/index.json").read_text())
        assert list(index) == ["A b"] and list(index["A b"]) == ["1.1.1", "1.1.3"]
        assert list(index["A b"]["1.1.1"]) == KEYS
        assert index["A b"]["1.1.1"]["reportfile"] == "a_b_case_1_1_1.json"
        detail = json.loads((tmp_path / "reports/a_b_case_1_1_3.json").read_text())
        assert detail["case"] == 3 and detail["isServer"] is True
        assert detail["httpRequest"].startswith("GET /runCase?casetuple=1.1.3&agent=A%20b HTTP/1.1")
        assert "\r\nServer: AutobahnTestSuite/" in detail["httpResponse"]
        check_files(tmp_path / "reports", index)


def test_a_status_waits_for_its_result(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        with connect(f"{base}/runCase?case=1&agent=a") as socket:
            message = socket.recv()
            program = Program([sys.executable, "-c", ASK, f"{base}/getCaseStatus?case=1&agent=a"])
            try:
                assert program.next_line() == "asking"
                socket.send(message)
                assert list(socket) == []
                assert program.next_line() == '{"behavior": "OK"}'
            finally:
                program.kill()
                program.wait()


ASK = """import sys
from websockets.sync.client import connect
print("asking", flush=True)
with connect(sys.argv[1]) as socket:
    print(socket.recv(), flush=True)
"""


def test_an_excluded_case_is_closed_and_not_recorded(wstest, tmp_path):
    spec = {"exclude-agent-cases": {"bad*": ["1.1.1"]}}
    with serving(wstest, tmp_path, cases=["1.1.*"], **spec) as (base, program):
        assert ask(f"{base}/runCase?case=1&agent=badger") is None
        line = "Skipping test case 1.1.1 for agent badger by test configuration!"
        assert program.next_line() == line
        echo(f"{base}/runCase?case=2&agent=badger")
        ask(f"{base}/updateReports?agent=badger")
        index = json.loads((tmp_path / "reports/index.json").read_text())
        assert list(index["badger"]) == ["1.1.2"]


def test_a_second_run_of_a_case_replaces_the_first(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.2"]) as (base, _):
        with connect(f"{base}/runCase?case=1&agent=a") as socket:
            socket.recv()
            socket.send("something else")
            list(socket)
        assert json.loads(ask(f"{base}/getCaseStatus?case=1&agent=a"))["behavior"] == "FAILED"
        echo(f"{base}/runCase?case=1&agent=a")
        assert wait_for_ok(base)


def wait_for_ok(base):
    """The result of a run that has just ended: it may be a moment behind the client."""
    return any(json.loads(ask(f"{base}/getCaseStatus?case=1&agent=a"))["behavior"] == "OK"
               for _ in range(100))


@pytest.mark.parametrize("target", ["/stopServer",
                                    "/updateReports?agent=a&shutdownOnComplete=true"])
def test_the_server_ends_when_it_is_told_to(wstest, tmp_path, target):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, program):
        with contextlib.suppress(Exception):
            ask(base + target)
        assert program.wait() == 0


def test_any_other_path_is_accepted(wstest, tmp_path):
    """Scripts connect to / until it works."""
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        with connect(f"{base}/"):
            pass
        assert ask(f"{base}/getCaseCount") == "1"


def test_the_default_spec_is_made(wstest, tmp_path):
    """In Autobahn's words, at its port: in a network of its own."""
    argv = isolated([9001, wstest, "-m", "fuzzingserver", "-u", "0", "--", "true"])
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0
    assert "Auto-generating spec file 'fuzzingserver.json'\n" in done.stdout
    spec = json.loads((tmp_path / "fuzzingserver.json").read_text())
    assert spec == {"url": "ws://127.0.0.1:9001", "outdir": "./reports/clients", "cases": ["*"],
                    "exclude-cases": [], "exclude-agent-cases": {}}


def test_the_web_port_shows_files_of_the_working_directory(wstest, tmp_path):
    """And none above it."""
    spec = write_spec(tmp_path, 9001, ["1.1.1"])
    fetch = ("import urllib.request, urllib.error\n"
             "base = 'http://127.0.0.1:8080'\n"
             "print(urllib.request.urlopen(base + '/').read().decode())\n"
             "print(urllib.request.urlopen(base + '/cwd/fuzzingserver.json').read().decode())\n"
             "for path in ('/cwd/../etc/passwd', '/cwd/%2e%2e/x', '/cwd//etc/passwd', '/x'):\n"
             "    try:\n"
             "        urllib.request.urlopen(base + path)\n"
             "    except urllib.error.HTTPError as error:\n"
             "        print(error.code)\n")
    argv = isolated([9001, wstest, "-m", "fuzzingserver", "-s", spec, "-u", "8080", "--",
                     sys.executable, "-c", fetch])
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert "/getCaseCount" in done.stdout and spec.read_text() in done.stdout
    assert done.stdout.count("404\n") == 4
