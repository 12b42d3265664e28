"""`wspec run` against servers that do nothing wrong but are hard to test, and against one that dies:
what the report says of each case, and the exit code."""

import json
import subprocess
import sys
import threading

import pytest
from test_run import DEFECTS_SERVER, TIMEOUT_S, run

ONE_AT_A_TIME = "the target serves one connection at a time"


def report_of(done):
    report = json.loads(done.stdout)
    assert report["summary"]["total"] == len(report["results"])
    return report


@pytest.mark.parametrize("scenario", ["never-echo", "slow-100ms"])
def test_difficult_but_right_server_has_no_fail(wspec, bug_server, scenario):
    done = run(wspec, bug_server("--scenario", scenario), "--json", "-", "--cases", "6455/4.2*",
               "--cases", "6455/5.5.2", "--cases", "6455/5.2/rsv*", "--cases", "6455/7.1.7")
    report = report_of(done)
    summary = report["summary"]
    assert done.returncode == 0, done.stderr
    assert summary["total"] > 300
    assert summary["fail"] == summary["error"] == summary["flaky"] == 0, done.stderr
    assert summary["pass"] + summary["info"] >= 0.95 * summary["total"]
    assert "one_at_a_time" not in report["config"]


def test_server_of_one_connection_at_a_time_skips_what_needs_two(wspec, bug_server):
    """While a case waited for its second connection, the others would wait for their first."""
    done = run(wspec, bug_server("--scenario", "one-connection-at-a-time"), "--json", "-",
               "--cases", "6455/4.*", "--cases", "6455/5.5*", "--cases", "robustness/tcp",
               "--cases", "robustness/connections")
    report = report_of(done)
    summary = report["summary"]
    assert done.returncode == 0, done.stderr
    assert report["config"]["one_at_a_time"] and report["config"]["jobs"] == 1
    assert summary["fail"] == summary["error"] == summary["flaky"] == 0, done.stderr
    skipped = {result["id"] for result in report["results"]
               if result["skip_reason"] == ONE_AT_A_TIME}
    assert len(skipped) < summary["total"] / 10
    assert {result["id"] for result in report["results"]
            if result["id"].startswith("robustness/connections/")} < skipped
    assert {"6455/4.2.2/key-used-twice", "robustness/tcp/nothing-sent-held",
            "robustness/tcp/fin-inside-payload"} < skipped
    assert "robustness/tcp/reset-inside-payload" not in skipped  # it ends before the next begins


