"""Plays cases for clients with the client made of bugs, thousands of them in one `wspec serve`.

    with Arena(wspec) as arena:
        arena.play([("accepts-wrong-accept", case) for case in arena.cases.values()])
        results = arena.results("accepts-wrong-accept")

An agent is a switch, or `strict` for none. Each play is one line for client.py; what wspec saw is its
result, so that a client which ends late, or never, is given up and says nothing by that.
"""

import json
import pathlib
import queue
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator

CLIENT = pathlib.Path(__file__).with_name("client.py")
STRICT = "strict"
JOBS = 96
CONNECTION_LIMIT_S = 60
ANSWER_LIMIT_S = 100


class Arena:
    """A server and a client beside each other, each a process."""

    def __init__(self, wspec: pathlib.Path, *, timeout_s: float = 1.0,
                 options: Iterable[str] = ()) -> None:
        argv = [str(wspec), "serve", "--port", "0", "--quiet", "--timeout", str(timeout_s), *options]
        self._server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self._client = subprocess.Popen([sys.executable, str(CLIENT)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, encoding="utf-8")
        self._ended: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        found = re.fullmatch(r"listening on (wss?)://(\S+)/\n", self._server.stdout.readline())
        if not found:
            raise RuntimeError("wspec serve does not listen")
        # TLS begins with the name of the host, and an address is none.
        self._scheme, self._address = found[1], found[2].replace("127.0.0.1", "localhost")
        self.cases: dict[str, dict] = {case["id"]: case for case in self._get("/cases")["cases"]}

    def __enter__(self) -> "Arena":
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._client, self._server):
            process.terminate()
        for process in (self._client, self._server):
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        self._client.stdin.close()

    def play(self, plays: Iterable[tuple[str, str]], *, jobs: int = JOBS) -> None:
        """Plays each (agent, case id): those that want no other beside them behind the others."""
        together, alone = [], []
        for agent, name in plays:
            (alone if self.cases[name]["alone"] else together).append((agent, name))
        self._play(iter(together), jobs)
        self._play(iter(alone), 1)

    def confirm(self, agents: Iterable[str], *, jobs: int = 1) -> None:
        """Plays once more what did not pass, so that a busy machine is told from a fault."""
        again = []
        for agent in agents:
            query = urllib.parse.urlencode({"unconfirmed": agent, "wait": 1})
            again += [(agent, case["id"]) for case in self._get(f"/cases?{query}")["cases"]]
        self._play(iter(again), jobs, query="&confirm=1")

    def results(self, agent: str) -> dict[str, dict]:
        """The results of an agent by case id, once all of its cases are over. One whose requests
        cannot be read has none: no case is known to be theirs."""
        try:
            report = self._get(f"/results/{urllib.parse.quote(agent)}?wait=1")
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return {}
        return {result["id"]: result for result in report["results"]}

    def _get(self, path: str) -> dict:
        return json.loads(self._request(path))

    def _request(self, path: str, data: bytes | None = None) -> bytes:
        scheme = "https" if self._scheme == "wss" else "http"
        # The certificate was made for this run by the process that we have just started.
        tls = ssl._create_unverified_context() if scheme == "https" else None
        with urllib.request.urlopen(f"{scheme}://{self._address}{path}", data=data,
                                    timeout=ANSWER_LIMIT_S, context=tls) as answer:
            return answer.read()

    def _read(self) -> None:
        for line in self._client.stdout:
            self._ended.put(line.strip())
        self._ended.put(None)

    def _line(self, agent: str, name: str, query: str) -> str:
        case = self.cases[name]
        asked = f"{urllib.parse.quote(agent)}{query}"
        if subprotocol := case.get("subprotocol"):
            asked += f"&subprotocol={subprotocol}"
        path = urllib.parse.quote(name)
        url = case.get("url", f"{self._scheme}://{self._address}/case/{path}?agent={{agent}}")
        url = url.replace("{agent}", asked)
        return url if agent == STRICT else f"{url} {agent}"

    def _end_of(self, agent: str, name: str, query: str) -> str | None:
        """What tells the server that a URL was tried which the client may have rejected."""
        path = f"/tried/{urllib.parse.quote(name)}?agent={urllib.parse.quote(agent)}{query}"
        return path if "url" in self.cases[name] else None

    def _play(self, plays: Iterator[tuple[str, str]], jobs: int, query: str = "") -> None:
        # line: connections that are not over, when it is given up, what to say to the server then
        under_way: dict[str, list] = {}
        while True:
            while len(under_way) < jobs and (play := next(plays, None)):
                line = self._line(*play, query)
                n = self.cases[play[1]]["connections"]
                deadline = time.monotonic() + CONNECTION_LIMIT_S
                under_way[line] = [n, deadline, self._end_of(*play, query)]
                self._client.stdin.write(f"{line}\n" * n)
            self._client.stdin.flush()
            if not under_way:
                return
            self._await_end(under_way)

    def _await_end(self, under_way: dict[str, list]) -> None:
        deadline = min(deadline for _, deadline, _ in under_way.values())
        try:
            line = self._ended.get(timeout=max(0.001, deadline - time.monotonic()))
        except queue.Empty:
            line = ""
        if line is None:
            raise RuntimeError(f"the client ended with {self._client.wait()}")
        if line in under_way:
            under_way[line][0] -= 1
        for old in [old for old, (left, deadline, _) in under_way.items()
                    if left == 0 or deadline <= time.monotonic()]:
            _, _, end = under_way.pop(old)
            if end:
                self._request(end, data=b"")
