#!/usr/bin/env python3
"""Runs the echo client against the echo server. Usage: run_echo.py SERVER CLIENT"""
import subprocess
import sys

server = subprocess.Popen([sys.argv[1], "0"], stdout=subprocess.PIPE, text=True)
try:
    url = server.stdout.readline().removeprefix("listening on ").strip()
    client = subprocess.run([sys.argv[2], url, "Hello"], stdout=subprocess.PIPE, text=True,
                            timeout=30)
    print(client.stdout, end="")
    server.terminate()
    sys.exit(client.returncode or client.stdout != "Hello\n" or server.wait(timeout=30))
finally:
    server.kill()
    server.wait()
