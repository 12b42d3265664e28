"""The strict server does what RFC 6455, 9110, 9112, 3629 and 7692 ask of it."""

import json
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from bugserver import REGISTRY
from wsclient import (ACCEPT, Client, close_frame, deflated, frame, inflated, random_octets,
                      request, status)

SERVER = pathlib.Path(__file__).with_name("server.py")

BAD_REQUESTS = {
    "post": (request(method="POST"), 405),
    "unknown-method": (request(method="BREW"), 501),
    "lowercase-method": (request(method="get"), 501),
    "huge-method": (request(method="A" * 1000), 501),
    "http-10": (request(version="HTTP/1.0"), 426),
    "http-20": (request(version="HTTP/2.0"), 505),
    "lowercase-version": (request(version="http/1.1"), 400),
    "overlong-version": (request(version="HTTP/1.10"), 400),
    "extra-word": (request(version="HTTP/1.1 x"), 400),
    "two-spaces": (request(target=" /"), 400),
    "space-in-target": (request(target="/a b"), 400),
    "fragment-in-target": (request(target="/#a"), 400),
    "asterisk": (request(target="*"), 400),
    "no-host": (request(without="Host"), 400),
    "two-hosts": (request(extra=("Host: 127.0.0.1",)), 400),
    "bad-host": (request(host="a b"), 400),
    "open-bracket-host": (request(host="[::1"), 400),
    "slash-in-host": (request(host="a/b"), 400),
    "empty-host": (request(host=""), 400),
    "no-upgrade": (request(without="Upgrade"), 426),
    "other-upgrade": (request(upgrade="h2c"), 426),
    "upgrade-with-more": (request(upgrade="websocket2"), 426),
    "upgrade-with-kelvin": (request(upgrade="webſoc\u212aet"), 426),
    "no-connection": (request(without="Connection"), 400),
    "connection-keep-alive": (request(connection="keep-alive"), 400),
    "connection-with-more": (request(connection="notupgrade"), 400),
    "no-key": (request(without="Sec-WebSocket-Key"), 400),
    "empty-key": (request(sec_websocket_key=""), 400),
    "short-key": (request(sec_websocket_key="AAAAAAAAAAAAAAAAAAAA"), 400),
    "long-key": (request(sec_websocket_key="AAAAAAAAAAAAAAAAAAAAAAA="), 400),
    "two-keys": (request(extra=("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",)), 400),
    "no-version": (request(without="Sec-WebSocket-Version"), 426),
    "version-12": (request(sec_websocket_version="12"), 426),
    "version-013": (request(sec_websocket_version="013"), 426),
    "two-versions": (request(extra=("Sec-WebSocket-Version: 8",)), 426),
    "bad-subprotocol": (request(extra=("Sec-WebSocket-Protocol: a b",)), 400),
    "empty-subprotocol": (request(extra=("Sec-WebSocket-Protocol: ",)), 400),
    "bad-extension": (request(extra=("Sec-WebSocket-Extensions: a; =1",)), 400),
    "open-quote": (request(extra=('Sec-WebSocket-Extensions: a; b="c',)), 400),
    "quoted-blank": (request(extra=('Sec-WebSocket-Extensions: a; b="c d"',)), 400),
    "empty-extensions": (request(extra=("Sec-WebSocket-Extensions: ",)), 400),
    "content-length": (request(extra=("Content-Length: 5",)) + b"hello", 400),
    "bad-content-length": (request(extra=("Content-Length: -1",)), 400),
    "chunked": (request(extra=("Transfer-Encoding: chunked",)), 400),
    "bare-lf": (request(end="\n"), 400),
    "bare-cr": (request(extra=("X: a\rb",)), 400),
    "nul": (request(extra=("X: a\0b",)), 400),
    "folded": (request(extra=("X: a\r\n b",)), 400),
    "indented-first-line": (request(host="a").replace(b"Host", b" Host"), 400),
    "space-before-colon": (request(extra=("X : a",)), 400),
    "no-colon": (request(extra=("words",)), 400),
    "huge-target": (request(target="/" + "a" * 20000), 414),
    "huge-field": (request(extra=("X: " + "a" * 20000,)), 431),
    "many-fields": (request(extra=tuple(f"X-{n}: a" for n in range(300))), 431),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00", 400),
}

