#!/usr/bin/env python3
"""Measures how long the fuzzer takes to find each of the planted bugs, with and without the mutator.

bugs.json has the bugs, each one change of harness/proto that compiles. The parser is copied anew for
every run, so that the copy can not grow old; a change that no longer applies is an error. The harness
is conn_server as `fuzz.py build` builds it, and starts from a single connection that is right, the same
for both ways. Seconds are of the processor, so that others on the machine do not count.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import planting

sys.path.insert(0, str(planting.ROOT / "fuzz"))
import building  # noqa: E402  (the path has to be there first)
import campaign  # noqa: E402
import harnesses  # noqa: E402

PROGRAM = "fuzz_conn_server"
MUTATOR = "mutator/mutator.c"
SEED = (b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        b"\x81\x85\x01\x02\x03\x04Igohn\x88\x82\0\0\0\0\x03\xe8" + bytes(6))
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None


def hunt(program, cap, seed):
    """Whether a fault was found, within `cap` seconds of the processor; those, and libFuzzer's figures."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        corpus, log = pathlib.Path(folder) / "corpus", pathlib.Path(folder) / "log"
        corpus.mkdir()
        (corpus / "seed").write_bytes(SEED)
        with open(log, "wb") as file:
            process = subprocess.Popen(
                [program, f"-seed={seed}", *harnesses.options_of("conn_server"), "-print_final_stats=1",
                 f"-artifact_prefix={folder}/", corpus], stdout=file, stderr=file)
            status, seconds = campaign.await_end(process, cap)
        return status != 0, seconds, campaign.parse_log(log.read_text(errors="replace"))


def hunts(program, arguments):
    """A cell of the table: the median over the seeds, and how often the bug was not found."""
    done = [hunt(program, arguments.cap, seed) for seed in arguments.seeds]
    found = [(seconds, figures["executions"]) for is_found, seconds, figures in done if is_found]
    missed = len(done) - len(found)
    if 2 * missed >= len(done):
        return missed, "not found" if missed == len(done) else f"not found {missed} times of {len(done)}"
    seconds, executions = (statistics.median(values) for values in zip(*found))
    return missed, f"{seconds:.1f} s, {executions:,.0f}" + (f" (not found {missed} of {len(done)})" if missed else "")


def show_coverage(programs, arguments):
    """What the parser without a bug is seen to do in the same time."""
    print("\n| without a bug, one seed | edges | features | executions |\n|---|---|---|---|")
    for name, program in programs.items():
        for seconds in (5, arguments.cap):
            is_found, _, figures = hunt(program, seconds, arguments.seeds[0])
            if is_found:
                sys.exit("planted: there is a bug without one being planted")
            print(f"| {name}, {seconds} s | {figures['edges']} | {figures['features']} | {figures['executions']:,} |",
                  flush=True)


def ways(build, bug, where, arguments):
    """The programs with and without mutator; the second only where it is asked for."""
    programs = {"with mutator": where / "with"}
    planting.link_with(build, bug, PROGRAM, where / "with")
    if not arguments.only_mutator:
        programs["octets alone"] = where / "without"
        planting.link_with(build, bug, PROGRAM, where / "without", leave_out=MUTATOR)
    return programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="bugs; default: all, and the coverage without one")
    parser.add_argument("--cap", type=int, default=60, help="processor seconds for each hunt")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="of libFuzzer; medians if several")
    parser.add_argument("--only-mutator", action="store_true", help="leave out the runs without it")
    arguments = parser.parse_args()
    bugs = json.loads((pathlib.Path(__file__).parent / "bugs.json").read_text())
    unknown = set(arguments.names) - {bug["name"] for bug in bugs}
    if unknown:
        sys.exit(f"planted: there is no bug {' '.join(sorted(unknown))}")
    building.build("libfuzzer", [PROGRAM])
    build = planting.Build(building.build_dir("libfuzzer"))
    n_missed = 0
    with tempfile.TemporaryDirectory() as folder:
        where = pathlib.Path(folder)
        print("| bug | with mutator | octets alone | what |\n|---|---|---|---|", flush=True)
        for bug in bugs:
            if arguments.names and bug["name"] not in arguments.names:
                continue
            cells = [hunts(program, arguments) for program in ways(build, bug, where, arguments).values()]
            n_missed += cells[0][0] > 0
            print(f"| {bug['name']} | {cells[0][1]} | {cells[1][1] if len(cells) > 1 else '-'} | {bug['what']} |",
                  flush=True)
        if not arguments.names:
            show_coverage(ways(build, None, where, arguments), arguments)
    print(f"\n{n_missed} not always found with the mutator")
    return 1 if n_missed else 0


if __name__ == "__main__":
    sys.exit(main())
