"""`wspec run` from outside: what it says, and its exit codes (docs/design.md, the command line)."""

import base64
import json
import re
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEFECTS_SERVER = ROOT / "tests/defects/server.py"
TIMEOUT_S = 100


def run(wspec, *arguments):
    return subprocess.run([str(word) for word in (wspec, "run", *arguments)], text=True,
                          capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)


def assert_one_line(done, code, *words):
    """One clear line (and perhaps where to find help) on standard error, nothing half-done."""
    assert done.returncode == code, done.stderr + done.stdout
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Try ")]
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]
    assert "cases in" not in done.stdout


# ---- What is wrong with the arguments, the files or the address ----

@pytest.mark.parametrize("arguments, words", [
    (["--frobnicate"], ["unknown option '--frobnicate'"]),
    (["--jobs", "0", "ws://127.0.0.1:1/"], ["--jobs 0", "1 to"]),
    (["--timeout", "soon"], ["--timeout soon", "seconds"]),
    (["--oracle", "delphi"], ["auto, echo, pong or none"]),
    (["--shard", "3/2"], ["--shard 3/2", "I/N"]),
    (["-H", "no colon"], ["no colon", "Name: value"]),
    (["--cases"], ["needs a value"]),
    (["ws://a/", "ws://b/"], ["one URL at a time"]),
    (["ws://localhost:70000/"], ["port 70000", "65535"]),
    (["gopher://localhost/"], ["gopher"]),
    (["ws://localhost/#fragment"], ["fragment"]),
    (["--json", "/nonexistent/report.json"], ["/nonexistent/report.json", "No such file"]),
    (["--json", "/dev/full"], ["/dev/full", "No space left"]),
    (["--json", "/"], ["/", "Is a directory"]),
    (["--case-file", "/nonexistent.json"], ["/nonexistent.json", "No such file"]),
], ids=lambda value: " ".join(value) if isinstance(value, list) else str(value))
def test_bad_usage_is_one_line_and_exit_2(wspec, arguments, words):
    assert_one_line(run(wspec, *arguments), 2, *words)


def test_case_file_with_a_syntax_error_says_where(wspec, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text('{ "schema": "wspec-cases/1",\n  "spec": }\n')
    assert_one_line(run(wspec, "--case-file", path), 2, f"{path}:2:11")


def test_case_directory_that_is_none(wspec, tmp_path):
    assert_one_line(run(wspec, "--case-dir", tmp_path / "none"), 2, "none")


def test_glob_that_selects_nothing_is_exit_4(wspec):
    done = run(wspec, "--cases", "6455/99.*")
    assert done.returncode == 4
    assert "6455/99.*" in done.stderr and "no case was selected" in done.stderr


def test_unreachable_port_is_exit_3(wspec):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}/"
        assert_one_line(run(wspec, url), 3, url, "refused")


def test_unknown_host_is_exit_3(wspec):
    assert_one_line(run(wspec, "ws://no-such-host.invalid/"), 3, "no-such-host.invalid")


def test_plain_speaker_on_a_wss_url_is_exit_3(wspec, bug_server):
    url = bug_server().replace("ws:", "wss:")
    assert_one_line(run(wspec, url), 3, "TLS")


def test_certificate_nobody_vouches_for_is_exit_3(wspec, start_echo):
    assert_one_line(run(wspec, start_echo("--tls").url), 3, "certificate")


def test_insecure_takes_any_certificate(wspec, start_echo):
    done = run(wspec, "-k", start_echo("--tls").url, "--cases", "6455/5.5.2")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("scenario, word", [
    ("not-websocket", "HTTP status 200"), ("refuse-handshake", "HTTP status 403"),
    ("rubbish", "HTTP"), ("drops-after-accept", "TCP"), ("resets-after-accept", "RST")])
def test_port_that_speaks_something_else_is_exit_3(wspec, bug_server, scenario, word):
    assert_one_line(run(wspec, bug_server("--scenario", scenario)), 3, word)


def test_port_that_says_nothing_is_exit_3(wspec, bug_server):
    url = bug_server("--scenario", "silent")
    assert_one_line(run(wspec, url, "--timeout", "0.5"), 3, "time limit")


# ---- Runs ----

def test_reference_endpoint_passes_without_a_url(wspec, tmp_path):
    report = tmp_path / "report.json"
    done = run(wspec, "--cases", "6455/5.*", "--json", report)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(report.read_text())["summary"]
    assert summary["total"] >= 20
    assert summary["fail"] == summary["error"] == 0


def test_defect_is_a_fail_with_its_requirement_and_exit_1(wspec, bug_server):
    url = bug_server("--defect", "masks-pongs")
    done = run(wspec, url, "--cases", "6455/5.5.2", "--timeout", "1", "--json", "-")
    assert done.returncode == 1, done.stderr
    results = json.loads(done.stdout)["results"]
    failed = [result for result in results if result["verdict"] == "fail"]
    assert failed
    finding = failed[0]["findings"][0]
    assert finding["requirement"].startswith("6455-5.")
    assert finding["message"]
    assert failed[0]["transcript"]
    assert f"reproduce: wspec run --timeout 1 {url} --cases {failed[0]['id']}" in done.stderr


