"""verify: see whether what was published is still there. Ordered by the ui itself, one read for each account."""

from datetime import timedelta
from typing import ClassVar

from igfleet.contracts.posts import Reading
from igfleet.contracts.tasks import Action, Effect, Method
from igfleet.runners.base import Options, RunContext, Runner

_LEAST, _MOST = 12, 50


class VerifyOptions(Options):
    concurrency: int = 100


class Verify(Runner[VerifyOptions]):
    """Only looks. The ui gives it no password and refuses it a sign-in: without a live session it gives up."""

    kind: ClassVar[str] = "verify"
    title: ClassVar[str] = "Verification"
    about = "See whether what was published is still there"
    icon = "eye"
    options = VerifyOptions
    counters = ("read",)
    timeout = timedelta(minutes=5)
    effect = Effect.READ
    methods = (Method.INSTAGRAPI, Method.PLAYWRIGHT)
    is_paced = False

    async def run(self, run: RunContext, options: VerifyOptions) -> None:
        """Read the account's newest media once and hand it over; the ui concludes."""
        await run.spend(Action.READ)
        publisher = await run.publisher()
        run.step("looking")
        wanted = run.share.get("newest")
        listing = await publisher.recent_media(min(max(wanted if isinstance(wanted, int) else 0, _LEAST), _MOST))
        reading = Reading(seq=1, media=listing.media, media_count=listing.media_count)
        run.conclude(reading=reading.model_dump(mode="json"))
        run.count("read")
