"""Where an IP address is, when a GeoIP database is configured."""

from pathlib import Path

import maxminddb

from igfleet.errors import SetupError


def check(file: Path | None) -> None:
    """Whether the database can be read. Raises `SetupError`."""
    if file is None:
        return
    try:
        maxminddb.open_database(file).close()
    except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
        raise SetupError(f"GEOIP_FILE: cannot read {file} as a MaxMind database: {error}") from error


def country_of(file: Path | None, ip: str) -> str | None:
    """The country as two letters; None when it is not known."""
    if file is None:
        return None
    try:
        with maxminddb.open_database(file) as reader:
            found = reader.get(ip)
    except (OSError, maxminddb.InvalidDatabaseError, ValueError):
        return None
    return _code(found) if isinstance(found, dict) else None


def _code(record: dict[str, object]) -> str | None:
    """Databases of several makers: nested as MaxMind does it, or flat."""
    place = record.get("country") or record.get("registered_country")
    code = place.get("iso_code") if isinstance(place, dict) else record.get("country_code") or place
    return code.upper() if isinstance(code, str) and len(code) == 2 and code.isalpha() else None
