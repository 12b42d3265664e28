"""`wspec serve --api` from outside: scripts that play the API's cases in a runtime, and whoever posts
something else."""

import contextlib
import json
import re
import shutil
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
sys.path.insert(0, str(ROOT / "targets"))

import target as targets  # noqa: E402  (found through the line above)

TIMEOUT_S = 60
MODULES = ROOT / "cases/api"
REFUSED = "api/constructor/fragment-empty"
OFFERED = "api/constructor/protocols-one-as-a-string"
FINDING = {"message": "nothing was thrown", "expected": "a SyntaxError", "seen": "nothing"}


@pytest.fixture(name="serve")
def fixture_serve(wspec, start_program):
    """Starts `wspec serve --api`; returns the program with its host and port."""
    def start(*arguments):
        program = start_program([wspec, "serve", "--api", "--port", "0", *arguments])
        found = re.fullmatch(r"listening on ws://(\S+):(\d+)/", program.next_line())
        program.host, program.port = found[1], int(found[2])
        program.url = program.next_line().removeprefix("for browsers: ")
        return program

    return start


def ask(program, path, body=None, method=None):
    request = urllib.request.Request(program.url + path, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def post(program, path, document=None):
    return ask(program, path, json.dumps(document).encode() if document is not None else b"")


def results(program, agent="one"):
    status, text = ask(program, f"results/{agent}?wait=1")
    assert status == 200, text
    document = json.loads(text)
    schema = json.loads((ROOT / "reports/schema/report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    return {result["id"]: result for result in document["results"]}


def end(program):
    program.signal(signal.SIGTERM)
    return program.wait()


def node():
    """A Node.js that has a WebSocket."""
    target = targets.load("clients/npm-undici")
    if not targets.is_installed(target):
        pytest.skip("not installed: targets/target.py install clients/npm-undici")
    return target.install_dir / "node"


def play(program, *words):
    """All cases in Node.js."""
    return subprocess.run([node(), MODULES / "main.mjs", program.url, *words], text=True,
                          capture_output=True, timeout=TIMEOUT_S, check=False)


# ---- Runtimes ----

def test_a_runtime_plays_all_cases(serve, tmp_path):
    """From the list to the report files, which say what the script found."""
    report = tmp_path / "report.json"
    program = serve("--cases", "api/constructor", "--once", "--json", report,
                    "--junit", tmp_path / "junit.xml")
    done = play(program, "node")
    assert done.returncode == 0, done.stderr
    assert program.wait() in (0, 1)
    document = json.loads(report.read_text())
    verdicts = {result["id"]: result for result in document["results"]}
    assert verdicts[REFUSED]["verdict"] == "pass" and verdicts[OFFERED]["verdict"] == "pass"
    assert verdicts[OFFERED]["requirements"][0] == "whatwg-3.1-constructor-05"
    assert "fragment-empty" in (tmp_path / "junit.xml").read_text()


def test_one_case_may_be_chosen(serve):
    program = serve("--cases", "api/constructor")
    done = play(program, "node", REFUSED)
    assert done.returncode == 0 and done.stdout == "1 cases played\n"
    assert list(results(program, "node")) == [REFUSED]
    assert end(program) == 0


def test_without_a_server_it_says_so(serve):
    program = serve("--cases", REFUSED)
    assert end(program) == 3
    done = play(program, "node")
    assert done.returncode == 1 and "main.mjs: " in done.stderr


SECTIONS = sorted(path.stem for path in MODULES.glob("*.json"))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("section", SECTIONS)
def test_our_api_in_c_passes(serve, wspec, section, tmp_path):
    """The same list, through tests/e2e/c_api; what C has no counterpart of is a skip with its reason."""
    remote = wspec.parent / "websocket_remote"
    if not remote.is_file():
        pytest.skip(f"{remote} is not built: it comes with the tests")
    report = tmp_path / "report.json"
    program = serve("--cases", f"api/{section}/*", "--json", report)
    done = subprocess.run([node(), ROOT / "tests/e2e/c_api/main.mjs", remote, program.url, "c"],
                          text=True, capture_output=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    assert end(program) == 0, "\n".join(program.rest())
    results = json.loads(report.read_text())["results"]
    assert {result["verdict"] for result in results} <= {"pass", "skip"}
    assert all(result["skip_reason"] for result in results if result["verdict"] == "skip")
    assert section == "closeevent" or any(result["verdict"] == "pass" for result in results)


CHROMIUM = shutil.which("chromium")


@pytest.mark.timeout(180)
def test_a_browser_plays_them_on_the_page(serve, tmp_path):
    if not CHROMIUM:
        pytest.skip("chromium is not installed: apt-get install chromium")
    program = serve("--cases", REFUSED, "--cases", OFFERED, "--once")
    browser = subprocess.Popen(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         f"--user-data-dir={tmp_path}", f"{program.url}?run=1&agent=chromium"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        code = program.process.wait(timeout=150)
    finally:
        targets.stop(browser)
    assert code == 0
    assert "2 pass" in "\n".join(program.rest())


# ---- What a script says ----

def test_cases_name_their_functions(serve):
    program = serve("--cases", REFUSED, "--cases", OFFERED)
    document = json.loads(ask(program, "cases")[1])
    schema = json.loads((ROOT / "reports/schema/serve.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    cases = {case["id"]: case for case in document["cases"]}
    assert cases[REFUSED]["connections"] == 0
    assert cases[REFUSED]["call"] == {"module": "constructor.mjs", "function": "refusesUrl",
                                      "with": {"url": "ws://localhost/#"}}
    assert cases[OFFERED]["call"]["with"]["protocols"] == "chat"
    for name in ("constructor.mjs", "runner.mjs", "main.mjs"):
        assert ask(program, f"api/{name}") == (200, (MODULES / name).read_text())
    end(program)


@pytest.mark.parametrize("name", ["../requirements.json", "%2e%2e%2frequirements.json", "", ".mjs",
                                  "nothing.mjs", "constructor.json", "constructor.mjs/",
                                  "..%2f..%2ftests%2fx.mjs", "x" * 300 + ".mjs"])
def test_only_modules_are_served(serve, name):
    program = serve("--cases", REFUSED)
    assert ask(program, f"api/{name}")[0] == 404
    end(program)


def test_findings_decide(serve):
    program = serve("--cases", "api/constructor/fragment*")
    for case, findings, verdict in (
            (REFUSED, [], "pass"),
            ("api/constructor/fragment-of-a-word", [FINDING], "fail"),
            ("api/constructor/fragment-of-wss", [{**FINDING, "rank": "warn"}], "warn")):
        assert post(program, f"playing/{case}?agent=one")[0] == 200
        assert post(program, f"findings/{case}?agent=one", {"findings": findings})[0] == 200
        result = results(program)[case]
        assert result["verdict"] == verdict
        if findings:
            found = result["findings"][0]
            assert found["requirement"] == "whatwg-3.1-constructor-04"
            assert found["expected"] == "a SyntaxError" and found["seen"] == "nothing"
    assert end(program) == 1


def test_a_skip_has_its_reason(serve):
    program = serve("--cases", REFUSED)
    post(program, f"playing/{REFUSED}?agent=one")
    post(program, f"findings/{REFUSED}?agent=one", {"findings": [], "skip": "no WebSocket here"})
    result = results(program)[REFUSED]
    assert result["verdict"] == "skip" and result["skip_reason"] == "no WebSocket here"
    assert end(program) == 0


def test_a_script_that_never_connects_fails(serve):
    program = serve("--cases", OFFERED)
    post(program, f"playing/{OFFERED}?agent=one")
    post(program, f"findings/{OFFERED}?agent=one", {"findings": []})
    result = results(program)[OFFERED]
    assert result["verdict"] == "fail"
    assert "ended without this connection" in result["findings"][0]["message"]
    assert end(program) == 1


def test_a_script_that_falls_silent_fails(serve):
    program = serve("--cases", REFUSED, "--cases", OFFERED, "--case-timeout", "1")
    for case in (REFUSED, OFFERED):
        post(program, f"playing/{case}?agent=one")
    for case, result in results(program).items():
        assert result["verdict"] == "fail", case
        assert "posted no findings in time" in result["findings"][0]["message"]
    assert post(program, f"findings/{REFUSED}?agent=one", {"findings": []})[0] == 409
    assert end(program) == 1


def test_what_is_cut_off_is_an_error(serve, tmp_path):
    report = tmp_path / "report.json"
    program = serve("--cases", OFFERED, "--json", report)
    post(program, f"playing/{OFFERED}?agent=one")
    assert end(program) == 0
    assert json.loads(report.read_text())["results"][0]["verdict"] == "error"


def test_a_second_play_confirms(serve):
    program = serve("--cases", REFUSED)
    for _ in range(2):
        post(program, f"playing/{REFUSED}?agent=one&confirm=1")
        post(program, f"findings/{REFUSED}?agent=one&confirm=1", {"findings": [FINDING]})
        result = results(program)[REFUSED]
    assert result["verdict"] == "fail" and "unconfirmed" not in result
    assert end(program) == 1


# ---- Anything else ----

@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff" * 10, b'{"findings": [{}]}', b"[" * 60000,
                                  b'{"findings": [{"message": "m", "requirement": "6455-4.1-01"}]}'])
def test_findings_that_are_none_are_refused(serve, body):
    program = serve("--cases", REFUSED)
    post(program, f"playing/{REFUSED}?agent=one")
    assert ask(program, f"findings/{REFUSED}?agent=one", body)[0] == 400
    assert post(program, f"findings/{REFUSED}?agent=one", {"findings": []})[0] == 200
    assert results(program)[REFUSED]["verdict"] == "pass"
    assert end(program) == 0


def test_too_much_is_refused(serve):
    program = serve("--cases", REFUSED)
    post(program, f"playing/{REFUSED}?agent=one")
    with contextlib.closing(socket.create_connection((program.host, program.port))) as stream:
        stream.settimeout(TIMEOUT_S)
        stream.sendall(f"POST /findings/{REFUSED}?agent=one HTTP/1.1\r\nHost: x\r\n"
                       "Content-Length: 1000000\r\n\r\n".encode() + b" " * 65537)
        assert stream.recv(100).startswith(b"HTTP/1.1 413 ")
    end(program)


def test_octet_by_octet_and_in_chunks(serve):
    program = serve("--cases", REFUSED)
    post(program, f"playing/{REFUSED}?agent=one")
    request = (f"POST /findings/{REFUSED}?agent=one HTTP/1.1\r\nHost: x\r\n"
               "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"fin\r\na\r\ndings\":[]}\r\n0\r\n\r\n")
    with contextlib.closing(socket.create_connection((program.host, program.port))) as stream:
        stream.settimeout(TIMEOUT_S)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in request.encode():
            stream.send(bytes([octet]))
        assert stream.recv(100).startswith(b"HTTP/1.1 200 ")
    assert results(program)[REFUSED]["verdict"] == "pass"
    end(program)


@pytest.mark.parametrize("path, status", [
    (f"findings/{REFUSED}?agent=one", 409),
    ("findings/nothing?agent=one", 404),
    ("playing/nothing?agent=one", 404),
    ("elsewhere", 405),
])
def test_what_nobody_asked_for(serve, path, status):
    program = serve("--cases", REFUSED)
    assert post(program, path, {"findings": []})[0] == status
    assert end(program) == 3


def test_a_case_is_played_once_at_a_time(serve):
    program = serve("--cases", REFUSED)
    assert post(program, f"playing/{REFUSED}?agent=one")[0] == 200
    assert post(program, f"playing/{REFUSED}?agent=one")[0] == 409
    assert post(program, f"playing/{REFUSED}?agent=two")[0] == 200
    end(program)


def test_a_connection_needs_its_script(serve):
    program = serve("--cases", OFFERED)
    assert ask(program, f"case/{OFFERED}?agent=one")[0] == 409
    assert end(program) == 3


def test_without_api_there_are_no_scripts(wspec, start_program):
    program = start_program([wspec, "serve", "--port", "0", "--cases", "6455/4.1/response-right"])
    program.next_line()
    program.url = program.next_line().removeprefix("for browsers: ")
    assert ask(program, "api/runner.mjs")[0] == 404
    assert post(program, "playing/6455/4.1/response-right?agent=one")[0] == 405
    assert end(program) == 3


def test_cases_of_the_api_are_for_scripts_alone(wspec):
    for command in (["run"], ["run-client"], ["serve", "--port", "0"]):
        done = subprocess.run([wspec, *command, "--cases", "api/*"], capture_output=True, text=True,
                              timeout=TIMEOUT_S, check=False)
        assert done.returncode == 4, command
