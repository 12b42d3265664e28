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


def read_baseline(name):
    return json.loads((TARGETS_DIR / name / "baseline.json").read_text())


def test_the_targets_of_ci_have_a_baseline():
    assert {"npm-ws", "python-websockets", "go-gorilla"} <= set(WITH_BASELINE)


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
                 "--baseline", TARGETS_DIR / name / "baseline.json"],
                capture_output=True, text=True, timeout=RUN_TIMEOUT_S)
    except targets.TargetUnavailable as reason:
        pytest.skip(str(reason))
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(report.read_text())["summary"]
    assert summary["pass"] > summary["total"] / 2 and summary["known"] > 0
