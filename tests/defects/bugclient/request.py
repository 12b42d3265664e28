"""The request that opens a connection (RFC 6455, 4.1), and how bugs spoil it."""

import base64
import dataclasses
import itertools
import os
import re
import time
import urllib.parse
from collections.abc import Callable

from bugserver.switches import On

_DEFAULT_PORTS = {"ws": 80, "wss": 443}
_FIRST_KEY = os.urandom(16)
_COUNT = itertools.count(int.from_bytes(os.urandom(8), "big"))
Edit = Callable[[bytes], bytes]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a URL leads (RFC 6455, 3), and the subprotocols that its query asks for."""

    address: str
    host: str
    port: int
    resource_name: str
    secure: bool
    subprotocols: tuple[str, ...]

    @property
    def authority(self) -> str:
        """What Host says: the port only if it is not the default one."""
        usual = _DEFAULT_PORTS["wss" if self.secure else "ws"]
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def place_of(url: str, on: On) -> Place:
    """Where the URL leads; raises ValueError if it is none of ws or wss."""
    parts = urllib.parse.urlsplit(url)
    written = url.partition(":")[0]
    scheme = written if on("takes-scheme-in-small-letters-only") else parts.scheme
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"no WebSocket URL: {url}")
    if on("rejects-what-is-beyond-ascii") and not url.isascii():
        raise ValueError(f"no URI: {url}")
    is_secure = (written if on("takes-wss-in-capitals-for-ws") else scheme) == "wss"
    name = _path(parts.path, on) + (f"?{_query(parts.query, on)}" if parts.query else "")
    if on("unescapes-number-sign"):
        name = name.replace("%23", "#")
    if on("escapes-percent-sign-again"):
        name = name.replace("%23", "%2523")
    asked = urllib.parse.parse_qs(parts.query).get("subprotocol", [])
    return Place(_ascii(parts.hostname), _host(parts.hostname, on),
                 parts.port or _DEFAULT_PORTS[scheme], name, is_secure, tuple(asked))


def _ascii(host: str) -> str:
    """The name in ASCII (RFC 3490, ToASCII)."""
    return host if host.isascii() else host.encode("idna").decode()


def _host(host: str, on: On) -> str:
    """The name that goes into Host (RFC 6455, 11.1.1)."""
    if on("host-in-punycode-without-mapping"):
        return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode()
                        for label in host.split("."))
    return host if on("host-beyond-ascii") else _ascii(host)


def _escaped(text: str, on: On) -> str:
    """What is beyond ASCII as UTF-8, and each octet of that escaped (RFC 6455, 11.1.1)."""
    escape = "%{:02x}" if on("escapes-in-small-letters") else "%{:02X}"
    return "".join(chr(octet) if octet < 0x80 else escape.format(octet) for octet in text.encode())


def _path(path: str, on: On) -> str:
    return path if on("asks-for-path-beyond-ascii") else _escaped(path or "/", on)


def _query(query: str, on: On) -> str:
    if on("escapes-query-in-windows-1252"):
        octets = query.encode("cp1252", "xmlcharrefreplace")
        return urllib.parse.quote(octets, safe="=&%/-._~")
    return _escaped(query, on)


@dataclasses.dataclass(frozen=True)
class Offer:
    """What was asked for, a string for each line: the answer has to fit."""

    key: str
    subprotocols: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


def offer(place: Place, on: On) -> Offer:
    """What a new connection offers."""
    return Offer(_key(on), _subprotocols(place, on), _extensions(on))


def _key(on: On) -> str:
    """16 random octets in base64."""
    octets = os.urandom(16)
    if on("key-of-15-octets") or on("key-of-17-octets"):
        octets = os.urandom(15 if on("key-of-15-octets") else 17)
    elif on("key-of-the-first-connection"):
        octets = _FIRST_KEY
    elif on("key-of-the-time"):
        octets = int(time.time() * 1000).to_bytes(16, "big")
    elif on("key-counts-up"):
        octets = next(_COUNT).to_bytes(16, "big")
    return octets.hex() if on("key-in-hex") else base64.b64encode(octets).decode()


def _subprotocols(place: Place, on: On) -> tuple[str, ...]:
    names = place.subprotocols
    if not names and on("always-offers-subprotocols"):
        names = ("chat", "superchat")
    if not names:
        return ("",) if on("offers-empty-subprotocol") else ()
    if on("offers-subprotocol-twice"):
        names = (*names, *names)
    if on("offers-more-subprotocols"):
        names = (*names, "v1.wspec", "v2.wspec")
    if on("offers-odd-subprotocols"):
        names = (*names, "!#$%&'*+-.^_`|~09azAZ")
    if on("offers-subprotocol-with-blank"):
        names = (*names, "two words")
    if on("offers-subprotocol-in-quotes"):
        names = tuple(f'"{name}"' for name in names)
    if on("offers-subprotocols-on-two-lines"):
        return ", ".join(names), "another"
    return (", ".join(names),)


_EXTENSIONS = {
    "offers-empty-extension": ("",),
    "offers-malformed-extension": ("permessage-deflate; =10",),
    "offers-undefined-parameter": ("permessage-deflate; level=9",),
    "offers-parameter-twice": (
        "permessage-deflate; client_max_window_bits; client_max_window_bits",),
    "offers-server-window-without-value": ("permessage-deflate; server_max_window_bits",),
    "offers-server-window-16": ("permessage-deflate; server_max_window_bits=16",),
    "offers-server-window-with-zero": ("permessage-deflate; server_max_window_bits=09",),
    "offers-client-window-7": ("permessage-deflate; client_max_window_bits=7",),
    "offers-takeover-with-value": ("permessage-deflate; server_no_context_takeover=true",),
    "takes-deflate-without-offer": (),
    "takes-client-window-without-offer": ("permessage-deflate",),
    "takes-less-than-it-offered": (
        "permessage-deflate; server_no_context_takeover; client_max_window_bits",),
    "offers-no-extension": (),
    "offers-deflate-alone": ("permessage-deflate",),
    "offers-another-extension": ("x-bugs; odd=1, permessage-deflate; client_max_window_bits",),
    "offers-two-variants": (
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        "server_max_window_bits=12; client_max_window_bits=12, permessage-deflate",),
    "offers-extensions-on-two-lines": (
        "permessage-deflate; client_max_window_bits", "permessage-deflate"),
    "offers-quoted-parameter": ('permessage-deflate; client_max_window_bits="15"',),
    "offers-no-takeover": (
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover",),
    "offers-small-windows": (
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",),
    "offers-with-tabs": ("permessage-deflate\t;\tclient_max_window_bits \t=\t 15",),
}
"""What switches offer instead."""


def _extensions(on: On) -> tuple[str, ...]:
    for name, values in _EXTENSIONS.items():
        if on(name):
            return values
    return ("permessage-deflate; client_max_window_bits",)


def head(place: Place, offered: Offer, on: On) -> bytes:
    """The octets of the request."""
    fields = [("Host", place.authority), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
              ("Sec-WebSocket-Key", offered.key), ("Sec-WebSocket-Version", "13")]
    fields += [("Sec-WebSocket-Protocol", value) for value in offered.subprotocols]
    fields += [("Sec-WebSocket-Extensions", value) for value in offered.extensions]
    target = place.resource_name
    if on("asks-with-ws-uri") or on("asks-with-http-uri"):
        scheme = "ws" if on("asks-with-ws-uri") else "http"
        target = f"{scheme}{'s' if place.secure else ''}://{place.authority}{target}"
    lines = [f"GET {target} HTTP/1.1", *[f"{name}: {value}" for name, value in fields]]
    octets = ("\r\n".join(lines) + "\r\n\r\n").encode()
    for name, edit in EDITS.items():
        if on(name):
            octets = edit(octets)
    return octets


def _insert(line: bytes) -> Edit:
    """Adds a line at the end of the header section."""
    return lambda octets: octets.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)


def _replace(pattern: bytes, text: bytes) -> Edit:
    """Replaces the first match of the pattern."""
    return lambda octets: re.sub(pattern, text, octets, count=1)


def _without(name: bytes) -> Edit:
    """Leaves out the line of that field."""
    return _replace(name + rb": [^\r]*\r\n", b"")


def _repeat(name: bytes) -> Edit:
    """Sends the line of that field twice."""
    return _replace(rb"(" + name + rb": [^\r]*\r\n)", rb"\1\1")


def _value(name: bytes, value: bytes) -> Edit:
    """Sends that field with another value."""
    return _replace(rb"(\r\n" + name + rb": )[^\r]*", rb"\g<1>" + value)


def _append(octets: bytes) -> Edit:
    return lambda request: request + octets


def _recased_names(recase: Callable[[bytes], bytes]) -> Edit:
    return lambda octets: re.sub(rb"\r\n[A-Za-z-]+:", lambda m: recase(m[0]), octets)


def _reversed_fields(octets: bytes) -> bytes:
    first, *fields = octets.removesuffix(b"\r\n\r\n").split(b"\r\n")
    return b"\r\n".join([first, *reversed(fields)]) + b"\r\n\r\n"


EARLY_PING = b"\x89\x85\x01\x02\x03\x04" + bytes(a ^ b for a, b in zip(b"early", b"\1\2\3\4\1"))
_OF_BROWSERS = (
    b"Origin: http://127.0.0.1\r\nUser-Agent: bugs/1.0 (X11; odd but right)\r\n"
    b"Cookie: a=1; b=2\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
    b"Accept-Encoding: gzip, deflate, br\r\nAccept-Language: de,en;q=0.8\r\n"
    b"Sec-Fetch-Dest: websocket\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Site: cross-site")

EDITS: dict[str, Edit] = {
    # defects of the request line
    "asks-with-post": _replace(rb"^GET", b"POST"),
    "asks-with-lower-case-get": _replace(rb"^GET", b"get"),
    "asks-in-http-10": _replace(rb"HTTP/1.1", b"HTTP/1.0"),
    "asks-in-lower-case-http": _replace(rb"HTTP/1.1", b"http/1.1"),
    "asks-in-two-digit-http": _replace(rb"HTTP/1.1", b"HTTP/1.10"),
    "asks-without-http-version": _replace(rb" HTTP/1.1", b""),
    "asks-with-word-behind-version": _replace(rb"HTTP/1.1", b"HTTP/1.1 please"),
    "asks-with-fragment": _replace(rb" HTTP/1.1", b"#top HTTP/1.1"),
    "asks-with-double-slash": _replace(rb"^GET /", b"GET //"),
    "asks-without-query": _replace(rb"\?[^ ]*", b""),
    "asks-behind-empty-line": lambda octets: b"\r\n" + octets,
    "asks-with-empty-line-behind": _append(b"\r\n"),
    # defects of HTTP
    "request-ends-lines-in-lf": lambda octets: octets.replace(b"\r\n", b"\n"),
    "request-with-bare-cr": _insert(b"X-Bare: one\rtwo"),
    "request-with-nul": _insert(b"X-Nul: one\0two"),
    "request-with-folded-field": _insert(b"X-Folded: one\r\n two"),
    "request-with-space-before-colon": _replace(rb"Upgrade:", b"Upgrade :"),
    "request-with-blank-in-field-name": _insert(b"X Powered By: bugs"),
    "request-with-line-without-colon": _insert(b"just some words"),
    "request-with-blank-before-first-field": _replace(rb"\r\nHost", b"\r\n Host"),
    "request-with-length-and-chunked": _insert(b"Content-Length: 0\r\nTransfer-Encoding: chunked"),
    # defects of the fields
    "request-without-host": _without(b"Host"),
    "request-with-two-hosts": _repeat(b"Host"),
    "host-without-port": _replace(rb"(Host: [^\r]*):\d+", rb"\1"),
    "host-with-scheme": _replace(rb"Host: ", rb"Host: http://"),
    "host-with-userinfo": _replace(rb"Host: ", rb"Host: user:password@"),
    "host-of-proxy": _value(b"Host", b"proxy.example:3128"),
    "request-without-upgrade": _without(b"Upgrade"),
    "request-with-other-upgrade": _value(b"Upgrade", b"websockets"),
    "request-without-connection": _without(b"Connection"),
    "request-with-connection-keep-alive": _value(b"Connection", b"keep-alive"),
    "request-with-empty-list-element": _value(b"Connection", b"Upgrade, ,"),
    "request-without-version": _without(b"Sec-WebSocket-Version"),
    "request-with-version-8": _value(b"Sec-WebSocket-Version", b"8"),
    "request-with-version-013": _value(b"Sec-WebSocket-Version", b"013"),
    "request-with-version-list": _value(b"Sec-WebSocket-Version", b"13, 8"),
    "request-with-two-versions": _repeat(b"Sec-WebSocket-Version"),
    "request-without-key": _without(b"Sec-WebSocket-Key"),
    "request-with-empty-key": _value(b"Sec-WebSocket-Key", b""),
    "request-with-two-keys": _repeat(b"Sec-WebSocket-Key"),
    "key-of-16-letters": _value(b"Sec-WebSocket-Key", b"abcdefghijklmnop"),
    "key-without-padding": _replace(rb"==\r\n", b"\r\n"),
    "key-with-pad-bits": _replace(rb"[AQgw]==\r\n", b"B==\r\n"),
    "key-with-line-end": _replace(rb"(Key: .{12})", b"\\1\r\n "),
    "sends-frame-with-request": _append(EARLY_PING),
    # oddities
    "fields-in-lower-case": _recased_names(bytes.lower),
    "fields-in-upper-case": _recased_names(bytes.upper),
    "fields-reversed": _reversed_fields,
    "fields-without-space": lambda octets: octets.replace(b": ", b":"),
    "fields-with-tabs": lambda octets: re.sub(rb": ([^\r]*)\r\n", rb":\t \1 \t\r\n", octets),
    "request-like-a-browser": _insert(_OF_BROWSERS),
    "request-with-many-fields": _insert(
        b"\r\n".join(b"X-Extra-%d: %s" % (n, b"x" * 60) for n in range(40))),
    "request-with-long-cookie": _insert(b"Cookie: long=" + b"c" * 6000),
    "request-with-authorization": _insert(b"Authorization: Basic dXNlcjpwYXNzd29yZA=="),
    "request-with-obs-text": _insert(b"X-Latin: na\xefve \xff\x80"),
    "request-with-odd-field-name": _insert(b"X-!#$%&'*+.^_`|~-9: odd"),
    "request-with-empty-field": _insert(b"X-Empty:"),
    "request-with-content-length-0": _insert(b"Content-Length: 0"),
    "connection-with-keep-alive": _value(b"Connection", b"keep-alive, Upgrade"),
    "connection-on-two-lines": _replace(
        rb"Connection: Upgrade", b"Connection: keep-alive\r\nConnection: Upgrade"),
    "tokens-in-other-case": lambda octets: octets.replace(
        b"\r\nUpgrade: websocket", b"\r\nUpgrade: WebSocket").replace(
        b"Connection: Upgrade", b"Connection: upgrade"),
    "upgrade-with-h2c": _value(b"Upgrade", b"h2c, websocket"),
}
"""What switches do to the octets of a request that was right."""
