"""A WebSocket server made of bugs: strict by default, wrong or odd one switch at a time.

It shares nothing with harness/, so that the two cannot share a mistake. See ../README.md.
"""

from .hosting import Host, serve
from .switches import REGISTRY, Kind, Switch, UnknownSwitch

__all__ = ["Host", "serve", "REGISTRY", "Kind", "Switch", "UnknownSwitch"]