class Supervisor:
    """Restarts a server that crashes, on the same port, until it is stopped."""

    def __init__(self, port, *switches, is_mended=False):
        self.port = port
        self.switches = switches
        self.is_mended = is_mended  # from the second start on
        self.stopped = threading.Event()
        self.starts = 0
        self.process = self._start()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _start(self):
        process = subprocess.Popen(
            [sys.executable, DEFECTS_SERVER, "--port", str(self.port), *self.switches],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout.readline().startswith("listening on ")
        self.starts += 1
        if self.is_mended:
            self.switches = ()
        return process

    def _watch(self):
        while True:
            self.process.wait()
            self.process.stdout.close()
            if self.stopped.is_set():
                return
            self.process = self._start()

    def stop(self):
        self.stopped.set()
        self.process.terminate()
        self.thread.join(timeout=TIMEOUT_S)


def test_case_that_killed_the_target_once_is_a_warn(wspec, reserve_port, tmp_path):
    """Played again alone, as what killed it is, the case finds a server that lives."""
    supervisor = Supervisor(reserve_port(), "--scenario", "crash-on-unmasked-frame", is_mended=True)
    try:
        done = run(wspec, f"ws://127.0.0.1:{supervisor.port}/", "--jobs", "1", "--json", "-",
                   "--cases", "6455/5.1/unmasked-text", "--cases", "6455/5.5.2/ping-payload*",
                   "--timeout", "20")
        results = {result["id"]: result for result in report_of(done)["results"]}
    finally:
        supervisor.stop()
    killer = results.pop("6455/5.1/unmasked-text")
    assert killer["verdict"] == "warn"
    assert [finding["message"] for finding in killer["findings"]] == [
        "the target answered no handshake right after this case, and did when it was played again"]
    assert len(results) > 1
    assert {result["verdict"] for result in results.values()} == {"pass"}
    report = tmp_path / "report.json"
    report.write_text(done.stdout)
    judged = subprocess.run([wspec, "judge", report], capture_output=True, text=True,
                            timeout=TIMEOUT_S)
    assert judged.returncode == 0 and "1 judged again, 0 differ" in judged.stdout, judged.stdout


@pytest.mark.parametrize("jobs", ["1", "16"])
def test_cases_that_kill_the_target_are_named(wspec, reserve_port, jobs):
    """All those that send a frame without a mask, and no other."""
    supervisor = Supervisor(reserve_port(), "--scenario", "crash-on-unmasked-frame")
    try:
        done = run(wspec, f"ws://127.0.0.1:{supervisor.port}/", "--jobs", jobs, "--json", "-",
                   "--cases", "6455/5.1/unmasked-text*", "--cases", "6455/5.1/frames*",
                   "--cases", "6455/5.2", "--cases", "6455/5.5.2",
                   "--timeout", "20")
        report = report_of(done)
    finally:
        supervisor.stop()
    assert supervisor.starts > 1
    assert done.returncode == 1, done.stderr
    assert report["summary"]["total"] > 150
    for result in report["results"]:
        killed = "/unmasked-" in result["id"]
        assert result["verdict"] == ("fail" if killed else "pass"), result
        assert killed == any("died" in finding["message"] for finding in result["findings"])


def killed(wspec, bug_server, jobs):
    """A run that kills its target for good: how it ended, the URL, and the results."""
    url = bug_server("--scenario", "crash-on-unmasked-frame")
    done = run(wspec, url, "--cases", "6455/4.2*", "--cases", "6455/5.1", "--cases", "6455/5.5.2",
               "--jobs", str(jobs), "--json", "-")
    assert done.returncode == 3, done.stderr
    results = report_of(done)["results"]
    n_passed = sum(result["verdict"] == "pass" for result in results)
    assert n_passed > 100  # of the opening handshake, which comes first
    assert all(result["unconfirmed"] for result in results if result["verdict"] == "fail")
    errors = [result for result in results if result["verdict"] == "error"]
    assert errors and all("takes no connections" in result["skip_reason"] for result in errors)
    assert done.stderr.count("takes no connections any more") == 1
    assert f"error for a reason that stands above: {len(errors) - 1} more\n" in done.stderr
    return done, url, results


def ids_with(results, words):
    return [result["id"] for result in results
            if any(words in finding["message"] for finding in result["findings"])]


def test_target_that_goes_away_for_good_is_exit_3_and_reported(wspec, bug_server):
    """What was played before stays; what was under way is a fail that could not be confirmed, and
    what ended without a close frame, as a failure or a death does, is no pass. Those that may have
    killed it are named, with the command that shows which of them it was."""
    done, url, results = killed(wspec, bug_server, 16)
    suspects = ids_with(results, "may have died of this case")
    assert any("/unmasked-" in name for name in suspects)
    assert len(suspects) <= 2 * 16  # under way when it died, or begun before its socket was closed
    assert all(result["verdict"] in ("warn", "fail") and result["unconfirmed"]
               for result in results if result["id"] in suspects)
    told, command = done.stderr.split("The target is gone", 1)[1].rsplit(":\n  wspec run ", 1)
    assert command.startswith(f"{url} --jobs 1 --cases ") and command.endswith("\n")
    assert set(command.split()[3:]) - {"--cases"} == set(suspects)
    assert all(f"\n  {name}\n" in told for name in suspects)


def test_case_that_kills_the_target_for_good_is_named_if_cases_are_played_one_at_a_time(
        wspec, bug_server):
    done, _, results = killed(wspec, bug_server, 1)
    assert ids_with(results, "it has died of it") == ["6455/5.1/unmasked-text"]  # the first of them
    assert not ids_with(results, "may have died of this case")
    assert "The target is gone" not in done.stderr
    assert not [result for result in results
                if result["verdict"] == "fail" and result["id"] != "6455/5.1/unmasked-text"]
