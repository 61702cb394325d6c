"""One post, from its files to a settled state."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from igfleet import clock
from igfleet.contracts.posts import CommitKind, LeasedPost, PostOutcome, Snapshot
from igfleet.contracts.states import PostState
from igfleet.errors import GiveUp, MediaRefused, SessionOver
from igfleet.instagram.gateway import Prepared, Publisher, Reel
from igfleet.reasons import ReasonCode
from igfleet.runners.base import RunContext
from igfleet.runners.bulk_upload import BulkUploadOptions, WhenNotFound
from igfleet.runners.commit_step import commit_once, intent_of, snapshot_of
from igfleet.runners.post_files import PostFiles, files_of
from igfleet.runners.refused import error_of, is_of_the_post
from igfleet.runners.settling import settle

_MOST_TRIES = 10
_LONGEST_WAIT_S = 120.0
_NOT_READY_PAUSE_S = (2.0, 15.0)


class PublishPost:
    """The protocol for one post of a run. `run()` ends in a state that the ledger knows.

    In a dry-run it ends before the bytes would be brought over: an upload is the first thing that Instagram keeps.
    """

    def __init__(self, run: RunContext, publisher: Publisher, options: BulkUploadOptions, post: LeasedPost) -> None:
        self._run = run
        self._publisher = publisher
        self._options = options
        self._post = post
        self._may_sign_in = True

    async def run(self) -> PostState:
        """Publish it. Returns published, failed, unknown or needs_person, of a dry-run simulated or failed; raises what
        concerns the whole account."""
        try:
            files = await files_of(self._run, self._post)
            if self._run.is_dry:
                return await self._rehearse(files)
            prepared = await self._prepare(files.reel)
        except GiveUp as error:
            if not is_of_the_post(error.reason):
                raise
            return await self._failed(error)
        return await self._commit(files, prepared)

    async def _rehearse(self, files: PostFiles) -> PostState:
        """Look at the account and write the intent, as before a permit; then say that this is all."""
        await self._run.ledger.intent(self._post, intent_of(self._post, files, await self._snapshot()))
        message = f"Dry-run: {self._post.media.name} would be published now"
        await self._run.ledger.outcome(self._post, PostOutcome(kind=CommitKind.SIMULATED, message=message))
        self._run.log("simulated", message, post=self._post.id)
        return PostState.SIMULATED

    async def _prepare(self, reel: Reel) -> Prepared:
        """Bring the bytes over. With `go_without`, a place or mention that is not found is left out."""
        while True:
            self._run.stop_if_asked()
            try:
                return await self._signed_in(partial(self._publisher.prepare, reel, _unseen))
            except GiveUp as error:
                reel = self._without(reel, error)

    def _without(self, reel: Reel, error: GiveUp) -> Reel:
        if self._options.when_not_found is not WhenNotFound.GO_WITHOUT:
            raise error
        if error.reason is ReasonCode.LOCATION_NOT_FOUND and reel.place is not None:
            self._run.log("place_left_out", f"{error}. The reel goes without.", level="warning", post=self._post.id)
            return replace(reel, place=None)
        if error.reason is ReasonCode.MENTION_NOT_FOUND and reel.mentions:
            self._run.log("mentions_left_out", f"{error}. The reel goes without.", level="warning", post=self._post.id)
            return replace(reel, mentions=())
        raise error

    async def _commit(self, files: PostFiles, prepared: Prepared) -> PostState:
        """Commit, and again only when the ledger says that nothing was published."""
        waiting_since = clock.boot_seconds()
        for turn in range(_MOST_TRIES):
            snapshot = await self._snapshot()
            outcome = await commit_once(self._run, self._publisher, self._post, files, prepared, snapshot)
            state = await self._after(outcome)
            if state is not PostState.PLANNED:
                return state
            if outcome.kind is not CommitKind.NOT_READY:
                waiting_since = clock.boot_seconds()
            elif clock.boot_seconds() - waiting_since > _LONGEST_WAIT_S:
                break
            else:
                await self._wait(turn)
            if outcome.evidence.get("reupload"):
                prepared = await self._prepare(files.reel)
        if outcome.kind is not CommitKind.NOT_READY:
            raise error_of(outcome)
        return await self._failed(MediaRefused("Instagram did not finish working on the video"))

    async def _snapshot(self) -> Snapshot:
        """Taken right before the permit, so that what appears after it is new."""
        self._run.stop_if_asked()
        return await self._signed_in(partial(snapshot_of, self._publisher))

    async def _after(self, outcome: PostOutcome) -> PostState:
        """The post's state after an outcome; planned means that it may be committed again."""
        if outcome.kind is CommitKind.PUBLISHED:
            self._run.log("published", f"{self._post.media.name} is live", post=self._post.id, link=outcome.permalink)
            return PostState.PUBLISHED
        if outcome.kind is CommitKind.UNKNOWN:
            self._run.log("unsure", f"{outcome.message}. It is not sent again.", level="warning", post=self._post.id)
            return await settle(self._run, self._publisher, self._post)
        if outcome.kind is CommitKind.NOT_READY:
            self._run.log("not_ready", outcome.message, post=self._post.id)
            return PostState.PLANNED
        if outcome.kind is CommitKind.NOT_SENT and outcome.reason is ReasonCode.DEADLINE_PASSED:
            self._run.log("too_late", f"{outcome.message}: asking for another", post=self._post.id)
            return PostState.PLANNED
        if outcome.kind is CommitKind.REFUSED and is_of_the_post(outcome.reason):
            self._run.log("refused", outcome.message, level="error", post=self._post.id)
            return PostState.FAILED
        raise error_of(outcome)

    async def _wait(self, turn: int) -> None:
        low, high = _NOT_READY_PAUSE_S
        wait_s = min(low * 2**turn, high)
        await self._run.pause(wait_s, wait_s)

    async def _failed(self, error: GiveUp) -> PostState:
        """Report a failure from before the permit."""
        self._run.log("failed", str(error), level="error", post=self._post.id, reason=error.reason.value)
        outcome = PostOutcome(
            kind=CommitKind.REFUSED, reason=error.reason, message=str(error), post_state=PostState.FAILED
        )
        await self._run.ledger.outcome(self._post, outcome)
        return PostState.FAILED

    async def _signed_in[T](self, call: Callable[[], Awaitable[T]]) -> T:
        """A step that may be repeated: an ended session is mended once, with the same device."""
        try:
            return await call()
        except SessionOver:
            if not self._may_sign_in:
                raise
            self._may_sign_in = False
            self._run.log("signing_in_again", "Instagram ended the session: signing in once more", level="warning")
            await self._publisher.sign_in()
            return await call()


def _unseen(_sent: int, _size: int) -> None:
    """The size of a reel does not warrant a report for each piece."""
