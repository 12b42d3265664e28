"""A WebSocket client that sends every message back, by the websockets library of PyPI. It offers
the subprotocols that are named behind the URL and not empty."""

import asyncio
import ssl
import sys

import websockets


async def main(url, *protocols):
    offered = [protocol for protocol in protocols if protocol]
    trust_all = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust_all.check_hostname = False
    trust_all.verify_mode = ssl.CERT_NONE
    secure = {"ssl": trust_all} if url.startswith("wss:") else {}
    async with websockets.connect(url, max_size=None, subprotocols=offered or None,
                                  **secure) as connection:
        async for message in connection:
            await connection.send(message)


asyncio.run(main(*sys.argv[1:]))
