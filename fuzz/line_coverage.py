"""Which lines of harness/ the corpora reach, by clang's coverage."""
import json
import os
import pathlib
import re
import subprocess
import tempfile

from building import program
from harnesses import ROOT, corpora
from shell import call, check, fail


def measure(names, folders, html):
    """Replays the corpora of `names`, whose programs are built; prints a table of `folders`, or writes pages
    to the directory `html`."""
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for name in names:
            replay = program("coverage", "replay", name)
            objects += ["-object", replay]
            check([replay, *corpora(name)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                  env=os.environ | {"LLVM_PROFILE_FILE": f"{folder}/{name}.profraw"})
        profile = f"{folder}/all.profdata"
        check(["llvm-profdata", "merge", "-o", profile, *pathlib.Path(folder).glob("*.profraw")])
        command = ["llvm-cov", "show" if html else "export", objects[1], *objects[2:],
                   f"-instr-profile={profile}"]
        if html:
            check(command + [ROOT / "harness" / name for name in folders] + ["-format=html", f"-output-dir={html}"])
            return
        done = call(command + ["-summary-only"], stdout=subprocess.PIPE)
        if done.returncode != 0:
            fail("llvm-cov failed")
    show(json.loads(done.stdout)["data"][0]["files"], folders)


def show(files, folders):
    """The lines of each file in harness/ and of all; a header stands under the path by which it is included."""
    wanted = re.compile(rf"(?:harness|include/\w+)/(?:{'|'.join(folders)})/[\w.]+$")
    total = covered = 0
    for file in sorted(files, key=lambda file: file["filename"]):
        lines = file["summary"]["lines"]
        if wanted.search(file["filename"]) and lines["count"] > 0:
            total += lines["count"]
            covered += lines["covered"]
            print(f"{lines['covered']:6} of {lines['count']:5} lines  {lines['percent']:5.1f} %  "
                  f"{pathlib.Path(file['filename']).name}")
    print(f"{covered:6} of {total:5} lines  {100 * covered / max(total, 1):5.1f} %  of {', '.join(folders)}")
