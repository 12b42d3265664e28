"""The ledger of campaigns: what counts for the sources that the tree has now."""
import contextlib
import io
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import ledger

FIGURES = {"processor": 1000.4, "executions": 5, "edges": 7, "features": 9, "findings": 0}


class LedgerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.book = self.root / "campaigns.json"
        for name in ("ROOT", "INCLUDE_ROOTS"):
            self.addCleanup(setattr, ledger, name, getattr(ledger, name))
        ledger.ROOT, ledger.INCLUDE_ROOTS = self.root, [self.root / "harness"]

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def add(self, harness, files, **changes):
        ledger.add(self.book, harness, files, ledger.digest(files), FIGURES | changes)

    def lacks(self, harnesses):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            lacks = ledger.show(harnesses, ledger.read(self.book))
        return lacks, said.getvalue()

    def test_runs_of_the_same_sources_add_up(self):
        self.write("a.c", "one")
        self.add("a", ["a.c"])
        self.assertEqual(self.lacks(["a"])[0], True)
        self.add("a", ["a.c"], edges=3, features=20)
        lacks, said = self.lacks(["a"])
        self.assertFalse(lacks)
        self.assertIn("| a | 2,000 | 0 | 10 | 7 | 20 | 0 |", said)

    def test_a_change_of_any_source_begins_anew(self):
        self.write("a.c", "one")
        self.write("a.h", "one")
        self.add("a", ["a.c", "a.h"], processor=1800)
        self.assertFalse(self.lacks(["a"])[0])
        self.write("a.h", "two")
        self.assertIn("| a | 0 | 1,800 | - |", self.lacks(["a"])[1])
        self.write("a.h", "one")
        self.assertFalse(self.lacks(["a"])[0])
        (self.root / "a.h").unlink()
        self.assertTrue(self.lacks(["a"])[0])

    def test_a_finding_is_not_outlasted(self):
        self.write("a.c", "one")
        self.add("a", ["a.c"], processor=1800, findings=1)
        self.add("a", ["a.c"], processor=1800)
        self.assertTrue(self.lacks(["a"])[0])

    def test_a_harness_without_a_run_lacks_all(self):
        self.assertIn("| a | 0 | 1,800 | - |", self.lacks(["a"])[1])

    @unittest.skipUnless(shutil.which("llvm-dwarfdump"), "llvm is not installed")
    def test_sources_are_those_that_are_linked_in_and_their_headers(self):
        self.write("harness/proto/deep.h", "#define DEEP 1\n")
        self.write("harness/proto/used.h", '#include "proto/deep.h"\nint used(void);\n')
        used = self.write("harness/proto/used.c", '#include "proto/used.h"\nint used(void) { return DEEP; }\n')
        other = self.write("harness/proto/other.c", "int other(void) { return 2; }\n")
        main = self.write("fuzz/a.c", '#include "proto/used.h"\nint main(void) { return used(); }\n')
        compiler = os.environ.get("CC", "cc")
        for source in (used, other, main):
            subprocess.run([compiler, "-g", f"-I{self.root}/harness", "-c", source, "-o", source.with_suffix(".o")],
                           check=True)
        archive, program = self.root / "proto.a", self.root / "a"
        subprocess.run(["ar", "rc", archive, used.with_suffix(".o"), other.with_suffix(".o")], check=True)
        subprocess.run([compiler, main.with_suffix(".o"), archive, "-o", program], check=True)
        self.assertEqual(ledger.sources_of(program), ["fuzz/a.c", "harness/proto/deep.h", "harness/proto/used.c",
                                                      "harness/proto/used.h"])


if __name__ == "__main__":
    unittest.main()
