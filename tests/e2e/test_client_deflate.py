"""The cases of RFC 7692 for clients, against a right client and against ones with one defect."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("websockets")

CLIENT = Path(__file__).parent / "peers/deflating_client.py"
TIMEOUT_S = 200

TAKEOVER = "7692/7.2.2/takeover"
OWN_TAKEOVER = "7692/7.1/server-no-context-takeover-kept-to"
OWN_WINDOW = "7692/7.1/server-window-kept-to-9"
FAR = "7692/7.2.2/far-distance-32768"
TWICE = "7692/5/answer-accepts-deflate-twice"
TOLD_WINDOW = "7692/7.1/client-window-9"
TOLD_WINDOW_8 = "7692/7.1/client-window-8"
UNASKED = "7692/5/answer-accepts-deflate"
TWICE_OTHERWISE = "7692/5/answer-accepts-deflate-twice-*"
ADDED = "7692/5/answer-adds-*"
WRONG_ANSWERS = "7692/7/client-fails-on-*"
NEARLY_RIGHT_ANSWERS = "7692/7/client-refuses-*"
OFFER = "7692/7.1/offer-well-formed"
SERVER_LIMITS = "7692/7.1/server-limits-itself-*"


def play(wspec, tmp_path, how, *cases):
    """What became of the cases."""
    path = tmp_path / "report.json"
    subprocess.run([wspec, "run-client", "--quiet", "--no-confirm", "--jobs", "2", "--json", path,
                    *[word for case in cases for word in ("--cases", case)], "--",
                    sys.executable, CLIENT, how, "{url}"],
                   capture_output=True, timeout=TIMEOUT_S, check=False)
    results = json.loads(path.read_text())["results"]
    assert results
    return results


def failures(wspec, tmp_path, how, *cases):
    """id -> requirements that were violated, of the cases that failed."""
    results = play(wspec, tmp_path, how, *cases)
    assert {result["verdict"] for result in results} <= {"pass", "info", "fail"}
    return {result["id"]: [finding["requirement"] for finding in result["findings"]]
            for result in results if result["verdict"] == "fail"}


def test_a_right_client_fails_none(wspec, tmp_path):
    assert not failures(wspec, tmp_path, "strict", TAKEOVER, OWN_TAKEOVER, OWN_WINDOW, FAR, TWICE,
                        TOLD_WINDOW, UNASKED, TWICE_OTHERWISE, ADDED, OFFER, SERVER_LIMITS, WRONG_ANSWERS,
                        NEARLY_RIGHT_ANSWERS)


@pytest.mark.parametrize(("how", "cases"), [
    ("strict_without_window_offer", TOLD_WINDOW),
    ("offers_none", UNASKED),
])
def test_a_client_may_offer_less(wspec, tmp_path, how, cases):
    assert not failures(wspec, tmp_path, how, cases)


def test_a_window_that_was_not_offered_is_refused(wspec, tmp_path):
    failed = failures(wspec, tmp_path, "takes_any_window_without_window_offer", TOLD_WINDOW)
    assert failed == {TOLD_WINDOW: ["7692-5-15"]}


@pytest.mark.parametrize(("how", "case", "requirement"), [
    ("keeps_its_window", OWN_TAKEOVER, "7692-7.2.1-08"),
    ("ignores_its_window_bits", OWN_WINDOW, "7692-7.2.1-12"),
    ("forgets_the_window", TAKEOVER, None),
    ("inflates_with_9_bits", FAR, None),
    ("takes_any_answer", TWICE, "7692-5-10"),
    ("takes_any_answer", TOLD_WINDOW_8, "7692-7.2.1-12"),
    ("ignores_its_window_bits", TOLD_WINDOW, "7692-7.2.1-12"),
    ("reads_none", UNASKED, "7692-5-15"),
    ("offers_08", OFFER, "7692-7.1.2.1-02"),
])
def test_a_defect_fails_its_case(wspec, tmp_path, how, case, requirement):
    failed = failures(wspec, tmp_path, how, case)
    assert list(failed) == [case]
    assert requirement is None or requirement in failed[case]


def test_each_wrong_answer_is_noticed(wspec, tmp_path):
    failed = failures(wspec, tmp_path, "takes_any_answer", WRONG_ANSWERS)
    assert len(failed) == 36
    assert {requirement for found in failed.values() for requirement in found} == {
        "7692-7-05", "7692-7-06", "7692-7-07"}


def test_each_extension_that_was_not_offered_is_noticed(wspec, tmp_path):
    failed = failures(wspec, tmp_path, "reads_no_answer", ADDED, TWICE_OTHERWISE)
    assert len(failed) == 9
    assert {requirement for found in failed.values() for requirement in found} == {
        "7692-5-10", "7692-5-15"}


def test_each_value_that_is_nearly_right_is_noticed(wspec, tmp_path):
    results = play(wspec, tmp_path, "takes_any_answer", NEARLY_RIGHT_ANSWERS)
    assert [result["verdict"] for result in results] == ["warn"] * 6


def test_a_limit_of_the_server_has_to_be_read_right(wspec, tmp_path):
    assert len(failures(wspec, tmp_path, "reads_no_answer", SERVER_LIMITS)) == 7
