"""Close frames (RFC 6455, 5.5.1 and 7.4): what may come, and what is answered."""

from .failure import INVALID_DATA, PROTOCOL_ERROR, TOO_BIG, Failure
from .switches import On
from .utf8 import is_valid

ASSIGNED = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
NEVER_ON_THE_WIRE = frozenset({1004, 1005, 1006, 1015})


def may_be_received(code: int, on: On) -> bool:
    """Whether a peer may send this status code (7.4.1, 7.4.2, and the IANA registry since)."""
    if on("refuses-codes-newer-than-rfc6455") and code in (1012, 1013, 1014):
        return False
    if on(f"refuses-close-code-{code}") or on(f"refuses-close-codes-of-{code // 1000}000"):
        return False
    return code in ASSIGNED or 3000 <= code <= 4999


def answer_to(payload: bytes, on: On) -> bytes | None:
    """The payload of the Close that answers this one, None for none; raises Failure."""
    if len(payload) == 1:
        return _answer_to_one_octet(payload, on)
    if not payload:
        return _answer_to_empty(on)
    code = int.from_bytes(payload[:2], "big")
    if on("answers-unknown-close-codes-with-1006") and _is_not_in_rfc6455(code):
        return _code(1006)
    if not may_be_received(code, on):
        return _answer_to_bad_code(code, on)
    _check_reason(payload[2:], on)
    return _answer_to_good(code, payload, on)


def _is_not_in_rfc6455(code: int) -> bool:
    return code == 1004 or 1012 <= code <= 2999 or code > 4999


def _answer_to_one_octet(payload: bytes, on: On) -> bytes:
    if on("accepts-close-of-1-octet"):
        return _code(1000)
    if on("echoes-close-of-1-octet"):
        return payload
    raise Failure(PROTOCOL_ERROR, "a Close of one octet")


def _answer_to_empty(on: On) -> bytes:
    if on("answers-empty-close-with-1005"):
        return _code(1005)
    if on("answers-empty-close-with-1006"):
        return _code(1006)
    if on("answers-empty-close-with-0"):
        return _code(0)
    if on("answers-empty-close-with-1-octet"):
        return b"\x03"
    if on("answers-close-with-1000"):
        return _code(1000)
    return b""


def _answer_to_bad_code(code: int, on: On) -> bytes:
    if on(f"echoes-close-code-{code}") or on("echoes-any-close-code"):
        return _code(code)
    if on("echoes-close-codes-of-1016-to-2999") and 1016 <= code <= 2999:
        return _code(code)
    if on("answers-bad-close-codes-with-1000"):
        return _code(1000)
    if on("answers-code-above-4999-with-1000") and code > 4999:
        return _code(1000)
    if on("accepts-unassigned-close-codes") and (code == 1004 or 1016 <= code <= 2999):
        return _code(1000)
    raise Failure(PROTOCOL_ERROR, f"status code {code} in a Close")


def _check_reason(reason: bytes, on: On) -> None:
    if on("refuses-close-reason") and reason:
        raise Failure(PROTOCOL_ERROR, "a reason")
    if on("refuses-close-reason-of-123-octets") and len(reason) == 123:
        raise Failure(PROTOCOL_ERROR, "a long reason")
    if on("refuses-close-reason-beyond-ascii") and not reason.isascii():
        raise Failure(PROTOCOL_ERROR, "a reason beyond ASCII")
    if is_valid(reason) or on("echoes-invalid-close-reason") or on("ignores-close-reason"):
        return
    code = PROTOCOL_ERROR if on("answers-1002-to-invalid-close-reason") else INVALID_DATA
    raise Failure(code, "a reason that is not UTF-8")


def _answer_to_good(code: int, payload: bytes, on: On) -> bytes | None:
    if on("echoes-invalid-close-reason") or on("echoes-close-reason"):
        return payload
    if on("cuts-close-reason-inside-character") and len(payload) > 3:
        return payload[:-1]
    if on("answers-close-with-1000"):
        return _code(1000)
    if on("answers-close-with-empty"):
        return b""
    if on("answers-close-with-reason"):
        return _code(code) + "au revoir, à bientôt".encode()
    if on("answers-close-with-long-reason"):
        return _code(code) + b"r" * 123
    if on("answers-close-with-overlong-reason"):
        return _code(code) + b"r" * 124
    if on("answers-close-with-invalid-reason"):
        return _code(code) + b"\xff\xfe"
    return _answer_with_wrong_code(code, on)


def _answer_with_wrong_code(code: int, on: On) -> bytes:
    if on("answers-close-in-little-endian"):
        return code.to_bytes(2, "little")
    if on("answers-close-with-1-octet"):
        return _code(code)[:1]
    if on("answers-close-with-1006"):
        return _code(1006)
    if on("answers-close-with-1015"):
        return _code(1015)
    if on("answers-close-with-999"):
        return _code(999)
    if on("answers-close-with-2999"):
        return _code(2999)
    if on("answers-close-with-65535"):
        return _code(65535)
    return _code(1001 if on("answers-close-with-1001") else code)


def _code(code: int) -> bytes:
    return code.to_bytes(2, "big")


def failure_code(failure: Failure, on: On) -> int:
    """The status code of the Close that fails the connection."""
    if on("fails-with-1000"):
        return 1000
    if on("fails-with-1006"):
        return 1006
    if on("fails-with-1011"):
        return 1011
    if on("fails-with-1008"):
        return 1008
    if on("fails-with-1010"):
        return 1010
    if on("fails-with-1002-always") or failure.code == TOO_BIG and on("fails-with-1002-above-64-kib"):
        return PROTOCOL_ERROR
    if on("fails-with-3000"):
        return 3000
    if on("fails-with-1004"):
        return 1004
    return failure.code
