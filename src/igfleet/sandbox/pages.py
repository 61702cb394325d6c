"""The pages of published reels, for people: on the simulated site and on the control port."""

from html import escape

from igfleet.sandbox.messages import Answer, Request
from igfleet.sandbox.world import World, route

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --soft: #737373; --line: #dbdbdb; }
@media (prefers-color-scheme: dark) { :root { --paper: #0c1014; --ink: #f5f5f5; --soft: #a8a8a8; --line: #2b3036; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink); }
.bar { background: #c2185b; color: #fff; text-align: center; padding: 8px; font-weight: 600; }
main { max-width: 860px; margin: 32px auto; padding: 0 16px; display: flex; gap: 32px; flex-wrap: wrap; }
video { width: 320px; max-width: 100%; aspect-ratio: 9/16; object-fit: cover; background: #000; border-radius: 12px; }
article { flex: 1; min-width: 260px; }
h1 { font-size: 20px; margin: 0 0 4px; }
.caption { white-space: pre-wrap; overflow-wrap: anywhere; margin: 16px 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 6px 16px; }
dl { border-top: 1px solid var(--line); padding-top: 16px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
"""


@route("GET", r"/reel/(?P<code>[A-Za-z0-9_-]+)/?", needs_session=False)
async def reel(world: World, _request: Request, path: dict[str, str]) -> Answer:
    """One published reel, with what the ledger knows of it."""
    medium = world.ledger.find(path["code"])
    if medium is None:
        return _page("Not found", "<article><h1>This page is not available</h1></article>", 404)
    facts = {
        "Published": medium.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "Media id": str(medium.pk),
        "Duration": f"{medium.duration_s:.1f} s",
        "Size": f"{medium.size_bytes / 1024:.0f} KiB",
        "SHA-256": medium.sha256,
        "Location": medium.location,
        "Through proxy": medium.proxy,
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value)
    return _page(
        f"@{medium.account}",
        f'<video controls muted playsinline poster="/covers/{medium.cover_sha256}.jpg" '
        f'src="/videos/{medium.sha256}.mp4"></video>'
        f"<article><h1>@{escape(medium.account)}</h1>"
        f'<div class="caption">{escape(medium.caption)}</div><dl>{rows}</dl></article>',
    )


@route("GET", r"/(?:videos|covers|avatars)/(?P<sha256>[0-9a-f]{64})\.(?P<kind>mp4|jpg)", needs_session=False)
async def stored_bytes(world: World, request: Request, path: dict[str, str]) -> Answer:
    """The recorded bytes, ranged, so that a player can seek."""
    data = world.store.bytes_of(path["sha256"])
    if data is None:
        return Answer(404)
    headers = {"content-type": "video/mp4" if path["kind"] == "mp4" else "image/jpeg", "accept-ranges": "bytes"}
    wanted = request.headers.get("range", "")
    if not wanted.startswith("bytes="):
        return Answer(200, data, headers)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first.isdigit() else max(len(data) - int(last or 0), 0)
    end = min(int(last), len(data) - 1) if first and last.isdigit() else len(data) - 1
    if start > end:
        return Answer(416, b"", {"content-range": f"bytes */{len(data)}"})
    return Answer(206, data[start : end + 1], {**headers, "content-range": f"bytes {start}-{end}/{len(data)}"})


def _page(title: str, body: str, status: int = 200) -> Answer:
    answer = Answer.html(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · sandbox</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f'<body><div class="bar">SANDBOX: simulated Instagram, nothing was sent</div><main>{body}</main></body></html>',
        status,
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'"
    answer.headers |= {"content-security-policy": policy, "x-content-type-options": "nosniff"}
    return answer
