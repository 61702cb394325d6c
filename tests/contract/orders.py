"""An order of each kind, as small as it can be, started on a ui of the tests."""

import struct
import zlib
from pathlib import Path
from typing import Any

from sqlalchemy import select

from igfleet.ui import library
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.models import Account
from igfleet.ui.planning import draft as drafts
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start
from tests.e2e.fleet import clip
from tests.serving import Served

ACCOUNTS = """username,password,totp_secret,email,email_password,proxy
nord_01,pw-one-1,JBSWY3DPEHPK3PXP,box@mail.example,pw-mail-1,http://via_1:pw-proxy-1@127.0.0.1:9000
nord_02,pw-two-2,,,,socks5://127.0.0.1:9001
nord_03,pw-three-3,,,,http://127.0.0.1:9002
"""
NAMES = ["nord_01", "nord_02", "nord_03"]
OPTIONS: dict[str, dict[str, Any]] = {
    "bulk_upload": {"distribution": "one_to_one"},
    "bulk_login": {"only_if_older_than_h": 2},
    "warmup": {"like_min_count": 1, "like_max_count": 2},
    "avatar": {"strategy": "one_to_one"},
    "bio": {"link_url": "https://shop.example/spring"},
    "follow": {"targets": ["west_01", "west_02", "west_03"], "follow_min_count": 1, "follow_max_count": 2},
    "proxy_diag": {"probes": 1},
    "media_uniq": {"count": 2, "recipe": {"crop_percent": "1..3"}},
}
"""By kind; what is not said is the default."""


async def started(ui: Served, kind: str, folder: Path) -> int:
    """Three accounts, three files where the kind takes any, planned and started; the task's id."""
    from igfleet.runners import runner_of

    house = ui.context
    async with house.database.sessions.begin() as session:
        await apply_accounts(session, house.vault, ACCOUNTS, authorised_by="owner of all, in writing", actor="test")
    media = await _files(ui, runner_of(kind).takes_media, folder)
    async with house.database.sessions.begin() as session:
        ids = {row[0]: row[1] for row in await session.execute(select(Account.username, Account.id))}
        order = drafts.Draft(
            kind=kind,
            name=f"Every {kind}",
            options=OPTIONS[kind],
            account_ids=tuple(ids[name] for name in NAMES),
            media=tuple(drafts.DraftMedia(media_id=media_id) for media_id in media),
        )
        made = await drafts.create(session, house.settings, order, "test")
        await plan(session, house.settings, made.id)
        await start(session, house.settings, made.id, plan_hash=None, actor="test")
        return made.id


async def _files(ui: Served, kind: str | None, folder: Path) -> list[int]:
    make = {"video": _clip, "image": _picture}.get(kind or "")
    found = []
    for number in range(3) if make else ():
        stored = await library.receive_file(ui.context, make(folder, number))
        async with ui.context.database.sessions.begin() as session:
            media_id = (await library.add(session, stored, f"file_{number}", "test")).media.id
        await library.probe(ui.context, media_id)
        found.append(media_id)
    return found


def _clip(folder: Path, number: int) -> Path:
    return clip(folder / f"clip_{number}.mp4", 3 + number / 5)


def _picture(folder: Path, number: int) -> Path:
    """A PNG of 320 x 400 in one colour."""
    width, height = 320, 400
    row = b"\0" + bytes((60 * number, 120, 200)) * width
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * height)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    path = folder / f"picture_{number}.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path
