"""What a person gives to an act besides the rows: checked before the job is ordered."""

from sqlalchemy.ext.asyncio import AsyncSession

from igfleet.contracts.states import ProxyState
from igfleet.errors import Conflict, Invalid, NotFound
from igfleet.ui.imports.account_fields import tags_of
from igfleet.ui.models import Proxy

TAG_MOST = 50
NO_PROXY = "none"


async def sound_tag(_session: AsyncSession, text: str) -> str:
    """Raises `Invalid`."""
    tags = tags_of(text)
    if len(tags) != 1 or len(tags[0]) > TAG_MOST or not tags[0].isprintable():
        raise Invalid(f"Give one tag: one word of at most {TAG_MOST} characters.", {"option": "is no tag"})
    return tags[0]


async def sound_proxy(session: AsyncSession, text: str) -> str:
    """The number of a proxy that is on. Raises `Invalid`, `NotFound`, `Conflict`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid("Choose the proxy.", {"option": "Choose one."})
    proxy = await session.get(Proxy, int(text))
    if proxy is None:
        raise NotFound(f"There is no proxy {text}.")
    if proxy.state == ProxyState.DISABLED:
        raise Conflict(f"{proxy.name} is switched off. Switch it on first.")
    return text


async def sound_proxy_or_none(session: AsyncSession, text: str) -> str:
    """The same, or the word for none."""
    return text if text == NO_PROXY else await sound_proxy(session, text)
