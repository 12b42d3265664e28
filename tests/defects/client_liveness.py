#!/usr/bin/env python3
"""Which case for clients kills which defect of client.py, and which oddity trips a case.

    python3 tests/defects/client_liveness.py measure [--only SWITCH ...] [--cases GLOB ...]
    python3 tests/defects/client_liveness.py idle [--only SWITCH ...] [--cases GLOB ...]
    python3 tests/defects/client_liveness.py oddities [--only SWITCH ...] [--cases GLOB ...]
    python3 tests/defects/client_liveness.py table

`measure` plays defects against a sample of all cases and against what they are about, or what
--cases names, and adds what they kill to client_kills.json. `idle` does so with the cases that have
killed nothing yet, and all defects that are narrow enough. `oddities` plays every case against
each switch that is no fault, prints what failed, and exits with 1 if anything did.
"""

import argparse
import fnmatch
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterable

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import liveness  # noqa: E402  (the path has to be there first)
import product  # noqa: E402
from arena import CLIENT, JOBS, STRICT, Arena  # noqa: E402
from bugclient import REGISTRY  # noqa: E402

KILLS = pathlib.Path(__file__).with_name("client_kills.json")
# One `wspec serve` keeps the results of 256 agents at most.
AGENTS_IN_AN_ARENA = 200
# How many defects are measured before what was found is written down.
AT_A_TIME = 40
RUN_TIMEOUT_S = 60
OVER_TLS = ("6455/10.6/client-over-tls", "6455/4.1/tls-server-name", "6455/3/client-secure-*",
            "6455/11.1.2/*")
HEAVY = "robustness/limits/*"
# The options of `wspec serve`, the least time limit, and how many are played at a time.
HOW_TO_PLAY: dict[str, tuple[list[str], float, int]] = {
    "light": ([], 0, JOBS),
    "heavy": ([], 5, 6),
    "tls": (["--tls"], 0, JOBS),
}
# What `wspec serve` cannot see, or cannot tell for which case it is: a test of their own starts
# `wspec run-client`, which knows what it told the client to ask for.
SEEN_BY_RUN_CLIENT = {
    "host-in-punycode-without-mapping": "6455/11.1.1/client-converts-host",
    **dict.fromkeys(("asks-without-http-version", "asks-with-word-behind-version",
                     "asks-with-fragment", "asks-with-ws-uri", "asks-with-double-slash",
                     "asks-without-query", "request-with-line-without-colon", "host-without-port",
                     "host-of-proxy"), "6455/4.1/request-well-formed")}
SWITCHES = {name: switch.as_json() for name, switch in REGISTRY.items()}


def of_kind(kind: str) -> list[str]:
    """The names of all switches of a kind."""
    return [name for name, switch in SWITCHES.items() if switch["kind"] == kind]


def matching(names: list[str], globs: list[str]) -> list[str]:
    """Those names that any of the globs fits; all where there is no glob."""
    return [name for name in names if not globs or any(fnmatch.fnmatch(name, g) for g in globs)]


def play_pairs(wspec: pathlib.Path, pairs: list[tuple[str, str]], *, timeout_s: float = 1.0,
               confirms: bool = False, jobs: int = JOBS) -> dict[str, dict[str, dict]]:
    """The results of these (switch, case) by switch and case, at most so many at a time. With
    `confirms`, what did not pass is played twice, and is flaky where the plays differ."""
    found: dict[str, dict[str, dict]] = {}
    names = sorted({switch for switch, _ in pairs})
    for start in range(0, len(names), AGENTS_IN_AN_ARENA):
        some = set(names[start:start + AGENTS_IN_AN_ARENA])
        for kind in HOW_TO_PLAY:
            chosen = [pair for pair in pairs if pair[0] in some and kind_of(pair[1]) == kind]
            played = _play_kind(wspec, kind, chosen, timeout_s, confirms, jobs)
            for name, results in played.items():
                found.setdefault(name, {}).update(results)
    return found


