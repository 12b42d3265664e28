"""`wstest` from outside: what scripts that were written for Autobahn's lean on beside the drivers of
others, line by line: the process, the URLs, the files."""

import contextlib
import json
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from websockets.sync.client import connect

from programs import Program
from test_wstest_clients import ask, echo, serving, write_spec
from test_wstest_servers import check_files

TIMEOUT_S = 60
DETAILS = [
    "agent", "behavior", "behaviorClose", "case", "closedByMe", "createStats", "createWirelog",
    "description", "droppedByMe", "duration", "expectation", "expected", "expectedClose",
    "failedByMe", "httpRequest", "httpResponse", "id", "isServer", "localCloseCode",
    "localCloseReason", "received", "remoteCloseCode", "remoteCloseReason",
    "reportCompressionRatio", "reportTime", "result", "resultClose", "rxFrameStats",
    "rxOctetStats", "started", "trafficStats", "txFrameStats", "txOctetStats", "wasClean",
    "wasCloseHandshakeTimeout", "wasNotCleanReason", "wasOpenHandshakeTimeout",
    "wasServerConnectionDropTimeout", "wirelog"]
ROWS = {"RO", "TO", "RF", "TF", "CT", "CTE", "KL", "KLE", "TI", "TIE", "WLM"}
CLASSES = ["case_ok", "case_non_strict", "case_failed", "case_info", "case_missing",
           "case_unimplemented", "case_no_close", "case_almost"]


@pytest.fixture(name="wstest")
def _wstest(wspec):
    return Path(wspec).with_name("wstest")


# ---- The process ----

def test_the_process_is_called_wstest(wstest, tmp_path):
    """Scripts end it by killall."""
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (_, program):
        name = Path(f"/proc/{program.process.pid}/comm").read_text().strip()
        assert name == "wstest"


@pytest.mark.parametrize("flags", [
    ["--mode=fuzzingserver", "--webport=0", "--ident=me", "--testset=t", "--outfile=o", "--debug"],
    ["-m", "fuzzingserver", "-u", "0", "-i", "me", "-t", "t", "-o", "o", "-d"]])
def test_every_flag_is_taken(wstest, tmp_path, flags):
    spec = write_spec(tmp_path, cases=["1.1.1"])
    long = "--spec" if flags[0].startswith("--") else "-s"
    program = Program([wstest, *flags, long, spec])
    try:
        lines = [program.next_line() for _ in range(4)]
        assert any("Fuzzing Server (Port " in line for line in lines)
        assert "Ok, will run 1 test cases for any clients connecting" in lines
    finally:
        program.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_beside_a_client(wstest, tmp_path, number):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, program):
        with contextlib.suppress(Exception), connect(f"{base}/runCase?case=1&agent=a") as client:
            client.recv()
            program.signal(number)
            assert program.wait() == 0


