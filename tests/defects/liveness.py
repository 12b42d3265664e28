#!/usr/bin/env python3
"""Which case kills which defect, and which oddity trips a case.

A case that no defect makes fail proves nothing, and a defect that no case finds is a hole in the
suite; a fail on a server that is odd but right is the worst of all. `measure` plays the whole suite
against each switch and writes kills.json; `table` prints it. The test test_liveness.py holds the
suite to that file by playing each case against one defect that it is said to kill.

    python3 tests/defects/liveness.py measure [--idle] [--wspec FILE] [--only SWITCH ...]
    python3 tests/defects/liveness.py add [--only SWITCH ...] [--cases GLOB ...]
    python3 tests/defects/liveness.py product [--only SWITCH ...] [--cases GLOB ...] [--results FILE]
    python3 tests/defects/liveness.py oddities [--only SWITCH ...] [--cases GLOB ...] [--results FILE]
    python3 tests/defects/liveness.py table

`add` plays these defects against these cases and adds what they kill to kills.json. `product` plays
every case, so that the share is counted and not guessed. `oddities` does so with the switches that
are no fault, prints what failed, and exits with 1 if anything did. Both keep what they have played in
a file, and go on from there when they are called again.
"""

import argparse
import contextlib
import fnmatch
import json
import os
import pathlib
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import product  # noqa: E402  (the path has to be there first)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVER = pathlib.Path(__file__).with_name("server.py")
KILLS = pathlib.Path(__file__).with_name("kills.json")

# A defect that fails more of the suite than this proves nothing about any one case.
SHARE_MAX = 0.1
# How many defects kills.json keeps for a case: one is played in the test, the rest is for readers.
KEPT_FOR_A_CASE = 3
# Cases drawn to find out how much of the suite a defect fails.
SAMPLE = 120
JOBS = 8
CASES_IN_A_RUN = 60
PROBES = 3
RUN_TIMEOUT_S = 300
# A product that left out no more than the cases that move megabytes tells the share.
PLAYED_MIN = 0.95
# Shown by a test of their own: they need TLS.
NEEDS_ANOTHER_SERVER = {"answers-in-clear-on-tls-port"}
# With these not even the handshake before a run succeeds: `wspec run` itself says so and ends.
ENDS_THE_RUN = {"answers-200-instead-of-101", "ping-before-101"}


def default_wspec() -> pathlib.Path:
    """The program under test, in its quick build where there is one: verdicts are what counts here."""
    build = os.environ.get("WSPEC_PLAIN_BIN") or os.environ.get("WSPEC_BIN")
    return pathlib.Path(build or ROOT / "build/dev/wspec")


def load_kills(file: pathlib.Path = KILLS) -> dict:
    """kills.json; empty tables where it is not there yet."""
    return json.loads(file.read_text()) if file.is_file() else {"cases": {}, "defects": {}}


def save_kills(kills: dict, file: pathlib.Path = KILLS) -> None:
    """Writes kills.json, a line for each case and each defect, so that branches merge."""
    tables = []
    for name, table in kills.items():
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(entry)}"
                           for key, entry in sorted(table.items()))
        tables.append(f" {json.dumps(name)}: {{\n{lines}\n }}")
    file.write_text("{\n" + ",\n".join(tables) + "\n}\n")


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
    argv = [wspec, "run", f"ws://127.0.0.1:{port}/", "--quiet", "--no-confirm",
            "--timeout", "1", "--jobs", str(JOBS),
            "--subprotocol", "chat", "--origin", f"http://127.0.0.1:{port}", "--json", "-", *arguments]
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True,
                          timeout=RUN_TIMEOUT_S)
    if done.returncode == 3 and not done.stdout:
        return {}  # not even a plain opening handshake gets through
    if done.returncode not in (0, 1, 3):  # 3: some defects are the death of the server
        raise RuntimeError(f"{argv}: exit {done.returncode}: {done.stderr}")
    return {result["id"]: result for result in json.loads(done.stdout)["results"]}


def run_cases(wspec: pathlib.Path, port: int, ids: list[str],
              jobs: int = JOBS) -> dict[str, dict]:
    """The results of just these cases."""
    results = {}
    for start in range(0, len(ids), CASES_IN_A_RUN):
        results |= _run_some(wspec, port, ids[start:start + CASES_IN_A_RUN], jobs)
    return results


