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

import target as targets  # noqa: E402  (found through the line above)

CHECK_TIMEOUT_S = 110
SELECTION = ("6455/4.1/*", "6455/5.5*", "7692/7.2.1/*", "7692/6.1/*", "7692/5/*")
PLACE = re.compile(r"\w\.(c|cpp|h|hpp|go|java|js|py|rs|ts)\b")
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


def test_the_clients_of_ci_have_a_baseline():
    assert {"clients/npm-ws", "clients/python-websockets", "clients/go-gorilla"} <= \
        set(WITH_BASELINE)


@pytest.mark.parametrize("name", WITH_BASELINE)
def test_a_baseline_keeps_to_the_schema(name):
    schema = json.loads((ROOT / "reports/schema/baseline.schema.json").read_text())
    jsonschema.validate(read_baseline(name), schema, jsonschema.Draft202012Validator)
    for entry in read_baseline(name)["entries"]:
        assert PLACE.search(entry["reason"]), f"{entry['case']}: the reason names no source file"


@pytest.mark.parametrize("name", targets.client_names())
def test_a_description_is_understood(name):
    assert targets.load(name).description["role"] == "client"


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
