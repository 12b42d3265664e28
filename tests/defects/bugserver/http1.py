"""HTTP/1.1 request heads: from octets to a request, as strictly as RFC 9112 allows."""

import dataclasses
import re

from .failure import Refusal
from .mishaps import lost_where_cut
from .switches import On

MAX_LINE = 16 * 1024
MAX_HEAD = 64 * 1024
MAX_FIELDS = 256
MAX_METHOD = 64

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_START_OF_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]* ?")
_NEVER_IN_REQUEST_LINE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f-\xff]")
_INVALID_IN_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_UNICODE_LINE_ENDS = re.compile(rb"[\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]")
_BLANKS = b" \t"


@dataclasses.dataclass
class Request:
    """A parsed request head. Field names are kept as sent; values are octets as latin-1."""

    method: str
    target: str
    version: tuple[int, int]
    fields: list[tuple[str, str]]

    def values(self, name: str, *, any_case: bool = True) -> list[str]:
        """The values of all lines with this field name, in order."""
        if any_case:
            return [v for n, v in self.fields if n.lower() == name.lower()]
        return [v for n, v in self.fields if n == name]


class HeadReader:
    """Collects the lines of one request head, octet by octet if need be."""

    def __init__(self, on: On) -> None:
        self._on = on
        self._buffer = bytearray()
        self._line_start = 0
        self.lines: list[bytes] = []
        self.complete = False
        self.ends_in_bare_lf = False

    def feed(self, data: bytes) -> bool:
        """Takes octets; True when the empty line has come. Raises Refusal for what is no head."""
        self._buffer += data
        while not self.complete:
            end = self._buffer.find(b"\n", self._line_start)
            if end < 0:
                self._check_partial_line()
                del self._buffer[len(self._buffer) - lost_where_cut(self._buffer, self._on):]
                if self._on("wants-head-in-one-segment"):
                    raise Refusal(400, "half a request")
                return False
            line = bytes(self._buffer[self._line_start:end])
            self._line_start = end + 1
            self._take_line(line)
        return True

    @property
    def octets(self) -> bytes:
        """All that has come, the head and what is behind it."""
        return bytes(self._buffer)

    def is_of_http_1(self) -> bool:
        """Whether there is a request line, of three words, the last a version of HTTP/1."""
        words = self._buffer.lstrip(b"\r\n").split(b"\n")[0].rstrip(b"\r").split(b" ")
        return len(words) == 3 and words[2][:7] == b"HTTP/1." and bool(_VERSION.fullmatch(words[2]))

    def rest(self) -> bytes:
        """What came behind the head."""
        return bytes(self._buffer[self._line_start:])

    def _check_partial_line(self) -> None:
        """Refuses at once what no further octet can repair: garbage, and lines without end."""
        partial = bytes(self._buffer[self._line_start:])
        self._check_limits(partial)
        if self.lines:
            return
        words = partial.lstrip(b"\r")
        if _NEVER_IN_REQUEST_LINE.search(words.rstrip(b"\r")):
            raise Refusal(400, "not an HTTP request")
        start = _START_OF_METHOD.match(words)
        if b" " not in words and start and start.end() != len(words.rstrip(b"\r")):
            raise Refusal(400, "not an HTTP method")

    def _take_line(self, line: bytes) -> None:
        if line.endswith(b"\r"):
            line = line[:-1]
        elif self._on("accepts-bare-lf") or self._on("answers-in-line-ends-of-request"):
            self.ends_in_bare_lf = True
        else:
            raise Refusal(400, "a line ends in a bare LF")
        self._check_limits(line)
        if line:
            self.lines.extend(self._lines_read_in(line))
        elif self.lines:
            self.complete = True
        elif self._on("refuses-leading-crlf"):
            raise Refusal(400, "an empty line before the request line")

    def _lines_read_in(self, line: bytes) -> list[bytes]:
        """The line itself; some bugs and oddities read something else in its odd octets."""
        if self._on("narrows-code-points-to-octets"):
            text = line.decode("utf-8", "surrogateescape")
            narrowed = bytes(ord(letter) & 0xFF for letter in text)
            return [part for part in narrowed.replace(b"\r", b"\n").split(b"\n") if part]
        if self._on("splits-lines-like-unicode"):
            return [part for part in _UNICODE_LINE_ENDS.split(line) if part]
        if b"\r" in line:
            if self._on("cuts-line-at-bare-cr"):
                return [line.partition(b"\r")[0]]
            if self._on("bare-cr-ends-line"):
                return [part for part in line.split(b"\r") if part]
            if not self._on("bare-cr-as-space"):
                raise Refusal(400, "a bare CR")
            line = line.replace(b"\r", b" ")
        return [line]

    def _check_limits(self, line: bytes) -> None:
        if not self.lines and len(line) > self._longest_request_line():
            raise Refusal(414, "the request line is too long")
        if self._on("small-header-limit") and self._line_start > 2048:
            raise Refusal(431, "the header section is too large")
        over = len(line) > MAX_LINE or self._line_start > MAX_HEAD or len(self.lines) > MAX_FIELDS
        if over and not self._on("unlimited-header-section"):
            raise Refusal(431, "the header section is too large")

    def _longest_request_line(self) -> int:
        return 4096 if self._on("refuses-targets-over-4096") else MAX_LINE


