"""What the tests send to see a defect: whole conversations from the client's side, by name.

A stimulus is a list of segments, the handshake request included. `play` sends them and returns all
that came back. The client ends its side unless the strict server is expected to end first.
"""

import re
import time

from test_server import BAD_REQUESTS, FAILURES, GOOD_REQUESTS
from wsclient import Client, close_frame, deflated, frame, request

SEGMENT_PAUSE_S = 0.02
OCTETS_PER_S = 30_000
SILENCE_S = 1.0
_OPEN = request()
_NO_REPEATS = bytes((n * n * 31 + n * 7) % 251 for n in range(4000))
_PROTOCOL = "Sec-WebSocket-Protocol: "
_EXTENSIONS = "Sec-WebSocket-Extensions: "
_KEY_WITH_PAD_BITS = "AQIDBAUGBwgJCgsMDQ4PEC=="


def play(port: int, segments: list[bytes], *, server_ends: bool) -> bytes:
    """Everything the server sends, without dates; how it ended, if not with FIN."""
    # Python needs its time for many frames: only from there on is it silence.
    silence_s = SILENCE_S + sum(map(len, segments)) / OCTETS_PER_S
    with Client(port, opened=False, timeout_s=silence_s) as client:
        try:
            for number, segment in enumerate(segments):
                if number:
                    time.sleep(SEGMENT_PAUSE_S)
                client.send(segment)
            if not server_ends:
                client.end()
        except OSError:
            pass
        octets, ending = client.until_end()
    return re.sub(rb"Date: [^\r]*", b"Date:", octets) + ending.encode()


def _open(*octets: bytes) -> list[bytes]:
    """A connection with these frames in one segment."""
    return [_OPEN, b"".join(octets)]


def _deflate(offer: str, *octets: bytes) -> list[bytes]:
    """The same with an extension offer."""
    return [request(extra=(_EXTENSIONS + offer,)), b"".join(octets)]


def _asks(*lines: str, **replaced: str) -> list[bytes]:
    """A request with more lines, and a ping behind it."""
    return [request(extra=lines, **replaced), frame(9, b"there?")]


def _window(bits: int) -> bytes:
    """A compressed message with a repeat that is farther away than 2^(bits-1)."""
    far = bytes(_NO_REPEATS[: (1 << bits) - 300])
    return deflated(b"needle in the haystack" + far + b"needle in the haystack")


_HIXIE = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
          b"Origin: http://127.0.0.1\r\n#\r\n")
_HELLO = frame(1, deflated(b"hello " * 20), rsv=4)
_PLAIN = frame(1, b"hello")
_BYE = close_frame(1000)

