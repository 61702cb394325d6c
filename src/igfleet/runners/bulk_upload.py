"""bulk_upload: publish reels, each at most once."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from igfleet.contracts.tasks import Effect, Method, Place
from igfleet.runners.base import Options, RunContext, Runner


class Distribution(StrEnum):
    """Which account gets which videos."""

    EVEN_SPLIT = "even_split"
    ONE_TO_ONE = "one_to_one"
    ROUND_ROBIN = "round_robin"
    EVERY_VIDEO_TO_EVERY_ACCOUNT = "every_video_to_every_account"
    FROM_CSV = "from_csv"


class WhenNotFound(StrEnum):
    """What a post does when its place or a mentioned user does not exist."""

    FAIL = "fail"
    GO_WITHOUT = "go_without"


class BulkUploadOptions(Options):
    upload_method: Method = Method.INSTAGRAPI
    distribution: Distribution = Distribution.EVEN_SPLIT
    per_account: Annotated[int, Field(ge=1, le=100)] = 1
    """Videos per account of `round_robin`."""
    rounds: bool = False
    """Everybody's first video before anybody's second."""
    default_location: Annotated[Place | None, Field(json_schema_extra={"form": "place"})] = None
    default_mentions: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._]{1,30}$")], ...] = ()
    when_not_found: WhenNotFound = WhenNotFound.FAIL
    confirm_many: bool = False
    """Needed for more than 1,000 posts of `every_video_to_every_account`."""

    @property
    def driver(self) -> Method:
        return self.upload_method


class BulkUpload(Runner[BulkUploadOptions]):
    kind: ClassVar[str] = "bulk_upload"
    title: ClassVar[str] = "Bulk upload"
    about = "Publish reels, each at most once"
    icon = "send"
    options = BulkUploadOptions
    counters = ("success", "failed")
    timeout = timedelta(hours=2)
    effect = Effect.CREATE
    methods = (Method.INSTAGRAPI, Method.PLAYWRIGHT, Method.DOLPHIN)
    takes_media = "video"
    has_posts = True
    api_path = "bulk-tasks"
    account_api_path = "bulk-accounts"
    start_path = "bulk-tasks"

    async def run(self, run: RunContext, options: BulkUploadOptions) -> None:
        """Publish the account's posts in order."""
        from igfleet.runners.publishing import publish_all

        await publish_all(run, options)
