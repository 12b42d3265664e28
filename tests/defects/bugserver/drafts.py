"""Handshakes of the drafts before RFC 6455, as servers with old code still answer them."""

import hashlib
import re

from .http1 import Request
from .switches import On

_UPGRADED = (b"HTTP/1.1 101 WebSocket Protocol Handshake\r\n"
             b"Upgrade: WebSocket\r\nConnection: Upgrade\r\n")


def answer(request: Request, behind: bytes, on: On) -> bytes | None:
    """The 101 of a draft, if a switch makes the server speak the one of this request."""
    has_key = bool(request.values("Sec-WebSocket-Key"))
    keys = request.values("Sec-WebSocket-Key1") + request.values("Sec-WebSocket-Key2")
    if on("speaks-hixie-75") and not has_key and not keys and _asks_for_websocket(request):
        return _UPGRADED + _named(request, "WebSocket") + b"\r\n"
    if on("speaks-hixie-76") and len(keys) == 2:
        challenge = b"".join(map(_number, keys)) + behind[:8]
        return _UPGRADED + _named(request, "Sec-WebSocket") + b"\r\n" + hashlib.md5(challenge).digest()
    if on("answers-drafts-without-accept") and request.values("Sec-WebSocket-Version") in (["7"], ["8"]):
        return _UPGRADED + b"\r\n"
    return None


def _asks_for_websocket(request: Request) -> bool:
    """hixie-75 knew the field's value in this letter case alone, and always an Origin."""
    return request.values("Upgrade") == ["WebSocket"] and bool(request.values("Origin"))


def _named(request: Request, prefix: str) -> bytes:
    host = "".join(request.values("Host"))
    origin = "".join(request.values("Origin"))
    return (f"{prefix}-Origin: {origin}\r\n"
            f"{prefix}-Location: ws://{host}{request.target}\r\n").encode("latin-1")


def _number(key: str) -> bytes:
    """The digits of a key of hixie-76, divided by the count of its blanks, in 32 bits."""
    digits = int("0" + re.sub("[^0-9]", "", key))
    return (digits // max(1, key.count(" ")) & 0xFFFFFFFF).to_bytes(4, "big")
