"""How the server gives up: on a request with an HTTP status, on a connection with a close code."""

from collections.abc import Sequence


class Refusal(Exception):
    """The opening handshake is answered with an HTTP error instead of 101."""

    def __init__(self, status: int, why: str, fields: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.fields = tuple(fields)


class Failure(Exception):
    """The established connection is failed (RFC 6455, 7.1.7) with this close code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


PROTOCOL_ERROR = 1002
INVALID_DATA = 1007
TOO_BIG = 1009
INTERNAL_ERROR = 1011
