"""fuzz/ledger.py: which sources a program was built from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "fuzz"))

import ledger  # noqa: E402  (the path has to be there first)

HARNESS = "#include \"proto/a.h\"\nint main(void) { return one(); }\n"


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Builds a program of two sources, the second of them as the compiler's options say."""
    if not shutil.which("llvm-dwarfdump"):
        pytest.skip("llvm-dwarfdump is not there: scripts/install-deps --fuzz")
    tree = tmp_path / "tree"
    (tree / "harness" / "proto").mkdir(parents=True)
    (tree / "fuzz").mkdir()
    (tree / "fuzz" / "a.c").write_text(HARNESS)
    (tree / "harness" / "proto" / "a.c").write_text("#include \"proto/a.h\"\nint one(void) { return 1; }\n")
    (tree / "harness" / "proto" / "a.h").write_text("int one(void);\n")
    monkeypatch.setattr(ledger, "ROOT", tree)
    monkeypatch.setattr(ledger, "INCLUDE_ROOTS", [tree / "harness", tree])

    def build(*options):
        for name, more in (("fuzz/a", ()), ("harness/proto/a", options)):
            subprocess.run(["gcc", "-g", "-Iharness", *more, "-c", f"{name}.c", "-o", f"{name}.o"], cwd=tree,
                           check=True)
        subprocess.run(["gcc", "fuzz/a.o", "harness/proto/a.o", "-o", "program"], cwd=tree, check=True)
        return tree / "program"
    return build


def test_a_program_names_its_sources(build):
    assert ledger.sources_of(build("-Og")) == ["fuzz/a.c", "harness/proto/a.c", "harness/proto/a.h"]


def test_what_a_cache_took_from_another_checkout_is_not_passed_over(build, tmp_path):
    """A row without these files would stay valid whatever becomes of them."""
    program = build(f"-ffile-prefix-map={tmp_path}/tree={tmp_path}/other")
    with pytest.raises(RuntimeError, match=f"but {tmp_path}/other/harness/proto/a.c"):
        ledger.sources_of(program)
