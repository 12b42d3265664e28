"""Other programs, and the end with a message."""
import subprocess
import sys


def fail(text):
    sys.exit(f"fuzz.py: {text}")


def call(command, **keywords):
    print("+", " ".join(str(word) for word in command), file=sys.stderr, flush=True)
    return subprocess.run([str(word) for word in command], **keywords)


def check(command, **keywords):
    if call(command, **keywords).returncode != 0:
        fail("that failed; its own message is above")