def _run_some(wspec: pathlib.Path, port: int, ids: list[str], jobs: int) -> dict[str, dict]:
    """The results of cases that one run takes. The probe is a connection like any other: what the run
    before left behind, or a machine that stood still for a second, may have struck just it."""
    for _ in range(PROBES):
        results = run(wspec, port, "--oracle", "echo", "--jobs", str(jobs),
                      *[word for name in ids for word in ("--cases", name)])
        if results:
            return results
    return {}


def is_killed(switch: dict, result: dict) -> bool:
    """Whether a case found this defect; one of a SHOULD is found by a warn."""
    found = {"fail"} | ({"warn"} if switch["verdict"] == "warn" else set())
    return result["verdict"] in found


def jobs_for(switch: dict) -> int:
    """How many cases may be played at a time against this switch."""
    return 1 if switch["alone"] else JOBS


def sections_of(switch: dict) -> set[tuple[str, str]]:
    """The (rfc, section) pairs of what a switch violates."""
    return {tuple(name.split("-")[:2]) for name in switch["requirements"] if name.count("-") == 2}


def has_to_do_with(switch: dict, case: dict) -> bool:
    """Whether a case is about what a defect breaks: the same requirement, or the same section."""
    return (not set(case["requirements"]).isdisjoint(switch["requirements"])
            or (case["spec"].removeprefix("rfc"), case["section"]) in sections_of(switch))


def draw_sample(cases: dict[str, dict], size: int, seed: str) -> list[str]:
    """Some cases of all kinds, always the same for a seed; not those that move megabytes."""
    light = sorted(name for name, case in cases.items() if "limits" not in case["tags"])
    return random.Random(seed).sample(light, min(size, len(light)))


def kills_of(switch: dict, results: dict[str, dict]) -> set[str]:
    """The cases that found this defect."""
    return {name for name, result in results.items() if is_killed(switch, result)}


def measure_one(wspec: pathlib.Path, switch: dict, port: int, cases: dict[str, dict]) -> dict:
    """What kills one defect. One that fails a good part of a sample is not looked into further."""
    sample = draw_sample(cases, SAMPLE, seed="share")
    results = run_cases(wspec, port, sample, jobs_for(switch))
    killed = kills_of(switch, results)
    share = (len(killed) + len(sample) - len(results)) / len(sample)
    if share <= SHARE_MAX:
        related = sorted(case for case in cases if case not in sample
                         and has_to_do_with(switch, cases[case]))
        killed |= kills_of(switch, run_cases(wspec, port, related, jobs_for(switch)))
    return {"share": round(share, 3), "killed_by": sorted(killed)}


def measure(wspec: pathlib.Path, only: list[str]) -> tuple[dict, dict]:
    """What each defect is killed by, and the share of the suite that it fails, by a sample."""
    by_name = {switch["name"]: switch for switch in switches()}
    cases = list_cases(wspec)
    defects: dict[str, dict] = {}
    with serving_each("defect") as ports:
        ports = {name: port for name, port in ports.items() if not only or name in only}
        for count, (name, port) in enumerate(sorted(ports.items())):
            defects[name] = measure_one(wspec, by_name[name], port, cases)
            print(f"{count + 1}/{len(ports)} {name}: {len(defects[name]['killed_by'])} kills, "
                  f"share {defects[name]['share']}", file=sys.stderr, flush=True)
        if not only:
            play_the_idle(wspec, ports, by_name, cases, defects)
    return defects, cases


def play_the_idle(wspec: pathlib.Path, ports: dict[str, int], by_name: dict[str, dict],
                  cases: dict[str, dict], defects: dict[str, dict]) -> None:
    """Plays the cases that have killed nothing yet against every defect that may count."""
    for name, entry in sorted(defects.items()):
        lively = {case for other in defects.values() if other["share"] <= SHARE_MAX
                  for case in other["killed_by"]}
        idle = sorted(set(cases) - lively)
        if not idle:
            return
        if entry["share"] <= SHARE_MAX:
            killed = kills_of(by_name[name], run_cases(wspec, ports[name], idle,
                                                       jobs_for(by_name[name])))
            entry["killed_by"] = sorted(set(entry["killed_by"]) | killed)
            print(f"{name}: {len(killed)} of {len(idle)} idle cases", file=sys.stderr, flush=True)


