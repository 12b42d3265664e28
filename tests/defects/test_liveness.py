"""Which case kills which defect, and no fail on a server that is odd but right.

kills.json says which defect each case kills (liveness.py measures it). Here every case is played
against the first of its defects, and against each oddity what has to do with it and a sample of the
rest; the whole suite meets the strict server.
"""

import subprocess

import pytest

import liveness
import product

SWITCHES = {switch["name"]: switch for switch in liveness.switches()}
KILLS = liveness.load_kills()
ODDITIES = sorted(name for name, switch in SWITCHES.items() if switch["kind"] == "oddity")
OF_A_SHOULD = sorted(name for name, switch in SWITCHES.items() if switch["verdict"] == "warn")
ODDITY_SAMPLE = 20
TRIES = 3

# Which cases each defect has to be killed by: those whose first defect it is.
TO_KILL: dict[str, list[str]] = {}
for case, killers in sorted(KILLS["cases"].items()):
    for killer in killers[:1]:
        TO_KILL.setdefault(killer, []).append(case)
for defect, entry in KILLS["defects"].items():
    TO_KILL.setdefault(defect, entry["killed_by"][:1])


@pytest.fixture(scope="session")
def cases(wspec):
    """Every case that is played against a server, as it went against the strict one."""
    return liveness.list_cases(wspec)


def test_strict_server_passes_every_case(cases):
    wrong = {name: product.complaint(result) for name, result in cases.items()
             if result["verdict"] in ("fail", "error")}
    assert not wrong


def test_every_case_was_measured(cases):
    """A new case needs a place in kills.json: `liveness.py measure --idle` finds its defects."""
    assert not [name for name in cases if name not in KILLS["cases"]]


def test_no_case_is_idle():
    """A case that no defect fails proves nothing; give tests/defects the bug that it looks for."""
    assert not [name for name, killers in KILLS["cases"].items() if not killers]


def test_no_defect_is_alive():
    """A bug that no case finds is a case that is missing, or no bug."""
    assert not [name for name, switch in SWITCHES.items()
                if switch["kind"] == "defect" and not TO_KILL.get(name)
                and name not in liveness.NEEDS_ANOTHER_SERVER | liveness.ENDS_THE_RUN]


@pytest.mark.parametrize("defect", sorted(liveness.ENDS_THE_RUN))
def test_run_tells_that_no_handshake_succeeds(wspec, port_of, defect):
    done = subprocess.run([wspec, "run", f"ws://127.0.0.1:{port_of(defect)}/", "--quiet"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "opening handshake" in done.stderr


@pytest.mark.parametrize("defect", sorted(name for name, cases in TO_KILL.items() if cases))
def test_cases_kill_their_defect(wspec, port_of, defect):
    jobs = liveness.jobs_for(SWITCHES[defect])
    spared = TO_KILL[defect]
    for _ in range(TRIES if jobs == 1 else 1):  # a slow machine joins the segments that a case cuts
        results = liveness.run_cases(wspec, port_of(defect), spared, jobs)
        assert sorted(results) == sorted(spared)
        spared = [name for name, result in results.items()
                  if not liveness.is_killed(SWITCHES[defect], result)]
        if not spared:
            break
    assert not spared


def wrong_verdicts(wspec, port_of, cases, name):
    """The fails and errors on this switch, of the cases that have to do with it and of a sample. As in
    a user's run the play alone counts: a machine that stands still for a second fails anybody once."""
    drawn = set(liveness.draw_sample(cases, ODDITY_SAMPLE, seed=name))
    drawn |= {case for case, result in cases.items()
              if liveness.has_to_do_with(SWITCHES[name], result) and result["spec"] != "robustness"}
    results = liveness.run_cases(wspec, port_of(name), sorted(drawn),
                                 liveness.jobs_for(SWITCHES[name]))
    assert len(results) >= ODDITY_SAMPLE
    again = sorted(case for case, result in results.items() if result["verdict"] in product.WRONG)
    results |= liveness.run_cases(wspec, port_of(name), again, jobs=1)
    return {case: product.complaint(results[case]) for case in again
            if results[case]["verdict"] in product.WRONG}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_nothing_fails_on_an_oddity(wspec, port_of, cases, oddity):
    assert not wrong_verdicts(wspec, port_of, cases, oddity)


@pytest.mark.parametrize("defect", OF_A_SHOULD)
def test_nothing_fails_on_what_violates_only_a_should(wspec, port_of, cases, defect):
    assert not wrong_verdicts(wspec, port_of, cases, defect)
