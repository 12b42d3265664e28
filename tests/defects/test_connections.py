"""Defects that show only with several connections, or with a client that is slow."""

import time
from collections.abc import Callable

import pytest

from bugserver import Host
from wsclient import Client, frame, request

PortOf = Callable[..., int]


@pytest.fixture(scope="session")
def port_of(host: Host) -> PortOf:
    """A server for each test alone: these defects remember who came before."""
    return lambda *switches: host.serve(switches)


def ports(port_of: PortOf, defect: str) -> list[tuple[int, bool]]:
    """The strict server and one with the defect: the port, and whether it is right."""
    return [(port_of(), True), (port_of(defect), False)]


def echo(client: Client, text: bytes) -> bytes | None:
    """What comes back for a text; None if the connection ends instead."""
    try:
        client.send(frame(1, text))
        received = client.frame()
    except OSError:
        return None
    return received.payload if received and received.opcode == 1 else None


def test_fragments_of_two_connections(port_of: PortOf) -> None:
    """A message is made of the fragments of its own connection."""
    for port, is_right in ports(port_of, "shares-fragments-among-connections"):
        with Client(port) as one, Client(port) as other:
            one.send(frame(1, b"half", fin=False))
            time.sleep(0.05)
            assert (echo(other, b"whole") == b"whole") is is_right


@pytest.mark.parametrize("defect", ["shares-frame-reader-among-connections",
                                    "writes-to-newest-connection", "drops-others-on-close"])
def test_a_conversation_beside_a_cut_frame(port_of: PortOf, defect: str) -> None:
    """A frame that is cut waits for its end while another connection has its conversation."""
    for port, is_right in ports(port_of, defect):
        with Client(port) as one, Client(port) as other:
            one.send(frame(1, b"whole")[:8])
            time.sleep(0.05)
            is_answered = echo(other, b"whole") == b"whole"
            try:
                other.send(frame(8, b"\x03\xe8"))
                one.send(frame(1, b"whole")[8:])
                answer = one.frame()
            except OSError:
                answer = None
            assert (is_answered and answer is not None and answer.payload == b"whole") is is_right


def test_characters_of_two_connections(port_of: PortOf) -> None:
    """A text is checked as one, whatever other connections send."""
    for port, is_right in ports(port_of, "shares-utf8-state-among-connections"):
        with Client(port) as one, Client(port) as other:
            one.send(frame(1, b"\xe2\x82", fin=False))
            time.sleep(0.05)
            assert (echo(other, "é".encode()) == "é".encode()) is is_right


@pytest.mark.parametrize("defect, octets", [
    ("drops-others-on-failure", frame(3)),
    ("drops-all-connections-above-16-mib", b"\x82\xff" + (1 << 25).to_bytes(8, "big") + bytes(4))])
def test_a_failure_leaves_the_others(port_of: PortOf, defect: str, octets: bytes) -> None:
    """A connection lives on when another one is failed."""
    for port, is_right in ports(port_of, defect):
        with Client(port) as one, Client(port) as other:
            one.send(octets)
            time.sleep(0.05)
            assert (echo(other, b"still here") == b"still here") is is_right


def test_a_fin_leaves_the_others(port_of: PortOf) -> None:
    """A connection lives on when the client of another one ends TCP."""
    for port, is_right in ports(port_of, "drops-others-on-fin"):
        with Client(port) as one, Client(port) as other:
            one.end()
            time.sleep(0.05)
            assert (echo(other, b"still here") == b"still here") is is_right


@pytest.mark.parametrize("defect, octets", [
    ("keeps-octets-for-next-connection", frame(1, b"cut off")[:4]),
    ("keeps-message-for-next-connection", frame(1, b"cut off", fin=False)),
    ("drops-next-request-after-hurried-end", frame(9, b"?"))])
def test_what_is_cut_is_forgotten(port_of: PortOf, defect: str, octets: bytes) -> None:
    """The next connection is a new one, whatever the end of TCP cut."""
    for port, is_right in ports(port_of, defect):
        with Client(port) as broken:
            broken.send(octets)
            broken.end()
            broken.until_end()
        with Client(port, opened=False) as client:
            opened = client.ask(request()).startswith(b"HTTP/1.1 101")
            assert (opened and echo(client, b"new") == b"new") is is_right


def test_a_fin_behind_close(port_of: PortOf) -> None:
    """A Close is answered, and TCP closed, when the client's side is closed already."""
    for port, is_right in ports(port_of, "hangs-when-fin-follows-close"):
        with Client(port) as client:
            client.send(frame(8, b"\x03\xe8"))
            client.end()
            answer = client.until_end()
            assert answer[0].endswith(b"\x88\x02\x03\xe8") is is_right


