"""One TCP connection: the opening handshake first, then the session."""

import asyncio
import os
import re
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from . import answer, drafts, mishaps, opening, scenarios
from .failure import Refusal
from .http1 import HeadReader, Request, parse_request
from .outbox import Outbox
from .session import Session
from .switches import On

if TYPE_CHECKING:
    from .hosting import Listener

HANDSHAKE_TIMEOUT_S = 5.0
HURRY_S = 0.01
PAUSE_S = 0.3
SMALL_SEND_BUFFER = 65536
FIN_IGNORED_S = 4.0


class Connection(asyncio.Protocol):
    """The asyncio side of one connection. All protocol rules are elsewhere."""

    def __init__(self, listener: "Listener", on: On, subprotocols: Sequence[str]) -> None:
        self._listener = listener
        self._on = on
        self._subprotocols = subprotocols
        self._head = HeadReader(self._on)
        self._method = "GET"
        self._parsed = False
        self._session: Session | None = None
        self._refused = False
        self._early = False
        self._skip = 0
        self._chunked = False
        self._end_noticed = False
        self.number = listener.count_connection()
        self._waiting = 0
        self._hung = False
        self._last: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.lost = asyncio.get_running_loop().create_future()
        self.head_read = asyncio.get_running_loop().create_future()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP (and TLS) connection is there."""
        self._transport = cast(asyncio.Transport, transport)
        if self._on("loses-echoes-that-are-not-read"):
            accepted = transport.get_extra_info("socket")
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_SEND_BUFFER)
        self._outbox = Outbox(self._transport, self._on)
        self._listener.connections.add(self)
        loop = asyncio.get_running_loop()
        patience_s = 0.1 if self._on("gives-up-slow-requests") else HANDSHAKE_TIMEOUT_S
        self._timer = loop.call_later(patience_s, self._give_up_waiting)
        if scenarios.on_connect(self._on, self._outbox):
            self._refused = True

    def data_received(self, data: bytes) -> None:
        """Octets have come; once refused, they are dropped so that no RST destroys the answer."""
        end = self._end_that_has_come()
        if end:
            self._notice_end(is_abrupt=end == "reset")
            if end == "fin" and self._is_open() and self._on("answers-fin-with-http-400"):
                self._outbox.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                self._outbox.finish()
                return
        if self._on("loses-what-comes-after-a-pause") and self._session:
            if self._pause_ended():
                return
        late = (self._on("drops-next-request-after-hurried-end")
                or self._on("hangs-when-fin-follows-close"))
        if late and self._session:
            self._waiting += 1
            asyncio.get_running_loop().call_later(HURRY_S, self._receive_late, data)
        else:
            self._receive(data)
            if end == "fin" and self._session and not self._session.close_sent:
                self._notice_end(is_abrupt=True)

    def _receive(self, data: bytes) -> None:
        if self._session:
            self._receive_frames(data)
            if self._on("gives-up-slow-messages"):
                self._time_message()
        elif not self._refused:
            self._receive_head(data)

    def eof_received(self) -> bool:
        """The client has ended its side: what is due is still written, then ours ends."""
        if not self._outbox.finished:
            self._notice_end(is_abrupt=bool(self._session and not self._session.close_sent))
        if self._on("drops-others-on-fin") and self._session and not self._session.close_sent:
            self._disaster("drop-others")
        if self._is_hurried() and self._on("hangs-when-fin-follows-close"):
            self._hung = True
            asyncio.get_running_loop().call_later(FIN_IGNORED_S, self._outbox.reset)
            return True
        if self._is_hurried():
            self._listener.broken += 1
            asyncio.get_running_loop().call_later(2 * HURRY_S, self._outbox.close)
            return True
        if self._session and self._session.keeps_tcp_open:
            asyncio.get_running_loop().call_later(FIN_IGNORED_S, self._outbox.reset)
            return self._transport.can_write_eof()
        if self._on("ignores-fin"):
            return self._transport.can_write_eof()
        self._outbox.close()
        return self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._listener.connections.discard(self)
        if not self._refused and not (self._session and self._session.close_sent):
            if self._on("drops-next-request-after-broken-connection"):
                self._listener.broken += 1
        if self._is_hurried():
            self._listener.broken += 1
        if isinstance(exc, ConnectionError):  # EPIPE, too: of what is written behind the RST
            self._notice_end(is_abrupt=True)
        self._listener.shared.leave(self._session, self._on)
        if isinstance(exc, ConnectionError) and self._on("drops-all-connections-on-reset"):
            self._disaster("drop-all")
        if self._timer:
            self._timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)
        self._opened_head()

    def pause_writing(self) -> None:
        """A client that does not read is not read from, but for bugs that need to see more of it."""
        if not (self._on("loses-echoes-that-are-not-read")
                or self._on("drops-others-when-a-client-gives-up")):
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        if not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    # Opening and going away

    @property
    def is_open(self) -> bool:
        """Whether the opening handshake is over."""
        return self._session is not None

    def go_away(self) -> None:
        """The server is being shut down."""
        if self._session:
            self._session.close(1001)
        else:
            self._outbox.close()

    @property
    def is_ending(self) -> bool:
        """Whether the server has ended its side."""
        return self._outbox.finished

    def abort(self) -> None:
        """Drops the connection without a word."""
        self._outbox.reset()

    def _receive_head(self, data: bytes) -> None:
        if self._early:
            self._finish_early_head(data)
            return
        try:
            complete = self._head.feed(data)
            if complete and self._is_left_unanswered():
                return
            if complete or self._acts_early():
                self._open(parse_request(self._head.lines, self._on))
                self._early = not complete
        except Refusal as refusal:
            if not self._is_left_unanswered():
                self._refuse(refusal)
            return
        if complete and self._session:
            self._receive_frames(self._head.rest())

    def _is_left_unanswered(self) -> bool:
        """Whether a bug never answers such a request."""
        if not mishaps.is_unanswered(self._head.octets, self._on):
            return False
        self._refused = True
        if self._timer:
            self._timer.cancel()
        return True

    def _acts_early(self) -> bool:
        """Whether a bug acts on a head that is not complete (RFC 9110, 5.3 forbids it)."""
        if not self._on("answers-before-end-of-head") or not self._head.lines:
            return False
        try:
            opening.agree(parse_request(self._head.lines, self._on), self._on)
        except Refusal:
            return False
        return True

    def _finish_early_head(self, data: bytes) -> None:
        try:
            complete = self._head.feed(data)
        except Refusal:
            complete = False
        if complete:
            self._early = False
            self._receive_frames(self._head.rest())

    def _open(self, request: Request) -> None:
        self._method = request.method
        self._parsed = True
        if self._listener.broken and (
                self._on("drops-next-request-after-broken-connection")
                or self._on("drops-next-request-after-hurried-end")):
            self._listener.broken = 0
            raise Refusal(0, "a connection before this one was broken")
        if self._listener.drops_next and not self._end_noticed:  # another's end, not our own
            self._listener.drops_next = False
            raise Refusal(0, "a client ended first")
        if scenarios.on_request(self._on, self._outbox):
            self._refused = True
            return
        old = drafts.answer(request, self._head.rest(), self._on)
        if old is not None:
            self._outbox.write(old)
            self._refused = True
            return
        agreement = opening.agree(request, self._on, self._subprotocols)
        self._register_key(agreement.key)
        if agreement.expects_continue and self._on("hangs-on-expectation"):
            return
        if self._on("hangs-on-unusual-requests") and opening.is_unusual(request):
            return
        if self._timer:
            self._timer.cancel()
        mirrored = self._head.ends_in_bare_lf and self._on("answers-in-line-ends-of-request")
        head = answer.switching(agreement, self._on)
        self._outbox.write(head.replace(b"\r\n", b"\n") if mirrored else head)
        self._skip = agreement.skip_body
        self._chunked = agreement.chunked_body
        self._opened_head()
        self._session = Session(self._on, self._outbox, agreement.deflate, self._disaster)
        self._listener.shared.join(self._session, self._on)
        self._session.start(close_at_once=agreement.close_at_once)
        offers = request.values("Sec-WebSocket-Extensions")
        if self._on("closes-with-1010-on-unknown-extensions") and offers:
            if not any("permessage-deflate" in offer for offer in offers):
                self._session.close(1010)

    def _is_open(self) -> bool:
        return self._session is not None and not self._outbox.finished

    def _end_that_has_come(self) -> str:
        """The end that came right behind the octets that are being read, for bugs: fin or reset."""
        if not (self._on("answers-fin-with-http-400")
                or self._on("drops-others-when-a-client-gives-up")):
            return ""
        original = self._transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(original.fileno())) as copy:
            try:
                return "" if copy.recv(1, socket.MSG_PEEK) else "fin"
            except OSError as error:
                return "reset" if isinstance(error, ConnectionResetError) else ""

    def _notice_end(self, *, is_abrupt: bool) -> None:
        """A bug takes the others down, or the next, when a client is the first to end."""
        if not self._on("drops-others-when-a-client-gives-up") or self._end_noticed:
            return
        if self._session and not is_abrupt:
            return
        self._end_noticed = True
        others = [other for other in self._listener.connections
                  if other is not self and not other.is_ending]
        for other in others:
            other.abort()
        self._listener.drops_next = not any(other.number > self.number for other in others)

    def _opened_head(self) -> None:
        if not self.head_read.done():
            self.head_read.set_result(None)

    def _register_key(self, key: str) -> None:
        """An oddity finds its sessions by key; a second one with the same key is refused."""
        if not self._on("refuses-key-in-use"):
            return
        if key in self._listener.keys:
            raise Refusal(409, "this session is in use")
        self._listener.keys.add(key)
        self.lost.add_done_callback(lambda _: self._listener.keys.discard(key))

    def _receive_frames(self, data: bytes) -> None:
        if self._early:
            self._finish_early_head(data)
            return
        if not self._opened() and self._on("loses-frames-sent-with-request"):
            return
        if self._chunked:
            data = re.sub(rb"(?:\r\n)?[0-9a-f]+\r\n", b"", data.removesuffix(b"\r\n"))
            self._chunked = False
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        if data[skipped:] and self._session:
            self._session.receive(data[skipped:])

    def _receive_late(self, data: bytes) -> None:
        self._waiting -= 1
        if not self._hung:
            self._receive(data)

    def _is_hurried(self) -> bool:
        """Whether TCP ends while octets wait, of a connection that is not about to close."""
        return bool(self._waiting and self._session and not self._session.close_sent)

    def _pause_ended(self) -> bool:
        """Whether nothing came for a while before now."""
        now = asyncio.get_running_loop().time()
        last, self._last = self._last, now
        return last is not None and now - last > PAUSE_S

    def _time_message(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._session and self._session.in_message:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(0.2, self._outbox.close)

    def _opened(self) -> bool:
        """False once, for the octets that came in one segment with the request."""
        opened = getattr(self, "_open_seen", False)
        self._open_seen = True
        return opened

    def _refuse(self, refusal: Refusal) -> None:
        """Answers with the error and closes in stages (RFC 9112, 9.6)."""
        on = self._on
        self._refused = True
        self._opened_head()
        if refusal.status in (414, 431) and on("hangs-on-oversized-head"):
            return
        if refusal.status == 400 and not self._head.lines and on("hangs-on-garbage"):
            return
        if refusal.status == 400 and not self._parsed and on("hangs-on-malformed-head"):
            return
        if on("closes-without-error-answer") or refusal.status == 0:
            self._outbox.finish()
            return
        if not self._head.complete and on("closes-without-answer-to-garbage"):
            self._outbox.finish()
            return
        is_http_09 = refusal.status == 400 and not self._head.is_of_http_1()
        if is_http_09 and on("answers-without-head-as-http-09"):
            self._outbox.write(b"<!doctype html><title>Bad Request</title>\r\n")
            self._outbox.finish()
            return
        if on("resets-where-octets-are-unread") and len(self._head.octets) > 4096:
            self._outbox.reset()
            return
        self._outbox.write(answer.refusing(refusal, self._method, on))
        if on("keeps-connection-open-after-error"):
            return
        if on("resets-after-error"):
            self._outbox.reset()
        else:
            self._outbox.finish()

    def _give_up_waiting(self) -> None:
        if self._session is None and not self._refused and not scenarios.is_silent(self._on):
            self._refuse(Refusal(408, "no complete request came"))

    def _disaster(self, what: str) -> None:
        """A bug takes down more than its own connection."""
        if what == "exit":
            os._exit(70)
        for connection in list(self._listener.connections):
            if what == "drop-all" or (connection is not self and connection.is_open):
                connection.abort()