def _play_kind(wspec: pathlib.Path, kind: str, pairs: list[tuple[str, str]], timeout_s: float,
               confirms: bool, most: int) -> dict[str, dict[str, dict]]:
    options, least_s, jobs = HOW_TO_PLAY[kind]
    jobs = min(jobs, most)
    names = {switch for switch, _ in pairs}
    lonely = {name for name in names if SWITCHES.get(name, {}).get("alone")}
    if not pairs:
        return {}
    with Arena(wspec, timeout_s=max(timeout_s, least_s), options=options) as arena:
        # What strikes connections beside it comes behind the others, by itself.
        arena.play([pair for pair in pairs if pair[0] not in lonely], jobs=jobs)
        arena.play([pair for pair in pairs if pair[0] in lonely], jobs=1)
        if confirms:
            arena.confirm(names - lonely, jobs=max(1, jobs // 4))
            arena.confirm(lonely)
        return {name: arena.results(name) for name in names}


def kind_of(case: str) -> str:
    """How a case is played: a key of HOW_TO_PLAY."""
    if any(fnmatch.fnmatch(case, glob) for glob in OVER_TLS):
        return "tls"
    return "heavy" if fnmatch.fnmatch(case, HEAVY) else "light"


def list_cases(wspec: pathlib.Path) -> dict[str, dict]:
    """The cases that are played with a client, as they went with the strict one."""
    with Arena(wspec) as arena:
        pairs = [(STRICT, name) for name in arena.cases]
    return play_pairs(wspec, pairs, timeout_s=5, confirms=True)[STRICT]


def kills_of(switch: str, results: dict[str, dict]) -> set[str]:
    """The cases that found this defect."""
    return liveness.kills_of(SWITCHES[switch], results)


def known_kills(ids: Iterable[str]) -> dict[str, dict]:
    """What client_kills.json says of the defects and cases that still exist, by defect."""
    defects = {name: SWITCHES[name] for name in of_kind("defect")}
    return liveness.known_kills(defects, dict.fromkeys(ids, {}), KILLS)


def measure(wspec: pathlib.Path, only: list[str], globs: list[str]) -> None:
    """Plays the chosen defects against what they are about, or the chosen cases, and adds what they
    kill to client_kills.json."""
    cases = list_cases(wspec)
    sample = liveness.draw_sample(cases, liveness.SAMPLE, seed="share")
    chosen = [name for name in matching(of_kind("defect"), only) if name not in SEEN_BY_RUN_CLIENT]
    for start in range(0, len(chosen), AT_A_TIME):
        part = chosen[start:start + AT_A_TIME]
        defects = known_kills(cases)
        for name, entry in _measure_some(wspec, part, cases, sample, globs).items():
            before = defects.get(name, {"killed_by": []})["killed_by"]
            entry["killed_by"] = sorted({*entry["killed_by"], *before} - entry.pop("spared"))
            defects[name] = entry
            print(f"{name}: {len(entry['killed_by'])} kills, share {entry['share']}",
                  file=sys.stderr, flush=True)
        liveness.save_kills(liveness.condense(defects, cases), KILLS)


def _measure_some(wspec: pathlib.Path, names: list[str], cases: dict[str, dict],
                  sample: list[str], globs: list[str]) -> dict[str, dict]:
    """Their share of a sample first: one that fails a good part of it is not looked into further."""
    found = play_pairs(wspec, [(name, case) for name in names for case in sample])
    entries, pairs = {}, []
    for name in names:
        results = found.get(name, {})
        killed = kills_of(name, results)
        share = round((len(killed) + len(sample) - len(results)) / len(sample), 3)
        entries[name] = {"share": share, "killed_by": killed, "spared": set()}
        if share <= liveness.SHARE_MAX:
            wanted = {*killed, *(matching(list(cases), globs) if globs else related(name, cases))}
            pairs += [(name, case) for case in sorted(wanted)]
    for name, killed in _kills_played_twice(wspec, pairs).items():
        entries[name]["killed_by"] = killed
        entries[name]["spared"] = {case for other, case in pairs if other == name} - killed
    return entries


def _kills_played_twice(wspec: pathlib.Path,
                        pairs: list[tuple[str, str]]) -> dict[str, set[str]]:
    """What each defect is killed by. A busy machine looks like a fault, too, but not twice."""
    found = play_pairs(wspec, pairs)
    again = [(name, case) for name, case in pairs if case in kills_of(name, found.get(name, {}))]
    found = play_pairs(wspec, again, jobs=JOBS // 4)
    return {name: kills_of(name, found.get(name, {})) for name in {name for name, _ in pairs}}


def measure_idle(wspec: pathlib.Path, only: list[str], globs: list[str]) -> None:
    """Plays the cases that have killed nothing yet, or those of --cases among them, against every
    narrow defect, or those of --only."""
    with Arena(wspec) as arena:
        cases = arena.cases
    known = liveness.load_kills(KILLS)
    idle = [name for name in matching(list(cases), globs) if not known["cases"].get(name)]
    narrow = [name for name in matching(of_kind("defect"), only)
              if known["defects"].get(name, {}).get("share", 1) <= liveness.SHARE_MAX]
    killed = _kills_played_twice(wspec, [(name, case) for name in narrow for case in idle])
    defects = known_kills(cases)
    for name in narrow:
        defects[name]["killed_by"] = sorted(killed.get(name, set()).union(
            defects[name]["killed_by"]))
    liveness.save_kills(liveness.condense(defects, cases), KILLS)


def related(name: str, cases: dict[str, dict]) -> list[str]:
    """The cases about what this switch changes."""
    return [case for case in cases if liveness.has_to_do_with(SWITCHES[name], cases[case])]


def play_by_run_client(wspec: pathlib.Path, defect: str, case: str) -> list[dict]:
    """The results of a case with one defect, which `wspec run-client` starts for it."""
    argv = [wspec, "run-client", "--quiet", "--no-confirm", "--timeout", "2", "--cases", case,
            "--json", "-", "--", sys.executable, CLIENT, "--defect", defect, "{url}"]
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True,
                          timeout=RUN_TIMEOUT_S)
    return json.loads(done.stdout)["results"]


def play_oddities(wspec: pathlib.Path, only: list[str], globs: list[str]) -> int:
    """Plays the chosen oddities, and the strict client, against the chosen cases; prints what failed."""
    with Arena(wspec) as arena:
        wanted = matching(list(arena.cases), globs)
    wrong = pairs = 0
    for name in [STRICT, *matching(of_kind("oddity"), only)]:
        results = play_pairs(wspec, [(name, case) for case in wanted], timeout_s=5,
                             confirms=True)[name]
        # A client that sends millions of frames for one case comes too late for those beside it.
        unmet = [(name, case) for case in wanted if case not in results]
        results |= play_pairs(wspec, unmet, timeout_s=5, confirms=True, jobs=1).get(name, {})
        pairs += len(results)
        for case in set(wanted) - set(results):
            wrong += 1
            print(f"{name}: {case}: no result", flush=True)
        for case, result in results.items():
            if result["verdict"] in ("fail", "error"):
                wrong += 1
                print(f"{name}: {case}: {product.complaint(result)}", flush=True)
        print(f"{name}: {len(results)} cases", file=sys.stderr, flush=True)
    print(f"{pairs} pairs, {wrong} wrong verdicts")
    return 1 if wrong else 0


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["measure", "idle", "oddities", "table"])
    parser.add_argument("--wspec", type=pathlib.Path, default=liveness.default_wspec())
    parser.add_argument("--only", action="append", default=[], help="a switch, or a glob; repeatable")
    parser.add_argument("--cases", action="append", default=[], help="a case, or a glob; repeatable")
    arguments = parser.parse_args()
    if arguments.command == "measure":
        measure(arguments.wspec, arguments.only, arguments.cases)
    if arguments.command == "idle":
        measure_idle(arguments.wspec, arguments.only, arguments.cases)
    if arguments.command == "oddities":
        sys.exit(play_oddities(arguments.wspec, arguments.only, arguments.cases))
    liveness.print_table(liveness.load_kills(KILLS), SEEN_BY_RUN_CLIENT)


if __name__ == "__main__":
    main()
