"""Imports by the API: the text of a file, a verdict for each line."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import ConfigDict, Field

from igfleet.ui.api.v1.paging import Body, View
from igfleet.ui.imports.verdicts import Preview, Verdict

type Text = Annotated[str, Field(min_length=1, max_length=8_000_000)]


class NewAccounts(Body):
    """Accounts to import, as a file would hold them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "username,password,tags\nnord_41,a-pass-word,north", "authorised_by": "The agency's contract"}
            ]
        }
    )
    text: Text
    """CSV with a header, or lines `user:pass[:totp]`."""
    authorised_by: Annotated[str, Field(max_length=500)] = ""
    """Who authorised you to manage these accounts, and on what basis. Recorded with each new account."""
    preview: bool = False
    """Only say what would happen to each line."""


class NewProxies(Body):
    """Proxies to import, one a line."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "http://127.0.0.1:3128"}]})
    text: Text
    preview: bool = False


class LineView(View):
    line: int
    verdict: Verdict
    subject: str
    changed: list[str]
    why: str


class ImportView(View):
    """What became, or would become, of each line."""

    applied: bool
    counts: dict[Verdict, int]
    lines: list[LineView]
    ids: list[int]
    """Of the new and changed rows; empty for a preview."""


def told(preview: Preview, ids: Sequence[int], *, applied: bool) -> ImportView:
    """The answer to an import."""
    lines = [LineView.model_validate(line) for line in preview.lines]
    return ImportView(applied=applied, counts=dict(preview.counts), lines=lines, ids=list(ids))
