"""What some servers share among connections, or hand from one to the next, and must not."""

import codecs

from .frames import FrameReader
from .messages import Assembler
from .session import Session
from .switches import On


class SharedState:
    """State that belongs to one connection and, by a bug, is that of a whole listener."""

    def __init__(self) -> None:
        self._assembler: Assembler | None = None
        self._reader: FrameReader | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._newest: Session | None = None

    def join(self, session: Session, on: On) -> None:
        """A connection is open: gives it what the bugs that are on make it share."""
        if on("shares-fragments-among-connections") or on("keeps-message-for-next-connection"):
            session.assembler = self._assembler or session.assembler
            self._assembler = session.assembler
        if on("shares-frame-reader-among-connections") or on("keeps-octets-for-next-connection"):
            session.reader = self._reader or session.reader
            self._reader = session.reader
        if on("shares-utf8-state-among-connections"):
            session.assembler.decoder = self._decoder
        if on("writes-to-newest-connection"):
            self._newest = session
            session.outbox_in_use = lambda: self._newest.outbox
        if on("keeps-message-for-next-connection"):
            self._assembler = None
        if on("keeps-octets-for-next-connection"):
            self._reader = None

    def leave(self, session: Session | None, on: On) -> None:
        """A connection is gone: what it left behind is forgotten, or kept for the next."""
        if session is None:
            return
        if session.in_message:
            self._decoder.reset()
        cut = not session.close_sent and session.in_message
        if on("keeps-message-for-next-connection") and cut and session.assembler.owner is session:
            self._assembler = session.assembler
        elif self._assembler and self._assembler.owner is session:
            self._assembler.abandon()
        if on("keeps-octets-for-next-connection") and cut and session.reader.owner is session:
            self._reader = session.reader
        elif self._reader and self._reader.owner is session:
            self._reader.skip_frame()
