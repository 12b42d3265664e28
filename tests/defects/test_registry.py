"""The registry: names that last, ids that exist, and a branch in the code for every switch."""

import json
import pathlib
import re
from collections.abc import Callable

import pytest

from bugserver import REGISTRY, Kind
from bugserver.hosting import ONLY_IN_A_PROCESS_OF_ITS_OWN
from wsclient import Client, frame, status

HERE = pathlib.Path(__file__).parent
REQUIREMENTS = HERE.parents[1] / "cases" / "requirements.json"
SOURCES = "".join(path.read_text() for path in (HERE / "bugserver").glob("*.py"))
NOTES = {f"note-{number}" for number in range(1, 40)}
SPOILS_THE_START = {"sends-103-before-101"}
NARROW = [name for name, switch in REGISTRY.items()
          if not (switch.total or switch.kind is Kind.SCENARIO or name in SPOILS_THE_START)]


def requirement_ids() -> set[str]:
    """The ids of cases/requirements.json, whether it is a list or an object around one."""
    loaded = json.loads(REQUIREMENTS.read_text())
    entries = loaded if isinstance(loaded, list) else loaded["requirements"]
    return {entry["id"] for entry in entries}


def hooks() -> list[str]:
    """Regular expressions for the names that the code asks for."""
    families = re.findall(r'f"([a-z0-9-]*\{[^"]*)"', SOURCES)
    return [re.sub(r"\\\{.*?\\\}", "[a-z0-9-]+", re.escape(family)) for family in families]


def test_there_are_enough_switches() -> None:
    """The counts that the suite relies on."""
    counts = {kind: sum(s.kind is kind for s in REGISTRY.values()) for kind in Kind}
    assert counts[Kind.DEFECT] >= 150
    assert counts[Kind.ODDITY] >= 50
    assert counts[Kind.SCENARIO] >= 10


def test_every_id_exists() -> None:
    """A switch names requirements of cases/requirements.json or points of the notes."""
    known = requirement_ids() | NOTES
    named = {name: set(switch.requirements) - known for name, switch in REGISTRY.items()}
    assert {name: ids for name, ids in named.items() if ids} == {}


def test_every_defect_names_a_requirement() -> None:
    """A point of the notes alone does not make a defect."""
    for switch in REGISTRY.values():
        if switch.kind is Kind.DEFECT:
            assert set(switch.requirements) - NOTES, switch.name


def test_every_switch_is_hooked_in() -> None:
    """The code outside the registry asks for each name."""
    families = hooks()
    unused = [name for name in REGISTRY if f'"{name}"' not in SOURCES
              and not any(re.fullmatch(family, name) for family in families)]
    assert unused == []


def test_every_hook_is_declared() -> None:
    """The code asks for no name that the registry does not have."""
    asked = re.findall(r'\bon\("([a-z0-9-]+)"\)|_on\("([a-z0-9-]+)"\)', SOURCES)
    assert {a or b for a, b in asked} - REGISTRY.keys() == set()


def test_switches_are_written_well() -> None:
    """A name in kebab-case, one sentence without an end mark."""
    for switch in REGISTRY.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", switch.name)
        assert 0 < len(switch.text) <= 100 and not switch.text.endswith("."), switch.name


@pytest.mark.parametrize("name", NARROW)
def test_switch_leaves_a_plain_echo_alone(name: str, port_of: Callable[..., int]) -> None:
    """Handshake and a small text echo are right, unless the switch is total or a scenario."""
    with Client(port_of(name)) as client:
        assert status(client.answer) == 101
        client.send(frame(1, b"hello"))
        greetings = 2 if name == "greets-first" else 0
        assert _message(client, skip=greetings) == b"hello"


def _message(client: Client, *, skip: int = 0) -> bytes:
    """The payload of the next message, fragments put together, control frames left out."""
    parts: list[bytes] = []
    while (one := client.frame()) is not None:
        if one.opcode >= 8:
            continue
        parts.append(one.payload)
        if one.first & 0x80:
            if not skip:
                return b"".join(parts)
            skip -= 1
            parts.clear()
    raise AssertionError(f"the connection ended after {parts}")


def test_crashes_are_refused_in_a_shared_process(port_of: Callable[..., int]) -> None:
    """A switch that exits the process is only for server.py."""
    for name in ONLY_IN_A_PROCESS_OF_ITS_OWN:
        with pytest.raises(ValueError, match="exit"):
            port_of(name)
