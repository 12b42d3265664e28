"""Bugs that strike one connection in twenty, whichever case it belongs to.

Most defects are about one sentence. These are not: on the connections of one part, chosen by what
the request's head says, the server is deaf, or too lenient, or refuses. They show of each case that
it can fail at all, where no narrower defect is worth having for each of its parameters.
"""

import zlib
from collections.abc import Callable

from .switches import REGISTRY, On
from .switches.parts import LENIENT, PARTS, REFUSING, SWALLOWING

HEAD_MAX = 65536

_LENIENT_SWITCHES = frozenset(
    name for name in REGISTRY
    if name.startswith("accepts-") or name in ("survives-failures", "skips-utf8-check"))
_STRUCK_BY: dict[str, Callable[[], frozenset[str]]] = {
    SWALLOWING: lambda: frozenset({"never-echo", "ignores-pings"}),
    LENIENT: lambda: _LENIENT_SWITCHES,
    REFUSING: lambda: frozenset({"refuse-handshake"}),
}


def part_of(head: bytes) -> int:
    """The part, 1 to 20, that a request's head puts its connection into; not by what has the port."""
    lines = [line for line in head.splitlines()
             if not line.lower().startswith((b"host:", b"origin:"))]
    return zlib.crc32(b"\n".join(lines)) % PARTS + 1


def strikes_in_parts(on: On) -> bool:
    """Whether any switch of this kind is on; without one, nothing has to be looked at."""
    return any(on(f"{family}-in-part-{part:02}") for family in _STRUCK_BY
               for part in range(1, PARTS + 1))


class PartialSwitches:
    """The switches of one connection: those of the server, and from its head on those of its part."""

    def __init__(self, on: On) -> None:
        self._on = on
        self._octets = b""
        self._struck: frozenset[str] | None = None

    def __call__(self, name: str) -> bool:
        return name in (self._struck or ()) or self._on(name)

    def receive(self, octets: bytes) -> None:
        """Looks at octets from the client until the head is complete."""
        if self._struck is not None or len(self._octets) > HEAD_MAX:
            return
        self._octets += octets
        head, found, _ = self._octets.partition(b"\r\n\r\n")
        if found:
            self._settle(part_of(head))

    def _settle(self, part: int) -> None:
        self._struck = frozenset().union(*(
            switches() for family, switches in _STRUCK_BY.items()
            if self._on(f"{family}-in-part-{part:02}")))
