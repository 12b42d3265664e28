"""The connections of a client: the opening handshake first, then the session."""

import asyncio
import os
import socket
import ssl
from collections.abc import Iterable
from typing import cast

from bugserver.outbox import Outbox
from bugserver.sharing import SharedState
from bugserver.switches import On, turned_on

from . import acceptance, request, response
from .masking import Masks, counting_over_connections
from .session import ClientSession
from .switches import REGISTRY

HANDSHAKE_TIMEOUT_S = 10.0
FIN_IGNORED_S = 4.0
SMALL_SEND_BUFFER = 65536
PAUSE_S = 0.3
HURRY_S = 0.01
SLOW_S = 0.2
_CLOSE_1002 = b"\x88\x82\0\1\2\3\x03\xeb"


class Fleet:
    """All connections of one client: what is shared by them, by right or by a bug."""

    def __init__(self, switches: Iterable[str] = ()) -> None:
        self.on = turned_on(switches, REGISTRY)
        self.connections: set[Connection] = set()
        self.shared = SharedState()
        self.keys = counting_over_connections()

    async def play(self, url: str) -> None:
        """Connects, sends back what comes, and returns when the connection is over."""
        place = request.place_of(url, self.on)
        tls = None
        if place.secure:
            tls = ssl.create_default_context()
            tls.check_hostname = False
            tls.verify_mode = ssl.CERT_NONE
        names = {"server_hostname": ""} if tls and self.on("begins-tls-without-a-name") else {}
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self, place), place.address, place.port, ssl=tls, **names)
        except OSError:
            return
        await connection.lost

    def drop(self, connections: Iterable["Connection"]) -> None:
        """A bug takes down more connections than the one that was at fault."""
        for connection in list(connections):
            connection.abort()

    def others(self, than: "Connection") -> list["Connection"]:
        """The other connections that are open."""
        return [other for other in self.connections if other is not than and other.is_open]