def add(wspec: pathlib.Path, only: list[str], globs: list[str]) -> tuple[dict, dict]:
    """Plays some defects against some cases, beside the sample that tells their share."""
    by_name = {switch["name"]: switch for switch in switches() if switch["kind"] == "defect"}
    chosen = [name for name in by_name if any(fnmatch.fnmatch(name, glob) for glob in only)]
    cases = list_cases(wspec)
    wanted = [name for name in cases if any(fnmatch.fnmatch(name, glob) for glob in globs)]
    sample = draw_sample(cases, SAMPLE, seed="share")
    defects = known_kills(by_name, cases)
    for count, name in enumerate(chosen):
        with serving("--defect", name) as ports:
            results = run_cases(wspec, ports["strict"], sorted({*sample, *wanted}),
                                jobs_for(by_name[name]))
        killed = kills_of(by_name[name], results)
        in_sample = len(killed.intersection(sample)) + len(set(sample) - set(results))
        before = defects.get(name, {"killed_by": []})["killed_by"]
        defects[name] = {"share": round(in_sample / len(sample), 3),
                         "killed_by": sorted(killed.union(set(before) - set(results)))}
        print(f"{count + 1}/{len(chosen)} {name}: {len(killed)} kills, "
              f"share {defects[name]['share']}", file=sys.stderr, flush=True)
    return defects, cases


def play_product(kind: str, plan: product.Plan, only: list[str]) -> dict[str, dict]:
    """What product.py says of the chosen switches of a kind."""
    chosen = [switch for switch in switches() if switch["kind"] == kind
              and switch["name"] not in NEEDS_ANOTHER_SERVER
              and any(fnmatch.fnmatch(switch["name"], glob) for glob in only or ["*"])]
    return product.play_all(plan, chosen)


def merge(lines: dict[str, dict], cases: dict[str, dict]) -> dict[str, dict]:
    """The kills of kills.json with those of a product: its whole truth, if every case was played."""
    by_name = {switch["name"]: switch for switch in switches() if switch["kind"] == "defect"}
    defects = known_kills(by_name, cases)
    for name, line in lines.items():
        found = {*line["fail"], *(line["warn"] if by_name[name]["verdict"] == "warn" else ())}
        known = defects.get(name, {"share": 0.0, "killed_by": []})
        if line["played"] >= PLAYED_MIN * len(cases):
            known = {"share": round(len(line["fail"]) / line["played"], 3), "killed_by": [
                case for case in known["killed_by"] if "limits" in cases[case]["tags"]]}
        elif not line["played"]:
            known = {"share": 1.0, "killed_by": known["killed_by"] or sorted(cases)[:1]}
        defects[name] = known | {"killed_by": sorted(
            found.intersection(cases).union(known["killed_by"]))}
    return defects


def print_oddities(lines: dict[str, dict]) -> bool:
    """What failed on a server that is odd but right; whether anything did."""
    wrong = {name: line["fail"] | line["error"] for name, line in lines.items()
             if line["fail"] or line["error"]}
    for name, found in wrong.items():
        for case, said in found.items():
            print(f"{name}: {case}: {said}")
    pairs = sum(line["played"] for line in lines.values())
    print(f"{len(lines)} oddities, {pairs} pairs, "
          f"{sum(len(found) for found in wrong.values())} wrong verdicts")
    return bool(wrong)


def known_kills(by_name: dict[str, dict], cases: dict[str, dict],
                file: pathlib.Path = KILLS) -> dict[str, dict]:
    """What kills.json says of the defects and cases that still exist, by defect."""
    known = load_kills(file)
    defects = {name: {"share": entry["share"],
                      "killed_by": [case for case in entry["killed_by"] if case in cases]}
               for name, entry in known["defects"].items() if name in by_name}
    for case, killers in known["cases"].items():
        for name in killers:
            if case in cases and name in defects and case not in defects[name]["killed_by"]:
                defects[name]["killed_by"].append(case)
    return defects


