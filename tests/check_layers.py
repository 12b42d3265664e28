#!/usr/bin/env python3
"""Fails when a source file includes a folder that the design does not let it see.

The table is read from CMakeLists.txt (wspec_folder ... DEPENDS ...), so that there is one copy.
proto and play are also held to their sans-IO promise: no socket, file, clock or global state.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
INCLUDE = re.compile(r'^\s*#\s*include\s*"(\w+)/', re.M)
SANS_IO = {"proto", "play", "case"}
CALLS = {"time", "clock_gettime", "gettimeofday", "getenv", "rand", "random", "srand",
         "socket", "send", "recv", "usleep", "sleep", "nanosleep", "printf", "puts", "setlocale"}
FILE_CALLS = {"fopen", "open", "read", "write", "fread", "fwrite"}


def allowed_folders():
    text = (ROOT / "CMakeLists.txt").read_text()
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


def folder_path(name):
    return ROOT / name if name == "reports" else ROOT / "harness" / name


def strip_comments(text):
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"', "", text, flags=re.S)


def check_file(path, folder, allowed):
    text = path.read_text()
    for included in INCLUDE.findall(text):
        if included not in allowed:
            yield f"{path.relative_to(ROOT)}: {folder} may not include {included}/"
    if folder in SANS_IO:
        banned = CALLS if folder == "case" else CALLS | FILE_CALLS
        for call in re.findall(r"(?<![\w.>])(\w+)\s*\(", strip_comments(text)):
            if call in banned:
                yield f"{path.relative_to(ROOT)}: {folder} may not call {call}()"


def main():
    table = allowed_folders()
    if len(table) < 8:
        sys.exit("check_layers: the table of folders was not found in CMakeLists.txt")
    problems, files = [], 0
    for folder, allowed in table.items():
        for path in sorted(folder_path(folder).glob("*.[ch]")):
            files += 1
            problems += check_file(path, folder, allowed)
    print("\n".join(problems))
    print(f"{files} files checked, {len(problems)} problems")
    return 1 if problems or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
