#!/usr/bin/env python3
"""Builds, runs and keeps wspec's fuzz harnesses. `fuzz.py COMMAND --help` explains each command.

What campaigns collect lies under .cache/fuzz (WSPEC_FUZZ_CACHE): corpus/<harness>, findings/<harness>.
What the repository keeps are fuzz/corpus, capped here, and fuzz/regress, which only grows.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import ledger

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
CACHE = pathlib.Path(os.environ.get("WSPEC_FUZZ_CACHE", ROOT / ".cache" / "fuzz"))
SEEDS_MAX, SEED_OCTETS_MAX = 200, 200_000

# Harness: dictionary, longest input. What is not named here has no dictionary and 1024 octets.
SETTINGS = {
    "case_file": ("case", 4096),
    "conn_client": ("frame", 512),
    "conn_deflate": ("frame", 512),
    "conn_pair": (None, 256),
    "conn_server": ("frame", 512),
    "close": (None, 140),
    "deflate": (None, 512),
    "extensions": ("http", 512),
    "frame_decode": ("frame", 64),
    "frame_round_trip": (None, 256),
    "handshake_client": ("http", 1024),
    "handshake_server": ("http", 1024),
    "handshake_write": ("http", 512),
    "http_body": ("http", 1024),
    "http_head_request": ("http", 1024),
    "http_head_response": ("http", 1024),
    "negotiation": ("negotiation", 256),
    "player": ("frame", 1024),
    "transcript": ("report", 6000),
    "url": ("url", 256),
    "utf8_diff": ("frame", 256),
}
# Seeds that stand elsewhere in the tree and are read where they are.
SEEDS_ELSEWHERE = {"case_file": [ROOT / "tests" / "data" / "bad-cases"]}
# Seeds that do not come from the cases: harness to (texts, tails), each text with each tail.
RESPONSE = "HTTP/1.1 200 OK\r\n"
BODIES = [RESPONSE + text for text in (
    "Content-Length: 3\r\n\r\nabcdef", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1a;x=y\r\n" + 26 * "z" + "\r\n0\r\nT: v\r\n\r\nrest",
    "Transfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\nF\r\n", "Transfer-Encoding: gzip\r\n\r\nx",
    "Transfer-Encoding: chunked\r\n\r\n1234567890abcdef\r\n", "Content-Length: 99999999999999999999\r\n\r\n")]
BODIES += ["HTTP/1.0 204 No\r\n\r\nabc", "HTTP/1.0 200 O\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nab\r\n0\r\n\r\n"]
URLS = ["ws://localhost/", "wss://example.org:8443/chat?x=1", "ws://[::1]:9001/", "http://user:p%40@h/",
        "WS://EXAMPLE.org:80/a/../b/./c?d e", "ws://0x7f.1/\\x", "wss://h", "ws://h/#f", "ws://h:0/",
        "\tws://h\n", "wss://%65xample.org/%7e?%2", "ws://[::ffff:1.2.3.4]/", "ws://h:65536/", "ftp://h/"]
PARTS = ["h\n/\no\nchat\nsuperchat\nx\nv\ndate\nchat", "h\n/a\n\np\nq\n\n\n\n", "h\n/\n\np\nq\nxy\nv\n\nz",
         "h\n/ \n\r\n,\n\n:\n", "h:1\n/?q\nhttp://o\na,b\na\nHost\nh2\nSun, 06 Nov 1994 08:49:37 GMT\na"]
CODE_BORDERS = [0, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016, 2999, 3000, 3999, 4000,
                4999, 5000, 65535]
TEXTS = {"url": (URLS, [b"\0", b"\1"]),
         "http_body": (BODIES, [bytes([choice, 0, 0, 0, 0]) for choice in range(4)]),
         "handshake_write": (PARTS, [bytes(17), bytes(16) + b"\x84", bytes(16) + b"\xc6"]),
         # codes at each border of section 7.4, and reasons of 123 and 124 octets
         "close": ([f"{chr(code >> 8)}{chr(code & 0xff)}" for code in CODE_BORDERS] +
                   ["", 123 * "r", 124 * "r", "\3\xeareason", "\x0b\xb8\xe2\x82\xac", "x"],
                   [b"\3\xe8", b"\xe8\3", b"\xed\3", b"\xf2\3", b"\xa0\x0f", bytes(2)])}


def fail(text):
    sys.exit(f"fuzz.py: {text}")


def harnesses():
    """Those of wspec itself."""
    return sorted(path.stem for path in FUZZ.glob("*.c") if path.stem != "fuzz_target")


def peers():
    """Those of other parsers, in adapters/."""
    return sorted(f"target_{path.stem}" for path in (FUZZ / "adapters").glob("*.c*"))


def chosen(names):
    known = harnesses()
    for name in names:
        if name not in known + peers() + ["all"]:
            fail(f"there is no harness {name}; there are: all {' '.join(known + peers())}")
    return known if not names or "all" in names else names


def settings(name):
    dictionary, max_len = SETTINGS.get("conn_server" if name.startswith("target_") else name, (None, 1024))
    return FUZZ / "dict" / f"{dictionary}.dict" if dictionary else None, max_len


# libFuzzer weighs inputs by how rare what they reach is, and looks each feature of an execution up in a list,
# which a grown corpus makes thousands long: up to half of the time of a fast harness. A short list chooses
# no worse.
SHORT_LIST = ["-entropic_number_of_rarest_features=20", "-entropic_feature_frequency_threshold=1"]


def options_of(name):
    """What libFuzzer is told of a harness, wherever it runs."""
    dictionary, max_len = settings(name)
    return ([f"-max_len={max_len}", *SHORT_LIST] + ([f"-dict={dictionary}"] if dictionary else []) +
            (["-use_value_profile=1"] if name in ("handshake_client", "handshake_server") else []))


def call(command, **keywords):
    print("+", " ".join(str(word) for word in command), file=sys.stderr, flush=True)
    return subprocess.run([str(word) for word in command], **keywords)


def check(command, **keywords):
    if call(command, **keywords).returncode != 0:
        fail("that failed; its own message is above")


# ---- building ----

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


def command_build(arguments):
    names = chosen(arguments.names)
    build(arguments.engine, [f"fuzz_{name}" for name in names])
    if arguments.out:
        install(arguments.engine, names, pathlib.Path(arguments.out))


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


# ---- running ----

def seeds(name):
    """The folders of what the tree keeps for a harness."""
    kept = [FUZZ / folder / name for folder in ("corpus", "regress")] + SEEDS_ELSEWHERE.get(name, [])
    if name.startswith("target_"):
        kept += [FUZZ / "corpus" / "conn_server", FUZZ / "corpus" / "conn_client"]
    return [folder for folder in kept if folder.is_dir()]


def corpora(name):
    work = CACHE / "corpus" / name
    work.mkdir(parents=True, exist_ok=True)
    return [work, *seeds(name)]


def parse_log(text):
    """The figures of a libFuzzer log."""
    def last(pattern):
        found = re.findall(pattern, text)
        return int(found[-1]) if found else 0
    return {"executions": last(r"stat::number_of_executed_units:\s+(\d+)"),
            "edges": last(r"cov: (\d+)"), "features": last(r"ft: (\d+)"),
            "corpus": last(r"corp: (\d+)")}


def processor_seconds(pid):
    """What a running process has used so far; None once it is over."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stop:
    """Whether we were told to end (INT, TERM): the harness under way then ends with its figures."""
    is_wanted = False

    @classmethod
    def heed(cls):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(cls, "is_wanted", True))


