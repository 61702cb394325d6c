"""Files that are two things at once."""

import io
import zipfile
from collections.abc import Iterator

from PIL import Image


def made(clip: bytes, url: str) -> Iterator[tuple[str, bytes]]:
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "JPEG")
    jpeg = picture.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("../../outside.txt"), "a")
    playlist = f"#EXTM3U\n#EXTINF:1,\n{url}/p.ts\n".encode()
    page = f'<html><script src="{url}/p.js"></script></html>'.encode()
    yield "jpeg-then-video.jpg", jpeg + clip
    yield "video-then-jpeg.mp4", clip + jpeg
    yield "video-then-zip.mp4", clip + packed.getvalue()
    yield "jpeg-then-zip.jpg", jpeg + packed.getvalue()
    yield "jpeg-then-page.jpg", jpeg + page
    yield "video-then-playlist.mp4", clip + playlist
    yield "playlist-in-a-box.mp4", (len(playlist) + 8).to_bytes(4, "big") + b"free" + playlist + clip
    yield "page-in-a-box.mp4", (len(page) + 8).to_bytes(4, "big") + b"free" + page + clip
    yield "playlist-then-video.mp4", playlist + clip
    yield "pdf-then-video.mp4", b"%PDF-1.7\n%%EOF\n" + clip
    yield "script-then-video.mp4", b"#!/bin/sh\ntouch /tmp/igfleet-was-here\n" + clip
    yield "program-then-video.mp4", b"\x7fELF\x02\x01\x01" + bytes(57) + clip
    yield "text-then-picture.jpg", b"GIF89a=1;" + jpeg
