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


@pytest.fixture(scope="session")
def wspec():
    """The program under test."""
    path = liveness.default_wspec()
    assert path.is_file(), f"{path} is not built"
    return path


def test_strict_client_passes_every_case(wspec):
    cases = list(client_liveness.list_cases(wspec))
    results = client_liveness.play_confirmed(wspec, STRICT, cases)
    assert sorted(results) == sorted(cases)
    assert not {name: product.complaint(result) for name, result in results.items()
                if result["verdict"] in ("fail", "error", "skip")}


def test_cases_kill_their_defect(wspec):
    pairs = {(killers[0], case) for case, killers in KILLS["cases"].items() if killers}
    pairs |= {(name, case) for name, entry in KILLS["defects"].items()
              for case in entry["killed_by"][:1]}
    found = client_liveness.play_pairs(wspec, sorted(pairs))
    assert not [(name, case) for name, case in sorted(pairs)
                if case not in client_liveness.kills_of(name, found.get(name, {}))]
