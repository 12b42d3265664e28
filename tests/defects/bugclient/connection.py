"""The connections of a client: the opening handshake first, then the session."""

import asyncio
import os
import socket
import ssl
from collections.abc import Iterable
from typing import cast

from bugserver.outbox import Outbox
from bugserver.sharing import SharedState
from bugserver.switches import turned_on

from . import request, response
from .masking import Masks
from .session import ClientSession
from .switches import REGISTRY

HANDSHAKE_TIMEOUT_S = 10.0
FIN_IGNORED_S = 4.0


class Fleet:
    """All connections of one client: what is shared by them, by right or by a bug."""

    def __init__(self, switches: Iterable[str] = ()) -> None:
        self.on = turned_on(switches, REGISTRY)
        self.connections: set[Connection] = set()
        self.shared = SharedState()

    async def play(self, url: str) -> None:
        """Connects, sends back what comes, and returns when the connection is over."""
        place = request.place_of(url)
        tls = None
        if place.secure:
            tls = ssl.create_default_context()
            tls.check_hostname = False
            tls.verify_mode = ssl.CERT_NONE
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self, place), place.host, place.port, ssl=tls)
        except OSError:
            return
        await connection.lost


class Connection(asyncio.Protocol):
    """The asyncio side of one connection. All protocol rules are elsewhere."""

    def __init__(self, fleet: Fleet, place: request.Place) -> None:
        self._fleet = fleet
        self._on = fleet.on
        self._place = place
        self._offer = request.Offer(request.new_key())
        self._reader = response.ResponseReader(self._on)
        self._session: ClientSession | None = None
        self._given_up = False
        self.lost = asyncio.get_running_loop().create_future()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP (and TLS) is there: the request goes out (4.1)."""
        self._transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._outbox = Outbox(self._transport, self._on)
        self._fleet.connections.add(self)
        self._timer = asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT_S, self._give_up)
        self._outbox.write(request.head(self._place, self._offer, self._on))

    def data_received(self, data: bytes) -> None:
        """Octets have come; once given up, they are dropped."""
        if self._session:
            self._session.receive(data)
        elif not self._given_up:
            self._receive_head(data)

    def eof_received(self) -> bool:
        """The server has ended its side: what is due is still written, then ours ends."""
        if self._session and self._session.keeps_tcp_open:
            asyncio.get_running_loop().call_later(FIN_IGNORED_S, self._outbox.reset)
            return self._transport.can_write_eof()
        self._outbox.close()
        return self._transport.can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._fleet.connections.discard(self)
        self._fleet.shared.leave(self._session, self._on)
        self._timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        """A server that does not read is not read from."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        if not self._transport.is_closing() and not self._transport.is_reading():
            self._transport.resume_reading()

    # Opening and ending

    @property
    def is_open(self) -> bool:
        """Whether the opening handshake is over."""
        return self._session is not None

    def abort(self) -> None:
        """Drops the connection without a word."""
        self._outbox.reset()

    def _receive_head(self, data: bytes) -> None:
        try:
            answer = self._reader.feed(data)
            if answer is None:
                return
            deflate = response.check(answer, self._offer, self._on)
        except response.BadResponse:
            self._give_up()
            return
        self._timer.cancel()
        self._session = ClientSession(self._on, self._outbox, deflate, self._disaster,
                                      Masks(self._on))
        self._fleet.shared.join(self._session, self._on)
        self._session.start(close_at_once=False)
        rest = self._reader.rest()
        if rest:
            self._session.receive(rest)

    def _give_up(self) -> None:
        """Fails the connection before it is open (7.1.7)."""
        if self._session is None and not self._given_up:
            self._given_up = True
            self._outbox.finish()

    def _disaster(self, what: str) -> None:
        """A bug takes down more than its own connection."""
        if what == "exit":
            os._exit(70)
        for connection in list(self._fleet.connections):
            if what == "drop-all" or (connection is not self and connection.is_open):
                connection.abort()
