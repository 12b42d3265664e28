"""Reads URLs, one a line; sends each message back, prints the URL when the connection is over."""

import asyncio
import sys
import urllib.parse

import websockets


async def echo(url):
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    protocols = asked.get("subprotocol")
    try:
        async with websockets.connect(url, max_size=None, subprotocols=protocols) as connection:
            async for message in connection:
                await connection.send(message)
    except (OSError, websockets.WebSocketException):
        pass
    print(url, flush=True)


async def main():
    async with asyncio.TaskGroup() as connections:
        while line := await asyncio.to_thread(sys.stdin.readline):
            connections.create_task(echo(line.strip()))


asyncio.run(main())
