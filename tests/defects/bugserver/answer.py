"""The answers to an opening handshake: the 101 and the refusals, and how bugs spoil them."""

import base64
import email.utils
import hashlib
import http
import re
from collections.abc import Callable, Sequence

from .failure import Refusal
from .opening import Agreement
from .switches import On

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Edit = Callable[[bytes], bytes]


def accept_value(key: str, on: On) -> str:
    """Sec-WebSocket-Accept for the text of this key (RFC 6455, 4.2.2 step 5.4)."""
    guid = GUID.lower() if on("hashes-with-lowercase-guid") else GUID
    if on("hashes-decoded-key-that-is-text"):
        key = _decoded_text(key)
    digest = hashlib.sha1((key + guid).encode("latin-1")).digest()
    if on("accept-in-url-alphabet"):
        return base64.urlsafe_b64encode(digest).decode()
    if on("accept-in-hex"):
        return digest.hex()
    text = base64.b64encode(digest).decode()
    if on("accept-ends-in-url-alphabet"):
        text = text[:24] + base64.urlsafe_b64encode(digest).decode()[24:]
    if on("accept-without-padding"):
        return text.rstrip("=")
    return text.lower() if on("accept-in-lower-case") else text


def _decoded_text(key: str) -> str:
    """The key's octets where they happen to be text, as a decoder of a loose language gives them."""
    try:
        return base64.b64decode(key, validate=True).decode()
    except ValueError:
        return key


def switching(agreement: Agreement, on: On) -> bytes:
    """The 101 for this agreement, and behind it whatever a switch puts there."""
    upgrade = agreement.upgrade if on("copies-upgrade-of-request") else "websocket"
    accept = accept_value(agreement.key, on)
    if agreement.accept_of_client is not None and on("copies-accept-of-client"):
        accept = agreement.accept_of_client
    fields = [("Upgrade", upgrade), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
    if agreement.subprotocol is not None:
        fields.append(("Sec-WebSocket-Protocol", _subprotocol_value(agreement, on)))
    if agreement.deflate is not None and not on("uses-deflate-silently"):
        fields.append(("Sec-WebSocket-Extensions", agreement.deflate.field_value(on)))
    if agreement.echoed:
        fields.append(("Sec-WebSocket-Extensions", ", ".join(agreement.echoed)))
    if agreement.accepts_gzip and on("compresses-101"):
        fields += [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    head = _head("HTTP/1.1 101 Switching Protocols", fields)
    for name, edit in SWITCHING_EDITS.items():
        if on(name):
            head = edit(head)
    if agreement.request_id is not None and on("copies-request-id-with-bare-lf"):
        line = f"X-Request-Id: {agreement.request_id}\n"
        head = head.replace(b"\r\n\r\n", b"\r\n" + line.encode("latin-1") + b"\r\n")
    if agreement.expects_continue:
        head = _with_continue(head, on)
    return head


def refusing(refusal: Refusal, method: str, on: On) -> bytes:
    """The error answer; it is closed behind, and says so (RFC 9112, 9.6)."""
    body = f"{refusal.why}\n".encode()
    connection = [value for name, value in refusal.fields if name == "Connection"]
    fields = [("Date", email.utils.formatdate(usegmt=True)),
              *[field for field in refusal.fields if field[0] != "Connection"],
              ("Connection", ", ".join([*connection, "close"])),
              ("Content-Type", "text/plain")]
    if method != "HEAD":
        fields.append(("Content-Length", str(len(body))))
    phrase = http.HTTPStatus(refusal.status).phrase
    answer = _head(f"HTTP/1.1 {refusal.status} {phrase}", fields)
    answer += b"" if method == "HEAD" else body
    about = next((name for name in ("host", "key") if name in refusal.why.lower()), "rest")
    if on(f"error-about-{about}-without-space-behind-status") or on(
            f"error-{refusal.status}-without-space-behind-status"):
        answer = _replace(rb"^(HTTP/1.1 \d+) [^\r]*", rb"\1")(answer)
    for name, edit in REFUSING_EDITS.items():
        if on(name):
            answer = edit(answer)
    return answer


def _subprotocol_value(agreement: Agreement, on: On) -> str:
    chosen = agreement.subprotocol or ""
    if on("answers-subprotocol-as-often-as-offered"):
        return ", ".join([chosen] * max(1, agreement.offered_subprotocols.count(chosen)))
    if on("answers-all-subprotocols"):
        return ", ".join(agreement.offered_subprotocols)
    if on("quotes-subprotocol"):
        return f'"{chosen}"'
    return chosen.upper() if on("answers-subprotocol-in-upper-case") else chosen


def _with_continue(head: bytes, on: On) -> bytes:
    """100 (Continue) may be left out where no content is announced (RFC 9110, 10.1.1)."""
    if on("sends-100-before-101"):
        return b"HTTP/1.1 100 Continue\r\n\r\n" + head
    if on("sends-100-after-101"):
        return head + b"HTTP/1.1 100 Continue\r\n\r\n"
    return head


def _head(start_line: str, fields: Sequence[tuple[str, str]]) -> bytes:
    lines = [start_line, *[f"{name}: {value}" for name, value in fields]]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _insert(line: bytes) -> Edit:
    """Adds a line at the end of the header section."""
    return lambda answer: answer.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)


def _insert_first(line: bytes) -> Edit:
    """Adds a line behind the status line."""
    return lambda answer: answer.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)


