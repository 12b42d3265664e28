"""Which harnesses there are, what libFuzzer is told of each, and where their inputs lie."""
import os
import pathlib

from shell import fail

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ = ROOT / "fuzz"
CACHE = pathlib.Path(os.environ.get("WSPEC_FUZZ_CACHE", ROOT / ".cache" / "fuzz"))

# Harness: dictionary, longest input. What is not named here has no dictionary and 1024 octets.
SETTINGS = {
    "case_file": ("case", 4096),
    "conn_client": ("frame", 512),
    "conn_deflate": ("frame", 512),
    "conn_pair": (None, 256),
    "conn_server": ("frame", 512),
    "close": (None, 140),
    "deflate": (None, 512),
    "extensions": ("http", 512),
    "frame_decode": ("frame", 64),
    "frame_round_trip": (None, 256),
    "handshake_client": ("http", 1024),
    "handshake_server": ("http", 1024),
    "handshake_write": ("http", 512),
    "http_body": ("http", 1024),
    "http_head_request": ("http", 1024),
    "http_head_response": ("http", 1024),
    "negotiation": ("negotiation", 256),
    "player": ("frame", 1024),
    "transcript": ("report", 6000),
    "url": ("url", 256),
    "utf8_diff": ("frame", 256),
}
# Seeds that stand elsewhere in the tree and are read where they are.
SEEDS_ELSEWHERE = {"case_file": [ROOT / "tests" / "data" / "bad-cases"]}
# libFuzzer weighs inputs by how rare what they reach is, and looks each feature of an execution up in a list,
# which a grown corpus makes thousands long: up to half of the time of a fast harness. A short list chooses
# no worse.
SHORT_LIST = ["-entropic_number_of_rarest_features=20", "-entropic_feature_frequency_threshold=1"]


def own():
    """Those of wspec itself."""
    return sorted(path.stem for path in FUZZ.glob("*.c") if path.stem != "fuzz_target")


def peers():
    """Those of other parsers, in adapters/."""
    return sorted(f"target_{path.stem}" for path in (FUZZ / "adapters").glob("*.c*"))


def chosen(names):
    known = own()
    for name in names:
        if name not in known + peers() + ["all"]:
            fail(f"there is no harness {name}; there are: all {' '.join(known + peers())}")
    return known if not names or "all" in names else names


def settings(name):
    dictionary, max_len = SETTINGS.get("conn_server" if name.startswith("target_") else name, (None, 1024))
    return FUZZ / "dict" / f"{dictionary}.dict" if dictionary else None, max_len


def options_of(name):
    """What libFuzzer is told of a harness, wherever it runs."""
    dictionary, max_len = settings(name)
    return ([f"-max_len={max_len}", *SHORT_LIST] + ([f"-dict={dictionary}"] if dictionary else []) +
            (["-use_value_profile=1"] if name in ("handshake_client", "handshake_server") else []))


def seeds(name):
    """The folders of what the tree keeps for a harness."""
    kept = [FUZZ / folder / name for folder in ("corpus", "regress")] + SEEDS_ELSEWHERE.get(name, [])
    if name.startswith("target_"):
        kept += [FUZZ / "corpus" / "conn_server", FUZZ / "corpus" / "conn_client"]
    return [folder for folder in kept if folder.is_dir()]


def corpora(name):
    work = CACHE / "corpus" / name
    work.mkdir(parents=True, exist_ok=True)
    return [work, *seeds(name)]
