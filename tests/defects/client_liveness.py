#!/usr/bin/env python3
"""Which case for clients kills which defect of client.py, and which oddity trips a case.

    python3 tests/defects/client_liveness.py measure [--only SWITCH ...] [--cases GLOB ...]
    python3 tests/defects/client_liveness.py oddities [--only SWITCH ...] [--cases GLOB ...]
    python3 tests/defects/client_liveness.py table

`measure` plays defects against cases, all against all unless told otherwise, and writes what they
kill to client_kills.json; what was known of other pairs stays. What moves megabytes is played only
where --cases names it, and against defects that are about it. `oddities` plays every case against
each switch that is no fault, prints what failed, and exits with 1 if anything did.
"""

import argparse
import fnmatch
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import liveness  # noqa: E402  (the path has to be there first)
import product  # noqa: E402
from arena import JOBS, STRICT, Arena  # noqa: E402
from bugclient import REGISTRY  # noqa: E402

KILLS = pathlib.Path(__file__).with_name("client_kills.json")
HEAVY = "robustness/limits/*"
# Beyond these many agents wspec serve would keep too many results.
AGENTS_IN_AN_ARENA = 40
# These are a case each that wants another server: wss.
OVER_TLS = ("6455/10.6/client-over-tls",)
SWITCHES = {name: switch.as_json() for name, switch in REGISTRY.items()}


def of_kind(kind: str) -> list[str]:
    """The names of all switches of a kind."""
    return [name for name, switch in SWITCHES.items() if switch["kind"] == kind]


def matching(names: list[str], globs: list[str]) -> list[str]:
    """Those names that any of the globs fits; all where there is no glob."""
    return [name for name in names if not globs or any(fnmatch.fnmatch(name, g) for g in globs)]


def play_pairs(wspec: pathlib.Path, pairs: list[tuple[str, str]],
               timeout_s: float = 1.0) -> dict[str, dict[str, dict]]:
    """The results of these (switch, case) by switch and case; those over TLS in a run of their own."""
    found: dict[str, dict[str, dict]] = {}
    for over_tls in (False, True):
        chosen = [pair for pair in pairs if (pair[1] in OVER_TLS) == over_tls]
        if not chosen:
            continue
        with Arena(wspec, timeout_s=timeout_s, options=["--tls"] if over_tls else []) as arena:
            for jobs, part in _by_jobs(chosen):
                arena.play(part, jobs=jobs)
            for switch in {switch for switch, _ in chosen}:
                found.setdefault(switch, {}).update(arena.results(switch))
    return found


def _by_jobs(pairs: list[tuple[str, str]]) -> list[tuple[int, list[tuple[str, str]]]]:
    """What may be played together, and then what strikes connections beside it."""
    lonely = [pair for pair in pairs if SWITCHES.get(pair[0], {}).get("alone")]
    together = [pair for pair in pairs if pair not in set(lonely)]
    return [(JOBS, together), (1, lonely)]


def list_cases(wspec: pathlib.Path) -> dict[str, dict]:
    """The cases that are played with a client, as `wspec serve` lists them."""
    with Arena(wspec) as arena:
        return arena.cases


def kills_of(switch: str, results: dict[str, dict]) -> set[str]:
    """The cases that found this defect."""
    return liveness.kills_of(SWITCHES[switch], results)


def known_kills(ids: set[str]) -> dict[str, dict]:
    """What client_kills.json says of the defects and cases that still exist, by defect."""
    known = liveness.load_kills(KILLS)
    defects = {name: {"share": entry["share"],
                      "killed_by": [case for case in entry["killed_by"] if case in ids]}
               for name, entry in known["defects"].items() if name in SWITCHES}
    for case, killers in known["cases"].items():
        for name in killers:
            if case in ids and name in defects and case not in defects[name]["killed_by"]:
                defects[name]["killed_by"].append(case)
    return defects


