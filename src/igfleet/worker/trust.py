"""Whose certificates a worker believes: the public authorities, and the one of EGRESS_CA_FILE."""

import ssl
from functools import cache
from pathlib import Path

import certifi


@cache
def trusted(ca_file: Path | None) -> ssl.SSLContext:
    """A client's context that verifies. `ca_file` holds the public authorities and the added one; None: the former."""
    return ssl.create_default_context(cafile=str(ca_file or certifi.where()))
