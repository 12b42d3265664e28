#!/usr/bin/env python3
"""A WebSocket client made of bugs, which sends back what it gets: strict by default.

    python3 tests/defects/client.py [--defect NAME] [--oddity NAME] URL    # one connection
    python3 tests/defects/client.py                                        # many, by lines
    python3 tests/defects/client.py --list [--json]

Without a URL it reads lines from its standard input until that ends: a URL, and behind it the
switches to turn on, separated by blanks. Each line is a connection, all at the same time; it is
printed again when its connection is over.
"""

import argparse
import asyncio
import contextlib
import sys

from bugclient import REGISTRY, Fleet
from bugserver.switches import UnknownSwitch, listing

LINE_MAX = 4096


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", nargs="?")
    for kind in ("defect", "oddity"):
        parser.add_argument(f"--{kind}", action="append", default=[], metavar="NAME",
                            help="turns a switch on; repeatable")
    parser.add_argument("--list", action="store_true", help="print every switch and exit")
    parser.add_argument("--json", action="store_true", help="with --list: as JSON")
    return parser.parse_args()


async def play_line(fleets: dict[tuple[str, ...], Fleet], line: str) -> None:
    """One connection of the client with these switches."""
    url, *switches = line.split()
    names = tuple(switches)
    if names not in fleets:
        fleets[names] = Fleet(names)
    with contextlib.suppress(ValueError):  # a URL that it rejects
        await fleets[names].play(url)
    print(line, flush=True)


async def play_lines() -> None:
    """A connection for each line, until the input ends and all are over."""
    reader = asyncio.StreamReader(LINE_MAX)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    fleets: dict[tuple[str, ...], Fleet] = {}
    async with asyncio.TaskGroup() as group:
        while line := (await reader.readline()).decode().strip():
            group.create_task(play_line(fleets, line))


def main() -> None:
    """Runs the command."""
    arguments = parse_arguments()
    sys.stdout.reconfigure(encoding="utf-8")
    if arguments.list:
        print(listing(REGISTRY.values(), arguments.json))
        return
    try:
        if arguments.url:
            asyncio.run(Fleet([*arguments.defect, *arguments.oddity]).play(arguments.url))
        else:
            asyncio.run(play_lines())
    except (UnknownSwitch, ValueError) as problem:
        sys.exit(f"client.py: {problem}")


if __name__ == "__main__":
    main()
