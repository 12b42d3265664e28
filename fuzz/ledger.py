"""The ledger of campaigns, fuzz/campaigns.json: what each harness has been run for, over machines and days.

A row belongs to a harness and to the sources that it was built from; only runs of the same sources add up.
It names those files, so that whoever reads it needs no build to see whether the tree still has them. What a
harness reads while it runs (the cases, which `player` plays) does not count, nor do options of a compiler.
"""
import datetime
import fcntl
import hashlib
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEDGER = ROOT / "fuzz" / "campaigns.json"
WANTED_S = 1800  # of processor time for each harness: 15 minutes on two processors
OWN_FOLDERS = {"harness", "fuzz"}  # in which a harness's sources are
INCLUDE_ROOTS = [ROOT / "harness", ROOT, ROOT / "fuzz", ROOT / "tests" / "support"]


def included(source):
    """The headers of the tree that a file includes, those in turn, and so on."""
    found, to_read = set(), [source]
    while to_read:
        path = to_read.pop()
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.M):
            header = next((place / name for place in [path.parent, *INCLUDE_ROOTS] if (place / name).is_file()), None)
            if header and header not in found:
                found.add(header)
                to_read.append(header)
    return found


def sources_of(program):
    """The files that a program was built from: by its debugging information what is linked in of the
    archives, and the headers of that. Paths below ROOT, sorted."""
    said = subprocess.run(["llvm-dwarfdump", "--debug-info", "--recurse-depth=0", str(program)],
                          capture_output=True, text=True, check=True).stdout
    units = re.findall(r'DW_AT_name\s+\("([^"]+)"\)(?:(?!DW_TAG).)*?DW_AT_comp_dir\s+\("([^"]+)"\)', said, re.S)
    named = {(pathlib.Path(folder) / name).resolve() for name, folder in units}
    sources = {path for path in named if path.is_relative_to(ROOT)}
    elsewhere = sorted(path for path in named - sources if OWN_FOLDERS.intersection(path.parts))
    if not sources or elsewhere:
        raise RuntimeError(f"{program} does not name all of its sources below {ROOT}" +
                           "".join(f", but {path}" for path in elsewhere[:1]) +
                           ": it was built elsewhere, without -g, or through a compiler's cache that takes objects "
                           "from another checkout; build it here")
    files = sources.union(*(included(path) for path in sources))
    return sorted(str(path.resolve().relative_to(ROOT)) for path in files)


def digest(files):
    """What identifies the content of these files; None if one of them is gone."""
    total = hashlib.sha256()
    for name in files:
        try:
            total.update(f"{name}\0".encode() + hashlib.sha256((ROOT / name).read_bytes()).digest())
        except FileNotFoundError:
            return None
    return total.hexdigest()[:16]


def read(path=LEDGER):
    return json.loads(path.read_text()) if path.exists() and path.stat().st_size else []


def commit():
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or "unknown"


def add(path, harness, files, key, figures):
    """Adds what a run came to. `key`: the digest of `files` when it began; `figures`: processor, executions,
    edges, features, findings."""
    path.touch()
    with open(path, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        rows = read(path)
        row = next((row for row in rows if (row["harness"], row["sources"]) == (harness, key)), None)
        if row is None:
            row = {"harness": harness, "sources": key, "commits": [], "days": [], "processor_s": 0, "executions": 0,
                   "edges": 0, "features": 0, "findings": 0, "files": files}
            rows.append(row)
        for name, value in (("commits", commit()), ("days", datetime.date.today().isoformat())):
            row[name] = sorted({*row[name], value})
        row["processor_s"] = round(row["processor_s"] + figures["processor"])
        for name in ("executions", "findings"):
            row[name] += figures[name]
        for name in ("edges", "features"):
            row[name] = max(row[name], figures[name])
        rows.sort(key=lambda row: (row["harness"], row["days"]))
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
        file.truncate()


def present(harness, rows):
    """The row of what the tree now has; None if that was never run."""
    fitting = [row for row in rows if row["harness"] == harness and digest(row["files"]) == row["sources"]]
    return fitting[-1] if fitting else None


def show(harnesses, rows):
    """Prints what each harness has been run for as it stands; returns whether one lacks time or has a finding."""
    print(f"| harness | processor s | missing of {WANTED_S} | executions | edges | features | findings | last day |\n"
          "|---|---|---|---|---|---|---|---|")
    lacking = False
    for harness in harnesses:
        row = present(harness, rows)
        missing = max(0, WANTED_S - row["processor_s"]) if row else WANTED_S
        lacking = lacking or missing > 0 or row["findings"] > 0
        values = [f"{row[name]:,}" for name in ("executions", "edges", "features", "findings")] if row else 4 * ["-"]
        print(f"| {harness} | {row['processor_s'] if row else 0:,} | {missing:,} | {' | '.join(values)} | "
              f"{row['days'][-1] if row else '-'} |")
    return lacking
