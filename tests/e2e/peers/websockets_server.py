"""An echo server of PyPI websockets that sends "push 1" unasked. Arguments: none for ws;
CERTIFICATE KEY for wss. Prints its port."""

import asyncio
import ssl
import sys

from websockets.asyncio.server import serve


async def echo(connection):
    await connection.send("push 1")
    async for message in connection:
        await connection.send(message)


async def main(files):
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    async with serve(echo, "127.0.0.1", 0, ssl=context, max_size=1 << 24) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main(sys.argv[1:]))
