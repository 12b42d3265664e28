"""Known failures, and what changed between two reports."""

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60
CASES = ("--cases", "6455/5.2/rsv1*", "--cases", "6455/5.5.2")


@pytest.fixture(scope="module")
def url(defect_server):
    return defect_server("accepts-rsv1-on-data")


def run(wspec, *arguments, env=None):
    return subprocess.run([wspec, *map(str, arguments)], capture_output=True, text=True,
                          timeout=TIMEOUT_S, env=os.environ | (env or {}))


def write(path, *entries):
    path.write_text(json.dumps({"schema": "wspec-baseline/1", "entries": entries}))
    return path


def entry(**members):
    return {"case": "6455/5.2/rsv1*", "verdict": "fail", "requirements": ["6455-5.2-03"],
            "reason": "not looked at yet"} | members


def test_a_written_baseline_makes_the_next_run_pass(wspec, url, tmp_path):
    path = tmp_path / "baseline.json"
    assert run(wspec, "run", url, *CASES).returncode == 1
    done = run(wspec, "run", url, *CASES, "--write-baseline", path)
    assert done.returncode == 0, done.stderr
    schema = json.loads((ROOT / "reports/schema/baseline.schema.json").read_text())
    baseline = json.loads(path.read_text())
    jsonschema.validate(baseline, schema, jsonschema.Draft202012Validator)
    n_known = len(baseline["entries"])
    assert n_known > 1
    report = tmp_path / "r.json"
    done = run(wspec, "run", url, *CASES, "--baseline", path, "--json", report)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"({n_known} known)" in done.stdout
    known = [r for r in json.loads(report.read_text())["results"] if "known" in r]
    assert len(known) == n_known
    assert known[0]["known"]["reason"] == baseline["entries"][0]["reason"]


def test_what_an_entry_says_is_kept_when_it_is_written_again(wspec, url, tmp_path):
    old = write(tmp_path / "old.json", entry(link="https://example.org/1", expires="2999-01-01"))
    new = tmp_path / "new.json"
    run(wspec, "run", url, *CASES, "--baseline", old, "--write-baseline", new)
    entries = json.loads(new.read_text())["entries"]
    assert len(entries) > 1
    for written in entries:
        assert written["reason"] == "not looked at yet"
        assert written["link"] == "https://example.org/1"
        assert written["expires"] == "2999-01-01"


@pytest.mark.parametrize("changed", [{"requirements": ["6455-5.2-04"]},
                                     {"requirements": ["6455-5.2-03", "6455-5.2-04"]},
                                     {"verdict": "warn"}], ids=["other", "more", "verdict"])
def test_another_outcome_of_a_known_failure_is_new(wspec, url, tmp_path, changed):
    path = write(tmp_path / "b.json", entry(**changed))
    done = run(wspec, "run", url, *CASES, "--baseline", path)
    assert done.returncode == 1
    assert "fail  6455/5.2/rsv1-on-text" in done.stdout


@pytest.mark.parametrize("other, complaint", [
    ({"case": "6455/5.5.2"}, "entries[1], 6455/5.5.2: stale: no case ends so any more"),
    ({"case": "6455/9.9/none"}, "entries[1], 6455/9.9/none: stale: there is no such case"),
    ({"expires": "2001-01-01"}, "entries[1], 6455/5.2/rsv1*: expired"),
], ids=["stale", "gone", "expired"])
def test_an_entry_that_is_not_true_any_more_fails_the_run(wspec, url, tmp_path, other, complaint):
    path = write(tmp_path / "b.json", entry(), entry(**other))
    done = run(wspec, "run", url, *CASES, "--baseline", path)
    assert done.returncode == 1
    assert complaint in done.stderr


def test_an_entry_whose_cases_were_not_played_is_left_alone(wspec, url, tmp_path):
    path = write(tmp_path / "b.json", entry(), entry(case="6455/5.1"))
    assert run(wspec, "run", url, *CASES, "--baseline", path).returncode == 0


def test_an_entry_may_name_exhaustive_cases(wspec, url, tmp_path):
    path = write(tmp_path / "b.json", entry(), entry(case="7692/7.2/traffic-json-16"))
    done = run(wspec, "run", url, *CASES, "--baseline", path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text, message", [
    ("{", ":1: this is no JSON"),
    ("{}", 'expected {"schema": "wspec-baseline/1", "entries": [...]}'),
    ('{"schema":"wspec-baseline/1","entries":[{}]}', 'entries[0]: expected "case"'),
    ('{"schema":"wspec-baseline/1","entries":[{"case":"a","verdict":"pass","reason":"r"}]}',
     'entries[0]: expected "verdict": "fail" or "warn"'),
    ('{"schema":"wspec-baseline/1","entries":[{"case":"a","verdict":"fail"}]}',
     'entries[0]: expected "reason"'),
    ('{"schema":"wspec-baseline/1","entries":[{"cse":"a"}]}', "entries[0]: a member that is none"),
    ('{"schema":"wspec-baseline/1","entries":[{"case":"a","verdict":"fail","reason":"r",'
     '"expires":"soon"}]}', 'entries[0]: "expires" is to be a day'),
])
def test_a_bad_baseline_is_said_before_anything_runs(wspec, tmp_path, text, message):
    path = tmp_path / "b.json"
    path.write_text(text)
    done = run(wspec, "run", "--memory", "--baseline", path)
    assert done.returncode == 2
    assert f"{path}" in done.stderr and message in done.stderr
    assert done.stdout == ""


