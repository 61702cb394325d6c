"""The site in the account's language, and with the dialogues that it shows to some and not to others."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.instagram.browser.shared import SharedChromium
from tests.instagram.conftest import Stage

from igfleet.contracts.posts import CommitKind
from igfleet.contracts.tasks import Place
from igfleet.instagram.adapters.playwright_client import PlaywrightPublisher
from igfleet.instagram.gateway import Reel
from igfleet.sandbox.switches import Switches

pytestmark = pytest.mark.anyio
LOCALES = {"en": "en_US", "ru": "ru_RU", "es": "es_ES", "pt": "pt_BR", "de": "de_DE"}
NONE = Switches(cookie_dialog=False, save_info=False, notifications=False, submenu=False, reels_notice=False)


async def publish(stage: Stage, chromium: SharedChromium, reel: Reel, locale: str) -> CommitKind:
    publisher = PlaywrightPublisher(stage.opening(stage.account(locale=locale)), chromium.have)
    stage.opened.append(publisher)
    await publisher.sign_in()
    outcome = await publisher.commit(await publisher.prepare(reel, lambda *_: None), timedelta(seconds=20))
    assert outcome.kind is not CommitKind.PUBLISHED or outcome.evidence["page_says_shared"]
    return outcome.kind


@pytest.mark.parametrize("language", LOCALES)
async def test_a_reel_is_published_in_every_language(
    shared_stage: Stage, chromium: SharedChromium, reel: Reel, language: str
) -> None:
    world = shared_stage.sandbox.world
    world.furnish(world.accounts["nord_01"], language=language)
    friend = world.add_account("nord_02", "secret 12")
    given = replace(reel, place=Place(name="Oslo"), mentions=("nord_02",))

    kind = await publish(shared_stage, chromium, given, LOCALES[language])

    assert kind is CommitKind.PUBLISHED
    (medium,) = world.ledger.media
    assert (medium.caption, medium.location) == (reel.caption, "Oslo, Norway")
    assert medium.collaborators == [str(friend.pk)]
    assert (medium.width, medium.height) == (270, 480)


async def test_a_browser_in_another_language_than_its_account(
    shared_stage: Stage, chromium: SharedChromium, reel: Reel
) -> None:
    world = shared_stage.sandbox.world
    world.furnish(world.accounts["nord_01"], language="pt")

    assert await publish(shared_stage, chromium, reel, "ru_RU") is CommitKind.PUBLISHED


async def test_dialogues_that_do_not_come_are_not_waited_for(
    shared_stage: Stage, chromium: SharedChromium, reel: Reel
) -> None:
    shared_stage.sandbox.world.web = NONE

    assert await publish(shared_stage, chromium, reel, "en_US") is CommitKind.PUBLISHED