GOOD_REQUESTS = {
    "plain": request(),
    "leading-crlf": b"\r\n" + request(),
    "absolute-target": request(target="http://127.0.0.1/a?b=c"),
    "long-target": request(target="/" + "a" * 7900),
    "http-12": request(version="HTTP/1.2"),
    "odd-case": request(upgrade="WebSocket", connection="UPGRADE"),
    "upgrade-list": request(upgrade="foo/1, websocket"),
    "connection-list": request(connection="keep-alive, Upgrade"),
    "empty-elements": request(connection=", Upgrade,,"),
    "second-connection-line": request(connection="keep-alive", extra=("Connection: Upgrade",)),
    "unknown-fields": request(extra=("X-A: \xe9\x80", "Cookie: a=b", "X-Empty:")),
    "no-blank-behind-colon": request().replace(b": ", b":"),
    "blanks-around-values": request().replace(b": ", b": \t ").replace(b"\r\nU", b" \t\r\nU"),
    "lower-case-names": request().replace(b"Sec-WebSocket", b"sec-websocket"),
    "expects-continue": request(extra=("Expect: 100-continue",)),
    "content-length-0": request(extra=("Content-Length: 0",)),
    "ipv6-host": request(host="[::1]:80"),
    "well-known": request(target="/.well-known/x"),
}

FAILURES = {
    "unmasked": (frame(1, b"a", masked=False), 1002),
    "rsv1": (frame(1, b"a", rsv=4), 1002),
    "rsv2-on-ping": (frame(9, rsv=2), 1002),
    "rsv3-on-continuation": (frame(1, fin=False) + frame(0, rsv=1), 1002),
    "opcode-3": (frame(3), 1002),
    "opcode-b": (frame(11), 1002),
    "long-ping": (frame(9, b"a" * 126), 1002),
    "fragmented-pong": (frame(10, fin=False), 1002),
    "long-length-form": (frame(2, b"a", form=16), 1002),
    "longer-length-form": (frame(2, b"a" * 126, form=64), 1002),
    "top-bit-of-length": (b"\x82\xff" + b"\x80" + b"\0" * 7, 1002),
    "huge-frame": (b"\x82\xff" + (1 << 40).to_bytes(8, "big"), 1009),
    "huge-message": (frame(2, b"a", fin=False) + b"\x80\xff" + (1 << 26).to_bytes(8, "big")
                     + b"\0\0\0\0", 1009),
    "stray-continuation": (frame(0, b"a"), 1002),
    "new-message-inside": (frame(1, b"a", fin=False) + frame(1, b"b"), 1002),
    "invalid-text": (frame(1, b"\xff"), 1007),
    "invalid-fragment": (frame(1, b"a\xed\xa0", fin=False), 1007),
    "cut-text": (frame(1, b"\xe2\x82"), 1007),
    "close-of-1-octet": (frame(8, b"\x03"), 1002),
    "close-1005": (close_frame(1005), 1002),
    "close-999": (close_frame(999), 1002),
    "close-2999": (close_frame(2999), 1002),
    "close-5000": (close_frame(5000), 1002),
    "close-with-bad-reason": (close_frame(1000, b"\xff"), 1007),
    "close-with-long-reason": (close_frame(1000, b"a" * 124), 1002),
}


@pytest.mark.parametrize("octets,expected", BAD_REQUESTS.values(), ids=BAD_REQUESTS)
@pytest.mark.parametrize("step", [1 << 20, 7], ids=["at-once", "in-pieces"])
def test_bad_request_is_refused(strict: int, octets: bytes, expected: int, step: int) -> None:
    """A bad request gets its status and a FIN, however it is cut."""
    with Client(strict, opened=False) as client:
        try:
            for at in range(0, len(octets), step):
                client.send(octets[at:at + step])
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = client.head()
        assert status(answer) == expected
        assert b"Connection: close" in answer or b"Connection: Upgrade, close" in answer
        assert (expected == 405) == (b"\r\nAllow: GET\r\n" in answer)
        assert (expected == 426) == (b"\r\nUpgrade: websocket\r\n" in answer)


