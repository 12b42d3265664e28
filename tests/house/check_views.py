#!/usr/bin/env python3
"""Fails when the compiler lets a folder see a header that the folder may not include, or hides one.

Usage: check_views.py ROOT VIEWS COMPILER

VIEWS has a line for each folder: its name and the include directories of its CMake target. The
preprocessor is asked for each header of the tree whether that target could include it; the answers
must be the table of CMakeLists.txt.
"""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import check_layers  # noqa: E402  (found through the line above)


def visible_headers(compiler, directories, headers):
    """Those of headers (`folder/file.h`) that #include finds with these include directories."""
    probe = "".join(f'#if __has_include("{header}")\nvisible {header}\n#endif\n'
                    for header in headers)
    output = subprocess.run([compiler, "-E", "-P", "-x", "c", *(f"-I{path}" for path in directories),
                             "-"], input=probe, check=True, text=True, capture_output=True).stdout
    return {line.split()[1] for line in output.splitlines()
            if line.startswith("visible ")}


def main():
    root, views, compiler = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3]
    table = check_layers.allowed_folders(root)
    headers = [f"{folder}/{path.name}" for folder in table
               for path in sorted(check_layers.folder_path(root, folder).glob("*.h"))]
    problems, asked = [], 0
    for line in pathlib.Path(views).read_text().splitlines():
        folder, *directories = line.split()
        visible = visible_headers(compiler, directories, headers)
        for header in headers:
            asked += 1
            wanted = header.split("/")[0] in table[folder]
            if wanted != (header in visible):
                problems.append(f"{folder} {'can not' if wanted else 'can'} include {header}")
    print("\n".join(problems))
    print(f"{asked} pairs of folder and header, {len(problems)} problems")
    return 1 if problems or asked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
