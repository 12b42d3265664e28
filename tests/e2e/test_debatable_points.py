"""docs/debatable-points.md decides every point, by cases that exist."""

import re
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "debatable-points.md"
POINTS = range(1, 43)
# No case can exist before HTTP/2 is tested.
LATER = {37, 38}
VERDICTS = {"pass", "info", "warn", "fail", "skip"}


def points():
    """The text of each point, by its number."""
    parts = re.split(r"^### (\d+)\. .*$", PAGE.read_text(), flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2])}


def cases_of(text):
    """The case ids on the line that begins with 'Cases:', and on those that continue it."""
    named = text[text.index("\nCases:"):].split("\n\n")[0]
    return re.findall(r"`([^`]+)`", named)


@pytest.fixture(scope="module", name="case_ids")
def fixture_case_ids(wspec):
    listed = subprocess.run([wspec, "list"], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def test_each_point_is_there_once():
    numbers = re.findall(r"^### (\d+)\. ", PAGE.read_text(), flags=re.MULTILINE)
    assert [int(number) for number in numbers] == list(POINTS)


@pytest.mark.parametrize("number", POINTS)
def test_each_point_has_verdicts_and_a_reason(number):
    text = points()[number]
    rows = re.findall(r"^\| (?!the (?:server|client) \||---)(.+) \| (.+) \|$", text, re.MULTILINE)
    assert rows
    for behaviour, verdict in rows:
        assert set(re.findall(r"\b(?:pass|info|warn|fail|skip)\b", verdict)), behaviour
        assert verdict.split()[0].rstrip(",") in VERDICTS, behaviour
    assert "\nWhy: " in text


@pytest.mark.parametrize("number", [number for number in POINTS if number not in LATER])
def test_each_point_names_cases_that_exist(number, case_ids):
    named = cases_of(points()[number])
    assert named
    assert not set(named) - case_ids


@pytest.mark.parametrize("number", sorted(LATER))
def test_points_without_a_case_say_so(number):
    assert "\nCases: later" in points()[number]