def test_verdicts_are_no_exit_code(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.2"]) as (base, program):
        with connect(f"{base}/runCase?case=1&agent=a") as client:
            client.recv()
            client.send("something else")
            list(client)
        ask(f"{base}/updateReports?agent=a&shutdownOnComplete=yes")
        assert program.wait() == 0
    index = json.loads((tmp_path / "reports/index.json").read_text())
    assert index["a"]["1.1.2"]["behavior"] == "FAILED"


# ---- Where it listens ----

def test_it_listens_everywhere_and_looks_at_no_host(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        port = base.rpartition(":")[2]
        for host in ("127.0.0.1", "127.0.0.2", "[::1]"):
            assert ask(f"ws://{host}:{port}/getCaseCount") == "1"
        for field in ("Host: another.example:80\r\n", ""):
            assert request(base, "/getCaseCount", field).startswith(b"HTTP/1.1 101 ")


def request(base, target, host="Host: x\r\n", more=b""):
    """What comes back for a handshake by hand, up to the end of the head."""
    with open_raw(base, target, host, more) as (_, head):
        return head


@contextlib.contextmanager
def open_raw(base, target, host="Host: x\r\n", more=b""):
    port = int(base.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall((
            f"GET {target} HTTP/1.1\r\n{host}Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n").encode() + more)
        head = b""
        while b"\r\n\r\n" not in head:
            octet = connection.recv(1)
            assert octet, head
            head += octet
        yield connection, head


# ---- The URLs ----

def test_the_last_of_tuple_and_number_wins(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.1", "2.2"]) as (base, program):
        echo(f"{base}/runCase?casetuple=1.1.1&case=2&agent=a")
        assert program.next_line().startswith("Running test case ID 2.2 for agent a from peer ")


@pytest.mark.parametrize("query, agent", [
    ("?&agent=wslay&case=1", "wslay"),
    ("?case=1&agent=WebSocket++/0.8", "WebSocket  /0.8"),
    ("?case=1&agent=a%2Fb%20c", "a/b c")])
def test_odd_queries_are_taken(wstest, tmp_path, query, agent):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, program):
        echo(f"{base}/runCase{query}")
        assert program.next_line().startswith(f"Running test case ID 1.1.1 for agent {agent} from ")
        ask(f"{base}/updateReports?agent=x")
        assert list(json.loads((tmp_path / "reports/index.json").read_text())) == [agent]


def test_who_leaves_early_or_never_answers_disturbs_nobody(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        with open_raw(base, "/getCaseCount") as (lazy, head):
            assert head.startswith(b"HTTP/1.1 101 ")
            assert lazy.recv(3, socket.MSG_WAITALL) == b"\x81\x011"
            assert lazy.recv(2, socket.MSG_WAITALL) == b"\x88\x00", "a close frame without a code"
            request(base, "/getCaseInfo?case=1")  # and away
            assert ask(f"{base}/getCaseCount") == "1"
            echo(f"{base}/runCase?case=1&agent=a")
            assert json.loads(ask(f"{base}/getCaseStatus?case=1&agent=a")) == {"behavior": "OK"}


def test_any_other_path_is_held_open(wstest, tmp_path):
    """Longer than it takes to find out that a client does nothing, pings answered or not."""
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        with open_raw(base, "/") as (probe, head):
            assert head.startswith(b"HTTP/1.1 101 ")
            for _ in range(5):  # others come and go meanwhile
                echo(f"{base}/runCase?case=1&agent=a")
            probe.settimeout(1)
            with pytest.raises(TimeoutError):
                probe.recv(1)
            probe.settimeout(TIMEOUT_S)
            probe.sendall(b"\x88\x80\0\0\0\0")
            assert probe.recv(2, socket.MSG_WAITALL) == b"\x88\x00"
            assert probe.recv(1) == b""


@pytest.mark.parametrize("command", [
    b'["sendframe",{"opcode":1,"payload":"x"}]', b'["close",{"code":1000}]', b"no command"])
def test_a_direct_command_is_refused_and_why(wstest, tmp_path, command):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        masked = bytes([0x81, 0x80 | len(command), 0, 0, 0, 0]) + command
        with open_raw(base, "/direct") as (connection, head):
            assert head.startswith(b"HTTP/1.1 101 ")
            connection.sendall(masked)
            first, length = connection.recv(2, socket.MSG_WAITALL)
            body = connection.recv(length, socket.MSG_WAITALL)
            assert first == 0x88 and body[:2] == (1008).to_bytes(2, "big")
            assert body[2:] == b"wspec carries no direct commands out; see docs/autobahn.md"


def test_all_517_cases_and_no_other(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["*"]) as (base, _):
        assert ask(f"{base}/getCaseCount") == "517"
        infos = [json.loads(ask(f"{base}/getCaseInfo?case={n}")) for n in (1, 2, 16, 17, 517)]
    assert [info["id"] for info in infos] == ["1.1.1", "1.1.2", "1.2.8", "2.1", "13.7.18"]
    for info in infos:
        assert list(info) == ["id", "description"]
        assert info["description"] and not re.search(r"[<\n]|  ", info["description"])


# ---- The files ----

def run_cases(base, agent, n):
    for number in range(1, n + 1):
        with contextlib.suppress(Exception):  # a case may end the connection as it likes
            echo(f"{base}/runCase?case={number}&agent={agent}")
    ask(f"{base}/updateReports?agent={agent}")


def test_the_details_of_a_case(wstest, tmp_path, monkeypatch):
    """Relative places are below the working directory; data is cut as Autobahn cuts it."""
    monkeypatch.chdir(tmp_path)
    with serving(wstest, tmp_path, cases=["1.1.2", "1.2.2", "2.2"], outdir="here/it is") as (base, _):
        run_cases(base, "%20Two%20%20W%C3%B6rds-", 3)
    outdir = tmp_path / "here/it is"
    index = json.loads((outdir / "index.json").read_text())
    check_files(outdir, index)
    outcomes = index[" Two  Wörds-"]
    details = {number: json.loads((outdir / outcome["reportfile"]).read_text())
               for number, outcome in outcomes.items()}
    assert outcomes["1.1.2"]["reportfile"] == "two__w__rds_case_1_1_2.json"
    for place, (number, detail) in enumerate(details.items(), 1):
        assert list(detail) == DETAILS
        assert detail["case"] == place and detail["id"] == number
        assert isinstance(detail["duration"], int) and detail["remoteCloseCode"] == 1000
        assert {row[0] for row in detail["wirelog"]} <= ROWS
    kind, text, is_binary = details["1.1.2"]["received"][0]
    assert (kind, is_binary, len(text)) == ("message", False, 68) and text.endswith(" ...")
    kind, text, is_binary = details["1.2.2"]["received"][0]
    assert (kind, is_binary) == ("message", True)
    assert re.fullmatch(r"0x[0-9a-f]{128} \.\.\.", text)
    assert details["2.2"]["received"] == [["pong", details["2.2"]["received"][0][1]]]


def test_the_page_of_all_has_the_class_names(wstest, tmp_path):
    with serving(wstest, tmp_path, cases=["1.1.1"]) as (base, _):
        run_cases(base, "a", 1)
    page = (tmp_path / "reports/index.html").read_text()
    for name in CLASSES:
        assert name in page
    assert page.count("case_failed") == 2, "one rule of style, one cell of the legend"


SERVER = """import sys
from websockets.sync.server import serve
def echo(socket):
    for message in socket:
        socket.send(message)
with serve(echo, "127.0.0.1", 0, server_header=sys.argv[1] or None) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
"""


@pytest.mark.parametrize("field, agent", [("Some/1.2", "Some/1.2"), ("", "UnknownServer")])
def test_a_server_without_a_name_has_that_of_its_field(wstest, tmp_path, field, agent):
    server = Program([sys.executable, "-c", SERVER, field])
    try:
        port = server.next_line()
        spec = tmp_path / "fuzzingclient.json"
        spec.write_text(json.dumps({"servers": [{"url": f"ws://127.0.0.1:{port}"}],
                                    "outdir": str(tmp_path), "cases": ["1.1.1", "2.2"]}))
        program = Program([wstest, "-m", "fuzzingclient", "-s", spec])
        lines = program.rest()
        assert program.wait() == 0
        program.kill()
    finally:
        server.kill()
    assert "Ok, will run 2 test cases against 1 servers" in lines
    index = json.loads((tmp_path / "index.json").read_text())
    assert list(index) == [agent]
    detail = json.loads((tmp_path / index[agent]["2.2"]["reportfile"]).read_text())
    assert detail["case"] == 18 and detail["isServer"] is False, "its place among all 517"