def _replace(pattern: bytes, text: bytes) -> Edit:
    """Replaces the first match of the pattern."""
    return lambda answer: re.sub(pattern, text, answer, count=1)


def _append(octets: bytes) -> Edit:
    return lambda answer: answer + octets


def _repeat(name: bytes) -> Edit:
    """Sends the line of that field twice, where it is sent at all."""
    return _replace(rb"(\r\n" + name + rb": [^\r]*)", rb"\1\1")


def _reversed_fields(answer: bytes) -> bytes:
    head, _, rest = answer.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    return b"\r\n".join([first, *reversed(fields)]) + b"\r\n\r\n" + rest


def _recased_names(recase: Callable[[bytes], bytes]) -> Edit:
    return lambda answer: re.sub(rb"\r\n[A-Za-z-]+:", lambda m: recase(m[0]), answer)


SWITCHING_EDITS: dict[str, Edit] = {
    # defects
    "answers-200-instead-of-101": _replace(rb"101 Switching Protocols", b"200 OK"),
    "answers-http-10-with-101": _replace(rb"^HTTP/1.1", b"HTTP/1.0"),
    "101-status-line-without-space": _replace(rb"101 Switching Protocols", b"101"),
    "101-status-line-in-lower-case": _replace(rb"^HTTP", b"http"),
    "101-without-upgrade": _replace(rb"Upgrade: websocket\r\n", b""),
    "101-with-other-upgrade": _replace(rb"Upgrade: websocket", b"Upgrade: h2c"),
    "101-without-connection": _replace(rb"Connection: Upgrade\r\n", b""),
    "101-with-connection-close": _replace(rb"Connection: Upgrade", b"Connection: close"),
    "101-without-accept": _replace(rb"Sec-WebSocket-Accept: [^\r]*\r\n", b""),
    "101-with-two-accepts": _repeat(b"Sec-WebSocket-Accept"),
    "101-with-content-length": _insert(b"Content-Length: 0"),
    "101-with-transfer-encoding": _insert(b"Transfer-Encoding: chunked"),
    "101-with-body": _append(b"OK\r\n"),
    "101-with-two-dates": _insert(b"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                                  b"Date: Mon, 01 Jan 2024 00:00:01 GMT"),
    "101-with-folded-field": _insert(b"X-Folded: one\r\n two"),
    "101-with-bare-cr": _insert(b"X-Bare: one\rtwo"),
    "101-with-nul": _insert(b"X-Nul: one\0two"),
    "101-with-bare-lf": _replace(rb"websocket\r\n", b"websocket\n"),
    "101-ends-in-bare-lf": _replace(rb"\r\n\r\n", b"\n\n"),
    "101-with-empty-list-element": _replace(rb"Connection: Upgrade", b"Connection: , Upgrade"),
    "101-with-space-before-colon": _replace(rb"Upgrade:", b"Upgrade :"),
    "101-with-blank-in-field-name": _insert(b"X Powered By: bugs"),
    "101-with-line-without-colon": _insert(b"just some words"),
    "101-with-extension-unasked": _insert(b"Sec-WebSocket-Extensions: x-bugs"),
    "101-with-malformed-extension": _replace(
        rb"(Sec-WebSocket-Extensions: [^\r]*)", rb"\1; = 1"),
    "101-with-empty-extensions": lambda answer: answer if b"Sec-WebSocket-Extensions" in answer
    else _insert(b"Sec-WebSocket-Extensions: ")(answer),
    "101-with-two-subprotocols": _repeat(b"Sec-WebSocket-Protocol"),
    "ping-before-101": lambda answer: b"\x89\x00" + answer,
    "ping-inside-101": _replace(rb"\r\n\r\n", b"\r\n\x89\x00\r\n"),
    # oddities
    "101-without-reason": _replace(rb"101 Switching Protocols", b"101 "),
    "101-with-odd-reason": _replace(rb"Switching Protocols", b"Web Socket \tProtocol H\xe4ndshake"),
    "101-names-in-lower-case": _recased_names(bytes.lower),
    "101-names-in-upper-case": _recased_names(bytes.upper),
    "101-values-in-other-case": _replace(rb"(?s)websocket(.*): Upgrade", rb"WebSocket\1: upgrade"),
    "101-values-without-space": lambda answer: answer.replace(b": ", b":"),
    "101-values-with-tabs": lambda answer: re.sub(
        rb": ([^\r]*)\r\n", rb":\t \1 \t\r\n", answer),
    "101-fields-reversed": _reversed_fields,
    "101-with-many-fields": _insert(
        b"\r\n".join(b"X-Extra-%d: %s" % (n, b"x" * 60) for n in range(40))),
    "101-with-long-field": _insert(b"X-Long: " + b"x" * 100000),
    "101-with-common-fields": _insert(
        b"Server: bugs/1.0 (odd; but right)\r\nX-Empty:\r\n"
        b"Set-Cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\nCache-Control: no-cache"),
    "101-with-date": _insert_first(b"Date: Mon, 01 Jan 2024 00:00:00 GMT"),
    "101-with-obs-text": _insert(b"X-Latin: na\xefve \xff\x80"),
    "101-with-odd-field-name": _insert(b"X-!#$%&'*+.^_`|~-9: odd"),
    "101-with-quoted-field": _insert(b'X-Quoted: "Upgrade: h2c, \\" Connection: close"'),
    "101-with-draft-fields": _insert(b"Sec-WebSocket-Origin: http://example.com\r\n"
                                     b"Sec-WebSocket-Location: ws://example.com/"),
    "101-with-version": _insert(b"Sec-WebSocket-Version: 13"),
    "101-with-more-connection-tokens": _replace(
        rb"Connection: Upgrade", b"Connection: keep-alive, Upgrade"),
    "101-with-two-connection-lines": _replace(
        rb"Connection: Upgrade", b"Connection: keep-alive\r\nConnection: Upgrade"),
    "sends-103-before-101": lambda answer: (
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + answer),
    "ping-with-101": _append(b"\x89\x05hello"),
    "pong-with-101": _append(b"\x8a\x05hello"),
}
"""What switches do to the octets of a 101 that was right."""

REFUSING_EDITS: dict[str, Edit] = {
    # defects
    "error-status-line-without-space": _replace(rb"^(HTTP/1.1 \d+) [^\r]*", rb"\1"),
    "error-with-length-and-chunked": _insert(b"Transfer-Encoding: chunked"),
    "error-with-two-lengths": _repeat(b"Content-Length"),
    "error-with-bare-lf": _replace(rb"close\r\n", b"close\n"),
    "error-with-folded-field": _insert(b"X-Folded: one\r\n two"),
    # oddities
    "error-without-date": _replace(rb"Date: [^\r]*\r\n", b""),
    "error-without-connection-close": _replace(rb"(, close|Connection: close\r\n)", b""),
    "error-without-length": _replace(rb"Content-Length: [^\r]*\r\n", b""),
    "error-without-body": lambda answer: re.sub(
        rb"(?s)Content-Length: \d+(\r\n\r\n).*", rb"Content-Length: 0\1", answer),
    "error-without-reason": _replace(rb"^(HTTP/1.1 \d+) [^\r]*", rb"\1 "),
    "error-in-http-10": _replace(rb"^HTTP/1.1", b"HTTP/1.0"),
    "error-426-without-connection-upgrade": _replace(rb"Connection: Upgrade, ", b"Connection: "),
    "error-in-chunks": lambda answer: re.sub(
        rb"(?s)Content-Length: \d+\r\n\r\n(.*)",
        lambda m: b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(m[1]), m[1]),
        answer),
    "error-in-html": _replace(rb"text/plain", b"text/html; charset=utf-8"),
}
"""What switches do to the octets of an error answer that was right."""
