"""The house checks can fail: each rule is broken on purpose and must be reported."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import check_globals  # noqa: E402  (found through the line above)
import check_layers  # noqa: E402
import check_links  # noqa: E402
import check_views  # noqa: E402

COMPILER = os.environ.get("CC", "cc")
NM = os.environ.get("NM", "nm")

TABLE = """
wspec_folder(base)
wspec_folder(proto DEPENDS base LIBRARIES OpenSSL::Crypto)
wspec_folder(case DEPENDS base)
wspec_folder(play DEPENDS base proto case LIBRARIES m)
wspec_folder(reports AT ${CMAKE_SOURCE_DIR}/reports DEPENDS base)
wspec_program(wspec FOLDER cli
  DEPENDS base proto play)
"""


class Layers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "harness").mkdir()
        (self.root / "CMakeLists.txt").write_text(TABLE)

    def problems(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        files, problems = check_layers.check_tree(self.root)
        self.assertEqual(files, 1)
        return problems

    def assert_allowed(self, path, text):
        self.assertEqual(self.problems(path, text), [])

    def assert_refused(self, path, text, why):
        problems = self.problems(path, text)
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(f"{path}: "), problems)
        self.assertIn(why, problems[0])

    def test_the_table_is_read_whole(self):
        self.assertEqual(check_layers.allowed_folders(self.root), {
            "base": {"base"}, "proto": {"base", "proto"}, "case": {"base", "case"},
            "play": {"base", "proto", "case", "play"}, "reports": {"base", "reports"},
            "cli": {"base", "proto", "play", "cli"}})

    def test_own_and_allowed_folders(self):
        self.assert_allowed("harness/proto/frame.c",
                            '#include "proto/frame.h"\n#include "base/err.h"\n#include <stdint.h>\n')

    def test_forbidden_folder(self):
        self.assert_refused("harness/proto/frame.c", '#include "play/play.h"\n',
                            "proto may not include play/")

    def test_forbidden_folder_from_reports(self):
        self.assert_refused("reports/json.c", '#include "proto/frame.h"\n',
                            "reports may not include proto/")

    def test_forbidden_folder_after_spaces(self):
        self.assert_refused("harness/base/buf.h", '  #  include   "proto/frame.h"\n',
                            "base may not include proto/")

    def test_include_in_a_comment_counts_for_nothing(self):
        self.assert_allowed("harness/proto/frame.c", '/*\n#include "play/play.h"\n*/\n')

    def test_relative_path(self):
        self.assert_refused("harness/proto/frame.c", '#include "../play/play.h"\n', "folder/file.h")

    def test_path_that_climbs_out(self):
        self.assert_refused("harness/proto/frame.c", '#include "proto/../../play/play.h"\n',
                            "folder/file.h")

    def test_no_folder(self):
        self.assert_refused("harness/proto/frame.c", '#include "frame.h"\n', "folder/file.h")

    def test_unknown_folder(self):
        self.assert_refused("harness/proto/frame.c", '#include "tests/failalloc.h"\n',
                            "no folder tests")

    def test_angle_brackets(self):
        self.assert_refused("harness/proto/frame.c", "#include <play/play.h>\n", "quotes")

    def test_macro(self):
        self.assert_refused("harness/proto/frame.c", "#include PLAY_HEADER\n", "no macro")

    def test_system_headers_of_a_sans_io_folder(self):
        for header in ("uv.h", "sys/socket.h", "unistd.h", "time.h", "stdio.h", "pthread.h",
                       "openssl/ssl.h", "openssl/rand.h"):
            for folder in ("proto", "play"):
                with self.subTest(header=header, folder=folder):
                    self.setUp()
                    self.assert_refused(f"harness/{folder}/a.c", f"#include <{header}>\n",
                                        f"may not include <{header}>")

    def test_system_headers_of_other_folders(self):
        self.assert_allowed("harness/cli/main.c", "#include <stdio.h>\n#include <unistd.h>\n")

    def test_call_of_the_clock(self):
        self.assert_refused("harness/play/play.c", "long f(void) { return time(0); }\n",
                            "play may not call time()")

    def test_names_that_only_look_like_calls(self):
        self.assert_allowed("harness/play/play.c",
                            'void f(void) { play->send(1); s.send(2); resend(3); g("time(0)"); }\n')

    def test_folder_outside_the_table(self):
        (self.root / "harness" / "extra").mkdir()
        problems = self.problems("harness/base/buf.h", "")
        self.assertEqual(problems, ["harness/extra: the folder is not in CMakeLists.txt"])

    def test_folder_in_a_folder(self):
        self.assert_refused("harness/base/deep/buf.h", "", "no folders of its own")


class Compiled(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compile(self, source, *options):
        path = self.folder / "source.c"
        path.write_text(source)
        return subprocess.run([COMPILER, *options, "-c", str(path), "-o",
                               str(self.folder / "source.o")], text=True, capture_output=True)

    def changeable(self, source):
        self.assertEqual(self.compile(source, "-fPIE", "-O2").returncode, 0)
        listing = subprocess.run([NM, "--format=sysv", str(self.folder / "source.o")], check=True,
                                 text=True, capture_output=True).stdout
        return [line.split()[0] for line in check_globals.changeable_objects(listing)]

    def test_changeable_objects_are_found(self):
        for source, name in (
                ("int counter;", "counter"), ("int counter = 3;", "counter"),
                ("static int hidden; int f(void) { return ++hidden; }", "hidden"),
                ("int f(void) { static int calls = 2; return ++calls; }", "calls"),
                ("_Thread_local int mine;", "mine"), ("_Thread_local int mine = 4;", "mine"),
                ("const char *message = \"\";", "message")):
            with self.subTest(source=source):
                found = self.changeable(source)
                self.assertEqual(len(found), 1, found)
                self.assertIn(name, found[0])

    def test_constants_are_not(self):
        self.assertEqual(self.changeable(
            'const int table[] = {1, 2}; static const char *const names[] = {"a", "b"};'
            "const char *name(int i) { return names[i]; }"), [])

    def views(self):
        for name in ("base", "play"):
            (self.folder / name / name).mkdir(parents=True)
            (self.folder / name / name / f"{name}.h").write_text(f"typedef int {name}_int;\n")
        return self.folder / "base"

    def test_a_header_outside_the_view_does_not_compile(self):
        view = self.views()
        right = self.compile('#include "base/base.h"\nbase_int f(void);\n', f"-I{view}")
        self.assertEqual(right.returncode, 0, right.stderr)
        wrong = self.compile('#include "play/play.h"\nplay_int f(void);\n', f"-I{view}")
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("play/play.h", wrong.stderr)

    def test_visible_headers(self):
        view = self.views()
        self.assertEqual(check_views.visible_headers(COMPILER, [view], ["base/base.h", "play/play.h"]),
                         {"base/base.h"})


class Links(unittest.TestCase):
    def test_broken_links_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text("[self](page.md#top) [here](#top) [far](https://example.org/x.md)\n"
                            "`[code](no.md)` [gone](gone.md) [up](../nowhere/else.md \"title\")\n")
            self.assertEqual(list(check_links.broken_links(page)),
                             ["gone.md", "../nowhere/else.md"])


if __name__ == "__main__":
    unittest.main()
