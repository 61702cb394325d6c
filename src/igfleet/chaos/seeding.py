"""Fills the stage by the same verbs that an operator uses, and starts the campaign's one task."""

import csv
import io
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from igfleet.chaos.order import Order
from igfleet.chaos.stage import Stage
from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.runners.bulk_upload import BulkUploadOptions, Distribution
from igfleet.settings import UiSettings, load
from igfleet.ui import library
from igfleet.ui.context import UiContext, opened
from igfleet.ui.imports.accounts import apply_accounts
from igfleet.ui.planning.draft import CaptionForm, Captions, Draft, DraftMedia, create
from igfleet.ui.planning.plan import plan
from igfleet.ui.planning.start import start

_ACTOR = "chaos"
_PASSWORD = "only of the sandbox"
_CLIP_S = 3
_ATTEMPTS = 20
_CAPTION = "{A quiet|A loud|Another} day of {{username}}, {{n}} of {{total}}"


async def seed(stage: Stage) -> tuple[int, list[str]]:
    """Accounts, clips and a started task; its id and the user names."""
    usernames = [f"nord_{number:05d}" for number in range(stage.order.accounts)]
    for start_at in range(0, len(usernames), 1000):
        made = [{"username": name, "password": _PASSWORD} for name in usernames[start_at : start_at + 1000]]
        await stage.tell_sandbox("accounts", accounts=made)
    async with opened(_settings(stage), stage.url) as ui:
        ids = await _accounts(ui, stage, usernames)
        media = [await _add(ui, path) for path in _clips(stage.folder / "clips", stage.order.per_account)]
        return await _start(ui, stage.order, ids, media), usernames


def _settings(stage: Stage) -> UiSettings:
    given = {name: value for name, value in stage.environment.items() if name.isupper()}
    return load(UiSettings, **{**given, "DATABASE_URL": stage.url})


async def _accounts(ui: UiContext, stage: Stage, usernames: Sequence[str]) -> tuple[int, ...]:
    """Each with a proxy of its own: a name at the sandbox's."""
    proxy = urlsplit(stage.sandbox["proxy_url"])
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("username", "password", "proxy"))
    rows.writerows((name, _PASSWORD, f"{proxy.hostname}:{proxy.port}:via_{name}:any") for name in usernames)
    async with ui.database.sessions.begin() as session:
        imported = await apply_accounts(
            session, ui.vault, out.getvalue(), authorised_by="Invented accounts of the sandbox", actor=_ACTOR
        )
    return imported.ids


async def _add(ui: UiContext, clip: Path) -> int:
    stored = await library.receive_file(ui, clip)
    async with ui.database.sessions.begin() as session:
        media_id = (await library.add(session, stored, clip.name, _ACTOR)).media.id
    await library.probe(ui, media_id)
    return media_id


async def _start(ui: UiContext, order: Order, accounts: Sequence[int], media: Sequence[int]) -> int:
    options = BulkUploadOptions(
        distribution=Distribution.EVERY_VIDEO_TO_EVERY_ACCOUNT,
        confirm_many=True,
        concurrency=100,
        max_attempts=_ATTEMPTS,
        delay_min_s=0,
        delay_max_s=0,
        stop_in_a_row=0,
        stop_percent=100,
        stop_challenges=0,
    )
    draft = Draft(
        name=f"Campaign {order.seed}",
        options=options.model_dump(mode="json"),
        account_ids=tuple(accounts),
        media=tuple(DraftMedia(media_id=key) for key in media),
        captions=Captions(form=CaptionForm.TEMPLATE, text=_CAPTION),
        seed=order.seed,
    )
    async with ui.database.sessions.begin() as session:
        task = await create(session, ui.settings, draft, _ACTOR)
        await plan(session, ui.settings, task.id)
        await start(session, ui.settings, task.id, plan_hash=None, actor=_ACTOR)
        return task.id


def _clips(folder: Path, count: int) -> list[Path]:
    """Small real videos, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        path = folder / f"clip_{number:02d}.mp4"
        picture = f"color=c=0x{(number * 23 + 40) % 256:02x}8080:s=180x320:r=24:d={_CLIP_S}"
        command = [str(locate_ffmpeg()), "-y", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", picture]
        subprocess.run([*command, "-pix_fmt", "yuv420p", str(path)], check=True, timeout=60, stdin=subprocess.DEVNULL)
        made.append(path)
    return made
