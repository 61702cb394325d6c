"""Videos whose boxes lie: references elsewhere, impossible sizes and offsets, tables and nesting without end."""

import struct
import zlib
from collections.abc import Callable, Iterator

_PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts"})
_CODECS = ("rtp ", "tx3g", "raw ", "png ", "mp4v", "hvc1", "c608")
_FULL, _SIGNED = 0xFFFFFFFF, 0x7FFFFFFF

type Change = Callable[[bytes], bytes]
"""What is inside a box, changed."""


def made(clip: bytes, url: str, canary: str) -> Iterator[tuple[str, bytes]]:
    """Each is the clip with one thing changed, or a small file of its own."""
    for name, (box, change) in (_references(url, canary) | _numbers() | _tables()).items():
        yield f"{name}.mp4", changed(clip, box, change)
    yield from _sizes(clip)
    yield from _shapes(clip)


def changed(data: bytes, wanted: bytes, change: Change) -> bytes:
    """The file with every box of a name changed, and the sizes around it made right again."""
    out, at = b"", 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        size = size if 8 <= size <= len(data) - at else len(data) - at
        body = data[at + 8 : at + size]
        if name == wanted:
            body = change(body)
        elif name in _PARENTS:
            body = changed(body, wanted, change)
        out += box(name, body)
        at += size
    return out


def box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, name) + body


def _references(url: str, canary: str) -> dict[str, tuple[bytes, Change]]:
    """The pictures are said to lie in another file (`dref`)."""
    kinds = {
        "http": box(b"url ", b"\0\0\0\0" + url.encode() + b"/a.mov\0"),
        "file": box(b"url ", b"\0\0\0\0file://" + canary.encode() + b"\0"),
        "path": box(b"url ", b"\0\0\0\0" + canary.encode() + b"\0"),
        "urn": box(b"urn ", b"\0\0\0\0a\0" + url.encode() + b"\0"),
        "alias": box(b"alis", b"\0\0\0\0" + _alias(canary)),
        "alias-http": box(b"alis", b"\0\0\0\0" + _alias(f"{url}/a.mov")),
        "resource": box(b"rsrc", b"\0\0\0\0" + _alias(canary)),
    }
    found = {f"dref-{name}": (b"dref", _put(struct.pack(">II", 0, 1) + entry)) for name, entry in kinds.items()}
    found["dref-many"] = (b"dref", _put(struct.pack(">II", 0, _FULL) + kinds["http"]))
    found["dref-none"] = (b"dref", _put(struct.pack(">II", 0, 0)))
    return found


def _alias(path: str) -> bytes:
    """A Macintosh alias record whose names are the given path, absolute and relative."""
    name = path.encode()
    head = b"\0" * 4 + struct.pack(">HH", 0, 2) + b"\0\0" + bytes([4]) + b"disk".ljust(27, b"\0") + b"\0" * 12
    short = name.rpartition(b"/")[2][:63]
    head += bytes([len(short)]) + short.ljust(63, b"\0") + b"\0" * 16 + b"\0\1\0\1" + b"\0" * 16
    tags = b"".join(struct.pack(">HH", kind, len(name)) + name + b"\0" * (len(name) % 2) for kind in (2, 18))
    return head + tags + struct.pack(">HH", _FULL & 0xFFFF, 0)


def _numbers() -> dict[str, tuple[bytes, Change]]:
    return {
        "length-huge": (b"mvhd", _at(16, _FULL)),
        "length-signed": (b"mvhd", _at(16, _SIGNED)),
        "track-length-huge": (b"mdhd", _at(16, _FULL)),
        "no-time-scale": (b"mdhd", _at(12, 0)),
        "movie-no-time-scale": (b"mvhd", _at(12, 0)),
        "time-scale-huge": (b"mdhd", _at(12, _FULL)),
        "size-in-header-huge": (b"tkhd", _at(76, _FULL)),
        "size-in-header-none": (b"tkhd", _at(76, 0)),
        "matrix-huge": (b"tkhd", _at(40, _SIGNED)),
        "matrix-none": (b"tkhd", lambda body: body[:40] + b"\0" * 36 + body[76:]),
        "picture-65535": (b"stsd", _at(40, _FULL)),
        "picture-32767": (b"stsd", _at(40, 0x7FFF7FFF)),
        "picture-16384": (b"stsd", _at(40, 0x40004000)),
        "picture-none": (b"stsd", _at(40, 0)),
        "edit-negative": (b"elst", _at(12, 0x80000000)),
        "edit-huge": (b"elst", _at(8, _FULL)),
        "edits-many": (b"elst", _at(4, _FULL)),
        "rate-none": (b"elst", _at(16, 0)),
        **{f"handler-{kind}": (b"hdlr", _word(8, kind)) for kind in ("text", "subt", "tmcd", "meta", "hint", "data")},
        **{f"codec-{kind}": (b"stsd", _word(12, kind)) for kind in _CODECS},
        "codec-parameters-none": (b"stsd", lambda body: body[:94]),
        "codec-parameters-long": (b"stsd", lambda body: body[:94] + struct.pack(">I4s", _SIGNED, b"avcC") + body[102:]),
        "entries-many": (b"stsd", _at(4, _FULL)),
    }


