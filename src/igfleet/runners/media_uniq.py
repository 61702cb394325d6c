"""media_uniq: variants of videos, for use in bulk uploads. Nothing is published, no account is driven."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, JsonValue

from igfleet import clock
from igfleet.contracts.base import Strict
from igfleet.contracts.files import FileName, Purpose, stored_key
from igfleet.contracts.tasks import Effect, Method, Subject
from igfleet.errors import GiveUp, Invalid, NotNow
from igfleet.media import variant
from igfleet.media.encoding import RenderFailed
from igfleet.media.facts import NotMedia
from igfleet.media.ffmpeg import locate_ffmpeg
from igfleet.media.probe import probed
from igfleet.media.recipes import Drawn, Recipe, drawn
from igfleet.media.variant import Original, Variant
from igfleet.reasons import ReasonCode
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.runners.shares import PlanInput, PlanMedium, Share

_MOST_OF_VIDEO = 2_000
_DRAWS = 50
_SHIFT_S = 4 * 3600
"""After so long a run makes room; the rest goes on in the next, from where this one ended."""
_SHORTEST_S = 0.5


class Per(StrEnum):
    """What the count of variants is for."""

    VIDEO = "video"
    ACCOUNT = "account"


class MediaUniqOptions(Options):
    count: Annotated[int, Field(ge=1, le=100)] = 3
    """Variants of each video."""
    per: Per = Per.VIDEO
    """So many in all, or so many for each chosen account."""
    recipe: Recipe = Recipe()

    @property
    def driver(self) -> Method:
        return Method.NONE

    @property
    def named_media(self) -> tuple[int, ...]:
        logo = self.recipe.overlay.logo_media_id
        return (logo,) if logo is not None else ()


class PlannedVariant(Strict):
    """One variant as the plan settles it: all its amounts follow from the seed."""

    name: FileName
    seed: int
    username: str = ""
    """The account that it is meant for."""


class MediaUniq(Runner[MediaUniqOptions]):
    kind: ClassVar[str] = "media_uniq"
    title: ClassVar[str] = "Video variants"
    about = "Render variants of videos for later uploads; nothing is published"
    icon = "versions"
    options = MediaUniqOptions
    counters = ("rendered", "failed")
    timeout = timedelta(hours=6)
    effect = Effect.LOCAL
    methods = (Method.NONE,)
    subject = Subject.MEDIUM
    takes_media = "video"
    is_paced = False
    share_columns = ("count",)
    result_columns = ("media_ids",)
    first_options: ClassVar[Mapping[str, JsonValue]] = {
        "recipe": {
            "trim_start_ms": "0..200",
            "crop_percent": "1..3",
            "brightness": "-0.03..0.03",
            "speed": "0.98..1.02",
        }
    }

    @classmethod
    def plan(cls, order: PlanInput, options: MediaUniqOptions) -> Iterable[Share]:
        """One account task for each video, with the seed of each of its variants."""
        makers = [account.username for account in order.accounts] if options.per is Per.ACCOUNT else [""]
        count = options.count * len(makers)
        _refuse(options, count)
        return (_share(order, place, video, options, makers) for place, video in enumerate(order.media))

    @classmethod
    def seed_facts(cls, options: MediaUniqOptions) -> Mapping[str, JsonValue]:
        """The recipe, with ranges as they were given."""
        return {"recipe": options.recipe.model_dump(mode="json")}

    @classmethod
    def left_over(cls, share: Mapping[str, JsonValue], checkpoints: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """The variants that are not in the library."""
        planned = [PlannedVariant.model_validate(one) for one in _listed(share["variants"])]
        return _facts([one for one in planned if not checkpoints.get(stored_key(one.name))])

    async def run(self, run: RunContext, options: MediaUniqOptions) -> None:
        """Render, check and hand over one variant after the other. What is there already is not made again."""
        ffmpeg = locate_ffmpeg()
        planned = [PlannedVariant.model_validate(one) for one in _listed(run.share["variants"])]
        source = await _original(run)
        until = clock.boot_seconds() + _SHIFT_S
        for number, one in enumerate(planned, 1):
            if run.stored(one.name) or run.recall(_failed_key(one)):
                continue
            if clock.boot_seconds() > until:
                done = f"{number - 1} of {len(planned)} variants are made, the rest follows"
                raise NotNow(done, ReasonCode.DEADLINE_PASSED, timedelta(seconds=1))
            await _make(run, _Making(ffmpeg, source, options.recipe, planned, number))
        _conclude(run, planned)


class _Making:
    """One variant on its way."""

    def __init__(
        self, ffmpeg: Path, source: Original, recipe: Recipe, planned: Sequence[PlannedVariant], number: int
    ) -> None:
        self.ffmpeg, self.source, self.recipe = ffmpeg, source, recipe
        self.siblings, self.number = planned, number
        self.planned = planned[number - 1]
        self.drawn: Drawn = drawn(recipe, self.planned.seed)

    def facts(self, made: Variant) -> dict[str, JsonValue]:
        """What is kept with the file: enough to make it again."""
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "drawn": self.drawn.model_dump(mode="json"),
            "seed": self.planned.seed,
            "username": self.planned.username,
            "likeness": round(made.likeness, 4),
            "probe": made.facts.model_dump(mode="json"),
        }


async def _make(run: RunContext, making: _Making) -> None:
    known = [stored.sha256 for one in making.siblings if (stored := run.stored(one.name))]
    out = run.folder / f"variant-{making.number}.mp4"
    said = ""

    def tell(share: float) -> None:
        nonlocal said
        run.stop_if_asked()
        text = f"rendering {making.number} of {len(making.siblings)}: {share:.0%}"
        if text != said:
            said = text
            run.step(text)

    run.stop_if_asked()
    tell(0)
    try:
        made = await variant.render(
            making.ffmpeg, making.source, making.drawn, out, tell, least_ssim=making.recipe.least_ssim, known=known
        )
        name, facts = making.planned.name, making.facts(made)
        run.step(f"sending {making.number} of {len(making.siblings)}")
        await run.store(out, name, purpose=Purpose.VARIANT, facts=facts, source=run.media[0], counter="rendered")
        run.log("rendered", f"{name} is in the library", likeness=round(made.likeness, 4), sha256=made.sha256)
    except RenderFailed as error:
        run.log("render_failed", f"{making.planned.name}: {error}", level="error")
        run.remember(_failed_key(making.planned), str(error))
        run.count("failed")
    finally:
        out.unlink(missing_ok=True)


def _conclude(run: RunContext, planned: Sequence[PlannedVariant]) -> None:
    made = [stored for one in planned if (stored := run.stored(one.name))]
    why = [str(message) for one in planned if (message := run.recall(_failed_key(one)))]
    for one in planned:
        run.remember(_failed_key(one), None)  # when a person has it tried again, it is tried again
    run.conclude(media_ids=[one.id for one in made], failed=len(why))
    if not made:
        raise RenderFailed(why[0] if why else "No variant was planned.")


async def _original(run: RunContext) -> Original:
    """The video, fetched and measured, and the logo. Raises `GiveUp` (media_missing, media_corrupt)."""
    if not run.media:
        raise GiveUp("The video is gone from the library.", ReasonCode.MEDIA_MISSING)
    video, *others = run.media
    run.step("fetching the video")
    path = await run.fetch(video)
    try:
        facts = await probed(path)
    except NotMedia as error:
        raise GiveUp(f"{video.name}: {error}", ReasonCode.MEDIA_CORRUPT) from error
    logo = await run.fetch(others[0]) if others else None
    return Original(path, facts, video.sha256, logo)


def _refuse(options: MediaUniqOptions, count: int) -> None:
    if count == 0:
        message = "Choose the accounts that the variants are for."
        raise Invalid(message, {"accounts": message})
    if count > _MOST_OF_VIDEO:
        raise Invalid(f"That would be {count:,} variants of each video; at most {_MOST_OF_VIDEO:,} are made.")
    if count > 1 and not options.recipe.varies:
        message = "With fixed amounts only, all variants would be the same file: give at least one as a range (1..4)."
        raise Invalid(message, {"recipe": message})


def _share(order: PlanInput, place: int, video: PlanMedium, options: MediaUniqOptions, makers: Sequence[str]) -> Share:
    if video.kind != "video":
        return Share(None, video.name, note="It is no video that can be read.", is_left_out=True)
    cut = (options.recipe.trim_start_ms.high + options.recipe.trim_end_ms.high) / 1000
    if video.duration_s is not None and video.duration_s - cut < _SHORTEST_S:
        return Share(
            None, video.name, note=f"It lasts {video.duration_s:.1f} s: nothing would be left.", is_left_out=True
        )
    variants = list(_variants(order, place, video, options, makers))
    return Share(None, video.name, _facts(variants), (video.id, *options.named_media))


def _facts(variants: Sequence[PlannedVariant]) -> dict[str, JsonValue]:
    return {"count": len(variants), "variants": [one.model_dump() for one in variants]}


def _variants(
    order: PlanInput, place: int, video: PlanMedium, options: MediaUniqOptions, makers: Sequence[str]
) -> Iterator[PlannedVariant]:
    """Each with a seed that draws other amounts than its siblings have."""
    taken: set[Drawn] = set()
    for username in makers:
        for number in range(1, options.count + 1):
            seed = _fresh_seed(order.draw(place, username, number), options.recipe, taken)
            yield PlannedVariant(name=_name(video, username, number, seed), seed=seed, username=username)


def _fresh_seed(draw: random.Random, recipe: Recipe, taken: set[Drawn]) -> int:
    for _ in range(_DRAWS):
        seed = draw.getrandbits(32)
        settled = drawn(recipe, seed)
        if settled not in taken:
            taken.add(settled)
            return seed
    message = "The ranges are too narrow for so many different variants: make them wider, or ask for fewer."
    raise Invalid(message, {"recipe": message})


def _name(video: PlanMedium, username: str, number: int, seed: int) -> str:
    """Told apart by people; the last part keeps variants of other tasks apart."""
    stem = "".join(letter for letter in Path(video.name).stem if letter.isprintable() and letter not in "/\\")[:120]
    return f"{stem or 'video'}{f' {username}' if username else ''} v{number} {seed & 0xFFFF:04x}.mp4"


def _failed_key(one: PlannedVariant) -> str:
    return f"failed:{one.seed}"


def _listed(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else []
