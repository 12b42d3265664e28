"""The answer to the request, read as HTTP (RFC 9112)."""

import dataclasses
import re

from bugserver.switches import On

MAX_HEAD = 256 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[1-9] ([1-5][0-9][0-9]) ([\t -~\x80-\xff]*)")
_LENIENT_STATUS_LINE = re.compile(rb"HTTP/1\.[1-9] ([1-5][0-9][0-9])[0-9]* .*")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_INVALID_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BLANKS = b" \t"


class BadResponse(Exception):
    """The connection is failed before it is open; the message says why."""


class Hang(Exception):
    """A bug neither goes on nor gives up, as where an error is swallowed."""


@dataclasses.dataclass
class Response:
    """A response head: names as they came, values as latin-1."""

    status: int
    fields: list[tuple[str, str]]

    def values(self, name: str, on: On) -> list[str]:
        """The values of all lines with this field name, in order."""
        if on("wants-capital-letters-in-names"):
            return [value for other, value in self.fields if other in (name, name.upper())]
        if on("wants-lower-case-in-names"):
            return [value for other, value in self.fields if other in (name, name.lower())]
        return [value for other, value in self.fields if other.lower() == name.lower()]


class ResponseReader:
    """Collects one response head, however TCP cuts it; interim ones are read past."""

    def __init__(self, on: On) -> None:
        self._on = on
        self._buffer = bytearray()
        self.was_cut = False

    @property
    def has_begun(self) -> bool:
        """Whether some of an answer has come."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Response | None:
        """Takes octets; the final response once it is whole. Raises BadResponse and Hang."""
        on = self._on
        if self._buffer and on("loses-octet-where-answer-is-cut"):
            data = data[1:]
        cut = bool(self._buffer) and self._buffer[-1:] in b"\r\n" and data[:1] in b"\r\n"
        self.was_cut = bool(self._buffer)
        self._buffer += data
        while (end := self._end_of_head()) is not None:
            if cut and on("misses-cut-line-end"):
                raise Hang
            octets = bytes(self._buffer[:end[0]])
            del self._buffer[:end[1]]
            response = parse(octets, on)
            self._check_habits(octets)
            if response.status == 101 or response.status >= 200:
                return response
            self._refuse_interim()
        if len(self._buffer) > MAX_HEAD:
            raise BadResponse("the header section is too large")
        if on("wants-answer-in-one-segment"):
            raise BadResponse("half an answer")
        return None

    def rest(self) -> bytes:
        """What came behind the head."""
        return bytes(self._buffer)

    def _end_of_head(self) -> tuple[int, int] | None:
        """Where the head ends and what is behind it begins. A lone LF is a line end, too (2.2)."""
        if self._on("hangs-on-lone-lf"):
            found = re.search(rb"\r\n\r\n", self._buffer)
        else:
            found = re.search(rb"\r?\n\r?\n", self._buffer)
        if found and self._on("refuses-lone-lf") and found[0] != b"\r\n\r\n":
            raise BadResponse("a lone LF")
        return found.span() if found else None

    def _refuse_interim(self) -> None:
        if self._on("hangs-on-interim-answer"):
            raise Hang
        if self._on("refuses-interim-answer"):
            raise BadResponse("an interim answer")

    def _check_habits(self, octets: bytes) -> None:
        """What bugs dislike though it is right."""
        on = self._on
        if on("hangs-on-head-above-2-kib") and len(octets) > 2048:
            raise Hang
        if on("wants-head-of-2-kib") and len(octets) > 2048:
            raise BadResponse("a long answer")
        if on("wants-ascii-in-fields") and not octets.isascii():
            raise BadResponse("an octet above 7F")
        if on("wants-utf8-in-fields") and b"\xef\xbf\xbd" in octets.decode(errors="replace").encode():
            raise BadResponse("not UTF-8")
        if on("wants-status-line-as-usual") and b"Switching Protocols\r\n" not in octets:
            raise BadResponse("an unusual reason")
        if on("wants-reason") and re.match(rb"HTTP/1.1 101 *\r\n", octets):
            raise BadResponse("no reason")
        if on("wants-values-in-fields") and re.search(rb":[ \t]*(\r\n|\Z)", octets):
            raise BadResponse("an empty field")
        if on("wants-no-other-fields") and re.search(rb"(?i)\r\n(server|date):", octets):
            raise BadResponse("a field of no use")
        if on("wants-space-behind-colon") and re.search(rb"\r\n[A-Za-z-]+:[^ ]", octets):
            raise BadResponse("no space behind a colon")
        if on("wants-upgrade-first"):
            words = octets.lower()
            if words.find(b"\nconnection:") < words.find(b"\nupgrade:"):
                raise BadResponse("Connection before Upgrade")


def parse(octets: bytes, on: On) -> Response:
    """The response in this head, given without the empty line. Raises BadResponse and Hang."""
    if on("splits-answer-like-unicode"):
        text = octets.decode("utf-8", "surrogateescape")
        octets = bytes(ord(letter) & 0xFF for letter in text)
    first, *lines = re.split(rb"\r?\n", octets)
    status = _status(first, on)
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields[-1]
            fields[-1] = name, f"{value} {_folded(line, on)}".strip()
            continue
        raw_name, colon, raw_value = line.partition(b":")
        if not colon or not _NAME.fullmatch(raw_name):
            raise BadResponse("a header line without a valid name and colon")
        fields.append((raw_name.decode(), _value(raw_value, on)))
    return Response(status, fields)


def _status(line: bytes, on: On) -> int:
    if on("takes-any-start-line") and (b"101" in line or not re.search(rb" \d", line)):
        return 101
    found = (_LENIENT_STATUS_LINE if on("reads-three-digits-of-status")
             else _STATUS_LINE).fullmatch(line)
    if not found:
        raise BadResponse("no status line")
    return int(found[1])


def _folded(line: bytes, on: On) -> str:
    """A fold stands for a space (RFC 9112, 5.2)."""
    if on("hangs-on-folded-line"):
        raise Hang
    if on("refuses-folded-line"):
        raise BadResponse("a folded line")
    return _value(line, on)


def _value(octets: bytes, on: On) -> str:
    if on("keeps-blanks-around-values"):
        octets = octets.removeprefix(b" ")
    else:
        octets = octets.strip(b" " if on("keeps-tabs-around-values") else _BLANKS)
    if _INVALID_IN_VALUE.search(octets.replace(b"\t", b"")):
        raise BadResponse("a control octet in a header value")
    return octets.decode("latin-1")
