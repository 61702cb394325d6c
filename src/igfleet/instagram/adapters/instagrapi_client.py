"""Driving an account with instagrapi, unmodified: what runners see of it."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread

from igfleet.contracts.leases import SessionKind, SessionMaterial
from igfleet.contracts.posts import PostOutcome, SeenMedia
from igfleet.contracts.tasks import Action
from igfleet.errors import ChallengeRequired, NeedsPerson
from igfleet.instagram.adapters import challenge, feed, people, profile, sign_in, stories
from igfleet.instagram.adapters.client import new_client
from igfleet.instagram.adapters.commit import PreparedReel, send_commit
from igfleet.instagram.adapters.dialogue import CodeNeeded, Dialogue, pending_dialogue
from igfleet.instagram.adapters.kept_sessions import KeptSessions
from igfleet.instagram.adapters.media_shape import seen_media
from igfleet.instagram.adapters.pictures import fetch_picture
from igfleet.instagram.adapters.refusal import Phase
from igfleet.instagram.adapters.session import material_of, session_id, settings_in, stripped
from igfleet.instagram.adapters.site_clock import site_time
from igfleet.instagram.adapters.tags import place_text, user_ids, user_tags_text
from igfleet.instagram.adapters.translate import translated
from igfleet.instagram.adapters.transport import SendOnce
from igfleet.instagram.adapters.trust import bundle
from igfleet.instagram.adapters.upload import upload_reel
from igfleet.instagram.gateway import (
    FeedItem,
    Friendship,
    Instagram,
    Listing,
    Opening,
    Person,
    Prepared,
    Profile,
    Progress,
    Reel,
    SignIn,
    Story,
)
from igfleet.reasons import ReasonCode


def open_instagrapi(opening: Opening) -> Instagram:
    """Nothing is sent before `sign_in`. Raises `NeedsPerson` without a proxy."""
    return InstagrapiPublisher(opening)


class InstagrapiPublisher:
    """An `Instagram`. The library blocks, so each call runs in a thread, one at a time."""

    def __init__(self, opening: Opening) -> None:
        self._account = opening.account
        self._opening = opening
        self._verify = bundle(opening.ca_file, opening.folder)
        self._sessions = KeptSessions(opening.account, SessionKind.MOBILE, session_id, opening.refuse_session)
        self._client: Any = None  # instagrapi's client has no types
        self._transport: SendOnce
        self._take(self._sessions.newest)
        self._one_at_a_time = anyio.Lock()
        self._wanted_anew: set[str] = set()
        self.signed_in_by = SignIn.RESTORED

    async def sign_in(self) -> SignIn:
        """Restore the stored session with one call, else sign in once. What was learnt is stored in any case."""
        try:
            self.signed_in_by = await self._have_session()
        finally:
            await self._keep()
        return self.signed_in_by

    async def recent_media(self, count: int = 12) -> Listing:
        """The account's own feed, asked anew each time: no cache stands between."""
        return await self._blocking(Phase.READ, lambda: self._listing(count))

    async def prepare(self, reel: Reel, progress: Progress) -> Prepared:
        """Find place and mentions, then upload video and cover under the reel's upload id."""
        return await self._blocking(Phase.UPLOAD, lambda: self._prepare(reel, progress))

    async def commit(self, prepared: Prepared, window: timedelta) -> PostOutcome:
        """Publish what `prepare` returned: one request, at most `window` long."""
        if not isinstance(prepared, PreparedReel):
            raise TypeError("this reel was prepared by another adapter")
        send = lambda: send_commit(self._client, self._transport, prepared, window)  # noqa: E731  # given to the thread
        outcome = await self._blocking(Phase.COMMIT, send)
        if outcome.evidence.get("reupload"):
            self._wanted_anew.add(prepared.upload_id)
        return outcome

    async def profile(self) -> Profile:
        return await self._blocking(Phase.READ, lambda: profile.read_profile(self._client))

    async def set_bio(self, *, external_url: str | None = None, biography: str | None = None) -> None:
        """One request for each that is given, naming that field only."""
        if external_url is not None:
            await self._blocking(Phase.EDIT, lambda: profile.set_link(self._client, external_url))
        if biography is not None:
            await self._blocking(Phase.EDIT, lambda: profile.set_text(self._client, biography))

    async def set_avatar(self, picture: Path) -> None:
        upload_id = await self._blocking(Phase.UPLOAD, lambda: profile.upload_picture(self._client, picture))
        await self._blocking(Phase.EDIT, lambda: profile.use_picture(self._client, upload_id))

    async def picture(self, url: str) -> bytes:
        where = (self._opening.proxy_url, self._verify, str(self._client.user_agent))
        return await self._blocking(Phase.READ, lambda: fetch_picture(url, *where))

    async def feed(self) -> tuple[FeedItem, ...]:
        return await self._blocking(Phase.READ, self._feed.page)

    async def like(self, item: FeedItem) -> bool:
        return await self._blocking(Phase.ACT, lambda: feed.like(self._client, item))

    async def stories(self) -> tuple[Story, ...]:
        return await self._blocking(Phase.READ, lambda: stories.tray_stories(self._client))

    async def mark_seen(self, story: Story) -> bool:
        return await self._blocking(Phase.ACT, lambda: stories.mark_seen(self._client, story))

    async def find_person(self, username: str) -> Person:
        return await self._blocking(Phase.READ, lambda: people.find_person(self._client, username))

    async def friendship(self, user_id: str) -> Friendship:
        return await self._blocking(Phase.READ, lambda: people.friendship(self._client, user_id))

    async def follow(self, user_id: str) -> Friendship:
        return await self._blocking(Phase.ACT, lambda: people.follow(self._client, user_id))

    async def close(self) -> None:
        """Close the connections."""
        self._let_go()

    def _let_go(self) -> None:
        if self._client is None:
            return
        for session in (self._client.private, self._client.public, self._client.graphql):
            session.close()

    async def _have_session(self) -> SignIn:
        """Go on with the dialogue of an earlier run when there is a code for it; else restore; else sign in."""
        pending = pending_dialogue(self._account)
        if pending is not None:
            await self._confirm(pending)
            if pending.gives_session:
                return SignIn.SIGNED_IN
        if await self._sessions.restored(self._holds):
            return SignIn.RESTORED
        if self._taken is not self._sessions.newest:
            self._take(self._sessions.newest)
        await self._opening.spend(Action.LOGIN)
        try:
            await self._one_call(Phase.LOGIN, self._log_in)
        except CodeNeeded as needed:
            await self._confirm(needed.dialogue)
        except ChallengeRequired as error:
            await self._confirm(await self._dialogue_behind(error, Phase.LOGIN))
        return SignIn.SIGNED_IN

    def _take(self, stored: SessionMaterial | None) -> None:
        """Go on as this device, and in its session."""
        self._let_go()
        account = self._account.model_copy(update={"sessions": (stored,) if stored is not None else ()})
        self._client, self._transport = new_client(account, self._opening.proxy_url, self._verify)
        self._taken, self._feed = stored, feed.HomeFeed(self._client)

    async def _holds(self, stored: SessionMaterial) -> bool:
        if stored is not self._taken:
            self._take(stored)
        return await self._blocking(Phase.READ, lambda: sign_in.restore(self._client))

    async def _blocking[T](self, phase: Phase, call: Callable[[], T]) -> T:
        """One call of the library. When a code settles the challenge that answers it, the call is made once more."""
        try:
            return await self._one_call(phase, call)
        except ChallengeRequired as error:
            if phase is Phase.COMMIT:
                raise
            await self._confirm(await self._dialogue_behind(error, phase))
        return await self._one_call(phase, call)

    async def _one_call[T](self, phase: Phase, call: Callable[[], T]) -> T:
        async with self._one_at_a_time:
            with translated(self._account.username, phase):
                return await anyio.to_thread.run_sync(call)

    async def _dialogue_behind(self, error: ChallengeRequired, phase: Phase) -> Dialogue:
        """Raises the error itself when no code settles it."""
        dialogue = await self._one_call(phase, lambda: challenge.behind(self._client, error.__cause__, phase))
        if dialogue is None:
            raise error
        return dialogue

    async def _confirm(self, dialogue: Dialogue) -> None:
        """Have the code entered, by the mailbox or by a person. The device is kept first: a later run needs it."""
        await self._keep()

        async def enter(code: str) -> bool:
            return await self._one_call(Phase.LOGIN, lambda: dialogue.enter(self._client, code))

        await self._opening.ask_code(dialogue.wanted(), enter)
        if dialogue.gives_session:
            await self._one_call(Phase.LOGIN, self._client.login_flow)

    async def _keep(self) -> None:
        """Store what was learnt, if it is anything new. Of a session that has ended there is nothing to learn."""
        material, newest = material_of(self._client), self._sessions.newest
        is_known = newest is not None and settings_in(material) == stripped(settings_in(newest))
        if is_known or self._sessions.is_ended(material):
            return
        with anyio.CancelScope(shield=True):
            await self._opening.keep_session(material)
        self._sessions.stored(material)
        self._taken = material

    def _log_in(self) -> None:
        sign_in.log_in(self._client, self._account, lambda: anyio.from_thread.run(self._opening.ask_totp))

    def _listing(self, count: int) -> Listing:
        me = self._me()
        answer = self._client.private_request(
            f"feed/user/{me}/",
            params={"count": count, "rank_token": self._client.rank_token, "ranked_content": "true"},
        )
        media = [seen for seen in map(seen_media, answer["items"]) if seen is not None]
        total = self._media_count(me, media, answer)
        return Listing(tuple(media[:count]), total, site_time(self._client.last_response.headers.get("Date")))

    def _media_count(self, me: int, media: list[SeenMedia], answer: dict[str, object]) -> int | None:
        """From the account's own profile; without it from a listing that is complete."""
        with contextlib.suppress(KeyError, TypeError, ValueError):
            return int(self._client.private_request(f"users/{me}/info/")["user"]["media_count"])
        return None if answer.get("more_available") else len(media)

    def _prepare(self, reel: Reel, progress: Progress) -> PreparedReel:
        location = place_text(self._client, reel.place)
        usertags = user_tags_text(user_ids(self._client, reel.mentions))
        upload_reel(self._client, self._transport, reel, progress, anew=reel.upload_id in self._wanted_anew)
        self._wanted_anew.discard(reel.upload_id)
        return PreparedReel(reel, location, usertags)

    def _me(self) -> int:
        if not self._client.user_id:
            raise NeedsPerson(f"{self._account.username}: it is not signed in", ReasonCode.CREDENTIALS_MISSING)
        return int(self._client.user_id)
