"""A bug of a part strikes the connections of that part and no other."""

import pytest

from bugserver import parts
from bugserver.switches import turned_on
from bugserver.switches.parts import LENIENT, PARTS, REFUSING, SWALLOWING

HEAD = b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nSec-WebSocket-Key: %d\r\n\r\n"


def test_port_of_the_server_does_not_matter() -> None:
    assert parts.part_of(HEAD % (1, 5)) == parts.part_of(HEAD % (65535, 5))


def test_parts_are_about_equal() -> None:
    counts = [0] * PARTS
    for key in range(4000):
        counts[parts.part_of(HEAD % (80, key)) - 1] += 1
    assert min(counts) > 120 and max(counts) < 280


@pytest.mark.parametrize("family, struck", [
    (SWALLOWING, "never-echo"), (LENIENT, "survives-failures"), (REFUSING, "refuse-handshake")])
def test_only_the_connections_of_the_part_are_struck(family: str, struck: str) -> None:
    for key in range(200):
        on = parts.PartialSwitches(turned_on([f"{family}-in-part-07"]))
        head = HEAD % (80, key)
        for octet in range(len(head)):
            on.receive(head[octet:octet + 1])
        assert on(struck) == (parts.part_of(head[:-4]) == 7)
