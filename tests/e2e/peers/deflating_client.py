"""An echo client with permessage-deflate that may do one thing wrong: deflating_client.py HOW URL.

It is PyPI's websockets; HOW says what becomes of the parameters that the server answers with."""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.extensions.permessage_deflate import (ClientPerMessageDeflateFactory,
                                                      PerMessageDeflate)


def strict(extension):
    return extension


def keeps_its_window(extension):
    return changed(extension, local_no_context_takeover=False)


def ignores_its_window_bits(extension):
    return changed(extension, local_max_window_bits=15)


def forgets_the_window(extension):
    return changed(extension, remote_no_context_takeover=True)


def inflates_with_9_bits(extension):
    return changed(extension, remote_max_window_bits=9)


def changed(extension, **parameters):
    names = ("remote_no_context_takeover", "local_no_context_takeover", "remote_max_window_bits",
             "local_max_window_bits")
    return PerMessageDeflate(**{name: getattr(extension, name) for name in names} | parameters)


NO_WINDOW_OFFERED = "_without_window_offer"


class Factory(ClientPerMessageDeflateFactory):
    """HOW may end in _without_window_offer."""

    def __init__(self, how):
        super().__init__(client_max_window_bits=None if how.endswith(NO_WINDOW_OFFERED) else True)
        self.how = how.removesuffix(NO_WINDOW_OFFERED)

    def get_request_params(self):
        if self.how == "offers_08":
            return [("server_max_window_bits", "08")]
        return super().get_request_params()

    def process_response_params(self, params, accepted_extensions):
        if self.how == "takes_any_answer":
            return PerMessageDeflate(False, False, 15, 15)
        if self.how == "takes_any_window":
            bits = dict(params).get("client_max_window_bits")
            return PerMessageDeflate(False, False, 15, int(bits) if bits else 15)
        return globals()[self.how](super().process_response_params(params, accepted_extensions))


async def main(how, url):
    try:
        extensions = None if how in ("offers_none", "reads_none") else [Factory(how)]
        if how in ("reads_none", "reads_no_answer"):
            ClientProtocol.process_extensions = lambda self, headers: []
        async with connect(url, extensions=extensions, compression=None, max_size=None,
                           proxy=None, ping_interval=None) as socket:
            async for message in socket:
                await socket.send(message)
    except (ConnectionClosed, InvalidHandshake):
        pass


asyncio.run(main(*sys.argv[1:]))
