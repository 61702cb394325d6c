"""Lease and retry alone, as most queues do it: publish first, tell afterwards. It is here to be found out."""

from igfleet.contracts.posts import CommitKind
from igfleet.contracts.states import PostState
from igfleet.errors import RetryLater
from igfleet.runners.base import RunContext
from igfleet.runners.bulk_upload import BulkUpload, BulkUploadOptions
from igfleet.runners.commit_step import intent_of, snapshot_of
from igfleet.runners.post_files import files_of

_LIMIT_S = 20


class NaiveUpload(BulkUpload):
    """Each post is sent as soon as its bytes are there, and again whenever the run is repeated."""

    async def run(self, run: RunContext, options: BulkUploadOptions) -> None:
        """Publish whatever is not known to be published."""
        from datetime import timedelta

        publisher = await run.publisher()
        for post in run.posts:
            if post.state not in (PostState.PLANNED, PostState.PREPARING):
                continue
            files = await files_of(run, post)
            snapshot = await snapshot_of(publisher)
            prepared = await publisher.prepare(files.reel, lambda _sent, _size: None)
            outcome = await publisher.commit(prepared, timedelta(seconds=_LIMIT_S))
            if outcome.kind is not CommitKind.PUBLISHED:
                raise RetryLater(f"{run.account.username}: {outcome.message}")
            await run.ledger.intent(post, intent_of(post, files, snapshot))
            await run.ledger.permit(post)
            await run.ledger.outcome(post, outcome)
            run.count("success")