def test_a_failure_is_reproduced_where_it_was_found(wspec, bug_server, tmp_path):
    """The URL alone leads to nobody: the command says to whom to connect."""
    url = bug_server("--defect", "masks-pongs")
    place = url.removeprefix("ws://").rstrip("/")
    done = run(wspec, "ws://wspec.invalid/", "--connect-to", place, "--cases", "6455/5.5.2",
               "--timeout", "1", "--json", tmp_path / "report.json")
    assert done.returncode == 1, done.stderr
    commands = [line.split("reproduce: ")[1] for line in done.stdout.splitlines()
                if "reproduce: " in line]
    assert commands[0].startswith(f"wspec run --timeout 1 --connect-to {place} ws://wspec.invalid/")
    again = subprocess.run(["bash", "-c", f'wspec() {{ "{wspec}" "$@"; }}; {commands[0]}'],
                           text=True, capture_output=True, timeout=TIMEOUT_S, check=False)
    assert again.returncode == 1 and "1 fail" in again.stdout, again.stderr


def test_octets_in_chunks_are_part_of_the_command(wspec):
    done = run(wspec, "--memory", "--chunk", "7", "--cases", "6455/5.5.2", "--json", "-")
    assert json.loads(done.stdout)["reproduce"] == "wspec run --memory --chunk 7"


def test_own_case_file_is_played_beside_the_suite(wspec, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({
        "schema": "wspec-cases/1", "spec": "robustness", "section": "mine",
        "cases": [{"id": "hello", "summary": "A message comes back", "requirements": [],
                   "steps": [{"open": {}}, {"send": {"message": "text", "payload": "hello"}},
                             {"expect": "echo"}, {"close": {"code": 1000}}]}]}))
    done = run(wspec, "--case-file", path, "--cases", "robustness/mine/*")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 case in" in done.stdout


def test_same_seed_sends_the_same_octets(wspec):
    def sent(seed):
        done = run(wspec, "--memory", "--cases", "6455/5.5.2/*", "--transcripts", "all", "--seed",
                   seed, "--json", "-")
        return [[entry["octets"] for entry in result["transcript"] if entry["kind"] == "sent"]
                for result in json.loads(done.stdout)["results"]]

    assert sent(5) == sent(5)
    assert sent(5) != sent(6)


def test_never_echoing_server_is_judged_by_its_pongs(wspec, bug_server):
    url = bug_server("--scenario", "never-echo")
    done = run(wspec, url, "--cases", "6455/5.5.2", "--json", "-")
    report = json.loads(done.stdout)
    assert report["target"]["oracle"] == "pong"


def test_server_that_refuses_every_message_is_not_blamed_for_it(wspec, bug_server):
    url = bug_server("--scenario", "refuses-messages")
    done = run(wspec, url, "--cases", "6455/5.*", "--json", "-")
    report = json.loads(done.stdout)
    assert report["config"]["refusal_code"] == 4400
    assert report["target"]["oracle"] == "pong"
    assert report["summary"]["fail"] == 0 and done.returncode == 0, done.stderr
    verdicts = {result["id"]: result["verdict"] for result in report["results"]}
    assert verdicts["6455/5.5.2/ping-payload-125"] == "pass"
    assert verdicts["6455/5.4/type-of-text-holds-for-continuations"] == "skip"


def test_refusal_with_1007_is_told_and_warned_of(wspec, bug_server, tmp_path):
    url = bug_server("--scenario", "refuses-messages-as-invalid")
    reports = {name: tmp_path / name for name in ("json", "html", "markdown", "junit", "tap", "sarif")}
    done = run(wspec, url, "--cases", "6455/7.4.1/no-1007-to-ascii", "--cases", "6455/5.6/*",
               *[word for name, path in reports.items() for word in (f"--{name}", str(path))])
    verdicts = {result["id"]: result["verdict"]
                for result in json.loads(reports["json"].read_text())["results"]}
    assert verdicts.pop("6455/7.4.1/no-1007-to-ascii") == "warn"
    n_skipped = list(verdicts.values()).count("skip")
    assert n_skipped > 10 and "fail" not in verdicts.values()
    remark = f"The target closes with 1007 on an ordinary message: {n_skipped} cases were skipped"
    assert remark in done.stdout
    for name in ("markdown", "junit", "tap", "sarif"):
        assert remark in reports[name].read_text(), name
    packed = re.search(r'id="data"[^>]*>(.*?)</script>', reports["html"].read_text(), re.S)[1]
    assert remark in zlib.decompress(base64.b64decode(packed)).decode()


def test_who_says_that_the_target_echoes_lets_it_refuse_nothing(wspec, bug_server):
    url = bug_server("--scenario", "refuses-messages-as-invalid")
    done = run(wspec, url, "--cases", "6455/5.6/text-of-ascii", "--oracle", "echo", "--json", "-")
    report = json.loads(done.stdout)
    assert done.returncode == 1 and report["summary"]["fail"] == 1
    assert "refusal_code" not in report["config"]