@pytest.mark.parametrize("name", ["version-12", "no-version", "two-versions", "version-013"])
def test_version_refusal_names_13(strict: int, name: str) -> None:
    """4.2.2 and 4.4: the versions understood are named."""
    with Client(strict, opened=False) as client:
        assert b"\r\nSec-WebSocket-Version: 13\r\n" in client.ask(BAD_REQUESTS[name][0])


@pytest.mark.parametrize("octets", GOOD_REQUESTS.values(), ids=GOOD_REQUESTS)
def test_good_request_is_upgraded(strict: int, octets: bytes) -> None:
    """Harmless variety gets a 101 with the right Accept, and an echo."""
    with Client(strict, opened=False) as client:
        answer = client.ask(octets + frame(1, b"early"))
        assert status(answer) == 101
        assert f"Sec-WebSocket-Accept: {ACCEPT}\r\n".encode() in answer
        early = client.frame()
        assert early is not None and early.payload == b"early"


@pytest.mark.parametrize("offer,chosen", [
    ("chat", b"chat"), ("superchat, chat", b"superchat"), ("x, chat", b"chat"), ("x", None)])
def test_subprotocol_is_the_first_supported(strict: int, offer: str, chosen: bytes | None) -> None:
    """One of the offered names, or no field at all."""
    with Client(strict, opened=False) as client:
        answer = client.ask(request(extra=(f"Sec-WebSocket-Protocol: {offer}",)))
        assert status(answer) == 101
        field = b"" if chosen is None else b"Sec-WebSocket-Protocol: " + chosen + b"\r\n"
        assert field in answer and (chosen is not None) == (b"-Protocol" in answer)


@pytest.mark.parametrize("offer,answered", [
    ("permessage-deflate", "permessage-deflate"),
    ("x-a, permessage-deflate ; client_max_window_bits", "permessage-deflate"),
    ("permessage-deflate; server_no_context_takeover",
     "permessage-deflate; server_no_context_takeover"),
    ("permessage-deflate; client_no_context_takeover; server_max_window_bits=10",
     "permessage-deflate; client_no_context_takeover; server_max_window_bits=10"),
    ('permessage-deflate; server_max_window_bits="1\\0"',
     "permessage-deflate; server_max_window_bits=10"),
    ("permessage-deflate; foo, permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; server_max_window_bits", None),
    ("permessage-deflate; server_max_window_bits=8", None),
    ("permessage-deflate; server_max_window_bits=08", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; client_max_window_bits=7", None),
    ("permessage-deflate; server_no_context_takeover=1", None),
    ("permessage-deflate; client_max_window_bits; client_max_window_bits=10", None),
    ("x-webkit-deflate-frame", None)])
def test_deflate_negotiation(strict: int, offer: str, answered: str | None) -> None:
    """RFC 7692, 7.1: the first acceptable offer is answered, others are declined."""
    with Client(strict, extensions=offer) as client:
        assert status(client.answer) == 101
        field = f"Sec-WebSocket-Extensions: {answered}\r\n".encode() if answered else b""
        assert field in client.answer
        assert (answered is not None) == (b"-Extensions" in client.answer)


@pytest.mark.parametrize("octets,code", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("step", [1 << 20, 1], ids=["at-once", "by-octet"])
def test_invalid_input_fails_the_connection(strict: int, octets: bytes, code: int,
                                            step: int) -> None:
    """One Close with the fitting code, FIN, and nothing that follows is answered."""
    with Client(strict) as client:
        octets += frame(9, b"too late")
        try:
            for at in range(0, len(octets), step):
                client.send(octets[at:at + step])
        except (BrokenPipeError, ConnectionResetError):
            pass
        received = client.frames()
        assert [(one.first, one.code) for one in received] == [(0x88, code)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 100001])
@pytest.mark.parametrize("opcode", [1, 2])
def test_message_is_echoed(strict: int, opcode: int, size: int) -> None:
    """Whole, of the same type, in the shortest length form."""
    payload = random_octets(size) if opcode == 2 else b"a" * size
    with Client(strict) as client:
        client.send(frame(opcode, payload, key=random_octets(4)))
        echoed = client.frame()
        assert echoed is not None
        assert (echoed.first, echoed.masked, echoed.payload) == (0x80 | opcode, False, payload)
        assert echoed.form == (size if size < 126 else 126 if size < 65536 else 127)


def test_fragments_are_joined_around_control_frames(strict: int) -> None:
    """5.4: a ping between fragments is answered at once, the message comes whole."""
    octets = (frame(1, "\u20ac".encode()[:1], fin=False) + frame(9, b"now") + frame(0, fin=False)
              + frame(10, b"nobody asked") + frame(0, "\u20ac".encode()[1:]))
    with Client(strict) as client:
        for octet in octets:
            client.send(bytes([octet]))
        pong, echoed = client.frame(), client.frame()
        assert pong is not None and (pong.first, pong.payload) == (0x8A, b"now")
        assert echoed is not None and echoed.payload.decode() == "\u20ac"


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999])
def test_close_is_answered_with_its_code(strict: int, code: int) -> None:
    """The server answers, sends FIN first, and drops what comes behind the Close."""
    with Client(strict) as client:
        client.send(close_frame(code, "au revoir".encode()) + frame(1, b"late") + frame(9))
        assert [(one.first, one.payload) for one in client.frames()] == [
            (0x88, code.to_bytes(2, "big"))]


