#!/usr/bin/env python3
"""Are the verdicts steady? Runs the suite against third-party servers and clients again and again.

    python3 bench/stability.py [--wspec FILE] [--repetitions 5] [--odd FILE] [NAME...]

Each server of targets/ that is installed is run with --jobs 1, 16 and 64, and with 16 while every
core is kept busy by another program, so many times each; each client of targets/clients/ that is
named (clients/FOLDER), with --jobs 1 and 16. Each case whose verdict was not the same
in all of these runs is printed, with what it got in which setting, and how long a run took. Exit
code: 0 all the same, 1 something differed or a server died, 2 bad usage.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "targets"))
import drive  # noqa: E402  (the path has to be there first)
import target as targets  # noqa: E402

# name of the setting -> cases at a time, and whether the cores are kept busy
SETTINGS = {"jobs 1": (1, False), "jobs 16": (16, False), "jobs 64": (64, False),
            "jobs 16, busy": (16, True)}
CLIENT_SETTINGS = {setting: SETTINGS[setting] for setting in ("jobs 1", "jobs 16")}
RUN_TIMEOUT_S = 600


@contextlib.contextmanager
def busy_cores(wanted):
    """A process without end for every core, while the context lasts; they end by themselves, too."""
    argv = ["timeout", str(RUN_TIMEOUT_S), sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(argv) for _ in range(os.cpu_count() if wanted else 0)]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def play(wspec, server, jobs):
    """The results of one run, by id."""
    done = subprocess.run(
        [wspec, "run", server.url, "--quiet", "--json", "-", "--jobs", str(jobs),
         "--exclude", "robustness/limits/*", *targets.run_options(server.target)],
        capture_output=True, text=True, timeout=RUN_TIMEOUT_S)
    if done.returncode not in (0, 1):  # 3: the target died, or had died of the run before
        raise targets.TargetError(f"{server.target.name}: exit code {done.returncode}, the server "
                                  f"{'lives' if server.process.poll() is None else 'is dead'}: "
                                  f"{done.stderr.strip()}")
    return {result["id"]: result for result in json.loads(done.stdout)["results"]}


def play_client(wspec, client, jobs):
    """The same with a client."""
    with tempfile.TemporaryDirectory(prefix="wspec-stability-") as folder:
        report = pathlib.Path(folder) / "report.json"
        options = ["--quiet", "--json", report, "--exclude", "robustness/limits/*"]
        code, said = drive.play(pathlib.Path(wspec).resolve(), client, options, jobs)
        if code not in (0, 1):
            raise targets.TargetError(f"{client.name}: {said}")
        return {result["id"]: result for result in json.loads(report.read_text())["results"]}


@contextlib.contextmanager
def player(wspec, name):
    """A function that plays all cases, so many at a time, and returns the results by id."""
    if name in targets.client_names():
        client = drive.installed(name)
        yield lambda jobs: play_client(wspec, client, jobs)
    else:
        with targets.running(name) as server:
            yield lambda jobs: play(wspec, server, jobs)


def measure(wspec, name, repetitions, odd):
    """case -> setting -> the verdicts it got there, the flaky cases likewise, and the times.

    To `odd` go the results that were flaky or not as in the first run, to be looked at.
    """
    first = {}
    seen = collections.defaultdict(lambda: collections.defaultdict(list))
    flaky = collections.Counter()
    seconds = collections.defaultdict(list)
    settings = CLIENT_SETTINGS if name in targets.client_names() else SETTINGS
    for setting, (jobs, busy) in settings.items():
        with player(wspec, name) as play_all, busy_cores(busy):
            for _ in range(repetitions):
                start = time.monotonic()
                results = play_all(jobs)
                seconds[setting].append(time.monotonic() - start)
                for case, result in results.items():
                    seen[case][setting].append(result["verdict"])
                    flaky.update([case] if result["flaky"] else [])
                    usual = first.setdefault(case, result)
                    if result["flaky"] or result["verdict"] != usual["verdict"]:
                        odd.extend([{"target": name, "setting": setting, "result": each}
                                    for each in (usual, result)])
    return seen, flaky, seconds


def words(settings):
    """What a case got, in the order of the settings: 'jobs 1: 5 pass; jobs 16: 4 pass, 1 fail'."""
    parts = []
    for setting, got in settings.items():
        counts = collections.Counter(got)
        parts.append(f"{setting}: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    return "; ".join(parts)


def print_target(name, seen, flaky, seconds):
    """The lines of one target; returns how many cases differed."""
    differed = {case: settings for case, settings in seen.items()
                if len({verdict for got in settings.values() for verdict in got}) > 1}
    times = ", ".join(f"{setting} {statistics.median(of_setting):.1f} s"
                      for setting, of_setting in seconds.items())
    runs = sum(len(of_setting) for of_setting in seconds.values())
    print(f"{name}: {len(seen)} cases, {runs} runs, {len(differed)} differed, "
          f"{len(flaky)} flaky at least once; median {times}")
    for case, settings in sorted(differed.items()):
        print(f"  differed {case}: {words(settings)}")
    for case, count in sorted(flaky.items()):
        print(f"  flaky {case}: in {count} runs")
    sys.stdout.flush()
    return len(differed)


def main():
    """Runs every target that is asked for, one after another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wspec", default=ROOT / "build/release/wspec")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--odd", type=pathlib.Path, metavar="FILE",
                        help="write what was flaky or differed, with transcripts, as JSON")
    parser.add_argument("names", nargs="*", metavar="NAME", default=targets.names())
    arguments = parser.parse_args()
    n_differed = n_broken = 0
    odd = []
    for name in arguments.names:
        try:
            n_differed += print_target(
                name, *measure(str(arguments.wspec), name, arguments.repetitions, odd))
        except targets.TargetUnavailable as reason:
            print(f"{name}: left out: {reason}")
        except (targets.TargetError, drive.DriveError) as error:
            n_broken += 1
            print(f"{name}: broken off: {error}", flush=True)
    if arguments.odd:
        arguments.odd.write_text(json.dumps(odd, indent=1))
    return 1 if n_differed or n_broken else 0


if __name__ == "__main__":
    sys.exit(main())
