"""Reads URLs, one a line; sends each message back, prints the URL when the connection is over."""

import asyncio
import sys
import urllib.parse

import aiohttp


async def echo(url):
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    protocols = asked.get("subprotocol", ())
    try:
        async with (aiohttp.ClientSession() as session,
                    session.ws_connect(url, max_msg_size=0, compress=15,
                                       protocols=protocols) as socket):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await socket.send_str(message.data)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    await socket.send_bytes(message.data)
    except (OSError, aiohttp.ClientError):
        pass
    print(url, flush=True)


async def main():
    async with asyncio.TaskGroup() as connections:
        while line := await asyncio.to_thread(sys.stdin.readline):
            connections.create_task(echo(line.strip()))


asyncio.run(main())
