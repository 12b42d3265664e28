#!/usr/bin/env python3
"""The equivalents of Autobahn's cases against npm ws: wspec beside kosoku, in one run.

    python3 bench/suite.py [--wspec FILE] [--kosoku FILE] [--groups 1-7,10] [--repetitions 7]
    python3 bench/suite.py --groups 12,13 --jobs 16 --wspec-jobs 8 --repetitions 1

kosoku comes from PyPI (0.1.0); npm ws from targets/npm-ws. Both tools play the same numbers against
the same server process, in turns; the table has medians of wall and processor time, of the tool and
of the server, the ratio of the medians to kosoku's, and the most memory that the tool held. The last
row is all of wspec's cases but robustness/limits, which kosoku has nothing to set beside. Where the
two disagree about a case, it is listed: docs/ says which of them is right by the RFC. Last come all
cases in memory against the reference endpoint: whole, and in chunks of so many octets.

Groups 12 and 13 are 216,000 messages of up to 128 KiB, which take the server minutes to inflate and
deflate: --numbers "12.*.10,13.*.10" plays some of them.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "targets"))
import target  # noqa: E402  (the path has to be there first)

CHUNK_LENS = (1, 2, 3, 7, 64, 1000)
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def parse_groups(text):
    """"1-7,10" as a set of group numbers."""
    groups = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        groups |= set(range(int(first), int(last or first) + 1))
    return groups


def listed_ids(wspec, *arguments):
    """The ids that `wspec list` prints."""
    lines = subprocess.run([wspec, "list", *arguments], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return [line.split()[0] for line in lines if "/" in line]


def autobahn_equivalents(wspec, groups, numbers):
    """Autobahn's numbers of these groups that fit one of the globs, with the ids of our cases that
    carry them."""
    ids = listed_ids(wspec, "--target", "server")
    ids += listed_ids(wspec, "--target", "server", "--exhaustive", "--tag", "autobahn-perf")
    text = subprocess.run([wspec, "explain", *ids], check=True, capture_output=True,
                          text=True).stdout
    equivalents, name = {}, None
    for line in text.splitlines():
        if line.startswith("  Autobahn: "):
            for number in line.removeprefix("  Autobahn: ").replace(",", " ").split():
                wanted = any(fnmatch.fnmatchcase(number, glob) for glob in numbers)
                if int(number.split(".")[0]) in groups and wanted:
                    equivalents.setdefault(number, []).append(name)
        elif "/" in line and not line.startswith(" "):
            name = line.strip()
    return equivalents


def server_seconds(pid):
    """Processor time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def timed(argv, server_pid, cwd):
    """Runs a tool once: its wall, its processor time and memory, the server's processor time, and
    what it printed."""
    server_before = server_seconds(server_pid)
    start = time.monotonic()
    with tempfile.TemporaryFile("w+", dir=cwd) as output:
        process = subprocess.Popen(argv, stdout=output, stderr=subprocess.DEVNULL, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        output.seek(0)
        printed = output.read()
    return {"wall": wall, "own": usage.ru_utime + usage.ru_stime,
            "server": server_seconds(server_pid) - server_before,
            "memory": usage.ru_maxrss / 1024, "output": printed}


def kosoku_argv(kosoku, url, numbers, parallelism, outdir):
    """The command line that plays these numbers with kosoku."""
    included = [word for number in sorted(numbers) for word in ("-i", number)]
    return [kosoku, "-m", "fuzzingclient", "-p", str(parallelism), "-o", outdir, *included, url]


def kosoku_verdicts(outdir):
    """number -> (behavior, behaviorClose) of kosoku's index.json."""
    agents = json.loads((pathlib.Path(outdir) / "index.json").read_text())
    return {number: (entry["behavior"], entry["behaviorClose"])
            for cases in agents.values() for number, entry in cases.items()}


def wspec_argv(wspec, url, equivalents, jobs):
    """The command line that plays the equivalents with wspec: with the exhaustive cases, which take
    time to expand, only where one is among them."""
    ids = sorted({name for names in equivalents.values() for name in names})
    exhaustive = [] if set(ids) <= set(listed_ids(wspec)) else ["--exhaustive"]
    return [wspec, "run", url, "--quiet", "--jobs", str(jobs), *exhaustive, "--json", "-",
            *[word for name in ids for word in ("--cases", name)]]


def whole_suite_argv(wspec, url):
    """The command line that plays everything but the cases that are large on purpose."""
    return [wspec, "run", url, "--quiet", "--json", "-", "--exclude", "robustness/limits/*"]


def print_in_memory(wspec):
    """Wall time of all cases in memory, undivided and in chunks of each length."""
    seconds = {}
    for chunk_len in (None, *CHUNK_LENS):
        start = time.monotonic()
        subprocess.run([wspec, "run", "--memory", "--quiet",
                        *(["--chunk", str(chunk_len)] if chunk_len else [])],
                       check=True, stdout=subprocess.DEVNULL)
        seconds[chunk_len] = time.monotonic() - start
    whole = seconds.pop(None)
    each = ", ".join(f"{length}: {value:.2f}" for length, value in seconds.items())
    print(f"in memory: {whole:.2f} s; in chunks of {each} s; {sum(seconds.values()):.1f} s for all")


def disagreements(equivalents, ours, theirs):
    """Numbers where one of the tools fails the server and the other does not."""
    for number, names in sorted(equivalents.items()):
        if number not in theirs:
            continue
        we_fail = any(ours[name] == "fail" for name in names)
        they_fail = "FAILED" in theirs[number][0] or theirs[number][1] in (
            "FAILED", "WRONG CODE", "UNCLEAN")
        if we_fail != they_fail:
            yield f"{number}: wspec {[ours[name] for name in names]}, kosoku {theirs[number]}"


def print_table(rows):
    """Medians of each tool, and the ratio to the first."""
    print(f"{'tool':22}{'wall s':>10}{'own s':>9}{'server s':>10}{'wall/kosoku':>13}"
          f"{'peak MiB':>10}")
    reference = None
    for name, runs in rows.items():
        medians = [statistics.median(run[key] for run in runs) for key in
                   ("wall", "own", "server")]
        reference = reference or medians[0]
        memory = max(run["memory"] for run in runs)
        print(f"{name:22}{medians[0]:10.3f}{medians[1]:9.3f}{medians[2]:10.3f}"
              f"{medians[0] / reference:13.3f}{memory:10.0f}")


def main():
    """Runs the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wspec", default=ROOT / "build/release/wspec")
    parser.add_argument("--kosoku", default=shutil.which("kosoku"))
    parser.add_argument("--groups", default="1-7,10")
    parser.add_argument("--numbers", default="*", help="globs over Autobahn's numbers")
    parser.add_argument("--jobs", default="16,1", help="of kosoku; the first is the reference")
    parser.add_argument("--wspec-jobs", type=int, default=16, help="cases at a time of wspec")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--target", default="npm-ws")
    arguments = parser.parse_args()
    if not arguments.kosoku:
        sys.exit("suite: kosoku is not there: pip install kosoku==0.1.0, or give --kosoku")
    wspec = str(pathlib.Path(arguments.wspec).resolve())
    equivalents = autobahn_equivalents(wspec, parse_groups(arguments.groups),
                                       arguments.numbers.split(","))
    rows = {}
    with target.running(arguments.target) as server, tempfile.TemporaryDirectory() as folder:
        outdir = f"{folder}/kosoku"
        tools = {f"kosoku -p {jobs}": kosoku_argv(arguments.kosoku, server.url, equivalents,
                                                  int(jobs), outdir)
                 for jobs in arguments.jobs.split(",")}
        tools["wspec run"] = wspec_argv(wspec, server.url, equivalents, arguments.wspec_jobs)
        tools["wspec run, all cases"] = whole_suite_argv(wspec, server.url)
        for _ in range(arguments.repetitions):
            for name, argv in tools.items():
                rows.setdefault(name, []).append(timed(argv, server.process.pid, folder))
        theirs = kosoku_verdicts(outdir)
    ours = {result["id"]: result["verdict"]
            for result in json.loads(rows["wspec run"][-1]["output"])["results"]}
    print(f"{len(equivalents)} of Autobahn's numbers against {arguments.target}, "
          f"{len(ours)} cases of wspec, {arguments.repetitions} repetitions in turns, medians")
    print_table(rows)
    total = json.loads(rows["wspec run, all cases"][-1]["output"])["summary"]["total"]
    print(f"all cases: {total}, without robustness/limits")
    lines = list(disagreements(equivalents, ours, theirs))
    print(f"{len(set(equivalents) & set(theirs))} verdicts compared, {len(lines)} disagree")
    print("\n".join(lines))
    print_in_memory(wspec)


if __name__ == "__main__":
    main()
