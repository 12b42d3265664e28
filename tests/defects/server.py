#!/usr/bin/env python3
"""A WebSocket echo server made of bugs: strict by default, wrong or odd by switch.

Prints `listening on PORT` and serves on 127.0.0.1 until SIGTERM. With --each KIND it starts one
server for each switch of that kind and prints `NAME PORT` lines, then `listening on 0`.
"""

import argparse
import asyncio
import signal
import ssl
import sys

from bugserver.hosting import ONLY_IN_A_PROCESS_OF_ITS_OWN, Listener
from bugserver.switches import REGISTRY, Kind, UnknownSwitch, listing


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: the system chooses")
    for kind in Kind:
        parser.add_argument(f"--{kind.value}", action="append", default=[], metavar="NAME",
                            help=f"turns a switch of this kind on; repeatable")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="serve wss")
    parser.add_argument("--each", choices=[kind.value for kind in Kind],
                        help="one server for each switch of this kind")
    parser.add_argument("--list", action="store_true", help="print every switch and exit")
    parser.add_argument("--json", action="store_true", help="with --list: as JSON")
    return parser.parse_args()


def chosen_switches(arguments: argparse.Namespace) -> list[str]:
    """The names given on the command line; exits when a name is of another kind."""
    names: list[str] = []
    for kind in Kind:
        for name in getattr(arguments, kind.value):
            if name in REGISTRY and REGISTRY[name].kind is not kind:
                sys.exit(f"server.py: {name} is of kind {REGISTRY[name].kind.value}")
            names.append(name)
    return names


def make_listeners(arguments: argparse.Namespace) -> list[Listener]:
    """The one server that was asked for, or one for each switch of a kind."""
    tls = None
    if arguments.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*arguments.tls)
    if not arguments.each:
        return [Listener(chosen_switches(arguments), port=arguments.port, tls=tls)]
    listeners = []
    for switch in REGISTRY.values():
        if switch.kind.value == arguments.each and switch.name not in ONLY_IN_A_PROCESS_OF_ITS_OWN:
            listeners.append(Listener([switch.name], tls=tls))
            print(switch.name, listeners[-1].port)
    return listeners


async def serve_until_terminated(arguments: argparse.Namespace) -> None:
    """Serves until SIGTERM or SIGINT, then says goodbye with 1001."""
    terminated = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, terminated.set)
    listeners = make_listeners(arguments)
    for listener in listeners:
        listener.start()
    print(f"listening on {0 if arguments.each else listeners[0].port}", flush=True)
    await terminated.wait()
    await asyncio.gather(*(listener.stop() for listener in listeners))


def main() -> None:
    """Runs the command."""
    arguments = parse_arguments()
    if arguments.list:
        print(listing(REGISTRY.values(), arguments.json))
        return
    try:
        asyncio.run(serve_until_terminated(arguments))
    except (UnknownSwitch, OSError) as problem:
        sys.exit(f"server.py: {problem}")


if __name__ == "__main__":
    main()
