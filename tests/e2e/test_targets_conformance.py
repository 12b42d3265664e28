"""The suite against the third-party servers of targets/: what fails is in their baseline.json."""

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

RUN_TIMEOUT_S = 240
# Large and many messages: seconds of mere work, which the benchmarks do and no baseline needs.
SELECTION = ("--exclude", "robustness/limits/*")

PLACE = re.compile(r"\w\.(c|cpp|h|hpp|ipp|go|java|js|py|rs|ts)\b")

WITH_BASELINE = sorted(path.parent.name for path in TARGETS_DIR.glob("*/baseline.json"))


# A real server that never sends a message back, and so can be judged by its pongs alone.
NEVER_ECHOES = "npm-graphql-subscriptions"

# They close on every message: what a case wants to see behind one is not there to be seen.
REFUSE_MESSAGES = {"debian-nchan"}


def share_with_a_verdict(summary):
    """The part of the cases that said something about the target."""
    said = sum(summary[verdict] for verdict in ("pass", "info", "warn", "fail"))
    return said / summary["total"]


def read_baseline(name):
    return json.loads((TARGETS_DIR / name / "baseline.json").read_text())


def test_the_targets_of_ci_have_a_baseline():
    assert {"npm-ws", "python-websockets", "go-gorilla", NEVER_ECHOES} <= set(WITH_BASELINE)


@pytest.mark.parametrize("name", WITH_BASELINE)
def test_a_baseline_keeps_to_the_schema(name):
    assert name in targets.names()
    schema = json.loads((ROOT / "reports/schema/baseline.schema.json").read_text())
    jsonschema.validate(read_baseline(name), schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", WITH_BASELINE)
def test_each_known_failure_says_where_it_comes_from(name):
    for entry in read_baseline(name)["entries"]:
        assert entry["requirements"], entry["case"]
        assert PLACE.search(entry["reason"]), f"{entry['case']}: the reason names no source file"


@pytest.mark.timeout(RUN_TIMEOUT_S + 60)
@pytest.mark.parametrize("name", WITH_BASELINE)
def test_nothing_fails_that_is_not_known(wspec, name, tmp_path):
    """Exit code 0: no other failure, and no entry that is not true any more."""
    report = tmp_path / "report.json"
    try:
        with targets.running(name) as target:
            done = subprocess.run(
                [wspec, "run", "-q", target.url, "--json", report, *SELECTION,
                 *targets.run_options(target.target),
                 "--baseline", TARGETS_DIR / name / "baseline.json"],
                capture_output=True, text=True, timeout=RUN_TIMEOUT_S)
    except targets.TargetUnavailable as reason:
        pytest.skip(str(reason))
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(report.read_text())["summary"]
    assert summary["known"] > 0
    if name not in REFUSE_MESSAGES:
        assert summary["pass"] > summary["total"] / 2
        assert share_with_a_verdict(summary) >= 0.75


def test_most_cases_give_a_verdict_where_nothing_is_echoed(wspec, bug_server, tmp_path):
    """The written server has no defect, so none of them is a fail."""
    report = tmp_path / "report.json"
    done = subprocess.run(
        [wspec, "run", "-q", bug_server("--scenario", "never-echo"), "--json", report, *SELECTION],
        capture_output=True, text=True, timeout=RUN_TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(report.read_text())["summary"]
    assert summary["fail"] == 0 and share_with_a_verdict(summary) >= 0.75
