"""A TCP proxy of many connections, for tests that look at what passes, or hold it back."""

import socket
import threading


class Proxy:
    """Passes what comes at its own port on to another of this machine, and back."""

    TIMEOUT_S = 60
    PIECE = 16384  # octets at most that are passed on at a time

    def __init__(self, to_port):
        self.to_port = to_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = self._start(self._accept)

    def opened(self):
        """A connection begins; what is returned comes back with all that passes on it."""

    def passing(self, flow, is_answer, octets):
        """These octets are about to be passed on."""
        raise NotImplementedError

    def close(self):
        """No more connections are taken; those that are open end by themselves."""
        # Behind a close alone, accept may go on with a descriptor that is another's by then.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(timeout=self.TIMEOUT_S)
        self.listener.close()

    @staticmethod
    def _start(target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        return thread

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to_port))
            flow = self.opened()
            self._start(self._pump, client, server, flow, False)
            self._start(self._pump, server, client, flow, True)

    def _pump(self, source, sink, flow, is_answer):
        try:
            while octets := source.recv(self.PIECE):
                self.passing(flow, is_answer, octets)
                sink.sendall(octets)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
