#!/usr/bin/env python3
"""Measures how long the fuzzer takes to find each of the planted bugs, with and without the mutator.

bugs.json has the bugs, each one change of harness/proto that compiles. The parser is copied anew for
every run, so that the copy can not grow old; a change that no longer applies is an error. The harness
is conn_server and starts from a single connection that is right, the same for both ways.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=c17", "-O2", "-g", "-UNDEBUG", "-D_POSIX_C_SOURCE=200809L", "-fsanitize=address",
         "-fno-omit-frame-pointer", "-w"]
LINK = ["-Wl,--wrap=malloc", "-Wl,--wrap=calloc", "-Wl,--wrap=realloc", "-lcrypto", "-lz"]
COMMON = ["conn", "fuzz", "head", "log", "plain_conn", "sink"]
SEED = (b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        b"\x81\x85\x01\x02\x03\x04Igohn\x88\x82\0\0\0\0\x03\xe8" + bytes(6))


def compile_one(source, target, instrument):
    includes = [f"-I{ROOT / path}" for path in ("harness", "fuzz", "tests/support")]
    subprocess.run(["clang", *FLAGS, *includes, *instrument, "-c", str(source), "-o", str(target)], check=True)
    return target


def compile_all(where):
    """The objects of the parser, those of the harness, and those of the mutator."""
    parser, harness, mutator = {}, [], []
    for folder in ("base", "proto"):
        for source in sorted((ROOT / "harness" / folder).glob("*.c")):
            parser[source.name] = compile_one(source, where / f"{source.stem}.o", ["-fsanitize=fuzzer-no-link"])
    sources = [ROOT / "fuzz" / "conn_server.c"] + [ROOT / "fuzz" / "common" / f"{name}.c" for name in COMMON]
    for source in sources:
        harness.append(compile_one(source, where / f"fuzz-{source.stem}.o", []))
    for name in ("model", "mutate", "mutator"):
        mutator.append(compile_one(ROOT / "fuzz" / "mutator" / f"{name}.c", where / f"mutator-{name}.o", []))
    return parser, harness, mutator


def plant(bug, where):
    source = ROOT / "harness" / "proto" / bug["file"]
    text = source.read_text()
    if text.count(bug["old"]) != 1:
        sys.exit(f"planted: {bug['name']}: {bug['file']} has its text {text.count(bug['old'])} times, not once: "
                 "the parser has changed, adapt bugs.json")
    copy = where / bug["file"]
    copy.write_text(text.replace(bug["old"], bug["new"]))
    return compile_one(copy, where / "planted.o", ["-fsanitize=fuzzer-no-link"])


def link(program, objects):
    subprocess.run(["clang", "-fsanitize=fuzzer,address", *map(str, objects), *LINK, "-o", str(program)], check=True)


def hunt(program, cap, seed):
    """Seconds and executions until the bug is found; None if it is not."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = pathlib.Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "seed").write_bytes(SEED)
        dictionary = ROOT / "fuzz" / "dict" / "frame.dict"
        start = time.monotonic()
        done = subprocess.run([str(program), f"-max_total_time={cap}", f"-seed={seed}", "-max_len=512",
                               f"-dict={dictionary}", "-print_final_stats=1", f"-artifact_prefix={folder}/",
                               str(corpus)], capture_output=True, check=False)
        seconds = time.monotonic() - start
    log = done.stderr.decode(errors="replace")
    executions = re.findall(r"number_of_executed_units:\s*(\d+)", log)
    return (seconds, int(executions[-1])) if done.returncode != 0 and executions else None


def show(found):
    return f"{found[0]:.1f} s, {found[1]:,}" if found else "not found"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", help="bugs; default: all")
    parser.add_argument("--cap", type=int, default=60, help="seconds for each hunt")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer")
    parser.add_argument("--only-mutator", action="store_true", help="leave out the runs without it")
    arguments = parser.parse_args()
    bugs = json.loads((pathlib.Path(__file__).parent / "bugs.json").read_text())
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        where = pathlib.Path(folder)
        parser_objects, harness, mutator = compile_all(where)
        print("| bug | with mutator | octets alone | what |\n|---|---|---|---|", flush=True)
        for bug in bugs:
            if arguments.names and bug["name"] not in arguments.names:
                continue
            objects = [path for name, path in parser_objects.items() if name != bug["file"]]
            objects += [plant(bug, where), *harness]
            link(where / "with", objects + mutator)
            found = hunt(where / "with", arguments.cap, arguments.seed)
            missed += found is None
            without = "-"
            if not arguments.only_mutator:
                link(where / "without", objects)
                without = show(hunt(where / "without", arguments.cap, arguments.seed))
            print(f"| {bug['name']} | {show(found)} | {without} | {bug['what']} |", flush=True)
    print(f"{missed} not found with the mutator")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
