"""The request that opens a connection (RFC 6455, 4.1), and how bugs spoil it."""

import base64
import dataclasses
import os
import re
import urllib.parse
from collections.abc import Callable

from bugserver.switches import On

SUBPROTOCOLS = ("chat", "superchat")
OFFER = "permessage-deflate; client_max_window_bits"
_DEFAULT_PORTS = {"ws": 80, "wss": 443}
Edit = Callable[[bytes], bytes]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a URL leads (RFC 6455, 3)."""

    host: str
    port: int
    resource_name: str
    secure: bool

    @property
    def authority(self) -> str:
        """What Host says: the port only if it is not the default one."""
        usual = _DEFAULT_PORTS["wss" if self.secure else "ws"]
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def place_of(url: str) -> Place:
    """Where the URL leads; raises ValueError if it is none of ws or wss."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"no WebSocket URL: {url}")
    name = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    return Place(parts.hostname, port, name, parts.scheme == "wss")


@dataclasses.dataclass(frozen=True)
class Offer:
    """What was asked for: the answer has to fit."""

    key: str
    subprotocols: tuple[str, ...] = SUBPROTOCOLS
    extensions: str = OFFER


def new_key() -> str:
    """16 random octets in base64."""
    return base64.b64encode(os.urandom(16)).decode()


def head(place: Place, offer: Offer, on: On) -> bytes:
    """The octets of the request."""
    fields = [("Host", place.authority), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
              ("Sec-WebSocket-Key", offer.key), ("Sec-WebSocket-Version", "13")]
    if offer.subprotocols:
        fields.append(("Sec-WebSocket-Protocol", ", ".join(offer.subprotocols)))
    if offer.extensions:
        fields.append(("Sec-WebSocket-Extensions", offer.extensions))
    lines = [f"GET {place.resource_name} HTTP/1.1", *[f"{name}: {value}" for name, value in fields]]
    octets = ("\r\n".join(lines) + "\r\n\r\n").encode()
    for name, edit in EDITS.items():
        if on(name):
            octets = edit(octets)
    return octets


def _replace(pattern: bytes, text: bytes) -> Edit:
    """Replaces the first match of the pattern."""
    return lambda octets: re.sub(pattern, text, octets, count=1)


def _recased_names(recase: Callable[[bytes], bytes]) -> Edit:
    return lambda octets: re.sub(rb"\r\n[A-Za-z-]+:", lambda m: recase(m[0]), octets)


EDITS: dict[str, Edit] = {
    # defects
    "asks-with-post": _replace(rb"^GET", b"POST"),
    # oddities
    "fields-in-lower-case": _recased_names(bytes.lower),
}
"""What switches do to the octets of a request that was right."""
