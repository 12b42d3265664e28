#!/usr/bin/env python3
"""Which case kills which defect, and which oddity trips a case.

A case that no defect makes fail proves nothing, and a defect that no case finds is a hole in the
suite; a fail on a server that is odd but right is the worst of all. `measure` plays the whole suite
against each switch and writes kills.json; `table` prints it. The test test_liveness.py holds the
suite to that file by playing each case against one defect that it is said to kill.

    python3 tests/defects/liveness.py measure [--wspec FILE] [--only SWITCH ...]
    python3 tests/defects/liveness.py table
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER = pathlib.Path(__file__).with_name("server.py")
KILLS = pathlib.Path(__file__).with_name("kills.json")

# A defect that fails more of the suite than this proves nothing about any one case.
SHARE_MAX = 0.1
# How many defects kills.json keeps for a case: one is played in the test, the rest is for readers.
KEPT_FOR_A_CASE = 3
CASES_IN_A_RUN = 60
RUN_TIMEOUT_S = 300


def default_wspec() -> pathlib.Path:
    """The program under test, as the other tests find it."""
    return pathlib.Path(os.environ.get("WSPEC_BIN", ROOT / "build/dev/wspec"))


def switches() -> list[dict]:
    """Every switch of the server, as it declares itself."""
    text = subprocess.run([sys.executable, SERVER, "--list", "--json"], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(text)


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[dict[str, int]]:
    """The ports of the servers that these arguments start, by switch; 'strict' for the plain one."""
    process = subprocess.Popen([sys.executable, SERVER, *arguments], stdout=subprocess.PIPE,
                               text=True)
    try:
        ports = {}
        for line in process.stdout:
            if found := re.fullmatch(r"listening on (\d+)\n", line):
                ports.setdefault("strict", int(found[1]))
                break
            name, port = line.split()
            ports[name] = int(port)
        yield ports
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def serving_each(kind: str) -> Iterator[dict[str, int]]:
    """One server for each switch of a kind."""
    with serving("--each", kind) as ports:
        ports.pop("strict", None)
        yield ports


def run(wspec: pathlib.Path, port: int, *arguments: str) -> dict[str, dict]:
    """The results of a run by case id."""
    argv = [wspec, "run", f"ws://127.0.0.1:{port}/", "--quiet", "--no-confirm", "--timeout", "2",
            "--subprotocol", "chat", "--json", "-", *arguments]
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True,
                          timeout=RUN_TIMEOUT_S)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{argv}: exit {done.returncode}: {done.stderr}")
    return {result["id"]: result for result in json.loads(done.stdout)["results"]}


def run_cases(wspec: pathlib.Path, port: int, ids: list[str]) -> dict[str, dict]:
    """The results of just these cases."""
    results = {}
    for start in range(0, len(ids), CASES_IN_A_RUN):
        chosen = ids[start:start + CASES_IN_A_RUN]
        results |= run(wspec, port, *[word for name in chosen for word in ("--cases", name)])
    return results


def is_killed(switch: dict, result: dict) -> bool:
    """Whether a case found this defect; one of a SHOULD is found by a warn."""
    found = {"fail"} | ({"warn"} if switch["verdict"] == "warn" else set())
    return result["verdict"] in found


def complaint(result: dict) -> str:
    """What a result holds against the target, in a line."""
    said = [f"{f['requirement']}: {f['message']}" for f in result["findings"]]
    return "; ".join(said) or result.get("skip_reason") or result["verdict"]


def measure(wspec: pathlib.Path, only: list[str]) -> dict:
    """Plays the whole suite against every defect."""
    by_name = {switch["name"]: switch for switch in switches()}
    defects: dict[str, dict] = {}
    with serving_each("defect") as ports:
        for name, port in sorted(ports.items()):
            if only and name not in only:
                continue
            try:
                results = run(wspec, port)
            except (RuntimeError, subprocess.TimeoutExpired) as problem:
                print(f"{name}: {problem}", file=sys.stderr)
                continue
            killed_by = sorted(i for i, r in results.items() if is_killed(by_name[name], r))
            defects[name] = {"share": round(len(killed_by) / len(results), 4),
                             "killed_by": killed_by}
            print(f"{name}: {len(killed_by)} of {len(results)}", file=sys.stderr, flush=True)
    return defects


def condense(defects: dict[str, dict], ids: list[str]) -> dict:
    """What kills.json holds: for each case the defects that single it out best."""
    useful = {name: entry for name, entry in defects.items() if entry["share"] <= SHARE_MAX}
    narrow_first = sorted(useful, key=lambda name: (len(useful[name]["killed_by"]), name))
    cases = {case: [name for name in narrow_first if case in useful[name]["killed_by"]]
             [:KEPT_FOR_A_CASE] for case in sorted(ids)}
    return {"cases": cases,
            "defects": {name: {"share": entry["share"], "killed_by": entry["killed_by"][:3]}
                        for name, entry in sorted(defects.items())}}


def list_cases(wspec: pathlib.Path) -> list[str]:
    """The ids of the cases that a run against a server plays."""
    with serving() as ports:
        return sorted(i for i, r in run(wspec, ports["strict"]).items() if r["verdict"] != "skip")


def print_table(kills: dict) -> None:
    """The table both ways, and what is missing from it."""
    for case, killers in kills["cases"].items():
        print(f"{case}: {', '.join(killers) or 'NO DEFECT KILLS IT'}")
    alive = [name for name, entry in kills["defects"].items() if not entry["killed_by"]]
    broad = [name for name, entry in kills["defects"].items() if entry["share"] > SHARE_MAX]
    idle = [case for case, killers in kills["cases"].items() if not killers]
    print(f"\n{len(kills['cases'])} cases, {len(idle)} that kill no defect; "
          f"{len(kills['defects'])} defects, {len(alive)} alive, "
          f"{len(broad)} too broad to count")
    for name in alive:
        print(f"alive: {name}")


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["measure", "table"])
    parser.add_argument("--wspec", type=pathlib.Path, default=default_wspec())
    parser.add_argument("--only", action="append", default=[], help="this defect; repeatable")
    arguments = parser.parse_args()
    if arguments.command == "measure":
        defects = measure(arguments.wspec, arguments.only)
        if arguments.only:
            print(json.dumps(defects, indent=1))
            return
        kills = condense(defects, list_cases(arguments.wspec))
        KILLS.write_text(json.dumps(kills, indent=1) + "\n")
    print_table(json.loads(KILLS.read_text()))


if __name__ == "__main__":
    main()