HANDSHAKES: dict[str, list[bytes]] = {
    **{f"asks-{name}": [octets] for name, (octets, _) in BAD_REQUESTS.items()},
    **{f"asks-{name}": [octets, _PLAIN] for name, octets in GOOD_REQUESTS.items()},
    "asks-head": [request(method="HEAD")],
    "asks-upgrade-with-substring": _asks(upgrade="xwebsocket"),
    "asks-upgrade-with-blank": _asks(upgrade="web socket"),
    "asks-upgrade-with-long-s": _asks(upgrade="web\u017focket"),
    "asks-connection-first-line": _asks("Connection: keep-alive"),
    "asks-tab-in-connection": _asks(connection="keep-alive,\tUpgrade"),
    "asks-shuffled": [b"\r\n".join([_OPEN.split(b"\r\n")[0], *sorted(_OPEN.split(b"\r\n")[1:-2])])
                      + b"\r\n\r\n"],
    "asks-bad-length-key": _asks(sec_websocket_key="abc="),
    "asks-pad-bits": _asks(sec_websocket_key=_KEY_WITH_PAD_BITS),
    "asks-key-with-url-letters": _asks(sec_websocket_key="AAAAAAAAAAAAAAAAAAAAAA=="),
    "asks-version-8": _asks(sec_websocket_version="8"),
    "asks-version-14": _asks(sec_websocket_version="14"),
    "asks-version-130": _asks(sec_websocket_version="130"),
    "asks-version-list": _asks(sec_websocket_version="8, 13"),
    "asks-empty-version": _asks(sec_websocket_version=""),
    "asks-subprotocol": _asks(_PROTOCOL + "chat"),
    "asks-subprotocols": _asks(_PROTOCOL + "chat, superchat"),
    "asks-unknown-subprotocol": _asks(_PROTOCOL + "x-unknown"),
    "asks-subprotocol-in-upper-case": _asks(_PROTOCOL + "CHAT"),
    "asks-nothing-http": [request(version="HTPP/1.1")],
    "asks-in-two-segments": [_OPEN[:20], _OPEN[20:]],
    "asks-line-separator-injection": _asks("X: a\u2028" + _PROTOCOL + "chat"),
    "asks-line-without-colon": [request(extra=("no colon",))],
    "asks-with-query": _asks(target="/?a=b"),
    "asks-lf-in-disguise": _asks("X: a\u560a" + _PROTOCOL + "chat"),
    "asks-cr-injection": _asks("X: a\r" + _PROTOCOL + "chat"),
    "asks-indented-injection": [
        _OPEN.replace(b"\r\n", b"\r\n " + _PROTOCOL.encode() + b"chat\r\n", 1)],
    "asks-folded-injection": _asks("X: a", " " + _PROTOCOL + "chat"),
    "asks-cookie": _asks("Cookie: a=b"),
    "asks-unknown-field": _asks("X-Unknown: a"),
    "asks-with-authorization": _asks("Authorization: Basic YTpi"),
    "asks-foreign-origin": _asks("Origin: http://elsewhere.example"),
    "asks-other-path": [request(target="/other"), frame(9, b"there?")],
    "asks-gzip": _asks("Transfer-Encoding: gzip"),
    "asks-body": [request(extra=("Content-Length: 6",)) + frame(9)],
    "asks-part": [_OPEN[:-2]],
    "asks-bare-version-number": [request(version="HTTP/11")],
    "asks-kelvin-in-field-name": [request(
        without="Sec-WebSocket-Key", extra=("Sec-WebSoc\u212aet-Key: AAAAAAAAAAAAAAAAAAAAAA==",))],
    "asks-cache-control": _asks("Cache-Control: no-cache"),
    "asks-compression": _asks("Accept-Encoding: gzip"),
    "asks-request-id": _asks("X-Request-Id: a"),
    "asks-with-accept": _asks("Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "asks-xchunked": [request(extra=("Transfer-Encoding: xchunked",))],
    "asks-ping-in-chunk": [request(extra=("Transfer-Encoding: chunked",)) + b"7\r\n"
                           + frame(9, b"x") + b"\r\n0\r\n\r\n"],
    "asks-no-key-and-much-behind": [request(without="Sec-WebSocket-Key") + b"x" * 5000],
    "asks-no-http-version": [_OPEN.replace(b" HTTP/1.1", b"", 1)],
    "asks-broken-encoding": [request(target="/%zz")],
    "asks-field-of-300": _asks("X: " + "a" * 300),
    "asks-field-of-1100": _asks("X: " + "a" * 1100),
    "asks-field-of-8200": _asks("X: " + "a" * 8200),
    "asks-latin-1": _asks("X: \udce9"),
    "asks-other-host": _asks(host="example.com"),
    "asks-unknown-expectation": _asks("Expect: x"),
    "asks-user-agent": _asks("User-Agent: a (b)"),
    "asks-with-early-text": [_OPEN + _PLAIN],
    "asks-empty-content-length": [request(extra=("Content-Length: ",))],
    "asks-body-that-does-not-come": [request(extra=("Content-Length: 5",))],
    "asks-cut-behind-cr": [_OPEN[:15], _OPEN[15:]],
    "asks-cut-before-empty-line": [_OPEN[:-2], _OPEN[-2:]],
    "asks-empty-second-host": [request(extra=("Host: ",))],
    "asks-nothing-but-key": [_OPEN.replace(b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"")],
    "asks-key-of-ones": _asks(sec_websocket_key="/////////////////////w=="),
    "asks-accept-with-plus": _asks(sec_websocket_key="Xd8t9f+HEju9wKImKnw+FQ=="),
    "asks-hixie-75": [_HIXIE.replace(b"#", b"")],
    "asks-hixie-76": [_HIXIE.replace(b"#", b"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n"
                                     b"Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n") + b"^n:ds[4U"],
    "asks-bad-subprotocol-behind-good": [request(extra=(_PROTOCOL + "chat, a b",))],
    "asks-empty-element-of-subprotocols": _asks(_PROTOCOL + ", chat"),
    "asks-subprotocol-between-blanks": _asks(_PROTOCOL + "\tchat\t"),
    "asks-same-subprotocol-twice": [request(extra=(_PROTOCOL + "chat, chat",))],
    "asks-extensions-without-blanks": _asks(_EXTENSIONS + "x-a;b,x-c"),
    "asks-quoted-extension": _asks(_EXTENSIONS + 'x-a; b="c"'),
    "asks-unknown-extension": _asks(_EXTENSIONS + "x-a"),
    "asks-deflate-inside-quotes": [request(extra=(_EXTENSIONS + 'x; a="b, permessage-deflate"',))],
    "asks-deflate": _deflate("permessage-deflate", _HELLO),
    "asks-deflate-beside-malformed": _deflate("permessage-deflate, a;=1"),
    "asks-deflate-with-blanks": _deflate("permessage-deflate ; client_max_window_bits"),
    "asks-deflate-on-second-line": _asks(_EXTENSIONS + "x-a", _EXTENSIONS + "permessage-deflate"),
    "asks-deflate-with-blank-in-quotes": _deflate(
        'permessage-deflate; server_max_window_bits="1 0"'),
    "asks-deflate-with-quoted-pair": _deflate('permessage-deflate; server_max_window_bits="1\\0"'),
    "asks-deflate-foo": _deflate("permessage-deflate; foo"),
    "asks-deflate-twice": _deflate("permessage-deflate; client_max_window_bits; "
                                   "client_max_window_bits"),
    "asks-deflate-7": _deflate("permessage-deflate; server_max_window_bits=7"),
    "asks-deflate-8": _deflate("permessage-deflate; server_max_window_bits=8"),
    "asks-deflate-10": _deflate("permessage-deflate; server_max_window_bits=10",
                                frame(2, _window(12), rsv=4)),
    "asks-deflate-010": _deflate("permessage-deflate; server_max_window_bits=010"),
    "asks-deflate-16": _deflate("permessage-deflate; client_max_window_bits=16"),
    "asks-deflate-abc": _deflate("permessage-deflate; client_max_window_bits=abc"),
    "asks-deflate-no-value": _deflate("permessage-deflate; server_max_window_bits"),
    "asks-deflate-server-takeover": _deflate("permessage-deflate; server_no_context_takeover",
                                             _HELLO, _HELLO),
    "asks-deflate-client-window": _deflate("permessage-deflate; client_max_window_bits",
                                           frame(2, _window(12), rsv=4)),
    "asks-deflate-client-takeover": _deflate("permessage-deflate; client_no_context_takeover"),
    "asks-two-offers": _deflate("permessage-deflate; server_no_context_takeover, "
                                "permessage-deflate"),
}
"""Stimuli of the opening handshake."""


def _utf8(name: str, octets: bytes) -> dict[str, list[bytes]]:
    return {f"text-{name}": _open(frame(1, octets))}


FRAMES: dict[str, list[bytes]] = {
    **{f"fails-{name}": _open(octets) for name, (octets, _) in FAILURES.items()},
    **{f"unmasked-{op}": _open(start, frame(op, b"\x03\xe8", masked=False), frame(9, b"after"))
       for op, start in ((1, b""), (2, b""), (0, frame(2, fin=False)), (8, b""), (9, b""),
                         (10, b""))},
    **{f"rsv-{rsv}-on-{op}": _open(start, frame(op, rsv=rsv), frame(9, b"after"))
       for rsv in (1, 2, 4)
       for op, start in ((2, b""), (0, frame(2, fin=False)), (9, b""))},
    **{f"opcode-{op:x}": _open(frame(op, b"reserved"), frame(9, b"after"))
       for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    **{f"fragmented-{op}": _open(frame(op, fin=False), frame(9, b"after")) for op in (9, 10)},
    **{f"long-{op}": _open(frame(op, b"\x03\xe8" + b"a" * 124), frame(9, b"after"))
       for op in (8, 9, 10)},
    **{f"size-{size}": _open(frame(2, b"\xff" + b"a" * (size - 1)), frame(9, b"after"))
       for size in (1, 101, 125, 126, 300, 65535, 65536, 70001)},
    **{f"text-of-{size}": _open(frame(1, b"a" * size)) for size in (0, 9, 13, 33, 126, 300)},
    "size-2-mib": _open(frame(2, b"a" * (2 << 20)), _BYE),
    "top-bit-and-5-octets": _open(b"\x82\xff\x80" + b"\0" * 6 + b"\x05\0\0\0\0aaaaa", frame(9)),
    "length-2-to-32": _open(b"\x82\xff" + (1 << 32).to_bytes(8, "big") + b"\0\0\0\0", frame(9)),
    "length-2-to-31": _open(b"\x82\xff" + (1 << 31).to_bytes(8, "big") + b"\0\0\0\0", frame(9)),
    "long-form-of-pong": _open(frame(10, b"aaa", form=16), frame(9, b"after")),
    "header-of-long-ping": _open(b"\x89\xfe\0\x7e\0\0\0\0", frame(9, b"after")),
    "rsv-2-in-message": _open(frame(1, b"a", fin=False), frame(1, b"b", rsv=2), frame(0, b"c")),
    "two-reserved-bits": _open(frame(2, b"a", rsv=3), frame(9, b"after")),
    "opcode-b-of-126": _open(frame(11, b"a" * 126), frame(9, b"after")),
    "same-key-twice": _open(frame(1, b"one", key=b"abcd"), frame(1, b"two", key=b"abcd")),
    "binary-of-4": _open(frame(2, b"abcd")),
    "binary-of-5": _open(frame(2, b"abcde")),
    "65536-fragments": _open(frame(1, b"a", fin=False), frame(0, fin=False) * 65534, frame(0),
                             _BYE),
    "long-form": _open(frame(2, b"aaa", form=16), frame(9, b"after")),
    "empty-then-ping": _open(frame(1), frame(9, b"after")),
    "zero-key": _open(frame(1, b"aaaa", key=b"\0\0\0\0")),
    "line-end-key": _open(frame(1, b"aaaa", key=b"\r\n\r\n")),
    "payload-in-segments": [_OPEN, frame(1, b"hello")[:9], frame(1, b"hello")[9:]],
    "header-in-segments": [_OPEN, frame(1, b"hello")[:1], frame(1, b"hello")[1:]],
    "two-messages": _open(frame(1, b"one"), frame(2, b"two")),
    "pings": _open(*[frame(9, bytes([n])) for n in range(12)]),
    "ping-empty": _open(frame(9), _PLAIN),
    "ping-binary": _open(frame(9, b"\xff\0\x80")),
    "ping-125": _open(frame(9, b"p" * 125)),
    "pong": _open(frame(10, b"pong"), _PLAIN),
    "pong-empty": _open(frame(10), _PLAIN),
    "binary-zero": _open(frame(2, b"a\0b")),
    "binary-invalid-utf8": _open(frame(2, b"\xff\xfe")),
    **_utf8("nul", b"a\0b"), **_utf8("control", b"\x01\x7f"), **_utf8("bom", b"\xef\xbb\xbfa"),
    **_utf8("blank", b"a \n"), **_utf8("crlf", b"a\r\nb"), **_utf8("fffe", b"\xef\xbf\xbe"),
    **_utf8("fffd", b"\xef\xbf\xbd"), **_utf8("astral", b"\xf0\x9f\x98\x80"),
    **_utf8("plane-16", b"\xf4\x80\x80\x80"), **_utf8("overlong-2", b"\xc1\xbf"),
    **_utf8("overlong-3", b"\xe0\x80\xaf"), **_utf8("overlong-4", b"\xf0\x80\x80\xaf"),
    **_utf8("overlong-nul", b"\xc0\x80"), **_utf8("surrogate", b"\xed\xa0\x80"),
    **_utf8("surrogates", b"\xed\xa0\x80\xed\xb0\x80"), **_utf8("above", b"\xf4\x90\x80\x80"),
    **_utf8("6-octets", b"\xfc\x80\x80\x80\x80\x80"), **_utf8("fe", b"\xfe"),
    **_utf8("c0", b"\xc0a"), **_utf8("lone-continuation", b"a\x80"),
    **_utf8("cut", b"\xe2\x82a"),
    **_utf8("too-many", b"\xc3\xa9\xa9"), **_utf8("f5", b"\xf5\x80"), **_utf8("e0", b"\xe0a"),
    **_utf8("2-octets", b"\xc3\xa9"), **_utf8("3-octets", b"\xe2\x82\xac"),
    **_utf8("bom-inside", b"a\xef\xbb\xbfb"), **_utf8("ligature", b"\xef\xac\x81"), **_utf8("cut-at-end", b"a\xe2\x82"),
    **_utf8("invalid-and-large", b"a" * 70000 + b"\xff"), **_utf8("invalid", b"\xff"),
    "text-invalid-in-fragments": _open(frame(1, b"a", fin=False), frame(0, b"\xff")),
    "text-cut-between-fragments": _open(frame(1, b"\xe2", fin=False), frame(0, b"\x82\xac")),
    "fragments": _open(frame(1, b"a", fin=False), frame(0, b"b", fin=False), frame(0, b"c")),
    "binary-fragments": _open(frame(2, b"a", fin=False), frame(0, b"b", fin=False), frame(0, b"c")),
    "empty-fragments": _open(frame(1, fin=False), frame(0, fin=False), frame(0, b"a")),
    "empty-middle-fragment": _open(frame(1, b"a", fin=False), frame(0, fin=False), frame(0, b"a")),
    "empty-last-fragment": _open(frame(1, b"a", fin=False), frame(0)),
    "many-fragments": _open(frame(1, b"a", fin=False), frame(0, b"a", fin=False) * 200, frame(0)),
    "two-fragmented-messages": _open(frame(1, b"a", fin=False), frame(0, b"b"),
                                     frame(2, b"a", fin=False), frame(0, b"b")),
    "stray-continuation": _open(frame(0, b"a"), frame(9)),
    "stray-continuation-behind-message": _open(_PLAIN, frame(0, b"a"), frame(9)),
    "stray-continuation-without-fin": _open(frame(0, b"a", fin=False), _PLAIN),
    "text-in-text": _open(frame(1, b"a", fin=False), frame(1, b"b"), frame(9)),
    "binary-in-text": _open(frame(1, b"a", fin=False), frame(2, b"b"), frame(9)),
    "ping-in-message": _open(frame(1, b"a", fin=False), frame(9, b"p"), frame(0, b"b")),
    "pong-in-message": _open(frame(1, b"a", fin=False), frame(10, b"p"), frame(0, b"b")),
    "failure-before-much": _open(frame(3), b"a" * 300),
    "two-faults": _open(frame(9, b"p" * 126, fin=False), frame(9, b"after")),
    "failure-then-ping": [_OPEN, frame(3), frame(9, b"after")],
    "failure-in-message": _open(frame(2, b"part", fin=False), frame(3)),
}
"""Stimuli of an open connection."""

CLOSES: dict[str, list[bytes]] = {
    **{f"close-{code}": _open(close_frame(code), _PLAIN)
       for code in (0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011,
                    1015, 1016, 2999, 3000, 4999)},
    "close-empty": _open(frame(8)),
    "close-1-octet": _open(frame(8, b"\x03")),
    "close-bad-reason": _open(close_frame(1000, b"\xff")),
    "close-reason": _open(close_frame(1000, b"reason")),
    "close-long-reason": _open(close_frame(1000, b"r" * 123)),
    "close-reason-beyond-ascii": _open(close_frame(1000, "à".encode())),
    "close-in-message": _open(frame(1, b"part", fin=False), _BYE),
    "message-and-close": _open(_PLAIN, _BYE),
    "close-and-message": _open(_BYE, _PLAIN),
    "large-echo-and-close": _open(frame(2, b"a" * 70000), _BYE),
    "close-then-message": [_OPEN, _BYE, _PLAIN],
    "three-messages-and-close": _open(_PLAIN * 3, _BYE),
}
"""Stimuli of the closing handshake; the strict server ends the connection."""

_OFFER = "permessage-deflate"
_NEEDLE = _NO_REPEATS[:600]
_FAR_BACK = _NEEDLE + bytes(20000)
_REFERENCE = deflated(_NEEDLE, window=_FAR_BACK)
DEFLATE: dict[str, list[bytes]] = {
    "deflate-hello": _deflate(_OFFER, _HELLO, _HELLO),
    "deflate-context": _deflate(_OFFER, frame(1, bytes.fromhex("f248cdc9c90700"), rsv=4),
                                frame(1, bytes.fromhex("f200110000"), rsv=4)),
    "deflate-plain": _deflate(_OFFER, _PLAIN),
    "deflate-plain-between": _deflate(_OFFER, frame(1, bytes.fromhex("f248cdc9c90700"), rsv=4),
                                      frame(1, b"world"),
                                      frame(1, bytes.fromhex("f200110000"), rsv=4)),
    "deflate-empty": _deflate(_OFFER, frame(1, b"\0", rsv=4)),
    "deflate-stored": _deflate(_OFFER, frame(1, bytes.fromhex("000500faff48656c6c6f00"), rsv=4)),
    "deflate-final": _deflate(_OFFER, frame(1, bytes.fromhex("f348cdc9c9070000"), rsv=4)),
    "deflate-final-and-more": _deflate(_OFFER, frame(
        1, bytes.fromhex("f348cdc9c90700f248cdc9c90700"), rsv=4)),
    "deflate-context-over-final": _deflate(
        _OFFER, frame(1, bytes.fromhex("f348cdc9c9070000"), rsv=4),
        frame(1, bytes.fromhex("f200110000"), rsv=4)),
    "deflate-corrupt": _deflate(_OFFER, frame(2, b"\x07\xff", rsv=4)),
    "deflate-cut": _deflate(_OFFER, frame(2, b"\xca\x48", rsv=4)),
    "deflate-ping": _deflate(_OFFER, frame(9, b"ping ping ping ping")),
    "deflate-rsv1-on-ping": _deflate(_OFFER, frame(9, b"p", rsv=4), frame(9, b"after")),
    "deflate-rsv1-on-continuation": _deflate(_OFFER, frame(2, b"", fin=False, rsv=4),
                                             frame(0, b"\0", rsv=4), frame(9, b"after")),
    "deflate-rsv2": _deflate(_OFFER, frame(2, b"\0", rsv=6), frame(9, b"after")),
    "deflate-fragments": _deflate(_OFFER, frame(1, deflated(b"hello")[:3], fin=False, rsv=4),
                                  frame(0, deflated(b"hello")[3:])),
    "deflate-invalid-utf8-compressed": _deflate(_OFFER, frame(1, deflated(b"\xff\xfe"), rsv=4)),
    "deflate-incompressible": _deflate(_OFFER, frame(2, deflated(_NO_REPEATS), rsv=4)),
    "deflate-plain-deflate": _deflate(_OFFER, frame(2, bytes.fromhex("f248cdc9c90700"))),
    "deflate-no-client-takeover": _deflate(
        _OFFER + "; client_no_context_takeover", frame(1, bytes.fromhex("f248cdc9c90700"), rsv=4),
        frame(1, bytes.fromhex("f248cdc9c90700"), rsv=4)),
    "deflate-64-kib": _deflate(_OFFER, frame(2, deflated(bytes(65536)), rsv=4)),
    "deflate-empty-twice": _deflate(_OFFER, frame(1, b"\0", rsv=4) * 2),
    "deflate-stored-wrong-complement": _deflate(_OFFER, frame(
        1, bytes.fromhex("000500fa7f48656c6c6f00"), rsv=4)),
    "deflate-stored-wrong-length": _deflate(_OFFER, frame(
        1, bytes.fromhex("000580faff48656c6c6f00"), rsv=4)),
    "deflate-far-back": _deflate(_OFFER, frame(2, deflated(_FAR_BACK), rsv=4),
                                 frame(2, _REFERENCE, rsv=4)),
    "deflate-far-back-of-client-window": _deflate(
        _OFFER + "; client_max_window_bits=9", frame(2, deflated(_NEEDLE), rsv=4),
        frame(2, deflated(_NEEDLE, window=_NEEDLE), rsv=4)),
    "deflate-without-negotiation": _open(frame(2, deflated(b"hello"), rsv=4)),
}
"""Stimuli of permessage-deflate in use."""

STIMULI = HANDSHAKES | FRAMES | CLOSES | DEFLATE