@pytest.fixture
def reports(failing_report, tmp_path):
    """Two reports of which each kind of change can be read."""
    old = json.loads(failing_report.read_text())
    new = json.loads(failing_report.read_text())
    failed = [r for r in new["results"] if r["verdict"] == "fail"]
    passed = [r for r in new["results"] if r["verdict"] == "pass"]
    failed[0].update(verdict="pass", findings=[])
    failed[1]["findings"][0]["requirement"] = "6455-5.2-04"
    passed[0].update(verdict="fail", findings=failed[1]["findings"])
    passed[1]["id"] = "6455/5.2/brand-new"
    old["results"] = [r for r in old["results"]]
    for name, report in (("old", old), ("new", new)):
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    expected = {"fixed": failed[0]["id"], "changed": failed[1]["id"], "broken": passed[0]["id"],
                "new": "6455/5.2/brand-new"}
    return tmp_path / "old.json", tmp_path / "new.json", expected


def test_diff_tells_each_change(wspec, reports):
    old, new, expected = reports
    done = run(wspec, "diff", old, new, "--format", "json")
    assert done.returncode == 1
    schema = json.loads((ROOT / "reports/schema/diff.schema.json").read_text())
    jsonschema.validate(json.loads(done.stdout), schema, jsonschema.Draft202012Validator)
    target, = json.loads(done.stdout)["targets"]
    changes = {change["change"]: change for change in target["changes"]}
    assert {name: changes[name]["id"] for name in expected} == expected
    assert len(target["changes"]) == 5 and changes["gone"]["after"] is None
    assert (changes["broken"]["before"], changes["broken"]["after"]) == ("pass", "fail")
    text = run(wspec, "diff", old, new).stdout
    markdown = run(wspec, "diff", old, new, "--format", "markdown").stdout
    for name, case in expected.items():
        assert f"{name:7}  {case} (" in text
        assert f"| {name} | {case} |" in markdown
    assert "1 broken, 1 fixed, 1 changed, 1 new, 1 gone" in text


def test_diff_of_a_report_with_itself_is_empty(wspec, failing_report):
    done = run(wspec, "diff", failing_report, failing_report, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["targets"][0]["changes"] == []


@pytest.mark.parametrize("index, total, value", [
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", "2"), ("WSPEC_SHARD_INDEX", "WSPEC_SHARD_TOTAL", "2"),
    ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", "1"),
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", "1")])
def test_a_shard_is_taken_from_the_ci(wspec, tmp_path, index, total, value):
    path = tmp_path / "r.json"
    done = run(wspec, "run", "--memory", "--cases", "6455/5.2", "--shard", "auto", "--json", path, env={index: value, total: "3"})
    assert done.returncode == 0, done.stderr
    assert json.loads(path.read_text())["shard"] == {"index": 2, "of": 3}


def test_a_shard_that_the_ci_does_not_tell_is_bad_usage(wspec):
    done = run(wspec, "run", "--memory", "--shard", "auto")
    assert done.returncode == 2 and "CI_NODE_INDEX" in done.stderr
    done = run(wspec, "run", "--memory", "--shard", "auto",
               env={"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "3"})
    assert done.returncode == 2 and "no part of a whole" in done.stderr


def test_a_case_stays_in_its_shard_when_others_come(wspec, tmp_path):
    """Cases of its own beside the suite's: what was in a part before is in it still."""
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({
        "schema": "wspec-cases/1", "spec": "robustness", "section": "mine",
        "cases": [{"id": f"case-{i}", "summary": "The connection opens", "requirements": [],
                   "steps": [{"open": {}}, {"close": {"code": 1000}}]} for i in range(40)]}))

    def part(index, *more):
        done = run(wspec, "run", "--memory", "--cases", "6455/5.5.2", "--shard", f"{index}/4",
                   "--json", "-", *more)
        assert done.returncode == 0, done.stderr
        return {r["id"] for r in json.loads(done.stdout)["results"]}

    own = ("--case-file", path, "--cases", "robustness/mine/*")
    parts = [(part(i), part(i, *own)) for i in (1, 2, 3, 4)]
    for before, after in parts:
        assert before == {case for case in after if not case.startswith("robustness/mine/")}
        assert before and after > before
    assert len(set.union(*(after for _, after in parts))) == sum(len(a) for _, a in parts)
