"""Which case for clients kills which defect, and no fail on a client that is odd but right.

client_kills.json says which defect each case kills (client_liveness.py measures it). Here every case
is played against the first of its defects, and all cases against the strict client.
"""

import pytest

import client_liveness
import liveness
import product
from arena import STRICT

KILLS = liveness.load_kills(client_liveness.KILLS)
ODDITY_SAMPLE = 20
# What the whole product of oddities and cases showed, each for a fault of ours.
ONCE_WRONG = [
    ("goes-away-after-3-messages", "robustness/limits/hundred-fragmented-messages"),
    ("goes-away-after-3-messages", "robustness/limits/thousand-texts-of-16"),
    ("offers-small-windows", "7692/7.2.1/blocks-dynamic"),
    ("offers-small-windows", "7692/7.2.1/final-block-dynamic"),
]


@pytest.fixture(scope="session")
def cases(wspec):
    """Every case that is played with a client, as it went with the strict one."""
    return client_liveness.list_cases(wspec)


def test_strict_client_passes_every_case(cases):
    assert not {name: product.complaint(result) for name, result in cases.items()
                if result["verdict"] in ("fail", "error", "skip")}


@pytest.mark.parametrize("kind", client_liveness.HOW_TO_PLAY)
def test_cases_kill_their_defect(wspec, kind):
    spared = {(killers[0], case) for case, killers in KILLS["cases"].items() if killers}
    spared |= {(name, case) for name, entry in KILLS["defects"].items()
               for case in entry["killed_by"][:1]}
    spared = {pair for pair in spared if client_liveness.kind_of(pair[1]) == kind}
    # Where a case judges that nothing comes, a client that plays a hundred others is late with what it
    # does wrong; and a slow machine joins the segments that a case cuts.
    for jobs in (client_liveness.JOBS, 1, 1):
        found = client_liveness.play_pairs(wspec, sorted(spared), jobs=jobs)
        spared = {(name, case) for name, case in spared
                  if case not in client_liveness.kills_of(name, found.get(name, {}))}
    assert not spared


def test_every_case_was_measured(cases):
    """A new case needs a place in client_kills.json: `client_liveness.py measure --cases ID`."""
    assert not [name for name in cases if name not in KILLS["cases"]]


def test_no_case_is_idle():
    """A case that no defect fails proves nothing; give tests/defects the bug that it looks for."""
    assert not [name for name, killers in KILLS["cases"].items() if not killers]


def test_no_defect_is_alive():
    """A bug that no case finds is a case that is missing, or no bug."""
    killed = {name for name, entry in KILLS["defects"].items() if entry["killed_by"]}
    assert not set(client_liveness.of_kind("defect")) - killed - client_liveness.SEEN_BY_RUN_CLIENT.keys()


@pytest.mark.parametrize("defect, case", sorted(client_liveness.SEEN_BY_RUN_CLIENT.items()))
def test_run_client_sees_what_serve_cannot(wspec, defect, case):
    results = client_liveness.play_by_run_client(wspec, defect, case)
    assert [result["verdict"] for result in results] == ["fail"]


def test_nothing_fails_on_an_oddity(wspec, cases):
    """The whole product is played by `client_liveness.py oddities`."""
    pairs = list(ONCE_WRONG)
    for oddity in client_liveness.of_kind("oddity"):
        drawn = set(liveness.draw_sample(cases, ODDITY_SAMPLE, seed=oddity))
        drawn |= {name for name in client_liveness.related(oddity, cases)
                  if cases[name]["spec"] != "robustness"}
        pairs += [(oddity, case) for case in sorted(drawn) if (oddity, case) not in ONCE_WRONG]
    found = client_liveness.play_pairs(wspec, pairs, timeout_s=5, confirms=True)
    assert {(oddity, case) for oddity in found for case in found[oddity]} == set(pairs)
    assert not {(oddity, case): product.complaint(result) for oddity, results in found.items()
                for case, result in results.items() if result["verdict"] in ("fail", "error")}
