"""An account with a profile, a feed, stories and people around it, all in memory."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue
from tests.runners.fakes import MemoryAccount, MemoryRun

from igfleet.contracts.posts import LeasedMedia
from igfleet.errors import GiveUp, NetworkTrouble
from igfleet.instagram.gateway import FeedItem, Friendship, Person, Profile, Story
from igfleet.reasons import ReasonCode
from igfleet.runners.shares import PlanAccount, PlanInput, PlanMedium, PlanTarget

A_PICTURE = LeasedMedia(id=5, name="sea.png", path="/media/5", sha256="c" * 64, size_bytes=1)


@dataclass
class MemoryInstagram(MemoryAccount):
    """An `Instagram`. `failing` scripts errors before an act, `losing` calls whose answer is lost after it."""

    own: Profile = field(default_factory=lambda: Profile("1", "nord_01"))
    ignores_edits: bool = False
    slow_edits: int = 0
    """So many readings show the profile as it was."""
    pages: list[list[str]] = field(default_factory=list)
    tray: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    refusing: set[str] = field(default_factory=set)
    following: set[str] = field(default_factory=set)
    requested: set[str] = field(default_factory=set)
    liked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    losing: set[str] = field(default_factory=set)
    _before: Profile | None = None
    _page: int = 0

    async def profile(self) -> Profile:
        self._call("profile")
        if self.slow_edits and self._before is not None:
            self.slow_edits -= 1
            return self._before
        return self.own

    async def set_bio(self, **given: str | None) -> None:
        self._call("set_bio")
        self._edit({name: value for name, value in given.items() if value is not None})

    async def set_avatar(self, picture: Path) -> None:
        self._call("set_avatar")
        key = f"picture-{self.acts['set_avatar']}"
        url = f"https://pictures.example.org/{key}.jpg"
        self.pictures[url] = picture.read_bytes()
        self._edit({"avatar_id": key, "avatar_url": url})

    async def picture(self, url: str) -> bytes:
        self._call("picture")
        if url not in self.pictures:
            raise GiveUp("gone", ReasonCode.MEDIA_MISSING)
        return self.pictures[url]

    async def feed(self) -> tuple[FeedItem, ...]:
        self._call("feed")
        page = self.pages[self._page % len(self.pages)] if self.pages else []
        self._page += 1
        return tuple(FeedItem(key, "7", is_liked=key in self.liked) for key in page)

    async def like(self, item: FeedItem) -> bool:
        self._call("like")
        self.liked.append(item.id)
        self._lose("like")
        return True

    async def stories(self) -> tuple[Story, ...]:
        self._call("stories")
        listed = [Story(key, "7", number, is_seen=key in self.seen) for number, key in enumerate(self.tray)]
        return tuple(sorted(listed, key=lambda story: story.is_seen))

    async def mark_seen(self, story: Story) -> bool:
        self._call("mark_seen")
        self.seen.append(story.id)
        self._lose("mark_seen")
        return True

    async def find_person(self, username: str) -> Person:
        self._call("find_person")
        if username not in self.people:
            raise GiveUp("nobody", ReasonCode.USER_NOT_FOUND)
        return self.people[username]

    async def friendship(self, user_id: str) -> Friendship:
        self._call("friendship")
        return Friendship(user_id in self.following, user_id in self.requested)

    async def follow(self, user_id: str) -> Friendship:
        self._call("follow")
        if user_id in self.refusing:
            raise GiveUp("no", ReasonCode.TARGET_REFUSED)
        is_private = any(one.is_private for one in self.people.values() if one.user_id == user_id)
        (self.requested if is_private else self.following).add(user_id)
        self._lose("follow")
        return Friendship(not is_private, is_private)

    def _call(self, name: str) -> None:
        self._fail(name)
        self.acts[name] += 1

    def _lose(self, name: str) -> None:
        if name in self.losing:
            self.losing.remove(name)
            raise NetworkTrouble("the answer was lost")

    def _edit(self, changes: dict[str, str]) -> None:
        self._before = self.own
        if not self.ignores_edits:
            self.own = replace(self.own, **changes)
        self._lose("edit")


def a_run(folder: Path, driven: MemoryInstagram, **share: JsonValue) -> MemoryRun:
    return MemoryRun((), folder / "none", folder, driven=driven, share=share)


def an_order(
    accounts: int = 3, media: Iterable[str] = (), targets: Iterable[str] = (), seed: int = 7, **more: object
) -> PlanInput:
    return PlanInput(
        accounts=[PlanAccount(number, f"nord_{number:02d}") for number in range(1, accounts + 1)],
        media=[PlanMedium(number, name, "image") for number, name in enumerate(media, start=1)],
        seed=seed,
        targets=[PlanTarget(number, name) for number, name in enumerate(targets, start=1)],
        **more,  # type: ignore[arg-type]
    )
