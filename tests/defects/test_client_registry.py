"""The client's registry: ids that exist and bind a client, and a branch in the code for each switch."""

import json
import pathlib
import re

from bugclient import REGISTRY
from bugclient.switches import OF_SERVERS
from bugserver import REGISTRY as OF_SERVER
from bugserver import Kind
from test_registry import NOTES, REQUIREMENTS

HERE = pathlib.Path(__file__).parent
SOURCES = "".join(path.read_text() for path in [
    *(HERE / "bugclient").glob("*.py"), *(HERE / "bugserver").glob("*.py")])
OWN = {name for name in REGISTRY if name not in OF_SERVER}


def actors() -> dict[str, str]:
    """Whom each requirement binds."""
    return {entry["id"]: entry["actor"] for entry in json.loads(REQUIREMENTS.read_text())}


def test_every_id_exists() -> None:
    """A switch names requirements of cases/requirements.json or points of the notes."""
    known = actors().keys() | NOTES
    assert {name: switch.requirements for name, switch in REGISTRY.items()
            if not known.issuperset(switch.requirements)} == {}


def test_every_defect_breaks_what_binds_a_client() -> None:
    """What binds servers alone is no defect of a client."""
    binding = {name for name, actor in actors().items() if actor != "server"}
    assert [name for name, switch in REGISTRY.items()
            if switch.kind is Kind.DEFECT and binding.isdisjoint(switch.requirements)] == []


def test_every_switch_is_hooked_in() -> None:
    """The code outside the registry asks for each name."""
    families = [re.sub(r"\\\{.*?\\\}", "[a-z0-9-]+", re.escape(family))
                for family in re.findall(r'f"([a-z0-9-]*\{[^"]*)"', SOURCES)]
    assert [name for name in REGISTRY if f'"{name}"' not in SOURCES
            and not any(re.fullmatch(family, name) for family in families)] == []


def test_every_hook_is_declared() -> None:
    """The client's code asks for no name that its registry does not have."""
    sources = "".join(path.read_text() for path in (HERE / "bugclient").glob("*.py"))
    asked = re.findall(r'\bon\("([a-z0-9-]+)"\)|_on\("([a-z0-9-]+)"\)', sources)
    assert {a or b for a, b in asked} - REGISTRY.keys() == set()


def test_switches_are_written_well() -> None:
    """A name in kebab-case, one sentence without an end mark."""
    for name in OWN:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert 0 < len(REGISTRY[name].text) <= 100, name
        assert not REGISTRY[name].text.endswith("."), name


def test_what_is_left_to_servers_is_theirs() -> None:
    """The list of what a client cannot have names nothing that is gone."""
    assert OF_SERVERS <= OF_SERVER.keys()
