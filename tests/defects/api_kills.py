#!/usr/bin/env python3
"""Which case of cases/api is killed by which defect of api/switches.mjs: writes api_kills.json.

    tests/defects/api_kills.py [--wspec PATH] [--jobs N] [DEFECT...]

Each defect is switched on alone, in Node.js, and the sections are played that its row names. A case is
killed where the verdict is no pass, info or skip. The whole table takes some minutes.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests/defects/api_kills.json"
MAIN = ROOT / "tests/defects/api/main.mjs"
sys.path.insert(0, str(ROOT / "targets"))

import target as targets  # noqa: E402  (found through the line above)

LIMIT_S = 600


def node():
    """The Node.js of targets/clients; raises TargetUnavailable."""
    target = targets.load("clients/npm-undici")
    targets.require_installed(target)
    return target.install_dir / "node"


def switches():
    """Each defect and the sections that it shows in."""
    rows = re.findall(r'^  "([a-z0-9-]+)": \["([a-z ]+)", "([^"]+)"\],$',
                      (ROOT / "tests/defects/api/switches.mjs").read_text(), re.M)
    return {name: sections.split() for name, sections, _ in rows}


def play(wspec, defect, cases, limit_s=LIMIT_S):
    """The verdict of each case that one of the globs `cases` selects, with that defect or None."""
    with tempfile.TemporaryDirectory(prefix="wspec-api-") as folder:
        report = Path(folder) / "report.json"
        words = [word for glob in cases for word in ("--cases", glob)]
        server = subprocess.Popen(
            [wspec, "serve", "--api", "--port", "0", "--timeout", "3", "-q", "--json", report, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()
            url = server.stdout.readline().strip().removeprefix("for browsers: ")
            script = subprocess.run(
                [node(), MAIN, url], capture_output=True, text=True,
                env=os.environ | {"WSPEC_DEFECT": defect or ""}, timeout=limit_s, check=False)
        finally:
            server.send_signal(signal.SIGTERM)
            with contextlib.closing(server.stdout):
                server.wait(timeout=60)
        if script.returncode != 0:
            raise RuntimeError(f"{defect}: {script.stderr}")
        return {result["id"]: result["verdict"] for result in json.loads(report.read_text())["results"]}


def kills(wspec, defect, sections):
    verdicts = play(wspec, defect, [f"api/{section}/*" for section in sections])
    return sorted(case for case, verdict in verdicts.items() if verdict not in ("pass", "info", "skip"))


def main():
    parser = argparse.ArgumentParser(prog="api_kills.py", description=__doc__.split("\n", 1)[0])
    parser.add_argument("defects", metavar="DEFECT", nargs="*")
    parser.add_argument("--wspec", type=Path, default=ROOT / "build/dev/wspec")
    parser.add_argument("--jobs", type=int, default=6)
    arguments = parser.parse_args()
    table = json.loads(TABLE.read_text()) if TABLE.is_file() else {}
    rows = {name: sections for name, sections in switches().items()
            if not arguments.defects or name in arguments.defects}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        under_way = {pool.submit(kills, arguments.wspec, name, rows[name]): name for name in rows}
        for done in concurrent.futures.as_completed(under_way):
            name = under_way[done]
            table[name] = done.result() if done.exception() is None else []
            print(f"{name:40} {done.exception() or len(table[name])}", flush=True)
    kept = {name: table[name] for name in switches() if name in table}
    TABLE.write_text(json.dumps(kept, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
