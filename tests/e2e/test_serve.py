"""`wspec serve` from outside: cases by URL, results over HTTP, and whoever else connects."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests/e2e/peers"
TIMEOUT_S = 60
RIGHT = "6455/4.1/response-right"
NO_ACCEPT = "6455/4.1/response-without-accept"


@pytest.fixture
def serve(wspec, start_program):
    """Starts `wspec serve`; returns the program with its host and port."""
    def start(*arguments):
        program = start_program([wspec, "serve", "--port", "0", *arguments])
        found = re.fullmatch(r"listening on (wss?)://(\S+):(\d+)/", program.next_line())
        assert found
        program.scheme, program.host, program.port = found[1], found[2], int(found[3])
        assert program.next_line().startswith("for browsers: http")
        return program

    return start


def get(program, path):
    url = f"http://{program.host}:{program.port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def play(program, case, agent, client="echo_client.py", how=()):
    url = f"{program.scheme}://{program.host}:{program.port}/case/{case}?agent={agent}"
    return subprocess.run([sys.executable, PEERS / client, *how, url], timeout=TIMEOUT_S,
                          capture_output=True, text=True, check=False)


def results_of(program, agent):
    status, kind, text = get(program, f"/results/{agent}")
    assert status == 200 and kind == "application/json", text
    return {result["id"]: result["verdict"] for result in json.loads(text)["results"]}


def records_of(program, agent, query=""):
    status, _, text = get(program, f"/results/{agent}{query}")
    assert status == 200, text
    document = json.loads(text)
    schema("report").validate(document)
    return {result["id"]: result for result in document["results"]}


def unconfirmed_of(program, agent):
    text = get(program, f"/cases?unconfirmed={agent}&wait=1")[2]
    return [case["id"] for case in json.loads(text)["cases"]]


def schema(name):
    path = ROOT / f"reports/schema/{name}.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text()))


BAD = {"client": "bad_client.py", "how": ["takes_any_answer"]}


def stop(program, number=signal.SIGTERM):
    program.signal(number)
    return program.wait()


def test_cases_are_played_and_reported(serve, tmp_path):
    program = serve("--cases", "6455/4.1/*", "--json", tmp_path / "report.json")
    play(program, RIGHT, "one")
    play(program, NO_ACCEPT.replace("/", "%2F"), "one")
    assert results_of(program, "one") == {RIGHT: "pass", NO_ACCEPT: "pass"}
    assert stop(program) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["schema"] == "wspec-report/1"
    assert report["target"]["agent"] == "one"
    assert len(report["results"]) == 2


def test_agents_are_apart(serve, tmp_path):
    program = serve("--cases", "6455/4.1/*", "--json", tmp_path / "report.json")
    play(program, NO_ACCEPT, "good")
    play(program, NO_ACCEPT, "bad", client="bad_client.py", how=["takes_any_answer"])
    assert results_of(program, "good") == {NO_ACCEPT: "pass"}
    assert results_of(program, "bad") == {NO_ACCEPT: "fail"}
    assert json.loads(get(program, "/results")[2]) == {"agents": ["good", "bad"]}
    assert stop(program, signal.SIGINT) == 1
    assert json.loads((tmp_path / "report.json").read_text())["schema"] == "wspec-matrix/1"


URI = "6455/3/client-scheme-in-capitals"
IRI = "6455/11.1.1/client-escapes-path"


def tell_tried(program, case, agent, query=""):
    url = f"http://{program.host}:{program.port}/tried/{case}?agent={agent}{query}"
    with urllib.request.urlopen(url, data=b"", timeout=TIMEOUT_S) as answer:
        return answer.read().decode()


def awaited(program, agent):
    """Verdicts, once all that the agent has begun is over."""
    records = records_of(program, agent, "?wait=1")
    return {case: record["verdict"] for case, record in records.items()}


def urls_of(program):
    listed = json.loads(get(program, "/cases")[2])
    schema("serve").validate(listed)
    return {case["id"]: case["url"] for case in listed["cases"]}


def test_the_url_of_a_case_is_listed(serve):
    program = serve("--cases", URI, "--cases", IRI)
    at = f"{program.host}:{program.port}"
    assert urls_of(program) == {URI: f"WS://{at}/case/{URI}?agent={{agent}}",
                                IRI: f"ws://{at}/case/{IRI}/\u00e9\u20ac\U00010348?agent={{agent}}"}


def test_a_url_that_no_client_connects_to_is_a_result(serve):
    program = serve("--cases", URI, "--cases", IRI, "--once")
    for case in (URI, IRI):
        assert tell_tried(program, case, "me", "&confirm=1") == "the client has not connected\n"
    assert awaited(program, "me") == {URI: "fail", IRI: "info"}
    assert unconfirmed_of(program, "me") == [URI]
    tell_tried(program, URI, "me", "&confirm=1")
    assert program.wait() == 1


def test_a_client_that_has_connected_is_judged_by_that(serve):
    program = serve("--cases", URI, "--cases", IRI)
    for word in ("has", "has not", "has not"):
        if word == "has":
            play(program, IRI + "/%C3%A9%e2%82%ac%F0%90%8D%88", "me")
        assert tell_tried(program, IRI, "me") == f"the client {word} connected\n"
        assert awaited(program, "me") == {IRI: "pass" if word == "has" else "info"}
    play(program, IRI + "/%C3%A9", "me")
    tell_tried(program, IRI, "me")
    assert awaited(program, "me") == {IRI: "fail"}


def test_the_end_of_a_url_is_not_heard_before_that_of_its_case(serve):
    """The client has gone without a word, and its case is still under way."""
    program = serve("--cases", URI)
    held = socket.create_connection((program.host, program.port), timeout=TIMEOUT_S)
    with held:
        held.sendall(f"GET /case/{URI}?agent=me HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n".encode())
        assert held.recv(1000).startswith(b"HTTP/1.1 101 ")
        assert tell_tried(program, URI, "me") == "the client has connected\n"
    assert awaited(program, "me") == {URI: "fail"}


def test_who_lists_the_cases_says_where_they_are(serve):
    program = serve("--cases", URI)
    with raw(program, b"GET /cases HTTP/1.0\r\n\r\n") as asked:
        assert asked.recv(1000).startswith(b"HTTP/1.1 400 ")


def test_a_later_play_counts(serve):
    program = serve("--cases", "6455/4.1/*")
    play(program, NO_ACCEPT, "a+b", client="bad_client.py", how=["takes_any_answer"])
    play(program, NO_ACCEPT, "a%20b")
    assert results_of(program, "a%20b") == {NO_ACCEPT: "pass"}
    assert stop(program) == 0


# ---- Playing again what did not pass ----

def test_a_failure_is_unconfirmed_until_it_is_played_again(serve):
    program = serve("--cases", "6455/4.1/*")
    assert unconfirmed_of(program, "bad") == []
    play(program, RIGHT, "bad&confirm=1")
    play(program, NO_ACCEPT, "bad&confirm=1", **BAD)
    assert unconfirmed_of(program, "bad") == [NO_ACCEPT]
    assert records_of(program, "bad")[NO_ACCEPT]["unconfirmed"] is True
    play(program, NO_ACCEPT, "bad&confirm=1", **BAD)
    assert unconfirmed_of(program, "bad") == []
    record = records_of(program, "bad", "?wait=1")[NO_ACCEPT]
    assert (record["verdict"], record["flaky"], "unconfirmed" in record) == ("fail", False, False)
    assert stop(program) == 1


def test_two_plays_that_differ_are_flaky(serve):
    program = serve("--cases", "6455/4.1/*")
    play(program, NO_ACCEPT, "one&confirm=1", **BAD)
    play(program, NO_ACCEPT, "one&confirm=1")
    record = records_of(program, "one", "?wait=1")[NO_ACCEPT]
    assert (record["verdict"], record["flaky"]) == ("pass", True)
    assert record["flaky_transcript"]
    assert stop(program) == 0


def test_a_later_play_that_does_not_confirm_counts_alone(serve):
    program = serve("--cases", "6455/4.1/*")
    play(program, NO_ACCEPT, "one", **BAD)
    play(program, NO_ACCEPT, "one")
    record = records_of(program, "one", "?wait=1")[NO_ACCEPT]
    assert (record["verdict"], record["flaky"]) == ("pass", False)
    assert stop(program) == 0


def test_once_waits_for_what_is_to_be_confirmed(serve):
    program = serve("--cases", NO_ACCEPT, "--once")
    play(program, NO_ACCEPT, "one&confirm=1", **BAD)
    assert unconfirmed_of(program, "one") == [NO_ACCEPT], "it is still there"
    play(program, NO_ACCEPT, "one&confirm=1", **BAD)
    assert program.wait() == 1


def test_results_can_be_waited_for(serve):
    program = serve("--cases", "6455/4.1/*", "--timeout", "3")
    request = (f"GET /case/{RIGHT}?agent=slow HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
               "Sec-WebSocket-Version: 13\r\n\r\n")
    connection = raw(program, request.encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 101 "), "the case is under way"
    assert get(program, "/results/slow")[0] == 404
    assert list(records_of(program, "slow", "?wait=1")) == [RIGHT]
    connection.close()
    assert stop(program) == 1


# ---- The baseline ----

def fail_once(program, agent="one"):
    play(program, NO_ACCEPT, agent, **BAD)
    assert records_of(program, agent, "?wait=1")[NO_ACCEPT]["verdict"] == "fail"


def test_a_known_failure_is_none(serve, tmp_path):
    known = tmp_path / "known.json"
    program = serve("--cases", "6455/4.1/*", "--write-baseline", known)
    fail_once(program)
    assert stop(program) == 0
    entries = json.loads(known.read_text())["entries"]
    assert [entry["case"] for entry in entries] == [NO_ACCEPT]
    program = serve("--cases", "6455/4.1/*", "--baseline", known)
    fail_once(program)
    assert records_of(program, "one")[NO_ACCEPT]["known"]["reason"] == entries[0]["reason"]
    assert stop(program) == 0


def test_an_entry_that_no_longer_fails_is_said(serve, tmp_path):
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"schema": "wspec-baseline/1", "entries": [
        {"case": NO_ACCEPT, "verdict": "fail", "reason": "once upon a time"}]}))
    program = serve("--cases", "6455/4.1/*", "--baseline", known)
    fail_once(program)
    play(program, NO_ACCEPT, "one")
    assert stop(program) == 1
    assert f"{NO_ACCEPT}: stale" in program.stderr


def test_a_baseline_is_of_one_client(serve, tmp_path):
    known = tmp_path / "known.json"
    known.write_text("what was there")
    program = serve("--cases", "6455/4.1/*", "--write-baseline", known)
    fail_once(program)
    fail_once(program, "two")
    assert stop(program) == 2
    assert "2 agents came" in program.stderr and known.read_text() == "what was there"


def test_a_failure_says_how_to_see_it_again(serve):
    program = serve("--cases", "6455/4.1/*", "--timeout", "2")
    fail_once(program)
    assert stop(program) == 1
    command = f"reproduce: wspec serve --timeout 2 --port 0 --cases {NO_ACCEPT} -v"
    assert command in [line.strip() for line in program.rest()]


# ---- Over HTTP ----

def test_lists_and_reports(serve):
    program = serve("--cases", "6455/4.1/*")
    status, kind, text = get(program, "/cases")
    cases = json.loads(text)["cases"]
    assert status == 200 and kind == "application/json"
    for path in ("/cases", "/cases?unconfirmed=x", "/results"):
        schema("serve").validate(json.loads(get(program, path)[2]))
    right = next(case for case in cases if case["id"] == RIGHT)
    assert right["connections"] == 1 and right["summary"]
    asking = {case["id"]: case["subprotocol"] for case in cases if "subprotocol" in case}
    assert asking["6455/4.1/response-subprotocol-longer"] == "chat" and RIGHT not in asking
    play(program, RIGHT, "one")
    for name, mark in (("html", "<!doctype html"), ("junit", "<testsuites"), ("markdown", "one")):
        status, _, text = get(program, f"/results/one?format={name}")
        assert status == 200 and mark in text
    page = get(program, "/")
    assert page[0] == 200 and page[1].startswith("text/html") and 'lang="en"' in page[2]
    assert stop(program) == 0


@pytest.mark.parametrize("path, status, words", [
    ("/case/nothing", 404, "there is no case 'nothing'"),
    ("/elsewhere", 404, "there is nothing at /elsewhere"),
    ("/results/nobody", 404, "agent=nobody"),
])
def test_what_is_not_there(serve, path, status, words):
    program = serve("--cases", RIGHT)
    answer = get(program, path)
    assert answer[0] == status and words in answer[2]
    assert stop(program) == 3


def test_once_ends_by_itself(serve):
    program = serve("--cases", RIGHT, "--once")
    play(program, RIGHT, "one")
    assert program.wait() == 0


def test_a_server_that_nobody_uses_ends(serve):
    assert serve("--cases", RIGHT, "--idle", "0.2").wait() == 3
    program = serve("--cases", "6455/4.1/*", "--timeout", "5", "--idle", "5")
    play(program, RIGHT, "one")
    assert program.wait() == 0


def test_over_tls(serve):
    program = serve("--tls", "--cases", RIGHT, "--once")
    assert program.scheme == "wss"
    play(program, RIGHT, "one")
    assert program.wait() == 0


def test_several_connections_of_one_case(serve):
    case = "robustness/connections/messages-stay-apart"
    program = serve("--cases", case, "--once")
    url = f"ws://{program.host}:{program.port}/case/{case}?agent=two"
    connections = json.loads(get(program, "/cases")[2])["cases"][0]["connections"]
    clients = [subprocess.Popen([sys.executable, PEERS / "echo_client.py", url])
               for _ in range(connections)]
    for client in clients:
        client.wait(timeout=TIMEOUT_S)
    assert program.wait() == 0


def raw(program, octets):
    """Sends octets; returns the connection, to be kept open."""
    connection = socket.create_connection((program.host, program.port), timeout=TIMEOUT_S)
    connection.sendall(octets)
    return connection


def test_who_is_silent_or_rude_holds_nobody_up(serve):
    program = serve("--cases", "6455/4.1/*", "--timeout", "1.5")
    half = f"GET /case/{RIGHT}?agent=half HTTP/1.1\r\nHost: x\r\n".encode()
    connections = [raw(program, b""), raw(program, half)]
    connections += [raw(program, half) for _ in range(20)]
    garbage = raw(program, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n")
    assert garbage.recv(4096).startswith(b"HTTP/1.1 400 ")
    long = raw(program, b"GET /" + b"x" * 100000)
    assert long.recv(4096).startswith(b"HTTP/1.1 400 ")
    play(program, RIGHT, "good")
    assert results_of(program, "good") == {RIGHT: "pass"}
    assert stop(program) == 0
    for connection in [*connections, garbage, long]:
        connection.close()


@pytest.mark.parametrize("how", ["silent_when_open", "floods", "dies", "unmasked"])
def test_a_hostile_client_is_reported_and_others_go_on(serve, how):
    program = serve("--cases", "6455/4.1/*", "--timeout", "1.5")
    url = f"ws://{program.host}:{program.port}/case/{NO_ACCEPT}?agent=bad"
    hostile = subprocess.Popen([sys.executable, PEERS / "bad_client.py", how, url],
                               stderr=subprocess.DEVNULL)
    play(program, RIGHT, "good")
    assert results_of(program, "good") == {RIGHT: "pass"}
    while get(program, "/results/bad")[0] == 404:
        assert hostile.poll() is None or how in ("floods", "dies", "unmasked")
    verdict = results_of(program, "bad")[NO_ACCEPT]
    assert verdict == ("pass" if how == "dies" else "fail")
    hostile.kill()
    hostile.wait(timeout=TIMEOUT_S)
    assert stop(program) == (0 if how == "dies" else 1)


def test_stopping_cuts_off_what_is_under_way(serve):
    program = serve("--cases", "6455/4.1/*", "--timeout", "30")
    url = f"ws://{program.host}:{program.port}/case/{RIGHT}?agent=slow"
    slow = subprocess.Popen([sys.executable, PEERS / "bad_client.py", "silent_when_open", url],
                            stdout=subprocess.PIPE)
    while json.loads(get(program, "/cases")[2])["cases"] and not has_connected(slow.pid):
        pass
    assert stop(program) in (1, 3)
    slow.kill()
    slow.wait(timeout=TIMEOUT_S)
    slow.stdout.close()


def has_connected(pid):
    """Whether a process holds a socket."""
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                return True
        except FileNotFoundError:
            pass  # closed since it was listed
    return False


@pytest.mark.parametrize("arguments, words", [
    (["--port", "65536"], "--port 65536"),
    (["extra"], "unexpected argument 'extra'"),
    (["--bind", "192.0.2.1", "--port", "0"], "192.0.2.1"),
])
def test_bad_usage(wspec, arguments, words):
    done = subprocess.run([wspec, "serve", *arguments], text=True, capture_output=True,
                          timeout=TIMEOUT_S, check=False)
    assert done.returncode == 2 and words in done.stderr
