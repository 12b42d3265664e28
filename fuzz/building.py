"""Harnesses built for an engine, and the programs that come of it."""
import os
import shutil
import subprocess
import tempfile

from harnesses import ROOT, SHORT_LIST, seeds, settings
from shell import check, fail


def build_dir(engine):
    return ROOT / "build" / ("fuzz" if engine == "libfuzzer" else f"fuzz-{engine}")


def configure(engine):
    """The CMake options of an engine. `oss-fuzz` takes all from the environment, as that wants it."""
    options = ["-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DWSPEC_FUZZ=ON", "-DWSPEC_TESTS=OFF"]
    if engine == "libfuzzer":
        options += ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++", "-DWSPEC_SANITIZE=address"]
    elif engine == "undefined":
        options += ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++",
                    "-DWSPEC_SANITIZE=address,undefined"]
    elif engine == "afl":
        options += ["-DCMAKE_C_COMPILER=afl-clang-fast", "-DCMAKE_CXX_COMPILER=afl-clang-fast++",
                    "-DWSPEC_FUZZ_INSTRUMENT="]
    elif engine == "coverage":
        options += ["-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++", "-DWSPEC_TESTS=ON",
                    "-DWSPEC_FUZZ=OFF", "-DCMAKE_C_FLAGS=-fprofile-instr-generate -fcoverage-mapping",
                    "-DCMAKE_BUILD_TYPE=Debug"]
    else:
        engine_library = os.environ.get("LIB_FUZZING_ENGINE", "-fsanitize=fuzzer")
        # The programs run elsewhere than they are built: their libraries lie beside them, in lib/.
        options += ["-DWSPEC_FUZZ_INSTRUMENT=", f"-DWSPEC_FUZZ_ENGINE={engine_library}",
                    "-DCMAKE_BUILD_RPATH=$ORIGIN/lib"]
    return options


def build(engine, targets):
    where = build_dir(engine)
    check(["cmake", "-S", ROOT, "-B", where, "-G", "Ninja", *configure(engine)],
          stdout=subprocess.DEVNULL)
    check(["cmake", "--build", where, "-j", os.environ.get("WSPEC_FUZZ_BUILD_JOBS", "2"),
           "--target", *targets])
    return where


def program(engine, prefix, name):
    found = [path for path in build_dir(engine).rglob(f"{prefix}_{name}") if path.is_file()]
    if not found:
        fail(f"{prefix}_{name} was not built: fuzz.py build --engine {engine} {name}")
    return found[0]


def install(engine, names, out):
    """What ClusterFuzz wants to find: programs, seed archives, dictionaries."""
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(program(engine, "fuzz", name), out / name)
        dictionary, max_len = settings(name)
        if dictionary:
            shutil.copy(dictionary, out / f"{name}.dict")
        options = "\n".join([f"max_len = {max_len}", *(word[1:].replace("=", " = ") for word in SHORT_LIST)])
        (out / f"{name}.options").write_text(f"[libfuzzer]\n{options}\n")
        with tempfile.TemporaryDirectory() as folder:
            for path in (path for source in seeds(name) for path in source.iterdir()):
                shutil.copy(path, folder)
            shutil.make_archive(str(out / f"{name}_seed_corpus"), "zip", folder)
