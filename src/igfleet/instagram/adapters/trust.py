"""Which certificate authorities a client trusts."""

from pathlib import Path

import certifi

from igfleet.errors import SetupError


def bundle(ca_file: Path | None, folder: Path) -> str | bool:
    """What to verify against: the public authorities, and the given one besides. Raises `SetupError`."""
    if ca_file is None:
        return True
    try:
        own = ca_file.read_bytes()
    except OSError as error:
        raise SetupError(f"EGRESS_CA_FILE: cannot read {ca_file}: {error.strerror}") from error
    path = folder / "authorities.pem"
    path.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + own)
    return str(path)