def condense(defects: dict[str, dict], ids: Iterable[str]) -> dict:
    """What kills.json holds: for each case the defects that single it out best."""
    useful = {name: entry for name, entry in defects.items() if entry["share"] <= SHARE_MAX}
    narrow_first = sorted(useful, key=lambda name: (
        len(useful[name]["killed_by"]), name))
    cases = {case: [name for name in narrow_first if case in useful[name]["killed_by"]]
             [:KEPT_FOR_A_CASE] for case in sorted(ids)}
    return {"cases": cases,
            "defects": {name: {"share": entry["share"], "killed_by": entry["killed_by"][:3]}
                        for name, entry in sorted(defects.items())}}


def list_cases(wspec: pathlib.Path) -> dict[str, dict]:
    """The cases that are played against a server, by id, as a run reports them."""
    with serving() as ports:
        # With patience: here a slow machine must not look like a wrong server.
        played = run(wspec, ports["strict"], "--transcripts", "all", "--timeout", "10",
                     "--jobs", "8")
    return {name: result for name, result in played.items() if result["verdict"] != "skip"}


def measure_idle(wspec: pathlib.Path) -> tuple[dict, dict]:
    """Keeps what kills.json says of cases that still exist, and plays the others."""
    by_name = {switch["name"]: switch for switch in switches()}
    cases = list_cases(wspec)
    defects = known_kills(by_name, cases)
    with serving_each("defect") as ports:
        for name in sorted(ports):
            if name not in defects:
                defects[name] = measure_one(wspec, by_name[name], ports[name], cases)
                print(f"{name}: {len(defects[name]['killed_by'])} kills", file=sys.stderr)
        save_kills(condense(defects, cases))
        play_the_idle(wspec, ports, by_name, cases, defects)
    return defects, cases


def print_table(kills: dict, elsewhere: Iterable[str] = ()) -> None:
    """The table both ways, and what is missing from it; `elsewhere` is shown by other tests."""
    for case, killers in kills["cases"].items():
        print(f"{case}: {', '.join(killers) or 'NO DEFECT KILLS IT'}")
    alive = [name for name, entry in kills["defects"].items()
             if not entry["killed_by"] and name not in elsewhere]
    broad = [name for name, entry in kills["defects"].items() if entry["share"] > SHARE_MAX]
    idle = [case for case, killers in kills["cases"].items() if not killers]
    print(f"\n{len(kills['cases'])} cases, {len(idle)} that kill no defect; "
          f"{len(kills['defects'])} defects, {len(alive)} alive, "
          f"{len(broad)} too broad to count")
    if elsewhere:
        print(f"not found by a case, but before the first or by a test of its own: "
              f"{', '.join(sorted(elsewhere))}")
    for name in alive:
        print(f"alive: {name}")


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["measure", "add", "product", "oddities", "table"])
    parser.add_argument("--wspec", type=pathlib.Path, default=default_wspec())
    parser.add_argument("--idle", action="store_true",
                        help="play only what is new: cases and defects that kills.json lacks")
    parser.add_argument("--only", action="append", default=[],
                        help="this switch, not for measure a glob; repeatable")
    parser.add_argument("--cases", action="append", default=[],
                        help="not for measure: the cases to play, a glob; repeatable")
    parser.add_argument("--results", type=pathlib.Path,
                        help="of product and oddities: what was played (build/liveness/*.jsonl)")
    arguments = parser.parse_args()
    if arguments.command == "measure":
        if arguments.idle:
            defects, cases = measure_idle(arguments.wspec)
        else:
            defects, cases = measure(arguments.wspec, arguments.only)
        if arguments.only:
            print(json.dumps(defects, indent=1))
            return
        kills = condense(defects, cases)
        save_kills(kills)
    if arguments.command == "add":
        save_kills(condense(*add(arguments.wspec, arguments.only, arguments.cases)))
    if arguments.command in ("product", "oddities"):
        kind = "defect" if arguments.command == "product" else "oddity"
        lines = play_product(kind, product.Plan(
            wspec=arguments.wspec, timeout_s=1 if kind == "defect" else 5,
            results=arguments.results or ROOT / f"build/liveness/{kind}.jsonl",
            globs=tuple(arguments.cases)), arguments.only)
        if kind == "oddity":
            sys.exit(print_oddities(lines))
        cases = list_cases(arguments.wspec)
        save_kills(condense(merge(lines, cases), cases))
    print_table(json.loads(KILLS.read_text()), NEEDS_ANOTHER_SERVER | ENDS_THE_RUN)


if __name__ == "__main__":
    main()
