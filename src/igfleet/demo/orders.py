"""What waits as a draft: two campaigns, each with captions of its own form, and one order of each other kind."""

import csv
import io
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from igfleet.demo.cast import LONG_WINDED
from igfleet.runners.bulk_upload import BulkUploadOptions, Distribution
from igfleet.ui.planning.draft import CaptionForm, Captions, Draft, DraftMedia

LAUNCH, EVENING = "Publish a demo campaign", "Evening clips at the lake"
_LINES = (
    "First light over the harbour wall. #morning #slow",
    "The sky took its time tonight. #sunset",
    "Two minutes of quiet under the firs. #forest #green",
    "Nets in, coffee on. #harbour",
    "Everything is in bloom at once. #garden",
    "How deep does it go? #depth",
)
_TOO_LONG = "Nobody reads captions this long, and Instagram does not take them. " * 40
_TEMPLATE = "{Good evening|A quiet evening|Last light} from {{username}}: {{video}}, {{n}} of {{total}}. #lake"
_PACE = {"delay_min_s": 1.0, "delay_max_s": 3.0}
NEIGHBOURS = "Neighbours"
"""The list of people to follow."""
_FEW: Mapping[str, JsonValue] = {"follow_min_count": 2, "follow_max_count": 4}
_RECIPE: Mapping[str, JsonValue] = {
    "trim_start_ms": "0..150",
    "crop_percent": "1..3",
    "brightness": "-0.03..0.03",
    "preset": "ultrafast",
}


def launch(accounts: Sequence[int], media: Sequence[int], names: Sequence[str], long_winded_video: str) -> Draft:
    """Two posts for each account; captions from a CSV file, one of whose lines is too long."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("video", "caption", "account"))
    rows.writerows((name, line, "") for name, line in zip(names, _LINES, strict=True))
    rows.writerow((long_winded_video, _TOO_LONG, LONG_WINDED))
    options = BulkUploadOptions(
        distribution=Distribution.ROUND_ROBIN, per_account=2, rounds=True, max_attempts=2, **_PACE
    )
    return _draft(LAUNCH, accounts, media, Captions(form=CaptionForm.CSV, text=out.getvalue()), options)


def caption_sets() -> dict[str, Captions]:
    """By name: sets that any bulk upload can choose."""
    return {
        "Spring, clip by clip": Captions(form=CaptionForm.LINES, text="\n".join(_LINES)),
        "Evening greetings": Captions(form=CaptionForm.TEMPLATE, text=_TEMPLATE),
    }


def evening(accounts: Sequence[int], media: Sequence[int]) -> Draft:
    """One video for each account; captions from a template."""
    options = BulkUploadOptions(distribution=Distribution.ONE_TO_ONE, **_PACE)
    return _draft(EVENING, accounts, media, Captions(form=CaptionForm.TEMPLATE, text=_TEMPLATE), options)


def of_other_kinds(
    accounts: Mapping[str, Sequence[int]], everybody: Sequence[int], clips: Sequence[int], pictures: Sequence[int]
) -> list[Draft]:
    """One small order of each kind but the bulk upload. `accounts` by client."""
    link = "https://shop.example/spring"
    return [
        _small("proxy_diag", "Check every proxy", everybody, (), {"probes": 2}),
        _small("media_uniq", "Two variants of two clips", (), clips[:2], {"count": 2, "recipe": dict(_RECIPE)}),
        _small("follow", "The hills follow the lake", accounts["hill"], (), {"target_list": NEIGHBOURS, **_FEW}),
        _small("bio", "Spring link for the west", accounts["west"], (), {"link_url": link}),
        _small("avatar", "Spring pictures for the west", accounts["west"], pictures, {}),
        _small("warmup", "Warm up the coast", accounts["coast"], (), {}),
        _small("bulk_login", "Sign in the coast", accounts["coast"], (), {}),
    ]


def _small(
    kind: str, name: str, accounts: Sequence[int], media: Sequence[int], options: Mapping[str, JsonValue]
) -> Draft:
    return Draft(
        kind=kind,
        name=name,
        options={**options, **_PACE},
        account_ids=tuple(accounts),
        media=tuple(DraftMedia(media_id=key) for key in media),
    )


def _draft(
    name: str, accounts: Sequence[int], media: Sequence[int], captions: Captions, options: BulkUploadOptions
) -> Draft:
    return Draft(
        name=name,
        options=options.model_dump(mode="json"),
        account_ids=tuple(accounts),
        media=tuple(DraftMedia(media_id=key) for key in media),
        captions=captions,
    )
