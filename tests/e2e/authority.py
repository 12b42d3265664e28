"""Certificates for the tests, made by the openssl command: one authority, and what it signs or not."""

import subprocess
from pathlib import Path
from typing import NamedTuple

TIMEOUT_S = 60


class Identity(NamedTuple):
    certificate: Path
    key: Path


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=TIMEOUT_S)


class Authority:
    """`ca` is the file of the authority; `good` (for localhost and 127.0.0.1), `expired`,
    `elsewhere` (for another name) and `client` are signed by it, `self_signed` and `stranger` (by
    another authority) are not."""

    def __init__(self, directory):
        self._directory = directory
        self.ca, self._ca_key = self._self_signed("ca", "CA")
        self.self_signed = self._self_signed("self-signed", "localhost")
        other = self._self_signed("other", "another CA")
        self.good = self._signed("good", self._own())
        self.expired = self._signed("expired", self._own(), days=-1)
        self.elsewhere = self._signed("elsewhere", self._own(), names="DNS:example.org")
        self.client = self._signed("client", self._own())
        self.stranger = self._signed("stranger", other)

    def _own(self):
        return Identity(self.ca, self._ca_key)

    def _paths(self, name):
        return Identity(self._directory / f"{name}.pem", self._directory / f"{name}.key")

    def _self_signed(self, name, common_name):
        made = self._paths(name)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={common_name}", "-days", "2",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", made.key, "-out", made.certificate)
        return made

    def _signed(self, name, issuer, days=2, names="DNS:localhost,IP:127.0.0.1"):
        made, request = self._paths(name), self._directory / f"{name}.csr"
        extensions = self._directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", made.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", issuer.certificate, "-CAkey", issuer.key,
                "-CAcreateserial", "-days", str(days), "-extfile", extensions,
                "-out", made.certificate)
        return made
