"""One account's warm-up: its parts, each of which may be blocked without keeping the others back."""

from collections.abc import Awaitable, Callable, Collection

from igfleet.contracts.tasks import Action
from igfleet.errors import ActionRests, BudgetSpent, GiveUp, RetryLater
from igfleet.instagram.gateway import FeedItem, Instagram, Story
from igfleet.reasons import ReasonCode
from igfleet.runners.acting import act, count_once
from igfleet.runners.base import Options, RunContext
from igfleet.runners.deeds import Deeds
from igfleet.runners.following import Following, Standing

_MOST_TRAYS = 10
"""How often the tray is asked for in one attempt."""
_WORDS = {Action.LIKE: "likes", Action.STORY_VIEW: "stories", Action.FOLLOW: "follows"}


class Warming:
    """What was done is remembered by id: an attempt goes on where the one before it ended."""

    def __init__(self, run: RunContext, options: Options, counters: Collection[str]) -> None:
        self._run, self._options = run, options
        self._likes = Deeds(run, "likes", self._wanted("likes"))
        self._stories = Deeds(run, "stories", self._wanted("stories"))
        self._following = Following(run, options, self._wanted("follows"), counters)
        self._feed: dict[str, FeedItem] = {}
        self._has_acted = False
        self._stopped: dict[Action, str] = {}
        """What is over for this attempt, and why."""
        self._blocked: list[str] = []
        self._waits: list[BudgetSpent] = []

    async def run(self) -> None:
        """Raises `BudgetSpent` when something is left for later, and whatever ends the run as a whole."""
        instagram = await self._run.instagram()
        if self._run.is_dry:
            await self._rehearse(instagram)
            return
        try:
            await self._scroll(instagram)
            await self._part(Action.LIKE, lambda: self._like_some(instagram))
            await self._part(Action.STORY_VIEW, lambda: self._view_some(instagram))
            await self._part(Action.FOLLOW, lambda: self._follow_some(instagram))
        finally:
            self._conclude()
        if self._waits:
            raise min(self._waits, key=lambda spent: spent.after.total_seconds() if spent.after else 0.0)

    async def _rehearse(self, instagram: Instagram) -> None:
        """Read the feed and the tray, and say what would be done with what is there."""
        await self._scroll(instagram)
        if self._likes.left > 0 and not self._feed:
            await self._read_page(instagram)
        fresh = sum(not item.is_liked for item in self._feed.values())
        unseen = sum(not story.is_seen for story in await instagram.stories()) if self._stories.left > 0 else 0
        await self._follow_some(instagram)
        likes, stories = min(self._wanted("likes"), fresh), min(self._wanted("stories"), unseen)
        note = f"Would like {likes}, look at {stories} stories, follow {len(self._following.would)}"
        self._run.conclude(outcome="simulated", feed=self._run.recall("scrolled") or 0, note=note)
        self._run.log("simulated", f"Dry-run: {note}")

    async def _part(self, action: Action, do: Callable[[], Awaitable[None]]) -> None:
        """One sort of act. Its block or its spent budget ends this part only."""
        try:
            await do()
        except BudgetSpent as spent:
            self._stopped[action] = str(spent)
            self._waits.append(spent)
        except ActionRests as rests:
            self._stopped[action] = str(rests)
        except RetryLater as error:
            if error.reason is not ReasonCode.ACTION_BLOCKED:
                raise
            self._stopped[action] = "Instagram blocks this for now"
            self._blocked.append(action.value)
            self._run.log("action_blocked", f"{_WORDS[action]}: {error}. The rest goes on.", level="warning")

    async def _scroll(self, instagram: Instagram) -> None:
        """Read pages of the feed. An attempt after the first reads them again when something is left to be liked."""
        pages = self._wanted("feed")
        known = int(str(self._run.recall("scrolled") or 0))
        for number in range(known if self._likes.left <= 0 else 0, pages):
            await self._read_page(instagram)
            if number >= known:
                self._run.remember("scrolled", number + 1)
                count_once(self._run, "viewed", str(number + 1))

    async def _read_page(self, instagram: Instagram) -> None:
        await self._pace("reading the feed")
        self._feed |= {item.id: item for item in await instagram.feed()}

    async def _like_some(self, instagram: Instagram) -> None:
        if self._likes.left > 0 and not self._feed:
            await self._read_page(instagram)
        begun = self._feed.get(self._likes.begun)
        if begun is not None and begun.is_liked:
            self._likes.confirm(begun.id)
        fresh = [item for item in self._feed.values() if not item.is_liked and item.id not in self._likes.done]
        self._run.draw.shuffle(fresh)
        for item in sorted(fresh, key=lambda item: item.id != self._likes.begun):
            if self._likes.left <= 0:
                return
            await self._like(instagram, item)

    async def _like(self, instagram: Instagram, item: FeedItem) -> None:
        """A post that is gone by now is passed over."""
        await self._pace("liking")
        self._likes.begin(item.id)
        try:
            if await act(self._run, Action.LIKE, lambda: instagram.like(item)):
                self._likes.confirm(item.id)
        except GiveUp as error:
            if error.reason is not ReasonCode.MEDIA_MISSING:
                raise

    async def _view_some(self, instagram: Instagram) -> None:
        """Look at stories, those of one person in their order; ask for the tray again while there is something new."""
        for _ in range(_MOST_TRAYS):
            if self._stories.left <= 0:
                return
            before = len(self._stories.done)
            tray = await instagram.stories()
            if any(story.is_seen and story.id == self._stories.begun for story in tray):
                self._stories.confirm(self._stories.begun)
            for story in tray:
                if self._stories.left > 0:
                    await self._view(instagram, story)
            if len(self._stories.done) == before:
                return

    async def _view(self, instagram: Instagram, story: Story) -> None:
        if story.is_seen or story.id in self._stories.done:
            return
        await self._pace("looking at stories")
        self._stories.begin(story.id)
        if await act(self._run, Action.STORY_VIEW, lambda: instagram.mark_seen(story)):
            self._stories.confirm(story.id)

    async def _follow_some(self, instagram: Instagram) -> None:
        await self._following.follow(instagram, has_acted=self._has_acted)

    async def _pace(self, step: str) -> None:
        self._run.stop_if_asked()
        if self._has_acted:
            await self._run.pause(self._options.delay_min_s, self._options.delay_max_s)
        self._has_acted = True
        self._run.step(step)

    def _conclude(self) -> None:
        follows = self._following.count(Standing.FOLLOWED, Standing.REQUESTED)
        done = {Action.LIKE: len(self._likes.done), Action.STORY_VIEW: len(self._stories.done), Action.FOLLOW: follows}
        numbers = {_WORDS[action]: number for action, number in done.items()}
        self._run.conclude(feed=self._run.recall("scrolled") or 0, **numbers, note="; ".join(self._notes(done)))
        self._run.conclude(followed=[*self._following.names(Standing.FOLLOWED, Standing.REQUESTED)])
        if self._blocked:
            self._run.conclude(blocked=[*self._blocked])

    def _notes(self, done: dict[Action, int]) -> list[str]:
        """Why there were fewer than drawn."""
        few = {action: number for action, number in done.items() if number < self._wanted(_WORDS[action])}
        return [
            f"{number} of {self._wanted(_WORDS[action])} {_WORDS[action]}: {self._stopped.get(action, 'no more found')}"
            for action, number in few.items()
        ]

    def _wanted(self, name: str) -> int:
        return int(str(self._run.share.get(name, 0)))
