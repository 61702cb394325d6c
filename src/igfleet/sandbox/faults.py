"""Scripted faults: which request meets what, and how often."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from igfleet.sandbox.messages import Answer, Request, Wire
from igfleet.sandbox.refusals import REFUSALS


class Act(StrEnum):
    """What a fault does."""

    REFUSE = "refuse"
    """Answer with a refusal of the table; nothing is done."""
    DELAY = "delay"
    """Wait, then do and answer as usual."""
    DROP_BEFORE = "drop_before"
    """Close the connection; nothing is done."""
    DROP_AFTER = "drop_after"
    """Do it, then close without an answer."""
    CUT_AFTER = "cut_after"
    """Do it, then close in the middle of the answer."""
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    REFUSE_AFTER = "refuse_after"
    """Do it, then answer with a refusal: a lost acknowledgement."""


class Fault(BaseModel):
    """One scripted fault. It is used up after `count` hits."""

    model_config = ConfigDict(extra="forbid")

    act: Act
    account: str | None = None
    """Only requests of this user name; any when None."""
    path: str = "."
    """Regular expression found anywhere in `METHOD /path`."""
    refusal: str | None = None
    delay_s: Annotated[float, Field(ge=0, le=3600)] = 0
    count: Annotated[int, Field(ge=1)] = 1
    skip: Annotated[int, Field(ge=0)] = 0
    """Let so many matching requests pass first."""

    @field_validator("refusal")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        if name is not None and name not in REFUSALS:
            raise ValueError(f"unknown refusal; known: {', '.join(REFUSALS)}")
        return name

    @field_validator("path")
    @classmethod
    def _pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return pattern

    def fits(self, request: Request) -> bool:
        wanted = self.account is None or self.account == request.account
        return wanted and re.search(self.path, f"{request.method} {request.path}") is not None


_WIRES = {Act.DROP_AFTER: Wire.DROP, Act.CUT_AFTER: Wire.CUT, Act.HANG_AFTER: Wire.HANG}


class Faults:
    """The script."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, request: Request) -> Fault | None:
        """The first fault that fits, used up by one."""
        for fault in self.waiting:
            if not fault.fits(request):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.count -= 1
            if not fault.count:
                self.waiting.remove(fault)
            return fault
        return None


async def play(fault: Fault, act: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer under a fault; `act` does what was asked."""
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    refusal = REFUSALS[fault.refusal or "server_500"]
    match fault.act:
        case Act.REFUSE:
            return refusal.answer()
        case Act.DROP_BEFORE:
            return Answer(wire=Wire.DROP)
        case Act.HANG_BEFORE:
            return Answer(wire=Wire.HANG)
        case Act.REFUSE_AFTER:
            await act()
            return refusal.answer()
        case Act.DELAY:
            return await act()
    answer = await act()
    answer.wire, answer.sent = _WIRES[fault.act], None
    return answer
