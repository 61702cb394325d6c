"""Following people: read how the account stands to them, follow whom it does not, remember all of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from igfleet.contracts.tasks import Action
from igfleet.errors import GiveUp
from igfleet.instagram.gateway import Friendship, Instagram
from igfleet.reasons import ReasonCode
from igfleet.runners.acting import act, count_once
from igfleet.runners.base import Options, RunContext

_OF_THE_TARGET = (ReasonCode.USER_NOT_FOUND, ReasonCode.TARGET_REFUSED)
"""Reasons that lie in the one to be followed: the next one may be followed still."""


class Standing(StrEnum):
    """How an account came to stand to a target."""

    FOLLOWED = "followed"
    REQUESTED = "requested"
    """A private account was asked."""
    ALREADY = "already"
    """It followed them before."""
    REFUSED = "refused"
    NOT_FOUND = "not_found"

    @property
    def is_new(self) -> bool:
        return self in (Standing.FOLLOWED, Standing.REQUESTED)


@dataclass(frozen=True, slots=True)
class Target:
    """A candidate, with what is known of them. `user_id` is None before anybody has looked them up."""

    id: int
    username: str
    user_id: str | None


class Following:
    """Follows until as many are new as wanted, or the candidates are used up. What it did before is not done again.

    It remembers, for the ui's own memory: `met` (user name to standing, user id, whether private) of every candidate
    it has dealt with or looked up.
    """

    def __init__(self, run: RunContext, options: Options, wanted: int, counters: Collection[str]) -> None:
        self._run, self._options, self._wanted, self._counters = run, options, wanted, counters
        met = run.recall("met")
        self._would: list[str] = []
        self._met: dict[str, JsonValue] = dict(met) if isinstance(met, Mapping) else {}

    async def follow(self, instagram: Instagram, *, has_acted: bool = False) -> None:
        """Raises what ends the run; a target's own trouble does not. `has_acted`: a pause comes first."""
        for target in _candidates(self._run):
            if self.count(Standing.FOLLOWED, Standing.REQUESTED) + len(self._would) >= self._wanted:
                return
            if self._standing(target.username) is not None:
                continue
            self._run.stop_if_asked()
            if has_acted:
                await self._run.pause(self._options.delay_min_s, self._options.delay_max_s)
            has_acted = True
            self._run.step(f"following {target.username}")
            await self._deal_with(instagram, target)

    def count(self, *standings: Standing) -> int:
        return len(self.names(*standings))

    def names(self, *standings: Standing) -> list[str]:
        """The targets that it stands so to."""
        return [name for name in self._met if self._standing(name) in standings]

    @property
    def would(self) -> list[str]:
        """Whom a dry-run would have followed."""
        return [*self._would]

    def told(self) -> dict[str, JsonValue]:
        """For the result."""
        new = self.count(Standing.FOLLOWED, Standing.REQUESTED) + len(self._would)
        told: dict[str, JsonValue] = {one.value: [*self.names(one)] for one in Standing}
        missing = f"{new} of {self._wanted}: nobody else on the list is left to follow" if new < self._wanted else ""
        return {**told, "note": missing}

    async def _deal_with(self, instagram: Instagram, target: Target) -> None:
        try:
            user_id = target.user_id or await self._look_up(instagram, target)
            if user_id is None:
                self._run.log("not_looked_up", f"{target.username}: another account is still looking them up")
                return
            now = await instagram.friendship(user_id)
            if now.following or now.requested:
                is_ours = self._run.recall("following") == user_id
                self._settle(target, user_id, _standing_of(now) if is_ours else Standing.ALREADY)
                return
            if self._run.is_dry:
                self._would.append(target.username)
                self._run.log("simulated", f"Dry-run: {target.username} would be followed now")
                return
            self._run.remember("following", user_id)
            after = await act(self._run, Action.FOLLOW, lambda: instagram.follow(user_id))
            if after.following or after.requested:
                self._settle(target, user_id, _standing_of(after))
            else:
                self._fail(target, Standing.REFUSED, "the answer did not confirm it")
        except GiveUp as error:
            if error.reason not in _OF_THE_TARGET:
                raise
            is_gone = error.reason is ReasonCode.USER_NOT_FOUND
            self._fail(target, Standing.NOT_FOUND if is_gone else Standing.REFUSED, str(error))

    async def _look_up(self, instagram: Instagram, target: Target) -> str | None:
        """Their id, asked once for all accounts; None while another account is asking."""
        found = self._met.get(target.username)
        if isinstance(found, Mapping) and found.get("user_id"):
            return str(found["user_id"])
        person = await self._run.look_up(target.username, lambda: instagram.find_person(target.username))
        if person is None:
            return None
        self._note(target.username, user_id=person.user_id, is_private=person.is_private)
        return person.user_id

    def _settle(self, target: Target, user_id: str, standing: Standing) -> None:
        self._note(target.username, user_id=user_id, standing=standing.value)
        self._count("follows" if standing.is_new else "already", target)
        self._run.log("followed" if standing.is_new else "followed_already", f"{target.username}: {standing.value}")

    def _fail(self, target: Target, standing: Standing, why: str) -> None:
        known: dict[str, JsonValue] = {"user_id": target.user_id} if target.user_id else {}
        self._note(target.username, standing=standing.value, **known)
        self._count("failed", target)
        self._run.log("not_followed", f"{target.username}: {why}", level="warning")

    def _count(self, counter: str, target: Target) -> None:
        if counter in self._counters:
            count_once(self._run, counter, target.username)

    def _note(self, username: str, **facts: JsonValue) -> None:
        known = self._met.get(username)
        self._met[username] = {**(known if isinstance(known, Mapping) else {}), **facts}
        self._run.remember("met", dict(self._met))

    def _standing(self, username: str) -> Standing | None:
        known = self._met.get(username)
        word = known.get("standing") if isinstance(known, Mapping) else None
        return Standing(word) if isinstance(word, str) else None


def _standing_of(friendship: Friendship) -> Standing:
    return Standing.FOLLOWED if friendship.following else Standing.REQUESTED


def _candidates(run: RunContext) -> list[Target]:
    """Of the share, as the ui knew them when it gave the lease."""
    listed = run.share.get("targets")
    return [
        Target(int(str(one["id"])), str(one["username"]), str(one["user_id"]) if one.get("user_id") else None)
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, Mapping)
    ]
