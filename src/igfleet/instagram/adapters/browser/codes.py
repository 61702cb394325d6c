"""Pages that wait for a code: what is needed to come back to one later, and how the code is handed in.

A page can be put aside as plain text and be taken up by a later run, with the same cookies and without signing in
again: a second sign-in would have another code sent.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from playwright.async_api import Locator
from playwright.async_api import TimeoutError as TooLate

from igfleet import clock
from igfleet.contracts.challenges import ChallengeKind
from igfleet.contracts.leases import LeasedAccount
from igfleet.errors import NeedsPerson
from igfleet.instagram.adapters.browser.labels import label
from igfleet.instagram.adapters.browser.site import Site
from igfleet.instagram.adapters.refusal import Phase
from igfleet.instagram.gateway import AskCode, AskTotp, CodeWanted
from igfleet.log import redactor
from igfleet.reasons import ReasonCode

LOGIN_PAGE = "/accounts/login/"
_SECOND_PAGE = "/accounts/login/two_factor"
_SECOND = "/api/v1/web/accounts/login/ajax/two_factor/"
_FIELD = 'input[name="verificationCode"], input[name="security_code"]'
_WRONG_CODE = re.compile(r"check the (?:security )?code", re.IGNORECASE)
_WRONG_TYPE = "sms_code_validation_error"
_MAIL = re.compile(r"\S*\*\S*@\S*[^\s.,;:]")
_PHONE = re.compile(r"\+?[\d*][\d*\s-]*\*[\d*\s-]*\d")
_READ_STORE = "() => Object.fromEntries(Object.entries(sessionStorage))"
_FILL_STORE = "store => Object.entries(store).forEach(([name, value]) => sessionStorage.setItem(name, value))"


@dataclass(frozen=True, slots=True)
class CodePage:
    """A page that waits for a code, as plain facts."""

    place: str
    """Path and query."""
    kind: ChallengeKind
    store: Mapping[str, str] = field(default_factory=dict)
    """What the page remembers of the dialogue."""
    destination: str = ""
    begun_at: datetime = field(default_factory=clock.now)

    def wanted(self) -> CodeWanted:
        return CodeWanted(self.kind, self.begun_at, self.destination, self.written())

    def written(self) -> str:
        """As text. A secret."""
        told = asdict(self) | {"store": dict(self.store), "begun_at": self.begun_at.isoformat()}
        return json.dumps({"web": told}, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "CodePage":
        """What `written` made. Raises ValueError for anything else."""
        try:
            told = json.loads(text)["web"]
            begun_at = datetime.fromisoformat(told["begun_at"])
            return cls(told["place"], ChallengeKind(told["kind"]), told["store"], told["destination"], begun_at)
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no page that waits for a code: {error}") from error

    @property
    def is_second_factor(self) -> bool:
        return self.place.startswith(_SECOND_PAGE)

    async def enter(self, site: Site, code: str) -> bool:
        """Hand in the code, once; whether it was right."""
        redactor.learn(code)  # a picture of the page may show it
        await _field(site).fill(code)
        button = site.page.get_by_role("button", name=label("confirm")).first
        asked = _SECOND if self.is_second_factor else urlsplit(self.place).path
        answer = await site.answer_to(asked, button.click)
        if answer.is_ok:
            return True
        if answer.body.get("error_type") == _WRONG_TYPE or _WRONG_CODE.search(str(answer.body.get("message") or "")):
            return False
        raise answer.refusal(site.username, Phase.LOGIN)

    async def open(self, site: Site) -> bool:
        """Come back to it in a browser that was elsewhere; whether it still waits for the code."""
        if self.store:
            await site.go(LOGIN_PAGE)
            await site.page.evaluate(_FILL_STORE, dict(self.store))
        await site.go(self.place)
        try:
            await _field(site).wait_for(timeout=site.patience.suggestion_s * 1000)
        except TooLate:
            return False
        return True


def pending_page(account: LeasedAccount) -> CodePage | None:
    """The page of an earlier run, when somebody has entered its code."""
    known = account.challenge
    if known is None or known.resume is None or known.code is None:
        return None
    try:
        return CodePage.read(known.resume.get_secret_value())
    except ValueError:
        return None  # of another method: a new sign-in asks for a new code


async def second_factor(
    site: Site, account: LeasedAccount, info: object, begun_at: datetime, ask_totp: AskTotp, ask_code: AskCode
) -> None:
    """Finish the sign-in that wants a second factor: computed by the ui, or from a person. Raises `NeedsPerson`."""
    told = info if isinstance(info, dict) else {}
    by_sms = bool(told.get("sms_two_factor_on")) and not told.get("totp_two_factor_on")
    await _field(site).wait_for()
    kind = ChallengeKind.SMS_CODE if by_sms else ChallengeKind.TOTP_CODE
    phone = str(told.get("obfuscated_phone_number") or "") if by_sms else ""
    page = await _here(site, kind, phone, begun_at)
    if by_sms or not account.has_totp:
        await ask_code(page.wanted(), lambda code: page.enter(site, code))
    elif not await page.enter(site, await ask_totp()):
        raise NeedsPerson(f"{account.username}: the second factor was refused", ReasonCode.TWO_FACTOR_REQUIRED)


async def challenge(site: Site, ask_code: AskCode) -> bool:
    """On a page that wants the account confirmed: has the code sent, and hands it in. False when no code settles it."""
    send = site.page.get_by_role("button", name=label("send_code"))
    try:
        await send.or_(_field(site)).first.wait_for(timeout=site.patience.suggestion_s * 1000)
    except TooLate:
        return False
    begun_at = clock.now()
    kind, destination = _way(await site.page.locator("body").inner_text())
    if await send.count():
        answer = await site.answer_to(site.place, send.first.click)
        if not answer.is_ok:
            raise answer.refusal(site.username, Phase.LOGIN)
        await _field(site).wait_for()
    page = await _here(site, kind, destination, begun_at)
    await ask_code(page.wanted(), lambda code: page.enter(site, code))
    return True


async def _here(site: Site, kind: ChallengeKind, destination: str, begun_at: datetime) -> CodePage:
    parts = urlsplit(site.page.url)
    place = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return CodePage(place, kind, await site.page.evaluate(_READ_STORE), destination, begun_at)


def _way(text: str) -> tuple[ChallengeKind, str]:
    """By which way the code comes, and where to: a masked address or number is the same in every language."""
    if mail := _MAIL.search(text):
        return ChallengeKind.EMAIL_CODE, mail.group()
    phone = _PHONE.search(text)
    return ChallengeKind.SMS_CODE, phone.group().strip() if phone else ""


def _field(site: Site) -> Locator:
    return site.page.get_by_label(label("security_code")).or_(site.page.locator(_FIELD)).first
