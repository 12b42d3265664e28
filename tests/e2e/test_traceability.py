"""Every sentence that binds a server and shows on the wire has a case, or a reason why it has none."""

import json
import re
import subprocess
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "cases" / "requirements.json"
# Those whose server side is covered. RFC 8441 follows with HTTP/2.
COVERED = {"3629", "6455", "7692", "8307", "9110", "9112"}


@pytest.fixture(scope="module", name="requirements")
def fixture_requirements():
    return json.loads(REQUIREMENTS.read_text())


@pytest.fixture(scope="module", name="cases_of")
def fixture_cases_of(wspec):
    """The case ids of each requirement, as `wspec list --requirements` prints them."""
    listed = subprocess.run([wspec, "list", "--requirements"], check=True, capture_output=True,
                            text=True).stdout
    cases = {}
    for line in listed.splitlines():
        if head := re.match(r"(\S+) (?:MUST|SHOULD|MAY)", line):
            current = cases.setdefault(head[1], [])
        elif case := re.fullmatch(r" {4}(\S+/\S+)", line):
            current.append(case[1])
        else:
            current = []
    return cases


def is_covered(requirement):
    return (requirement["rfc"] in COVERED and requirement["actor"] in ("server", "both")
            and requirement["observable"] == "wire")


def test_all_requirements_are_listed(requirements, cases_of):
    assert {requirement["id"] for requirement in requirements} <= set(cases_of)


def test_each_has_a_case_or_a_reason(requirements, cases_of):
    left = [requirement["id"] for requirement in requirements if is_covered(requirement)
            and not requirement.get("unjudged") and not cases_of[requirement["id"]]]
    assert not left


def test_none_has_a_case_and_a_reason_why_it_has_none(requirements, cases_of):
    both = [requirement["id"] for requirement in requirements
            if requirement.get("unjudged") and cases_of[requirement["id"]]]
    assert not both
