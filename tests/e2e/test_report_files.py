"""Report files where things go wrong: a run that is killed, a full disk, a directory that cannot be
written, two runs into one directory. Clear words, and nothing that is half a report unnoticed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "reports/schema/report.schema.json").read_text())
FORMATS = {"json": "report.json", "junit": "junit.xml", "markdown": "summary.md",
           "html": "report.html", "tap": "report.tap", "sarif": "report.sarif",
           "badge": "badge.svg", "pcap": "report.pcapng"}
CASES = ("--cases", "6455/5.5.2", "--cases", "6455/5.2/rsv*")
NOBODY = 65534
TIMEOUT_S = 100


def run(wspec, *arguments, **options):
    return subprocess.run([str(word) for word in (wspec, *arguments)], capture_output=True,
                          text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL, **options)


@pytest.fixture
def slow():
    """A right server that takes its time."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "tests/defects/server.py", "--port", "0", "--scenario",
         "slow-100ms"], stdout=subprocess.PIPE, text=True)
    yield f"ws://127.0.0.1:{process.stdout.readline().split()[-1]}/"
    process.terminate()
    process.wait(timeout=TIMEOUT_S)
    process.stdout.close()


class Run:
    """A run into a directory that is under way: it has said so many results, or some more."""

    def __init__(self, wspec, url, out, n_results):
        self.process = subprocess.Popen(
            [wspec, "run", url, *CASES, "--jobs", "4", "-vv", "--out", out],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, self.n_said = b"", 0
        while self.n_said < n_results:
            octets = self.process.stdout.read1()
            if not octets:
                raise AssertionError(f"the run ended with {self.process.wait(timeout=TIMEOUT_S)}")
            said += octets
            self.n_said = len(re.findall(rb"^pass ", said, re.M))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.stdout.close()
        return self.process.wait(timeout=TIMEOUT_S)

    def finish(self):
        self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(timeout=TIMEOUT_S)


def validate(report):
    jsonschema.Draft202012Validator(SCHEMA).validate(report)


def test_a_killed_run_leaves_its_results_and_the_directory_free(wspec, slow, tmp_path):
    cut_off = Run(wspec, slow, tmp_path, 5)
    assert cut_off.kill() == -signal.SIGKILL
    left = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert left.keys() == set(FORMATS.values())
    # What stood there before is gone: nobody takes an old report for this run's.
    assert [name for name, size in left.items() if size > 0] == ["report.json"]
    done = run(wspec, "merge", tmp_path / "report.json", "--json", "-", "--html",
               tmp_path / "cut.html")
    assert done.returncode == 0
    assert "the run was cut off: " in done.stderr
    cut = json.loads(done.stdout)
    validate(cut)
    assert cut_off.n_said <= len(cut["results"]) < cut["selected"]
    again = run(wspec, "run", "--memory", *CASES, "--out", tmp_path)
    assert again.returncode == 0, again.stderr
    validate(json.loads((tmp_path / "report.json").read_text()))


@pytest.mark.parametrize("n_results", [1, 11, 21, 31, 41])
def test_what_was_said_of_a_killed_run_is_in_its_report(wspec, bug_server, n_results, tmp_path):
    cut_off = Run(wspec, bug_server(), tmp_path, n_results)
    cut_off.kill()
    cut = run(wspec, "merge", tmp_path / "report.json", "--json", "-")
    assert len(json.loads(cut.stdout)["results"]) >= cut_off.n_said


def test_two_runs_into_one_directory(wspec, slow, tmp_path):
    """The second is told so, and does the first no harm."""
    first = Run(wspec, slow, tmp_path, 3)
    second = run(wspec, "run", "--memory", "--out", tmp_path)
    assert second.returncode == 2
    assert f"{tmp_path / 'report.json'}: another run is writing it" in second.stderr
    assert "cases in" not in second.stdout
    assert first.finish() == 0
    report = json.loads((tmp_path / "report.json").read_text())
    validate(report)
    assert len(report["results"]) == report["selected"]
    assert all((tmp_path / name).stat().st_size > 0 for name in FORMATS.values())


@pytest.mark.parametrize("option", FORMATS)
def test_a_full_disk_is_said_of_each_format(wspec, option, tmp_path):
    """JSON, which is written as the run goes, before anything runs; of the others when it is over,
    and JSON is whole all the same."""
    other = [] if option == "json" else ["--json", tmp_path / "other"]
    done = run(wspec, "run", "--memory", *CASES, f"--{option}", "/dev/full", *other)
    assert done.returncode == 2
    assert "the report was not written whole: /dev/full: No space left on device" in done.stderr
    assert ("cases in" in done.stdout) == bool(other)
    if other:
        validate(json.loads((tmp_path / "other").read_text()))
    merged = run(wspec, "merge", ROOT / "reports/golden/report.json", f"--{option}", "/dev/full")
    assert merged.returncode == 2
    assert "/dev/full: No space left on device" in merged.stderr


def as_nobody():
    """Root may write everywhere: such a test runs as somebody else then."""
    return {"user": NOBODY} if os.geteuid() == 0 else {}


@pytest.fixture
def read_only(wspec):
    """A directory that holds the program, and one that nobody may write to."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    (directory / "locked").mkdir()
    (directory / "locked").chmod(0o555)
    shutil.copy(wspec, directory / "wspec")
    shutil.copytree(ROOT / "cases", directory / "cases")
    yield directory
    (directory / "locked").chmod(0o755)
    shutil.rmtree(directory)


@pytest.mark.parametrize("words, path", [
    (["--out", "locked"], "locked/report.json"), (["--out", "locked/new"], "--out locked/new"),
    (["--html", "locked/r.html"], "locked/r.html"),
    (["--write-baseline", "locked/b.json"], "--write-baseline locked/b.json")])
def test_a_read_only_directory_is_said_before_anything_runs(read_only, words, path):
    done = run("./wspec", "run", "--memory", *CASES, "--case-dir", "cases", *words, cwd=read_only,
               **as_nobody())
    assert done.returncode == 2, done.stderr
    assert f"{path}: Permission denied" in done.stderr
    assert "cases in" not in done.stdout
    assert list((read_only / "locked").iterdir()) == []
