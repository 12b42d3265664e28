#!/usr/bin/env python3
"""Fails when a Markdown file links to a file of the tree that is not there.

Usage: check_links.py ROOT
"""
import pathlib
import re
import sys

LINK = re.compile(r"\[[^\]]*\]\(\s*([^)\s]+)[^)]*\)")
NOT_OURS = {".git", ".cache", ".deps", "build", "node_modules", "wspec-report"}
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)


def broken_links(path):
    """The targets of path's links that do not exist; those with a scheme are not followed."""
    for target in LINK.findall(CODE.sub("", path.read_text())):
        file = target.split("#")[0]
        if file and ":" not in file and not (path.parent / file).exists():
            yield target


def markdown_files(folder):
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in NOT_OURS:
            yield from markdown_files(path)
        elif path.suffix == ".md":
            yield path


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = list(markdown_files(root))
    broken = [f"{path.relative_to(root)}: no such file: {target}"
              for path in files for target in broken_links(path)]
    print("\n".join(broken))
    print(f"{len(files)} files checked, {len(broken)} broken links")
    return 1 if broken or not files else 0


if __name__ == "__main__":
    sys.exit(main())
