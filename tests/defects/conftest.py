"""Fixtures: one host for all servers of a test run, one server for each set of switches."""

import pathlib
import sys
from collections.abc import Callable, Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import liveness  # noqa: E402  (the path has to be there first)
from bugserver import Host  # noqa: E402


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """Where servers are started."""
    with Host() as one:
        yield one


@pytest.fixture(scope="session")
def port_of(host: Host) -> Callable[..., int]:
    """`port_of("a-switch", ...)` is the port of a server with these switches."""
    ports: dict[tuple[str, ...], int] = {}

    def start(*switches: str) -> int:
        if switches not in ports:
            ports[switches] = host.serve(switches)
        return ports[switches]
    return start


@pytest.fixture(scope="session")
def wspec() -> pathlib.Path:
    """The program under test, where verdicts are what counts."""
    path = liveness.default_wspec()
    assert path.is_file(), f"{path} is not built"
    return path


@pytest.fixture(scope="session")
def strict(port_of: Callable[..., int]) -> int:
    """The port of a server without switches."""
    return port_of()
