"""The client's end of an open connection: it masks, and leaves it to the server to close TCP."""

from collections.abc import Callable

from bugserver import sending
from bugserver.frames import OutFrame
from bugserver.negotiation import Deflate, Role
from bugserver.outbox import Outbox
from bugserver.session import Session
from bugserver.switches import On

from .masking import Masks

SERVER_CLOSES_S = 5.0


class ClientSession(Session):
    """The other role of bugserver's session."""

    role: Role = "client"

    def __init__(self, on: On, outbox: Outbox, deflate: Deflate | None,
                 disaster: Callable[[str], None], masks: Masks) -> None:
        super().__init__(on, outbox, deflate, disaster)
        self._masks = masks

    def _encode(self, frames: list[OutFrame]) -> bytes:
        return b"".join(self._masks.masked(frame)
                        for frame in sending.edit_frames(frames, self._on))

    def _close_tcp(self) -> None:
        """The server is the one to close TCP; the client waits a while for it (7.1.1)."""
        if self._on("closes-tcp-first"):
            self._end()
        else:
            self.outbox.after(SERVER_CLOSES_S, self._end)
