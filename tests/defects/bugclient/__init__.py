"""A WebSocket client made of bugs: strict by default, wrong or odd one switch at a time.

What both ends of a connection do alike, frames, messages, UTF-8, DEFLATE and closing, is that of
bugserver. See ../README.md.
"""

from .connection import Fleet
from .switches import REGISTRY

__all__ = ["Fleet", "REGISTRY"]
