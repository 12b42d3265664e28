"""Special servers that other tests want: silent, rubbish, no WebSocket at all."""

import random

from .outbox import Outbox
from .switches import On

_PAGE = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
         b"Connection: close\r\n\r\nhello\n")
_FORBIDDEN = (b"HTTP/1.1 403 Forbidden\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
              b"Content-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\nno.\n")


def on_connect(on: On, outbox: Outbox) -> bool:
    """Plays the scenarios that begin before the request; True when one does."""
    if on("drops-after-accept"):
        outbox.close()
        return True
    if on("resets-after-accept"):
        outbox.reset()
        return True
    return is_silent(on)


def on_request(on: On, outbox: Outbox) -> bool:
    """Plays the scenarios that answer any request the same; True when one does."""
    for name, octets in (("not-websocket", _PAGE), ("refuse-handshake", _FORBIDDEN)):
        if on(name):
            outbox.write(octets)
            outbox.finish()
            return True
    if on("rubbish"):
        outbox.write(random.Random(6455).randbytes(4096))
        outbox.finish()
        return True
    return False


def is_silent(on: On) -> bool:
    """Whether the server never says a word."""
    return on("silent")
