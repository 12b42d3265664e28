"""`wspec run-client` from outside: a client that is right, and clients that are anything but."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "tests/e2e/peers"
TIMEOUT_S = 100
ECHO = [sys.executable, PEERS / "echo_client.py", "{url}"]
RIGHT = "6455/4.1/response-right"
NO_ACCEPT = "6455/4.1/response-without-accept"
SERVER_NAME = "6455/4.1/tls-server-name"
OTHER_PROTOCOL = "6455/4.1/response-subprotocol-longer"


def bad(how):
    return [sys.executable, PEERS / "bad_client.py", how, "{url}"]


def run_client(wspec, *arguments, command=(), code=None):
    words = [wspec, "run-client", *arguments, *(["--", *command] if command else [])]
    done = subprocess.run([str(word) for word in words], text=True, capture_output=True,
                          timeout=TIMEOUT_S, stdin=subprocess.DEVNULL)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done


def results_of(wspec, tmp_path, *arguments, command, code):
    report = tmp_path / "report.json"
    run_client(wspec, "--json", report, *arguments, command=command, code=code)
    document = json.loads(report.read_text())
    schema = json.loads((ROOT / "reports/schema/report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["target"]["role"] == "client"
    return {result["id"]: result for result in document["results"]}


def words_of(result):
    return " ".join(finding["message"] for finding in result["findings"])


# ---- The reference client, in memory ----

def test_the_reference_client_passes_in_memory(wspec):
    done = run_client(wspec, "--cases", "6455/4.1/*", "--cases", "6455/5.4/*", code=0)
    assert " 0 warn, 0 fail, 1 skip, 0 error" in done.stdout  # the name that TLS begins with


# ---- A right client ----

def test_a_right_client_passes(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--cases", "6455/4.1/response-without-*", "--cases",
                         "6455/5.5.2/ping-payload-*", command=ECHO, code=0)
    assert len(results) > 8
    assert {result["verdict"] for result in results.values()} <= {"pass", "info"}


def test_over_tls(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--tls", "--cases", RIGHT, command=ECHO, code=0)
    assert results[RIGHT]["verdict"] == "pass"


def test_each_connection_of_a_case_is_a_client(wspec, tmp_path):
    case = "robustness/connections/messages-stay-apart"
    results = results_of(wspec, tmp_path, "--cases", case, command=ECHO, code=0)
    assert results[case]["verdict"] == "pass"


def test_the_command_is_told_where_and_what(wspec, tmp_path):
    script = ("import os, sys; print(*sys.argv[1:], os.environ['WSPEC_URL'], "
              "os.environ['WSPEC_CASE'], os.environ['WSPEC_AGENT'])")
    command = [sys.executable, "-c", script, "at={url}", "{case}", "{agent}"]
    done = run_client(wspec, "--name", "me & you", "--cases", RIGHT, command=command, code=3)
    at, case, me, _and, you, url, *rest = done.stderr.split("printed: ")[1].split()
    assert at == "at=" + url
    assert url.startswith("ws://127.0.0.1:") and url.endswith("/case/probe?agent=me%20%26%20you")
    assert [case, me, you] == ["probe", "me", "you"]
    assert rest == ["probe", "me", "&", "you"]


def test_the_command_is_told_what_to_offer(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--cases", OTHER_PROTOCOL,
                         command=[*ECHO, "{subprotocol}"], code=0)
    assert results[OTHER_PROTOCOL]["verdict"] == "pass"
    unasked = results_of(wspec, tmp_path, "--cases", OTHER_PROTOCOL, command=ECHO, code=0)
    assert unasked[OTHER_PROTOCOL]["verdict"] == "skip"


URIS = ["--cases", "6455/3/client-*", "--cases", "6455/11.1.*"]
HOST, PATH, QUERY = (f"6455/11.1.1/client-{what}"
                     for what in ("converts-host", "escapes-path", "escapes-query"))


def test_the_url_is_what_the_case_is_about(wspec, tmp_path):
    told = tmp_path / "told"
    command = [sys.executable, "-c", f"import sys; open({str(told)!r}, 'a').write(sys.argv[1] + "
               f"'\\n'); import subprocess; subprocess.run([sys.executable, "
               f"{str(PEERS / 'echo_client.py')!r}, sys.argv[1]])", "{url}"]
    run_client(wspec, "--name", "me", "--jobs", "1", "--no-confirm", *URIS, command=command)
    urls = [url.replace(url.partition("://")[2].partition("/")[0].partition(":")[2], "1")
            for url in told.read_text(encoding="utf-8").splitlines()[1:]]
    assert sorted(urls) == sorted([
        "WS://127.0.0.1:1/case/6455/3/client-scheme-in-capitals?agent=me",
        "Ws://127.0.0.1:1/case/6455/3/client-scheme-in-mixed-case?agent=me",
        "ws://127.0.0.1:1/case/6455/3/client-escaped-number-sign-in-path/a%23b?agent=me",
        "ws://127.0.0.1:1/case/6455/3/client-escaped-number-sign-in-query?agent=me&a=%23b",
        f"ws://\uff11\uff12\uff17.\uff10.\uff10.\uff11:1/case/{HOST}?agent=me",
        f"ws://127.0.0.1:1/case/{PATH}/\u00e9\u20ac\U00010348?agent=me",
        f"ws://127.0.0.1:1/case/{QUERY}?agent=me&a=\u00e9\u20ac\U00010348"])


def test_a_client_may_take_only_what_is_a_uri(wspec, tmp_path):
    strict = ("import runpy, sys; url = sys.argv[1]; url.isascii() or sys.exit('no URI'); "
              f"sys.argv[0] = {str(PEERS / 'echo_client.py')!r}; "
              "runpy.run_path(sys.argv[0], run_name='__main__')")
    results = results_of(wspec, tmp_path, *URIS, code=0,
                         command=[sys.executable, "-c", strict, "{url}"])
    assert {case: result["verdict"] for case, result in results.items()
            if result["verdict"] not in ("pass", "skip")} == dict.fromkeys([HOST, PATH, QUERY], "info")
    assert "which it may reject" in words_of(results[HOST])


def test_a_client_that_dies_of_its_url_fails(wspec, tmp_path):
    dies = ("import os, runpy, sys; url = sys.argv[1]; url.isascii() or os.abort(); "
            f"sys.argv[0] = {str(PEERS / 'echo_client.py')!r}; "
            "runpy.run_path(sys.argv[0], run_name='__main__')")
    results = results_of(wspec, tmp_path, "--cases", PATH, code=1,
                         command=[sys.executable, "-c", dies, "{url}"])
    assert results[PATH]["verdict"] == "fail"
    assert "died of signal 6" in words_of(results[PATH])


@pytest.mark.parametrize("case, query, offered", [
    (OTHER_PROTOCOL, "?agent=me&subprotocol=chat", "chat"),
    (RIGHT, "?agent=me", ""),
])
def test_the_url_and_the_environment_name_the_subprotocol(wspec, tmp_path, case, query, offered):
    told = tmp_path / "told"
    script = (f"import os, subprocess, sys; url, protocol = sys.argv[1:]; "
              f"seen = [os.environ['WSPEC_CASE'], url.partition('?')[2], protocol, "
              f"os.environ['WSPEC_SUBPROTOCOL']]; "
              f"open({str(told)!r}, 'a').write(repr(seen) + '\\n'); "
              f"subprocess.run([sys.executable, {str(PEERS / 'echo_client.py')!r}, url, protocol])")
    results_of(wspec, tmp_path, "--name", "me", "--cases", case, code=0,
               command=[sys.executable, "-c", script, "{url}", "{subprotocol}"])
    lines = told.read_text().splitlines()
    assert lines[0] == repr(["probe", "agent=me", "", ""])
    assert set(lines[1:]) == {repr([case, query[1:], offered, offered])}


# ---- Clients that are wrong ----

def test_a_client_that_takes_a_wrong_101_fails(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--cases", RIGHT, "--cases", NO_ACCEPT,
                         command=bad("takes_any_answer"), code=1)
    assert results[RIGHT]["verdict"] == "pass"
    assert results[NO_ACCEPT]["verdict"] == "fail"
    assert results[NO_ACCEPT]["findings"][0]["requirement"] == "6455-4.1-46"


def test_unmasked_frames_fail(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--timeout", "1", "--oracle", "echo", "--cases",
                         "6455/5.5.2/ping-payload-1", command=bad("unmasked"), code=1)
    found = results["6455/5.5.2/ping-payload-1"]["findings"]
    assert "6455-5.1-01" in [finding["requirement"] for finding in found]


def test_exit_status_127_is_a_skip(wspec, tmp_path):
    script = tmp_path / "client.sh"
    script.write_text(f'#!/bin/sh\ncase "$WSPEC_CASE" in *accept) exit 127;; esac\n'
                      f'exec {sys.executable} {PEERS / "echo_client.py"} "$WSPEC_URL"\n')
    script.chmod(0o755)
    results = results_of(wspec, tmp_path, "--cases", RIGHT, "--cases", NO_ACCEPT,
                         command=[script], code=0)
    assert results[RIGHT]["verdict"] == "pass"
    assert results[NO_ACCEPT]["verdict"] == "skip"
    assert "127" in results[NO_ACCEPT]["skip_reason"]


def only_in_cases(tmp_path, how):
    """A right client for the probe and one case, one that is not for the others."""
    script = tmp_path / "client.sh"
    script.write_text(f'#!/bin/sh\ncase "$WSPEC_CASE" in *accept) '
                      f'exec {sys.executable} {PEERS / "bad_client.py"} {how} "$WSPEC_URL";; esac\n'
                      f'exec {sys.executable} {PEERS / "echo_client.py"} "$WSPEC_URL"\n')
    script.chmod(0o755)
    return [script]


@pytest.mark.parametrize("how, words", [
    ("never_connects", "did not connect"),
    ("exits", "ended with exit status 3 before it connected"),
    ("silent", "sent no whole request"),
    ("silent_when_open", "no reaction at all"),
    ("floods", ""),
    ("floods_the_log", "did not connect"),
    ("dies", "died of signal 11"),
    ("ignores_sigterm", "no reaction at all"),
])
def test_a_hostile_client_is_reported_and_the_run_goes_on(wspec, tmp_path, how, words):
    results = results_of(wspec, tmp_path, "--timeout", "1.5", "--case-timeout", "6", "--no-confirm",
                         "--jobs", "2", "--cases", RIGHT, "--cases", NO_ACCEPT,
                         command=only_in_cases(tmp_path, how), code=1)
    assert results[RIGHT]["verdict"] == "pass"
    assert results[NO_ACCEPT]["verdict"] == "fail"
    assert words in words_of(results[NO_ACCEPT])


def is_alive(pid):
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_whole_process_group_is_killed(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--timeout", "1.5", "--no-confirm", "--cases", NO_ACCEPT,
                         command=only_in_cases(tmp_path, "ignores_sigterm"), code=1)
    pid = int(results[NO_ACCEPT]["output"].split("child ")[1].split()[0])
    assert not is_alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells of orphans")
@pytest.mark.parametrize("how, n_children", [("leaves_a_daemon", 2),
                                             ("leaves_a_daemon_and_ends", 1)])
@pytest.mark.parametrize("jobs", ["1", "4"])
def test_what_left_the_group_is_killed_too(wspec, tmp_path, how, n_children, jobs):
    results = results_of(wspec, tmp_path, "--timeout", "1.5", "--no-confirm", "--jobs", jobs,
                         "--cases", "6455/4.1/response-without-*", "--cases", RIGHT,
                         command=only_in_cases(tmp_path, how), code=1)
    assert results[RIGHT]["verdict"] == "pass"
    children = results[NO_ACCEPT]["output"].split("child ")[1:]
    assert len(children) == n_children
    assert not [pid for pid in children if is_alive(int(pid.split()[0]))]


@pytest.mark.parametrize("host, switch, verdict", [
    ("localhost", "", "pass"), ("localhost", "begins-tls-without-a-name", "fail"),
    ("127.0.0.1", "", "skip"), ("127.0.0.1", "begins-tls-without-a-name", "skip")])
def test_a_client_begins_tls_with_the_name_of_the_host(wspec, tmp_path, host, switch, verdict):
    script = tmp_path / "client.sh"
    script.write_text(f'#!/bin/sh\necho "$WSPEC_URL {switch}" | '
                      f'exec {sys.executable} {ROOT / "tests/defects/client.py"}\n')
    script.chmod(0o755)
    results = results_of(wspec, tmp_path, "--tls", "--url-host", host, "--cases", SERVER_NAME,
                         "--cases", RIGHT, command=[script], code=verdict == "fail")
    assert results[RIGHT]["verdict"] == "pass"
    assert results[SERVER_NAME]["verdict"] == verdict
    if verdict == "fail":
        assert words_of(results[SERVER_NAME]) == \
            "the request is for 'localhost', and TLS was begun without a name"
        assert results[SERVER_NAME]["findings"][0]["requirement"] == "6455-4.1-17"


def test_what_it_printed_is_evidence(wspec, tmp_path):
    results = results_of(wspec, tmp_path, "--timeout", "1.5", "--no-confirm", "--cases", NO_ACCEPT,
                         command=only_in_cases(tmp_path, "exits"), code=1)
    assert results[NO_ACCEPT]["output"].strip() == "goodbye"


def test_its_last_words_are_on_the_terminal(wspec, tmp_path):
    arguments = ["--timeout", "1.5", "--no-confirm", "--cases", NO_ACCEPT]
    command = only_in_cases(tmp_path, "exits")
    short = run_client(wspec, *arguments, command=command, code=1).stdout
    assert "\n      printed:  goodbye\n" in short
    whole = run_client(wspec, *arguments, "-v", command=command, code=1).stdout
    assert "\n      | goodbye\n" in whole and "printed:" not in whole


def test_a_failure_is_reproduced_by_the_command_that_it_names(wspec, tmp_path):
    done = run_client(wspec, "--timeout", "2", "--name", "it's me", "--cases", RIGHT, "--cases",
                      NO_ACCEPT, command=bad("takes_any_answer"), code=1)
    commands = [line.split("reproduce: ")[1] for line in done.stdout.splitlines()
                if "reproduce: " in line]
    assert len(commands) == 1 and NO_ACCEPT in commands[0]
    assert commands[0].startswith("wspec run-client --timeout 2 --name 'it'\\''s me' --cases ")
    again = subprocess.run(["bash", "-c", f'wspec() {{ "{wspec}" "$@"; }}; {commands[0]}'],
                           text=True, capture_output=True, timeout=TIMEOUT_S, check=False)
    assert again.returncode == 1 and f"fail  {NO_ACCEPT}" in again.stdout, again.stderr


def test_what_was_played_once_is_unconfirmed(wspec, tmp_path):
    for arguments, is_unconfirmed in [(["--no-confirm"], True), ([], False)]:
        results = results_of(wspec, tmp_path, *arguments, "--cases", NO_ACCEPT,
                             command=bad("takes_any_answer"), code=1)
        assert results[NO_ACCEPT].get("unconfirmed", False) == is_unconfirmed


def test_known_failures_fail_no_run(wspec, tmp_path):
    known = tmp_path / "known.json"
    arguments = ["--cases", NO_ACCEPT, "--cases", RIGHT]
    run_client(wspec, *arguments, "--write-baseline", known, command=bad("takes_any_answer"),
               code=0)
    run_client(wspec, *arguments, "--baseline", known, command=bad("takes_any_answer"), code=0)
    done = run_client(wspec, *arguments, "--baseline", known, command=ECHO, code=1)
    assert f"{NO_ACCEPT}: stale" in done.stderr


# ---- Usage ----

@pytest.mark.parametrize("command, words", [
    (["/no/such/program"], "cannot start '/no/such/program'"),
    (bad("not_supported"), "exit status 127"),
    (bad("exits"), "goodbye"),
])
def test_a_command_that_never_connects_ends_the_run(wspec, command, words):
    done = run_client(wspec, "--cases", RIGHT, command=command, code=3)
    assert words in done.stderr
    assert "cases in" not in done.stdout


def test_options_behind_the_command_are_its_own(wspec):
    done = run_client(wspec, "--cases", RIGHT, command=["/no/such/program", "--cases", "x"], code=3)
    assert "/no/such/program" in done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["--memory", "--", "true"], "no command goes with it"),
    (["--case-timeout", "never"], "--case-timeout never"),
    (["--key", "k.pem"], "--key needs --cert"),
    (["--frobnicate"], "unknown option '--frobnicate'"),
])
def test_bad_usage(wspec, arguments, words):
    done = run_client(wspec, *arguments, code=2)
    assert words in done.stderr


def test_no_case_for_clients(wspec):
    run_client(wspec, "--cases", "6455/4.2.1/*", code=4)
