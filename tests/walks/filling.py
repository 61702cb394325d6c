"""Forms as a browser finds them on the pages, filled with what nobody should type, and sent."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.async_api import APIResponse, Page, Response
from playwright.async_api import Error as PlaywrightError

from tests.dashboard.conftest import sign_in
from tests.serving import PASSWORD
from tests.walks.hostile import COMPUTED, TYPED

_HERE = Path(__file__).parent
_FORMS = (_HERE / "forms.js").read_text(encoding="utf-8")
_SEEN = (_HERE / "seen.js").read_text(encoding="utf-8")
_SEND = """([method, path, coding, fields]) => {
  const form = Object.assign(document.createElement("form"), { method, action: path, enctype: coding, hidden: true });
  for (const [name, value] of fields) {
    form.append(Object.assign(document.createElement("textarea"), { name, value }));
  }
  document.body.append(form);
  document.documentElement.dataset.sent = "yes";
  HTMLFormElement.prototype.submit.call(form);
}"""
LISTEN = """
window.hostile = () => console.error(`a hostile string ran on ${location.pathname}`);
document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`));
"""
"""What ran, and what the policy stopped, is a complaint of the browser."""
_PROBE = "nord 7"
_SAMPLES = {
    "password": PASSWORD, "email": "anna@example.com", "url": "https://hooks.example/x", "number": "7",
    "date": "2030-01-01", "time": "07:30", "datetime-local": "2030-01-01T07:30", "month": "2030-01",
}  # fmt: skip
_APART = 7
"""The fields of one form get strings so far from each other."""


@dataclass(frozen=True)
class Form:
    """One form, whichever row of a list it is about."""

    method: str
    path: str
    coding: str
    fields: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        path = re.sub(r"/\d+", "/#", urlsplit(self.path).path)
        return f"{self.method.upper()} {path} ({', '.join(self.typed)})"

    @property
    def typed(self) -> tuple[str, ...]:
        """The names of the fields that somebody types into."""
        return tuple(dict.fromkeys(one["name"] for one in self.fields if one["is_typed"]))

    def filled(self, strings: Mapping[str, str], *, is_full: bool = False) -> list[tuple[str, str]]:
        """With these strings, and else what stands there; with an example where that is needed, or (`is_full`) where
        nothing stands."""
        return [(one["name"], strings.get(one["name"]) or _usual(one, is_full=is_full)) for one in self.fields]


def _usual(one: Mapping[str, Any], *, is_full: bool) -> str:
    if one["value"] or not (one["is_required"] or (is_full and one["is_typed"])):
        return str(one["value"])
    return _SAMPLES.get(one["type"]) or str(one["sample"]).partition(" …")[0] or _PROBE


@dataclass
class Walk:
    """Somebody who opens pages, finds their forms, and sends each with every string."""

    page: Page
    _: KW_ONLY
    is_signed_in: bool = True
    wrong: list[str] = field(default_factory=list)
    forms: dict[str, Form] = field(default_factory=dict)
    free: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of each form: the fields that take any text. The others are refused with it, and then nothing is stored."""
    full: set[str] = field(default_factory=set)
    """The forms that are taken only with an example in every field."""
    met: dict[str, set[tuple[str, int]]] = field(default_factory=dict)
    """Of each form: which field was sent with which string."""
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    shown: int = 0
    """So many answers and pages were opened in the browser."""

    async def open(self, path: str) -> list[Form]:
        """The forms that are there."""
        answer = await self.page.goto(path)
        return await self.look(f"{path} opened", answer.status if answer else 0)

    async def send(self, form: Form, number: int, *, is_shown: bool = True) -> None:
        """All fields with strings, from this one on; before, those that take any text, the others being right.

        The answer is opened in the browser, or (`is_shown` false) its text is looked through for the strings.
        """
        strings = {name: TYPED[place] for name, place in _places(form, number)}
        if form.name not in self.free:
            self.free[form.name] = await self._free_of(form) if self.is_signed_in else frozenset()
        taken = {name: one for name, one in strings.items() if name in self.free[form.name]}
        for given in (taken, strings) if taken and taken != strings else (strings,):
            where = f"{form.name} with string {number}"
            try:
                await (self._show if is_shown else self._ask)(where, form, given)
            except PlaywrightError as error:
                self.wrong.append(f"{where}: {error}")
        self.met[form.name] |= set(_places(form, number))

    async def _show(self, where: str, form: Form, strings: Mapping[str, str]) -> None:
        status = await self._submit(form, strings)
        self.answers[form.name][status] += 1
        await self.look(where, status)
        if self.is_signed_in and urlsplit(self.page.url).path == "/signin":
            await sign_in(self.page)

    async def _ask(self, where: str, form: Form, strings: Mapping[str, str]) -> None:
        answer = await self._answer(form, strings)
        self.answers[form.name][answer.status] += 1
        text = await answer.text()
        self.wrong += [f"{where}: stands there as it was typed" for one in strings.values() if _is_raw(one, text)]
        if answer.status >= 500:
            self.wrong.append(f"{where}: answered with {answer.status}")

    async def _submit(self, form: Form, strings: Mapping[str, str]) -> int:
        """The status of the answer, which is shown then."""
        async with self.page.expect_response(_is_page) as found:
            await self.page.evaluate(
                _SEND, [form.method, form.path, form.coding, form.filled(strings, is_full=form.name in self.full)]
            )
        answer = await found.value
        await self.page.locator("html:not([data-sent])").wait_for(state="attached")
        await self.page.wait_for_load_state()
        return answer.status

    async def look(self, where: str, status: int) -> list[Form]:
        """At the page as it is now; the forms that are there."""
        self.shown += 1
        if not status or status >= 500:
            self.wrong.append(f"{where}: answered with {status}")
        self.wrong += [f"{where}: {one}" for one in await self.page.evaluate(_SEEN, COMPUTED)]
        found = [
            Form(one["method"], one["path"], one["coding"], tuple(one["fields"]))
            for one in await self.page.evaluate(_FORMS)
        ]
        for form in found:
            if form.name not in self.forms:
                self.forms[form.name], self.met[form.name], self.answers[form.name] = form, set(), Counter()
        return found

    async def _free_of(self, form: Form) -> frozenset[str]:
        """The fields of which the form is taken when only this one holds some text."""
        for is_full in (False, True):
            (self.full.add if is_full else self.full.discard)(form.name)
            free = [name for name in form.typed if (await self._answer(form, {name: _PROBE})).status < 400]
            if free:
                return frozenset(free)
        return frozenset()

    async def _answer(self, form: Form, strings: Mapping[str, str]) -> APIResponse:
        """What comes when the form is sent without a page, behind what leads elsewhere."""
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "text/html"}
        query, ask = urlencode(form.filled(strings, is_full=form.name in self.full)), self.page.request
        if form.method == "get":
            return await ask.get(f"{urlsplit(form.path).path}?{query}", headers=headers)
        return await ask.post(form.path, data=query, headers=headers)


def _is_raw(string: str, answer: str) -> bool:
    """Whether it came back unescaped. What holds none of these characters is no markup."""
    return bool(set("<>\"'") & set(string)) and string in answer


def _is_page(answer: Response) -> bool:
    """The one at the end, behind what leads elsewhere."""
    return answer.request.is_navigation_request() and not 300 <= answer.status < 400


def _places(form: Form, number: int) -> Iterator[tuple[str, int]]:
    """Which string each field gets."""
    return ((name, (number + _APART * place) % len(TYPED)) for place, name in enumerate(form.typed))