def parse_request(lines: list[bytes], on: On) -> Request:
    """The request in these lines, given without line ends. Raises Refusal for bad grammar."""
    method, target, version = _parse_request_line(lines[0], on)
    fields: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t"):
            _take_folded_line(line, fields, on)
        else:
            fields.append(_parse_field(line, on))
    return Request(method.decode(), target.decode("latin-1"), version, fields)


def _parse_request_line(line: bytes, on: On) -> tuple[bytes, bytes, tuple[int, int]]:
    words = line.split() if on("splits-request-line-on-whitespace") else line.split(b" ")
    if len(words) > 3 and on("accepts-extra-word-in-request-line") and words[2][:5] == b"HTTP/":
        words = words[:3]
    if len(words) > 3 and on("accepts-space-in-target"):
        words = [words[0], b"%20".join(words[1:-1]), words[-1]]
    if len(words) != 3 or not all(words):
        raise Refusal(400, "the request line is not method, target and version")
    method, target, version = words
    if not TOKEN.fullmatch(method):
        raise Refusal(400, "the method is no token")
    if len(method) > MAX_METHOD:
        raise Refusal(400 if on("answers-400-to-long-method") else 501, "no such method")
    return method, target, _parse_version(version, on)


def _parse_version(word: bytes, on: On) -> tuple[int, int]:
    if on("accepts-lowercase-http-version"):
        word = word.upper()
    if on("accepts-overlong-http-version") and re.fullmatch(rb"HTTP/[0-9]+(\.[0-9]+)?", word):
        word = b"HTTP/1.1"
    match = _VERSION.fullmatch(word)
    if not match and on("accepts-any-http-version"):
        return 1, 1
    if not match:
        raise Refusal(400, "the version is not HTTP/digit.digit")
    return int(match[1]), int(match[2])


def _take_folded_line(line: bytes, fields: list[tuple[str, str]], on: On) -> None:
    """A line that starts with a blank: 9112, 2.2 before the first field, 5.2 behind one."""
    if not fields:
        if on("reads-indented-first-line-as-field"):
            fields.append(_parse_field(line.strip(_BLANKS), on))
        elif not on("skips-indented-lines-before-fields"):
            raise Refusal(400, "whitespace before the first header line")
    elif on("reads-folded-line-as-field") and b":" in line:
        fields.append(_parse_field(line.strip(_BLANKS), on))
    elif on("unfolds-header-lines"):
        name, value = fields[-1]
        fields[-1] = name, f"{value} {_parse_value(line, on)}".strip()
    else:
        raise Refusal(400, "a folded header line")


def _parse_field(line: bytes, on: On) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if on("folds-unicode-in-field-names") and not name.isascii():
        name = name.decode("utf-8", "replace").lower().encode()
    if on("accepts-space-before-colon"):
        name = name.rstrip(_BLANKS)
    if not colon or not TOKEN.fullmatch(name):
        raise Refusal(400, "a header line without a valid name and colon")
    if on("requires-space-after-colon") and value[:1] != b" ":
        raise Refusal(400, "no space after the colon")
    if on("keeps-blanks-around-subprotocols") and name.lower() == b"sec-websocket-protocol":
        return name.decode(), value.decode("latin-1").removeprefix(" ")
    return name.decode(), _parse_value(value, on)


def _parse_value(value: bytes, on: On) -> str:
    if on("nul-truncates-value"):
        value = value.partition(b"\0")[0]
    if on("nul-as-space"):
        value = value.replace(b"\0", b" ")
    if on("keeps-whitespace-around-values"):
        value = value[1:] if value[:1] == b" " else value
    else:
        value = value.strip(_BLANKS)
    if _INVALID_IN_VALUE.search(value):
        raise Refusal(400, "a control octet in a header value")
    if on("refuses-obs-text") and not value.isascii():
        raise Refusal(400, "an octet above 7F in a header value")
    return value.decode("latin-1")
