#!/usr/bin/env python3
"""Builds, runs and keeps wspec's fuzz harnesses. `fuzz.py COMMAND --help` explains each command.

What campaigns collect lies under .cache/fuzz (WSPEC_FUZZ_CACHE): corpus/<harness>, findings/<harness>.
What the repository keeps are fuzz/corpus, capped in seeding.py, and fuzz/regress, which only grows.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import time

import campaign
import harnesses
import ledger
import line_coverage
import seeding
from building import build, install, program
from harnesses import FUZZ, chosen
from shell import call, fail


def command_build(arguments):
    names = chosen(arguments.names)
    build(arguments.engine, [f"fuzz_{name}" for name in names])
    if arguments.out:
        install(arguments.engine, names, pathlib.Path(arguments.out))


def command_run(arguments):
    names = chosen(arguments.names)
    failed = []
    if arguments.build:
        build(arguments.engine, [f"fuzz_{name}" for name in names])
    print("| harness | wall s | processor s | executions | per processor s | edges | features | corpus | "
          "findings |\n|---|---|---|---|---|---|---|---|---|", flush=True)
    campaign.Stop.heed()
    for name in names:
        start = time.monotonic()
        sources = ledger.sources_of(program(arguments.engine, "fuzz", name)) if arguments.ledger else []
        key = ledger.digest(sources)
        findings, n_new, results = campaign.run_one(name, arguments)
        failed += [name] if campaign.show_run(name, time.monotonic() - start, findings, results) else []
        if arguments.ledger:
            total, most = campaign.summed(results)
            ledger.add(pathlib.Path(arguments.ledger), name, sources, key, total | most | {"findings": n_new})
        if campaign.Stop.is_wanted:
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
        files = sorted(path for folder in harnesses.seeds(name) for path in folder.iterdir())
        if files:
            status |= call([program(arguments.engine, "fuzz", name), *files],
                           stderr=None if arguments.verbose else subprocess.DEVNULL).returncode
    return 1 if status else 0


def command_gen(arguments):
    names = chosen(arguments.names)
    build("libfuzzer", ["gen_seeds"] + [f"fuzz_{name}" for name in names])
    seeding.generate_all(names, arguments.collected)


def command_minimize(arguments):
    name = chosen([arguments.name])[0]
    if arguments.file and not arguments.slug:
        fail("give the finding a name with --slug: what it breaks, in a few words")
    build("libfuzzer", [f"fuzz_{name}"])
    if arguments.file:
        print(seeding.minimize(name, arguments.file, arguments.slug))
    else:
        seeding.merge(name, harnesses.corpora(name)[:2])


def command_coverage(arguments):
    names = chosen(arguments.names)
    build("coverage", [f"replay_{name}" for name in names])
    line_coverage.measure(names, arguments.folders.split(","), arguments.html)


def command_list(_):
    for name in harnesses.own():
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
