"""The whole product of switches and cases, played bit by bit and never lost.

One line of JSON for each switch, appended as soon as its run is over: a second call goes on where the
first was ended. What did not pass is played once more with few connections beside it, so that a
slow machine does not look like a wrong server.
"""

import contextlib
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER = pathlib.Path(__file__).with_name("server.py")
RUN_TIMEOUT_S = 1800
CASES_IN_A_RUN = 200
# More wrong results than this are no accident of a slow machine.
TWICE_MAX = 400
# Verdicts of a result that say something against the target or against the suite.
WRONG = ("fail", "error")


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a product is played: the options of `wspec run` and which cases."""

    wspec: pathlib.Path
    results: pathlib.Path
    timeout_s: float = 5
    jobs: int = 32
    globs: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@contextlib.contextmanager
def serving(kind: str, name: str) -> Iterator[int]:
    """The port of a server of its own with this switch on."""
    process = subprocess.Popen([sys.executable, SERVER, f"--{kind}", name],
                               stdout=subprocess.PIPE, text=True)
    try:
        found = re.fullmatch(r"listening on (\d+)\n", process.stdout.readline())
        if not found:
            raise RuntimeError(f"server.py --{kind} {name} does not listen")
        yield int(found[1])
    finally:
        process.kill()
        process.wait()


def play(plan: Plan, port: int, *options: str) -> list[dict]:
    """The results of one run; empty where not even the opening handshake gets through."""
    argv = [plan.wspec, "run", f"ws://127.0.0.1:{port}/", "--quiet", "--no-confirm", "--oracle",
            "echo", "--subprotocol", "chat", "--timeout", plan.timeout_s, "--json", "-",
            *plan.options, *options]
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True,
                          timeout=RUN_TIMEOUT_S)
    if not done.stdout:
        return []
    return json.loads(done.stdout)["results"]


def complaint(result: dict) -> str:
    """What a result holds against the target, in a line."""
    said = [f"{f['requirement']}: {f['message']}" for f in result["findings"]]
    return "; ".join(said) or result.get("skip_reason") or result["verdict"]


def play_switch(plan: Plan, switch: dict) -> dict:
    """The line of one switch: how many cases were played, and those that did not pass."""
    began = time.monotonic()
    chosen = [word for glob in plan.globs for word in ("--cases", glob)]
    chosen += [word for glob in plan.excluded for word in ("--exclude", glob)]
    with serving(switch["kind"], switch["name"]) as port:
        jobs = 1 if switch["alone"] else plan.jobs
        results = {r["id"]: r for r in play(plan, port, "--jobs", str(jobs), *chosen)}
        again = sorted(name for name, r in results.items() if r["verdict"] in WRONG)
        if len(again) > TWICE_MAX:
            again = []
        while again:
            part, again = again[:CASES_IN_A_RUN], again[CASES_IN_A_RUN:]
            named = [word for name in part for word in ("--cases", name)]
            results |= {r["id"]: r
                        for r in play(plan, port, "--jobs", str(min(jobs, 4)), *named)}
    line = {"switch": switch["name"], "played": len(results),
            "seconds": round(time.monotonic() - began, 1)}
    for verdict in ("fail", "error", "warn", "skip"):
        line[verdict] = {name: complaint(r)[:300] for name, r in sorted(results.items())
                         if r["verdict"] == verdict}
    return line


def done_in(results: pathlib.Path) -> dict[str, dict]:
    """The lines that are there already, by switch."""
    if not results.is_file():
        return {}
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    return {line["switch"]: line for line in lines}


def play_all(plan: Plan, switches: list[dict]) -> dict[str, dict]:
    """Plays what is missing in the file of results; the lines of all these switches."""
    plan.results.parent.mkdir(parents=True, exist_ok=True)
    lines = done_in(plan.results)
    for number, switch in enumerate(switches):
        if switch["name"] in lines:
            continue
        line = lines[switch["name"]] = play_switch(plan, switch)
        with plan.results.open("a") as out:
            out.write(json.dumps(line) + "\n")
        print(f"{number + 1}/{len(switches)} {line['switch']}: {line['played']} cases, "
              f"{len(line['fail'])} fail, {len(line['error'])} error, {line['seconds']} s",
              file=sys.stderr, flush=True)
    names = {switch["name"] for switch in switches}
    return {name: line for name, line in lines.items() if name in names}
