"""Plants a fault into a copy of one source file and links a program of a build with that copy.

The build's own commands are used, so that nothing differs but the fault: the object of the copy comes before
the libraries, whose member of the same symbols the linker then leaves out.
"""
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Build:
    """A configured and built tree of Ninja's."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()

    def _commands(self, target):
        said = subprocess.run(["ninja", "-C", str(self.folder), "-t", "commands", target], capture_output=True,
                              text=True, check=True)
        return said.stdout.splitlines()

    def compile_words(self, source):
        """How `source` is compiled, without what names it and its object."""
        line = next(line for line in self._commands("all") if line.endswith(f"-c {ROOT / source}"))
        words = shlex.split(line)
        for option in ("-MD", "-MF", "-MT", "-o", "-c"):
            at = words.index(option)
            del words[at:at + (1 if option == "-MD" else 2)]
        return words

    def link_words(self, program):
        """How `program` is linked, without what names it."""
        words = shlex.split(self._commands(program)[-1])
        words = words[words.index("&&") + 1:]
        words = words[:words.index("&&")]
        at = words.index("-o")
        del words[at:at + 2]
        return words

    def run(self, words):
        done = subprocess.run([str(word) for word in words], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"planted: {' '.join(map(str, words))}\n{done.stderr}")


def planted_text(fault):
    """The source of fault["file"] with the fault in it. A fault whose text is gone, or no longer the only
    one, is an error: the table has to follow the code."""
    text = (ROOT / fault["file"]).read_text()
    if text.count(fault["old"]) != 1:
        sys.exit(f"planted: {fault['name']}: {fault['file']} has its text {text.count(fault['old'])} times, not "
                 "once: the code has changed, adapt the table")
    return text.replace(fault["old"], fault["new"])


def link_with(build, fault, program, target, leave_out=""):
    """Links the build's `program` as `target`, with `fault` (None: with none) and without those of its own
    objects whose path has `leave_out` in it."""
    words = [word for word in build.link_words(program)
             if not (leave_out and leave_out in word and word.endswith(".o"))]
    if fault:
        copy = target.parent / f"planted-{pathlib.Path(fault['file']).name}"
        copy.write_text(planted_text(fault))
        planted = copy.with_suffix(".o")
        build.run([*build.compile_words(fault["file"]), "-w", f"-I{(ROOT / fault['file']).parent}", "-o", planted,
                   "-c", copy])
        first = next(i for i, word in enumerate(words) if word.endswith(".o"))
        words.insert(first, planted)
    build.run([*words, "-o", target])
