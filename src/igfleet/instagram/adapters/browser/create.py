"""The dialogue "Create new post", filled in up to its last step. Nothing has left then."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Locator
from playwright.async_api import TimeoutError as TooLate

from igfleet.errors import GiveUp, RetryLater
from igfleet.instagram.adapters.browser.labels import label
from igfleet.instagram.adapters.browser.site import Site
from igfleet.instagram.gateway import Reel
from igfleet.reasons import ReasonCode

_FILE = 'input[type="file"]'
_MOV = ".mov"


async def fill_in(site: Site, reel: Reel, folder: Path) -> Locator:
    """From the home page to the last step; the dialogue with its button "Share".

    Raises `GiveUp` (location_not_found, mention_not_found).
    """
    dialog = await _opened(site)
    await dialog.locator(_FILE).first.set_input_files(_named(reel.video, folder))
    await dialog.get_by_role("button", name=label("select_crop")).click()
    await dialog.get_by_role("button", name=label("original")).click()
    await _next(dialog)
    await dialog.get_by_role("heading", name=label("edit")).wait_for()
    await _set_cover(dialog, reel.cover)
    await _next(dialog)
    await _write(site, dialog, reel.caption)
    if reel.place is not None:
        await _choose_place(site, dialog, reel.place.name)
    await _invite(site, dialog, reel.mentions)
    return dialog


async def _opened(site: Site) -> Locator:
    """With or without the small menu in between."""
    await site.go("/")
    page = site.page
    dialog = page.get_by_role("dialog", name=label("create_new_post"))
    entry = page.get_by_role("link", name=label("post"))
    await page.get_by_role("link", name=label("new_post")).first.click()
    await dialog.or_(entry).first.wait_for()
    if not await dialog.is_visible():
        await entry.first.click()
    await dialog.wait_for()
    return dialog


def _named(video: Path, folder: Path) -> Path:
    """The bytes under a name by which the site knows their type."""
    link = folder / f"reel{_MOV if video.suffix.lower() == _MOV else '.mp4'}"
    link.unlink(missing_ok=True)
    link.symlink_to(video.absolute())
    return link


async def _next(dialog: Locator) -> None:
    await dialog.get_by_role("button", name=label("next")).click()


async def _set_cover(dialog: Locator, cover: Path) -> None:
    """Where the site offers it."""
    field = dialog.locator(_FILE)
    if await field.count():
        await field.first.set_input_files(cover)


async def _write(site: Site, dialog: Locator, caption: str) -> None:
    box = dialog.get_by_role("textbox", name=label("write_a_caption"))
    await box.wait_for()
    if not caption:
        return
    await box.fill(caption)
    if _squeezed(await box.inner_text()) != _squeezed(caption):
        text = f"{site.username}: the web site did not take the caption as it is"
        raise RetryLater(text, ReasonCode.PAGE_UNEXPECTED)


async def _choose_place(site: Site, dialog: Locator, name: str) -> None:
    field = dialog.get_by_label(label("add_location")).or_(dialog.get_by_placeholder(label("add_location"))).first
    await field.fill(name)
    found = await _suggestions(site, dialog, name)
    texts = [_squeezed(text).casefold() for text in await found.all_inner_texts()]
    at = _best(texts, name.casefold())
    if at is None:
        raise GiveUp(f"Instagram finds no place named {name!r}", ReasonCode.LOCATION_NOT_FOUND)
    await found.nth(at).click()


async def _invite(site: Site, dialog: Locator, usernames: Iterable[str]) -> None:
    """The site tags nobody in a reel: who is mentioned is invited as a collaborator."""
    field = (
        dialog.get_by_label(label("add_collaborators")).or_(dialog.get_by_placeholder(label("add_collaborators"))).first
    )
    invited = False
    for username in usernames:
        await field.fill(username)
        found = await _suggestions(site, dialog, username)
        names = [text.split()[0].casefold() for text in await found.all_inner_texts() if text.split()]
        if username.casefold() not in names:
            raise GiveUp(f"There is no user {username!r} to mention", ReasonCode.MENTION_NOT_FOUND)
        await found.nth(names.index(username.casefold())).click()
        invited = True
    done = dialog.get_by_role("button", name=label("done"))
    if invited and await done.count():
        await done.first.click()


async def _suggestions(site: Site, dialog: Locator, text: str) -> Locator:
    """What the site suggests with this text in it; nothing after a while."""
    wanted = re.compile(re.escape(text), re.IGNORECASE)
    found = dialog.get_by_role("button").or_(dialog.get_by_role("option")).filter(has_text=wanted)
    with suppress(TooLate):
        await found.first.wait_for(timeout=site.patience.suggestion_s * 1000)
    return found


def _best(texts: list[str], wanted: str) -> int | None:
    """The one of that name, else the first with the name in it."""
    for fits in (str.__eq__, str.__contains__):
        for at, text in enumerate(texts):
            if fits(text, wanted):
                return at
    return None


def _squeezed(text: str) -> str:
    return " ".join(text.split())