def await_end(process, cpu_time):
    """Waits; a process that has had `cpu_time` is asked to end, which libFuzzer does with its figures."""
    asked = False
    while not asked:
        used = processor_seconds(process.pid)
        if used is None:
            break
        if Stop.is_wanted or (cpu_time and used >= cpu_time):
            process.send_signal(signal.SIGUSR1)
            asked = True
        time.sleep(0.2)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def be_idle():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def artifacts(findings):
    return {path.name for path in findings.iterdir() if not path.name.startswith("log-")}


def run_one(name, arguments):
    """Fuzzes one harness; returns where its findings are, how many are new, and (exit status, figures) of
    each job."""
    findings = CACHE / "findings" / name
    findings.mkdir(parents=True, exist_ok=True)
    before = artifacts(findings)
    seconds = 0 if arguments.cpu_time else arguments.time
    command = [program(arguments.engine, "fuzz", name), *options_of(name), f"-max_total_time={seconds}",
               f"-timeout={600 if arguments.idle else 20}",  # by the clock, which idle processes lose sight of
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={findings}/"]
    command += arguments.option + corpora(name)
    processes = []
    for job in range(arguments.jobs):
        log = findings / f"log-{job}"
        with open(log, "wb") as file:
            processes.append((log, subprocess.Popen([str(word) for word in command], stdout=file,
                                                    stderr=subprocess.STDOUT, start_new_session=True,
                                                    preexec_fn=be_idle if arguments.idle else None)))
    results = []
    for log, process in processes:
        status, used = await_end(process, arguments.cpu_time)
        results.append((status, parse_log(log.read_text(errors="replace")) | {"processor": used}))
    return findings, len(artifacts(findings) - before), results


def summed(results):
    """The figures of all jobs of a run: what they spent together, the most that one of them reached."""
    return ({key: sum(figures[key] for _, figures in results) for key in ("executions", "processor")},
            {key: max(figures[key] for _, figures in results) for key in ("edges", "features", "corpus")})


def show_run(name, wall, findings, results):
    total, most = summed(results)
    broken = any(status != 0 for status, _ in results)
    rate = total["executions"] / max(total["processor"], 0.1)
    print(f"| {name} | {wall:.0f} | {total['processor']:.0f} | {total['executions']:,} | {rate:,.0f} | " +
          " | ".join(str(value) for value in most.values()) + f" | {findings if broken else 'none'} |", flush=True)
    return broken


def command_run(arguments):
    names = chosen(arguments.names)
    failed = []
    if arguments.build:
        build(arguments.engine, [f"fuzz_{name}" for name in names])
    print("| harness | wall s | processor s | executions | per processor s | edges | features | corpus | "
          "findings |\n|---|---|---|---|---|---|---|---|---|", flush=True)
    Stop.heed()
    for name in names:
        start = time.monotonic()
        sources = ledger.sources_of(program(arguments.engine, "fuzz", name)) if arguments.ledger else []
        key = ledger.digest(sources)
        findings, n_new, results = run_one(name, arguments)
        failed += [name] if show_run(name, time.monotonic() - start, findings, results) else []
        if arguments.ledger:
            total, most = summed(results)
            ledger.add(pathlib.Path(arguments.ledger), name, sources, key, total | most | {"findings": n_new})
        if Stop.is_wanted:
            break
    return 1 if failed else 0


def command_campaigns(arguments):
    lacks = ledger.show(chosen(arguments.names), ledger.read(pathlib.Path(arguments.ledger)))
    return 1 if lacks and arguments.check else 0


def command_regress(arguments):
    names = chosen(arguments.names)
    build(arguments.engine, [f"fuzz_{name}" for name in names])
    status = 0
    for name in names:
        files = sorted(path for folder in seeds(name) for path in folder.iterdir())
        if files:
            status |= call([program(arguments.engine, "fuzz", name), *files],
                           stderr=None if arguments.verbose else subprocess.DEVNULL).returncode
    return 1 if status else 0


# ---- corpora ----

def reduced(name, sources, options):
    """(size, hash, octets) of the files that reach all that `sources` reach, smallest first."""
    _, max_len = settings(name)
    (CACHE / "findings" / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        check([program("libfuzzer", "fuzz", name), "-merge=1", f"-max_len={max(max_len, 4096)}", *options,
               f"-artifact_prefix={CACHE}/findings/{name}/", folder, *sources], stderr=subprocess.DEVNULL)
        files = [path.read_bytes() for path in pathlib.Path(folder).iterdir()]
    return sorted((len(data), hashlib.sha1(data).hexdigest(), data) for data in files)


def merge(name, sources):
    """Makes fuzz/corpus/<name> of few files that reach every line that `sources` reach, and of some more
    that reach them in other ways, of all sizes."""
    every_edge = reduced(name, sources, ["-use_counters=0"])
    every_way = reduced(name, sources, [])
    step = max(1, -(-len(every_way) // max(1, SEEDS_MAX - len(every_edge))))
    kept, octets = {}, 0
    for size, digest, data in every_edge + every_way[::step]:
        if digest not in kept and (octets + size <= SEED_OCTETS_MAX):
            kept[digest] = data
            octets += size
    target = FUZZ / "corpus" / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for digest, data in kept.items():
        (target / digest).write_bytes(data)
    print(f"{name}: {len(kept)} seeds, {octets} octets; {len(every_edge)} reach every edge, of "
          f"{len(every_way)} that count", flush=True)


def split_cases(folder):
    """A file for each case of the suite, as `case_file` is to take them apart one by one."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "cases").rglob("*.json")):
        if path.name == "requirements.json" or "schema" in path.parts:
            continue
        tree = json.loads(path.read_text())
        for case in tree["cases"]:
            data = json.dumps(tree | {"cases": [case]}).encode()
            if len(data) <= 4096:
                (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def command_gen(arguments):
    build("libfuzzer", ["gen_seeds"] + [f"fuzz_{name}" for name in chosen(arguments.names)])
    generator = next(path for path in build_dir("libfuzzer").rglob("gen_seeds") if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        new = pathlib.Path(folder)
        check([generator, new])
        split_cases(new / "case_file")
        for name, (texts, tails) in TEXTS.items():
            (new / name).mkdir(exist_ok=True)
            for text in texts:
                for tail in tails:
                    data = text.encode("latin-1") + tail
                    (new / name / hashlib.sha1(data).hexdigest()).write_bytes(data)
        for name in chosen(arguments.names):
            sources = [new / name] if (new / name).is_dir() else []
            if arguments.collected:
                sources += [corpora(name)[0]]
            if sources:
                merge(name, sources)


def command_minimize(arguments):
    """One finding to its smallest form, into regress/; or without a file, the corpus of a harness."""
    name = chosen([arguments.name])[0]
    build("libfuzzer", [f"fuzz_{name}"])
    if not arguments.file:
        merge(name, corpora(name)[:2])
        return 0
    if not arguments.slug:
        fail("give the finding a name with --slug: what it breaks, in a few words")
    target = FUZZ / "regress" / name / arguments.slug
    target.parent.mkdir(parents=True, exist_ok=True)
    call([program("libfuzzer", "fuzz", name), "-minimize_crash=1", "-max_total_time=60",
          f"-exact_artifact_path={target}", arguments.file], stderr=subprocess.DEVNULL)
    if not target.exists():
        shutil.copy(arguments.file, target)
    print(target)
    return 0


def command_coverage(arguments):
    names = chosen(arguments.names)
    build("coverage", [f"replay_{name}" for name in names])
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for name in names:
            replay = program("coverage", "replay", name)
            objects += ["-object", replay]
            check([replay, *corpora(name)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                  env=os.environ | {"LLVM_PROFILE_FILE": f"{folder}/{name}.profraw"})
        profile = f"{folder}/all.profdata"
        check(["llvm-profdata", "merge", "-o", profile, *pathlib.Path(folder).glob("*.profraw")])
        folders = arguments.folders.split(",")
        command = ["llvm-cov", "show" if arguments.html else "export", objects[1], *objects[2:],
                   f"-instr-profile={profile}"]
        if arguments.html:
            check(command + [ROOT / "harness" / name for name in folders] +
                  ["-format=html", f"-output-dir={arguments.html}"])
            return 0
        done = call(command + ["-summary-only"], stdout=subprocess.PIPE)
        if done.returncode != 0:
            fail("llvm-cov failed")
    show_coverage(json.loads(done.stdout)["data"][0]["files"], folders)
    return 0


def show_coverage(files, folders):
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


def command_list(_):
    for name in harnesses():
        text = (FUZZ / f"{name}.c").read_text()
        what = re.search(r"/\* \w+: (.*?)(?:\.\s|\*/)", text, re.S)
        seeds = len(list((FUZZ / "corpus" / name).glob("*")))
        regress = len(list((FUZZ / "regress" / name).glob("*")))
        summary = " ".join(what.group(1).replace("\n *", " ").split()) if what else ""
        print(f"{name:20} {seeds:4} seeds {regress:3} regressions  {summary}")
    return 0


def parser():
    main = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = main.add_subparsers(dest="command", required=True)

    def command(name, function, text, names=True, engine=True):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        if names:
            sub.add_argument("names", nargs="*", metavar="HARNESS", help="default: all")
        if engine:
            sub.add_argument("--engine", default="libfuzzer",
                             choices=["libfuzzer", "undefined", "afl", "oss-fuzz"],
                             help="undefined: libFuzzer with UBSan too; oss-fuzz: by the environment")
        return sub

    command("list", command_list, "what there is", names=False, engine=False)
    sub = command("build", command_build, "compile harnesses")
    sub.add_argument("--out", help="also copy programs, seeds and dictionaries there")
    sub = command("run", command_run, "fuzz, each harness in its turn, and print a table")
    sub.add_argument("--time", type=int, default=60, help="seconds for each harness")
    sub.add_argument("--cpu-time", type=int, default=0,
                     help="instead: processor seconds of each job, which mean the same on a busy machine")
    sub.add_argument("--idle", action="store_true", help="only on processors that nobody else wants")
    sub.add_argument("--jobs", type=int, default=1, help="processes for each harness")
    sub.add_argument("--no-build", dest="build", action="store_false")
    sub.add_argument("--ledger", nargs="?", const=ledger.LEDGER, metavar="FILE",
                     help="add what it comes to to fuzz/campaigns.json, or to FILE")
    sub.add_argument("--option", action="append", default=[], help="for libFuzzer, as --option=-runs=9")
    sub = command("campaigns", command_campaigns, "what each harness, as it stands, has been run for", engine=False)
    sub.add_argument("--ledger", default=ledger.LEDGER, metavar="FILE", help="default: fuzz/campaigns.json")
    sub.add_argument("--check", action="store_true", help="exit 1 if one lacks time or has a finding")
    sub = command("regress", command_regress, "replay corpus and regress under the engine's sanitizers")
    sub.add_argument("-v", "--verbose", action="store_true")
    sub = command("gen", command_gen, "write fuzz/corpus anew, from the cases", engine=False)
    sub.add_argument("--collected", action="store_true", help="and from what campaigns have collected")
    sub = command("minimize", command_minimize, "a finding into regress, or a corpus to its essence",
                  names=False, engine=False)
    sub.add_argument("name", metavar="HARNESS")
    sub.add_argument("file", nargs="?", help="a finding; without it the corpus is minimized")
    sub.add_argument("--slug", help="name of the regression: what it breaks")
    sub = command("coverage", command_coverage, "lines reached by all corpora", engine=False)
    sub.add_argument("--folders", default="proto", help="of harness/, by commas")
    sub.add_argument("--html", help="write pages to this directory instead of a table")
    return main


def main():
    arguments = parser().parse_args()
    return arguments.function(arguments) or 0


if __name__ == "__main__":
    sys.exit(main())
