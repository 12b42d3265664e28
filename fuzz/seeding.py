"""Seed corpora: made from the cases and from texts, and cut down to what counts."""
import hashlib
import json
import pathlib
import shutil
import subprocess
import tempfile

from building import build_dir, program
from harnesses import CACHE, FUZZ, ROOT, corpora, settings
from shell import call, check

SEEDS_MAX, SEED_OCTETS_MAX = 200, 200_000

# Seeds that do not come from the cases: harness to (texts, tails), each text with each tail.
RESPONSE = "HTTP/1.1 200 OK\r\n"
BODIES = [RESPONSE + text for text in (
    "Content-Length: 3\r\n\r\nabcdef", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "\r\nabc",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1a;x=y\r\n" + 26 * "z" + "\r\n0\r\nT: v\r\n\r\nrest",
    "Transfer-Encoding: gzip, chunked\r\nContent-Length: 1\r\n\r\nF\r\n", "Transfer-Encoding: gzip\r\n\r\nx",
    "Transfer-Encoding: chunked\r\n\r\n1234567890abcdef\r\n", "Content-Length: 99999999999999999999\r\n\r\n")]
BODIES += ["HTTP/1.0 204 No\r\n\r\nabc", "HTTP/1.0 200 O\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nab\r\n0\r\n\r\n"]
URLS = ["ws://localhost/", "wss://example.org:8443/chat?x=1", "ws://[::1]:9001/", "http://user:p%40@h/",
        "WS://EXAMPLE.org:80/a/../b/./c?d e", "ws://0x7f.1/\\x", "wss://h", "ws://h/#f", "ws://h:0/",
        "\tws://h\n", "wss://%65xample.org/%7e?%2", "ws://[::ffff:1.2.3.4]/", "ws://h:65536/", "ftp://h/"]
PARTS = ["h\n/\no\nchat\nsuperchat\nx\nv\ndate\nchat", "h\n/a\n\np\nq\n\n\n\n", "h\n/\n\np\nq\nxy\nv\n\nz",
         "h\n/ \n\r\n,\n\n:\n", "h:1\n/?q\nhttp://o\na,b\na\nHost\nh2\nSun, 06 Nov 1994 08:49:37 GMT\na"]
CODE_BORDERS = [0, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016, 2999, 3000, 3999, 4000,
                4999, 5000, 65535]
TEXTS = {"url": (URLS, [b"\0", b"\1"]),
         "http_body": (BODIES, [bytes([choice, 0, 0, 0, 0]) for choice in range(4)]),
         "handshake_write": (PARTS, [bytes(17), bytes(16) + b"\x84", bytes(16) + b"\xc6"]),
         # codes at each border of section 7.4, and reasons of 123 and 124 octets
         "close": ([f"{chr(code >> 8)}{chr(code & 0xff)}" for code in CODE_BORDERS] +
                   ["", 123 * "r", 124 * "r", "\3\xeareason", "\x0b\xb8\xe2\x82\xac", "x"],
                   [b"\3\xe8", b"\xe8\3", b"\xed\3", b"\xf2\3", b"\xa0\x0f", bytes(2)])}


def reduced(name, sources, options):
    """(size, hash, octets) of the files that reach all that `sources` reach, smallest first."""
    _, max_len = settings(name)
    (CACHE / "findings" / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        check([program("libfuzzer", "fuzz", name), "-merge=1", f"-max_len={max(max_len, 4096)}", *options,
               f"-artifact_prefix={CACHE}/findings/{name}/", folder, *sources], stderr=subprocess.DEVNULL)
        files = [path.read_bytes() for path in pathlib.Path(folder).iterdir()]
    return sorted((len(data), hashlib.sha1(data).hexdigest(), data) for data in files)


def merge(name, sources):
    """Makes fuzz/corpus/<name> of few files that reach every line that `sources` reach, and of some more
    that reach them in other ways, of all sizes."""
    every_edge = reduced(name, sources, ["-use_counters=0"])
    every_way = reduced(name, sources, [])
    step = max(1, -(-len(every_way) // max(1, SEEDS_MAX - len(every_edge))))
    kept, octets = {}, 0
    for size, digest, data in every_edge + every_way[::step]:
        if digest not in kept and (octets + size <= SEED_OCTETS_MAX):
            kept[digest] = data
            octets += size
    target = FUZZ / "corpus" / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for digest, data in kept.items():
        (target / digest).write_bytes(data)
    print(f"{name}: {len(kept)} seeds, {octets} octets; {len(every_edge)} reach every edge, of "
          f"{len(every_way)} that count", flush=True)


def split_cases(folder):
    """A file for each case of the suite, as `case_file` is to take them apart one by one."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "cases").rglob("*.json")):
        if path.name == "requirements.json" or "schema" in path.parts:
            continue
        tree = json.loads(path.read_text())
        for case in tree["cases"]:
            data = json.dumps(tree | {"cases": [case]}).encode()
            if len(data) <= 4096:
                (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def generate(name, generated, with_collected):
    """Writes fuzz/corpus/<name> anew from what gen_seeds has put into `generated`, and from texts."""
    for text in TEXTS.get(name, ([], []))[0]:
        (generated / name).mkdir(exist_ok=True)
        for tail in TEXTS[name][1]:
            data = text.encode("latin-1") + tail
            (generated / name / hashlib.sha1(data).hexdigest()).write_bytes(data)
    sources = [generated / name] if (generated / name).is_dir() else []
    if with_collected:
        sources += [corpora(name)[0]]
    if sources:
        merge(name, sources)


def generate_all(names, with_collected):
    """For each of `names`; the harnesses and gen_seeds are built."""
    generator = next(path for path in build_dir("libfuzzer").rglob("gen_seeds") if path.is_file())
    with tempfile.TemporaryDirectory() as folder:
        generated = pathlib.Path(folder)
        check([generator, generated])
        split_cases(generated / "case_file")
        for name in names:
            generate(name, generated, with_collected)


def minimize(name, file, slug):
    """A finding to its smallest form, into regress/; returns where it is."""
    target = FUZZ / "regress" / name / slug
    target.parent.mkdir(parents=True, exist_ok=True)
    call([program("libfuzzer", "fuzz", name), "-minimize_crash=1", "-max_total_time=60",
          f"-exact_artifact_path={target}", file], stderr=subprocess.DEVNULL)
    if not target.exists():
        shutil.copy(file, target)
    return target
