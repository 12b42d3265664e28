"""Requests that a server never answers: most bugs in reading a head end so, in an exception.

Each is about one kind of head, told by its octets; how a correct server would see it, as a request
or as none, does not matter. Also here: heads that are lost where TCP cuts them.
"""

import re
from collections.abc import Callable

from .header_grammar import HOST
from .switches import On

Told = Callable[[bytes, bytes], bool]
"""Whether a head, given with what came behind it, is of a kind."""


def _has(pattern: bytes) -> Told:
    """A head in which this is found; ^ is at the beginning of a line."""
    compiled = re.compile(pattern, re.MULTILINE)
    return lambda head, _: compiled.search(head) is not None


def _values(head: bytes, name: bytes) -> list[bytes]:
    """The values of all lines with this field name, without blanks around them."""
    return [value.strip() for value in re.findall(rb"(?im)^%s:([^\r\n]*)" % name, head)]


def _is_not_utf8(head: bytes, _: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError:
        return True
    return False


def _has_invalid_host(head: bytes, _: bytes) -> bool:
    return any(host and not HOST.fullmatch(host.decode("latin-1"))
               for host in _values(head, b"Host"))


def _body_is_short(head: bytes, behind: bytes) -> bool:
    return any(length.isdigit() and len(behind) < int(length)
               for length in _values(head, b"Content-Length"))


def _waits_for_hixie_body(head: bytes, behind: bytes) -> bool:
    return (bool(_values(head, b"Upgrade")) and not _values(head, b"Sec-WebSocket-Version")
            and len(behind) < 8)


UNANSWERED: dict[str, Told] = {
    # the request line
    "hangs-on-leading-crlf": _has(rb"\A\r\n"),
    "hangs-on-blanks-in-request-line": _has(rb"\A(?:\S* ){3}|\A[^\r\n]*[\t\f]|\A "),
    "hangs-on-missing-http-version": _has(rb"\A\S+ \S+\r\n"),
    "hangs-on-other-major-version": _has(rb"\A[^\r\n]* HTTP/[02-9]\."),
    "hangs-on-methods-over-32-octets": _has(rb"\A[^\s]{33}"),
    "hangs-on-bad-percent-encoding": _has(rb"\A\S+ [^\s]*%(?![0-9A-Fa-f]{2})"),
    "hangs-on-target-without-slash": _has(rb"(?i)\A\S+ (?!/|[a-z]+://)\S+ HTTP"),
    "hangs-on-fragment-in-target": _has(rb"\A\S+ [^\s]*#"),
    "hangs-on-odd-octets-in-target": _has(rb"\A\S+ [^ \r\n]*[\x00-\x09\x0b\x0c\x7f-\xff]"
                                          rb"|\A\S+ [^ \r\n]*\r[^\n]|\A\S+ /\S* \S+ HTTP"),
    # sizes
    "hangs-on-lines-over-255-octets": _has(rb"^[^\r\n]{256}"),
    "hangs-on-lines-over-1023-octets": _has(rb"^[^\r\n]{1024}"),
    "hangs-on-lines-over-8191-octets": _has(rb"^[^\r\n]{8192}"),
    "hangs-on-more-than-64-fields": lambda head, _: head.count(b"\n") > 66,
    # octets
    "hangs-on-bare-lf": _has(rb"(?<!\r)\n"),
    "hangs-on-bare-cr": _has(rb"\r(?!\n)"),
    "hangs-on-controls-in-fields": _has(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"),
    "hangs-on-octets-above-7f": _has(rb"[\x80-\xff]"),
    "hangs-on-octets-that-are-not-utf-8": _is_not_utf8,
    "hangs-on-folded-lines": _has(rb"\n[ \t]"),
    # fields
    "hangs-on-host-name": _has(rb"(?i)^Host: *[^\r\n]*[g-z]"),
    "hangs-on-empty-host": _has(rb"(?i)^Host: *\r$"),
    "hangs-on-invalid-host": _has_invalid_host,
    "hangs-on-credentials": _has(rb"(?i)^Authorization:"),
    "hangs-on-two-versions": lambda head, _: len(_values(head, b"Sec-WebSocket-Version")) > 1,
    "hangs-on-unknown-expectation": _has(rb"(?i)^Expect:(?! *100-continue)"),
    "hangs-on-comment-in-user-agent": _has(rb"(?i)^User-Agent:[^\r\n]*\("),
    "hangs-on-unknown-deflate-parameter": _has(
        rb"^[^:]+:[^\r\n]*(?i:permessage-deflate)[^,\r\n]*;[ \t]*"
        rb"(?!(?:server|client)_(?:no_context_takeover|max_window_bits))\w"),
    "hangs-on-quotes-in-extensions": _has(rb"(?i)^Sec-WebSocket-Extensions:[^\r\n]*\""),
    "hangs-on-empty-list-elements": _has(rb"^[^:\r\n]+:[ \t]*,|,[ \t]*,|,[ \t]*\r$"),
    "hangs-without-origin": lambda head, _: not _values(head, b"Origin"),
    # what comes behind the head
    "wants-head-at-end-of-segment": lambda _, behind: bool(behind),
    "hangs-on-empty-content-length": _has(rb"(?i)^Content-Length: *\r$"),
    "hangs-on-content-length-0": _has(rb"(?i)^Content-Length: *0\r$"),
    "waits-for-whole-request-body": _body_is_short,
    "waits-for-hixie-body-without-version": _waits_for_hixie_body,
}
"""What each of these bugs never answers."""


def is_unanswered(octets: bytes, on: On) -> bool:
    """Whether a bug lets what a client has sent up to now, or refused for now, go unanswered."""
    struck = [told for name, told in UNANSWERED.items() if on(name)]
    if not struck:
        return False
    start = len(octets) - len(octets.lstrip(b"\r\n"))
    end = octets.find(b"\r\n\r\n", start)
    end = len(octets) if end < 0 else end + 2
    return any(told(octets[:end], octets[end + 2:]) for told in struck)


def lost_where_cut(buffer: bytes, on: On) -> int:
    """How many octets at the end of a segment a bug loses, if the head is not over there."""
    if on("loses-line-cut-between-segments"):
        return len(buffer) - buffer.rfind(b"\n") - 1
    if on("loses-cr-at-end-of-segment") and buffer.endswith(b"\r"):
        return 1
    if on("loses-cut-end-of-head") and buffer.endswith(b"\r\n"):
        return 2
    return 0
