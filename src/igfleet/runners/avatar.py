"""avatar: another profile picture."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from igfleet.contracts.files import Purpose
from igfleet.contracts.posts import LeasedMedia
from igfleet.contracts.tasks import Action, Effect
from igfleet.errors import GiveUp, NeedsPerson
from igfleet.instagram.gateway import Instagram, Profile
from igfleet.media.facts import NotMedia
from igfleet.media.square import squared
from igfleet.reasons import ReasonCode
from igfleet.runners.acting import act, count_once
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.runners.shares import Done, PlanInput, PlanMedium, Share, Undoing

_LOOKS = 3
"""How often the profile is read after a change before it counts as not applied."""


class Strategy(StrEnum):
    """Which account gets which picture."""

    ONE_TO_ONE = "one_to_one"
    """In order, each picture once."""
    RANDOM_REUSE = "random_reuse"
    """Drawn for each account; a picture may be drawn again."""


class AvatarOptions(Options):
    strategy: Strategy = Strategy.ONE_TO_ONE
    wrap: bool = False
    """With too few pictures begin again with the first; otherwise the last accounts keep theirs."""


class Avatar(Runner[AvatarOptions]):
    kind: ClassVar[str] = "avatar"
    title: ClassVar[str] = "Avatar"
    about = "Give each account another profile picture"
    icon = "user-circle"
    options = AvatarOptions
    counters = ("changed",)
    timeout = timedelta(minutes=20)
    effect = Effect.SET
    takes_media = "image"
    result_columns = ("outcome", "picture", "previous_media_id", "note")

    @classmethod
    def plan(cls, order: PlanInput, options: AvatarOptions) -> Iterator[Share]:
        """One picture for each account, as long as there are any."""
        for place, account in enumerate(order.accounts):
            picture = _dealt(order, options, place, account.id)
            if picture is None:
                few = f"There are only {len(order.media)} pictures: it keeps the one it has"
                yield Share(account.id, account.username, note=few, is_left_out=True)
                continue
            facts: dict[str, JsonValue] = {"picture": picture.name}
            yield Share(account.id, account.username, facts, media_ids=(picture.id,))

    @classmethod
    def seed_facts(cls, options: AvatarOptions) -> dict[str, JsonValue]:
        """How the pictures were dealt out."""
        return {"strategy": options.strategy.value}

    @classmethod
    def undo(cls, done: Sequence[Done], options: AvatarOptions) -> Undoing | None:
        """Put the pictures of before back, where they could be kept."""
        kept = {
            one.account_id: key
            for one in done
            if one.account_id is not None and isinstance(key := one.result.get("previous_media_id"), int)
        }
        if not kept:
            return None
        return Undoing({"strategy": Strategy.ONE_TO_ONE.value, "wrap": False}, tuple(kept), tuple(kept.values()))

    async def run(self, run: RunContext, options: AvatarOptions) -> None:
        """Read, change, read back that the picture is another one."""
        picture = await _square(run)
        instagram = await run.instagram()
        now = await instagram.profile()
        if run.is_dry:
            run.conclude(outcome="simulated", picture=run.media[0].name, previous_id=now.avatar_id)
            return
        before = run.recall("before")
        if not isinstance(before, dict):
            before = {"id": now.avatar_id, "url": now.avatar_url}
            run.remember("before", before)
        kept = await _kept(run, instagram, now) if now.avatar_id == before.get("id") else run.stored(_name(run))
        if now.avatar_id == before.get("id"):
            run.step("changing the picture")
            await act(run, Action.PROFILE_EDIT, lambda: instagram.set_avatar(picture))
            now = await _read_back(run, instagram, now.avatar_id)
        told: dict[str, JsonValue] = {"picture": run.media[0].name, "avatar_id": now.avatar_id}
        told |= {"previous_id": before.get("id"), "previous_media_id": kept.id if kept else None}
        if before.get("id") and kept is None:
            told["note"] = "The picture of before could not be kept: this cannot be undone"
        is_changed = now.avatar_id != before.get("id")
        run.conclude(outcome="changed" if is_changed else "not_applied", **told)
        if not is_changed:
            raise NeedsPerson(f"{run.account.username}: the picture did not change", ReasonCode.WRITE_NOT_APPLIED)
        count_once(run, "changed")


def _dealt(order: PlanInput, options: AvatarOptions, place: int, account_id: int) -> PlanMedium | None:
    if options.strategy is Strategy.RANDOM_REUSE:
        return order.draw("avatar", account_id).choice(order.media)
    if place < len(order.media) or options.wrap:
        return order.media[place % len(order.media)]
    return None


async def _square(run: RunContext) -> Path:
    """The picture as it will look. Raises `GiveUp` (media_missing, media_corrupt)."""
    if not run.media:
        raise GiveUp(f"{run.account.username}: its picture is gone from the library", ReasonCode.MEDIA_MISSING)
    out = run.folder / "avatar.jpg"
    try:
        await squared(await run.fetch(run.media[0]), out)
    except NotMedia as error:
        raise GiveUp(f"{run.media[0].name}: {error}", ReasonCode.MEDIA_CORRUPT) from error
    return out


async def _kept(run: RunContext, instagram: Instagram, now: Profile) -> LeasedMedia | None:
    """The present picture as a file of the library, so that it can be put back. None when there is none."""
    known = run.stored(_name(run))
    if known is not None or not now.avatar_url:
        return known
    try:
        bytes_of_it = await instagram.picture(now.avatar_url)
    except GiveUp as error:
        run.log("picture_not_kept", str(error), level="warning")
        return None
    path = run.folder / _name(run)
    path.write_bytes(bytes_of_it)
    facts: dict[str, JsonValue] = {"account": now.username, "avatar_id": now.avatar_id}
    return await run.store(path, path.name, purpose=Purpose.PICTURE, facts=facts)


def _name(run: RunContext) -> str:
    return f"{run.account.username}-before.jpg"


async def _read_back(run: RunContext, instagram: Instagram, before: str) -> Profile:
    """The profile, once it shows another picture or was looked at often enough."""
    pause_s = run.reconcile_pause.total_seconds()
    now = await instagram.profile()
    for _ in range(_LOOKS - 1):
        if now.avatar_id != before:
            break
        await run.pause(pause_s, pause_s)
        now = await instagram.profile()
    return now
