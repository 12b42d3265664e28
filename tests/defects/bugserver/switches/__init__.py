"""The registry of switches: what each is called, what it breaks or what permits it.

A *defect* violates the requirements that it names. An *oddity* is permitted by the requirements (or
by the point of the requirements notes, written `note-14`) that it names. A *scenario* is a server
that other tests need, right or wrong. A name is permanent: it is never reused or renamed.
"""

import dataclasses
import enum
import json
from collections.abc import Callable, Iterable

On = Callable[[str], bool]
"""Tells whether the switch of that name is on; all that protocol code knows of switches."""


class Kind(enum.Enum):
    """What a switch stands for."""

    DEFECT = "defect"
    ODDITY = "oddity"
    SCENARIO = "scenario"


@dataclasses.dataclass(frozen=True)
class Switch:
    """One switch. `verdict` is the worst that a fair suite says of a server with it on.

    fail: a MUST is violated; warn: only a SHOULD is; note: may be reported, never failed;
    pass: nothing to report; none: scenarios, of which nothing is claimed. `total` marks a defect
    that spoils every connection, because the requirement leaves no narrower way to break it.
    `alone` marks one that strikes other connections than the one that shows it: which case it was
    is seen only when cases are played one at a time.
    """

    kind: Kind
    name: str
    requirements: tuple[str, ...]
    text: str
    verdict: str
    total: bool = False
    alone: bool = False

    def line(self) -> str:
        """The switch as `--list` prints it."""
        return f"{self.kind.value} {self.name} {','.join(self.requirements) or '-'} {self.text}"

    def as_json(self) -> dict[str, object]:
        """The switch as `--list --json` prints it."""
        return {"kind": self.kind.value, "name": self.name, "requirements": list(self.requirements),
                "text": self.text, "verdict": self.verdict, "total": self.total,
                "alone": self.alone}


def listing(switches: Iterable[Switch], as_json: bool) -> str:
    """Every switch, one a line, or as a JSON array."""
    if as_json:
        return json.dumps([switch.as_json() for switch in switches], indent=1)
    return "\n".join(switch.line() for switch in switches)


class UnknownSwitch(ValueError):
    """A name that no switch has."""


def defect(name: str, requirements: str, text: str, *, warn: bool = False,
           total: bool = False, alone: bool = False) -> Switch:
    """Declares a violation of `requirements` (ids separated by blanks); `warn` if only a SHOULD."""
    return Switch(Kind.DEFECT, name, tuple(requirements.split()), text,
                  "warn" if warn else "fail", total, alone)


def oddity(name: str, requirements: str, text: str, *, note: bool = False) -> Switch:
    """Declares a behaviour that `requirements` permit; `note` if a suite may remark on it."""
    return Switch(Kind.ODDITY, name, tuple(requirements.split()), text, "note" if note else "pass")


def scenario(name: str, text: str) -> Switch:
    """Declares a special server of which no verdict is claimed."""
    return Switch(Kind.SCENARIO, name, (), text, "none")


def _collect() -> dict[str, Switch]:
    """All declared switches by name; a name declared twice is a programming error."""
    from . import (
        answer,
        closing,
        connections,
        deflate,
        framing,
        http,
        messages,
        mishaps,
        opening,
        scenarios,
    )
    registry: dict[str, Switch] = {}
    for module in (http, mishaps, opening, answer, framing, messages, closing, deflate,
                   connections, scenarios):
        for switch in module.SWITCHES:
            if switch.name in registry:
                raise ValueError(f"switch declared twice: {switch.name}")
            registry[switch.name] = switch
    return registry


REGISTRY: dict[str, Switch] = _collect()


def turned_on(names: Iterable[str], registry: dict[str, Switch] = REGISTRY) -> On:
    """The `on` function for these names; raises UnknownSwitch for a name nobody declared."""
    chosen = frozenset(names)
    unknown = sorted(chosen - registry.keys())
    if unknown:
        raise UnknownSwitch(f"no such switch: {', '.join(unknown)} (see --list)")
    return chosen.__contains__
