"""Reads URLs, one a line; sends each message back, prints the URL when the connection is over."""

import sys
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import websocket

CONNECTIONS_MAX = 64
CLOSE_LIMIT_S = 2


def echo(url):
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    try:
        connection = websocket.create_connection(url, subprotocols=asked.get("subprotocol"))
        try:
            opcode, data = connection.recv_data()
            while opcode != websocket.ABNF.OPCODE_CLOSE:
                connection.send(data, opcode)
                opcode, data = connection.recv_data()
            # The library has answered the close frame; the server closes TCP.
            connection.sock.settimeout(CLOSE_LIMIT_S)
            while connection.sock.recv(65536):
                pass
        finally:
            connection.shutdown()
    except (OSError, ValueError, websocket.WebSocketException):
        pass
    sys.stdout.write(url + "\n")  # print writes the newline apart from it
    sys.stdout.flush()


with ThreadPoolExecutor(CONNECTIONS_MAX) as connections:
    for line in sys.stdin:
        connections.submit(echo, line.strip())
