"""The suite against the third-party clients of targets/clients/, and against our own.

What fails is in their baseline.json; ours has none, for nothing fails. Here the cases of the
handshake, of control frames and of compression are played; `targets/check-clients` plays all."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS_DIR = ROOT / "targets"
sys.path.insert(0, str(TARGETS_DIR))

import drive  # noqa: E402  (found through the line above)
import target as targets  # noqa: E402

CHECK_TIMEOUT_S = 110
SELECTION = ("6455/4.1/*", "6455/5.5*", "7692/7.2.1/*", "7692/6.1/*", "7692/5/*")
PLACE = re.compile(r"\w\.(c|cc|cpp|h|hpp|go|java|js|py|rs|ts)\b")
WITH_BASELINE = sorted(f"clients/{path.parent.name}"
                       for path in TARGETS_DIR.glob("clients/*/baseline.json"))


def read_baseline(name):
    return json.loads((TARGETS_DIR / name / "baseline.json").read_text())


def check(wspec, name, out):
    """What targets/check-clients says of one client, and the results of its report."""
    argv = [sys.executable, TARGETS_DIR / "check-clients", "--wspec", wspec, "--out", out, name]
    for glob in SELECTION:
        argv += ["--cases", glob]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CHECK_TIMEOUT_S)
    report = out / f"{name.replace('/', '-')}.json"
    return done, json.loads(report.read_text())["results"] if report.is_file() else []


def test_each_client_has_a_baseline():
    """Those of CI are npm-ws, python-websockets and go-gorilla; check-clients plays with all."""
    assert WITH_BASELINE == targets.client_names()
    assert len(WITH_BASELINE) >= 10


@pytest.mark.parametrize("name", WITH_BASELINE)
def test_a_baseline_keeps_to_the_schema(name):
    schema = json.loads((ROOT / "reports/schema/baseline.schema.json").read_text())
    jsonschema.validate(read_baseline(name), schema, jsonschema.Draft202012Validator)
    for entry in read_baseline(name)["entries"]:
        assert PLACE.search(entry["reason"]), f"{entry['case']}: the reason names no source file"


@pytest.mark.parametrize("name", targets.client_names())
def test_a_description_is_understood(name):
    assert targets.load(name).description["role"] == "client"


class Forgetful:
    """A client that ends all connections but one, and the clock of whoever waits for it."""

    def __init__(self):
        self.now = 1000.0
        self._started = []

    def monotonic(self):
        return self.now

    def start(self, url):
        self._started.append(url)

    def next_end(self, deadline):
        for url in self._started:
            if "/stays" not in url:
                self._started.remove(url)
                return url
        self.now = deadline
        return None


def test_a_connection_that_is_given_up_is_named(monkeypatch, capsys):
    client = Forgetful()
    served = type("Served", (), {"address": "h:1"})
    monkeypatch.setattr(drive, "time", client)
    cases = [{"id": name, "connections": n} for name, n in [("a", 1), ("stays", 2), ("b", 3)]]
    drive._play_cases(client, served, cases, 2)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["given up after 60 s: ws://h:1/case/stays?agent=client&confirm=1: the client "
                     "has not said the end of 2 of its connections"]


@pytest.mark.parametrize("name", WITH_BASELINE)
def test_nothing_fails_that_is_not_known(wspec, name, tmp_path):
    """Exit code 0: no other failure, and no entry that is not true any more."""
    if not targets.is_installed(targets.load(name)):
        pytest.skip(f"not installed: targets/target.py install {name}")
    done, results = check(wspec, name, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(result["verdict"] == "pass" for result in results) > len(results) / 2


def test_nothing_fails_on_our_own(wspec, tmp_path):
    done, results = check(wspec, "wspec", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {result["verdict"] for result in results} <= {"pass", "info", "skip"}


# ---- The JavaScript API ----

API_PLACE = re.compile(r"\w\.(cc|cpp|h|idl|js|rs|webidl)\b")
WITH_API = sorted(f"clients/{path.parent.name}" for path in TARGETS_DIR.glob("clients/*/api.json"))


@pytest.mark.parametrize("name", WITH_API)
def test_what_is_known_of_an_api_has_its_place(name, wspec):
    baseline = json.loads((TARGETS_DIR / name / "api.json").read_text())
    schema = json.loads((ROOT / "reports/schema/baseline.schema.json").read_text())
    jsonschema.validate(baseline, schema, jsonschema.Draft202012Validator)
    listed = subprocess.run([wspec, "list", "--cases", "api/*"], check=True, capture_output=True,
                            text=True).stdout
    known = {line.split()[0] for line in listed.splitlines()}
    for entry in baseline["entries"]:
        assert entry["case"] in known
        assert API_PLACE.search(entry["reason"]), f"{entry['case']}: the reason names no source file"


def test_the_runtimes_have_what_is_known():
    assert set(WITH_API) == {name for name in targets.client_names() if drive.has_api(name)}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", [name for name in WITH_API if "debian" not in name])
def test_nothing_of_an_api_fails_that_is_not_known(wspec, name, tmp_path):
    """In what needs no browser; `targets/check-clients --api` plays those, too."""
    if not targets.is_installed(targets.load(name)):
        pytest.skip(f"not installed: targets/target.py install {name}")
    argv = [sys.executable, TARGETS_DIR / "check-clients", "--api", "--wspec", wspec, "--out", tmp_path,
            "--cases", "api/attributes", "--cases", "api/close", "--cases", "api/constructor", name]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stdout + done.stderr
