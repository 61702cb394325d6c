"""The browser's trust in an authority of our own: only that one, only for this browser.

Chromium on Linux reads the NSS database in its home folder. libnss3, which it brings along, writes one.
"""

import ctypes
import ssl
from pathlib import Path

import certifi

from igfleet.errors import NeedsPerson
from igfleet.reasons import ReasonCode

_LIBRARY = "libnss3.so"
_TRUSTED_CA = 0x08 | 0x10
"""NSS: a valid authority, trusted to name servers."""


class _Item(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("data", ctypes.c_void_p), ("len", ctypes.c_uint)]


class _Trust(ctypes.Structure):
    _fields_ = [("servers", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint)]


def trust(home: Path, ca_file: Path) -> None:
    """Make `home` a home folder whose browser trusts the authorities of the file besides the public ones.

    Raises `NeedsPerson` (tool_missing) where that cannot be done.
    """
    added = _certificates(ca_file) - _certificates(Path(certifi.where()))
    folder = home / ".pki" / "nssdb"
    noted = folder / "igfleet.der"
    wanted = b"".join(sorted(added))
    if noted.is_file() and noted.read_bytes() == wanted:
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    try:
        _write(folder, sorted(added))
    except OSError as error:
        raise NeedsPerson(
            f"The browser cannot be made to trust EGRESS_CA_FILE: {error}", ReasonCode.TOOL_MISSING
        ) from error
    noted.write_bytes(wanted)


def _certificates(path: Path) -> set[bytes]:
    """The file's certificates, each as DER."""
    ends = "-----END CERTIFICATE-----"
    parts = path.read_text(encoding="utf-8").split(ends)[:-1]
    return {ssl.PEM_cert_to_DER_cert(part[part.index("-----BEGIN") :] + ends) for part in parts}


def _write(folder: Path, certificates: list[bytes]) -> None:
    """Raises `OSError` without the library, or when it refuses."""
    nss = _library()
    _done(nss.NSS_Initialize(f"sql:{folder}".encode(), b"", b"", b"secmod.db", 0))
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    try:
        _done(nss.PK11_InitPin(slot, None, b""))
        for number, der in enumerate(certificates):
            _add(nss, slot, der, f"authority {number}".encode())
    finally:
        nss.PK11_FreeSlot(slot)
        nss.NSS_Shutdown()


def _add(nss: ctypes.CDLL, slot: ctypes.c_void_p, der: bytes, name: bytes) -> None:
    data = ctypes.create_string_buffer(der, len(der))
    item = _Item(0, ctypes.addressof(data), len(der))
    _done(nss.PK11_ImportDERCert(slot, ctypes.byref(item), ctypes.c_ulong(0), name, 0))
    known = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
    certificate = ctypes.c_void_p(nss.CERT_FindCertByDERCert(known, ctypes.byref(item)))
    try:
        _done(nss.CERT_ChangeCertTrust(known, certificate, ctypes.byref(_Trust(_TRUSTED_CA, 0, 0))))
    finally:
        nss.CERT_DestroyCertificate(certificate)


def _library() -> ctypes.CDLL:
    nss = ctypes.CDLL(_LIBRARY)
    for name in ("PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB", "CERT_FindCertByDERCert"):
        getattr(nss, name).restype = ctypes.c_void_p
    return nss


def _done(status: int) -> None:
    if status:
        raise OSError("NSS refused it")
