"""What a file is by its first bytes, whatever its name says."""

from pathlib import Path

from igfleet.media.facts import NotMedia

_MOV_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip")
_STILL_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
_PLAYLISTS = (b"#EXTM3U", b"ffconcat")
_ENOUGH = 4096


def container_of(path: Path) -> str:
    """mp4, mov, jpeg, png or webp. Raises `NotMedia` for anything else."""
    with path.open("rb") as file:
        head = file.read(_ENOUGH)
    if not head:
        raise NotMedia("The file is empty.")
    found = _video(head) or _picture(head)
    if found is None:
        raise NotMedia(_refusal(head))
    return found


def _video(head: bytes) -> str | None:
    box, brand = head[4:8], head[8:12]
    if box == b"ftyp" and brand not in _STILL_BRANDS:
        return "mov" if brand == b"qt  " else "mp4"
    return "mov" if box in _MOV_BOXES else None


def _picture(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    return None


def _refusal(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        return "HEIC and AVIF pictures are not taken: save the picture as JPEG, PNG or WebP."
    if head.lstrip().startswith(_PLAYLISTS):
        return "This is a playlist, not a video: upload the video itself."
    if b"\x00" not in head and _is_text(head):
        return "This is a text file, not a video or picture."
    return "This is no video or picture that igfleet takes: use mp4 or mov, jpg, png or webp."


def _is_text(head: bytes) -> bool:
    try:
        head[:-4].decode()
    except UnicodeDecodeError:
        return False
    return True
