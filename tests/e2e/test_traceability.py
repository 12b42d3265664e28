"""Every sentence that binds a server or a client and shows on the wire has a case that judges it of
that role, or a reason why it has none."""

import json
import re
import subprocess
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / "cases" / "requirements.json"
# Those that are covered. RFC 8441 follows with HTTP/2.
COVERED = {"3629", "6455", "7692", "8307", "9110", "9112", "whatwg"}


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


@pytest.fixture(scope="module", name="of_role", params=["server", "client"])
def fixture_of_role(wspec, request):
    """A role, and the ids of all cases that it is played."""
    listed = subprocess.run([wspec, "list", "--target", request.param, "--exhaustive"], check=True,
                            capture_output=True, text=True).stdout
    return request.param, {line.split()[0] for line in listed.splitlines() if line}


def binds(requirement, role):
    return (requirement["rfc"] in COVERED and requirement["actor"] in (role, "both")
            and (requirement["observable"] == "wire" or is_of_api(requirement)))


def is_of_api(requirement):
    """One that a script can see, and cases/api has scripts."""
    return requirement["rfc"] == "whatwg" and requirement["observable"] == "api"


def reason_for(requirement, role):
    return requirement.get("unjudged") or requirement.get(f"unjudged_{role}")


def test_all_requirements_are_listed(requirements, cases_of):
    assert {requirement["id"] for requirement in requirements} <= set(cases_of)


def test_each_has_a_case_or_a_reason(requirements, cases_of, of_role):
    role, played = of_role
    left = [requirement["id"] for requirement in requirements if binds(requirement, role)
            and not reason_for(requirement, role) and played.isdisjoint(cases_of[requirement["id"]])]
    assert not left


def test_no_role_has_a_case_and_a_reason(requirements, cases_of, of_role):
    role, played = of_role
    both = [requirement["id"] for requirement in requirements
            if reason_for(requirement, role) and not played.isdisjoint(cases_of[requirement["id"]])]
    assert not both


def test_none_has_a_case_and_a_reason_why_it_has_none(requirements, cases_of):
    both = [requirement["id"] for requirement in requirements
            if requirement.get("unjudged") and cases_of[requirement["id"]]]
    assert not both
