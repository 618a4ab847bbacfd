"""A certificate authority for one test run, and server certificates from it.

Real servers speak https and strict peers speak nothing else, so the tests do as well, with certificates
that name loopback addresses. Everything is made anew in each run; no key is kept anywhere.

Source: RFC 6125 section 1.7.2 and RFC 5280 section 4.2.1.6 (an address in a certificate is an iPAddress SAN).
"""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

__all__ = ["Authority", "Certificate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The PEM files of one server: its chain and its private key."""

    chain: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """Return what a listening socket needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """Signs certificates that only this test run trusts.

    Args:
        directory: where the PEM files are written; it belongs to one test run.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA(organization_name="fedi tests")
        self.file = directory / "authority.pem"
        """PEM file with the authority's own certificate, to be trusted by every party."""
        self._authority.cert_pem.write_to_path(self.file)

    def issue(self, *names: str) -> Certificate:
        """Make a certificate for host names and addresses (`127.0.2.2`)."""
        issued = self._authority.issue_cert(*names)
        stem = names[0].replace(":", "_")
        made = Certificate(chain=self._directory / f"{stem}.pem", key=self._directory / f"{stem}.key")
        made.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        made.key.write_bytes(issued.private_key_pem.bytes())
        return made

    def client_context(self) -> ssl.SSLContext:
        """Return what a client needs to trust this run's servers, and nobody else."""
        return ssl.create_default_context(cafile=str(self.file))