def test_empty_close_is_answered_with_an_empty_one(strict: int) -> None:
    """5.5.1: no status code is made up."""
    with Client(strict) as client:
        client.send(frame(8))
        assert [(one.first, one.payload) for one in client.frames()] == [(0x88, b"")]


def test_half_closed_client_gets_its_echo(strict: int) -> None:
    """A FIN from the client does not lose what it asked for."""
    with Client(strict) as client:
        client.send(frame(1, b"last words"))
        client.end()
        assert [one.payload for one in client.frames()] == [b"last words"]


def test_compressed_messages_are_echoed_compressed(strict: int) -> None:
    """RSV1 on the first frame, raw DEFLATE without its tail; plain and empty messages too."""
    with Client(strict, extensions="permessage-deflate; server_no_context_takeover") as client:
        for payload in (b"hello" * 100, b"", "\u20ac".encode() * 1000):
            client.send(frame(1, deflated(payload), rsv=4))
            echoed = client.frame()
            assert echoed is not None and echoed.first == 0xC1
            assert inflated(echoed.payload) == payload
        client.send(frame(1, b"plain"))
        echoed = client.frame()
        assert echoed is not None and inflated(echoed.payload) == b"plain"


def test_samples_of_rfc_7692_are_inflated(strict: int) -> None:
    """7.2.3: shared window, stored, BFINAL and two blocks, and the empty message."""
    samples = ["f248cdc9c90700", "f200110000", "000500faff48656c6c6f00", "f348cdc9c9070000",
               "f24805000000ffffcac9c90700"]
    with Client(strict, extensions="permessage-deflate; server_no_context_takeover") as client:
        for sample in samples:
            client.send(frame(1, bytes.fromhex(sample), rsv=4))
            echoed = client.frame()
            assert echoed is not None and inflated(echoed.payload) == b"Hello", sample


@pytest.mark.parametrize("payload", [b"\xff\xff", b"\x07", b"\xca\x48", b"\x06"],
                         ids=["garbage", "reserved-block", "cut", "cut-in-header"])
