"""Echoes each message; selects the subprotocol `chat` when it is offered."""

import asyncio
import sys

from websockets.asyncio.server import serve


async def echo(connection):
    async for message in connection:
        await connection.send(message)


def select_subprotocol(_connection, offered):
    return "chat" if "chat" in offered else None


async def main(port):
    async with serve(echo, "127.0.0.1", port, max_size=16 * 1024 * 1024,
                     select_subprotocol=select_subprotocol) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