def _tables() -> dict[str, tuple[bytes, Change]]:
    found: dict[str, tuple[bytes, Change]] = {}
    for name in (b"stts", b"stsc", b"stco", b"stss", b"ctts"):
        found[f"{name.decode()}-many"] = (name, _at(4, _FULL))
        found[f"{name.decode()}-none"] = (name, _at(4, 0))
        found[f"{name.decode()}-empty"] = (name, _put(b""))
    return found | {
        "stsz-many": (b"stsz", _at(8, _FULL)),
        "stsz-one-huge": (b"stsz", _at(4, _FULL)),
        "stsz-million": (b"stsz", _put(struct.pack(">III", 0, 1, 500_000_000))),
        "stts-long": (b"stts", _put(struct.pack(">IIII", 0, 1, _FULL, _FULL))),
        "stts-million": (b"stts", _put(struct.pack(">IIII", 0, 1, 500_000_000, 1))),
        "stsc-zero": (b"stsc", _put(struct.pack(">IIIII", 0, 1, 0, 0, 0))),
        "stsc-huge": (b"stsc", _put(struct.pack(">IIIII", 0, 1, 1, _FULL, 1))),
        "offset-behind-the-end": (b"stco", _at(8, _FULL)),
        "offset-zero": (b"stco", _at(8, 0)),
        "offset-negative": (b"stco", _put(struct.pack(">II", 0, 1) + b"\xff\xff\xff\xfe")),
    }


def _sizes(clip: bytes) -> Iterator[tuple[str, bytes]]:
    head = box(b"ftyp", b"isom\0\0\2\0isommp41")
    for name in (b"moov", b"mdat", b"trak", b"stbl"):
        for told in (0, 1, 7, 9, _SIGNED, _FULL):
            at = clip.index(name) - 4
            yield f"size-{name.decode()}-{told}.mp4", clip[:at] + struct.pack(">I", told) + clip[at + 4 :]
    for told in (0, 8, 15, 2**63 - 1, 2**63, 2**64 - 1):
        yield f"size64-{told}.mp4", head + struct.pack(">I4sQ", 1, b"moov", told) + clip[clip.index(b"moov") + 4 :]
    yield "zero-boxes.mp4", head + b"\0" * 100_000
    yield "empty-boxes.mp4", head + box(b"free", b"") * 100_000 + clip[clip.index(b"mdat") - 4 :]


def _shapes(clip: bytes) -> Iterator[tuple[str, bytes]]:
    head = box(b"ftyp", b"isom\0\0\2\0isommp41")
    for name in (b"moov", b"trak", b"udta", b"meta", b"moof"):
        for depth in (100, 10_000):
            yield f"deep-{name.decode()}-{depth}.mp4", head + _deep(name, depth)
    moov = clip[clip.index(b"moov") - 4 :]
    yield "many-tracks.mp4", head + box(b"moov", box(b"trak", box(b"mdia", b"")) * 50_000)
    yield "many-moovs.mp4", clip + moov * 200
    yield "packed.mov", head + box(b"moov", _packed(moov, len(moov)))
    yield "packed-bomb.mov", head + box(b"moov", _packed(b"\0" * 50_000_000, _SIGNED))
    yield "packed-in-packed.mov", head + box(b"moov", _packed(box(b"moov", _packed(moov, len(moov))), 99_999))
    yield "fragments-without-a-track.mp4", clip + box(b"moof", box(b"traf", box(b"trun", struct.pack(">II", 1, _FULL))))
    yield "names-long.mp4", changed(clip, b"udta", _put(box(b"\xa9nam", b"A" * 5_000_000)))
    yield "encrypted.mp4", changed(clip, b"stsd", _word(12, "encv"))


def _deep(name: bytes, depth: int) -> bytes:
    return b"".join(struct.pack(">I4s", 8 * left, name) for left in range(depth, 0, -1))


def _packed(moov: bytes, told: int) -> bytes:
    method = box(b"dcom", b"zlib")
    return box(b"cmov", method + box(b"cmvd", struct.pack(">I", told) + zlib.compress(moov, 9)))


def _put(body: bytes) -> Change:
    return lambda _: body


def _at(place: int, number: int) -> Change:
    return lambda body: body[:place] + struct.pack(">I", number) + body[place + 4 :]


def _word(place: int, word: str) -> Change:
    return lambda body: body[:place] + word.encode() + body[place + 4 :]
