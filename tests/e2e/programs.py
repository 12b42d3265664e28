"""Processes of the end-to-end tests, which never outlive them, and what they were built with."""

import os
import queue
import subprocess
import threading

import pytest

TIMEOUT_S = 30


class Program:
    """A process whose output is read line by line, with a bound on every wait."""

    def __init__(self, argv, env=None):
        self.process = subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=os.environ | (env or {}))
        self._lines = queue.Queue()
        self.stderr = ""
        self._readers = [threading.Thread(target=self._read_stdout),
                         threading.Thread(target=self._read_stderr)]
        for reader in self._readers:
            reader.start()

    def _read_stdout(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def _read_stderr(self):
        self.stderr = self.process.stderr.read()

    def next_line(self):
        """The next line of standard output; fails when the output ends instead."""
        line = self._lines.get(timeout=TIMEOUT_S)
        if line is None:
            self.wait()
            pytest.fail(f"{self.process.args} ended early: {self.stderr}")
        return line

    def rest(self):
        """The lines up to the end of standard output."""
        return list(iter(lambda: self._lines.get(timeout=TIMEOUT_S), None))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """The exit code."""
        code = self.process.wait(timeout=TIMEOUT_S)
        for reader in self._readers:
            reader.join(timeout=TIMEOUT_S)
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def is_sanitized(path):
    return b"__asan_init" in path.read_bytes()
