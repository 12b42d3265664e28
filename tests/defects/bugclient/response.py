"""The answer to the request: read as HTTP (RFC 9112), then checked as RFC 6455, 4.1 asks."""

import dataclasses
import re

from bugserver.answer import accept_value
from bugserver.header_grammar import BadGrammar, extension_offers, split_list
from bugserver.negotiation import Deflate
from bugserver.switches import On

from . import agreement
from .request import Offer

MAX_HEAD = 256 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[1-9] ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_INVALID_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BLANKS = b" \t"


class BadResponse(Exception):
    """The connection is failed before it is open; the message says why."""


@dataclasses.dataclass
class Response:
    """A response head: names as they came, values as latin-1."""

    status: int
    fields: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        """The values of all lines with this field name, in order."""
        return [value for other, value in self.fields if other.lower() == name.lower()]


class ResponseReader:
    """Collects one response head, however TCP cuts it; interim ones are read past."""

    def __init__(self, on: On) -> None:
        self._on = on
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Response | None:
        """Takes octets; the final response once it is whole. Raises BadResponse."""
        self._buffer += data
        while (found := re.search(rb"\r?\n\r?\n", self._buffer)) is not None:
            octets = bytes(self._buffer[:found.start()])
            del self._buffer[:found.end()]
            response = parse(octets, self._on)
            if response.status == 101 or response.status >= 200:
                return response
        if len(self._buffer) > MAX_HEAD:
            raise BadResponse("the header section is too large")
        return None

    def rest(self) -> bytes:
        """What came behind the head."""
        return bytes(self._buffer)


def parse(octets: bytes, on: On) -> Response:
    """The response in this head, given without the empty line. Raises BadResponse."""
    first, *lines = re.split(rb"\r?\n", octets)
    status_line = _STATUS_LINE.fullmatch(first)
    if not status_line:
        raise BadResponse("no status line")
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value} {_value(line)}".strip()
            continue
        raw_name, colon, raw_value = line.partition(b":")
        if not colon or not _NAME.fullmatch(raw_name):
            raise BadResponse("a header line without a valid name and colon")
        fields.append((raw_name.decode(), _value(raw_value)))
    return Response(int(status_line[1]), fields)


def _value(octets: bytes) -> str:
    octets = octets.strip(_BLANKS)
    if _INVALID_IN_VALUE.search(octets):
        raise BadResponse("a control octet in a header value")
    return octets.decode("latin-1")


def check(response: Response, offer: Offer, on: On) -> Deflate | None:
    """Checks a response in the order of 4.1; what was agreed of compression. Raises BadResponse."""
    if response.status != 101:
        raise BadResponse(f"status {response.status}")
    _check_upgrade(response.values("Upgrade"), on)
    _check_connection(response.values("Connection"), on)
    _check_accept(response.values("Sec-WebSocket-Accept"), offer, on)
    deflate = _check_extensions(response.values("Sec-WebSocket-Extensions"), offer, on)
    _check_subprotocol(response.values("Sec-WebSocket-Protocol"), offer, on)
    return deflate


def _check_upgrade(values: list[str], on: On) -> None:
    if [value.lower() for value in values] != ["websocket"]:
        raise BadResponse("Upgrade is not websocket")


def _check_connection(values: list[str], on: On) -> None:
    if "upgrade" not in [option.lower() for option in split_list(values)]:
        raise BadResponse("Connection does not list Upgrade")


def _check_accept(values: list[str], offer: Offer, on: On) -> None:
    if on("accepts-wrong-accept"):
        return
    if values != [accept_value(offer.key, on)]:
        raise BadResponse("Sec-WebSocket-Accept is not that of the key")


def _check_extensions(values: list[str], offer: Offer, on: On) -> Deflate | None:
    if not values:
        return None
    try:
        answers = extension_offers(values, on)
        return agreement.agree(answers, offer.extensions, on)
    except (BadGrammar, agreement.Unacceptable) as bad:
        raise BadResponse(f"Sec-WebSocket-Extensions: {bad}") from bad


def _check_subprotocol(values: list[str], offer: Offer, on: On) -> None:
    if values and (len(values) > 1 or values[0] not in offer.subprotocols):
        raise BadResponse("a subprotocol that was not offered")
