#!/usr/bin/env python3
"""Fails when a source file includes a folder that the design does not let it see.

Usage: check_layers.py [ROOT]

The table is read from CMakeLists.txt (wspec_folder ... DEPENDS ...), so that there is one copy.
proto and play are also held to their sans-IO promise: no socket, file, clock or randomness, by the
system headers that they may include and by the names of the functions that they may call.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r"^\s*#\s*include\b\s*(.*?)\s*$", re.M)
CALL = re.compile(r"(?<![\w.>])(\w+)\s*\(")
CODE_OR_NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)

# What a sans-IO folder may include of the system; all else is added here after a review.
SANS_IO_HEADERS = {
    "assert.h", "ctype.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h",
    "arm_neon.h", "cpuid.h", "emmintrin.h", "immintrin.h", "smmintrin.h", "tmmintrin.h",
    "openssl/evp.h", "openssl/sha.h", "zlib.h",
}
SANS_IO = {"proto", "play"}

CLOCK_AND_CHANCE = {
    "clock", "clock_gettime", "clock_nanosleep", "getenv", "getrandom", "gettimeofday", "gmtime",
    "localtime", "nanosleep", "rand", "random", "rand_r", "secure_getenv", "setenv", "setlocale",
    "sleep", "srand", "srandom", "time", "timespec_get", "usleep", "RAND_bytes",
}
INPUT_AND_OUTPUT = {
    "accept", "bind", "connect", "fprintf", "listen", "perror", "poll", "printf", "putchar", "puts",
    "recv", "select", "send", "setsockopt", "shutdown", "socket", "system", "vprintf",
}
FILES = {"close", "fclose", "fopen", "fputs", "fread", "fwrite", "open", "read", "write"}
# case reads case files; it has no other business with the world outside.
BANNED_CALLS = {
    "proto": CLOCK_AND_CHANCE | INPUT_AND_OUTPUT | FILES,
    "play": CLOCK_AND_CHANCE | INPUT_AND_OUTPUT | FILES,
    "case": CLOCK_AND_CHANCE | INPUT_AND_OUTPUT,
}


def allowed_folders(root):
    """The folders that each folder may include, itself among them, as CMakeLists.txt says."""
    text = (root / "CMakeLists.txt").read_text()
    table = {}
    for call in re.findall(r"wspec_(?:folder|program)\(([^)]*)\)", text):
        words = call.replace("${CMAKE_SOURCE_DIR}/", "").split()
        name = words[words.index("FOLDER") + 1] if "FOLDER" in words else words[0]
        depends = set()
        if "DEPENDS" in words:
            for word in words[words.index("DEPENDS") + 1:]:
                if word.isupper():
                    break
                depends.add(word)
        table[name] = depends | {name}
    return table


def folder_path(root, name):
    return root / name if name == "reports" else root / "harness" / name


def without_comments(text, keep_strings):
    """The text without comments; without string and character constants too, if asked."""
    def replacement(match):
        noise = match.group()
        if noise[0] == "/":
            return "\n" * noise.count("\n") or " "
        return noise if keep_strings else '""'
    return CODE_OR_NOISE.sub(replacement, text)


def check_include(what, folder, table):
    """What is wrong with one #include of a file of folder, or None."""
    path = re.fullmatch(r'(["<])([^">]+)[">]', what)
    if not path:
        return f"write the file of #include {what} out, no macro"
    name = path.group(2)
    first, _, rest = name.partition("/")
    if path.group(1) == "<":
        if first in table:
            return f"{name} is ours: include it with quotes"
        if folder in SANS_IO and name not in SANS_IO_HEADERS:
            return f"{folder} is sans-IO and may not include <{name}>"
        return None
    if "/" in rest or not rest or first in ("", ".", ".."):
        return f'include "{name}" as "folder/file.h"'
    if first not in table:
        return f'"{name}": there is no folder {first} in CMakeLists.txt'
    if first not in table[folder]:
        return f"{folder} may not include {first}/"
    return None


def check_file(path, folder, table):
    text = path.read_text()
    for what in INCLUDE.findall(without_comments(text, keep_strings=True)):
        problem = check_include(what, folder, table)
        if problem:
            yield problem
    for call in CALL.findall(without_comments(text, keep_strings=False)):
        if call in BANNED_CALLS.get(folder, ()):
            yield f"{folder} may not call {call}()"


def check_tree(root):
    """The number of files that were checked, and the problems, each with its file."""
    table = allowed_folders(root)
    problems, files = [], 0
    for path in sorted((root / "harness").iterdir()):
        if path.is_dir() and path.name not in table:
            problems.append(f"harness/{path.name}: the folder is not in CMakeLists.txt")
    for folder in table:
        for path in sorted(folder_path(root, folder).rglob("*")):
            where = path.relative_to(root)
            if path.suffix not in (".c", ".h") or "node_modules" in path.parts:
                continue
            files += 1
            if path.parent != folder_path(root, folder):
                problems.append(f"{where}: a folder has no folders of its own")
            problems += [f"{where}: {problem}" for problem in check_file(path, folder, table)]
    return files, problems


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    if len(allowed_folders(root)) < 8:
        sys.exit("check_layers: the table of folders was not found in CMakeLists.txt")
    files, problems = check_tree(root)
    print("\n".join(problems))
    print(f"{files} files checked, {len(problems)} problems")
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