def test_a_message_after_a_pause(port_of: PortOf) -> None:
    """What comes after a pause is taken."""
    for port, is_right in ports(port_of, "loses-what-comes-after-a-pause"):
        with Client(port) as client:
            assert echo(client, b"before") == b"before"
            time.sleep(0.4)
            assert (echo(client, b"after") == b"after") is is_right


def test_a_reset_leaves_the_others(port_of: PortOf) -> None:
    """A connection lives on when another one is reset."""
    for port, is_right in ports(port_of, "drops-all-connections-on-reset"):
        with Client(port) as one, Client(port) as other:
            one.reset()
            time.sleep(0.05)
            assert (echo(other, b"still here") == b"still here") is is_right


@pytest.mark.parametrize("octets", [b"", b"GET / HT", request(), request() + b"\x81"])
def test_a_broken_connection_leaves_the_next(port_of: PortOf, octets: bytes) -> None:
    """The next request is answered, wherever a connection before it broke off."""
    for port, is_right in ports(port_of, "drops-next-request-after-broken-connection"):
        with Client(port, opened=False) as broken:
            broken.send(octets)
            broken.end()
            broken.until_end()
        with Client(port, opened=False) as client:
            assert client.ask(request()).startswith(b"HTTP/1.1 101") is is_right


def test_a_slow_request(port_of: PortOf) -> None:
    """A request that pauses is answered."""
    for port, is_right in ports(port_of, "gives-up-slow-requests"):
        with Client(port, opened=False) as client:
            client.send(request()[:20])
            time.sleep(0.3)
            assert client.ask(request()[20:]).startswith(b"HTTP/1.1 101") is is_right


def test_a_slow_message(port_of: PortOf) -> None:
    """A message that pauses is echoed."""
    for port, is_right in ports(port_of, "gives-up-slow-messages"):
        with Client(port) as client:
            client.send(frame(1, b"slow", fin=False))
            time.sleep(0.4)
            assert (echo_rest(client) == b"slowly") is is_right


def echo_rest(client: Client) -> bytes | None:
    """What comes back for the end of a message; None if the connection ends instead."""
    try:
        client.send(frame(0, b"ly"))
        received = client.frame()
    except OSError:
        return None
    return received.payload if received and received.opcode == 1 else None


def test_echoes_wait_for_a_client_that_does_not_read(port_of: PortOf) -> None:
    """Every echo comes, however late it is read."""
    for port, is_right in ports(port_of, "loses-echoes-that-are-not-read"):
        count = 0
        with Client(port) as client:
            client.send(frame(2, bytes(8 << 20)) + frame(2, b"last"))
            time.sleep(0.2)
            client.send(frame(8, b"\x03\xe8"))
            while (received := client.frame()) and received.opcode == 2:
                count += 1
        assert (count == 2) is is_right


def test_a_frame_of_two_connections(port_of: PortOf) -> None:
    """A frame is read from the octets of its own connection."""
    for port, is_right in ports(port_of, "shares-frame-reader-among-connections"):
        with Client(port) as one, Client(port) as other:
            one.send(frame(1, b"cut")[:1])
            time.sleep(0.05)
            assert (echo(other, b"whole") == b"whole") is is_right


def test_a_request_that_is_not_complete(port_of: PortOf) -> None:
    """Half a request leaves the others alone."""
    for port, is_right in ports(port_of, "reads-one-request-at-a-time"):
        with Client(port, opened=False) as one, Client(port, opened=False, timeout_s=0.5) as other:
            one.send(b"GET / HT")
            other.send(request())
            octets, _ = other.until_end()
            assert octets.startswith(b"HTTP/1.1 101") is is_right


def test_a_key_on_two_connections(port_of: PortOf) -> None:
    """A key is no name: a second connection may have the same."""
    for port, is_right in ports(port_of, "refuses-key-in-use"):
        with Client(port), Client(port, opened=False) as other:
            assert other.ask(request()).startswith(b"HTTP/1.1 101") is is_right


@pytest.mark.parametrize("octets", [b"", b"GET / HT", request()])
def test_a_client_that_gives_up(port_of: PortOf, octets: bytes) -> None:
    """The others, and the next, do not notice."""
    for port, is_right in ports(port_of, "drops-others-when-a-client-gives-up"):
        with Client(port, opened=False) as ended, Client(port) as other:
            ended.send(octets)
            ended.end()
            ended.until_end()
            assert (echo(other, b"still here") == b"still here") is is_right


def test_a_fin_right_behind_a_frame(port_of: PortOf) -> None:
    """What comes back are frames and nothing else."""
    for port, is_right in ports(port_of, "answers-fin-with-http-400"):
        with Client(port) as client:
            client.send_and_end(frame(1, b"last words"))
            octets, _ = client.until_end()
            assert octets.startswith(b"\x81\x0a") is is_right

