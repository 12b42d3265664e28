"""Each fault of planted/ still has its place in the code, exactly one."""
import json
import pathlib
import sys
import unittest

FUZZ = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ / "planted"))
import planting  # noqa: E402  (the path has to be there first)


class PlantedTest(unittest.TestCase):
    def test_every_fault_can_be_planted(self):
        for name in ("bugs.json", "oracles.json"):
            faults = json.loads((FUZZ / "planted" / name).read_text())
            self.assertGreaterEqual(len(faults), 20)
            for fault in faults:
                with self.subTest(table=name, fault=fault["name"]):
                    self.assertNotEqual(planting.planted_text(fault), (planting.ROOT / fault["file"]).read_text())

    def test_a_fault_without_its_place_is_an_error(self):
        with self.assertRaises(SystemExit):
            planting.planted_text({"name": "gone", "file": "fuzz/test_planted.py", "old": "no such" + " text",
                                   "new": ""})

    def test_every_harness_has_an_oracle_that_was_seen_to_fail(self):
        harnesses = {path.stem for path in FUZZ.glob("*.c")} - {"fuzz_target"}
        faults = json.loads((FUZZ / "planted" / "oracles.json").read_text())
        self.assertEqual({fault["harness"] for fault in faults}, harnesses)


if __name__ == "__main__":
    unittest.main()
