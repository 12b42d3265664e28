#!/usr/bin/env python3
"""Sees each oracle of each harness fail: plants faults, one at a time, and replays the seeds.

    fuzz/planted/oracles.py BUILD [HARNESS...]     BUILD: a folder with the replay programs, as build/dev
    fuzz/planted/oracles.py BUILD [HARNESS...] --hunt build/fuzz

oracles.json has for each harness what it asserts and the fault that shows it: one change of harness/ that
compiles. The replay of corpus/ and regress/ with that fault has to end with a check of the harness that has
`trips` in its condition. It prints the table of README.md, and fails where a fault was not seen.

With --hunt, what the seeds do not show is looked for by the fuzzer, with the fault in the build that is
named: the input that it finds goes to regress/, by the name of the fault.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import planting

sys.path.insert(0, str(planting.ROOT / "fuzz"))
import harnesses  # noqa: E402  (the path has to be there first)

FUZZ = planting.ROOT / "fuzz"
TIMEOUT_S = 120
SCRATCH = "/dev/shm" if os.path.isdir("/dev/shm") else None


def condition_of(program, harness):
    """The condition that did not hold when the seeds were replayed; None if all held."""
    done = subprocess.run([program, *harnesses.seeds(harness)], capture_output=True, check=False, timeout=TIMEOUT_S)
    if done.returncode == 0:
        return None
    said = re.findall(r"this does not hold: (.*)", done.stderr.decode(errors="replace"))
    return said[-1] if said else f"ended with {done.returncode}"


def show(build, fault, where):
    """Returns whether the fault was seen as it is to be, and prints its row."""
    program = where / "replay"
    planting.link_with(build, fault, f"replay_{fault['harness']}", program)
    condition = condition_of(program, fault["harness"])
    is_seen = condition is not None and fault["trips"] in condition
    print(f"| {fault['harness']} | {fault['oracle']} | {fault['name']} |" +
          ("" if is_seen else f" NOT SEEN: {condition or 'all checks hold'}"), flush=True)
    return is_seen


def hunt(build, fuzz_build, fault, where, seconds):
    """Lets the fuzzer look for an input that shows the fault, and keeps it; returns whether it did."""
    harness, program = fault["harness"], where / "fuzz"
    planting.link_with(fuzz_build, fault, f"fuzz_{harness}", program)
    folders = [where / "new", *harnesses.seeds(harness)]
    shutil.rmtree(folders[0], ignore_errors=True)
    folders[0].mkdir()
    found = where / "found"
    found.unlink(missing_ok=True)
    subprocess.run([program, *harnesses.options_of(harness), f"-max_total_time={seconds}", f"-exact_artifact_path={found}",
                    *folders], capture_output=True, check=False)
    if not found.exists():
        return False
    smaller = where / "smaller"
    smaller.unlink(missing_ok=True)
    subprocess.run([program, "-minimize_crash=1", "-max_total_time=20", f"-exact_artifact_path={smaller}", found],
                   capture_output=True, check=False)
    kept = FUZZ / "regress" / harness / re.sub("[^a-z0-9]+", "-", fault["name"].lower()).strip("-")
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(smaller if smaller.exists() else found, kept)
    print(f"{kept.relative_to(planting.ROOT)}:", flush=True)
    return show(build, fault, where)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--hunt", metavar="FUZZ_BUILD", help="find inputs for the faults that no seed shows")
    parser.add_argument("--seconds", type=int, default=60, help="for each hunt")
    parser.add_argument("harnesses", nargs="*")
    arguments = parser.parse_args()
    faults = json.loads((pathlib.Path(__file__).parent / "oracles.json").read_text())
    build = planting.Build(arguments.build)
    harnesses = {path.stem for path in FUZZ.glob("*.c")} - {"fuzz_target"}
    without = sorted(harnesses - {fault["harness"] for fault in faults})
    print("| harness | what has to hold | a fault that shows it |\n|---|---|---|")
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        unseen = [fault for fault in faults
                  if (not arguments.harnesses or fault["harness"] in arguments.harnesses)
                  and not show(build, fault, pathlib.Path(folder))]
        if arguments.hunt:
            unseen = [fault for fault in unseen if not hunt(build, planting.Build(arguments.hunt), fault,
                                                            pathlib.Path(folder), arguments.seconds)]
    print(f"\n{len(unseen)} not seen" + (f"; no fault for {' '.join(without)}" if without else ""))
    return 1 if unseen or without else 0


if __name__ == "__main__":
    sys.exit(main())
