"""Each defect is seen: on the stimulus that shows it, it and the strict server differ."""

import functools
from collections.abc import Callable

import pytest

from bugserver import REGISTRY, Kind
from bugserver.switches import connections
from shown_by import SHOWN_BY
from stimuli import STIMULI, play

ONLY_WITH_TLS = ["answers-in-clear-on-tls-port"]  # see test_tls.py
# See test_connections.py.
ONLY_WITH_MORE = [switch.name for switch in connections.SWITCHES]
SHOWN = [(stimulus, defect) for stimulus, defects in SHOWN_BY.items() for defect in defects]


@functools.cache
def strict_answer(port: int, stimulus: str) -> tuple[bytes, bool]:
    """What the strict server answers, and whether it ends the connection by itself."""
    answer = play(port, STIMULI[stimulus], server_ends=True)
    if not answer.endswith(b"<silence>"):
        return answer, True
    return play(port, STIMULI[stimulus], server_ends=False), False


def test_every_defect_has_a_stimulus() -> None:
    """The table leaves none out and invents none."""
    defects = [name for name, switch in REGISTRY.items() if switch.kind is Kind.DEFECT]
    elsewhere = [name for name in ONLY_WITH_TLS + ONLY_WITH_MORE
                 if REGISTRY[name].kind is Kind.DEFECT]
    assert sorted([defect for _, defect in SHOWN] + elsewhere) == sorted(defects)


@pytest.mark.parametrize("stimulus", SHOWN_BY)
def test_strict_server_is_steady(stimulus: str, strict: int) -> None:
    """The strict server answers a stimulus the same each time; else a difference says nothing."""
    answer, server_ends = strict_answer(strict, stimulus)
    assert play(strict, STIMULI[stimulus], server_ends=server_ends) == answer


@pytest.mark.parametrize("stimulus,defect", SHOWN, ids=[defect for _, defect in SHOWN])
def test_defect_differs(stimulus: str, defect: str, strict: int,
                        port_of: Callable[..., int]) -> None:
    """The defect answers the stimulus that shows it in another way."""
    answer, server_ends = strict_answer(strict, stimulus)
    assert play(port_of(defect), STIMULI[stimulus], server_ends=server_ends) != answer
