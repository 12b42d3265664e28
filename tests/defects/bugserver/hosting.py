"""Listening sockets: many servers, each with its own switches, in one process and one thread."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterable, Sequence

from .connection import Connection
from .opening import SUBPROTOCOLS
from .sharing import SharedState
from .switches import turned_on

ONLY_IN_A_PROCESS_OF_ITS_OWN = frozenset({"crash-on-trigger", "crash-on-unmasked-frame"})


class Listener:
    """One server: a listening socket on 127.0.0.1 and the connections that it accepted."""

    def __init__(self, switches: Iterable[str], *, port: int = 0,
                 tls: ssl.SSLContext | None = None,
                 subprotocols: Sequence[str] = SUBPROTOCOLS) -> None:
        self._on = turned_on(switches)
        self._tls = tls
        self._subprotocols = subprotocols
        self.connections: set[Connection] = set()
        self.broken = 0
        self.drops_next = False
        self._count = 0
        self.keys: set[str] = set()
        self.shared = SharedState()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=512)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()

    def count_connection(self) -> int:
        """The number of one more connection."""
        self._count += 1
        return self._count

    def start(self) -> None:
        """Begins to accept; to be called on the event loop."""
        self._spawn(self._accept())

    async def stop(self) -> None:
        """Says goodbye with 1001 on every connection and stops to accept."""
        for task in self._tasks:
            task.cancel()
        self._socket.close()
        farewells = [connection.lost for connection in self.connections]
        for connection in list(self.connections):
            connection.go_away()
        if farewells:
            await asyncio.wait(farewells, timeout=3.0)
        for connection in list(self.connections):
            connection.abort()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(self._socket)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, self._on, self._subprotocols)
            serving = self._serve(accepted, connection)
            if self._on("one-connection-at-a-time"):
                await serving
            else:
                self._spawn(serving)
            if self._on("reads-one-request-at-a-time"):
                await connection.head_read

    async def _serve(self, accepted: socket.socket, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        tls = self._tls
        if tls and self._on("answers-in-clear-on-tls-port") and await _is_in_clear(accepted):
            tls = None
        try:
            await loop.connect_accepted_socket(lambda: connection, accepted, ssl=tls)
        except (OSError, ssl.SSLError):
            return
        await connection.lost

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _is_in_clear(accepted: socket.socket) -> bool:
    """Whether the client's first octet is not the beginning of a TLS handshake."""
    loop = asyncio.get_running_loop()
    readable = loop.create_future()
    accepted.setblocking(False)
    loop.add_reader(accepted, lambda: readable.done() or readable.set_result(None))
    await readable
    loop.remove_reader(accepted)
    return accepted.recv(1, socket.MSG_PEEK) != b"\x16"


class Host:
    """Runs listeners in a thread of its own, so that a test can start one for each switch."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._listeners: list[Listener] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def serve(self, switches: Iterable[str] = (), *, tls: ssl.SSLContext | None = None,
              subprotocols: Sequence[str] = SUBPROTOCOLS) -> int:
        """Starts a server with these switches on 127.0.0.1; its port."""
        names = list(switches)
        unsafe = ONLY_IN_A_PROCESS_OF_ITS_OWN.intersection(names)
        if unsafe:
            raise ValueError(f"would exit this process, use server.py: {', '.join(sorted(unsafe))}")
        listener = Listener(names, tls=tls, subprotocols=subprotocols)
        self._listeners.append(listener)
        self._loop.call_soon_threadsafe(listener.start)
        return listener.port

    def stop(self) -> None:
        """Stops all of its servers."""
        asyncio.run_coroutine_threadsafe(self._stop_all(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop_all(self) -> None:
        await asyncio.gather(*(listener.stop() for listener in self._listeners))

    def __enter__(self) -> "Host":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_default_host: Host | None = None


def serve(switches: Iterable[str] = ()) -> int:
    """Starts a server with these switches on a host that lives as long as the process; its port."""
    global _default_host
    if _default_host is None:
        _default_host = Host()
    return _default_host.serve(switches)