def test_corrupt_deflate_fails_the_connection(strict: int, payload: bytes) -> None:
    """7.2.2: what does not inflate to its end is no message."""
    with Client(strict, extensions="permessage-deflate") as client:
        client.send(frame(1, payload, rsv=4))
        assert [(one.first, one.code) for one in client.frames()] == [(0x88, 1007)]


@pytest.mark.parametrize("octets", [
    frame(9, rsv=4), frame(1, b"", rsv=4, fin=False) + frame(0, b"\0", rsv=4),
    frame(1, b"\0", rsv=6)], ids=["ping", "continuation", "rsv2"])
def test_rsv_where_deflate_gives_no_meaning(strict: int, octets: bytes) -> None:
    """RFC 7692, 6.1: only the first frame of a data message may have RSV1."""
    with Client(strict, extensions="permessage-deflate") as client:
        client.send(octets)
        assert [(one.first, one.code) for one in client.frames()] == [(0x88, 1002)]


def test_bomb_is_refused(strict: int) -> None:
    """65 MiB of zeros in 64 KiB are refused with 1009."""
    with Client(strict, extensions="permessage-deflate") as client:
        client.send(frame(2, deflated(b"\0" * (65 << 20)), rsv=4))
        assert [one.code for one in client.frames()] == [1009]


def test_16_mib_and_many_fragments(strict: int) -> None:
    """Both are echoed whole."""
    payload = random_octets(16 << 20)
    with Client(strict, timeout_s=60) as client:
        client.send(frame(2, payload))
        echoed = client.frame()
        assert echoed is not None and echoed.payload == payload
        client.send(frame(2, fin=False) + frame(0, b"ab", fin=False) * 100_000 + frame(0))
        echoed = client.frame()
        assert echoed is not None and echoed.payload == b"ab" * 100_000


def test_hundreds_of_servers_are_cheap(port_of: Callable[..., int]) -> None:
    """Each is a listening socket, not a process; all of them answer."""
    names = [name for name, switch in REGISTRY.items() if switch.kind.value == "oddity"]
    ports = {port_of(name) for name in names}
    assert len(ports) == len(names) >= 50


def test_command_lists_serves_and_ends() -> None:
    """--list --json, the line with the port, and 1001 to everyone on SIGTERM."""
    listed = subprocess.run([sys.executable, SERVER, "--list", "--json"], check=True,
                            capture_output=True, timeout=30)
    assert [entry["name"] for entry in json.loads(listed.stdout)] == list(REGISTRY)
    command = [sys.executable, SERVER, "--port", "0", "--defect", "pongs-are-empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words[:2] == ["listening", "on"]
        with Client(int(words[2])) as client:
            client.send(frame(9, b"ping"))
            pong = client.frame()
            assert pong is not None and pong.payload == b""
            process.send_signal(signal.SIGTERM)
            assert [one.code for one in client.frames()] == [1001]
        assert process.wait(timeout=10) == 0


def test_command_refuses_unknown_switches() -> None:
    """A name that no switch has ends the command with a message."""
    ended = subprocess.run([sys.executable, SERVER, "--defect", "no-such-thing"],
                           capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and "no-such-thing" in ended.stderr


def test_crash_on_trigger_exits() -> None:
    """The scenario ends its whole process, and only on its trigger."""
    command = [sys.executable, SERVER, "--scenario", "crash-on-trigger"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[2])
        with Client(port) as client:
            client.send(frame(1, b"no crash"))
            assert client.frame() is not None
            client.send(frame(1, b"crash"))
            assert client.frame() is None
        assert process.wait(timeout=10) == 70


def test_client_of_the_library_is_served(strict: int) -> None:
    """An independent client agrees: PyPI's websockets, where it is installed."""
    library = pytest.importorskip("websockets.sync.client")
    with library.connect(f"ws://127.0.0.1:{strict}/", subprotocols=["chat"]) as client:
        for message in ("hello", b"\0\xff", "x" * 100_000):
            client.send(message)
            assert client.recv(timeout=5) == message
        assert client.ping().wait(5)
