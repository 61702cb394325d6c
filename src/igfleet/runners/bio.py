"""bio: the link in the profile, and its text."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, field_validator

from igfleet.contracts.tasks import Action, Effect
from igfleet.errors import Invalid, NeedsPerson
from igfleet.instagram.gateway import Instagram, Profile
from igfleet.reasons import ReasonCode
from igfleet.runners.acting import act, count_once
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.runners.bio_lines import BioLine, as_lines, link_of, parse_lines, text_of
from igfleet.runners.shares import Done, PlanInput, Share, Undoing

_LOOKS = 3
"""How often the profile is read after a change before it counts as not applied."""

type Fields = dict[str, str]
"""`link_url` and `biography`, those that are meant; an empty one is to be taken out."""


class BioOptions(Options):
    link_url: Annotated[str, Field(max_length=2_100)] = ""
    """The link of all accounts. Empty leaves their links as they are, (empty) takes them out."""
    biography: Annotated[str, Field(max_length=1_000)] = ""
    """The profile text of all accounts, in the same way."""
    links: Annotated[str, Field(max_length=5_000_000)] = ""
    """CSV for single accounts: account,link_url and, if wanted, biography. It goes before what is said for all."""

    @field_validator("link_url")
    @classmethod
    def _a_link(cls, text: str) -> str:
        link_of(text)
        return text.strip()

    @field_validator("biography")
    @classmethod
    def _a_text(cls, text: str) -> str:
        text_of(text)
        return text

    @field_validator("links")
    @classmethod
    def _lines(cls, text: str) -> str:
        parse_lines(text)
        return text

    @property
    def says_nothing(self) -> bool:
        return not (self.link_url or self.biography.strip() or self.links.strip())


class Bio(Runner[BioOptions]):
    kind: ClassVar[str] = "bio"
    title: ClassVar[str] = "Bio"
    about = "Change link and text of the profile"
    icon = "link"
    options = BioOptions
    counters = ("changed", "unchanged")
    timeout = timedelta(minutes=20)
    effect = Effect.SET
    share_columns = ("link_url", "biography")
    result_columns = ("outcome", "link_before", "link_after", "biography_before", "biography_after")

    @classmethod
    def plan(cls, order: PlanInput, options: BioOptions) -> Iterator[Share]:
        """Its own line goes before what is said for all; accounts that nothing is said of are left out."""
        if options.says_nothing:
            raise Invalid("Say what is to be changed.", {"link_url": "Give a link, a text or lines for accounts."})
        lines = parse_lines(options.links)
        for account in order.accounts:
            line = lines.pop(account.username.lower(), BioLine(account.username))
            facts: dict[str, JsonValue] = {**_meant(line, options)}
            note = "" if facts else "Nothing is said of it: no line of its own, nothing for all"
            yield Share(account.id, account.username, facts, note=note, is_left_out=not facts)
        for name in lines:
            yield Share(None, name, note="It has a line but takes no part in the task", is_left_out=True)

    @classmethod
    def seed_facts(cls, options: BioOptions) -> dict[str, JsonValue]:
        """The link of all; what is said of single accounts stands in their shares."""
        return {"link_url": link_of(options.link_url)}

    @classmethod
    def undo(cls, done: Sequence[Done], options: BioOptions) -> Undoing | None:
        """Set link and text back to what they were, in the accounts where they were changed."""
        changed = [one for one in done if one.account_id is not None and one.result.get("outcome") == "changed"]
        lines = [BioLine(one.title, _was(one, "link"), _was(one, "biography")) for one in changed]
        if not lines:
            return None
        ids = tuple(one.account_id for one in changed if one.account_id is not None)
        return Undoing({"link_url": "", "biography": "", "links": as_lines(lines)}, ids)

    async def run(self, run: RunContext, options: BioOptions) -> None:
        """Read, change what differs, read back."""
        instagram = await run.instagram()
        wanted = {name: str(run.share[name]) for name in self.share_columns if name in run.share}
        now = _fields(await instagram.profile())
        before = run.recall("before")
        missing = _missing(wanted, now)
        if not missing and before is None:
            count_once(run, "unchanged")
            run.conclude(outcome="unchanged", **_told(wanted, now, now))
            return
        if run.is_dry:
            run.conclude(outcome="simulated", **_told(wanted, now, {**now, **missing}))
            return
        if not isinstance(before, dict):
            before = {**now}
            run.remember("before", before)
        now = await _changed(run, options, instagram, missing, wanted) if missing else now
        missing = _missing(wanted, now)
        run.conclude(outcome="not_applied" if missing else "changed", **_told(wanted, before, now))
        if missing:
            what = " and ".join(missing).replace("_", " ")
            raise NeedsPerson(f"{run.account.username}: {what} did not change", ReasonCode.WRITE_NOT_APPLIED)
        count_once(run, "changed")


async def _changed(
    run: RunContext, options: BioOptions, instagram: Instagram, missing: Fields, wanted: Fields
) -> Fields:
    """Write each field once; the profile as it is read back."""
    for number, (name, value) in enumerate(missing.items()):
        if number:
            await run.pause(options.delay_min_s, options.delay_max_s)
        run.step(f"changing the {name.replace('_', ' ')}")
        given = {"external_url" if name == "link_url" else name: value}
        await act(run, Action.PROFILE_EDIT, lambda given=given: instagram.set_bio(**given))  # type: ignore[misc]  # mypy cannot infer a default
        run.log("profile_written", f"The {name.replace('_', ' ')} was sent")
    now = _fields(await instagram.profile())
    pause_s = run.reconcile_pause.total_seconds()
    for _ in range(_LOOKS - 1):
        if not _missing(wanted, now):
            break
        await run.pause(pause_s, pause_s)
        now = _fields(await instagram.profile())
    return now


def _meant(line: BioLine, options: BioOptions) -> Fields:
    meant = {
        "link_url": link_of(options.link_url) if line.link_url is None else line.link_url,
        "biography": text_of(options.biography) if line.biography is None else line.biography,
    }
    return {name: value for name, value in meant.items() if value is not None}


def _fields(profile: Profile) -> Fields:
    return {"link_url": profile.external_url, "biography": profile.biography}


def _missing(wanted: Fields, now: Fields) -> Fields:
    """What is to be changed still."""
    return {name: value for name, value in wanted.items() if not _same(name, value, now[name])}


def _same(name: str, one: str, other: str) -> bool:
    """Instagram may write a link's host small and end it with a slash, and trims texts."""
    if name == "biography":
        return one.strip() == other.strip()
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    parts = urlsplit(url.strip())
    path = "" if parts.path == "/" else parts.path
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=path).geturl()


def _told(wanted: Fields, before: Mapping[str, JsonValue], after: Fields) -> dict[str, JsonValue]:
    """Before and after of what was meant."""
    told: dict[str, JsonValue] = {}
    for name in wanted:
        short = name.removesuffix("_url")
        told |= {f"{short}_before": before.get(name), f"{short}_after": after[name]}
    return told


def _was(one: Done, name: str) -> str | None:
    """The value of before, of a field that differs from it now."""
    before, after = one.result.get(f"{name}_before"), one.result.get(f"{name}_after")
    return before if isinstance(before, str) and before != after else None
