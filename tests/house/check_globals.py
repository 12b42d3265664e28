#!/usr/bin/env python3
"""Fails when an archive holds an object that can change while the program runs.

Usage: check_globals.py NM ARCHIVE...

proto and play keep all state in structs that the caller owns, so that any number of connections can
run side by side. A constant table of pointers is fine: it lies in .data.rel.ro and is read-only
once the program is loaded.
"""
import re
import subprocess
import sys

WRITABLE = re.compile(r"\.(data|bss|sdata|sbss|tdata|tbss)\b(?!\.rel\.ro)|\*COM\*|COMMON")


def changeable_objects(listing):
    """The `file: name (section)` of each changeable object in the output of nm --format=sysv."""
    for line in listing.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and WRITABLE.match(fields[6]):
            yield f"{fields[0]} ({fields[6]})"


def main():
    nm, *archives = sys.argv[1:]
    if not archives:
        sys.exit("check_globals: no archive was given")
    found, listed = [], 0
    for archive in archives:
        listing = subprocess.run([nm, "--format=sysv", archive], check=True, text=True,
                                 capture_output=True).stdout
        listed += len(re.findall(r"\|\s*FUNC\|", listing))
        found += [f"{archive}: {name}" for name in changeable_objects(listing)]
    print("\n".join(found))
    print(f"{len(archives)} archives, {listed} functions, {len(found)} changeable objects")
    return 1 if found or listed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