def measure(wspec: pathlib.Path, only: list[str], globs: list[str]) -> None:
    """Plays the chosen defects against the chosen cases and adds what came of it."""
    cases = list_cases(wspec)
    light = [name for name in cases if not fnmatch.fnmatch(name, HEAVY)]
    sample = liveness.draw_sample(cases, liveness.SAMPLE, seed="share")
    chosen = matching(of_kind("defect"), only)
    wanted = matching(list(cases), globs) if globs else light
    defects = known_kills(set(cases))
    for start in range(0, len(chosen), AGENTS_IN_AN_ARENA):
        part = chosen[start:start + AGENTS_IN_AN_ARENA]
        shares = _shares(wspec, part, sample)
        narrow = [name for name in part if shares[name][0] <= liveness.SHARE_MAX]
        found = play_pairs(wspec, [(name, case) for name in narrow for case in wanted])
        for name in part:
            share, killed = shares[name]
            results = found.get(name, {})
            killed = (killed | kills_of(name, results)) if results else killed
            if len(results) > len(light) / 2:
                share = round(len(kills_of(name, results)) / len(results), 4)
            before = set(defects.get(name, {"killed_by": []})["killed_by"])
            defects[name] = {"share": share, "killed_by": sorted(
                killed | (before - set(results) - set(sample)))}
            print(f"{name}: {len(killed)} kills, share {share}", file=sys.stderr, flush=True)
        liveness.save_kills(liveness.condense(defects, cases), KILLS)


def _shares(wspec: pathlib.Path, names: list[str],
            sample: list[str]) -> dict[str, tuple[float, set[str]]]:
    """How much of a sample each defect fails, and what of it."""
    found = play_pairs(wspec, [(name, case) for name in names for case in sample])
    shares = {}
    for name in names:
        killed = kills_of(name, found.get(name, {}))
        missing = len(sample) - len(found.get(name, {}))
        shares[name] = round((len(killed) + missing) / len(sample), 3), killed
    return shares


def play_oddities(wspec: pathlib.Path, only: list[str], globs: list[str]) -> int:
    """Plays the chosen oddities, and the strict client, against the chosen cases; prints what failed."""
    wanted = matching(list(list_cases(wspec)), globs)
    wrong = pairs = 0
    for name in [STRICT, *matching(of_kind("oddity"), only)]:
        results = play_confirmed(wspec, name, wanted)
        pairs += len(results)
        for case, result in results.items():
            if result["verdict"] in ("fail", "error"):
                wrong += 1
                print(f"{name}: {case}: {product.complaint(result)}", flush=True)
        print(f"{name}: {len(results)} cases", file=sys.stderr, flush=True)
    print(f"{pairs} pairs, {wrong} wrong verdicts")
    return 1 if wrong else 0


def play_confirmed(wspec: pathlib.Path, switch: str, wanted: list[str]) -> dict[str, dict]:
    """The results of one switch, played with patience and again where they were not a pass."""
    results: dict[str, dict] = {}
    for over_tls in (False, True):
        chosen = [(switch, case) for case in wanted if (case in OVER_TLS) == over_tls]
        if chosen:
            with Arena(wspec, timeout_s=5, options=["--tls"] if over_tls else []) as arena:
                arena.play(chosen)
                arena.confirm(switch)
                results |= arena.results(switch)
    return results


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["measure", "oddities", "table"])
    parser.add_argument("--wspec", type=pathlib.Path, default=liveness.default_wspec())
    parser.add_argument("--only", action="append", default=[], help="a switch, or a glob; repeatable")
    parser.add_argument("--cases", action="append", default=[], help="a case, or a glob; repeatable")
    arguments = parser.parse_args()
    if arguments.command == "measure":
        measure(arguments.wspec, arguments.only, arguments.cases)
    if arguments.command == "oddities":
        sys.exit(play_oddities(arguments.wspec, arguments.only, arguments.cases))
    liveness.print_table(liveness.load_kills(KILLS))


if __name__ == "__main__":
    main()
