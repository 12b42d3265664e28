"""fuzz/oss-fuzz/build.sh in the surroundings that OSS-Fuzz gives it, and what it leaves in $OUT."""

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tree_copy import copy_tree

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 900
# One that reads nothing else while it runs, and one that plays cases.
HARNESSES = ["frame_decode", "player"]
# As OSS-Fuzz's image sets them for libFuzzer and the address sanitizer.
FLAGS = ("-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION "
         "-fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """$OUT behind a build; the tree that was built is gone, as it is where the programs run."""
    if not shutil.which("clang"):
        pytest.skip("clang is not installed")
    top = tmp_path_factory.mktemp("oss-fuzz")
    source, target = top / "src" / "wspec", top / "out"
    target.mkdir()
    copy_tree(source)
    environment = os.environ | {"SRC": str(source.parent), "OUT": str(target), "CC": "clang",
                                "CXX": "clang++", "CFLAGS": FLAGS, "CXXFLAGS": FLAGS,
                                "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer"}
    done = subprocess.run(["bash", "-eu", source / "fuzz/oss-fuzz/build.sh", *HARNESSES],
                          capture_output=True, text=True, timeout=TIMEOUT_S, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    shutil.rmtree(source)
    return target


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("name", HARNESSES)
def test_a_program_has_all_it_needs_beside_it(out, tmp_path, name):
    assert (out / f"{name}.dict").stat().st_size > 0
    options = (out / f"{name}.options").read_text()
    assert re.fullmatch(r"\[libfuzzer\]\nmax_len = \d+\n(entropic_\w+ = \d+\n){2}", options)
    with zipfile.ZipFile(out / f"{name}_seed_corpus.zip") as seeds:
        n_seeds = sum(not entry.is_dir() for entry in seeds.infolist())
        seeds.extractall(tmp_path)
    kept = [path for folder in ("corpus", "regress") for path in (ROOT / "fuzz" / folder / name).glob("*")]
    assert n_seeds == len(kept) > 0
    linked = subprocess.run(["ldd", out / name], capture_output=True, text=True, check=True).stdout
    elsewhere = [line.split()[0] for line in linked.splitlines()
                 if "=>" in line and str(out / "lib") not in line]
    assert all(re.match(r"lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so", name) for name in elsewhere)
    done = subprocess.run([out / name, "-runs=0", tmp_path], capture_output=True, text=True, cwd=tmp_path,
                          env={}, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"INITED cov: \d+ .*\n", done.stderr)


def test_the_image_has_what_the_build_takes():
    installs = (ROOT / "scripts/install-deps").read_text()
    wanted = re.search(r"^build_packages=\(([^)]*)\)", installs, re.M)[1].split()
    image = (ROOT / "fuzz/oss-fuzz/Dockerfile").read_text()
    given = set(re.findall(r"[\w.+-]+", image[image.index("apt-get install"):]))
    of_the_image = {"ca-certificates", "gcc", "libc6-dev"}
    assert set(wanted) - given == of_the_image
