"""Each defect is seen: on the stimulus that shows it, it and the strict server differ."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bugserver import REGISTRY, Kind
from bugserver.switches import connections
from shown_by import SHOWN_BY
from stimuli import STIMULI, play

ONLY_WITH_TLS = ["answers-in-clear-on-tls-port"]  # see test_tls.py
# See test_connections.py.
ONLY_WITH_MORE = [switch.name for switch in connections.SWITCHES]
SHOWN = [(stimulus, defect) for stimulus, defects in SHOWN_BY.items() for defect in defects]
PLAYS_AT_A_TIME = 16
# More octets keep the server busy for so long that others beside them would find it silent.
OCTETS_BESIDE_OTHERS = 10_000


def play_all(plays: list[tuple[int, str, bool]]) -> list[bytes]:
    """The answer to each (port, stimulus, server_ends). Most of them are a wait for silence."""
    def play_one(port: int, stimulus: str, server_ends: bool) -> bytes:
        return play(port, STIMULI[stimulus], server_ends=server_ends)

    with ThreadPoolExecutor(PLAYS_AT_A_TIME) as pool:
        small = {one: pool.submit(play_one, *one) for one in plays
                 if sum(map(len, STIMULI[one[1]])) <= OCTETS_BESIDE_OTHERS}
    return [small[one].result() if one in small else play_one(*one) for one in plays]


@pytest.fixture(scope="module")
def ends(strict: int) -> dict[str, bool]:
    """Whether the strict server ends the connection by itself, by stimulus."""
    answers = play_all([(strict, stimulus, True) for stimulus in SHOWN_BY])
    return {stimulus: not answer.endswith(b"<silence>")
            for stimulus, answer in zip(SHOWN_BY, answers)}


@pytest.fixture(scope="module")
def strict_answers(strict: int, ends: dict[str, bool]) -> list[dict[str, bytes]]:
    """What the strict server answers, by stimulus, twice."""
    plays = [(strict, stimulus, ends[stimulus]) for stimulus in SHOWN_BY]
    return [dict(zip(SHOWN_BY, play_all(plays))) for _ in range(2)]


@pytest.fixture(scope="module")
def defect_answers(port_of: Callable[..., int],
                   ends: dict[str, bool]) -> dict[tuple[str, str], bytes]:
    """What each defect answers to the stimulus that shows it."""
    plays = [(port_of(defect), stimulus, ends[stimulus]) for stimulus, defect in SHOWN]
    return dict(zip(SHOWN, play_all(plays)))


def test_every_defect_has_a_stimulus() -> None:
    """The table leaves none out and invents none."""
    defects = [name for name, switch in REGISTRY.items() if switch.kind is Kind.DEFECT]
    elsewhere = [name for name in ONLY_WITH_TLS + ONLY_WITH_MORE
                 if REGISTRY[name].kind is Kind.DEFECT]
    assert sorted([defect for _, defect in SHOWN] + elsewhere) == sorted(defects)


@pytest.mark.parametrize("stimulus", SHOWN_BY)
def test_strict_server_is_steady(stimulus: str, strict_answers: list[dict[str, bytes]]) -> None:
    """The strict server answers a stimulus the same each time; else a difference says nothing."""
    first, second = strict_answers
    assert first[stimulus] == second[stimulus]


@pytest.mark.parametrize("stimulus,defect", SHOWN, ids=[defect for _, defect in SHOWN])
def test_defect_differs(stimulus: str, defect: str, strict_answers: list[dict[str, bytes]],
                        defect_answers: dict[tuple[str, str], bytes]) -> None:
    """The defect answers the stimulus that shows it in another way."""
    assert defect_answers[stimulus, defect] != strict_answers[0][stimulus]
