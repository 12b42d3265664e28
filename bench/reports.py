#!/usr/bin/env python3
"""Reports of 30 targets by 1,500 cases: read, put together and written in every format.

    python3 bench/reports.py [--wspec FILE] [--targets 30] [--cases 1500] [--repetitions 5]

Each target's report is made of the recorded run reports/golden/report.json under other names; one
case in fifty fails, with its transcript. The table has medians of wall and processor time, and the
largest memory. The aim is two seconds and 300 MB, with a release build.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
FAILS_EACH = 50


def make_reports(directory, n_targets, n_cases):
    """Writes them, as `wspec run` does with a line a result; returns their paths, with names."""
    report = json.loads((ROOT / "reports/golden/report.json").read_text())
    by_verdict = {verdict: [r for r in report["results"] if r["verdict"] == verdict]
                  for verdict in ("pass", "fail")}
    head = {name: value for name, value in report.items()
            if name not in ("results", "summary", "requirements", "duration_ms")}
    named = []
    for target in range(n_targets):
        lines = []
        for case in range(n_cases):
            alike = by_verdict["fail" if (case + target) % FAILS_EACH == 0 else "pass"]
            section = f"5.{case // 100}"
            lines.append(json.dumps(alike[case % len(alike)] | {
                "id": f"6455/{section}/case-{case}", "section": section}, separators=(",", ":")))
        head["selected"] = n_cases
        path = directory / f"{target}.json"
        path.write_text(json.dumps(head)[:-1] + ',"results":[\n' + ",\n".join(lines) +
                        '\n],"requirements":' + json.dumps(report["requirements"]) +
                        ',"duration_ms":1}\n')
        named.append(f"target-{target:02}={path}")
    return named


def write_all(wspec, named, out):
    """Wall seconds, processor seconds and the largest memory in octets of one merge."""
    start = time.monotonic()
    process = subprocess.Popen([wspec, "merge", *named, "--out", out], stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"wspec merge ended with {process.returncode}")
    return (time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wspec", type=pathlib.Path, default=ROOT / "build/release/wspec")
    parser.add_argument("--targets", type=int, default=30)
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    if not arguments.wspec.is_file():
        parser.error(f"{arguments.wspec} is not there: run scripts/build release")
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        named = make_reports(directory, arguments.targets, arguments.cases)
        out = directory / "out"
        rows = [write_all(arguments.wspec, named, out) for _ in range(arguments.repetitions)]
        wall, processor, memory = zip(*rows)
        print(f"{arguments.targets} targets by {arguments.cases} cases, "
              f"{sum(p.stat().st_size for p in directory.glob('*.json')) / 1e6:.1f} MB read")
        print(f"wall       {statistics.median(wall):6.2f} s")
        print(f"processor  {statistics.median(processor):6.2f} s")
        print(f"memory     {max(memory) / 1e6:6.1f} MB")
        for path in sorted(out.iterdir()):
            print(f"  {path.name:15} {path.stat().st_size / 1e6:6.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
