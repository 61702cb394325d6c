"""Where a secret may hide, and in which disguise."""

import base64
import gzip
import io
import urllib.parse
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

_SHORTEST_PART = 8


def disguises(secret: str) -> dict[str, bytes]:
    """The secret as it is, and in every encoding in which it may have been written by mistake."""
    raw = secret.encode()
    found = {
        "raw": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "url": urllib.parse.quote(secret, safe="").encode(),
        "json": secret.encode("unicode_escape"),
        "utf-16-le": secret.encode("utf-16-le"),
        "utf-16-be": secret.encode("utf-16-be"),
        "reversed": raw[::-1],
    }
    for shift in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            found[f"{name}+{shift}"] = _inner(encode(b"\0" * shift + raw), shift)
    return {name: form for name, form in found.items() if len(form) >= _SHORTEST_PART}


def hits(secrets: dict[str, str], places: Iterator[tuple[str, bytes]]) -> list[str]:
    """Which secret stands where, in which disguise; the secret itself is not repeated."""
    wanted = [(name, form, bytes_) for name, secret in secrets.items() for form, bytes_ in disguises(secret).items()]
    return [f"{name} ({form}) in {where}" for where, data in places for name, form, bytes_ in wanted if bytes_ in data]


def unpacked(places: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Every place as it is, then what is packed in it: the files of an archive, the points and notes of a picture."""
    for where, data in places:
        yield where, data
        for inner in _packed_in(data):
            yield f"{where}, unpacked", inner


def _packed_in(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PK\3\4"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from map(archive.read, archive.namelist())
    elif data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    elif data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data)) as picture:
            yield picture.tobytes()
            yield str(picture.info).encode()


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, also one that disappears meanwhile."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                yield str(path.relative_to(folder)), path.read_bytes()
        except OSError:
            continue


def _inner(encoded: bytes, shift: int) -> bytes:
    """The part that does not depend on what stands before and after."""
    start = 0 if shift == 0 else 4
    return encoded.rstrip(b"=")[start:-1]