class Connection(asyncio.Protocol):
    """The asyncio side of one connection. All protocol rules are elsewhere."""

    def __init__(self, fleet: Fleet, place: request.Place) -> None:
        self._fleet = fleet
        self._on: On = fleet.on
        self._place = place
        self._offer = request.offer(place, self._on)
        self._reader = response.ResponseReader(self._on)
        self._session: ClientSession | None = None
        self._given_up = False
        self._waiting = 0
        self._hung = False
        self._last: float | None = None
        self._slow: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.lost = self._loop.create_future()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP (and TLS) is there: the request goes out (4.1)."""
        self._transport = cast(asyncio.Transport, transport)
        tcp = transport.get_extra_info("socket")
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._on("loses-echoes-that-are-not-read"):
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_SEND_BUFFER)
        self._outbox = Outbox(self._transport, self._on)
        self._fleet.connections.add(self)
        self._timer = self._loop.call_later(HANDSHAKE_TIMEOUT_S, self._give_up)
        head = request.head(self._place, self._offer, self._on)
        if self._on("waits-before-request"):
            self._outbox.after(0.2, lambda: self._outbox.write(head))
        else:
            self._ask(head)

    def data_received(self, data: bytes) -> None:
        """Octets have come; once given up, they are dropped."""
        if self._session and self._on("hangs-when-fin-follows-close"):
            self._waiting += 1
            self._loop.call_later(HURRY_S, self._receive_late, data)
        elif self._session:
            self._receive_frames(data)
        elif not self._given_up:
            self._receive_head(data)

    def eof_received(self) -> bool:
        """The server has ended its side: what is due is still written, then ours ends."""
        if self._session and self._on("drops-others-on-fin") and not self._session.close_sent:
            self._disaster("drop-others")
        if self._waiting and self._session and not self._session.close_sent:
            self._hung = True
            self._loop.call_later(FIN_IGNORED_S, self._outbox.reset)
            return self._transport.can_write_eof()
        if self._session:
            self._session.close_late()
        stays = (self._given_up and self._on("keeps-tcp-open-after-refusal")) or (
            not self._session and self._on("hangs-on-lone-lf"))
        if stays or (self._session and self._session.keeps_tcp_open):
            self._loop.call_later(FIN_IGNORED_S, self._outbox.reset)
            return self._transport.can_write_eof()
        self._outbox.close()
        return self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._fleet.connections.discard(self)
        self._fleet.shared.leave(self._session, self._on)
        if isinstance(exc, ConnectionResetError) and self._on("drops-all-connections-on-reset"):
            self._disaster("drop-all")
        for timer in (self._timer, self._slow):
            if timer:
                timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """A server that does not read is not read from."""
        if not self._on("loses-echoes-that-are-not-read"):
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        if not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    # Opening

    @property
    def is_open(self) -> bool:
        """Whether the opening handshake is over."""
        return self._session is not None

    def abort(self) -> None:
        """Drops the connection without a word."""
        self._outbox.reset()

    def _ask(self, head: bytes) -> None:
        if self._on("request-octet-by-octet"):
            for at in range(len(head)):
                self._outbox.write(head[at:at + 1])
        elif self._on("request-in-two-segments"):
            self._outbox.write(head[:40])
            self._outbox.after(0.05, lambda: self._outbox.write(head[40:]))
        else:
            self._outbox.write(head)

    def _receive_head(self, data: bytes) -> None:
        if self._on("sends-after-50-ms-without-101") and not self._reader.has_begun:
            self._outbox.after(0.05, self._lose_patience)
        is_101 = False
        try:
            answer = self._reader.feed(data)
            if answer is not None:
                is_101 = answer.status == 101
                self._open(acceptance.check(answer, self._offer, self._on))
        except response.BadResponse:
            self._refuse(is_101)
        except response.Hang:
            self._given_up = True

    def _open(self, deflate: acceptance.Deflate | None) -> None:
        self._timer.cancel()
        masks = Masks(self._on, secure=self._place.secure, keys_of_all=self._fleet.keys)
        self._session = ClientSession(self._on, self._outbox, deflate, self._disaster, masks)
        self._fleet.shared.join(self._session, self._on)
        self._session.start(close_at_once=False)
        rest = self._reader.rest()
        if self._on("takes-one-frame-behind-answer"):
            rest = rest[:2 + rest[1]] if len(rest) > 1 else rest
        is_data = bool(rest) and rest[0] & 0x0F < 8 and not self._reader.was_cut
        if rest and not (self._on("loses-frames-behind-answer")
                         or (is_data and self._on("loses-messages-behind-answer"))):
            self._receive_frames(rest)
        if self._session.reader.in_frame and self._on("loses-frame-cut-behind-answer"):
            self._session.reader.skip_frame()
        self._session.misses_first = not rest and not self._reader.was_cut

    def _lose_patience(self) -> None:
        if self._session is None and not self._given_up:
            self._outbox.write(request.EARLY_PING)

    def _refuse(self, is_101: bool) -> None:
        """Fails the connection before it is open (7.1.7)."""
        on = self._on
        if is_101 and on("refuses-with-close-frame"):
            self._outbox.write(_CLOSE_1002)
        if on("keeps-tcp-open-after-refusal"):
            self._given_up = True
        elif on("refuses-with-reset"):
            self._given_up = True
            self._outbox.reset()
        elif on("refuses-100-ms-later"):
            self._given_up = True
            self._outbox.after(0.1, self._outbox.finish)
        else:
            self._give_up()

    def _give_up(self) -> None:
        if self._session is None and not self._given_up:
            self._given_up = True
            self._outbox.finish()

    # Open

    def _receive_frames(self, data: bytes) -> None:
        if self._on("loses-what-comes-after-a-pause") and self._pause_ended():
            return
        if self._session:
            self._session.receive(data)
        if self._on("gives-up-slow-messages"):
            self._time_message()

    def _receive_late(self, data: bytes) -> None:
        self._waiting -= 1
        if not self._hung:
            self._receive_frames(data)

    def _pause_ended(self) -> bool:
        """Whether nothing came for a while before now."""
        now = self._loop.time()
        last, self._last = self._last, now
        return last is not None and now - last > PAUSE_S

    def _time_message(self) -> None:
        if self._slow:
            self._slow.cancel()
            self._slow = None
        if self._session and self._session.in_message:
            self._slow = self._loop.call_later(SLOW_S, self._outbox.close)

    def _disaster(self, what: str) -> None:
        """A bug takes down more than its own connection."""
        if what == "exit":
            os._exit(70)
        self._fleet.drop(self._fleet.connections if what == "drop-all"
                         else self._fleet.others(self))
