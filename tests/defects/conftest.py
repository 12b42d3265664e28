"""Fixtures: one host for all servers of a test run, one server for each set of switches."""

import pathlib
import sys
from collections.abc import Callable, Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from bugserver import Host  # noqa: E402  (the path has to be there first)


@pytest.fixture(scope="session")
def port_of() -> Iterator[Callable[..., int]]:
    """`port_of("a-switch", ...)` is the port of a server with these switches."""
    ports: dict[tuple[str, ...], int] = {}
    with Host() as host:
        def start(*switches: str) -> int:
            if switches not in ports:
                ports[switches] = host.serve(switches)
            return ports[switches]
        yield start


@pytest.fixture(scope="session")
def strict(port_of: Callable[..., int]) -> int:
    """The port of a server without switches."""
    return port_of()
